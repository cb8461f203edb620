"""When a plan falls due, as tables: midnight, 调休, short months, clocks that jump; and what becomes of a run."""

from datetime import date, datetime, time, timedelta

import pytest

from shouwen.kernel.zone import CHINA
from shouwen.rounds.schedule import Rhythm, judge, moment, out_of_order, parse_times, words


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=CHINA)


MADE_UP = {date(2026, 10, 10): True, date(2026, 10, 1): False}


def works(day):
    return MADE_UP.get(day, day.isoweekday() <= 5)


NIGHT = Rhythm("every", 60, time(20), time(6))
TWICE = Rhythm("daily", times=(time(9), time(16)))


@pytest.mark.parametrize("rhythm,after,expected", [
    (NIGHT, "2026-11-23 19:59", "2026-11-23 20:00"),
    (NIGHT, "2026-11-23 20:00", "2026-11-23 21:00"),
    (NIGHT, "2026-11-23 23:00", "2026-11-24 00:00"),
    (NIGHT, "2026-11-24 00:00", "2026-11-24 01:00"),
    (NIGHT, "2026-11-24 05:00", "2026-11-24 20:00"),
    (Rhythm("every", 10, time(0), time(0)), "2026-11-23 23:55", "2026-11-24 00:00"),
    (Rhythm("every", 7, time(8), time(9)), "2026-11-23 08:49", "2026-11-23 08:56"),
    (TWICE, "2026-11-23 09:00", "2026-11-23 16:00"),
    (TWICE, "2026-11-23 16:00", "2026-11-24 09:00"),
    (Rhythm("weekly", times=(time(10),), weekdays="15"), "2026-11-23 10:00", "2026-11-27 10:00"),
    (Rhythm("monthly", times=(time(9),), monthday=31), "2026-11-23 09:00", "2026-11-30 09:00"),
    (Rhythm("monthly", times=(time(9),), monthday=30), "2027-02-01 00:00", "2027-02-28 09:00"),
    (Rhythm("daily", times=(time(9),), days="workdays"), "2026-10-09 09:00", "2026-10-10 09:00"),  # a Saturday that is worked
    (Rhythm("daily", times=(time(9),), days="workdays"), "2026-09-30 09:00", "2026-10-02 09:00"),
    (Rhythm("daily", times=(time(9),), days="holidays"), "2026-09-30 09:00", "2026-10-01 09:00"),
    (Rhythm("every", 60, time(22), time(2), days="workdays"), "2026-11-28 00:30", "2026-11-28 01:00"),  # Friday's window goes on into Saturday
    (Rhythm("every", 60, time(22), time(2), days="workdays"), "2026-11-28 01:00", "2026-11-30 22:00"),
])  # fmt: skip
def test_the_next_one(rhythm, after, expected):
    assert rhythm.after(at(after), works) == at(expected)


def test_a_plan_that_never_falls_due_has_no_next():
    assert Rhythm("weekly", times=(time(9),), weekdays="6", days="workdays").after(at("2027-01-01 00:00"), lambda day: False) is None


@pytest.mark.shows("E24.01")
def test_the_gate_reports_ten_times_a_night():
    found = NIGHT.between(at("2026-11-23 12:00"), at("2026-11-24 12:00"), works)
    assert [f"{one:%H}" for one in found] == ["20", "21", "22", "23", "00", "01", "02", "03", "04", "05"]


def test_what_lies_between_is_half_open_so_that_two_looks_share_nothing():
    first = TWICE.between(at("2026-11-23 00:00"), at("2026-11-23 16:00"), works)
    second = TWICE.between(at("2026-11-23 16:00"), at("2026-11-24 16:00"), works)
    assert first + second == [at("2026-11-23 09:00"), at("2026-11-23 16:00"), at("2026-11-24 09:00"), at("2026-11-24 16:00")]
    assert TWICE.between(at("2026-11-24 16:00"), at("2026-11-23 00:00"), works) == []  # the clock went back: nothing again


def test_days_from_completion():
    week = Rhythm("after", times=(time(9),), after_days=7)
    assert week.from_completion(at("2026-11-23 17:40")) == at("2026-11-30 09:00")
    assert week.from_completion(at("2026-11-23 17:40"), missed=True) == at("2026-11-24 09:00")
    assert week.after(at("2026-11-23 00:00"), works) is None


@pytest.mark.parametrize("text,expected", [
    ("09:00 16:30", (time(9), time(16, 30))), ("9:00，16：30", (time(9), time(16, 30))), ("16:30、09:00 09:00", (time(9), time(16, 30))), ("", ()),
])
def test_hours_as_people_type_them(text, expected):
    assert parse_times(text) == expected


@pytest.mark.parametrize("text", ["25:00", "九点", "9", "09:00-10:00"])
def test_hours_that_are_none(text):
    with pytest.raises(ValueError):
        parse_times(text)


@pytest.mark.parametrize("rhythm,said", [
    (NIGHT, "20:00–06:00 每 1 小时"), (TWICE, "每天 09:00、16:00"), (Rhythm("every", 10, time(0), time(0)), "全天 每 10 分钟"),
    (Rhythm("weekly", times=(time(9),), weekdays="15"), "每周一五 09:00"), (Rhythm("after", times=(time(9),), after_days=7), "上次完成后 7 天 09:00"),
])
def test_said_as_people_say_it(rhythm, said):
    assert words(rhythm) == said


@pytest.mark.parametrize("points,seen,reports,over,halted,state,missed", [
    ((1, 2), {1, 2}, False, False, False, "done", ()),
    ((1, 2), {1}, False, False, False, "open", (2,)),
    ((1, 2), {1}, False, True, False, "partial", (2,)),
    ((1, 2), set(), False, True, False, "missed", (1, 2)),
    ((1, 2), {1, 2}, True, True, False, "partial", ()),
    ((), {None}, True, False, False, "done", ()),
    ((), set(), True, True, False, "missed", ()),
    ((1, 2), {1}, False, True, True, "excused", (2,)),
    ((1, 2), {1, 2}, False, True, True, "done", ()),
])
def test_how_a_run_stands(points, seen, reports, over, halted, state, missed):
    verdict = judge(points, frozenset(seen), reports=reports, over=over, halted=halted)
    assert (verdict.state, verdict.missed) == (state, missed)


@pytest.mark.shows("E25.05")
def test_an_earlier_point_passed_by_is_seen():
    assert out_of_order((1, 2, 3), frozenset({1}), 3) and not out_of_order((1, 2, 3), frozenset({1, 2}), 3)


NOON = at("2026-11-23 12:00")


@pytest.mark.parametrize("device,offset,counts,doubts", [
    (None, 0, NOON, ()),
    ("2026-11-23 11:30", 0, at("2026-11-23 11:30"), ()),
    ("2026-11-23 11:00", 30, at("2026-11-23 11:30"), ("手机时钟不准",)),  # a clock half an hour slow is put right, and told
    ("2026-11-23 12:01", 0, NOON, ()),
    ("2026-11-23 12:03", 0, NOON, ("手机时间在未来",)),
    ("2026-11-22 11:59", 0, NOON, ("手机时间早于 24 小时",)),
    ("2031-01-01 00:00", 0, NOON, ("手机时间在未来",)),
])
def test_the_clock_of_a_phone_is_believed_as_far_as_it_can_be(device, offset, counts, doubts):
    assert moment(at(device) if device else None, timedelta(minutes=offset), NOON) == (counts, doubts)
