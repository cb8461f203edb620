# ruff: noqa: E501 (a case stands on one line)
"""Limits, ladders, promises."""

from datetime import datetime

import pytest

from shouwen.procedures.engine import Amended, Calendar, Finished, Handed, Log, Open, Refused, Started, Tell, Ticked, read
from shouwen.procedures.engine.tests.play import COMPLAINT, NINE, Play, at, short
from shouwen.procedures.engine.tests.test_decide import FIXED, INTAKE, complaint


def test_counting_from_another_step() -> None:
    play = complaint()
    assert play.due("dispatch") == "11-23 09:20:00"
    for n in range(2):  # done again, it counts afresh from when it opens
        play.finish("dispatch", 100 * n + 10, departments="eng").finish("handle/eng", 100 * n + 20, **FIXED)
        play.finish("feedback", 100 * n + 30, told_by="phone").finish("callback", 100 * n + 40, opinion="unhappy")
        assert play.due("dispatch") == ("11-23 10:00:00" if n == 0 else "11-23 11:40:00")


@pytest.mark.parametrize(("minute", "verdict"), [(19, "met"), (20, "met"), (20.99, "met"), (21, "breached"), (25, "breached")])
def test_the_minute_of_the_limit_is_on_time(minute: float, verdict: str) -> None:
    play = complaint().finish("dispatch", minute, departments="eng")
    assert play.verdict("dispatch") == verdict
    late = [e for e in play.effects if isinstance(e, Tell) and e.why == "late"]
    assert bool(late) == (verdict == "breached")  # finishing late is never silent, ticked or not


@pytest.mark.parametrize(("grade", "due"), [("I", "11-23 13:10:00"), ("II", "11-23 23:59:59"), ("III", "11-26 23:59:59")])
def test_limits_by_class(grade: str, due: str) -> None:
    play = Play(read(COMPLAINT)).file(**INTAKE).finish("classify", 3, **{"class": grade}).finish("dispatch", 10, departments="eng")
    assert play.due("handle/eng") == due


def test_a_ladder_is_climbed_rung_by_rung() -> None:
    play = complaint()
    assert play.ticket.wake == at(15)
    assert play.tick(14.9).effects == ()
    assert [(e.who, e.why, e.late.total_seconds()) for e in play.tick(15).effects if isinstance(e, Tell)] == [(("holder",), "remind", -300)]
    assert play.tick(15).effects == () and play.tick(20.99).effects == ()
    assert play.tick(21).told("late") == ["holder", "duty_manager"] and play.effects[0].holder == "reception"  # type: ignore[union-attr]
    play.do(Handed(at=at(25), by="1", task=3, to="4", reason="忙"))
    play.tick(30)
    assert play.told("late") == ["service_manager"] and play.told("handed") == ["duty_manager"]
    assert (play.task("dispatch").role, play.task("dispatch").holder) == ("duty_manager", "")
    assert play.ticket.clock_of(3).wake is None  # type: ignore[union-attr]


def test_one_late_tick_climbs_everything_in_order_of_time() -> None:
    step, whole = complaint(), complaint()
    for minute in (15, 21, 30, 31, 200):
        step.tick(minute)
    whole.tick(200)
    assert whole.effects == tuple(step.all[len(complaint().all) :])
    assert [e.late.total_seconds() for e in whole.effects if isinstance(e, Tell) and e.task == 3 and e.why != "handed"][:3] == [
        -300,
        0,
        600,
    ]


def test_every_kind_of_rung() -> None:
    p = short(
        "  pre: {title: 前, who: desk, asks: {ds: {title: 部门, kind: department, many: yes}}}\n"
        "  a: {title: 甲, who: worker, each: ds, lead: boss, within: 1 hour, late: {0 minutes: {tell: lead}, 10 minutes: {hand_to: lead}, 1 day: {offer: top, log: 晚了{what}}, 1 workday: {tell: desk}, 2 days: {must: [top, more]},"
        " 3 days: {open: [fix, {procedure: report, with: {about: '{what}'}}], hand_to: lead}}}\n"
        "  top: {title: 提级, who: boss, offered: when_offered}\n  more: {title: 解释, who: boss, offered: when_offered}\n",
    )
    play = Play(p).file(what="灯").finish("pre", ds=["x"])
    assert play.tick(61).told("late") == ["lead"]
    assert play.tick(70).told("handed") == ["boss"] and play.task("a/x").role == "boss"
    with pytest.raises(Refused, match="现在还不能办"):
        play.do(Started(at=at(80), by="1", step="top"))
    play.tick(60 + 1440)
    assert play.ticket.offered == ("top",) and Log("晚了{what}", "manager", 3) in play.effects and play.told("late") == ["desk"]
    play.do(Started(at=at(2000), by="1", step="top"))
    play.tick(60 + 2880)
    assert play.open == ["a/x", "top", "more"]  # the one already open is not opened twice
    play.tick(60 + 3 * 1440)
    assert [(e.procedure, e.answers, e.late) for e in play.effects if isinstance(e, Open)] == [
        ("fix", {}, at(3 * 1440) - NINE), ("report", {"about": "灯"}, at(3 * 1440) - NINE),
    ]  # fmt: skip
    assert play.told("handed") == []  # it lies with the lead already


