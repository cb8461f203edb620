# ruff: noqa: E501 (a case stands on one line)
"""What can be done to any ticket: pause, amend, urge, note, link, withdraw, reopen."""

from datetime import timedelta

import pytest

from shouwen.procedures.engine import (
    Amended,
    Approved,
    ChildClosed,
    Event,
    Finished,
    Handed,
    Linked,
    Noted,
    Paused,
    Refused,
    Reopened,
    Resumed,
    Started,
    Tell,
    Urged,
    Withdrawn,
    read,
)  # fmt: skip
from shouwen.procedures.engine.tests.play import COMPLAINT, Play, at, short
from shouwen.procedures.engine.tests.test_decide import FIXED, INTAKE, complaint

PAUSES = "pauses: {away: {title: 外出, at_most: 3 days}}"


def refused(play: Play, said: str, *events: Event) -> None:
    for event in events:
        with pytest.raises(Refused, match=said):
            play.do(event)


def test_a_pause_moves_every_limit_and_ends_by_itself() -> None:
    play = complaint().do(Paused(at=at(10), by="1", reason="owner_away", until=at(40), remark="出差"))
    assert play.status == "paused" and play.ticket.wake == at(40) and play.told("paused") == ["holder"]
    refused(
        play,
        "已经暂停",
        Finished(at=at(11), by="1", task=3, answers={"departments": "eng"}),
        Paused(at=at(11), by="1", reason="owner_away"),
    )
    play.tick(39)
    assert play.effects == () and play.status == "paused"
    play.tick(45)
    assert play.status == "open" and play.told("resumed") == ["holder"] and play.told("remind") == ["holder"]
    assert play.due("dispatch") == "11-23 09:50:00"
    assert [c.pauses for c in play.ticket.clocks if c.name == "dispatch"] == [((at(10), at(40)),)]
    assert next(c for c in play.ticket.clocks if c.name == "respond").due == at(60)


def test_a_pause_needs_approval_where_it_says_so() -> None:
    play = complaint().do(Paused(at=at(5), by="1", reason="waiting_parts"))
    assert play.status == "open" and play.told("approve") == ["service_manager"]
    refused(play, "正在等批准", Paused(at=at(6), by="1", reason="owner_away"))
    refused(play, "自己的申请", Approved(at=at(6), by="1"))
    play.tick(15)
    assert play.told("remind") == ["holder"]  # the clocks run until somebody approves
    play.do(Approved(at=at(16), by="9"))
    assert play.status == "paused"
    refused(play, "没有等待批准", Approved(at=at(17), by="9"))
    play.do(Resumed(at=at(26), by="1"))
    assert play.due("dispatch") == "11-23 09:30:00"
    refused(play, "没有暂停", Resumed(at=at(27), by="1"))
    play.do(Paused(at=at(27), by="1", reason="waiting_parts")).do(Approved(at=at(28), by="9", ok=False))
    assert play.ticket.pause is None and play.told("refused") == ["1"]
    play.do(Paused(at=at(29), by="1", reason="waiting_parts", until=at(30)))
    refused(play, "请重新申请", Approved(at=at(31), by="9"))


def test_what_cannot_be_paused() -> None:
    play = complaint()
    refused(play, "可以暂停的原因：等待配件、业主外出", Paused(at=at(5), by="1", reason="lazy"))
    refused(play, "最多暂停到 12月23日", Paused(at=at(5), by="1", reason="owner_away", until=at(60 * 24 * 40)))
    refused(play, "已经过去", Paused(at=at(5), by="1", reason="owner_away", until=at(4)))
    refused(play, "谁暂停的", Paused(at=at(5), reason="owner_away"))
    refused(Play(short("  a: {title: 甲, who: desk}\n")).file(), "不能暂停", Paused(at=at(5), by="1", reason="x"))


