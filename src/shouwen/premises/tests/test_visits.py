"""Visits: every household every day, special care first, no record no visit; opinions are followed; the month is summed up."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction

from shouwen.kernel.access import SYSTEM
from shouwen.kernel.journal import bookkeeping
from shouwen.kernel.refusals import Conflict, Forbidden, Refused
from shouwen.notices.models import Notice
from shouwen.premises import actions, chores, queries
from shouwen.premises.actions import Visited
from shouwen.premises.models import Summary, Visit
from shouwen.procedures import queries as ticket_queries
from shouwen.procedures import schedules
from shouwen.procedures.models import Ticket

from .conftest import EARLY, MONDAY, hours

HOME, CARED = "3-1-1201", "5-2-0301"


NINE = hours(1)


def visited(at=NINE, **more):
    return Visited(**{"kind": "visit", "way": "home", "met": "owner", "content": "家里都好", "happened_at": at} | more)


def covered(world, day=MONDAY):
    return {row.building.code: (row.visited, row.households) for row in queries.coverage(world.liyuan.pk, day.date())}


def left(who, world, codes=("3", "5", "12")):
    rows = queries.coverage(world.liyuan.pk, MONDAY.date())
    return [one.code for one in queries.plan_of_day(who("sun"), world.liyuan.pk, MONDAY.date(), [row.building.pk for row in rows if row.building.code in codes])]


@pytest.mark.shows("D3.06", "D3.103")
def test_the_day_shows_visited_of_all_and_who_is_left(world, who, as_, clock, unit, charges):
    assert covered(world) == {"3": (0, 2), "5": (0, 1), "12": (0, 1)}
    actions.record_visit(who("sun"), unit(HOME), what=visited(), at=hours(1))
    assert covered(world)["3"] == (1, 2) and HOME not in left(who, world) and "3-1-1202" in left(who, world)
    actions.record_visit(who("sun"), unit(HOME), what=visited(hours(2)), at=hours(2))
    assert covered(world)["3"] == (1, 2), "a household counts once"
    clock.at = hours(3)
    page = as_("sun").get("/premises/").content.decode()  # opens at the own area
    assert "3-1-1202" in page and CARED not in page and "50%" in page
    assert covered(world, MONDAY + timedelta(1))["3"] == (0, 2), "a new day begins anew"
    assert chores.unvisited(hours(12)) == 3
    told = {one.user.username: one.body for one in Notice.objects.filter(why="late", title__contains="还有住户没有巡访")}
    assert "3栋 1 户" in told["sun"] and "5栋" not in told["sun"] and "5栋 1 户" in told["ma"] and "3栋" not in told["ma"] and set(told) >= {"sun", "ma", "lin"} and "12栋" in told["lin"]
    before = Notice.objects.count()
    chores.unvisited(hours(13))
    assert Notice.objects.count() == before


@pytest.mark.shows("D3.99")
def test_who_needs_special_care_stands_first_and_is_served_at_home(world, who, as_, clock, unit):
    assert left(who, world)[0] == CARED
    clock.at = hours(1)
    page = as_("sun").get("/premises/").content.decode()
    assert "独居老人" in page and "陈阿婆" not in page and "陈**" in page  # masked
    actions.record_visit(who("sun"), unit(CARED), what=visited(service="代买米油、量血压"), at=hours(1))
    row, = queries.coverage(world.liyuan.pk, MONDAY.date())[1:2]
    assert (row.cared, row.cared_for) == (1, 1) and Visit.objects.get().service == "代买米油、量血压"


@pytest.mark.shows("D3.102")
def test_without_a_record_there_was_no_visit(world, who, unit):
    for given, words in (({"content": "  "}, "巡访情况"), ({"way": "phone"}, "要上门"), ({"met": ""}, "没有选对"), ({"happened_at": hours(5)}, "不能晚于现在"), ({"happened_at": EARLY - timedelta(days=4)}, "三天以内")):
        with pytest.raises(Refused, match=words):
            actions.record_visit(who("sun"), unit(HOME), what=visited(**given), at=hours(1))
    assert covered(world)["3"] == (0, 2)
    actions.record_visit(who("sun"), unit(HOME), what=visited(met="nobody", content="敲门三次无人"), at=hours(1))
    assert covered(world)["3"] == (0, 2) and Visit.objects.count() == 1, "knocked is written down and does not count"
    with pytest.raises(Forbidden):
        actions.record_visit(who("wang"), unit(HOME), what=visited(), at=hours(1))
    with bookkeeping("past the action"), pytest.raises(DatabaseError), transaction.atomic():
        Visit.objects.update(met="owner")
    actions.record_visit(who("sun"), unit(HOME), what=visited(key="k"), at=hours(1))
    with pytest.raises(Conflict, match="已经保存"):
        actions.record_visit(who("sun"), unit(HOME), what=visited(key="k"), at=hours(1))


@pytest.mark.shows("D3.101")
def test_an_opinion_becomes_a_suggestion_that_is_followed(world, who, unit):
    with pytest.raises(Refused, match="怎么称呼和联系电话"):
        actions.record_visit(who("sun"), unit(HOME), what=visited(opinion="希望增加晾衣架"), at=hours(1))
    assert not Visit.objects.exists() and not Ticket.objects.exists()
    row = actions.record_visit(who("sun"), unit(HOME), what=visited(opinion="希望增加晾衣架", caller="王秀英", phone="13800000001"), at=hours(1))
    ticket = Ticket.objects.get(pk=row.ticket_id)
    assert (ticket.procedure, ticket.place, ticket.summary, row.ticket_number) == ("suggestion", HOME, "希望增加晾衣架", ticket.number)
    assert ticket_queries.row(SYSTEM, ticket.pk).state.answers["caller"] == "王**" and "王秀英" not in row.content + row.opinion


@pytest.mark.shows("D3.136")
def test_the_visit_record_is_opened_and_printed_from_its_module(world, who, as_, clock, unit):
    actions.record_visit(who("sun"), unit(HOME), what=visited(content="家里都好，问了停车"), at=hours(1))
    actions.record_visit(who("li"), unit(CARED), what=visited(kind="follow_up", way="phone", satisfied=True, content="灯修好了"), at=hours(1))
    clock.at = hours(2)
    browser = as_("sun")
    assert "/premises/sheets/visits" in browser.get("/premises/visits").content.decode()
    sheet = browser.get("/premises/sheets/visits").content.decode()
    assert "《巡访、回访记录表》" in sheet and all(said in sheet for said in (HOME, "巡访", "家里都好，问了停车", "孙晓燕", CARED, "回访", "灯修好了", "满意", "管理员签字："))
    assert browser.get("/premises/sheets/visits", {"first": "2026-11-24", "last": "2026-11-23"}).status_code == 422
    assert browser.get("/premises/sheets/nothing").status_code == 404


@pytest.mark.shows("D2.75", "D2.76")
def test_the_month_of_follow_up_is_summed_up_from_its_records_and_received(world, who, as_, clock, unit, work, charges):
    first = MONDAY.replace(month=12, day=1)
    schedules.open_due(first)
    ticket = Ticket.objects.get(procedure="monthly_follow_up", community=world.liyuan)
    with pytest.raises(Refused, match="还没有回访记录"):
        work("li", ticket, "sum_up", first, analysis="都好")
    for day, code, satisfied, more in ((2, HOME, True, {}), (3, CARED, False, {"opinion": "电梯慢", "caller": "陈阿婆", "phone": "13800000005"}), (9, HOME, True, {})):
        at = first.replace(day=day)
        actions.record_visit(who("li"), unit(code), what=visited(at, kind="follow_up", way="phone", satisfied=satisfied, **more), at=at)
    with pytest.raises(Refused, match="满意还是不满意"):
        actions.record_visit(who("li"), unit(HOME), what=visited(first, kind="follow_up"), at=first)
    work("li", ticket, "sum_up", first.replace(day=28), analysis="电梯等候时间长，已转工程部")
    row = Summary.objects.get()
    assert row.figures == {"asked": 3, "households": 2, "satisfied": 2, "dissatisfied": 1, "opinions": 1} and (row.month.isoformat(), row.made_by) == ("2026-12-01", "李静")
    assert ticket_queries.row(SYSTEM, ticket.pk).state.open_tasks[0].step == "receive" and row.received_at is None
    work("lin", ticket, "receive", first.replace(day=29), receipt="林芳.png")
    row.refresh_from_db()
    assert (row.received_by, row.received_at) == ("林芳", first.replace(day=29))
    clock.at = first.replace(day=30)
    page = as_("lin").get("/premises/visits/months").content.decode()
    assert "已签收" in page and "电梯等候时间长" in page and page.count("缺：没有回访") == 1 and "2026-11" in page and "2026-10" not in page  # stewards since November, in which nobody was asked
    with bookkeeping("past the action"), pytest.raises(DatabaseError), transaction.atomic():
        Summary.objects.update(figures={"asked": 300})
