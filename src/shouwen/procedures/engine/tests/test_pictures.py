# ruff: noqa: E501 (a case stands on one line)
"""What others see of a procedure: the diagram, the BPMN file, the difference between editions."""

import itertools
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from lxml import etree  # type: ignore[import-untyped]
from SpiffWorkflow.bpmn.parser.BpmnParser import BpmnParser, BpmnValidator  # type: ignore[import-untyped]

from shouwen.procedures.engine import Procedure, Started, Withdrawn, read
from shouwen.procedures.engine.bpmn import DI, MODEL, to_bpmn
from shouwen.procedures.engine.diagram import diagram, svg
from shouwen.procedures.engine.difference import difference
from shouwen.procedures.engine.tests.play import COMPLAINT, Play, at, short
from shouwen.procedures.engine.tests.test_decide import TOGETHER, complaint
from shouwen.procedures.engine.tests.test_properties import EVERYTHING

BOTH = [read(COMPLAINT), read(EVERYTHING)]
new_parser: Any = BpmnParser


def validate(tree: Any) -> None:
    """Against the schema of BPMN 2.0, as that engine carries it."""
    validator: Any = BpmnValidator
    validator().validate(tree, "x.bpmn")


both = pytest.mark.parametrize("p", BOTH, ids=lambda p: p.procedure)


def test_the_graph_says_who_and_by_when() -> None:
    graph = diagram(BOTH[0])
    nodes = {n.id: n for n in graph.nodes}
    assert (nodes["dispatch"].who, nodes["dispatch"].limit) == ("前台接待员", "「受理登记」后 20 分钟")
    assert nodes["handle"].kind == "each" and "一类投诉 4 小时" in nodes["handle"].limit and nodes["go_to_top"].kind == "offered"
    edges = {(e.source, e.target, e.kind): e.label for e in graph.edges}
    assert edges["callback", "dispatch", "bend"] == "评价为不满意，最多 2 次" and edges["callback", "review", "then"] == "2 次以后"
    assert (
        edges["archive", "end", "next"] == ""
        and ("callback", "review", "next") not in edges
        and ("feedback", "go_to_top", "offer") in edges
    )
    everything = {n.id: n for n in diagram(BOTH[1]).nodes}
    assert everything["left"].inside == "both" and everything["left"].note == "仅当类别为二类" and "班组不少于 2" in everything["both"].note
    assert everything["inform"].note == "双人办理" and "经理统筹" in everything["work"].note


def test_the_live_position() -> None:
    play = complaint()

    def states(**more: object) -> dict[str, str]:
        return {n.id: n.state for n in diagram(play.p, play.ticket, **more).nodes}  # type: ignore[arg-type]

    assert (states()["start"], states()["intake"], states()["dispatch"], states()["handle"], states()["end"]) == (
        "done",
        "done",
        "open",
        "future",
        "future",
    )
    assert states(at=at(20))["dispatch"] == "open" and states(at=at(21))["dispatch"] == "late"
    play.do(Withdrawn(at=at(22), by="1", reason="不用"))
    assert states()["dispatch"] == "skipped"
    play = Play(short(TOGETHER.replace("FIRST", "first: yes, "))).file().finish("a", k="y").finish("s2").finish("z")
    assert (states()["both"], states()["s1"], states()["s2"], states()["s3"], states()["end"]) == (
        "done",
        "skipped",
        "done",
        "skipped",
        "done",
    )
    play = Play(BOTH[1])
    assert states()["file"] == "future"


@both
def test_the_svg_is_plain_and_always_the_same(p: Procedure) -> None:
    picture = svg(diagram(p))
    assert picture == svg(diagram(read(COMPLAINT if p.procedure == "complaint" else EVERYTHING)))
    root = ET.fromstring(picture)
    assert not [
        e
        for e in root.iter()
        if "style" in e.attrib or e.tag.endswith(("script", "style", "foreignObject")) or any(k.startswith("on") for k in e.attrib)
    ]
    texts = "".join(e.text or "" for e in root.iter("{http://www.w3.org/2000/svg}text"))
    for step in p.every_step.values():
        assert step.title in texts
    _, _, width, height = (int(x) for x in root.attrib["viewBox"].split())
    assert 390 <= width <= 460
    boxes = [
        (int(e.attrib["y"]), int(e.attrib["y"]) + int(e.attrib["height"]))
        for g in root.iter("{http://www.w3.org/2000/svg}g")
        if "flow-sub" not in g.attrib["class"]
        for e in g.iter("{http://www.w3.org/2000/svg}rect")
    ]
    assert boxes == sorted(boxes) and all(a[1] < b[0] for a, b in itertools.pairwise(boxes)) and boxes[-1][1] <= height


