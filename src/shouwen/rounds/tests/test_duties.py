"""The duties that the SOPs put on posts: a log every shift, equipment looked at every month, supervisors at every post, help on one press."""

from datetime import datetime, timedelta
from io import BytesIO

import pytest
from django.db import DatabaseError, connection, transaction
from openpyxl import load_workbook

from shouwen.duty.models import LogLine
from shouwen.kernel.access import SYSTEM
from shouwen.kernel.journal import bookkeeping
from shouwen.kernel.zone import CHINA
from shouwen.notices.models import Notice
from shouwen.procedures import actions as tickets
from shouwen.procedures import schedules, store
from shouwen.procedures.models import Ticket
from shouwen.rounds import actions, cards, chores, gear, patrols, queries, standard
from shouwen.rounds.actions import Given
from shouwen.rounds.actions.plans import CheckSpec, PointSpec
from shouwen.rounds.models import Plan, Reading, Run

from .conftest import MONDAY
from .test_pages import body
from .test_rounds import given, minutes, walk


def taken(world, slug, route=None):
    return actions.set_plan(SYSTEM, world.liyuan, route=route, at=MONDAY, **standard.PLANS[slug].given)


@pytest.mark.shows("E24.03", "E25.07")
@pytest.mark.parametrize("slug,post,early,late", [("gate-log", "gate-guard", "gu", "hao"), ("patrol-log", "guard", "tian", "yuan")])
def test_every_shift_of_a_post_writes_its_log_and_one_without_is_named(world, who, slug, post, early, late):
    plan = taken(world, slug)
    day = MONDAY.replace(hour=0)
    for half in range(18, 66):
        chores.watch(day + timedelta(minutes=30 * half))
    dues = [run.due_at.astimezone(CHINA).strftime("%H:%M") for run in Run.objects.order_by("due_at")]
    assert dues == ["15:30", "23:30", "07:30"]  # one for each of the three shifts
    first = Run.objects.order_by("due_at").first()
    assert first.state == "missed"
    title = f"漏报：{plan.title}（15:30）"
    told = {one.user.username for one in Notice.objects.filter(title=title)}
    assert told == {early, late, "peng"}  # who wrote nothing, who is on the post now, and the lead
    assert late in {one.user.username for one in Notice.objects.filter(title=f"漏报：{plan.title}（23:30）")}
    assert LogLine.objects.filter(post=post, text__startswith=title).exists()


@pytest.mark.shows("E24.03", "E25.07")
def test_a_log_once_written_stands_in_the_book_and_is_never_altered(world, who):
    plan = taken(world, "gate-log")
    due = MONDAY.replace(hour=15, minute=30)
    chores.watch(due)
    run = Run.objects.get()
    actions.read(who("gu"), world.liyuan, run=run, given=Given(key="l", answers={plan.checks.get().pk: "来访 12 人，车辆正常"}), at=due + timedelta(minutes=10))
    chores.watch(due + timedelta(minutes=31))
    run.refresh_from_db()
    assert run.state == "done" and not Notice.objects.filter(title__startswith="漏报").exists()
    assert LogLine.objects.filter(post="gate-guard", by_name="顾明", text__contains="门岗工作日志").exists()
    for table in ("duty_logline", "rounds_reading"):
        with pytest.raises(DatabaseError), transaction.atomic(), bookkeeping("somebody at the database"), connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {table}")


@pytest.mark.shows("E24.10")
def test_the_red_button_of_the_gate_tells_the_posts_nearby_with_the_time(world, who):
    at = minutes(12)
    actions.alarm(who("gu"), world.liyuan, reason="醉酒闹事", where="南门", at=at)
    told = Notice.objects.filter(title="紧急：醉酒闹事（南门）", urgent=True)
    assert {one.user.username for one in told} == {"qian", "tian", "bai"} and {one.at for one in told} == {at}
    line = LogLine.objects.get(post="gate-guard", text__startswith="紧急呼叫：醉酒闹事")
    assert line.event_at == at


# --- fire equipment ------------------------------------------------------------------------------------------------------


@pytest.fixture
def bottles(world):
    """Two fire extinguishers, registered a week before."""
    checks = (CheckSpec("压力", "number", "MPa", "0.8", "1.6"), CheckSpec("在有效期内"))
    return actions.add_points(SYSTEM, world.liyuan, at=MONDAY - timedelta(days=7), specs=[
        PointSpec("灭火器 1", "1 栋大堂", "fire", checks=checks), PointSpec("灭火器 2", "3 栋大堂", "fire", checks=checks),
    ])  # fmt: skip


def looked(who, world, point, at, **answers):
    checks = {check.kind: check.pk for check in point.checks.all()}
    told = {checks["number"]: answers.pop("pressure", "1.2"), checks["pass"]: "good"}
    return actions.read(who("tian"), world.liyuan, point=point, given=Given(key=f"{point.pk}-{at}", code=point.key, answers=told, **answers), at=at)


