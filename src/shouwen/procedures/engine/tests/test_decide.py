# ruff: noqa: E501 (a case stands on one line)
"""The way through the steps, key by key."""

from typing import Any

import msgspec
import pytest

from shouwen.procedures.engine import (
    ChildClosed,
    Close,
    Do,
    Filed,
    Finished,
    Handed,
    Log,
    Open,
    Print,
    Refused,
    Started,
    Taken,
    Ticket,
    decide,
    read,
    who_did,
)  # fmt: skip
from shouwen.procedures.engine.tests.play import CALENDAR, COMPLAINT, Play, at, short

INTAKE: dict[str, Any] = {"channel": "phone", "unit": "3-1-1201", "caller": "王", "phone": "13800000001", "content": "灯坏"}
FIXED: dict[str, Any] = {"cause": "灯泡", "solved": "yes"}


def complaint(minute: float = 0) -> Play:
    return Play(read(COMPLAINT)).file(**INTAKE).finish("classify", 3, **{"class": "I"})


def test_filing_is_finishing_the_first_step() -> None:
    play = Play(read(COMPLAINT)).file(by="7", **INTAKE)
    assert play.open == ["classify"]
    assert Log("投诉受理：{content}", "receptionist", 1) in play.effects and play.told("opened") == ["reception"]
    t = play.ticket
    assert (t.first_asked, t.tracker, t.filed_at, t.seq, t.procedure, t.edition) == ("7", "7", at(), 1, "complaint", "2026-11")
    assert t.tasks[0].done_by == "7" and who_did(t, "intake") == "7" and who_did(t, "review") == ""
    assert decide(play.p, Ticket(), Filed(at=at(), by="7", tracker="8", answers=INTAKE), CALENDAR)[0].tracker == "8"
    for bad, said in (
        (Filed(at=at(), by="7", answers=INTAKE), "已经受理过"),
        (Finished(at=at(), task=9, by="7"), "没有这项任务"),
        (Finished(at=at(), task=1, by="7"), "已经办完"),
        (Finished(at=at(), task=2), "谁办的"),
    ):
        with pytest.raises(Refused, match=said):
            play.do(bad)
    for bad, said in (
        (Filed(at=at(), answers=INTAKE), "谁受理"),
        (Filed(at=at(), by="7"), "还没有填「来源」"),
        (Finished(at=at(), task=1, by="7"), "还没有受理"),
        (Filed(at=at().replace(tzinfo=None), by="7"), "时区"),
        (Filed(at=at().replace(year=1980), by="7"), "年份"),
    ):
        with pytest.raises(Refused, match=said):
            decide(play.p, Ticket(), bad, CALENDAR)
    with pytest.raises(Refused, match="2026-11 版"):
        decide(read(COMPLAINT.replace("2026-11", "2026-12")), t, Finished(at=at(), task=2, by="7"), CALENDAR)


def test_departments_work_side_by_side_and_the_lead_signs() -> None:
    play = complaint().finish("dispatch", 10, departments=["eng", "clean"])
    assert Print("派工单", 3) in play.effects and play.open == ["handle/eng", "handle/clean"]
    assert play.told("opened") == ["department_head", "department_head", "duty_manager"]
    play.finish("handle/eng", 20, by="8", **FIXED)
    assert play.open == ["handle/clean"] and Log("{branch} 处理完毕：{cause}", "", 4) in play.effects
    play.finish("handle/clean", 30, by="9", cause="电线", solved="no")
    assert play.open == ["handle"] and play.task("handle").lead and play.task("handle").role == "duty_manager"
    assert play.ticket.answers["cause/eng"] == "灯泡" and play.ticket.answers["cause"] == "电线"
    with pytest.raises(Refused, match="不用填表"):
        play.finish("handle", 31, cause="x")
    assert play.finish("handle", 31, by="2").open == ["feedback"]


