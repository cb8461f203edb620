"""The posts as they stand now: who is on each, since when, and who relieves them when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from .. import attendance
from ..directory import Directory, Span
from ..models import Presence
from .attendance import GAPLESS
from .handover import WEEK, Done, handed
from .people import current_directory

SHOWN: Final = (*GAPLESS, "duty-manager")
"""Posts whose state everybody sees: those that are never left, and who decides meanwhile. C1.01, D2.21."""

STATES: Final = {
    "here": "在岗", "unhanded": "接班人还没有接班", "absent": "还没有登记到岗", "left": "已离岗", "empty": "现在没有人", "rostered": "按排班",
}  # fmt: skip
TONES: Final = {"here": "success", "unhanded": "warning", "absent": "warning", "left": "danger", "empty": "danger", "rostered": "neutral"}


@dataclass(frozen=True, slots=True)
class Standing:
    """One post now. `name` answers for it: whoever has come and taken over, or (`unhanded`) still the one before. Where nobody
    at all checks in, the roster is all that is known (`rostered`).

    `since` is when they came, or None; `until` when they are relieved, by `next_name` ("" = by nobody).
    """

    post: str
    title: str
    state: str
    name: str
    since: datetime | None
    until: datetime | None
    next_name: str

    @property
    def said(self) -> str:
        return STATES[self.state]

    @property
    def tone(self) -> str:
        return TONES[self.state]


def standing(
    community_id: int, at: datetime, posts: Sequence[str] = SHOWN, *, known: Done | None = None, here: Directory | None = None
) -> list[Standing]:
    """The posts that are rostered here, in this order. Two statements at most, whatever there is."""
    here = here or current_directory(community_id)
    rostered = {turn.post for turn in here.turns}
    wanted = [post for post in posts if post in rostered and post in here.posts]
    if not wanted:
        return []
    since = at - timedelta(hours=36)
    came: dict[tuple[int, str, datetime], Presence] = {
        (row.user_id, row.post, row.starts_at): row
        for row in Presence.objects.filter(community=community_id, starts_at__gte=since, starts_at__lte=at, post__in=wanted)
    }
    rows = handed(community_id, at - WEEK) if known is None else known
    done = {(post, due) for post, to_post, due in rows if post == to_post}
    return [_standing(here, post, came, done, at) for post in wanted]


def _standing(
    here: Directory, post: str, came: dict[tuple[int, str, datetime], Presence], done: set[tuple[str, datetime]], at: datetime
) -> Standing:
    title = here.posts[post].title
    span = max(here.running(at, post), key=lambda s: s.starts_at, default=None)
    if span is None:
        later = [s for s in here.spans(at.astimezone(here.zone).date(), 2) if s.post == post and s.starts_at > at]
        after = min(later, key=lambda s: s.starts_at, default=None)
        return Standing(post, title, "empty", "", None, after.starts_at if after else None, _name(here, after))
    after = attendance.follower(here, post, span.ends_at, but=span.user)
    user = here.acting(span.user, at)
    row = came.get((user or span.user, post, span.starts_at))
    before = _before(here, post, span)
    if before is not None and (post, span.starts_at) not in done and any(slug == post for slug, _ in done):
        old = came.get((before.user, post, before.starts_at))
        if old is None or old.left_at is None:  # the shift has begun, the post has not passed: it is still theirs
            return Standing(post, title, "unhanded", here.name(before.user), old.arrived_at if old else None, span.starts_at, here.name(user or span.user))
    if user is None and row is None:
        return Standing(post, title, "empty", "", None, span.ends_at, _name(here, after))
    state = "rostered" if not came else "absent" if row is None else "left" if row.left_at else "here"
    return Standing(post, title, state, here.name(user or span.user), row.arrived_at if row else None, span.ends_at, _name(here, after))


def _before(here: Directory, post: str, span: Span) -> Span | None:
    """The shift on this post that ended when this one began."""
    near = [s for s in here.running(span.starts_at - timedelta(minutes=1), post) if s.user != span.user and s.ends_at <= span.starts_at + timedelta(minutes=30)]
    return max(near, key=lambda s: s.ends_at, default=None)


def _name(here: Directory, span: Span | None) -> str:
    if span is None:
        return ""
    user = here.acting(span.user, span.starts_at)
    return here.name(user) if user is not None else ""
