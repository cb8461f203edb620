"""What people see: the phone, the day, plans and routes in forms; who may, and what it costs."""

import json
from datetime import timedelta

import pytest

from shouwen.rounds import actions, chores, queries
from shouwen.rounds.models import Check, Plan, Point, Reading, Route, Run

from .conftest import MONDAY
from .test_rounds import given, made, minutes


def body(response):
    assert response.status_code == 200, response.content.decode()[:400]
    return response.content.decode()


def test_the_phone_shows_what_is_due_and_takes_a_point(world, as_, clock, patrol, points):
    run, = made(minutes(30))
    clock.at = minutes(35)
    guard = as_("tian")
    assert "小区巡更" in body(guard.get("/rounds/mine"))
    page = body(guard.get(f"/rounds/mine/{run.pk}"))
    assert "东围墙" in page and points[0].key not in page  # a code cannot be read off the page: one has to go there
    answer = guard.post(f"/rounds/mine/{run.pk}/record", {"point": points[0].pk, "code": points[0].key, "idempotency_key": "k1"})
    assert answer.status_code == 302 and Reading.objects.get().evidence == "scan"
    wrong = guard.post(f"/rounds/mine/{run.pk}/record", {"point": points[1].pk, "idempotency_key": "k2"})
    assert wrong.status_code == 422 and "还没有选正常还是异常" in wrong.content.decode()


def test_a_code_leads_to_the_round_that_is_due_there_or_to_the_point(world, as_, clock, patrol, points):
    guard = as_("tian")
    lone = guard.get(f"/rounds/p/{points[0].key}")
    assert lone["Location"].startswith(f"/rounds/points/{points[0].pk}/look")
    looked = guard.post(f"/rounds/points/{points[0].pk}/look", {"code": points[0].key, "idempotency_key": "k"})
    assert looked.status_code == 302 and Reading.objects.get().doubt == "不在计划内"
    assert "东围墙" in body(guard.get("/rounds/mine")) and "不在计划内" in body(as_("shi").get("/rounds/readings"))
    run, = made(minutes(30))
    clock.at = minutes(31)
    assert guard.get(f"/rounds/p/{points[0].key}")["Location"].startswith(f"/rounds/mine/{run.pk}?point={points[0].pk}")
    typed = guard.post("/rounds/mine/find", {"code": points[0].number.lower()})
    assert typed["Location"] == f"/rounds/mine/{run.pk}?point={points[0].pk}#p{points[0].pk}"
    assert guard.get("/rounds/p/NOSUCHKEY222").status_code == 404 and as_("mei").get(f"/rounds/p/{points[0].key}").status_code == 404


def test_a_phone_sends_what_it_kept_through_the_interface(world, as_, clock, patrol, points):
    run, = made(minutes(30))
    clock.at = minutes(50)
    guard = as_("tian")
    guard.get("/rounds/mine")
    send = lambda key, **more: guard.post(  # noqa: E731
        "/api/v1/rounds/readings", json.dumps({"user": who_is("tian"), "run": run.pk, "point": points[0].pk, "acted_at": minutes(33).isoformat(), "fields": {"code": [points[0].key]}} | more),
        content_type="application/json", headers={"Idempotency-Key": key, "X-CSRFToken": guard.cookies["csrftoken"].value},
    )  # fmt: skip
    first, second = send("a"), send("a")
    assert first.status_code == second.status_code == 200 and Reading.objects.count() == 1
    row = Reading.objects.get()
    assert (row.at, row.device_at, row.received_at) == (minutes(33), minutes(33), minutes(50)) and first.json()["evidence"] == "scan"
    assert send("b", user=1).status_code == 409 and send("c", acted_at="2026-11-23T09:00:00").status_code == 422
    assert send("d", point=points[1].pk).json()["error"]["message"].startswith("「门锁好」还没有选")


def who_is(name):
    from shouwen.org import queries as org

    return org.user_id_of(name)


