"""The directory by itself: no database, only moments and people."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shouwen.duty.directory import Absence, Directory, Held, PostInfo, Turn
from shouwen.kernel.refusals import Refused

CHINA = ZoneInfo("Asia/Shanghai")
LI, HE, XU, LIN, CHEN, ZHAO, GUO, KANG, WANG, WU, QIAN, PENG, SHI, TIAN = range(1, 15)
SHIFTS = {"early": (time(8), time(16)), "late": (time(16), time(0)), "night": (time(0), time(8)), "office": (time(8, 30), time(17, 30))}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CHINA)


def turn(user: int, post: str, shift: str, **more: object) -> Turn:
    return Turn(user, post, shift, *SHIFTS[shift], workdays_only=shift == "office", **more)  # type: ignore[arg-type]


HELD = (
    Held(LI, "receptionist", "cs"), Held(HE, "receptionist", "cs"), Held(XU, "receptionist", "cs"),
    Held(LIN, "cs-supervisor", "cs", heads=True), Held(CHEN, "service-manager", "mgmt"), Held(ZHAO, "director", "mgmt", heads=True),
    Held(GUO, "company-manager", "company", everywhere=True), Held(KANG, "it-admin", "company", everywhere=True),
    Held(WANG, "engineer", "eng"), Held(WU, "engineering-head", "eng", heads=True),
    Held(QIAN, "lead", "sec"), Held(PENG, "lead", "sec"), Held(SHI, "security-head", "sec", heads=True), Held(TIAN, "guard", "sec"),
)  # fmt: skip
TURNS = (
    turn(LI, "receptionist", "early"), turn(HE, "receptionist", "late"), turn(XU, "receptionist", "night"),
    turn(LIN, "cs-supervisor", "office"), turn(CHEN, "service-manager", "office"), turn(ZHAO, "director", "office"),
    turn(WANG, "engineer", "early"), turn(WU, "engineering-head", "office"), turn(QIAN, "lead", "early"),
    turn(PENG, "lead", "late"), turn(SHI, "security-head", "office"), turn(TIAN, "guard", "early"),
)  # fmt: skip
POSTS = {
    "receptionist": PostInfo("前台接待员", 10, "cs-supervisor", "cs"), "cs-supervisor": PostInfo("客服部主管", 40, "service-manager", "cs"),
    "service-manager": PostInfo("服务中心经理", 50, "director", "mgmt"), "director": PostInfo("主任", 60, "company-manager", "mgmt"),
    "company-manager": PostInfo("公司经理", 80), "it-admin": PostInfo("系统管理员", 65, "company-manager"),
    "engineer": PostInfo("维修工", 10, "engineering-head", "eng"), "engineering-head": PostInfo("工程主管", 40, "service-manager", "eng"),
    "guard": PostInfo("护卫员", 10, "lead", "sec"), "lead": PostInfo("负责人", 20, "security-head", "sec"),
    "security-head": PostInfo("安保部主管", 40, "service-manager", "sec"), "steward": PostInfo("管理员", 10, "cs-supervisor", "cs"),
}  # fmt: skip
HERE = Directory(
    community=1, version=1, zone=CHINA, names={n: f"员工{n}" for n in range(1, 15)}, active=frozenset(range(1, 15)),
    posts=POSTS, held=HELD, turns=TURNS, days={date(2026, 11, 28): True, date(2026, 11, 27): False},
)  # fmt: skip


def away(user: int, to: int | None, first: str, last: str) -> Absence:
    return Absence(user, to, at(first), at(last))


@pytest.mark.parametrize(
    ("moment", "who"),
    [
        ("2026-11-23 08:00", LI), ("2026-11-23 15:59:59", LI), ("2026-11-23 16:00", HE), ("2026-11-23 23:59:59", HE),
        ("2026-11-24 00:00", XU), ("2026-11-24 07:59", XU),
    ],
)  # fmt: skip
def test_each_moment_of_the_day_has_one_receptionist(moment: str, who: int) -> None:
    assert HERE.on_duty("receptionist", at(moment)) == (who,)


def test_a_shift_over_midnight_belongs_to_the_day_it_begins() -> None:
    only = replace(HERE, turns=(Turn(LI, "receptionist", "长夜", time(20), time(8), weekdays="5", ends_on=date(2026, 11, 27)),))
    assert only.on_duty("receptionist", at("2026-11-27 21:00")) == (LI,)
    assert [s.user for s in only.running(at("2026-11-28 07:59"))] == [LI]  # Saturday morning, Friday's shift
    assert only.running(at("2026-11-28 08:00")) == ()
    assert only.running(at("2026-11-28 21:00")) == ()
    assert only.shift_end(LI, at("2026-11-28 01:00")) == at("2026-11-28 08:00")


def test_office_shifts_follow_holidays_and_make_up_days() -> None:
    assert HERE.running(at("2026-11-27 10:00"), "cs-supervisor") == ()  # Friday declared a holiday
    assert [s.user for s in HERE.running(at("2026-11-28 10:00"), "cs-supervisor")] == [LIN]  # Saturday made a workday
    assert HERE.running(at("2026-11-29 10:00"), "cs-supervisor") == ()


def test_somebody_away_is_replaced_and_the_stand_in_of_the_stand_in_counts() -> None:
    gone = replace(HERE, absences=(away(LI, HE, "2026-11-23 08:00", "2026-11-24 08:00"),))
    assert gone.on_duty("receptionist", at("2026-11-23 09:00")) == (HE,)
    assert gone.on_duty("receptionist", at("2026-11-24 09:00")) == (LI,)
    chained = replace(gone, absences=(*gone.absences, away(HE, XU, "2026-11-23 08:00", "2026-11-23 12:00")))
    assert chained.on_duty("receptionist", at("2026-11-23 09:00")) == (XU,)
    assert chained.stand_in(LI, at("2026-11-23 13:00")) == HE
    circle = replace(gone, absences=(*gone.absences, away(HE, LI, "2026-11-23 08:00", "2026-11-23 12:00")))
    assert circle.on_duty("receptionist", at("2026-11-23 09:00")) == (LIN,)


def test_nobody_on_duty_falls_to_the_superior_at_any_hour() -> None:
    gone = replace(HERE, absences=(away(XU, None, "2026-11-23 00:00", "2026-11-25 00:00"),))
    assert gone.on_duty("receptionist", at("2026-11-24 03:00")) == (LIN,)
    assert gone.stand_in(XU, at("2026-11-24 03:00")) == LIN
    both = replace(gone, absences=(*gone.absences, away(LIN, None, "2026-11-23 00:00", "2026-11-25 00:00")))
    assert both.on_duty("receptionist", at("2026-11-24 03:00")) == (CHEN,)
    assert both.on_duty("steward", at("2026-11-24 03:00")) == (CHEN,)  # nobody holds the post at all


def test_a_missing_shift_lead_is_covered_by_the_head_not_by_leads_asleep() -> None:
    gone = replace(HERE, absences=(away(QIAN, None, "2026-11-23 00:00", "2026-11-25 00:00"),))
    assert gone.superior_of(TIAN, at("2026-11-23 10:00")) == (SHI,)
    assert HERE.superior_of(TIAN, at("2026-11-23 10:00")) == (QIAN,)
    assert HERE.superior_of(TIAN, at("2026-11-23 17:00")) == (PENG,)


def test_the_chain_ends_at_the_guaranteed_person() -> None:
    nobody = replace(HERE, held=tuple(h for h in HELD if h.user in (WANG, KANG)), turns=())
    assert nobody.on_duty("receptionist", at("2026-11-23 10:00")) == (KANG,)
    assert HERE.guaranteed() == ZHAO
    assert replace(HERE, chosen=LIN).guaranteed() == LIN
    assert replace(HERE, chosen=LIN, active=HERE.active - {LIN}).guaranteed() == ZHAO
    assert replace(HERE, active=HERE.active - {ZHAO}).guaranteed() == CHEN
    assert replace(HERE, active=HERE.active - {ZHAO, CHEN}).guaranteed() == KANG
    with pytest.raises(Refused, match="没有在职人员"):
        replace(HERE, held=()).on_duty("receptionist", at("2026-11-23 10:00"))


def test_superiors_climb_from_the_main_post_to_head_office() -> None:
    monday = at("2026-11-23 10:00")
    assert [HERE.superior_of(p, monday) for p in (LI, LIN, CHEN, ZHAO, GUO)] == [(LIN,), (CHEN,), (ZHAO,), (GUO,), ()]
    assert HERE.superior_of(LI, at("2026-11-29 03:00")) == (LIN,)
    twice = replace(HERE, held=(*HELD, Held(LIN, "service-manager", "mgmt")))
    assert LIN not in twice.superior_of(LIN, monday)
    circle = replace(HERE, posts={**POSTS, "director": PostInfo("主任", 60, "receptionist")})
    assert circle.superior_of(ZHAO, monday) == (LI,)


def test_heads_and_members_of_a_department() -> None:
    assert HERE.head_of("cs", at("2026-11-23 03:00")) == (LIN,)
    gone = replace(HERE, absences=(away(LIN, CHEN, "2026-11-23 00:00", "2026-11-25 00:00"),))
    assert gone.head_of("cs", at("2026-11-23 10:00")) == (CHEN,)
    without = replace(HERE, held=tuple(h for h in HELD if h.user != WU))
    assert without.head_of("eng", at("2026-11-23 10:00")) == (CHEN,)
    assert HERE.head_of("nowhere", at("2026-11-23 10:00")) == (ZHAO,)
    assert set(HERE.members("cs", at("2026-11-23 10:00"))) == {LI, LIN}
    assert HERE.members("eng", at("2026-11-23 22:00")) == (WU,)  # nobody there: the head


def test_the_end_of_a_shift() -> None:
    assert HERE.shift_end(LI, at("2026-11-23 09:00")) == at("2026-11-23 16:00")
    assert HERE.shift_end(HE, at("2026-11-23 23:00")) == at("2026-11-24 00:00")
    assert HERE.shift_end(LI, at("2026-11-23 16:00")) == at("2026-11-24 16:00")  # off duty: the next one
    assert HERE.shift_end("receptionist", at("2026-11-23 09:00")) == at("2026-11-23 16:00")
    assert HERE.shift_end(LIN, at("2026-11-26 20:00")) == at("2026-11-28 17:30")  # over a holiday to a make-up day
    assert HERE.shift_end(GUO, at("2026-11-23 09:00")) is None
    gone = replace(HERE, absences=(away(LI, GUO, "2026-11-23 08:00", "2026-11-24 08:00"),))
    assert gone.shift_end(GUO, at("2026-11-23 09:00")) == at("2026-11-23 16:00")


def test_who_left_the_post_or_the_company_is_on_no_shift() -> None:
    ended = replace(HERE, held=(Held(LI, "receptionist", "cs", ends_on=date(2026, 11, 22)), *HELD[1:]))
    assert ended.on_duty("receptionist", at("2026-11-22 09:00")) == (LI,)
    assert ended.on_duty("receptionist", at("2026-11-23 09:00")) == (LIN,)
    assert replace(HERE, active=HERE.active - {LI}).on_duty("receptionist", at("2026-11-23 09:00")) == (LIN,)


def test_a_post_without_a_roster_is_always_reached_through_its_holders() -> None:
    assert HERE.on_duty("company-manager", at("2026-11-23 03:00")) == (GUO,)
    assert HERE.holders("director", at("2026-11-23 03:00")) == (ZHAO,)


moments = st.integers(0, 60 * 24 * 60).map(lambda n: at("2026-11-01 00:00") + timedelta(minutes=n))
absences = st.lists(
    st.builds(
        lambda user, to, start, hours: Absence(user, to, start, start + timedelta(hours=hours)),
        st.integers(1, 14), st.none() | st.integers(1, 14), moments, st.integers(1, 2000),
    ), max_size=12,
)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.too_slow])  # says how busy the machine is, not what the code does
@given(moments, absences, st.sampled_from(sorted(POSTS)))
def test_somebody_is_always_found_and_nobody_found_is_away_unless_guaranteed(moment, gone, post) -> None:
    place = replace(HERE, absences=tuple(gone))
    for found in (place.on_duty(post, moment), place.holders(post, moment), place.members("sec", moment), place.head_of("eng", moment)):
        assert found
        assert found == (place.guaranteed(),) or not any(place.away(user, moment) for user in found)


@given(moments, moments)
def test_on_duty_does_not_depend_on_the_zone_of_the_question(moment, other) -> None:
    assert HERE.on_duty("receptionist", moment) == HERE.on_duty("receptionist", moment.astimezone(ZoneInfo("UTC")))
    end = HERE.shift_end("receptionist", moment)
    assert end is not None and moment < end <= moment + timedelta(hours=8)
