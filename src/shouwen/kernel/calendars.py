"""Workdays, service hours and figures of a community: rows that people edit, and plain data for the engine."""

from __future__ import annotations

import time as clock_time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from chinese_calendar import constants as official
from django.db import transaction
from django.db.models import Q

from .access import Actor
from .journal import Done, action, community_of, now
from .models import CalendarDay, CalendarYear, ServiceWindow, Setting
from .refusals import Refused
from .words import clean_text

Windows = tuple[tuple[int, int], ...]
OFFICIAL_YEARS: Final = range(2019, 2027)
"""Years whose arrangement by the State Council the library knows and our tests have cross-checked."""

DEFAULT_WEEK: Final[tuple[Windows, ...]] = (((8 * 60, 20 * 60),),) * 7
WEEKDAYS: Final = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")

FIGURES: Final[dict[str, tuple[str, int, int, int]]] = {
    "promptly": ("「及时」的分钟数", 30, 1, 1440),
    "urge_minutes": ("两次催单的最小间隔（分钟）", 10, 1, 1440),
    "unfiled_days": ("文件最多几天要归档", 7, 1, 365),
}
"""Figures a community may set: name → (title, default, least, most)."""

_NAMES: Final = {
    "New Year's Day": "元旦", "Spring Festival": "春节", "Tomb-sweeping Day": "清明节", "Labour Day": "劳动节",
    "Dragon Boat Festival": "端午节", "National Day": "国庆节", "Mid-autumn Festival": "中秋节",
    "Anti-Fascist 70th Day": "抗战胜利纪念日",
}
_VERSION: Final = "calendar.version"
_FRESH: Final = 5.0
"""Seconds for which a process believes that it knows the newest version; its own changes count at once."""


@dataclass(frozen=True, slots=True)
class CalendarData:
    """What the engine's calendar of one community is built from.

    `weekly`: for Monday to Sunday the service windows in minutes of the day; an end at or before its start lies on the
    next day. `days`: dates that differ from the ordinary week → whether people work. `confirmed`: years one may reckon in.
    """

    version: int
    weekly: tuple[Windows, ...]
    days: Mapping[date, bool]
    confirmed: frozenset[int]
    promptly: int
    figures: Mapping[str, int]


_known: dict[int | None, tuple[float, CalendarData]] = {}


def forget() -> None:
    """Empty what this process remembers; the next question reads the rows."""
    _known.clear()


def calendar_data(community_id: int | None) -> CalendarData:
    """The calendar of a community (None = what holds everywhere), remembered by its version."""
    found = _known.get(community_id)
    moment = clock_time.monotonic()
    if found is not None and moment - found[0] < _FRESH:
        return found[1]
    version = _version()
    data = found[1] if found is not None and found[1].version == version else _read(community_id, version)
    _known[community_id] = (moment, data)
    return data


def figure(community_id: int | None, name: str) -> int:
    """A figure as this community has it, else as it is everywhere, else its default."""
    return calendar_data(community_id).figures[name]


def _version() -> int:
    row = Setting.objects.filter(community_id=None, name=_VERSION).values_list("value", flat=True).first()
    return int(row or 0)


def _read(community_id: int | None, version: int) -> CalendarData:
    ours = Q(community_id=None) | Q(community_id=community_id)
    rows = CalendarDay.objects.filter(ours).values_list("community_id", "day", "works")
    days = {day: works for owner, day, works in sorted(rows, key=lambda row: row[0] is not None)}  # the own row wins
    return CalendarData(
        version=version,
        weekly=_weekly(community_id),
        days=days,
        confirmed=frozenset(CalendarYear.objects.values_list("year", flat=True)),
        promptly=(figures := _figures(ours))["promptly"],
        figures=figures,
    )


def _weekly(community_id: int | None) -> tuple[Windows, ...]:
    """A community with windows of its own has only those; otherwise those of everywhere; otherwise 8 to 20."""
    for owner in dict.fromkeys((community_id, None)):
        week: list[list[tuple[int, int]]] = [[] for _ in WEEKDAYS]
        for row in ServiceWindow.objects.filter(community_id=owner):
            week[row.weekday].append((_minutes(row.opens), _minutes(row.closes)))
        if any(week):
            return tuple(tuple(sorted(windows)) for windows in week)
    return DEFAULT_WEEK


def _figures(ours: Q) -> dict[str, int]:
    figures = {name: default for name, (_, default, _, _) in FIGURES.items()}
    rows = Setting.objects.filter(ours, name__in=FIGURES).values_list("community_id", "name", "value")
    return figures | {name: int(value) for owner, name, value in sorted(rows, key=lambda row: row[0] is not None)}


def _minutes(at: time) -> int:
    return at.hour * 60 + at.minute


def _changed() -> None:
    """Raise the version in the same transaction; other processes notice within seconds, this one at once."""
    row, made = Setting.objects.select_for_update().get_or_create(community_id=None, name=_VERSION, defaults={"value": "1"})
    if not made:
        Setting.objects.filter(pk=row.pk).update(value=str(int(row.value) + 1))
    forget()
    transaction.on_commit(forget)


def official_days(year: int) -> dict[date, tuple[bool, str]]:
    """Dates of a year on which the State Council's arrangement differs from the ordinary week → (works, name)."""
    days: dict[date, tuple[bool, str]] = {}
    for day, name in official.holidays.items():
        if day.year == year and day.weekday() < 5:
            days[day] = (False, _NAMES.get(name, name))
    for day, name in official.workdays.items():
        if day.year == year and day.weekday() >= 5:
            days[day] = (True, f"{_NAMES.get(name, name)}调休上班")
    return days


