"""The rule of coming and going, pure: whose shift it is, whom it relieves, what is late."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from typing import Final

from .directory import Directory, Span

EARLY: Final = timedelta(minutes=10)
"""Whoever relieves somebody comes so much earlier. D2.38, E22.01."""

OPENS: Final = timedelta(hours=2)
"""So long before its beginning one can come to a shift."""

_FOLLOWS: Final = timedelta(minutes=30)
_MINUTE: Final = timedelta(minutes=1)


def own(here: Directory, user: int, at: datetime) -> list[Span]:
    """The shifts of a person from the day before to the day after, also those they stand in for."""
    day = at.astimezone(here.zone).date()
    return [s for s in here.spans(day - timedelta(1), 3) if here.acting(s.user, s.starts_at) == user]


def follower(here: Directory, post: str, ends_at: datetime, but: int = 0) -> Span | None:
    """The shift on a post that follows one that ends then."""
    day = ends_at.astimezone(here.zone).date()
    near = [
        s for s in here.spans(day - timedelta(1), 2)
        if s.post == post and abs(s.starts_at - ends_at) <= _FOLLOWS and s.user != but
    ]  # fmt: skip
    return min(near, key=lambda s: (abs(s.starts_at - ends_at), s.starts_at), default=None)


def relieves(here: Directory, span: Span) -> bool:
    """Whether somebody is on the post when this shift begins."""
    day = span.starts_at.astimezone(here.zone).date()
    near = here.spans(day - timedelta(1), 2)
    return any(s.post == span.post and abs(s.ends_at - span.starts_at) <= _FOLLOWS and s.user != span.user for s in near)


def clash(here: Directory, user: int, span: Span, but: Span | None = None) -> Span | None:
    """Another shift of this person at the same time. D7.17."""
    return next((s for s in own(here, user, span.starts_at) if s != but and s.starts_at < span.ends_at and span.starts_at < s.ends_at), None)


def minutes(late: timedelta) -> int:
    return int(late.total_seconds() // 60)


def arrival(arrived: datetime, due: datetime, starts: datetime) -> str:
    """How punctual somebody came: to the minute of `due` is on time. D2.38, D5.14."""
    if arrived - due < _MINUTE:
        return "按时"
    if arrived - starts < _MINUTE:
        return f"未提前到岗（晚 {minutes(arrived - due)} 分钟）"
    return f"迟到 {minutes(arrived - starts)} 分钟"


def departure(left: datetime, ends: datetime) -> str:
    """Whether somebody left early, or stayed. D5.15, D12.36."""
    if left < ends:
        return f"早退 {max(minutes(ends - left), 1)} 分钟"
    over = minutes(left - ends)
    return f"延时 {over} 分钟" if over >= 15 else "按时"


def when(span: Span, zone: tzinfo) -> str:
    """A shift in words: 11-24 08:00–16:00 早班."""
    return f"{span.starts_at.astimezone(zone):%m-%d %H:%M}–{span.ends_at.astimezone(zone):%H:%M} {span.title}"