@pytest.mark.shows("E25.19", "E26.04")
def test_each_bottle_has_its_last_check_and_one_of_over_a_month_ago_is_listed(world, who, as_, clock, bottles):
    looked(who, world, bottles[0], minutes(0))
    last = looked(who, world, bottles[1], minutes(1), pressure="0.3", finding="fire", note="压力不足")
    ticket = Ticket.objects.get(pk=last.ticket_id)
    assert ticket.procedure == "round_finding" and ticket.tasks.filter(done_at=None).get().title == "发火灾隐患整改通知"
    clock.at = MONDAY + timedelta(days=30)  # 2026-12-23, the last day of the month
    page = body(as_("shi").get("/rounds/gear"))
    assert "压力 1.2MPa，在有效期内 正常" in page and ticket.number in page and ">逾期<" not in page
    clock.at = datetime(2026, 12, 24, 0, 0, tzinfo=CHINA)
    assert gear.overdue(who("shi"), world.liyuan.pk, clock.at) == 2
    looked(who, world, bottles[0], clock.at)
    page = body(as_("shi").get("/rounds/gear?overdue=True"))
    assert "灭火器 2" in page and "灭火器 1" not in page and "逾期" in page
    assert gear.overdue(who("shi"), world.liyuan.pk, clock.at) == 1 and gear.overdue(who("mei"), world.liyuan.pk, clock.at) == 0
    assert "灭火器" not in body(as_("mei").get("/rounds/gear"))
    book = load_workbook(BytesIO(b"".join(as_("shi").get("/rounds/gear?format=xlsx").streaming_content))).active
    assert [cell.value for cell in book[3]][:4] == ["D-0002", "灭火器 2", "3 栋大堂", "逾期"]


@pytest.mark.parametrize("today,first", [((2026, 12, 24), (2026, 11, 24)), ((2027, 3, 30), (2027, 3, 1)), ((2027, 1, 31), (2026, 12, 31))])
def test_a_month_runs_to_the_same_day(today, first):
    assert gear.month_before(datetime(*today, 15, tzinfo=CHINA)) == datetime(*first, tzinfo=CHINA)


@pytest.mark.shows("E26.04")
def test_the_monthly_check_of_the_equipment_that_nobody_makes_is_raised_by_name(world, who, bottles):
    route = actions.set_route(SYSTEM, world.liyuan, title="器材", points=[one.pk for one in bottles], at=MONDAY)
    taken(world, "gear-monthly", route)
    first = datetime(2026, 12, 1, 9, tzinfo=CHINA)
    chores.watch(first)
    run = Run.objects.get()
    assert run.due_at == first and len(run.points) == 2
    chores.watch(run.ends_at)
    run.refresh_from_db()
    assert run.state == "missed" and run.ends_at < datetime(2027, 1, 1, tzinfo=CHINA)
    assert "shi" in {one.user.username for one in Notice.objects.filter(title="漏巡：消防器材每月检查（09:00）")}


@pytest.mark.shows("E26.06")
def test_half_a_year_without_a_drill_is_flagged_to_those_above(world):
    opened = datetime(2027, 1, 1, 9, tzinfo=CHINA)
    schedules.open_scheduled(SYSTEM, world.liyuan.pk, procedure="fire_drill", rule="year on 01-01 at 09:00", due=opened, at=opened)
    ticket = Ticket.objects.get(procedure="fire_drill")
    tickets.pass_time(SYSTEM, store.load(ticket.pk), at=datetime(2027, 7, 1, 23, 59, 30, tzinfo=CHINA))
    assert not Notice.objects.filter(why="late").exists()
    tickets.pass_time(SYSTEM, store.load(ticket.pk), at=datetime(2027, 7, 2, 0, 0, tzinfo=CHINA))
    assert {one.user.username for one in Notice.objects.filter(why="late", about=f"ticket:{ticket.pk}/drill")} == {"chen", "zhao", "shi"}
    assert LogLine.objects.filter(post="service-manager", text="半年内没有做过消防培训和演练").exists()


# --- supervisors at the posts --------------------------------------------------------------------------------------------

SEEN = {"appearance": "good", "on_post": "good", "log_kept": "good", "area_kept": "good", "content": "正常", "has_problem": "no", "signed": "refused", "refusal": "不愿签"}


def visited(who, world, by, post, whom, at):
    from shouwen.org import queries as org

    told = {**SEEN, "inspected_post": post, "inspected": str(org.user_id_of(whom)), "seen_at": at.isoformat(), "own_signature": "s"}
    return tickets.file_ticket(who(by), world.liyuan, procedure="supervisor_patrol", answers=told, at=at)


