"""Signs: eleven kinds and six uses, none in use without an approved list, each looked at twice a day."""

from datetime import UTC, timedelta

import pytest
from django.db import IntegrityError, transaction

from shouwen.kernel.access import SYSTEM
from shouwen.kernel.journal import bookkeeping
from shouwen.kernel.refusals import Conflict, Refused
from shouwen.notices.models import Notice
from shouwen.premises import actions, queries
from shouwen.premises.kinds import CATEGORIES, TARGETS
from shouwen.premises.models import Sign
from shouwen.procedures import actions as tickets
from shouwen.procedures import queries as ticket_queries
from shouwen.procedures.editions import edition_in_force
from shouwen.procedures.models import Ticket
from shouwen.rounds import actions as rounds
from shouwen.rounds.actions.plans import CheckSpec, PointSpec
from shouwen.rounds.models import Plan, Point, Reading, Run

from .conftest import EARLY, MONDAY, hours, watch

BY_LAW = ["楼栋号", "楼层", "门牌号", "进出入口", "电梯", "信报箱", "公共区域设施", "办公区域", "其他（如紧急状态）", "安全", "道路"]
USES = ["高层楼宇", "会所", "公共区域及公共设施、设备", "商务中心", "办公区域", "巡检中发现需要临时设置处"]
PAPER = {"words": "消防通道", "building": "", "place": "东门", "quantity": 1, "list_number": "2025-017", "drafted_by": "孙晓燕", "reviewed_by": "林芳", "reviewed_on": EARLY.date()}


def picks(world, name):
    _, rules = edition_in_force("sign_use", world.liyuan.pk, MONDAY)
    return dict(rules.asks[name].pick)


@pytest.mark.shows("D3.65", "D3.66", "D3.67", "D3.68", "D3.69", "D3.70", "D3.71", "D3.72", "D3.73", "D3.74", "D3.75")
def test_a_sign_of_every_category_is_registered_and_listed_by_it(world, who, as_):
    assert list(CATEGORIES.values()) == BY_LAW and picks(world, "category") == CATEGORIES
    for n, category in enumerate(CATEGORIES):
        actions.record_sign(who("lin"), world.liyuan, **PAPER | {"words": f"第{n}块"}, category=category, target="public", at=EARLY)
    browser = as_("lin")
    for n, category in enumerate(CATEGORIES):
        page = browser.get("/premises/signs", {"category": category}).content.decode()
        assert page.count("<tr data-href") == 1 and f"第{n}块" in page, category
    with pytest.raises(Refused, match="标识类别"):
        actions.record_sign(who("lin"), world.liyuan, **PAPER, category="banner", target="public", at=EARLY)


@pytest.mark.shows("D3.76", "D3.77", "D3.78", "D3.79", "D3.80", "D3.81")
def test_a_sign_is_for_one_of_six_targets(world, who, as_):
    assert list(TARGETS.values()) == USES and picks(world, "target") == TARGETS
    for target in TARGETS:
        actions.record_sign(who("lin"), world.liyuan, **PAPER | {"words": f"给{target}"}, category="other", target=target, at=EARLY)
    for target in TARGETS:
        page = as_("lin").get("/premises/signs", {"target": target}).content.decode()
        assert page.count("<tr data-href") == 1 and f"给{target}" in page, target
    with pytest.raises(Refused, match="使用对象"):
        actions.record_sign(who("lin"), world.liyuan, **PAPER, category="other", target="garage", at=EARLY)


@pytest.mark.shows("D3.82", "D3.84", "D3.85", "D3.86")
def test_a_sign_is_in_use_only_when_its_list_was_approved(world, who, work, listed):
    given = {"category": "safety", "target": "public", "content": "小心地滑", "building": "3", "place": "3 栋大堂", "quantity": "2", "reason": "雨天"}
    row = tickets.file_ticket(who("sun"), world.liyuan, procedure="sign_use", answers=given, at=EARLY)
    with pytest.raises(StopIteration):
        work("sun", row, "place_it", EARLY, placed_at=EARLY.isoformat())  # it waits for the review
    work("lin", row, "review", EARLY, decision="reject", review_note="已有一块")
    assert ticket_queries.row(SYSTEM, row.id).state.status == "closed" and not Sign.objects.exists()
    sign = listed(quantity="2")
    assert (sign.state, sign.drafted_by, sign.reviewed_by, sign.placed_by, sign.placed_at, sign.place, sign.quantity) == ("up", "孙晓燕", "林芳", "孙晓燕", EARLY, "3 栋大堂", 2)
    assert sign.list_number.startswith("BSQD-") and sign.building.code == "3"
    for lacking in ({"list_number": ""}, {"reviewed_by": ""}, {"placed_at": None}):
        with bookkeeping("past the action"), pytest.raises(IntegrityError, match=r"sign_up_approved|CHECK"), transaction.atomic():
            Sign.objects.filter(pk=sign.pk).update(**lacking)
    with pytest.raises(Refused, match="还没有审核通过"):
        actions.place_listed(
            SYSTEM, world.liyuan, ticket=1, list_number="X", category="safety", target="public", words="x", building="", place="x", quantity=1, standing=False,
            drafted_by="x", reviewed_by="", reviewed_on=EARLY.date(), placed_by="x", placed_at=EARLY, at=EARLY,
        )  # fmt: skip
    with pytest.raises(Refused, match="纸质清单编号"):
        actions.record_sign(who("lin"), world.liyuan, **PAPER | {"list_number": " "}, category="road", target="public", at=EARLY)


