"""Rounds fall due, are walked, and are missed by name; each occurrence once, whatever workers and clocks do."""

from datetime import time, timedelta
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction

from shouwen.duty.models import LogLine
from shouwen.kernel.access import SYSTEM
from shouwen.kernel.journal import bookkeeping
from shouwen.kernel.refusals import Conflict, Refused
from shouwen.notices.models import Notice
from shouwen.procedures.models import Ticket
from shouwen.rounds import actions, chores, queries
from shouwen.rounds.actions import Given
from shouwen.rounds.actions.plans import CheckSpec
from shouwen.rounds.models import Halt, Plan, Point, Reading, Run

from .conftest import MONDAY


def minutes(n):
    return MONDAY + timedelta(minutes=n)


def made(at):
    chores.watch(at)
    return list(Run.objects.order_by("due_at"))


def given(point=None, *, code=None, answers=None, **more):
    checks = list(point.checks.all()) if point else []
    told = {check.pk: {"pass": "good", "number": "20", "meter": "100", "note": "正常"}[check.kind] for check in checks} | (answers or {})
    return Given(key=str(uuid4()), code=point.key if point and code is None else code or "", answers=told, **more)


def walk(who, world, run, points, at, name="tian"):
    for point in points:
        actions.read(who(name), world.liyuan, run=run, point=point, given=given(point), at=at)
    run.refresh_from_db()
    return run


def check_of(points, kind):
    return next(check for point in points for check in point.checks.all() if check.kind == kind)


# --- falling due ---------------------------------------------------------------------------------------------------------


def test_each_occurrence_is_made_once(world, patrol):
    assert patrol.next_at == minutes(30)
    assert made(minutes(29)) == []
    run, = made(minutes(30))
    assert (run.due_at, run.ends_at, run.close_at) == (minutes(30), minutes(50), minutes(55)) and len(run.points) == 3
    assert made(minutes(31)) == [run] and Plan.objects.get().next_at == minutes(60)
    with bookkeeping("the clock went back, and a second worker holds the plan as it was"):
        Plan.objects.update(next_at=minutes(30), lease_until=None)
    assert made(minutes(31)) == [run] and Plan.objects.get().next_at == minutes(60)


def test_what_no_worker_was_there_to_make_is_caught_up_once_and_told_together(world, who, patrol, hourly):
    first = made(minutes(30))
    walk(who, world, first[0], Point.objects.all(), minutes(35))
    chores.watch(minutes(30 + 60 * 6))
    missed = Run.objects.filter(caught_up=True, plan=patrol)
    assert missed.count() == 11 and not Run.objects.filter(plan=patrol).exclude(caught_up=True).exclude(pk=first[0].pk).exclude(state="open").exists()
    chores.watch(minutes(31 + 60 * 6))
    assert missed.count() == 11 and set(missed.values_list("state", flat=True)) == {"missed"}
    told = Notice.objects.filter(title__contains="系统停止期间 11 次没有记录")
    assert told.exists() and told.values("user").distinct().count() == told.count()


# --- walking -------------------------------------------------------------------------------------------------------------


@pytest.mark.shows("E25.06")
def test_a_round_walked_whole_is_done_and_costs_the_worker_nothing(world, who, patrol, points):
    run, = made(minutes(30))
    walk(who, world, run, points, minutes(36))
    assert (run.state, run.seen, run.close_at, run.late, run.by_name) == ("done", 3, None, False, "田野")
    rows = Reading.objects.filter(run=run).order_by("pk")
    assert [(row.point.title, row.evidence, row.at, row.doubt) for row in rows] == [(title, "scan", minutes(36), "") for title in ("东围墙", "配电房", "地下车库")]
    assert chores.close(minutes(56)) == 0 and not Notice.objects.filter(why="late").exists()
    assert LogLine.objects.get(about=f"run:{run.pk}").text == "小区巡更（09:30）完成，3 个点，正常"


