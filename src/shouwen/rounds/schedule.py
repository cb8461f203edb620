"""When a plan falls due: pure reckoning on China's clock, which has no summer time. No database, no clock of its own.

An occurrence is the moment from which its round may be walked. A window that crosses midnight belongs to the day on which it begins.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from shouwen.kernel.zone import CHINA

Works = Callable[[date], bool]
"""Whether people work on a day (holidays and 调休 known)."""

_HOUR: Final = re.compile(r"\d{1,2}:\d{2}", re.ASCII)
AHEAD: Final = 400
"""Days looked ahead for the next occurrence; a plan with none in that time has none."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """What a plan says of its times; see Plan. `kind` ∈ every, daily, weekly, monthly, after; `days` ∈ all, workdays, holidays."""

    kind: str
    minutes: int = 0
    starts: time = time(0)
    ends: time = time(0)
    times: tuple[time, ...] = ()
    weekdays: str = "1234567"
    monthday: int = 1
    after_days: int = 0
    days: str = "all"

    def of_day(self, day: date, works: Works) -> Iterator[datetime]:
        """Occurrences that belong to a day, in order; some may lie after its midnight."""
        if not self._on(day, works):
            return
        if self.kind != "every":
            for at in self.times:
                yield datetime.combine(day, at, CHINA)
            return
        at = datetime.combine(day, self.starts, CHINA)
        end = datetime.combine(day if self.ends > self.starts else day + timedelta(1), self.ends, CHINA)
        while self.minutes > 0 and at < end:
            yield at
            at += timedelta(minutes=self.minutes)

    def after(self, at: datetime, works: Works) -> datetime | None:
        """The first occurrence later than a moment; None where there is none."""
        day = at.astimezone(CHINA).date() - timedelta(1)
        for n in range(AHEAD):
            for moment in self.of_day(day + timedelta(n), works):
                if moment > at:
                    return moment
        return None

    def between(self, after: datetime, until: datetime, works: Works, most: int = 10_000) -> list[datetime]:
        """Occurrences in (after, until], the earliest first, at most so many."""
        found: list[datetime] = []
        day, last = after.astimezone(CHINA).date() - timedelta(1), until.astimezone(CHINA).date()
        while day <= last and len(found) < most:
            found += [moment for moment in self.of_day(day, works) if after < moment <= until]
            day += timedelta(1)
        return found[:most]

    def from_completion(self, done_at: datetime, *, missed: bool = False) -> datetime:
        """Rhythm `after`: so many days after the last one was finished, at its hour. A missed one is asked for again the next day."""
        day = done_at.astimezone(CHINA).date() + timedelta(1 if missed else max(self.after_days, 1))
        return datetime.combine(day, self.times[0] if self.times else self.starts, CHINA)

    def _on(self, day: date, works: Works) -> bool:
        if self.kind == "after":
            return False
        if self.kind == "weekly" and str(day.isoweekday()) not in self.weekdays:
            return False
        if self.kind == "monthly" and day.day != min(self.monthday, _length(day)):
            return False
        return self.days == "all" or works(day) == (self.days == "workdays")


def _length(day: date) -> int:
    """Days of the month: a plan for the 31st falls due on the last day of a shorter one."""
    return ((day.replace(day=1) + timedelta(32)).replace(day=1) - timedelta(1)).day


def parse_times(text: str) -> tuple[time, ...]:
    """`09:00 15:30`, also with commas and 、; ValueError for anything else. Sorted, each once."""
    found = set()
    for word in re.split(r"[\s,，、;；]+", text.strip().replace("：", ":")):
        if word and not _HOUR.fullmatch(word):
            raise ValueError(word)
        if word:
            found.add(time.fromisoformat(word.zfill(5)))
    return tuple(sorted(found))


def words(rhythm: Rhythm) -> str:
    """The rhythm as people say it."""
    hours = "、".join(f"{at:%H:%M}" for at in rhythm.times)
    on = {"workdays": "工作日", "holidays": "休息日"}.get(rhythm.days, "")
    match rhythm.kind:
        case "every":
            span = "全天" if rhythm.starts == rhythm.ends else f"{rhythm.starts:%H:%M}–{rhythm.ends:%H:%M}"
            return f"{on}{span} 每 {rhythm.minutes} 分钟" if rhythm.minutes % 60 else f"{on}{span} 每 {rhythm.minutes // 60} 小时"
        case "daily":
            return f"{on or '每天'} {hours}"
        case "weekly":
            return f"每周{''.join('一二三四五六日'[int(n) - 1] for n in rhythm.weekdays)} {hours}" + (f"（{on}）" if on else "")
        case "monthly":
            return f"每月 {rhythm.monthday} 日 {hours}" + (f"（{on}）" if on else "")
    return f"上次完成后 {rhythm.after_days} 天 {hours}"


# --- what becomes of a run -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a run stands: `state` as Run.State, the points missed in their order."""

    state: str
    missed: tuple[int, ...]


def judge(points: tuple[int, ...], seen: frozenset[int | None], *, reports: bool, over: bool, halted: bool = False) -> Verdict:
    """`seen` are ids of points read, None = the report. Open until everything is there; `over` = its time has run out."""
    missed = tuple(point for point in points if point not in seen)
    owes = reports and None not in seen
    if not missed and not owes:
        return Verdict("done", ())
    if not over:
        return Verdict("open", missed)
    if halted:
        return Verdict("excused", missed)
    return Verdict("partial" if seen else "missed", missed)


def out_of_order(points: tuple[int, ...], seen: frozenset[int | None], point: int) -> bool:
    """Whether an earlier point of the route has been passed by. E25.05."""
    return point in points and any(before not in seen for before in points[: points.index(point)])


# --- when a phone says it happened ---------------------------------------------------------------------------------------

BELIEVED: Final = timedelta(hours=24)
AHEAD_OF_US: Final = timedelta(minutes=2)
CLOCK_OFF: Final = timedelta(minutes=5)


def moment(device_at: datetime | None, offset: timedelta, received_at: datetime) -> tuple[datetime, tuple[str, ...]]:
    """(when it counts, doubts): the phone's time put right by how far its clock is off; without belief, when it arrived."""
    if device_at is None:
        return received_at, ()
    doubts = ["手机时钟不准"] if abs(offset) > CLOCK_OFF else []
    try:
        at = device_at + offset
    except OverflowError:
        return received_at, ("手机时间不可信",)
    if at > received_at + AHEAD_OF_US:
        return received_at, (*doubts, "手机时间在未来")
    if at < received_at - BELIEVED:
        return received_at, (*doubts, "手机时间早于 24 小时")
    return min(at, received_at), tuple(doubts)