@action("calendar.seeded", may="settings.edit", says="录入国务院公布的 {years} 年节假日与调休，共 {count} 天")
def seed_calendar(actor: Actor, place: None, /, *, years: Sequence[int] = OFFICIAL_YEARS, at: datetime | None = None) -> Done:
    """Enter and confirm official years, for everywhere; dates already entered by hand stay as they are."""
    if unknown := [year for year in years if year not in OFFICIAL_YEARS]:
        raise Refused(f"{unknown[0]} 年的节假日安排不在本版本内。请在「工作日历」里逐日录入后确认该年。")
    moment = at or now()
    there = set(CalendarDay.objects.filter(community_id=None).values_list("day", flat=True))
    fresh = [
        CalendarDay(day=day, works=works, name=name)
        for year in years for day, (works, name) in sorted(official_days(year).items()) if day not in there
    ]
    CalendarDay.objects.bulk_create(fresh)
    CalendarYear.objects.bulk_create(
        [CalendarYear(year=year, confirmed_by=actor.name, confirmed_at=moment) for year in years], ignore_conflicts=True
    )
    _changed()
    shown = f"{min(years)}–{max(years)}" if len(years) > 1 else str(years[0])
    return Done("kernel.calendarday:all", {"years": shown, "count": len(fresh)}, result=len(fresh))


@action("calendar.day_set", may="settings.edit", says="{day} 定为{kind}（{name}）")
def set_day(actor: Actor, place: Any, /, *, day: date, works: bool, name: str = "", at: datetime | None = None) -> Done:
    """Make a date a workday or a day off, in one community or (place None) everywhere."""
    if abs(day.year - (at or now()).year) > 20:
        raise Refused("日期离今天太远，请核对年份。")
    name = clean_text(name, "名称", 40, field="name")
    row, _ = CalendarDay.objects.update_or_create(
        community_id=community_of(place), day=day, defaults={"works": works, "name": name}
    )
    _changed()
    return Done(row, {"day": day.isoformat(), "kind": "上班" if works else "休息", "name": name})


@action("calendar.day_cleared", may="settings.edit", says="{day} 恢复为平常日")
def clear_day(actor: Actor, place: Any, /, *, day: date, at: datetime | None = None) -> Done:
    """Take an exception away again."""
    if not CalendarDay.objects.filter(community_id=community_of(place), day=day).delete()[0]:
        raise Refused("这一天没有例外安排，无需恢复。")
    _changed()
    return Done(f"kernel.calendarday:{day}", {"day": day.isoformat()})


@action("calendar.year_confirmed", may="settings.edit", says="确认 {year} 年节假日安排")
def confirm_year(actor: Actor, place: None, /, *, year: int, at: datetime | None = None) -> Done:
    """Vouch that every holiday and make-up workday of a year has been entered; only then are its workdays counted."""
    moment = at or now()
    if not moment.year - 20 <= year <= moment.year + 5:
        raise Refused("年份不对，请核对。")
    if not CalendarDay.objects.filter(community_id=None, day__year=year).exists():
        raise Refused(f"{year} 年还没有录入任何节假日。请先按国务院办公厅通知逐日录入，再确认。")
    row, made = CalendarYear.objects.get_or_create(year=year, defaults={"confirmed_by": actor.name, "confirmed_at": moment})
    if not made:
        raise Refused(f"{year} 年已由{row.confirmed_by}确认。")
    _changed()
    return Done(row, {"year": year})


@action("calendar.windows_set", may="settings.edit", says="服务时间改为：{windows}")
def set_windows(actor: Actor, place: Any, /, *, windows: Sequence[tuple[int, time, time]], at: datetime | None = None) -> Done:
    """Replace the service hours: (weekday 0–6, opens, closes); a close at or before the opening lies on the next day."""
    for weekday, opens, closes in windows:
        if weekday not in range(7):
            raise Refused("星期应为周一至周日。")
        if opens == closes:
            raise Refused(f"{WEEKDAYS[weekday]}的开始与结束时间相同，请核对。")
    owner = community_of(place)
    ServiceWindow.objects.filter(community_id=owner).delete()
    ServiceWindow.objects.bulk_create(
        [ServiceWindow(community_id=owner, weekday=weekday, opens=opens, closes=closes) for weekday, opens, closes in windows]
    )
    _changed()
    said = "；".join(f"{WEEKDAYS[weekday]} {opens:%H:%M}–{closes:%H:%M}" for weekday, opens, closes in windows)
    return Done(f"kernel.servicewindow:{owner or 'all'}", {"windows": said or "恢复默认（每日 08:00–20:00）"})


@action("settings.figure_set", may="settings.edit", says="{title}改为 {value}")
def set_figure(actor: Actor, place: Any, /, *, name: str, value: int, at: datetime | None = None) -> Done:
    """Set one of FIGURES, in one community or (place None) everywhere."""
    if name not in FIGURES:
        raise Refused("没有这个参数。")
    title, _, least, most = FIGURES[name]
    if not least <= value <= most:
        raise Refused(f"{title}应在 {least} 到 {most} 之间。", {name: f"应在 {least} 到 {most} 之间"})
    row, _ = Setting.objects.update_or_create(community_id=community_of(place), name=name, defaults={"value": str(value)})
    _changed()
    return Done(row, {"title": title, "value": value, "name": name})


def unconfirmed(today: date) -> list[int]:
    """Years that somebody must confirm soon: this one, and from November the next."""
    wanted = [today.year] + ([today.year + 1] if today + timedelta(days=61) >= date(today.year + 1, 1, 1) else [])
    confirmed = calendar_data(None).confirmed
    return [year for year in wanted if year not in confirmed]