@pytest.mark.shows("E25.06", "E25.02")
def test_points_nobody_went_to_are_raised_by_name_inside_the_shift(world, who, patrol, points):
    run, = made(minutes(30))
    walk(who, world, run, points[:1], minutes(35))
    chores.watch(minutes(54))
    run.refresh_from_db()
    assert run.state == "open"
    chores.watch(minutes(55))
    run.refresh_from_db()
    assert (run.state, run.missed) == ("partial", [points[1].pk, points[2].pk])
    told = Notice.objects.filter(why="late", title="漏点：小区巡更（09:30）")
    assert {one.user.username for one in told} == {"tian", "qian"}  # the guard of the shift and the lead, by name
    assert told[0].body == "漏 2 个点：配电房、地下车库。当班：田野。请补巡或说明原因。"
    assert LogLine.objects.filter(post="guard", text__contains="漏 2 个点：配电房、地下车库").count() == 1
    chores.watch(minutes(56))
    assert told.count() == 2


@pytest.mark.shows("E24.01", "E25.04")
def test_an_hourly_report_that_does_not_come_reaches_the_lead(world, who, hourly):
    night = MONDAY.replace(hour=20)
    run, = made(night)
    assert run.points == []
    actions.read(who("hao"), world.liyuan, run=run, given=Given(key="r1", answers={hourly.checks.get().pk: "门岗正常，来访 2 人"}), at=night + timedelta(minutes=3))
    run.refresh_from_db()
    assert run.state == "done"
    assert LogLine.objects.filter(post="gate-guard", text__contains="已报").exists()
    chores.watch(night + timedelta(hours=1))
    chores.watch(night + timedelta(hours=1, minutes=15))
    told = Notice.objects.filter(title="漏报：门岗每小时报告（21:00）")
    assert {one.user.username for one in told} == {"hao", "peng"} and "郝军" in told[0].body


@pytest.mark.shows("E25.05")
def test_whoever_leaves_the_order_of_the_route_is_marked_not_refused(world, who, patrol, points):
    run, = made(minutes(30))
    actions.read(who("tian"), world.liyuan, run=run, point=points[2], given=given(points[2]), at=minutes(31))
    assert Reading.objects.get().doubt == "没有按路线次序"


def test_evidence_is_graded(world, who, patrol, points):
    run, = made(minutes(30))
    a, b, c = points
    for point, code in ((a, f"https://x.example/rounds/p/{a.key}"), (b, b.number), (c, a.key)):
        actions.read(who("tian"), world.liyuan, run=run, point=point, given=given(point, code=code), at=minutes(31))
    assert list(Reading.objects.order_by("pk").values_list("evidence", "doubt")) == [("scan", ""), ("hand", ""), ("hand", "扫到的不是这个点的码")]


def test_both_times_are_kept_and_a_wrong_clock_refuses_nothing(world, who, patrol, points):
    run, = made(minutes(30))
    a, b, c = points
    early, ahead = minutes(33), minutes(120)
    actions.read(who("tian"), world.liyuan, run=run, point=a, given=given(a, device_at=early), at=minutes(45))
    actions.read(who("tian"), world.liyuan, run=run, point=b, given=given(b, device_at=ahead), at=minutes(45))
    actions.read(who("tian"), world.liyuan, run=run, point=c, given=given(c, device_at=minutes(-600), offset=timedelta(minutes=640)), at=minutes(45))
    rows = list(Reading.objects.order_by("pk").values_list("at", "device_at", "received_at", "doubt"))
    assert rows == [
        (early, early, minutes(45), ""), (minutes(45), ahead, minutes(45), "手机时间在未来"),
        (minutes(40), minutes(-600), minutes(45), "手机时钟不准"),
    ]  # fmt: skip


def test_what_a_phone_kept_back_makes_a_missed_round_whole(world, who, patrol, points):
    run, = made(minutes(30))
    chores.watch(minutes(56))
    for point in points:
        actions.read(who("tian"), world.liyuan, run=run, point=point, given=given(point, device_at=minutes(40)), at=minutes(90))
    run.refresh_from_db()
    assert (run.state, run.late, run.missed, run.done_at) == ("done", True, [], minutes(40))
    assert LogLine.objects.filter(about=f"run:{run.pk}", text__startswith="补传小区巡更").exists()
    assert LogLine.objects.filter(about=f"run:{run.pk}", text__startswith="漏巡").exists()  # what was raised stays written


def test_two_phones_at_one_point_both_count_as_having_been_there(world, who, patrol, points):
    run, = made(minutes(30))
    first = given(points[0])
    for _ in range(2):  # the same request twice is one reading
        actions.read(who("tian"), world.liyuan, run=run, point=points[0], given=first, at=minutes(31))
    actions.read(who("jin"), world.liyuan, run=run, point=points[0], given=given(points[0]), at=minutes(32))
    assert list(Reading.objects.order_by("pk").values_list("by_name", "again")) == [("田野", False), ("金龙", True)]
    run.refresh_from_db()
    assert run.seen == 1
    with pytest.raises(Conflict):
        actions.read(who("jin"), world.liyuan, run=run, point=points[0], given=first, at=minutes(33))


