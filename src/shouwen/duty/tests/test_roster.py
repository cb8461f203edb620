"""From the rows to the directory: what an action changes, the next question sees."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from django.db import transaction

from shouwen.duty import actions, queries
from shouwen.duty.models import Roster, Shift
from shouwen.kernel.access import SYSTEM
from shouwen.kernel.calendars import set_day
from shouwen.kernel.journal import bookkeeping
from shouwen.kernel.models import Setting
from shouwen.kernel.refusals import Forbidden, NotFound, Refused
from shouwen.org import actions as org
from shouwen.org.tests.world import CHINA, MONDAY, World


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CHINA)


def directory(world: World, place: str = "liyuan"):
    return queries.current_directory(world.places[place])


def test_the_roster_says_who_is_on_duty(world: World) -> None:
    here = directory(world)
    assert here.on_duty("receptionist", MONDAY) == world.id("li")
    assert here.on_duty("receptionist", at("2026-11-23 23:30")) == world.id("he")
    assert here.on_duty("receptionist", at("2026-11-24 00:30")) == world.id("xu")
    assert here.on_duty("steward", at("2026-11-24 00:30")) == world.id("lin")
    assert here.head_of("engineering", MONDAY) == world.id("wu")
    assert here.name(world.id("li")[0]) == "李静"
    assert here.department_of(world.id("wang")[0]) == "engineering"
    assert here.knows(world.id("guo")[0]) and not here.knows(world.id("mei")[0])
    assert directory(world, "yunxi").on_duty("receptionist", at("2026-11-23 20:00")) == world.id("lu")


def test_leave_changes_the_answer_at_once_and_its_end_changes_it_back(world: World) -> None:
    place = world.places["liyuan"]
    leave = org.delegate(
        SYSTEM, place, user=world.people["li"], to=world.people["wang"], starts_at=MONDAY - timedelta(hours=1),
        ends_at=MONDAY + timedelta(days=2), reason="事假", at=MONDAY,
    )  # fmt: skip
    assert directory(world).on_duty("receptionist", MONDAY) == world.id("wang")
    assert directory(world).shift_end(world.id("wang")[0], at("2026-11-23 15:00")) == at("2026-11-23 16:00")
    org.end_delegation(SYSTEM, leave, at=MONDAY + timedelta(hours=1))
    assert directory(world).on_duty("receptionist", MONDAY) == world.id("wang")
    assert directory(world).on_duty("receptionist", MONDAY + timedelta(hours=1)) == world.id("li")


def test_the_directory_costs_no_query_the_second_time(world: World, django_assert_num_queries) -> None:
    directory(world)
    version = world.places["liyuan"]
    version.refresh_from_db()
    with django_assert_num_queries(0):
        queries.directory(version.pk, version.people_version).on_duty("receptionist", MONDAY)


def test_what_was_rolled_back_was_never_seen(world: World) -> None:
    """A rehearsal changes people and is undone: the same version number later means something else."""
    place = world.places["liyuan"]
    with pytest.raises(RuntimeError), transaction.atomic():
        org.delegate(SYSTEM, place, user=world.people["li"], starts_at=MONDAY, ends_at=MONDAY + timedelta(1), reason="病假", at=MONDAY)
        assert directory(world).on_duty("receptionist", MONDAY) == world.id("lin")
        raise RuntimeError
    org.delegate(SYSTEM, place, user=world.people["he"], starts_at=MONDAY, ends_at=MONDAY + timedelta(1), reason="病假", at=MONDAY)
    assert directory(world).on_duty("receptionist", MONDAY) == world.id("li")


def test_holidays_of_the_community_and_of_all(world: World) -> None:
    liyuan = world.places["liyuan"]
    set_day(SYSTEM, None, day=date(2026, 11, 23), works=False, name="全国")
    set_day(SYSTEM, liyuan, day=date(2026, 11, 24), works=False, name="本地")
    set_day(SYSTEM, None, day=date(2026, 11, 25), works=False)
    set_day(SYSTEM, liyuan, day=date(2026, 11, 25), works=True)
    here, there = directory(world), directory(world, "yunxi")
    assert [here.works(date(2026, 11, d)) for d in (23, 24, 25)] == [False, False, True]
    assert [there.works(date(2026, 11, d)) for d in (23, 24, 25)] == [False, True, False]
    assert here.running(MONDAY, "cs-supervisor") == ()
    set_day(SYSTEM, None, day=date(2026, 11, 23), works=True)
    assert len(directory(world).running(MONDAY, "cs-supervisor")) == 1


def test_the_settings_name_the_guaranteed_person(world: World) -> None:
    assert directory(world).guaranteed() == world.id("zhao")[0]
    assert directory(world, "yunxi").guaranteed() == world.id("lu")[0]
    with bookkeeping("settings"):
        Setting.objects.create(name=queries.GUARANTEED, value="guo")
        Setting.objects.create(community_id=world.places["yunxi"].pk, name=queries.GUARANTEED, value="mei")
    org.set_department(SYSTEM, None, slug="x", title="新部门")
    assert directory(world).guaranteed() == world.id("guo")[0]
    assert directory(world, "yunxi").guaranteed() == world.id("mei")[0]


def test_ending_a_roster_line_and_starting_another(world: World) -> None:
    place, chen = world.places["liyuan"], world.actor("chen")
    line = Roster.objects.get(user=world.people["li"])
    actions.end_roster(chen, line, ends_on=date(2026, 11, 22), knowing=True)
    assert directory(world).on_duty("receptionist", MONDAY) == world.id("lin")
    shift = Shift.objects.get(community=place, slug="early")
    actions.roster(chen, place, user=world.people["he"], post="receptionist", shift=shift, weekdays="1", starts_on=date(2026, 11, 23))
    assert directory(world).on_duty("receptionist", MONDAY) == world.id("he")
    assert directory(world).on_duty("receptionist", MONDAY + timedelta(1)) == world.id("lin")


def test_a_roster_that_makes_no_sense_is_refused(world: World) -> None:
    place, chen = world.places["liyuan"], world.actor("chen")
    early = Shift.objects.get(community=place, slug="early")
    good = {"user": world.people["li"], "post": "receptionist", "shift": early, "starts_on": date(2026, 11, 23)}
    for bad, words in (
        ({"user": world.people["wang"]}, "没有担任"), ({"user": world.people["mei"]}, "没有担任"), ({"weekdays": ""}, "星期"),
        ({"weekdays": "18"}, "星期"), ({"ends_on": date(2026, 11, 1)}, "早于"), ({}, "已有排班"), ({"post": "nowhere"}, "没有担任"),
    ):  # fmt: skip
        with pytest.raises(Refused, match=words):
            actions.roster(chen, place, **{**good, **bad})
    with pytest.raises(NotFound):
        actions.roster(chen, place, **{**good, "shift": Shift.objects.get(community=world.places["yunxi"], slug="early")})
    with pytest.raises(Forbidden):
        actions.roster(world.actor("li"), place, **good)
    with pytest.raises(Forbidden):
        actions.roster(world.actor("lu"), place, **good)
    with pytest.raises(Refused):
        actions.set_shift(chen, place, slug="坏", title="班", starts=time(8), ends=time(9))