def test_the_day_shows_what_was_walked_and_what_is_off(world, who, as_, clock, patrol, hourly, points):
    run, = made(minutes(30))
    for point in points[:1]:
        actions.read(who("tian"), world.liyuan, run=run, point=point, given=given(point), at=minutes(33))
    actions.switch_off(who("shi"), hourly, reason="门岗改造", at=minutes(34))
    chores.watch(minutes(56))
    clock.at = minutes(57)
    page = body(as_("shi").get("/rounds/"))
    assert "配电房、地下车库" in page and "门岗改造" in page and "应 1 次，完成 0 次，漏 1 次" in page
    page = body(as_("shi").get(f"/rounds/runs/{run.pk}"))
    assert "田野" in page and "扫码" in page
    assert "小区巡更" in body(as_("shi").get("/rounds/week")) and "小区巡更" in body(as_("shi").get("/rounds/missing"))


def test_plans_are_made_and_changed_in_forms(world, as_, clock, route):
    chief = as_("shi")
    form = {
        "title": "每日防火巡查", "kind": "fire", "post": "guard", "route": str(route.pk), "rhythm": "daily", "times": "9:00，21:00", "days": "all", "lasts": "60", "grace": "10",
        "minutes": "", "starts": "", "ends": "", "tells": "", "basis": "E26.03", "weekdays": list("1234567"),
        "check_title": ["有无隐患", ""], "check_kind": ["pass", "pass"], "check_unit": ["", ""], "check_least": ["", ""], "check_most": ["", ""],
    }  # fmt: skip
    assert chief.post("/rounds/plans/new", form).status_code == 302
    plan = Plan.objects.get()
    assert (plan.times, plan.next_at, plan.checks.count()) == ("09:00 21:00", MONDAY.replace(hour=21), 1)
    check = Check.objects.get(plan=plan)
    assert chief.post(f"/rounds/plans/{plan.pk}/edit", form | {"times": "10:00"}).status_code == 302
    assert Plan.objects.get().next_at == MONDAY.replace(hour=10) and Check.objects.get(plan=plan) == check
    wrong = chief.post("/rounds/plans/new", form | {"title": "另一个", "times": "九点"})
    assert wrong.status_code == 422 and "钟点应写成" in wrong.content.decode() and Plan.objects.count() == 1
    assert chief.post(f"/rounds/plans/{plan.pk}/switch", {"do": "off", "reason": " "}).status_code == 302 and Plan.objects.get().off_at is None
    chief.post(f"/rounds/plans/{plan.pk}/switch", {"do": "off", "reason": "检修"})
    assert "检修" in body(chief.get("/rounds/plans"))
    chief.post(f"/rounds/plans/{plan.pk}/switch", {"do": "on"})
    assert Plan.objects.get().off_at is None


@pytest.mark.shows("E25.22", "E25.23", "E25.24", "E25.25", "E25.26")
def test_a_route_says_which_classes_of_places_it_leaves_out(world, as_, points):
    chief = as_("shi")
    answer = chief.post("/rounds/routes/new", {"title": "二号线", "point": [points[2].pk, points[0].pk]})
    route = Route.objects.get()
    assert answer["Location"] == f"/rounds/routes/{route.pk}" and [stop.point for stop in queries.stops(route.pk)] == [points[2], points[0]]
    assert "还没有这些范围的点：领导办公处、财务及金融类办公室、配电室" in body(chief.get(f"/rounds/routes/{route.pk}"))
    chief.post(f"/rounds/routes/{route.pk}", {"title": "二号线", "point": [point.pk for point in points], "ordered": "yes"})
    assert "还没有这些范围的点：领导办公处、财务及金融类办公室。" in body(chief.get(f"/rounds/routes/{route.pk}"))
    assert chief.post("/rounds/routes/new", {"title": "空的"}).status_code == 422


