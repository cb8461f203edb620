"""The calendar of a community, as the pure engine wants it: windows, exceptions, shifts, figures."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta

from shouwen.duty.directory import Directory
from shouwen.kernel import calendars as kernel
from shouwen.kernel.zone import CHINA

from .engine import Calendar
from .engine.calendar import Day

_SHIFT_DAYS = 10
"""Days of the roster that a calendar knows: yesterday's night shift to the end of next week's."""

_built: dict[tuple[int, int, int, date], Calendar] = {}


def local(at: datetime) -> datetime:
    """The moment on a clock in China."""
    return at.astimezone(CHINA)


def calendar_for(community_id: int, directory: Directory, at: datetime) -> Calendar:
    """The engine's calendar for a community; rebuilt on a new day and when its days, windows, figures or people change."""
    data = kernel.calendar_data(community_id)
    today = local(at).date()
    key = (community_id, data.version, directory.version, today)
    found = _built.get(key)
    if found is None:
        if len(_built) > 2000:
            _built.clear()
        found = _built[key] = Calendar(
            weekly=data.weekly,
            dates={day: Day(workday=works) for day, works in data.days.items()},
            confirmed=data.confirmed,
            shifts=_shifts(directory, today),
            promptly=data.promptly,
            edition=f"{data.version}.{directory.version}",
        )
    return found


def _shifts(directory: Directory, today: date) -> dict[str, tuple[tuple[datetime, datetime], ...]]:
    """Shifts by post slug, by ``dept:`` and department, and by person ref, in order of time."""
    gathered: dict[str, list[tuple[datetime, datetime]]] = defaultdict(list)
    for span in directory.spans(today - timedelta(days=1), _SHIFT_DAYS):
        for who in (span.post, f"dept:{directory.department_of(span.user)}", str(span.user)):
            gathered[who].append((span.starts_at, span.ends_at))
    return {who: tuple(dict.fromkeys(spans)) for who, spans in gathered.items()}