def test_several_limits_the_earliest_counts_and_answers_move_them() -> None:
    p = short(
        "  a: {title: 甲, who: desk, asks: {visit_at: {title: 上门, kind: datetime, optional: yes}, day_on: {title: 日, kind: date, optional: yes}, clock_at: {title: 时, kind: time, optional: yes}}}\n"
        "  b: {title: 乙, who: desk, within: [2 hours, 5 minutes before visit_at, 1 day before day_on, 0 minutes from clock_at], remind: [30 minutes, 1 hour]}\n"
    )
    assert Play(p).file().finish("a").due("b") == "11-23 11:00:00"
    play = Play(p).file().finish("a", visit_at="2026-11-23 10:00")
    assert play.due("b") == "11-23 09:55:00" and play.ticket.clocks[-1].rule == "5 minutes before visit_at"
    assert play.ticket.wake == at(25)  # the reminder an hour ahead would come before the opening
    assert Play(p).file().finish("a", day_on="2026-11-24", clock_at="12:30").due("b") == "11-23 11:00:00"
    assert Play(p).file().finish("a", day_on="2026-11-23").due("b") == "11-22 23:59:59"
    assert Play(p).file().finish("a", clock_at="10:30").due("b") == "11-23 10:30:00"


@pytest.mark.parametrize(
    ("within", "clock", "due"),
    [
        ("at once", "", "11-23 09:00:00"), ("promptly", "", "11-23 09:30:00"), ("end of shift", "", "11-23 16:00:00"), ("end of shift of desk", "", "11-23 16:00:00"),
        ("2 workdays", "", "11-25 23:59:59"), ("12 hours", "clock: service_hours", "11-24 09:00:00"), ("1 day", "", "11-24 23:59:59"), ("end of month", "", "11-30 23:59:59"),
    ],
)  # fmt: skip
def test_units_on_a_step(within: str, clock: str, due: str) -> None:
    play = Play(short(f"  a: {{title: 甲, who: desk, within: {within}, late: {{0 minutes: {{tell: boss}}}}}}\n", clock)).file()
    assert play.due("a") == due
    assert play.ticket.clocks[0].soft == (within == "promptly")
    wake = play.ticket.wake
    assert wake is not None and play.do(Ticked(at=wake)).told("late") == ["boss"]
    assert [e.soft for e in play.effects if isinstance(e, Tell)] == [within == "promptly"]


def test_promises_run_over_steps_and_nothing_resets_them() -> None:
    play = complaint()
    promise = next(c for c in play.ticket.clocks if c.name == "respond")
    assert promise.due == at(30) and promise.task == 0 and promise.kind == "promise"
    play.do(Handed(at=at(5), by="1", task=3, to="4", reason="忙")).finish("dispatch", 10, departments="eng")
    assert next(c for c in play.ticket.clocks if c.name == "respond") == promise
    play.tick(31)
    assert [(e.who, e.task) for e in play.effects if isinstance(e, Tell)] == [(("service_manager",), 0), (("holder",), 4)]
    play.finish("handle/eng", 40, **FIXED).finish("feedback", 50, told_by="phone")
    assert play.verdict("respond") == "breached"
    play.finish("callback", 60, opinion="unhappy").finish("dispatch", 65, departments="eng")
    assert [c.name for c in play.ticket.clocks].count("respond") == 1


def test_a_promise_takes_its_limit_when_the_answer_comes_and_ends_with_the_ticket() -> None:
    play = Play(read(COMPLAINT)).file(**INTAKE)
    assert [c.name for c in play.ticket.clocks if c.kind == "promise"] == ["respond"]
    play.finish("classify", 3, **{"class": "I"}, difficulty="complex")
    solve = next(c for c in play.ticket.clocks if c.name == "solve")
    assert (solve.start, solve.due) == (NINE, at(48 * 60))
    play.finish("dispatch", 10, departments="eng").finish("handle/eng", 20, **FIXED).finish("feedback", 30, told_by="phone")
    play.finish("callback", 40, opinion="pleased").finish("archive", 41)
    assert play.verdict("solve") == "met" and all(c.stopped for c in play.ticket.clocks) and play.ticket.wake is None