def test_the_svg_escapes_and_shows_state() -> None:
    p = short('  a: {title: "<script>&\\"", who: desk, offers: top}\n  top: {title: 提级, who: boss, offered: when_offered}\n')
    play = Play(p).file().do(Started(at=at(), by="1", step="top"))
    picture = svg(diagram(p, play.ticket))
    ET.fromstring(picture)
    assert "<script>" not in picture and "is-open" in picture and "在办" in picture and "flow-offer" in picture


@both
def test_the_bpmn_file_is_valid_and_read_by_another_engine(p: Procedure) -> None:
    text = to_bpmn(p)
    tree = etree.fromstring(text.encode())
    validate(tree)
    parser: Any = new_parser()
    # that engine knows no complex gateways (one of several is enough); everything else it reads as it stands
    known = text.replace('isExecutable="false"', 'isExecutable="true"').replace("complexGateway", "parallelGateway")
    parser.add_bpmn_xml(etree.fromstring(known.encode()))
    spec = parser.get_spec(f"process_{p.procedure}")
    titles = {t.bpmn_name for t in spec.task_specs.values()}
    assert {s.title for s in p.every_step.values() if not s.together} <= titles
    drawn = {e.attrib["bpmnElement"] for e in tree.iter(f"{{{DI}}}BPMNShape", f"{{{DI}}}BPMNEdge")}
    things = {e.attrib["id"] for e in tree.find(f"{{{MODEL}}}process") if e.tag != f"{{{MODEL}}}laneSet"}
    assert things == drawn


def test_the_bpmn_notation_of_limits_branches_and_groups() -> None:
    tree = ET.fromstring(to_bpmn(BOTH[0]))
    timers = {e.attrib["attachedToRef"]: e for e in tree.iter(f"{{{MODEL}}}boundaryEvent")}
    assert set(timers) == {f"task_{s}" for s in ("dispatch", "handle", "feedback", "callback", "review", "archive")}
    assert timers["task_feedback"].find(f".//{{{MODEL}}}timeDuration").text == "PT120M"  # type: ignore[union-attr]
    assert timers["task_feedback"].attrib["cancelActivity"] == "false"
    loops = [e for e in tree.iter(f"{{{MODEL}}}userTask") if e.find(f"{{{MODEL}}}multiInstanceLoopCharacteristics") is not None]
    assert [e.attrib["id"] for e in loops] == ["task_handle"]

    def kinds(p: Procedure) -> dict[str, str]:
        return {e.attrib["id"]: e.tag.removeprefix(f"{{{MODEL}}}") for e in ET.fromstring(to_bpmn(p)).iter() if e.tag.endswith("Gateway")}

    assert kinds(short(TOGETHER.replace("FIRST", ""))) == {"split_both": "inclusiveGateway", "join_both": "inclusiveGateway"}
    plain = TOGETHER.replace("FIRST", "").replace(", when: {k: x}", "")
    assert kinds(short(plain)) == {"split_both": "parallelGateway", "join_both": "parallelGateway"}
    assert kinds(short(plain.replace("together", "first: yes, together")))["join_both"] == "complexGateway"


def test_the_bpmn_check_can_fail() -> None:
    with pytest.raises(Exception, match="not expected"):
        validate(etree.fromstring(to_bpmn(BOTH[0]).replace("userTask", "nonsenseTask").encode()))


