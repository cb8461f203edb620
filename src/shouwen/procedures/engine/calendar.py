"""The calendar of one community: service windows, workdays, shifts. Built from settings and passed in, never looked up.

All moments are aware and are reckoned in China Standard Time, which has had no summer time in the years we serve.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta, timezone

import msgspec

from .refusals import Refused
from .spans import DAYS, Span

TZ = timezone(timedelta(hours=8), "Asia/Shanghai")
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
LAST = time(23, 59, 59)
FARTHEST = 1000  # days searched before a calendar is declared closed for good

Windows = tuple[tuple[int, int], ...]
EIGHT_TO_EIGHT: tuple[Windows, ...] = (((8 * 60, 20 * 60),),) * 7


class Day(msgspec.Struct, frozen=True):
    """One overridden date. `windows` None keeps those of its weekday."""

    workday: bool
    windows: Windows | None = None


class Calendar(msgspec.Struct, frozen=True):
    """`weekly`: for Monday to Sunday, the service windows as (start, end) in minutes of the day, in order;
    an end at or before its start lies on the next day. `shifts`: by post or person ref, (start, end) in order.
    """

    weekly: tuple[Windows, ...] = EIGHT_TO_EIGHT
    dates: dict[date, Day] = {}
    confirmed: frozenset[int] = frozenset()  # years whose holidays and make-up workdays are entered
    shifts: dict[str, tuple[tuple[datetime, datetime], ...]] = {}
    promptly: int = 30  # minutes
    edition: str = ""

    def is_workday(self, day: date) -> bool:
        """Refused when the year's holidays are not confirmed."""
        if day.year not in self.confirmed:
            raise Refused(f"{day.year} 年的节假日安排还没有确认，不能推算工作日。请先在「工作日历」里确认 {day.year} 年")
        override = self.dates.get(day)
        return override.workday if override else day.weekday() < 5

    def windows(self, day: date) -> Windows:
        override = self.dates.get(day)
        return self.weekly[day.weekday()] if override is None or override.windows is None else override.windows

    def _open(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Service windows that end after `start`, in order, overlaps removed, the first cut to begin no earlier than `start`."""
        day, reached = start.date() - DAY, start
        for _ in range(FARTHEST):
            midnight = datetime.combine(day, time(0), start.tzinfo)
            for a, b in self.windows(day):
                opens = max(midnight + a * MINUTE, reached)
                closes = midnight + (b if b > a else b + 1440) * MINUTE
                if closes > opens:
                    reached = closes
                    yield opens, closes
            day += DAY

    def service_add(self, start: datetime, minutes: int) -> datetime:
        """`minutes` of service time after `start`."""
        left = minutes * MINUTE
        for opens, closes in self._open(start):
            if closes - opens >= left:
                return opens + left
            left -= closes - opens
        raise Refused("工作日历里没有服务时间，无法推算时限。请在「工作日历」里设置服务时间")

    def service_between(self, start: datetime, end: datetime) -> int:
        """Minutes of service time from `start` to `end`."""
        total = timedelta(0)
        for opens, closes in self._open(start):
            if opens >= end:
                break
            total += min(closes, end) - opens
        return int(total / MINUTE)

    def workdays_after(self, day: date, n: int) -> date:
        """The n-th workday after a date (before it, when n is negative)."""
        way = DAY if n >= 0 else -DAY
        for _ in range(abs(n)):
            day += way
            while not self.is_workday(day):
                day += way
        return day

    def workdays_between(self, first: date, last: date) -> int:
        """Workdays after `first`, up to and including `last`."""
        return sum(self.is_workday(first + i * DAY) for i in range(1, (last - first).days + 1))

    def shift_end(self, who: tuple[str, ...], at: datetime) -> datetime:
        """When the shift at `at` of the first of these (person refs or posts) ends.

        If none of them has one: the end of the day's service, or of the day.
        """
        for key in who:
            for start, end in self.shifts.get(key, ()):
                if start <= at < end:
                    return end.astimezone(TZ)
        last = end_of(at)
        for i, (opens, closes) in enumerate(self._open(at)):
            if opens.date() != at.date():
                break
            last = closes if not i else max(last, closes)
        return last

    def add(self, start: datetime, span: Span, *, serviced: bool = False, shift_of: tuple[str, ...] = ()) -> datetime:
        """When `span` after `start` is due, to the minute (`…:59` at the end of a day).

        `serviced`: plain minutes and hours count service time. `shift_of`: whose shift `end of shift` means.
        """
        start = start.replace(second=0, microsecond=0)
        unit = span.unit
        if unit in ("minute", "hour", "service minute", "service hour"):
            if serviced or span.serviced:
                return self.service_add(start, span.minutes)
            return start + span.minutes * MINUTE
        if unit in DAYS:
            return end_of(start + span.amount * DAYS[unit] * DAY)
        match unit:
            case "workday":
                return end_of(datetime.combine(self.workdays_after(start.date(), span.amount), time(0), start.tzinfo))
            case "month" | "year":
                return end_of(months_after(start, span.amount * (12 if unit == "year" else 1)))
            case "end of day":
                return end_of(start)
            case "end of month":
                return end_of(start.replace(day=monthrange(start.year, start.month)[1]))
            case "end of shift":
                return self.shift_end((span.post,) if span.post else shift_of, start)
            case "promptly":
                return start + self.promptly * MINUTE
        return start  # at once

    def back(self, moment: datetime, span: Span) -> datetime:
        """When `span before moment` is due: to the minute, or at the end of the n-th day or workday before it."""
        moment = moment.replace(second=0, microsecond=0)
        match span.unit:
            case "minute" | "hour":
                return moment - span.minutes * MINUTE
            case "service minute" | "service hour":
                return self._service_back(moment, span.minutes)
            case "workday":
                return end_of(datetime.combine(self.workdays_after(moment.date(), -span.amount), time(0), moment.tzinfo))
            case "month" | "year":
                return end_of(months_after(moment, -span.amount * (12 if span.unit == "year" else 1)))
        return end_of(moment - span.amount * DAYS[span.unit] * DAY)

    def _service_back(self, moment: datetime, minutes: int) -> datetime:
        for days in range(1, FARTHEST):
            start = moment - days * DAY
            if (surplus := self.service_between(start, moment) - minutes) >= 0:
                return self.service_add(start, surplus)
        raise Refused("工作日历里没有服务时间，无法推算时限。请在「工作日历」里设置服务时间")


def end_of(moment: datetime) -> datetime:
    return datetime.combine(moment.date(), LAST, moment.tzinfo)


def months_after(moment: datetime, n: int) -> datetime:
    year, month = divmod(moment.year * 12 + moment.month - 1 + n, 12)
    return moment.replace(year=year, month=month + 1, day=min(moment.day, monthrange(year, month + 1)[1]))
