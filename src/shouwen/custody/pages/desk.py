"""What the pages of this area share."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from shouwen.duty import queries as duty
from shouwen.estate.models import Community

from .. import queries
from ..models import Loan, Thing

TONES = {"in": "success", "out": "info", "lost": "danger", "gone": "neutral"}


def here_of(request: HttpRequest) -> Community:
    """The community of this page; NotFound where the actor may not look at its keys."""
    community: Any = request.community  # type: ignore[attr-defined]
    return queries.place(request.actor, community.pk if community else None)  # type: ignore[attr-defined]


def address(thing: Thing) -> str:
    return reverse("custody:thing", args=[thing.pk])


def state_of(thing: Thing, at: datetime) -> tuple[str, str]:
    """(words, tone) of a thing with its open matters in `open`."""
    loan = next((one for one in getattr(thing, "open", ()) if one.state == Loan.State.OUT), None)
    if thing.state == Thing.State.OUT and loan is not None and loan.due_at and loan.due_at < at:
        return "逾期未还", "danger"
    if thing.state == Thing.State.IN and thing.sealed_at is None and thing.kind == "sealed":
        return "已启封，待重封", "warning"
    return thing.get_state_display(), TONES[thing.state]


def people_here(community_id: int, posts: Sequence[str] = ()) -> list[tuple[str, str]]:
    """Colleagues who work here, for a choice: by name and post. `posts`: those of these posts alone, where there are any."""
    directory = duty.current_directory(community_id)
    found: dict[int, str] = {}
    for held in directory.held:
        if held.user in directory.active and held.user not in found:
            title = directory.posts[held.post].title if held.post in directory.posts else ""
            found[held.user] = f"{directory.name(held.user)}（{title}）"
    able = {held.user for held in directory.held if held.post in posts}
    able |= {away.to for away in directory.absences if away.user in able and away.to is not None}  # who stands in for them
    if able & set(found):
        found = {user: label for user, label in found.items() if user in able}
    return sorted(((str(user), label) for user, label in found.items()), key=lambda pair: pair[1])


def speakers(community_id: int, side: str, at: datetime) -> list[tuple[str, str]]:
    """Colleagues whose word is the word of this side."""
    directory = duty.current_directory(community_id)
    return [(str(user), directory.name(user)) for user in queries.speakers(community_id, side, at)]