CHANGES = [
    ("title:     样样都有", "title: 改名", "名称：样样都有 → 改名"),
    ("clock:     service_hours", "clock: round_the_clock", "计时方式：服务时间 → 自然时间"),
    ("{title: 前台, on_duty: desk}", "{title: 前台, post: desk}", "角色「前台」 前台：当班 desk → 前台：岗位 desk"),
    ("II: {title: 二类, means: 其他}", "II: {title: 二类, means: 杂}", "类别「二类」 二类 其他 → 二类 杂"),
    ("2 hours:   {hand_to: boss}", "2 hours:   {hand_to: desk, tell: lead, offer: raise}", "通用逾期处理（逾期 2 小时）转给经理 → 告知统筹人，转给前台，可办提级"),
    ("away:  {title: 外出, at_most: 3 days}", "away:  {title: 外出, at_most: 4 days, approval: boss}", "暂停「外出」最长 3 天 → 4 天"),
    ("until: [inform, closed], within: 2 hours", "until: [inform], within: 1 hour", "承诺「答复」时限 2 小时 → 1 小时"),
    ("urge: 5 minutes", "urge: 6 minutes", "催单间隔 5 分钟 → 6 分钟"),
    ("reopen: {go: plan, at_most: 2", "reopen: {go: work, within: 3 days, at_most: 2", "重新打开：回到安排，最多 2 次，之后到裁决，告知经理 → 回到施工，最多 2 次，之后到裁决，办结后 3 天内，告知经理"),
    ("I: [30 minutes, 10 minutes before visit_at]", "I: [20 minutes]", "「安排」时限 一类 30 分钟 或 「上门时间」前 10 分钟；二类 及时 → 一类 20 分钟；二类 及时"),
    ("remind: 10 minutes", "remind: 5 minutes", "「安排」提醒 提前 10 分钟 → 提前 5 分钟"),
    ("two_people: yes", "two_people: no", "「告知」双人办理 是 → 否"),
    ("helper:   {title: 帮手, kind: staff, only_if: {class: II}}", "helper:   {title: 帮手, kind: staff, optional: yes}", "「安排」填写项「帮手」出现条件 类别为二类 → （无）"),
    ("result: {title: 结果, pick: {good: 好, bad: 坏}}", "result: {title: 结果, pick: {good: 好, bad: 差}}", "「施工」填写项「结果」选项 好、坏 → 好、差"),
    ("{when: {again: yes}, go: work, at_most: 1, then: end}", "{when: {again: yes}, go: work, at_most: 2, then: end}", "「裁决」去向 再来为是到施工（最多 1 次，之后结束）；否则到结束 → 再来为是到施工（最多 2 次，之后结束）；否则到结束"),
    ("offered: always", "offered: when_offered\n  x2: {title: 新, who: desk, offered: always, offers: extra}", "新增步骤「新」"),
    ("does:   {rounds.close: {team: \"{branch}\"}}", "does:   {rounds.close: {team: '{unit}'}}", "「施工」联动 rounds.close：team={branch} → rounds.close：team={unit}"),
    ("right: {title: 右, who: chief, within: end of shift}", "right: {title: 右, who: chief, within: end of shift, late: {0 minutes: {log: 晚, must: explain, open: x}}}", "「右」逾期（逾期 0 分钟）（无） → 须办说明，开x（由此引起），记「晚」"),
    ("{procedure: bill, before: ruling}", "{procedure: bill, before: inform}", "bill（由此引起，「告知」之前办结）"),
    ("caller:  {title: 来人, kind: person", "caller:  {title: 来人, kind: text", "「填单」填写项「来人」填法 住户 → 文字"),
    ("who:    worker\n", "who:    worker\n    do: 细心\n", "「施工」做法 （无） → 细心"),
    ("  extra:\n    title:   补充\n    who:     resident\n    offered: always\n", "", "取消步骤「补充」"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "said"), CHANGES, ids=lambda x: x[:20])
def test_the_difference_in_sentences(before: str, after: str, said: str) -> None:
    assert before in EVERYTHING
    found = difference(BOTH[1], read(EVERYTHING.replace(before, after, 1)))
    assert any(said in line for line in found), found


def test_order_and_nothing() -> None:
    assert difference(BOTH[0], BOTH[0]) == []
    a = short("  a: {title: 甲, who: desk}\n  b: {title: 乙, who: desk}\n")
    b = short("  b: {title: 乙, who: desk}\n  a: {title: 甲, who: desk}\n")
    assert difference(a, b) == ["步骤顺序：填单、甲、乙 → 填单、乙、甲"]


def test_the_words_of_a_group_stand_beneath_its_parts() -> None:
    p = short(TOGETHER.replace("FIRST", "").replace(", logs: 都好了}", ", next: [{when: {k: x}, go: end}]}"))
    root = ET.fromstring(svg(diagram(p)))
    texts = {e.text: int(e.attrib["y"]) for e in root.iter("{http://www.w3.org/2000/svg}text")}
    assert texts["子三"] < texts["类为一 → 办结"] < texts["末"]
    kinds = {e.attrib["id"]: e.tag for e in ET.fromstring(to_bpmn(p)).iter() if "id" in e.attrib}
    assert kinds["next_both"].endswith("exclusiveGateway")
