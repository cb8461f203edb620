"""Vacant units: the register follows the units, the round follows the register, the sheets follow what was seen."""

from datetime import timedelta

import pytest

from shouwen.estate import actions as estate
from shouwen.kernel.access import SYSTEM
from shouwen.kernel.refusals import Conflict, Refused
from shouwen.premises import actions, chores, queries
from shouwen.premises.models import Vacancy
from shouwen.rounds.models import Plan, Reading, Run

from .conftest import EARLY, MONDAY, hours, watch

EMPTY = "8-1-0602"


@pytest.fixture
def followed(world):
    """As the worker leaves it on Monday at eight."""
    assert chores.follow(EARLY) == 2 or Vacancy.objects.filter(community=world.liyuan).exists()
    return Vacancy.objects.select_related("unit", "point").get(unit__code=EMPTY, community=world.liyuan)


@pytest.mark.shows("D3.02", "D3.113")
def test_a_vacant_unit_is_registered_by_itself_and_walked_by_plan(world, who, as_, clock, followed, look):
    plan = Plan.objects.get(community=world.liyuan, kind="vacant")
    assert (plan.post, plan.off_at) == ("steward", None) and [stop.point_id for stop in plan.route.stops.all()] == [followed.point_id]
    assert followed.point.unit.code == EMPTY and followed.point.checks.count() == 4
    assert chores.follow(hours(0.5)) == 0 and Vacancy.objects.filter(community=world.liyuan).count() == 1
    watch(hours(1))
    run = Run.objects.get(plan=plan)
    assert run.points == [followed.point_id]
    clock.at = hours(2)
    page = as_("sun").get("/premises/vacant").content.decode()
    assert EMPTY in page and "还没查过" in page
    look("sun", run, followed.point, hours(3))
    clock.at = hours(4)
    page = as_("sun").get("/premises/vacant").content.decode()
    assert "孙晓燕" in page and "正常" in page and "11:00" in page
    run.refresh_from_db()
    assert run.state == "done"


@pytest.mark.shows("D3.02")
def test_a_steward_sees_the_vacant_units_of_the_area(world, who, as_, charges, followed, unit):
    estate.edit_unit(SYSTEM, unit("3-1-1202"), state="vacant", at=EARLY)
    chores.follow(hours(0.2))
    page = as_("sun").get("/premises/vacant", {"steward": who("sun").id}).content.decode()
    assert "3-1-1202" in page and EMPTY not in page  # nobody has been given building 8 yet


def test_a_unit_that_is_lived_in_again_leaves_register_and_round(world, who, followed, unit):
    estate.edit_unit(SYSTEM, unit(EMPTY), state="occupied", at=hours(1))
    assert chores.follow(hours(1)) == 1
    followed.refresh_from_db()
    followed.point.refresh_from_db()
    assert (followed.ended_at, followed.point.retired_at) == (hours(1), hours(1))
    assert Plan.objects.get(community=world.liyuan, kind="vacant").off_reason == "没有空置房"
    with pytest.raises(Conflict, match="已经销记"):
        actions.edit_vacancy(who("sun"), followed, since=MONDAY.date(), condition="毛坯", at=hours(2))
    estate.edit_unit(SYSTEM, unit(EMPTY), state="vacant", at=hours(3))
    chores.follow(hours(3))
    assert Vacancy.objects.filter(unit=followed.unit_id).count() == 2 and Plan.objects.get(community=world.liyuan, kind="vacant").off_at is None


@pytest.mark.shows("D3.113", "D3.143", "D3.144", "D3.145")
def test_the_three_forms_are_opened_and_printed_from_the_register(world, who, as_, clock, charges, followed, look):
    actions.edit_vacancy(who("sun"), followed, since=MONDAY.date() - timedelta(90), condition="毛坯，未装修", at=hours(0.5))
    watch(hours(1))
    row = look("ma", Run.objects.get(plan__kind="vacant", community=world.liyuan), followed.point, hours(9), bad=True)
    clock.at = hours(10)
    browser = as_("sun")
    page = browser.get("/premises/vacant").content.decode()
    sheets = {slug: browser.get(f"/premises/sheets/{slug}").content.decode() for slug in ("vacant-register", "vacant-sign-in", "vacant-record") if f"/premises/sheets/{slug}" in page}
    assert "《空置房屋登记表》" in sheets["vacant-register"] and all(said in sheets["vacant-register"] for said in (EMPTY, "2026-08-25", "毛坯，未装修"))
    assert "《空置房屋巡查签到表》" in sheets["vacant-sign-in"] and all(said in sheets["vacant-sign-in"] for said in (EMPTY, "2026-11-23", "17:00", "马丽", "扫码"))
    assert "《空置房屋巡查记录表》" in sheets["vacant-record"] and all(said in sheets["vacant-record"] for said in (EMPTY, "门窗关好、锁好：异常", row.ticket_number))
    assert all("签字：" in text for text in sheets.values())


def test_what_the_register_says_is_put_right_with_care(world, who, followed):
    for since, words in ((MONDAY.date() + timedelta(1), "不能晚于今天"),):
        with pytest.raises(Refused, match=words):
            actions.edit_vacancy(who("sun"), followed, since=since, condition="", at=EARLY)
    assert queries.vacancy(SYSTEM, followed.pk).condition == "" and not Reading.objects.exists()