@pytest.mark.parametrize(
    ("within", "clock", "due"),
    [
        ("1 hour", "", "11-24 12:00:00"), ("end of day", "", "11-24 23:59:59"), ("2 workdays", "", "11-26 23:59:59"), ("3 service hours", "", "11-24 14:00:00"),
        ("1 hour", "clock: service_hours", "11-24 12:00:00"), ("5 minutes before visit_at", "", "11-23 17:55:00"), ("1 day", "", "11-25 23:59:59"),
    ],
)  # fmt: skip
def test_each_unit_moves_by_its_own_time(within: str, clock: str, due: str) -> None:
    p = short(
        f"  pre: {{title: 前, who: desk, asks: {{visit_at: {{title: 约, kind: datetime}}}}}}\n  a: {{title: 甲, who: desk, within: {within}}}\n",
        f"{PAUSES}\n{clock}",
    )
    play = Play(p).file().finish("pre", visit_at="2026-11-23 18:00")
    play.do(Paused(at=at(30), by="1", reason="away")).do(Resumed(at=at(30 + 26 * 60), by="1"))
    assert play.due("a") == due


def test_a_limit_already_passed_is_not_revived() -> None:
    play = (
        complaint()
        .do(Paused(at=at(25), by="1", reason="owner_away"))
        .do(Resumed(at=at(85), by="1"))
        .finish("dispatch", 86, departments="eng")
    )
    assert play.verdict("dispatch") == "breached"
    play = complaint().do(Paused(at=at(5), by="1", reason="owner_away")).do(Withdrawn(at=at(500), by="1", reason="不用了"))
    assert play.verdict("dispatch") == ""
    play = complaint().do(Paused(at=at(25), by="1", reason="owner_away")).do(Withdrawn(at=at(500), by="1", reason="不用了"))
    assert play.verdict("dispatch") == "breached"


def test_a_child_that_closes_during_a_pause_opens_the_next_step_with_its_clock_held() -> None:
    p = short(
        "  a: {title: 甲, who: desk, opens: fix, waits: yes}\n  b: {title: 乙, who: desk, within: 1 hour, late: {0 minutes: {tell: boss}}}\n",
        PAUSES,
    )
    play = Play(p).file().finish("a").do(Paused(at=at(5), by="1", reason="away")).do(ChildClosed(at=at(20), child="1"))
    assert play.open == ["b"] and play.ticket.status == "paused" and play.ticket.clocks[0].wake is None
    play.do(Resumed(at=at(50), by="1"))
    assert play.due("b") == "11-23 10:50:00" and play.ticket.wake == at(111)


APPOINTMENT = (
    "  a: {title: 甲, who: desk, asks: {visit_at: {title: 上门时间, kind: datetime}, deps: {title: 部门, kind: department, many: yes}, memo: {title: 备忘, optional: yes}, grade: {title: 级, pick: classes}}}\n"
    "  b: {title: 乙, who: worker, each: deps, lead: boss, lead_signs: yes, within: 5 minutes before visit_at, late: {0 minutes: {tell: holder}}}\n"
    "  c: {title: 丙, who: desk, asks: {later: {title: 以后}}}\n"
)
CLASSES = "classes: {I: {title: 一}, II: {title: 二}}\npromises: {x: {until: closed, within: {I: 2 hours, II: 4 hours}}}"


def appointment() -> Play:
    return Play(short(APPOINTMENT, CLASSES)).file().finish("a", visit_at="2026-11-23 12:00", deps=["x"], grade="I", memo="带梯子")


def test_amending_an_appointment_keeps_the_old_clock() -> None:
    play = appointment().do(Amended(at=at(10), by="1", answers={"visit_at": "2026-11-23 15:00"}, reason="业主改期"))
    old, new = (c for c in play.ticket.clocks if c.name == "b")
    assert (old.superseded, old.stopped, old.verdict, old.wake) == (True, at(10), "", None)
    assert new.due == at(5 * 60 + 55) and not new.superseded and play.told("amended") == ["holder"]
    assert play.ticket.clock_of(2 + 1) == new
    play.tick(200)
    assert play.told("late") == []
    assert play.do(Amended(at=at(210), by="1", answers={"memo": ""}, reason="不带了")).ticket.answers.get("memo") is None