def test_a_standing_sign_is_approved_once_and_goes_up_whenever_it_is_needed(world, who, listed):
    sign = listed(category="other", target="temporary", content="此处施工", standing="yes")
    assert (sign.state, sign.point) == ("standby", None) and not Plan.objects.filter(kind="signs").exists()
    for n in (1, 2):
        actions.put_up(who("sun"), sign, place=f"{n} 号门", at=hours(n))
        with pytest.raises(Conflict, match="使用中"):
            actions.put_up(who("ma"), sign, place="别处", at=hours(n))
        sign = queries.sign(SYSTEM, sign.pk)
        assert (sign.state, sign.place, sign.placed_by) == ("up", f"{n} 号门", "孙晓燕") and sign.point is not None
        actions.remove_sign(who("sun"), sign, reason="施工结束", at=hours(n) + timedelta(minutes=5))
        sign = queries.sign(SYSTEM, sign.pk)
        assert sign.state == "standby" and Plan.objects.get(kind="signs").off_reason == "没有在用的标识"


@pytest.mark.shows("D3.87", "D3.88")
def test_signs_are_looked_at_twice_a_day_and_a_missed_check_is_named(world, who, as_, clock, charges, listed, look):
    first, second = listed(), listed(content="高压危险")
    plan = Plan.objects.get(kind="signs")
    assert (plan.post, plan.times, plan.rhythm) == ("steward", "09:00 16:00", "daily")
    watch(hours(1))
    morning = Run.objects.get()
    assert morning.points == [first.point_id, second.point_id]
    for sign in (first, second):
        look("sun", morning, sign.point, hours(1.5))
    told = lambda: {row.sign.pk: (row.count, row.state) for row in queries.checks_of_day(who("lin"), world.liyuan.pk, MONDAY.date())}  # noqa: E731
    assert told() == {first.pk: (1, "open"), second.pk: (1, "open")}
    clock.at = hours(2)
    assert as_("lin").get("/premises/signs/checks").content.decode().count("1/2") == 2
    watch(hours(8))
    evening = Run.objects.get(due_at=hours(8))
    look("ma", evening, first.point, hours(9))
    assert told() == {first.pk: (2, "whole"), second.pk: (1, "open")}
    watch(hours(12))  # three hours and the grace have passed
    assert told() == {first.pk: (2, "whole"), second.pk: (1, "short")}
    late = Notice.objects.filter(why="late", title="漏点：标识检查（16:00）")
    assert {one.user.username for one in late} >= {"ma", "lin"} and "高压危险" in late[0].body
    clock.at = hours(13)
    page = as_("lin").get("/premises/signs/checks").content.decode()
    assert "2/2" in page and "1/2 漏检" in page
    readings = [(row.point_id, row.by_name, row.at, row.good) for row in Reading.objects.order_by("pk")]
    assert readings == [(first.point_id, "孙晓燕", hours(1.5), True), (second.point_id, "孙晓燕", hours(1.5), True), (first.point_id, "马丽", hours(9), True)]
    sheet = as_("lin").get("/premises/sheets/sign-checks", {"first": "2026-11-23", "last": "2026-11-23"}).content.decode()
    assert "标识检查记录" in sheet and "孙晓燕" in sheet and "漏检" in sheet
    clock.at = hours(30)
    sheet = as_("lin").get("/premises/sheets/sign-checks", {"first": "2026-11-22", "last": "2026-11-24"}).content.decode()
    assert "孙晓燕" in sheet and "漏检" in sheet, "a sheet of three days holds the first of them too"
    clock.at = hours(13)
    # a check that was not asked for by a round does not make the second of two
    rounds_extra = look("sun", None, second.point, hours(12.5))
    assert rounds_extra.run is None and told()[second.pk] == (1, "short")