def test_one_department_needs_no_lead() -> None:
    play = complaint().finish("dispatch", 10, departments="eng")
    assert play.told("opened") == ["department_head"]
    assert play.finish("handle/eng", 20, **FIXED).open == ["feedback"]


def test_going_back_is_counted_and_then_goes_elsewhere() -> None:
    play = complaint()
    for n in range(3):
        play.finish("dispatch", 10 + n * 100, departments="eng").finish("handle/eng", 20 + n * 100, **FIXED)
        play.finish("feedback", 30 + n * 100, told_by="phone").finish("callback", 40 + n * 100, opinion="unhappy")
        assert play.open == (["dispatch"] if n < 2 else ["review"])
    play.finish("review", 400, ruling="减免").finish("archive", 500, by="5")
    assert play.ticket.status == "closed" and play.ticket.closed_at == at(500)
    assert Close("3 years") in play.effects and play.told("closed") == ["first_asked", "tracker"]
    with pytest.raises(Refused, match="已经办结"):
        play.do(Finished(at=at(501), by="1", task=1))


def test_when_skips_and_leads_on_to_the_following_step() -> None:
    p = short(
        "  a: {title: 甲, who: desk, asks: {k: {title: 类, pick: {x: 一, y: 二}}}}\n"
        "  b: {title: 乙, who: desk, when: {k: x}, next: end}\n"
        "  c: {title: 丙, who: desk}\n"
    )
    play = Play(p).file().finish("a", k="y")
    assert play.open == ["c"] and [t.outcome for t in play.ticket.tasks] == ["done", "done", "skipped", ""]
    play = Play(p).file().finish("a", k="x")
    assert play.open == ["b"] and play.finish("b").ticket.status == "closed"
    assert [x for x in play.effects if isinstance(x, Close)] == [Close("")]


def test_class_in_conditions_follows_whichever_ask_gave_it_last() -> None:
    p = short(
        "  a: {title: 甲, who: desk, asks: {first_class: {title: 初定, pick: classes}}}\n"
        "  b: {title: 乙, who: desk, when: {class: [I]}, within: {I: 1 hour, II: 2 hours}, asks: {last_class: {title: 复定, pick: classes}}}\n"
        "  c: {title: 丙, who: desk, when: {class: II}, within: {I: 1 hour, II: 2 hours}}\n",
        "classes: {I: {title: 一}, II: {title: 二}}",
    )
    play = Play(p).file().finish("a", first_class="I")
    assert play.open == ["b"] and play.due("b") == "11-23 10:00:00"
    play.finish("b", last_class="II")
    assert play.open == ["c"] and play.due("c") == "11-23 11:00:00" and play.ticket.answers["class"] == "II"


def test_an_each_step_without_elements_is_skipped_and_any_branch_counts() -> None:
    p = short(
        "  a: {title: 甲, who: desk, asks: {deps: {title: 部门, kind: department, many: yes, optional: yes}}}\n"
        "  b: {title: 乙, who: worker, each: deps, asks: {ok: {title: 好, kind: yes_no}, note: {title: 注, optional: yes}}, next: [{when: {ok: no}, go: c}, {go: d}]}\n"
        "  c: {title: 丙, who: desk}\n  d: {title: 丁, who: desk}\n"
    )
    assert Play(p).file().finish("a").open == ["c"]
    play = Play(p).file().finish("a", deps=["x", "y"]).finish("b/x", ok="no", note="n").finish("b/y", ok="yes")
    assert play.open == ["c"] and play.ticket.answers["note"] == "n" and "note/y" not in play.ticket.answers
    assert Play(p).file().finish("a", deps=["x", "y"]).finish("b/x", ok="yes").finish("b/y", ok="yes").open == ["d"]


TOGETHER = (
    "  a: {title: 甲, who: desk, asks: {k: {title: 类, pick: {x: 一, y: 二}}}}\n"
    "  both: {title: 一起, FIRSTtogether: {s1: {title: 子一, who: desk, when: {k: x}}, s2: {title: 子二, who: boss}, s3: {title: 子三, who: boss}}, logs: 都好了}\n"
    "  z: {title: 末, who: desk, within: 1 hour from both}\n"
)