@pytest.mark.shows("E14.01", "E14.09")
def test_each_post_shows_its_last_patrol_and_patrols_are_found_by_date_and_post(world, who, as_, clock):
    gate = visited(who, world, "shi", "南门岗", "gu", MONDAY)
    desk = visited(who, world, "lin", "服务中心前台", "li", MONDAY + timedelta(days=3))
    clock.at = MONDAY + timedelta(days=6, hours=2)
    rows = {one.post: one for one in patrols.coverage(who("shi"), world.liyuan.pk, clock.at)}
    assert (rows["gate-guard"].days, rows["gate-guard"].untouched, rows["gate-guard"].last.number) == (6, False, gate.number)
    assert rows["guard"].last is None and rows["guard"].untouched and "security-head" not in rows
    clock.at += timedelta(days=1)
    rows = {one.post: one.untouched for one in patrols.coverage(who("shi"), world.liyuan.pk, clock.at)}
    assert rows["gate-guard"] and not rows["receptionist"]
    boss = as_("shi")
    page = body(boss.get("/rounds/posts"))
    assert "天没有主管去过" in page and "门岗护卫员" in page and gate.number in page and desk.number in page
    found = body(boss.get("/rounds/posts?from=2026-11-23&to=2026-11-23&post=gate-guard")).split("巡查档案")[1]
    assert gate.number in found and desk.number not in found
    assert gate.number not in body(boss.get("/rounds/posts?from=2026-11-24&to=2026-11-30")).split("巡查档案")[1]
    assert boss.get("/rounds/posts?from=2026-11-30&to=2026-11-01").status_code == 422 and boss.get("/rounds/posts?post=nobody").status_code == 422
    book = load_workbook(BytesIO(b"".join(boss.get("/rounds/posts?post=gate-guard&format=xlsx").streaming_content))).active
    assert [cell.value for cell in book[2]][1:5] == ["门岗护卫员", "南门岗", "顾明", "石磊"]
    assert gate.number not in body(as_("mei").get("/rounds/posts"))


# --- the plans that the SOPs ask for, the sheet, the morning -------------------------------------------------------------------


def test_what_an_sop_asks_for_is_offered_filled_in_until_there_is_a_plan_for_it(world, as_):
    chief = as_("shi")
    assert "standard=gate-log" in body(chief.get("/rounds/plans")) and "standard=" not in body(as_("tian").get("/rounds/plans"))
    page = body(chief.get("/rounds/plans/new?standard=gate-log"))
    assert "07:30 15:30 23:30" in page and "本班情况、处置和结果" in page and "E24.03" in page
    taken(world, "gate-log")
    assert "standard=gate-log" not in body(chief.get("/rounds/plans")) and Plan.objects.get().basis == "E24.03"


def test_what_was_missed_stands_on_the_sheet_and_on_the_morning_page(world, who, patrol, points, django_assert_max_num_queries):
    from shouwen.org import queries as org

    chores.watch(minutes(30))
    chores.watch(minutes(60))
    first, second = Run.objects.order_by("due_at")
    actions.read(who("tian"), world.liyuan, run=second, point=points[0], given=given(points[0]), at=minutes(61))
    chores.watch(minutes(90))
    items = cards.missed_items(world.liyuan.pk, [org.user_id_of("tian")], MONDAY)
    assert [(one.about, one.number, one.what) for one in items] == [
        (f"rounds.run:{first.pk}", "漏巡 09:30", "小区巡更：3 个点都没有巡到"), (f"rounds.run:{second.pk}", "有漏点 10:00", "小区巡更：漏 配电房、地下车库"),
    ]  # fmt: skip
    assert cards.missed_items(world.liyuan.pk, [org.user_id_of("li")], MONDAY) == [] and cards.missed_items(world.liyuan.pk, [org.user_id_of("tian")], minutes(61)) == []
    manager = who("chen")
    with django_assert_max_num_queries(3):
        rows = queries.missed_last_night(manager, world.liyuan, MONDAY, minutes(120))
    assert [(one.plan, one.post, one.state, one.what, one.url) for one in rows][1] == ("小区巡更", "护卫员", "有漏点", "漏 配电房、地下车库", f"/rounds/runs/{second.pk}")
    walk(who, world, first, points, minutes(95))
    assert len(queries.missed_last_night(manager, world.liyuan, MONDAY, minutes(120))) == 1
    assert queries.missed_last_night(who("mei"), world.liyuan, MONDAY, minutes(120)) == []
    assert Reading.objects.count() == 4


@pytest.mark.parametrize("path,most", [("/rounds/gear", 10), ("/rounds/posts", 12)])
def test_what_the_lists_cost_does_not_grow(world, who, as_, clock, bottles, django_assert_max_num_queries, path, most):
    for n in range(3):
        visited(who, world, "shi", "南门岗", "gu", minutes(n))
    clock.at = minutes(30)
    chief = as_("shi")
    chief.get(path)
    with django_assert_max_num_queries(most):
        body(chief.get(path))