def test_the_database_itself_lets_one_reading_be_the_first(world, who, patrol, points):
    run, = made(minutes(30))
    actions.read(who("tian"), world.liyuan, run=run, point=points[0], given=given(points[0]), at=minutes(31))
    row = Reading.objects.get()
    row.pk, row.key = None, "another"
    with pytest.raises(DatabaseError), transaction.atomic(), bookkeeping("the check of the application is gone"):
        row.save(force_insert=True)
    for statement in ("UPDATE rounds_reading SET good = good", "DELETE FROM rounds_reading"):
        with pytest.raises(DatabaseError), transaction.atomic(), bookkeeping("somebody at the database"), connection.cursor() as cursor:
            cursor.execute(statement)


# --- what is found -------------------------------------------------------------------------------------------------------


@pytest.mark.shows("E25.10", "E25.14", "D3.14")
def test_a_number_out_of_its_limits_opens_the_procedure_for_the_electrician(world, who, patrol, points):
    run, = made(minutes(30))
    hot = check_of(points, "number")
    with pytest.raises(Refused, match="请选择是哪一类问题"):
        actions.read(who("tian"), world.liyuan, run=run, point=points[1], given=given(points[1], answers={hot.pk: "55.5"}), at=minutes(32))
    row = actions.read(
        who("tian"), world.liyuan, run=run, point=points[1], at=minutes(32),
        given=given(points[1], answers={hot.pk: "55.5"}, finding="electrical", note="有焦味"),
    )  # fmt: skip
    ticket = Ticket.objects.get(pk=row.ticket_id)
    assert not row.good and ticket.procedure == "round_finding" and ticket.place == "配电房 1 栋地下一层"
    assert "温度 55.5℃；有焦味" in ticket.summary
    assert list(ticket.tasks.filter(done_at=None).values_list("title", flat=True)) == ["电工到场处理"]
    assert {one.user.username for one in Notice.objects.filter(title__contains="巡查发现") | Notice.objects.filter(body__contains="巡查发现")} >= {"qian"}
    run.refresh_from_db()
    assert run.faults == 1


@pytest.mark.parametrize("text", ["", "二十", "1e99", "nan", "-"])
def test_a_number_that_is_none_is_refused_by_name(world, who, patrol, points, text):
    run, = made(minutes(30))
    hot = check_of(points, "number")
    with pytest.raises(Refused) as no:
        actions.read(who("tian"), world.liyuan, run=run, point=points[1], given=given(points[1], answers={hot.pk: text}), at=minutes(32))
    assert no.value.fields == {f"check-{hot.pk}": "「温度」请填数字。"} and not Reading.objects.exists()


def test_a_meter_that_goes_backwards_is_marked(world, who, patrol, points):
    meter = check_of(points, "meter")
    run, = made(minutes(30))
    actions.read(who("tian"), world.liyuan, run=run, point=points[1], given=given(points[1], answers={meter.pk: "1200.5"}), at=minutes(32))
    later = made(minutes(60))[-1]
    actions.read(who("tian"), world.liyuan, run=later, point=points[1], given=given(points[1], answers={meter.pk: "1199"}), at=minutes(62))
    assert "总表比上次（1200.5）小" in Reading.objects.order_by("pk").last().doubt


# --- emergencies, switching off -------------------------------------------------------------------------------------------


@pytest.mark.shows("E25.12", "E25.13")
def test_one_press_tells_the_lead_and_the_neighbours_and_stops_the_clock_of_the_round(world, who, patrol, points):
    run, = made(minutes(30))
    actions.alarm(who("tian"), world.liyuan, reason="有人斗殴", where="南门", at=minutes(40))
    told = Notice.objects.filter(title="紧急：有人斗殴（南门）", urgent=True)
    assert {one.user.username for one in told} == {"qian", "gu", "bai"}
    chores.watch(minutes(56))
    run.refresh_from_db()
    assert (run.state, run.excuse) == ("excused", "有人斗殴") and not Notice.objects.filter(title__startswith="漏").exists()
    halt = Halt.objects.get()
    actions.resume(who("tian"), halt, outcome="已移交派出所", at=minutes(57))
    with pytest.raises(Conflict):
        actions.resume(who("tian"), halt, outcome="又一次", at=minutes(58))
    later = made(minutes(60))[-1]
    chores.watch(minutes(86))
    later.refresh_from_db()
    assert later.state == "missed"


