"""What rounds say elsewhere: on the sheet of a hand-over what was missed in the shift. Put into its slot by config/wiring.py."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from shouwen.duty import queries as duty
from shouwen.duty.handover import Item
from shouwen.kernel.access import Actor
from shouwen.kernel.zone import CHINA

from . import queries


def missed_items(community_id: int, users: Sequence[int], since: datetime) -> list[Item]:
    """Rounds of these people's posts that were due since the shift began and not walked whole: each with its points, to be accounted for.

    What was found wrong is a ticket that its finder follows, and stands on the sheet by itself. One made whole afterwards is closed there.
    """
    here = duty.current_directory(community_id)
    posts = {post for user in users for post in here.posts_of(user, since)}
    return [
        Item(
            f"rounds.run:{one.run_id}", f"{one.state} {one.due_at.astimezone(CHINA):%H:%M}", f"{one.plan}：{one.what}", None, one.url, whose=one.plan,
        )
        for one in queries.missed_in_shift(community_id, posts, since)
    ]  # fmt: skip


def pass_on(actor: Actor, community_id: int, *, abouts: Sequence[str], to: int, reason: str, at: datetime) -> None:
    """A round that was missed stays with whoever missed it: the explanation on the sheet is what the next shift takes over."""
