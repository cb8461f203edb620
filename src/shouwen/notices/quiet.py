"""Quiet hours: a person's own, in the time of China. They hold back what can wait; an emergency never waits. No database."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from shouwen.kernel.zone import CHINA


def quiet_until(at: datetime, starts: time, ends: time) -> datetime | None:
    """The end of the quiet hours that run at this moment; None outside them. An end at or before the start is tomorrow's."""
    here = at.astimezone(CHINA)
    for day in (here.date() - timedelta(1), here.date()):
        begins = datetime.combine(day, starts, CHINA)
        over = datetime.combine(day if ends > starts else day + timedelta(1), ends, CHINA)
        if begins <= here < over:
            return over
    return None


def send_at(at: datetime, hours: tuple[time, time] | None, *, urgent: bool, due: datetime | None) -> datetime:
    """When something may be sent to somebody with these quiet hours.

    At once when it is urgent, or when it has to be done before the quiet hours are over: who is woken only in the
    morning could no longer do it. Otherwise at their end.
    """
    until = quiet_until(at, *hours) if hours else None
    if until is None or urgent or (due is not None and due <= until):
        return at
    return until
