"""`every`: when a recurring duty is due next."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, datetime, time, timedelta
from functools import lru_cache

from dateutil.rrule import rruleset, rrulestr

from .calendar import TZ, Calendar
from .refusals import Refused

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
PATTERN = re.compile(
    rf"(?P<on>day|workday|{'|'.join(WEEKDAYS)}|month on (?P<day>\d{{1,2}})|month end|year on (?P<month>\d{{2}})-(?P<date>\d{{2}}))"
    r" at (?P<hour>\d{2}):(?P<minute>\d{2})"
)
BASE = date(2020, 1, 6)
"""A Monday: from here an RRULE counts."""

HELP = "应写作如 day at 08:30、workday at 09:00、saturday at 10:00、month on 28 at 09:00、month end at 17:00、RRULE:…"


@lru_cache(maxsize=512)
def checked(rule: str) -> re.Match[str] | None:
    """The parts of a rule (None for an RRULE); ValueError in Chinese when it cannot be read."""
    if rule.startswith("RRULE:"):
        if not re.search(r"FREQ=(DAILY|WEEKLY|MONTHLY|YEARLY)", rule):
            raise ValueError(f"「{rule}」：FREQ 只能是 DAILY、WEEKLY、MONTHLY 或 YEARLY")
        try:
            _recurrence(rule, date(2026, 1, 1))
        except Exception:  # the library raises several kinds, in English
            raise ValueError(f"「{rule}」不是正确的 RRULE") from None
        return None
    m = PATTERN.fullmatch(rule)
    good = m and int(m["hour"]) < 24 and int(m["minute"]) < 60 and (not m["day"] or 1 <= int(m["day"]) <= 31)
    if good and m and m["month"]:
        good = 1 <= int(m["month"]) <= 12 and 1 <= int(m["date"]) <= monthrange(2024, int(m["month"]))[1]
    if not good:
        raise ValueError(f"看不懂的周期「{rule}」，{HELP}")
    return m


@lru_cache(maxsize=512)
def _recurrence(rule: str, start: date) -> rruleset:
    found: rruleset = rrulestr(rule, dtstart=datetime.combine(start, time(0)), forceset=True)
    return found


def _beginning(rule: str, after: date) -> date:
    """From where to count: a whole period of the rule before `after`, so that the years since BASE cost nothing.

    Phase is that of BASE, so that INTERVAL counts from the same Monday whoever asks. What is counted off (COUNT) begins there.
    """
    if "COUNT=" in rule or "\n" in rule or after <= BASE:
        return BASE
    found = re.search(r"INTERVAL=(\d+)", rule)
    many = max(int(found[1]), 1) if found else 1

    def back(passed: int) -> int:
        return max(passed // many - 1, 0) * many

    if "FREQ=DAILY" in rule:
        return BASE + timedelta(days=back((after - BASE).days))
    if "FREQ=WEEKLY" in rule:
        return BASE + timedelta(weeks=back((after - BASE).days // 7))
    if "FREQ=MONTHLY" in rule:
        months = back((after.year - BASE.year) * 12 + after.month - BASE.month)
        return BASE.replace(year=BASE.year + months // 12, month=months % 12 + 1)
    return BASE.replace(year=BASE.year + back(after.year - BASE.year))


def next_time(rule: str, after: datetime, calendar: Calendar) -> datetime:
    """The first moment of the rule strictly after `after`; a month without the day uses its last day.

    Raises Refused for `workday` in a year whose holidays are not confirmed, or when the rule has come to its end.
    """
    after = after.astimezone(TZ)
    m = checked(rule)
    if m is None:
        found = _recurrence(rule, _beginning(rule, after.date())).after(after.replace(tzinfo=None))
        if found is None:
            raise Refused(f"周期「{rule}」已经没有下一次")
        return datetime.combine(found.date(), found.time(), TZ)
    at = time(int(m["hour"]), int(m["minute"]))
    day = after.date()
    for _ in range(1500):
        if _falls(m, day, calendar) and (moment := datetime.combine(day, at, TZ)) > after:
            return moment
        day += timedelta(days=1)
    raise Refused(f"周期「{rule}」四年内没有下一次，请检查工作日历")


def _falls(m: re.Match[str], day: date, calendar: Calendar) -> bool:
    last = monthrange(day.year, day.month)[1]
    match m["on"]:
        case "day":
            return True
        case "workday":
            return calendar.is_workday(day)
        case "month end":
            return day.day == last
        case on if on in WEEKDAYS:
            return day.weekday() == WEEKDAYS.index(on)
    if m["day"]:
        return day.day == min(int(m["day"]), last)
    return (day.month, day.day) == (int(m["month"]), min(int(m["date"]), last if day.month == int(m["month"]) else 31))