def test_together_waits_for_all() -> None:
    play = Play(short(TOGETHER.replace("FIRST", ""))).file().finish("a", k="x")
    assert play.open == ["s1", "s2", "s3"]
    assert play.finish("s2", 1).finish("s1", 2).open == ["s3"]
    play.finish("s3", 5)
    assert play.open == ["z"] and play.due("z") == "11-23 10:05:00" and Log("都好了", "", 5) in play.effects
    play = Play(short(TOGETHER.replace("FIRST", ""))).file().finish("a", k="y")
    assert play.open == ["s2", "s3"]


def test_together_first_drops_the_others() -> None:
    play = Play(short(TOGETHER.replace("FIRST", "first: yes, "))).file().finish("a", k="x").finish("s2", 1, by="9")
    assert play.open == ["z"] and [t.outcome for t in play.ticket.tasks if t.step in ("s1", "s3")] == ["dropped", "dropped"]
    assert play.told("dropped") == ["holder", "holder"]


def test_a_group_all_of_whose_parts_are_skipped_is_skipped() -> None:
    p = short(TOGETHER.replace("FIRST", "").replace("who: boss}", "who: boss, when: {k: x}}"))
    assert Play(p).file().finish("a", k="y").open == ["z"]


OFFERED = (
    "  a: {title: 甲, who: desk, offers: top}\n"
    "  b: {title: 乙, who: desk}\n"
    "  any: {title: 补充, who: desk, offered: always, within: 1 hour}\n"
    "  top: {title: 提级, who: boss, offered: when_offered, asks: {to: {title: 去向, pick: {b: 回, e: 完, n: 不动}}}, next: [{when: {to: e}, go: end}, {when: {to: b}, go: b}]}\n"
)


def test_offered_steps_stand_beside_the_path() -> None:
    play = Play(short(OFFERED)).file()
    with pytest.raises(Refused, match="正在办"):
        play.do(Started(at=at(), by="1", step="any")).do(Started(at=at(), by="1", step="any"))
    assert play.finish("a").finish("b").open == ["any"] and play.ticket.status == "open"  # nothing beside the path is lost
    assert play.finish("any").ticket.status == "closed"
    play = Play(short(OFFERED)).file().do(Started(at=at(), by="1", step="any")).finish("any").do(Started(at=at(), by="1", step="any"))
    assert play.open == ["a", "any"]


def test_an_offered_step_with_next_moves_the_path() -> None:
    play = Play(short(OFFERED)).file().do(Started(at=at(), by="1", step="top")).finish("top", to="e")
    assert play.ticket.status == "closed" and [t.outcome for t in play.ticket.tasks] == ["done", "dropped", "done"]
    play = Play(short(OFFERED)).file().do(Started(at=at(), by="1", step="top")).finish("top", to="n")
    assert play.open == ["a"]
    play = (
        Play(short(OFFERED)).file().do(Started(at=at(), by="1", step="any")).do(Started(at=at(), by="1", step="top")).finish("top", to="b")
    )
    assert play.open == ["any", "b"]


def test_a_step_not_offered_cannot_be_started() -> None:
    p = short(
        "  a: {title: 甲, who: desk}\n  b: {title: 乙, who: desk, offers: top}\n  top: {title: 提级, who: worker, each: ks, offered: when_offered, when: {k: x}}\n"
        "  ask: {title: 问, who: desk, offered: always, asks: {k: {title: 类, pick: {x: 一, y: 二}}, ks: {title: 多, pick: {x: 一}, many: yes, optional: yes}}}\n"
    )
    play = Play(p).file()
    for step, said in (("nowhere", "没有这个可选步骤"), ("a", "没有这个可选步骤"), ("top", "现在还不能办")):
        with pytest.raises(Refused, match=said):
            play.do(Started(at=at(), by="1", step=step))
    play.finish("a")
    with pytest.raises(Refused, match="不需要"):
        play.do(Started(at=at(), by="1", step="top"))
    play.do(Started(at=at(), by="1", step="ask")).finish("ask", k="x")
    with pytest.raises(Refused, match="没有要办的内容"):
        play.do(Started(at=at(), by="1", step="top"))


