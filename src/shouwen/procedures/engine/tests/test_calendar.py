from datetime import date, datetime

import pytest

from shouwen.procedures.engine import TZ, Calendar, Day, Refused
from shouwen.procedures.engine.spans import parse

NIGHT = (((8 * 60, 12 * 60), (14 * 60, 18 * 60), (20 * 60, 2 * 60)),) * 5 + ((), ((10 * 60, 12 * 60),))
CAL = Calendar(
    weekly=NIGHT,
    dates={date(2026, 10, 1): Day(False, ()), date(2026, 10, 10): Day(True, ((9 * 60, 17 * 60),)), date(2026, 10, 2): Day(False)},
    confirmed=frozenset({2026}),
)


def on(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=TZ)


@pytest.mark.parametrize(
    ("start", "span", "due"),
    [
        ("2026-11-23 09:00:37", "20 minutes", "2026-11-23 09:20"),
        ("2026-11-23 11:50", "30 service minutes", "2026-11-23 14:20"),  # over lunch
        ("2026-11-23 17:30", "1 service hour", "2026-11-23 20:30"),
        ("2026-11-23 23:00", "4 service hours", "2026-11-24 09:00"),  # across midnight
        ("2026-11-24 01:00", "1 service hour", "2026-11-24 02:00"),  # within last night's window
        ("2026-11-28 03:00", "1 service hour", "2026-11-29 11:00"),  # Saturday is closed
        ("2026-11-27 23:00", "3 service hours", "2026-11-28 02:00"),
        ("2026-10-10 08:00", "1 service hour", "2026-10-10 10:00"),  # an overridden date
        ("2026-10-01 03:00", "1 service hour", "2026-10-02 09:00"),  # closed by override
        ("2026-11-23 09:00", "3 days", "2026-11-26 23:59:59"),
        ("2026-11-23 09:00", "1 week", "2026-11-30 23:59:59"),
        ("2026-11-27 09:00", "1 workday", "2026-11-30 23:59:59"),
        ("2026-10-09 09:00", "1 workday", "2026-10-10 23:59:59"),  # Saturday made a workday
        ("2026-09-30 09:00", "1 workday", "2026-10-05 23:59:59"),
        ("2026-01-31 09:00", "1 month", "2026-02-28 23:59:59"),
        ("2026-11-23 09:00", "1 year", "2027-11-23 23:59:59"),
        ("2026-11-23 09:00", "end of day", "2026-11-23 23:59:59"),
        ("2026-11-23 09:00", "end of month", "2026-11-30 23:59:59"),
        ("2026-11-23 09:00:09", "at once", "2026-11-23 09:00"),
        ("2026-11-23 09:00", "promptly", "2026-11-23 09:30"),
        ("2026-11-23 09:00", "end of shift", "2026-11-24 02:00"),  # nobody's shift is known: the end of service
        ("2026-11-28 09:00", "end of shift", "2026-11-28 23:59:59"),  # closed: the end of the day
    ],
)
def test_every_unit_forward(start: str, span: str, due: str) -> None:
    assert CAL.add(on(start), parse(span)) == on(due)


@pytest.mark.parametrize(
    ("span", "due"),
    [
        ("5 minutes before x", "2026-11-24 13:55"),
        ("2 hours before x", "2026-11-24 12:00"),
        ("1 day before x", "2026-11-23 23:59:59"),
        ("1 workday before x", "2026-11-23 23:59:59"),
        ("2 workdays before x", "2026-11-20 23:59:59"),
        ("1 month before x", "2026-10-24 23:59:59"),
        ("1 service hour before x", "2026-11-24 11:00"),
        ("9 service hours before x", "2026-11-23 21:00"),
    ],
)
def test_every_unit_backward(span: str, due: str) -> None:
    assert CAL.back(on("2026-11-24 14:00"), parse(span)) == on(due)


def test_plain_hours_may_count_service_time() -> None:
    assert CAL.add(on("2026-11-23 11:30"), parse("1 hour"), serviced=True) == on("2026-11-23 14:30")


def test_service_minutes_between() -> None:
    assert CAL.service_between(on("2026-11-23 11:00"), on("2026-11-23 15:00")) == 120
    assert CAL.service_between(on("2026-11-28 03:00"), on("2026-11-28 20:00")) == 0


def test_overlapping_windows_count_once() -> None:
    cal = Calendar(weekly=(((480, 720), (600, 660), (700, 800)),) * 7)
    assert cal.service_between(on("2026-11-23 00:00"), on("2026-11-23 23:00")) == 320


def test_a_year_without_confirmed_holidays_is_refused() -> None:
    with pytest.raises(Refused, match="2027 年的节假日安排还没有确认"):
        CAL.add(on("2026-12-31 09:00"), parse("1 workday"))


def test_a_calendar_that_never_opens_is_refused() -> None:
    closed = Calendar(weekly=((),) * 7)
    with pytest.raises(Refused, match="没有服务时间"):
        closed.service_add(on("2026-11-23 09:00"), 1)
    with pytest.raises(Refused, match="没有服务时间"):
        closed.back(on("2026-11-23 09:00"), parse("1 service hour before x"))
    assert closed.shift_end((), on("2026-11-23 09:00")) == on("2026-11-23 23:59:59")


def test_shifts_by_person_then_post() -> None:
    day, night = (on("2026-11-23 08:00"), on("2026-11-23 20:00")), (on("2026-11-23 20:00"), on("2026-11-24 08:00"))
    cal = Calendar(shifts={"guard": (day, night), "7": ((on("2026-11-23 08:00"), on("2026-11-23 14:00")),)})
    assert cal.shift_end(("7", "guard"), on("2026-11-23 09:00")) == on("2026-11-23 14:00")
    assert cal.shift_end(("7", "guard"), on("2026-11-23 15:00")) == on("2026-11-23 20:00")
    assert cal.add(on("2026-11-23 21:00"), parse("end of shift of guard"), shift_of=("7",)) == on("2026-11-24 08:00")


def test_counting_workdays_between() -> None:
    assert CAL.workdays_between(date(2026, 11, 27), date(2026, 12, 1)) == 2
    assert CAL.workdays_after(date(2026, 11, 23), 0) == date(2026, 11, 23)