def test_amending_the_class_moves_the_promise() -> None:
    play = appointment().do(Amended(at=at(10), by="1", answers={"grade": "II"}, reason="误定"))
    assert [(c.due, c.superseded) for c in play.ticket.clocks if c.name == "x"] == [(at(120), True), (at(240), False)]
    assert play.ticket.answers["class"] == "II"


def test_amending_who_works_opens_and_drops_branches() -> None:
    play = appointment().do(Amended(at=at(10), by="1", answers={"deps": ["x", "y"]}, reason="加人"))
    assert play.open == ["b/x", "b/y"]
    play.do(Amended(at=at(11), by="1", answers={"deps": ["y"]}, reason="减人"))
    assert play.open == ["b/y"] and play.told("dropped") == ["holder"]
    play.finish("b/y", 12)
    assert play.open == ["c"]
    play = appointment().do(Amended(at=at(10), by="1", answers={"deps": ["x", "y"]}, reason="加人")).finish("b/x", 11)
    assert play.do(Amended(at=at(12), by="1", answers={"deps": ["x"]}, reason="减人")).open == ["c"]


def test_what_cannot_be_amended() -> None:
    play = appointment()
    for answers, said in (
        ({"nothing": 1}, "没有「nothing」"),
        ({"later": "x"}, "还没有填过"),
        ({"visit_at": "x"}, "日期和时间"),
        ({"visit_at": ""}, "还没有填「上门时间」"),
        ({"memo/x": "1"}, "没有「memo/x」"),
        ({"memo": "带梯子"}, "没有更改"),
        ({}, "没有要更改"),
    ):
        refused(play, said, Amended(at=at(10), by="1", answers=answers, reason="因"))
    refused(play, "为什么更改", Amended(at=at(10), by="1", answers={"memo": "x"}, reason=" "))


def test_amending_one_branch() -> None:
    play = complaint().finish("dispatch", 10, departments=["e", "f"]).finish("handle/e", 20, **FIXED)
    play.do(Amended(at=at(30), by="1", answers={"cause/e": "改了"}, reason="写错"))
    assert play.ticket.answers["cause/e"] == "改了"


def test_urging_has_a_cool_down() -> None:
    play = complaint().do(Urged(at=at(5), by="", reason="快点"))
    assert play.told("urged") == ["holder", "superior"] and play.ticket.urges == 1
    refused(play, "过 10 分钟再催", Urged(at=at(14.9)))
    assert play.do(Urged(at=at(15))).ticket.urges == 2
    p = short("  a: {title: 甲, who: desk, opens: fix, waits: yes}\n", "urge: 1 hour")
    assert Play(p).file().finish("a").do(Urged(at=at(1))).told("urged") == ["tracker"]


def test_notes_and_links() -> None:
    play = complaint().do(Noted(at=at(5), by="1", text="记")).do(Linked(at=at(6), by="1", other="TS-1", kind="same"))
    assert play.ticket.links == (("TS-1", "same"),) and play.ticket.seq == 4
    refused(play, "已经关联", Linked(at=at(7), by="1", other="TS-1", kind="same"))
    refused(play, "关联方式", Linked(at=at(7), by="1", other="TS-1", kind="child"))
    refused(play, "请选择", Linked(at=at(7), by="1", other="", kind="same"))
    refused(play, "备注是空的", Noted(at=at(7), by="1", text=" "))
    refused(play, "不能使用的字符", Noted(at=at(7), by="1", text="a\u202eb"))
    fresh = Play(play.p)
    refused(
        fresh,
        "还没有受理",
        Noted(at=at(), text="x"),
        Linked(at=at(), other="1", kind="same"),
        Urged(at=at()),
        Handed(at=at(), task=1, to="2", reason="x"),
    )