def test_a_promise_between_steps_starts_again_only_after_it_ended() -> None:
    p = short(
        "  a: {title: 甲, who: desk}\n  b: {title: 乙, who: desk, asks: {ok: {title: 好, kind: yes_no}}, next: [{when: {ok: no}, go: a, at_most: 3, then: end}, {go: c}]}\n  c: {title: 丙, who: desk}\n",
        "promises: {x: {from: a, until: c, within: 1 hour, late: {0 minutes: {hand_to: boss, log: 晚}}}}",
    )
    play = Play(p).file().finish("a", 5).finish("b", 6, ok="no").finish("a", 20)
    assert [c.due for c in play.ticket.clocks if c.name == "x"] == [at(65)]
    play.tick(66)
    assert play.task("b").role == "boss" and Log("晚", "desk", 0) in play.effects
    play.finish("b", 67, ok="yes").finish("c", 70)
    assert play.verdict("x") == "breached"


def test_a_step_answered_again_moves_limits_that_run() -> None:
    p = short(
        "  a: {title: 甲, who: desk, asks: {visit_at: {title: 上门, kind: datetime}}}\n  b: {title: 乙, who: desk, within: 0 minutes from visit_at}\n"
        "  again: {title: 改约, who: desk, offered: always, asks: {day_two: {title: 再, kind: datetime}}}\n",
        "promises: {x: {until: closed, within: 1 hour from day_two}}",
    )
    play = Play(p).file().finish("a", visit_at="2026-11-23 10:00")
    assert not [c for c in play.ticket.clocks if c.name == "x"]
    play.do(Started(at=at(1), by="1", step="again")).finish("again", 2, day_two="2026-11-23 15:00")
    assert [c.due for c in play.ticket.clocks if c.name == "x"] == [at(7 * 60)]
    play.do(Started(at=at(3), by="1", step="again")).finish("again", 4, day_two="2026-11-23 16:00")
    assert [(c.due, c.superseded) for c in play.ticket.clocks if c.name == "x"] == [(at(7 * 60), True), (at(8 * 60), False)]


def test_workdays_beyond_the_confirmed_calendar_are_refused() -> None:
    with pytest.raises(Refused, match="2027 年"):
        Play(short("  a: {title: 甲, who: desk, within: 200 workdays}\n")).file()


def test_finish_without_by_or_unknown_task() -> None:
    play = complaint()
    with pytest.raises(Refused):
        play.do(Finished(at=at(4), by="1", task=-1))


def test_the_shift_of_whoever_did_an_earlier_step_and_a_group_of_limits() -> None:
    shifts: dict[str, tuple[tuple[datetime, datetime], ...]] = {"7": ((NINE, at(120)),), "desk": ((NINE, at(420)),)}
    p = read(
        "procedure: s\ntitle: 班\nedition: 2026-11\npeople: {d: {title: 前台, on_duty: desk}, w: {title: 原人, did: a}}\nsteps:\n"
        "  file: {title: 填, who: d}\n  a: {title: 甲, who: d}\n  b: {title: 乙, who: w, within: end of shift}\n"
    )
    assert Play(p, Calendar(shifts=shifts)).file().finish("a", by="7").due("b") == "11-23 11:00:00"


def test_a_limit_by_an_answer_of_each_branch() -> None:
    p = short(
        "  a: {title: 甲, who: desk, asks: {ds: {title: 部门, kind: department, many: yes}}}\n"
        "  b: {title: 乙, who: worker, each: ds, asks: {hard: {title: 难, kind: yes_no}}}\n"
        "  c: {title: 丙, who: worker, each: ds, within: {by: hard, yes: 2 hours, no: 1 hour}}\n"
        "  d: {title: 丁, who: desk}\n",
        "promises: {x: {from: d, until: closed, within: {by: hard, yes: 1 hour}}}",
    )
    play = Play(p).file().finish("a", ds=["x", "y"]).finish("b/x", hard="yes").finish("b/y", hard="no")
    assert (play.due("c/x"), play.due("c/y")) == ("11-23 11:00:00", "11-23 10:00:00")
    play.do(Amended(at=at(5), by="1", answers={"hard/y": "yes"}, reason="误"))
    assert play.due("c/y") == "11-23 11:00:00"


def test_what_a_broken_promise_offered_ends_with_it() -> None:
    p = short(
        "  a: {title: 甲, who: desk}\n  b: {title: 乙, who: desk}\n  top: {title: 提级, who: boss, offered: when_offered}\n",
        "promises: {x: {until: a, within: 1 hour, late: {0 minutes: {offer: top}}}}",
    )
    play = Play(p).file().tick(61)
    assert play.ticket.offered == ("top",)
    assert play.finish("a", 62).ticket.offered == ()
