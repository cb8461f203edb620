"""The morning sheet: what the night left, what is missing, who signed; and the posts above the board."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from shouwen.config.demo.duty import filled
from shouwen.config.morning import span
from shouwen.custody import actions as custody
from shouwen.duty import actions as duty
from shouwen.duty import queries as duty_queries
from shouwen.duty.books import REVIEWS
from shouwen.duty.models import HandoverLine
from shouwen.duty.queries.standing import standing
from shouwen.kernel.refusals import Forbidden
from shouwen.org import queries as org
from shouwen.procedures import actions as tickets
from shouwen.procedures.calendars import CHINA
from shouwen.procedures.rehearsal import play
from shouwen.procedures.scripts import parse
from shouwen.procedures.tests.conftest import MONDAY, as_, clock, who, world
from shouwen.rounds import chores
from shouwen.rounds.tests.conftest import patrol, points, route

__all__ = ["as_", "clock", "patrol", "points", "route", "who", "world"]

EVENING, MORNING = MONDAY.replace(hour=18), MONDAY.replace(hour=8) + timedelta(1)


def pass_post(world, who, post, giver, receiver, at):
    """A post passes with all that belongs to it; both sign at `at`."""
    sheet = duty.open_handover(who(giver), world.liyuan, post=post, at=at)
    duty.arrive(who(giver), sheet, at=at)
    duty.fill(who(giver), sheet, lines={line.pk: filled(line) for line in HandoverLine.objects.filter(handover=sheet)}, special="等责任部门", late_cause="来电说得久", at=at)
    duty.explain(who(giver), sheet, at=at)
    last = duty_queries.shift_lines(sheet).order_by("-pk").values_list("pk", flat=True).first() or 0
    duty.read_log(who(receiver), sheet, upto=last, at=at)
    duty.sign(who(giver), sheet, at=at)
    duty.accept(who(receiver), sheet, at=at)
    return sheet


@pytest.fixture
def night(world, who, patrol):
    """A complaint at 21:00, a key that is not back, a patrol nobody walked, the desk passed at midnight and not at eight."""
    here = world.liyuan
    store = custody.put_store(who("lin"), here, title="空房钥匙柜", holds="vacant", hooks=9, at=MONDAY)
    key = custody.take_in(who("sun"), here, kind="vacant", title="入户门钥匙", unit="8-1-0602", store=store, hook=1, at=MONDAY)
    custody.count(who("sun"), store, found={}, locked=True, at=MONDAY)
    custody.lend(who("he"), key, way="staff", user=org.user_by_username("feng"), purpose="试水", at=EVENING)
    tickets.file_ticket(who("he"), here.pk, procedure="complaint", at=EVENING + timedelta(hours=3), answers={
        "channel": "phone", "unit": "3-1-1201", "caller": "王秀英", "phone": "13800000001", "content": "楼道灯不亮",
    })  # fmt: skip
    duty.check_in(who("he"), here, post="receptionist", at=EVENING - timedelta(hours=2, minutes=10))
    pass_post(world, who, "receptionist", "he", "xu", EVENING + timedelta(hours=6, minutes=7))
    return here


def walk_on(clock, until):
    """The worker looks every half hour."""
    while clock.at < until:
        clock.at = min(clock.at + timedelta(minutes=30), until)
        chores.watch(clock.at)


def test_the_manager_finds_the_night_on_one_sheet(as_, who, clock, night):
    clock.at = EVENING
    walk_on(clock, MORNING + timedelta(minutes=35))
    page = as_("chen").get("/morning").content.decode()
    assert "11-23 18:00" in page and "11-24 08:00" in page and "昨夜" in page
    for words in ("楼道灯不亮", "KF-0001 逾期未还", "在冯涛手里", "「空房钥匙柜」清点不符", "漏巡：小区巡更 18:30", "前台接待员 08:00 没有交接", "工作交接本 18:00 没有交接",
                  "《值班日志》1 天没有签阅", "何敏 → 许倩", "双方已签，晚 7 分钟"):  # fmt: skip
        assert words in page, words
    assert "王秀英" not in page and "13800000001" not in page
    duty.sign_off(who("lin"), night, book="desk", day=EVENING.date(), remark="已阅", at=clock.at)
    page = as_("chen").get("/morning").content.decode()
    assert "《值班日志》1 天没有签阅" not in page and "林芳" in page and "已签阅" in page and "已阅" in page


def test_it_costs_the_same_whatever_the_night_left(as_, world, who, clock, night, django_assert_max_num_queries):
    clock.at = EVENING
    walk_on(clock, MORNING + timedelta(minutes=35))
    client = as_("chen")
    client.get("/morning")
    with django_assert_max_num_queries(14) as asked:
        assert client.get("/morning").status_code == 200
    for minute in range(8):
        tickets.file_ticket(who("li"), world.liyuan.pk, procedure="complaint", at=MORNING + timedelta(minutes=minute), answers={
            "channel": "phone", "unit": "3-1-1201", "caller": "王秀英", "phone": "13800000001", "content": f"第 {minute} 件",
        })  # fmt: skip
    with django_assert_max_num_queries(len(asked)):
        assert "第 7 件" in client.get("/morning").content.decode()


@pytest.mark.shows("D11.17")
def test_what_happens_to_keys_is_in_the_register_that_the_head_signs(who, night):
    register = REVIEWS["keys"]
    lines = duty_queries.reviewed_lines(night.pk, register, EVENING.date())
    assert lines.filter(text__contains="冯涛借出").count() == 1 and not lines.exclude(text__startswith="KF-0001").exists()
    with pytest.raises(Forbidden):
        duty.sign_off(who("chen"), night, book="keys", day=EVENING.date(), at=MORNING)
    row = duty.sign_off(who("lin"), night, book="keys", day=EVENING.date(), at=MORNING)
    assert row.lines == lines.count() > 1
    assert EVENING.date() not in duty_queries.overdue(night.pk, MORNING.date())["keys"]


def test_who_may_look_and_what_stands_there_when_all_is_well(as_, world, clock):
    clock.at = EVENING + timedelta(hours=5)
    assert as_("li").get("/morning").status_code == 404
    page = as_("zhang").get("/morning").content.decode()  # a duty manager; the night runs
    assert "今夜到现在" in page and "夜里没有留下未办结的工单" in page and "夜里没有交接和签阅" in page
    chief = as_("kang")  # arranges the duty everywhere, sees neither tickets nor keys
    chief.post("/community", {"community": world.liyuan.pk})
    assert "夜里留下的" not in chief.get("/morning").content.decode()


def test_a_post_is_with_who_took_it_over(world, who, clock, night):
    at = MORNING + timedelta(minutes=12)
    desk = {one.post: one for one in standing(night.pk, at)}["receptionist"]
    assert (desk.state, desk.name, desk.next_name) == ("unhanded", "许倩", "李静")
    pass_post(world, who, "receptionist", "xu", "li", at)
    desk = {one.post: one for one in standing(night.pk, at)}["receptionist"]
    assert (desk.state, desk.name, desk.since, desk.next_name) == ("here", "李静", at, "何敏")
    assert desk.until == MORNING.replace(hour=16)


def test_the_posts_stand_above_the_board(as_, world, who, clock, night):
    clock.at = MORNING - timedelta(hours=1)
    page = as_("li").get("/board").content.decode()
    assert "board-posts" in page and "<b>前台接待员</b> 许倩" in page and "08:00 李静接" in page


WRONG = """rehearsal: 期待错了要变红
starts: 2026-11-23 18:00
script:
  - lin furnishes s: {title: 空房钥匙柜, holds: vacant, hooks: 9}
  - sun keeps k: {kind: vacant, title: 入户门钥匙, in: s, unit: 8-1-0602}
  - shi plans p: {title: 巡更, post: guard, every: 60, from: "18:00", to: "06:00", lasts: 20, grace: 5, points: [东围墙, 西围墙]}
  - he lends k: {to: feng, purpose: 试水}
  - at: 19:10
  - yuan walks p: {only: [东围墙]}
  - at: 19:50
  - expect round p: {state: missed, missed: [西围墙]}
  - at: 20:30
  - expect told: {who: [feng], why: late, at: "20:00", text: KF-0001}
  - expect told: {who: [feng], at: "20:01"}
  - expect key k: {state: in, with: 冯涛}
  - he lends k: {to: dong, purpose: 试水, refused: 不存在的理由}
  - he sings k