def test_the_path_may_lead_into_an_offered_step() -> None:
    p = short(
        "  a: {title: 甲, who: desk, next: side}\n  b: {title: 乙, who: desk}\n  side: {title: 旁, who: desk, offered: always, next: b}\n"
    )
    play = Play(p).file().finish("a")
    assert play.open == ["side"] and play.finish("side").open == ["b"]


def test_evidence_is_needed() -> None:
    p = short(
        "  a: {title: 甲, who: desk, needs: [photo, scan, signature of boss, signature of requester, signature of holder, paper 第二联]}\n"
    )
    play = Play(p).file()
    with pytest.raises(Refused, match="还缺凭证：扫码、经理签名、申请人签名、经办人签名、第二联"):
        play.finish("a", evidence={"photo": ["p1"]})
    full = {
        "photo": ["p1"],
        "scan": "s",
        "signature of boss": "x",
        "signature of requester": "y",
        "signature of holder": "z",
        "paper 第二联": "yes",
        "别的": "",
    }
    play.finish("a", evidence=full)
    assert play.ticket.tasks[1].evidence == {k: v for k, v in full.items() if v} and play.ticket.status == "closed"
    for bad, said in (
        ({"photo": ["x"] * 51}, "最多 50 份"),
        ({str(i): "x" for i in range(51)}, "最多 50 项"),
        ({"photo": "\x00"}, "不能使用的字符"),
        ([1], "凭证应写成"),
    ):
        with pytest.raises(Refused, match=said):
            Play(p).file().finish("a", evidence=bad)


def test_two_different_people() -> None:
    p = short(
        "  a: {title: 甲, who: desk, two_people: yes, needs: [photo], asks: {n: {title: 数, kind: number}, m: {title: 注, optional: yes}}}\n"
    )
    play = Play(p).file().finish("a", by="1", evidence={"photo": "p"}, n=3)
    assert play.open == ["a"] and play.task("a").signed == "1" and play.told("second") == ["desk"]
    with pytest.raises(Refused, match="另一个人"):
        play.finish("a", by="1", n=3)
    play.finish("a", by="2", m="补")  # what the first said stands unless the second corrects it
    t = play.ticket.tasks[1]
    assert (t.signed, t.done_by, t.outcome) == ("1", "2", "done") and play.ticket.answers == {"n": "3", "m": "补"}


def test_not_by_the_person_who_did_another_step() -> None:
    p = short("  a: {title: 甲, who: desk, two_people: yes}\n  b: {title: 乙, who: boss, not_by: [a, file]}\n")
    play = Play(p).file(by="9").finish("a", by="1").finish("a", by="2")
    for who in ("1", "2", "9"):
        for event in (
            Taken(at=at(), by=who, task=3),
            Handed(at=at(), by="5", task=3, to=who, reason="忙"),
            Finished(at=at(), by=who, task=3),
        ):
            with pytest.raises(Refused, match="请换一个人"):
                play.do(event)
    assert play.finish("b", by="3").ticket.status == "closed"