@pytest.mark.shows("E25.13")
def test_rounds_that_stand_still_and_are_forgotten_are_asked_after_until_they_go_on(world, who, patrol, points):
    made(minutes(30))
    actions.alarm(who("tian"), world.liyuan, reason="有人斗殴", where="南门", at=minutes(40))
    asked = lambda: sorted({one.user.username for one in Notice.objects.filter(title__contains="还没有恢复")})  # noqa: E731
    for passed in (60, 159):
        chores.watch(minutes(passed))
    assert asked() == []
    for passed in (160, 161, 170):
        chores.watch(minutes(passed))
    first = Notice.objects.filter(title__contains="巡查已中断 2 小时").count()
    assert "tian" in asked() and "qian" in asked() and first == len(asked())
    chores.watch(minutes(281))
    assert Notice.objects.filter(title__contains="巡查已中断 4 小时").exists() and "有人斗殴" in Notice.objects.filter(title__contains="4 小时").first().body
    actions.resume(who("tian"), Halt.objects.get(), outcome="已移交派出所", at=minutes(282))
    told = Notice.objects.filter(title__contains="还没有恢复").count()
    chores.watch(minutes(420))
    assert Notice.objects.filter(title__contains="还没有恢复").count() == told


def test_a_round_that_was_excused_stays_excused_when_a_phone_sends_part_of_it_later(world, who, patrol, points):
    run, = made(minutes(30))
    actions.alarm(who("tian"), world.liyuan, reason="有人斗殴", where="南门", at=minutes(40))
    chores.watch(minutes(56))
    actions.read(who("tian"), world.liyuan, run=run, point=points[0], given=given(points[0], device_at=minutes(35)), at=minutes(60))
    run.refresh_from_db()
    assert (run.state, run.excuse, run.seen) == ("excused", "有人斗殴", 1)
    assert not queries.missing(who("shi")).filter(pk=run.pk).exists()


def test_a_plan_is_never_off_in_silence(world, who, patrol):
    chief = who("shi")
    with pytest.raises(Refused, match="停用原因"):
        actions.switch_off(chief, patrol, reason=" ", at=minutes(1))
    actions.switch_off(chief, patrol, reason="东围墙施工封闭", at=minutes(1))
    assert made(minutes(300)) == []
    assert [(one.title, one.off_reason, one.off_by) for one in queries.switched_off(chief, world.liyuan.pk)] == [("小区巡更", "东围墙施工封闭", "石磊")]
    assert LogLine.objects.filter(post="guard", text="巡查计划停用：小区巡更，原因：东围墙施工封闭").exists()
    with pytest.raises(Conflict):
        actions.switch_off(chief, patrol, reason="再停", at=minutes(2))
    actions.switch_on(chief, Plan.objects.get(), at=minutes(301))
    assert Plan.objects.get().next_at == minutes(330) and made(minutes(302)) == []


def test_a_plan_from_completion_waits_for_it_and_asks_again_the_next_day(world, who, route, points):
    plan = actions.set_plan(
        SYSTEM, world.liyuan, title="空置房", kind="vacant", route=route, post="steward", rhythm="after", after_days=7, times="10:00", lasts=480, at=MONDAY,
    )  # fmt: skip
    run, = made(minutes(61))
    assert run.due_at == minutes(60) and Plan.objects.get(pk=plan.pk).next_at is None
    chores.watch(minutes(60 + 480 + 6))
    assert Plan.objects.get(pk=plan.pk).next_at == minutes(60) + timedelta(days=1)
    again = made(minutes(61) + timedelta(days=1))[-1]
    walk(who, world, again, points, minutes(70) + timedelta(days=1), name="sun")
    assert again.state == "done" and Plan.objects.get(pk=plan.pk).next_at == minutes(60) + timedelta(days=8)


