"""The calendar: official days against a second source, rows that people edit, figures."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import holidays
import pytest

from shouwen.kernel import calendars
from shouwen.kernel.access import SYSTEM, Actor
from shouwen.kernel.models import CalendarDay, CalendarYear, Entry
from shouwen.kernel.refusals import Forbidden, Refused

AT = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


def works(data, day):
    return data.days.get(day, day.weekday() < 5)


def test_every_day_from_2019_to_2026_agrees_with_a_second_source(db):
    calendars.seed_calendar(SYSTEM, None, at=AT)
    data = calendars.calendar_data(1)
    theirs = holidays.China(years=calendars.OFFICIAL_YEARS)
    day, differing = date(2019, 1, 1), []
    while day <= date(2026, 12, 31):
        if works(data, day) != theirs.is_working_day(day):
            differing.append(day)
        day += timedelta(days=1)
    assert differing == []
    assert data.confirmed == frozenset(range(2019, 2027))
    assert not works(data, date(2026, 10, 1)) and works(data, date(2026, 10, 10)), "国庆 and its 调休"
    assert CalendarDay.objects.get(day=date(2026, 10, 10)).name == "国庆节调休上班"


def test_seeding_again_keeps_what_people_entered(db):
    calendars.set_day(SYSTEM, None, day=date(2026, 10, 1), works=True, name="加班", at=AT)
    calendars.seed_calendar(SYSTEM, None, years=[2026], at=AT)
    calendars.seed_calendar(SYSTEM, None, years=[2026], at=AT)
    assert works(calendars.calendar_data(1), date(2026, 10, 1))
    assert CalendarDay.objects.filter(day=date(2026, 10, 1)).count() == 1
    assert Entry.objects.filter(code="calendar.seeded").count() == 2


def test_years_the_library_does_not_know_are_refused(db):
    with pytest.raises(Refused, match="2027"):
        calendars.seed_calendar(SYSTEM, None, years=[2027], at=AT)
    with pytest.raises(Refused, match="逐日录入"):
        calendars.confirm_year(SYSTEM, None, year=2027, at=AT)
    calendars.set_day(SYSTEM, None, day=date(2027, 1, 1), works=False, name="元旦", at=AT)
    calendars.confirm_year(SYSTEM, None, year=2027, at=AT)
    assert 2027 in calendars.calendar_data(1).confirmed
    with pytest.raises(Refused, match="已由系统确认"):
        calendars.confirm_year(SYSTEM, None, year=2027, at=AT)


def test_a_community_has_its_own_days_windows_and_figures(db):
    before = calendars.calendar_data(1).version
    calendars.set_day(SYSTEM, None, day=date(2026, 12, 1), works=False, name="停电", at=AT)
    calendars.set_day(SYSTEM, 1, day=date(2026, 12, 1), works=True, at=AT)
    calendars.set_windows(SYSTEM, 1, windows=[(0, time(8, 30), time(12)), (0, time(14), time(17, 30)), (5, time(22), time(6))], at=AT)
    calendars.set_figure(SYSTEM, 1, name="promptly", value=15, at=AT)
    here, there = calendars.calendar_data(1), calendars.calendar_data(2)
    assert here.days[date(2026, 12, 1)] and not there.days[date(2026, 12, 1)]
    assert here.weekly[0] == ((510, 720), (840, 1050)) and here.weekly[1] == () and here.weekly[5] == ((1320, 360),)
    assert there.weekly == calendars.DEFAULT_WEEK
    assert (here.promptly, there.promptly) == (15, 30) and calendars.figure(1, "promptly") == 15
    assert here.version > before
    calendars.clear_day(SYSTEM, 1, day=date(2026, 12, 1), at=AT)
    assert not calendars.calendar_data(1).days[date(2026, 12, 1)]
    with pytest.raises(Refused, match="没有例外"):
        calendars.clear_day(SYSTEM, 1, day=date(2026, 12, 1), at=AT)


@pytest.mark.parametrize("wrong", [
    lambda: calendars.set_day(SYSTEM, 1, day=date(9999, 12, 31), works=True, at=AT),
    lambda: calendars.set_day(SYSTEM, 1, day=date(2026, 12, 1), works=True, name="\x00", at=AT),
    lambda: calendars.set_windows(SYSTEM, 1, windows=[(7, time(8), time(9))], at=AT),
    lambda: calendars.set_windows(SYSTEM, 1, windows=[(0, time(8), time(8))], at=AT),
    lambda: calendars.set_figure(SYSTEM, 1, name="nothing", value=1, at=AT),
    lambda: calendars.set_figure(SYSTEM, 1, name="promptly", value=0, at=AT),
    lambda: calendars.confirm_year(SYSTEM, None, year=1, at=AT),
])
def test_wrong_settings_are_refused(db, wrong):
    with pytest.raises(Refused):
        wrong()
    assert not CalendarDay.objects.exists() and not CalendarYear.objects.exists()


def test_who_may_not_may_not(db):
    li = Actor(id=1, name="李静", grants={"settings.edit": frozenset({2})})
    with pytest.raises(Forbidden):
        calendars.set_day(li, 1, day=date(2026, 12, 1), works=True, at=AT)
    with pytest.raises(Forbidden):
        calendars.seed_calendar(li, None, at=AT)


def test_another_process_notices_within_seconds(db, monkeypatch):
    assert not calendars.calendar_data(1).days
    calendars.set_day(SYSTEM, None, day=date(2026, 12, 1), works=False, at=AT)
    stale = calendars.CalendarData(0, calendars.DEFAULT_WEEK, {}, frozenset(), 30, {})
    start = calendars.clock_time.monotonic()
    calendars._known[1] = (start, stale)
    assert calendars.calendar_data(1) is stale
    monkeypatch.setattr(calendars.clock_time, "monotonic", lambda: start + 5.1)
    assert calendars.calendar_data(1).days


def test_the_next_year_is_asked_for_from_november(db):
    calendars.seed_calendar(SYSTEM, None, at=AT)
    assert calendars.unconfirmed(date(2026, 10, 31)) == []
    assert calendars.unconfirmed(date(2026, 11, 1)) == [2027]
    assert calendars.unconfirmed(date(2027, 3, 1)) == [2027]


def test_reading_costs_one_query_when_nothing_changed(db, django_assert_num_queries, monkeypatch):
    calendars.calendar_data(1)
    with django_assert_num_queries(0):
        calendars.calendar_data(1)
    start = calendars.clock_time.monotonic()
    monkeypatch.setattr(calendars.clock_time, "monotonic", lambda: start + 6)
    with django_assert_num_queries(1):
        calendars.calendar_data(1)