def test_taking_and_handing_over() -> None:
    play = Play(short("  a: {title: 甲, who: desk}\n")).file(by="1")
    task = play.task("a").id
    play.do(Taken(at=at(1), by="1", task=task))
    assert (play.task("a").holder, play.task("a").taken) == ("1", at(1))
    for event, said in (
        (Taken(at=at(2), by="1", task=task), "您已经接了"),
        (Taken(at=at(2), by="2", task=task), "已经由别人接手"),
        (Taken(at=at(2), task=task), "谁接的"),
        (Handed(at=at(2), by="1", task=task, to="1", reason="忙"), "已经在他手上"),
        (Handed(at=at(2), by="1", task=task, to="", reason="忙"), "转给谁"),
        (Handed(at=at(2), by="1", task=task, to="2"), "转办原因"),
        (Handed(at=at(2), by="1", task=0, to="1", reason="忙"), "已经是这张工单的跟踪人"),
    ):
        with pytest.raises(Refused, match=said):
            play.do(event)
    play.do(Handed(at=at(2), by="1", task=task, to="2", reason="忙"))
    assert (play.task("a").holder, play.task("a").taken) == ("2", None) and play.told("handed") == ["2"]
    play.do(Taken(at=at(3), by="2", task=task)).do(Handed(at=at(4), by="1", task=0, to="3", reason="下班"))
    assert play.ticket.tracker == "3" and play.ticket.first_asked == "1"


def test_what_a_finished_step_brings_about() -> None:
    p = short(
        "  a: {title: 甲, who: desk, asks: {key: {title: 钥匙}, deps: {title: 部门, kind: department, many: yes}}, does: {custody.lend: {key: '{key}', all: '{deps}', note: 借{key}}, rounds.start: yes},"
        " logs: [借出{key}, 已登记], prints: [借条, 存根], tells: [requester, {who: boss, text: '借{key}'}], keeps: 3 years}\n"
        "  b: {title: 乙, who: worker, each: deps, does: {gate.pass: {who: '{branch}'}}, logs: 完成, prints: '{branch} 单', tells: {who: boss, text: '{branch} 好了'}, keeps: permanent, asks: {r: {title: 果}},"
        " opens: [{procedure: fix, with: {dep: '{branch}', res: '{r}'}}]}\n"
    )
    play = Play(p).file().finish("a", key="K1", deps=["x", "y"])
    assert (
        Do("custody.lend", {"key": "K1", "all": ["x", "y"], "note": "借K1"}, 2) in play.effects
        and Do("rounds.start", {}, 2) in play.effects
    )
    assert [e for e in play.effects if isinstance(e, Log | Print)] == [
        Log("借出{key}", "desk", 2),
        Log("已登记", "desk", 2),
        Print("借条", 2),
        Print("存根", 2),
    ]
    assert play.told("told") == ["requester", "boss"]
    play.finish("b/x", r="一")
    assert [e for e in play.effects if isinstance(e, Do | Log | Print | Open)] == [
        Do("gate.pass", {"who": "x"}, 3), Print("{branch} 单", 3), Open("fix", {"dep": "x", "res": "一"}, "caused_by", False, "1", None, 3),
    ]  # fmt: skip
    play.finish("b/y", r="二")
    assert Log("完成", "", 4) in play.effects and Open("fix", {"dep": "y", "res": "二"}, "caused_by", False, "2", None, 4) in play.effects
    assert Close("permanent") in play.effects


CHILDREN = (
    "  a: {title: 甲, who: desk, asks: {k: {title: 类, pick: {x: 一, y: 二}}}, WAITS"
    "opens: [{procedure: fix, as: part_of, with: {unit: '{what}', none: '{k}'}}, {procedure: report, when: {k: x}BEFORE}]}\n"
    "  b: {title: 乙, who: desk}\n"
)


def test_waiting_for_children() -> None:
    p = short(CHILDREN.replace("WAITS", "waits: yes, ").replace("BEFORE", ""))
    play = Play(p).file(what="灯").finish("a", k="x")
    first, second = (e for e in play.effects if isinstance(e, Open))
    assert (first.procedure, first.answers, first.kind, first.waits) == ("fix", {"unit": "灯", "none": "x"}, "part_of", True)
    assert play.open == [] and play.ticket.waiting == ("a",) and play.ticket.status == "open"
    play.do(ChildClosed(at=at(5), child=second.key))
    assert play.open == []
    assert play.do(ChildClosed(at=at(6), child=first.key)).open == ["b"]
    for key in (first.key, "99"):
        with pytest.raises(Refused, match="没有在等"):
            play.do(ChildClosed(at=at(7), child=key))