@pytest.mark.parametrize("change,said", [
    ({"post": "nobody"}, "没有这个岗位"), ({"minutes": 1}, "5 到 1440"), ({"rhythm": "daily", "times": "九点"}, "钟点应写成"),
    ({"rhythm": "weekly", "times": "09:00", "weekdays": ""}, "至少选一天"), ({"title": " "}, "计划名称"), ({"lasts": 0}, "1 分钟"),
    ({"route": None, "kind": "patrol"}, "请选择路线"), ({"rhythm": "weekly", "times": "09:00", "weekdays": "67", "days": "workdays"}, ""),
])  # fmt: skip
def test_a_plan_that_makes_no_sense_is_refused(world, route, change, said):
    fields = {"title": "巡", "kind": "patrol", "route": route, "post": "guard", "rhythm": "every", "minutes": 30, "starts": MONDAY.time(), "ends": MONDAY.time()}
    if not said:  # a weekend that is worked (调休) may lie ahead, so this one stands
        actions.set_plan(SYSTEM, world.liyuan, **fields | change, at=MONDAY.replace(month=9))
        return
    with pytest.raises(Refused, match=said):
        actions.set_plan(SYSTEM, world.liyuan, **fields | change, at=MONDAY)
    assert not Plan.objects.exists()


def test_checks_with_limits_the_wrong_way_round_are_refused(world):
    with pytest.raises(Refused, match="下限比上限大"):
        actions.add_point(SYSTEM, world.liyuan, spec=actions.plans.PointSpec("泵房", checks=(CheckSpec("压力", "number", "MPa", "2", "1"),)), at=MONDAY)
    assert not Point.objects.exists()


# --- the duties of the SOPs, as plans -------------------------------------------------------------------------------------


@pytest.mark.shows("E25.01", "E25.03")
def test_a_gap_of_more_than_ten_minutes_and_a_contact_not_made_reach_the_lead(world, who, route, points):
    often = {"post": "guard", "rhythm": "every", "starts": time(0), "ends": time(0), "grace": 0, "at": MONDAY}
    actions.set_plan(SYSTEM, world.liyuan, title="责任区巡查", kind="patrol", route=route, minutes=10, lasts=10, **often)
    actions.set_plan(
        SYSTEM, world.liyuan, title="岗间联络", kind="report", minutes=30, lasts=30, checks=[CheckSpec("与邻岗联络")], **often,
    )  # fmt: skip
    run, = made(minutes(10))
    walk(who, world, run, points, minutes(14))
    chores.watch(minutes(20))
    chores.watch(minutes(30))
    assert {one.user.username for one in Notice.objects.filter(title="漏巡：责任区巡查（09:20）")} == {"tian", "qian"}
    assert not Notice.objects.filter(title="漏巡：责任区巡查（09:10）").exists()
    chores.watch(minutes(60))
    assert {one.user.username for one in Notice.objects.filter(title="漏报：岗间联络（09:30）")} == {"tian", "qian"}


@pytest.mark.shows("D3.26", "E26.03", "D3.14")
def test_a_day_without_the_building_or_fire_round_is_listed_and_each_system_has_its_answer(world, who, as_, clock):
    systems = ("水", "电", "气", "通讯", "有线电视")
    hall, = actions.add_points(SYSTEM, world.liyuan, at=MONDAY, specs=[actions.plans.PointSpec("3 栋大堂", checks=tuple(CheckSpec(one) for one in systems))])
    halls = actions.set_route(SYSTEM, world.liyuan, title="大堂", points=[hall.pk], at=MONDAY)
    for title, kind, post in (("楼宇巡查", "building", "steward"), ("每日防火巡查", "fire", "guard")):
        actions.set_plan(SYSTEM, world.liyuan, title=title, kind=kind, route=halls, post=post, rhythm="daily", times="10:00", lasts=120, at=MONDAY)
    building, _ = sorted(made(minutes(61)), key=lambda run: run.plan.kind)
    four = {check.pk: "good" for check in list(hall.checks.all())[:4]}
    with pytest.raises(Refused, match="有线电视"):
        actions.read(who("sun"), world.liyuan, run=building, point=hall, given=Given(key="k", answers=four), at=minutes(65))
    walk(who, world, building, [hall], minutes(66), name="sun")
    assert [answer["title"] for answer in Reading.objects.get().answers] == list(systems)
    chores.watch(minutes(60 + 126))
    clock.at = minutes(200)
    shown = as_("shi").get("/rounds/missing").content.decode()
    assert "每日防火巡查" in shown and "楼宇巡查" not in shown
