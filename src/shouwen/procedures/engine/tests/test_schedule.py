from datetime import datetime, time, timedelta

import pytest
from dateutil.rrule import rrulestr

from shouwen.procedures.engine import TZ, Calendar, Refused, next_time
from shouwen.procedures.engine.schedule import BASE, checked

CAL = Calendar(confirmed=frozenset({2026, 2027}))


def on(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=TZ)


@pytest.mark.parametrize(
    ("rule", "after", "due"),
    [
        ("day at 08:30", "2026-11-23 08:00", "2026-11-23 08:30"),
        ("day at 08:30", "2026-11-23 08:30", "2026-11-24 08:30"),
        ("workday at 09:00", "2026-11-27 10:00", "2026-11-30 09:00"),
        ("saturday at 10:00", "2026-11-23 08:00", "2026-11-28 10:00"),
        ("month on 28 at 09:00", "2026-11-28 09:00", "2026-12-28 09:00"),
        ("month on 31 at 09:00", "2026-11-28 09:00", "2026-11-30 09:00"),
        ("month end at 17:00", "2026-11-30 17:00", "2026-12-31 17:00"),
        ("year on 12-01 at 09:00", "2026-12-01 09:00", "2027-12-01 09:00"),
        ("year on 02-29 at 09:00", "2026-12-01 09:00", "2027-02-28 09:00"),
        ("RRULE:FREQ=WEEKLY;BYDAY=MO,WE;BYHOUR=9;BYMINUTE=30;BYSECOND=0", "2026-11-23 10:00", "2026-11-25 09:30"),
    ],
)
def test_when_a_duty_comes_round(rule: str, after: str, due: str) -> None:
    assert next_time(rule, on(after), CAL) == on(due)


@pytest.mark.parametrize(
    "rule",
    ["", "daily", "day at 25:00", "month on 32 at 09:00", "year on 02-30 at 09:00", "RRULE:FREQ=SECONDLY", "RRULE:FREQ=DAILY;BYDAY=XX"],
)
def test_what_is_no_rule_is_refused(rule: str) -> None:
    with pytest.raises(ValueError, match=r"[一-鿿]"):
        checked(rule)


def test_a_rule_that_has_ended_says_so() -> None:
    with pytest.raises(Refused, match="没有下一次"):
        next_time("RRULE:FREQ=DAILY;UNTIL=20210101T000000", on("2026-11-23 09:00"), CAL)


def test_no_workday_in_sight_is_refused() -> None:
    from datetime import date, timedelta

    from shouwen.procedures.engine import Day

    off = Calendar(dates={date(2026, 1, 1) + timedelta(days=i): Day(False) for i in range(2200)}, confirmed=frozenset(range(2026, 2035)))
    with pytest.raises(Refused, match="四年内没有下一次"):
        next_time("workday at 09:00", on("2026-11-23 09:00"), off)


@pytest.mark.parametrize("rule", [
    "FREQ=DAILY;INTERVAL=3;BYHOUR=9", "FREQ=DAILY;BYMONTHDAY=31;BYHOUR=7", "FREQ=DAILY;COUNT=9", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR;BYHOUR=8",
    "FREQ=WEEKLY;INTERVAL=3;BYDAY=SU,MO;WKST=SU", "FREQ=MONTHLY;INTERVAL=2;BYMONTHDAY=1,-1;BYHOUR=9", "FREQ=MONTHLY;INTERVAL=5;BYMONTHDAY=31",
    "FREQ=YEARLY;INTERVAL=3;BYMONTH=2;BYMONTHDAY=29,3", "FREQ=YEARLY;INTERVAL=2;BYWEEKNO=1;BYDAY=MO",
])  # fmt: skip
def test_counting_from_nearby_gives_what_counting_from_the_beginning_gives(rule: str) -> None:
    whole = rrulestr(f"RRULE:{rule}", dtstart=datetime.combine(BASE, time(0)))
    for days in range(-40, 2900, 97):
        after = datetime.combine(BASE, time(8, 30), TZ) + timedelta(days=days)
        wanted = whole.after(after.replace(tzinfo=None))
        if wanted is None:
            with pytest.raises(Refused):
                next_time(f"RRULE:{rule}", after, CAL)
        else:
            assert next_time(f"RRULE:{rule}", after, CAL) == wanted.replace(tzinfo=TZ)