"""


def test_a_script_with_other_areas_turns_red_where_it_is_wrong(world, tmp_path: Path):
    path = tmp_path / "wrong.yaml"
    path.write_text(WRONG, "utf-8")
    found = [(result.line, result.ok) for result in play(parse(path))]
    assert found == [(11, False), (11, True), (13, True), (14, False), (15, False), (15, True), (16, False), (17, False)]


def test_words_a_script_may_not_write_are_refused(world, tmp_path: Path):
    for line, said in (
        ("he lends nothing: {to: feng, purpose: 试水}", "还没有叫「nothing」"), ("he opens desk", "应写作"), ("shi plans p: {every: often, colour: red}", "colour"),
        ("lin reviews desk: {day: yesterday}", "看不懂的日期"), ("expect key k: {state: in}", "还没有叫「k」"), ("expect round p: {state: done}", "还没有叫「p」"),
    ):  # fmt: skip
        path = tmp_path / "odd.yaml"
        path.write_text(f"rehearsal: 写错\nstarts: 2026-11-23 18:00\nscript:\n  - {line}\n", "utf-8")
        (result,) = play(parse(path))
        assert not result.ok and said in f"{result.text}{result.found}", (line, result)


def test_the_night_is_the_one_that_runs_or_the_last(world):
    here = duty_queries.current_directory(world.liyuan)
    for at, evening in (("2026-11-24 08:35", 23), ("2026-11-24 03:00", 23), ("2026-11-24 17:59", 23), ("2026-11-24 18:00", 24)):
        since, until = span(datetime.fromisoformat(at).replace(tzinfo=CHINA), here)
        assert (since.day, since.hour, until.day, until.hour) == (evening, 18, evening + 1, 8)