@pytest.mark.shows("D3.83")
def test_a_damaged_sign_becomes_a_task_of_the_steward_of_its_building(world, who, charges, listed, look):
    sign, elsewhere = listed(), listed(content="出口", building="5", place="5 栋大堂")
    watch(hours(1))
    run = Run.objects.get()
    for at, who_, steward in ((sign, "sun", "sun"), (elsewhere, "sun", "ma")):  # ma's building, although only sun is on duty
        row = look(who_, run, at.point, hours(1.2), bad=True)
        ticket = Ticket.objects.get(pk=row.ticket_id)
        task, = ticket_queries.row(SYSTEM, ticket.pk).state.open_tasks
        assert (ticket.procedure, task.step, task.holder) == ("round_finding", "mend_sign", str(who(steward).id))
        assert steward in {one.user.username for one in Notice.objects.filter(about=f"ticket:{ticket.pk}/mend_sign", why="handed")}
        shown = next(one for one in queries.checks_of_day(SYSTEM, world.liyuan.pk, MONDAY.date()) if one.sign.pk == at.pk)
        assert shown.bad is not None and shown.bad.ticket_number == ticket.number


@pytest.mark.shows("D3.08")
def test_the_register_of_an_area_is_its_stewards(world, who, as_, charges, listed):
    mine, other, outside = listed(), listed(content="五栋出口", building="5", place="5 栋大堂"), listed(content="小区大门", building="", place="南门")
    assert {row.pk: row.steward for row in queries.signs(SYSTEM)} == {mine.pk: who("sun").id, other.pk: who("ma").id, outside.pk: None}
    page = as_("sun").get("/premises/signs", {"steward": who("sun").id}).content.decode()
    assert mine.number in page and other.number not in page and outside.number not in page
    assert "孙晓燕" in as_("lin").get(f"/premises/signs/{mine.pk}").content.decode()
    with pytest.raises(Refused, match="物业助理"):
        actions.give_charge(who("lin"), mine.building, user=_user("wang"), at=hours(2))
    actions.give_charge(who("lin"), mine.building, user=_user("ma"), at=hours(2))
    assert queries.sign(SYSTEM, mine.pk).steward == who("ma").id


def test_a_sign_moves_with_its_point_and_leaves_the_round_when_it_is_taken_down(world, who, listed):
    sign, stays = listed(), listed(content="小心台阶")
    actions.edit_sign(who("sun"), sign, place="5 栋大堂", building="5栋", at=hours(1))
    sign = queries.sign(SYSTEM, sign.pk)
    assert (sign.place, sign.building.code, sign.point.place, sign.point.checks.count()) == ("5 栋大堂", "5", "5 栋大堂", 2)
    actions.remove_sign(who("sun"), sign, reason="破损，换新", at=hours(2))
    sign = queries.sign(SYSTEM, sign.pk)
    assert (sign.state, sign.removed_why, sign.point) == ("removed", "破损，换新", None)
    plan = Plan.objects.get(kind="signs")
    assert plan.off_at is None and list(plan.route.stops.values_list("point", flat=True)) == [stays.point_id]
    with pytest.raises(Conflict, match="已撤除"):
        actions.edit_sign(who("sun"), sign, place="别处", at=hours(3))


def _user(name):
    from shouwen.org.models import User

    return User.objects.get(username=name)


def test_a_sign_reviewed_today_is_registered_in_the_small_hours_and_one_of_tomorrow_never(world, who):
    small_hours = EARLY.replace(hour=0, minute=30).astimezone(UTC)  # the day before, by the clock of Greenwich
    made = actions.record_sign(who("lin"), world.liyuan, **PAPER, category="safety", target="public", at=small_hours)
    assert made.reviewed_on == EARLY.date()
    with pytest.raises(Refused, match="不能晚于今天"):
        actions.record_sign(who("lin"), world.liyuan, **PAPER | {"reviewed_on": EARLY.date() + timedelta(1)}, category="safety", target="public", at=small_hours)


def test_the_limits_of_a_check_move_with_the_sign(world, who):
    sign = actions.record_sign(who("lin"), world.liyuan, **PAPER, category="safety", target="public", at=EARLY)
    checks = (CheckSpec("完好、清晰"), CheckSpec("亮度", "number", "lx", "5", "40"))
    rounds.edit_point(SYSTEM, sign.point, spec=PointSpec(sign.point.title, sign.point.place, sign.point.scope, "", "", checks), at=EARLY)
    actions.edit_sign(who("lin"), sign, place="西门", at=EARLY)
    light = sign.point.checks.get(title="亮度")
    assert (light.least, light.most, light.unit) == (5, 40, "lx") and Point.objects.get(pk=sign.point.pk).place == "西门"
