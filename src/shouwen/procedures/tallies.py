"""How many tickets were filed and closed, hour by hour today and day by day this month. Read once a minute for all screens."""

from __future__ import annotations

from calendar import monthrange
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from shouwen.kernel.access import Actor
from shouwen.kernel.kept import Kept

from . import queries
from .calendars import CHINA, local

MOST: Final = 20_000
"""Tickets of a month that are counted one by one."""


class Tally(NamedTuple):
    """Filed and closed by hour of today (24) and by day of this month (28–31)."""

    filed_today: tuple[int, ...]
    closed_today: tuple[int, ...]
    filed_month: tuple[int, ...]
    closed_month: tuple[int, ...]


_kept: Final[Kept[Tally]] = Kept(30)


def tally(actor: Actor, community_id: int, at: datetime) -> Tally:
    """The figures as this person may see them; up to half a minute old. Two statements, each one range of an index."""
    sees_all = actor.may("tickets.confidential", community_id)
    return _kept.get((community_id, sees_all, None if sees_all else actor.id, local(at).date()), lambda: _read(actor, community_id, at))


def _read(actor: Actor, community_id: int, at: datetime) -> Tally:
    today = local(at).date()
    first = datetime(today.year, today.month, 1, tzinfo=CHINA)
    rows = queries.tickets(actor).filter(community_id=community_id).order_by()
    end = first + timedelta(days=monthrange(today.year, today.month)[1])

    def counted(column: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
        hours, days = [0] * 24, [0] * (end - first).days
        found = rows.filter(**{f"{column}__gte": first, f"{column}__lt": end}).values_list(column, flat=True)
        for moment in map(local, found[:MOST]):
            days[moment.day - 1] += 1
            if moment.date() == today:
                hours[moment.hour] += 1
        return tuple(hours), tuple(days)

    (filed_today, filed_month), (closed_today, closed_month) = counted("filed_at"), counted("closed_at")
    return Tally(filed_today, closed_today, filed_month, closed_month)