def test_children_that_nobody_waits_for() -> None:
    play = Play(short(CHILDREN.replace("WAITS", "").replace("BEFORE", ""))).file().finish("a", k="y")
    assert play.open == ["b"] and len(play.ticket.children) == 1
    assert play.finish("b").do(ChildClosed(at=at(9), child="1")).ticket.children[0].closed == at(9)


@pytest.mark.parametrize("before", ["b", "end"])
def test_a_child_may_hold_back_a_later_step(before: str) -> None:
    p = short(CHILDREN.replace("WAITS", "").replace("BEFORE", f", before: {before}"))
    play = Play(p).file().finish("a", k="x")
    if before == "end":
        play.finish("b")
    assert play.open == [] and play.ticket.status == "open" and play.ticket.held == before
    play.do(ChildClosed(at=at(5), child="1"))
    assert play.open == []
    play.do(ChildClosed(at=at(6), child="2"))
    assert (play.open, play.ticket.status) == ((["b"], "open") if before == "b" else ([], "closed"))


def test_a_sub_step_may_wait_for_its_child() -> None:
    p = short(
        "  both: {title: 一起, together: {s1: {title: 子一, who: desk, opens: fix, waits: yes}, s2: {title: 子二, who: desk}}}\n  z: {title: 末, who: desk}\n"
    )
    play = Play(p).file().finish("s1").finish("s2")
    assert play.open == [] and play.do(ChildClosed(at=at(1), child="1")).open == ["z"]
    play = Play(p).file().finish("s1").do(ChildClosed(at=at(1), child="1"))
    assert play.open == ["s2"] and play.finish("s2").open == ["z"]
    p = short(
        "  both: {title: 一起, first: yes, together: {s1: {title: 子一, who: desk, opens: fix, waits: yes}, s2: {title: 子二, who: desk}}}\n  z: {title: 末, who: desk}\n"
    )
    play = Play(p).file().finish("s1").finish("s2")
    assert play.open == ["z"] and play.do(ChildClosed(at=at(1), child="1")).open == ["z"]


def test_the_ticket_survives_json_and_time_never_runs_back() -> None:
    play = complaint().finish("dispatch", 10, departments=["eng", "clean"])
    raw = msgspec.json.encode(play.ticket)
    assert msgspec.json.decode(raw, type=Ticket) == play.ticket and len(raw) < 4000
    back, _ = decide(play.p, msgspec.json.decode(raw, type=Ticket), Taken(at=at(5), by="8", task=4), CALENDAR)
    assert back.tasks[3].taken == at(10)


def test_a_duty_may_be_opened_without_being_filled_in() -> None:
    """As a schedule or another ticket does: the first step waits as a task for whoever fills the role."""
    play = Play(read(COMPLAINT))
    play.do(Filed(at=at(), by="系统", opened=True, answers={"channel": "phone", "wish": ""}))
    assert play.open == ["intake"] and play.told("opened") == ["reception"] and play.ticket.answers == {"channel": "phone"}
    with pytest.raises(Refused, match="这一步不问「nothing」"):
        Play(play.p).do(Filed(at=at(), by="系统", opened=True, answers={"nothing": 1}))
    assert play.finish("intake", 5, by="7", **INTAKE).open == ["classify"]
    p = short("  a: {title: 甲, who: desk}\n", "classes: {I: {title: 一}}")
    assert p.classes and Play(p).do(Filed(at=at(), by="s", opened=True)).open == ["file"]


def test_a_class_given_when_opened_is_known_at_once() -> None:
    p = read(
        COMPLAINT.replace("class:      {title: 投诉类别, pick: classes}", "").replace(
            "wish:    {", "class: {title: 投诉类别, pick: classes}\n      wish:    {"
        )
    )
    assert Play(p).do(Filed(at=at(), by="s", opened=True, answers={"class": "II"})).ticket.answers == {"class": "II"}