def test_points_come_from_a_spreadsheet_whole_or_not_at_all(world, as_):
    from django.core.files.uploadedfile import SimpleUploadedFile

    chief = as_("shi")
    send = lambda text: chief.post("/rounds/points/import", {"file": SimpleUploadedFile("点位.csv", text.encode("utf-8-sig"))})  # noqa: E731
    wrong = send("名称,范围\n泵房,配电室\n水箱间,没有的范围\n")
    assert wrong.status_code == 422 and "第 3 行" in wrong.content.decode() and not Point.objects.exists()
    assert send("名称,范围,检查项\n泵房,配电室,门锁好、无渗漏\n水箱间,,\n").status_code == 302
    assert list(Point.objects.order_by("number").values_list("number", "title", "scope")) == [("D-0001", "泵房", "power"), ("D-0002", "水箱间", "public")]
    assert Check.objects.count() == 2
    assert body(chief.get("/rounds/points/labels")).count("的二维码") == 2


def test_who_walks_does_not_plan_and_who_works_elsewhere_sees_nothing(world, as_, patrol, points):
    run, = made(minutes(30))
    guard, stranger = as_("tian"), as_("mei")
    assert guard.get("/rounds/plans/new").status_code == 404 and guard.post(f"/rounds/plans/{patrol.pk}/switch", {"do": "off", "reason": "x"}).status_code == 403
    assert guard.post(f"/rounds/routes/{patrol.route_id}", {"title": "改", "point": [points[0].pk]}).status_code == 404
    for path in (f"runs/{run.pk}", f"mine/{run.pk}", f"plans/{patrol.pk}", f"points/{points[0].pk}", f"routes/{patrol.route_id}"):
        assert stranger.get(f"/rounds/{path}").status_code == 404


@pytest.mark.parametrize("path,most", [("/rounds/", 14), ("/rounds/mine", 14), ("/rounds/plans", 12), ("/rounds/week", 12), ("/rounds/missing", 10)])
def test_what_a_page_costs_does_not_grow_with_the_rounds(world, who, as_, clock, patrol, hourly, points, django_assert_max_num_queries, path, most):
    chores.watch(minutes(30 * 12))
    chores.watch(minutes(30 * 12 + 1))
    assert Run.objects.count() >= 12
    clock.at = minutes(30 * 12 + 2)
    chief = as_("shi")
    chief.get(path)
    with django_assert_max_num_queries(most):
        body(chief.get(path))


def test_a_walk_costs_the_same_with_any_number_of_points(world, as_, clock, patrol, points, django_assert_max_num_queries):
    run, = made(minutes(30))
    clock.at = minutes(31)
    guard = as_("tian")
    guard.get(f"/rounds/mine/{run.pk}")
    with django_assert_max_num_queries(16):
        body(guard.get(f"/rounds/mine/{run.pk}"))


def test_an_emergency_is_called_and_ended_on_the_phone(world, as_, clock, patrol):
    guard = as_("tian")
    assert guard.post("/rounds/mine/alarm", {"reason": "", "where": ""}).status_code == 302
    halt, = queries.halts(world.liyuan.pk)
    end = f"/rounds/mine/halts/{halt.pk}/end"
    assert "巡查暂停计时" in body(guard.get("/rounds/mine")) and end in body(as_("qian").get("/rounds/mine")), "the lead above finds the button too"
    assert end not in body(as_("gu").get("/rounds/mine"))
    guard.post(f"/rounds/mine/halts/{halt.pk}/end", {"outcome": ""})
    assert queries.halts(world.liyuan.pk)
    clock.at = MONDAY + timedelta(minutes=9)
    guard.post(f"/rounds/mine/halts/{halt.pk}/end", {"outcome": "已劝离"})
    assert not queries.halts(world.liyuan.pk) and guard.post(f"/rounds/mine/halts/{halt.pk}/end", {"outcome": "又"}).status_code == 404