def test_withdrawing_stops_everything() -> None:
    play = complaint()
    refused(play, "为什么撤销", Withdrawn(at=at(5), by="1", reason=""))
    play.do(Withdrawn(at=at(25), by="1", reason="业主撤回"))
    assert play.ticket.status == "withdrawn" and play.open == [] and play.ticket.wake is None
    assert play.verdict("dispatch") == "breached" and play.verdict("respond") == ""
    refused(play, "已经撤销", Withdrawn(at=at(26), by="1", reason="x"), Urged(at=at(26)), Started(at=at(26), step="go_to_top"))


def closed(more: str = "") -> Play:
    p = short(
        "  a: {title: 甲, who: desk}\n  b: {title: 乙, who: desk}\n  c: {title: 丙, who: boss}\n",
        "promises: {x: {until: closed, within: 2 hours}}\n" + more,
    )
    return Play(p).file().finish("a", 1).finish("b", 2).finish("c", 3)


def test_reopening_is_counted_and_promised_anew() -> None:
    play = closed()
    refused(play, "为什么重新打开", Reopened(at=at(10), by="1", reason=""))
    play.do(Reopened(at=at(10), by="1", reason="没修好"))
    assert play.open == ["a"] and (play.ticket.reopened, play.ticket.status, play.ticket.closed_at) == (1, "open", None)
    assert [(c.due, c.verdict) for c in play.ticket.clocks] == [(at(120), "met"), (at(130), "")] and play.told("reopened") == ["tracker"]
    refused(play, "不用重新打开", Reopened(at=at(11), by="1", reason="x"))
    play.finish("a", 20).finish("b", 21).finish("c", 22)
    assert play.ticket.status == "closed" and play.verdict("x") == "met"


def test_the_nth_reopening_goes_up() -> None:
    play = closed("reopen: {go: b, at_most: 1, then: c, within: 3 days, tell: boss}").do(Reopened(at=at(10), by="1", reason="因"))
    assert play.open == ["b"] and play.told("reopened") == ["boss", "tracker"]
    play.finish("b", 11).finish("c", 12).do(Reopened(at=at(13), by="1", reason="因"))
    assert play.open == ["c"] and play.ticket.reopened == 2
    refused(play.finish("c", 14), "办结已久", Reopened(at=at(60 * 24 * 5), by="1", reason="因"))
    play = closed("reopen: {at_most: 1}").do(Reopened(at=at(10), by="1", reason="因")).finish("a", 11).finish("b", 11).finish("c", 12)
    refused(play, "已经重新打开过 1 次", Reopened(at=at(13), by="1", reason="因"))


def test_reopening_what_was_one_step() -> None:
    play = Play(
        read("procedure: one\ntitle: 一步\nedition: 2026-11\npeople: {d: {title: 前台, on_duty: d}}\nsteps: {a: {title: 甲, who: d}}\n")
    ).file()
    assert play.ticket.status == "closed" and play.do(Reopened(at=at(1), by="1", reason="因")).open == ["a"]
    assert play.do(Withdrawn(at=at(2), by="1", reason="因")).do(Reopened(at=at(3), by="1", reason="误撤")).open == ["a"]


def test_a_pause_of_no_length_changes_nothing() -> None:
    plain, paused = complaint(), complaint()
    paused.do(Paused(at=at(7), by="1", reason="owner_away")).do(Resumed(at=at(7), by="1"))
    assert (plain.ticket.clocks, plain.ticket.tasks) == (paused.ticket.clocks, paused.ticket.tasks)


def test_lateness_of_tells_is_a_length_of_time() -> None:
    play = Play(read(COMPLAINT)).file(**INTAKE).finish("classify", 3, **{"class": "I"}).tick(30)
    assert {e.late for e in play.effects if isinstance(e, Tell) and e.why == "late"} >= {timedelta(0), timedelta(minutes=10)}
