"""The hand-over of a post: what stands in the way, what passes on, who decides."""

from __future__ import annotations

import importlib
from datetime import datetime, timedelta

import pytest

from shouwen.duty import actions, chores, handover, queries
from shouwen.duty.models import Handover, HandoverLine, LogLine, Presence, Signature
from shouwen.kernel.access import SYSTEM
from shouwen.kernel.refusals import Conflict, Forbidden, Refused
from shouwen.notices.models import Notice
from shouwen.org.tests.world import MONDAY, World

AT = MONDAY.replace(hour=15, minute=45)
"""A quarter of an hour before the early shift of 荔园 ends at 16:00."""


class Matters:
    """What another area would know of open matters."""

    def __init__(self) -> None:
        self.items: list[handover.Item] = []
        self.passed: list[tuple[str, int]] = []

    def read(self, community_id: int, users, since: datetime) -> list[handover.Item]:
        return list(self.items)

    def hand(self, actor, community_id: int, *, abouts, to: int, reason: str, at: datetime) -> None:
        self.passed += [(about, to) for about in abouts]


@pytest.fixture
def matters(monkeypatch: pytest.MonkeyPatch) -> Matters:
    importlib.import_module("shouwen.config.wiring")  # what the house itself puts into the slots is there before
    found = Matters()
    monkeypatch.setattr(handover, "_items", [found.read])
    monkeypatch.setattr(handover, "_passes", [found.hand])
    return found


def item(n: int = 1, **more) -> handover.Item:
    return handover.Item(f"ticket:{n}", f"TS-{n:03d}", "楼道灯不亮", AT + timedelta(hours=3), **more)


def begin(world: World, at: datetime = AT, **more) -> Handover:
    return actions.open_handover(world.actor("li"), world.places["liyuan"], post="receptionist", at=at, **more)


def answers(sheet: Handover) -> dict[int, dict[str, object]]:
    """A sheet on which everything is in order."""
    given: dict[int, dict[str, object]] = {}
    for line in HandoverLine.objects.filter(handover=sheet):
        match line.kind:
            case "prep":
                given[line.pk] = {"note": "无"}
            case kind if kind in handover.COUNTED:
                given[line.pk] = {"given": line.expected or 0, "received": line.expected or 0}
            case kind if kind in handover.CHECKED:
                given[line.pk] = {"told": True, "answer": "normal"}
            case _:
                given[line.pk] = {"note": "已通知工程，七点回访", "told": True, "understood": True}
                given[line.pk] |= {"cause": "停电", "course": "已报修"} if line.kind == "matter" else {}
    return given


def ready(world: World, sheet: Handover, at: datetime = AT, **more) -> Handover:
    """Everything done, nobody has signed."""
    li = world.actor("li")
    actions.arrive(li, sheet, at=at)
    actions.fill(li, sheet, lines=answers(sheet), special="维修还在进行", at=at, **more)
    actions.explain(li, sheet, at=at)
    last = queries.shift_lines(sheet).order_by("-pk").values_list("pk", flat=True).first() or 0
    actions.read_log(li, sheet, upto=last, at=at)
    return sheet


def bars(sheet: Handover, at: datetime = AT) -> str:
    sheet.refresh_from_db()
    return "".join(bar.text for bar in queries.bars_of(sheet, list(sheet.lines.all()), at))


def complete(world: World, sheet: Handover, at: datetime = AT) -> None:
    actions.sign(world.actor("li"), sheet, at=at)
    actions.accept(world.actor("he"), sheet, at=at)


@pytest.mark.shows("A5.08", "D1.12", "D2.49", "D13.04", "D12.42")
def test_every_open_item_is_listed_and_none_passes_without_a_note(world: World, matters: Matters) -> None:
    matters.items = [item(1), item(2)]
    sheet = begin(world)
    assert sheet.receiver_name == "何敏" and sheet.due_at == MONDAY.replace(hour=16)
    work = list(sheet.lines.filter(kind="work").order_by("pk"))
    assert [line.number for line in work] == ["TS-001", "TS-002"]
    ready(world, sheet)
    actions.fill(world.actor("li"), sheet, lines={work[0].pk: {"note": ""}}, at=AT)
    with pytest.raises(Refused, match="未了事项「TS-001」还没有交班说明"):
        actions.sign(world.actor("li"), sheet, at=AT)
    matters.items.append(item(3))  # comes up at the last moment
    actions.fill(world.actor("li"), sheet, lines={work[0].pk: {"note": "等配件"}}, at=AT)
    with pytest.raises(Refused, match="TS-003"):
        actions.sign(world.actor("li"), sheet, at=AT)
    sheet.refresh_from_db()
    assert sheet.state == "explaining" and not Signature.objects.exists()


@pytest.mark.shows("A5.09", "D13.05", "D2.42")
def test_each_item_is_told_and_understood_one_by_one(world: World, matters: Matters) -> None:
    matters.items = [item(1)]
    sheet = ready(world, begin(world))
    line = sheet.lines.get(kind="work")
    for tick, words in (("told", "还没有当面讲清"), ("understood", "还没有确认已明白")):
        actions.fill(world.actor("li"), sheet, lines={line.pk: {tick: False}}, at=AT)
        assert words in bars(sheet)
        actions.fill(world.actor("he"), sheet, lines={line.pk: {tick: True}}, at=AT)
    assert bars(sheet) == ""


@pytest.mark.shows("A5.10", "D1.13", "D1.14", "D2.39", "D2.40", "D5.08", "D5.09", "D5.10")
def test_articles_letters_and_keys_are_counted_by_both_and_a_difference_explained(world: World, matters: Matters) -> None:
    sheet = ready(world, begin(world))
    li, counted = world.actor("li"), {line.title: line for line in sheet.lines.filter(kind__in=handover.COUNTED)}
    assert {"对讲机", "未发信件", "未发报刊", "前台钥匙", "样板间钥匙"} <= set(counted)
    radio = counted["对讲机"]
    actions.fill(li, sheet, lines={radio.pk: {"received": ""}}, at=AT)
    assert "「对讲机」还没有经接班人点收" in bars(sheet)
    actions.fill(li, sheet, lines={radio.pk: {"received": "1"}}, at=AT)
    with pytest.raises(Refused, match="应有 2、交班点数 2、接班点数 1"):
        actions.sign(li, sheet, at=AT)
    with pytest.raises(Refused, match="0 到 9999"):
        actions.fill(li, sheet, lines={radio.pk: {"received": "-1"}}, at=AT)
    letters = counted["未发信件"]  # nothing says how many there should be, but both must find the same
    actions.fill(li, sheet, lines={radio.pk: {"explanation": "一台送修，单号 WX-12"}, letters.pk: {"given": 3, "received": 2}}, at=AT)
    assert "「未发信件」数目不符" in bars(sheet) and "对讲机" not in bars(sheet)
    actions.fill(li, sheet, lines={letters.pk: {"received": 3}}, at=AT)
    complete(world, sheet)


@pytest.mark.shows("A5.11")
def test_a_paper_that_is_not_confirmed_blocks(world: World, matters: Matters) -> None:
    sheet = ready(world, begin(world))
    paper = sheet.lines.filter(kind="paper").first()
    actions.fill(world.actor("li"), sheet, lines={paper.pk: {"understood": False}}, at=AT)
    with pytest.raises(Refused, match=f"「{paper.title}」接班人还没有确认收到"):
        actions.sign(world.actor("li"), sheet, at=AT)


@pytest.mark.shows("D2.46", "D2.50", "D2.84", "D5.25", "D1.16", "D13.12", "D13.16", "D13.17")
def test_one_signature_is_pending_two_pass_the_post(world: World, matters: Matters) -> None:
    matters.items = [item(1)]
    li = world.actor("li")
    actions.check_in(li, world.places["liyuan"], at=MONDAY.replace(hour=7, minute=50))
    here = Presence.objects.get(user=li.id)
    sheet = ready(world, begin(world))
    with pytest.raises(Refused, match="接班检查还没有做完"):
        actions.check_out(li, here, at=AT)
    actions.sign(li, sheet, at=AT)
    sheet.refresh_from_db()
    assert sheet.get_state_display() == "待接班人签字" and matters.passed == []
    with pytest.raises(Refused, match="接班人还没有签字，不能离岗"):
        actions.check_out(li, here, at=AT)
    with pytest.raises(Conflict, match="已签字，不能再改"):
        actions.fill(li, sheet, lines={}, at=AT)
    for stranger in ("xu", "li"):
        with pytest.raises(Forbidden):
            actions.accept(world.actor(stranger), sheet, at=AT)
    actions.accept(world.actor("he"), sheet, at=AT)
    sheet.refresh_from_db()
    assert sheet.state == "done" and matters.passed == [("ticket:1", world.people["he"].pk)]
    signed = list(Signature.objects.order_by("pk").values_list("side", "name", "digest"))
    assert [row[:2] for row in signed] == [("giver", "李静"), ("receiver", "何敏")] and signed[0][2] == signed[1][2]
    entry = LogLine.objects.get(about=f"handover:{sheet.pk}").text
    assert "李静（早班）→ 何敏（中班），双方已签字" in entry
    assert all(part in entry for part in ("工作 1 项", "物品资料", "信报刊 2 项", "钥匙 2 项"))
    with pytest.raises(Conflict, match="已经完成"):
        actions.accept(world.actor("he"), sheet, at=AT)
    actions.check_out(li, here, at=MONDAY.replace(hour=16))


@pytest.mark.shows("D2.38", "D2.47", "D2.48", "D13.01", "D5.11", "D5.21")
def test_the_timeline_of_the_last_quarter_of_an_hour(world: World, matters: Matters) -> None:
    sheet = begin(world)
    tidy = list(sheet.lines.filter(kind="tidy").order_by("position"))
    assert [line.title for line in tidy] == ["台面无灰、无杂物", "转椅无灰、无杂物"]
    assert {line.due_at for line in tidy} == {MONDAY.replace(hour=15, minute=45)}
    late = MONDAY.replace(hour=15, minute=51)
    actions.arrive(world.actor("li"), sheet, at=late)
    came = Presence.objects.get(user=world.people["he"])
    assert came.due_at == MONDAY.replace(hour=15, minute=50) and came.arrived_at == late
    actions.fill(world.actor("li"), sheet, lines=answers(sheet), special="x", at=late)
    assert {line.told_at for line in sheet.lines.filter(kind="tidy")} == {late}  # six minutes late, and it says so
    actions.fill(world.actor("li"), sheet, lines={tidy[0].pk: {"understood": False}}, at=late)
    assert "「台面无灰、无杂物」还没有经接班人确认" in bars(sheet, late)
    after = MONDAY.replace(hour=16, minute=1)
    assert "写明未按时交接的原因" in bars(sheet, after) and "未按时" not in bars(sheet, MONDAY.replace(hour=16))


@pytest.mark.shows("D5.20", "D5.22", "D5.23", "D5.24", "D5.28")
def test_nothing_begins_before_the_preparation_is_written(world: World, matters: Matters) -> None:
    sheet, li = begin(world), world.actor("li")
    assert [line.title for line in sheet.lines.filter(kind="prep").order_by("position")] == ["未完成的工作", "领导新下的工作指令", "公共区域维修情况"]
    actions.arrive(li, sheet, at=AT)
    given = answers(sheet)
    last = sheet.lines.filter(kind="prep").order_by("position").last()
    given[last.pk] = {"note": ""}
    actions.fill(li, sheet, lines=given, at=AT)
    with pytest.raises(Refused, match="「公共区域维修情况」还没有填写，没有请填“无”"):
        actions.explain(li, sheet, at=AT)
    actions.fill(li, sheet, lines={last.pk: {"note": "无"}}, at=AT)
    actions.explain(li, sheet, at=AT)
    sheet.refresh_from_db()
    assert sheet.state == "explaining"


@pytest.mark.shows("D2.41", "D13.06")
def test_the_book_of_the_shift_is_read_to_its_last_line(world: World, matters: Matters) -> None:
    li, place = world.actor("li"), world.places["liyuan"]
    actions.write(li, place, post="receptionist", text="3栋停水", at=AT - timedelta(hours=1))
    sheet = begin(world)
    actions.arrive(li, sheet, at=AT)
    assert "接班人还没有阅读本班值班日志" in bars(sheet)
    actions.fill(li, sheet, lines=answers(sheet), at=AT)
    actions.explain(li, sheet, at=AT)
    actions.read_log(li, sheet, upto=LogLine.objects.latest("pk").pk, at=AT)
    actions.write(li, place, post="receptionist", text="3栋来水", at=AT)
    assert "值班日志又增加了 1 行" in bars(sheet)
    with pytest.raises(Refused, match="没有这一行日志"):
        actions.read_log(li, sheet, upto=10**9, at=AT)
    actions.read_log(li, sheet, upto=LogLine.objects.latest("pk").pk, at=AT)
    complete(world, sheet)


@pytest.mark.shows("D13.07", "D13.09", "D2.44", "D2.45", "D13.08")
def test_a_question_or_an_abnormal_place_waits_for_the_givers_answer(world: World, matters: Matters) -> None:
    sheet, li, he = ready(world, begin(world)), world.actor("li"), world.actor("he")
    area, device = sheet.lines.get(kind="area"), sheet.lines.get(kind="device")
    actions.fill(he, sheet, lines={area.pk: {"answer": ""}, device.pk: {"told": False}}, at=AT)
    assert "「大堂与前台区域」还没有检查" in bars(sheet) and "「热线电话」还没有共同核实" in bars(sheet)
    actions.fill(he, sheet, lines={area.pk: {"answer": "abnormal"}, device.pk: {"told": True}}, at=AT)
    assert "有异常，请说明情况" in bars(sheet)
    actions.fill(li, sheet, lines={area.pk: {"explanation": "西侧地砖松动，已报修", "understood": True}}, at=AT)
    actions.sign(li, sheet, at=AT)
    question = actions.add_line(he, sheet, kind="question", title="报修单号是多少", about_line=area.pk, at=AT)
    sheet.refresh_from_db()
    assert (sheet.state, sheet.round) == ("explaining", 2)  # what was signed no longer counts
    with pytest.raises(Refused, match=r"提问.*还没有答复"):
        actions.sign(li, sheet, at=AT)
    actions.fill(li, sheet, lines={question.pk: {"note": "WX-031"}}, at=AT)
    complete(world, sheet)


@pytest.mark.shows("E22.09", "E22.10", "E22.11")
def test_what_is_wrong_at_a_post_is_explained_face_to_face_and_both_say_so(world: World, matters: Matters) -> None:
    sheet, li, he = ready(world, begin(world)), world.actor("li"), world.actor("he")
    area = sheet.lines.get(kind="area")
    actions.fill(li, sheet, lines={area.pk: {"answer": "abnormal", "explanation": "门口有积水", "told": False}}, at=AT)
    assert "交班人还没有当面讲明" in bars(sheet) and "接班人还没有确认已听明白" in bars(sheet)
    actions.fill(li, sheet, lines={area.pk: {"told": True}}, at=AT)
    with pytest.raises(Refused, match="接班人还没有确认已听明白"):
        actions.sign(li, sheet, at=AT)
    actions.fill(he, sheet, lines={area.pk: {"understood": True}}, at=AT)
    complete(world, sheet)


@pytest.mark.shows("D5.27")
@pytest.mark.parametrize(("answer", "words"), [("starting", "正在启动"), ("stopping", "正在停机")])
def test_nothing_passes_while_a_machine_starts_or_stops(world: World, matters: Matters, answer: str, words: str) -> None:
    sheet, li = ready(world, begin(world)), world.actor("li")
    device, area = sheet.lines.get(kind="device"), sheet.lines.get(kind="area")
    actions.fill(li, sheet, lines={device.pk: {"answer": answer}}, at=AT)
    with pytest.raises(Refused, match=f"「热线电话」{words}，不能交接"):
        actions.sign(li, sheet, at=AT)
    with pytest.raises(Refused, match="「大堂与前台区域」只能选正常、异常"):
        actions.fill(li, sheet, lines={area.pk: {"answer": answer}}, at=AT)
    actions.fill(li, sheet, lines={device.pk: {"answer": "normal"}}, at=AT)
    complete(world, sheet)


@pytest.mark.shows("D2.51", "D5.12", "D12.43")
def test_unfinished_work_needs_its_special_circumstances(world: World, matters: Matters) -> None:
    matters.items = [item(1)]
    sheet = ready(world, begin(world))
    actions.fill(world.actor("li"), sheet, lines={}, special="", at=AT)
    with pytest.raises(Refused, match="请写明特殊情况"):
        actions.sign(world.actor("li"), sheet, at=AT)


@pytest.mark.shows("D2.52", "D5.05", "D5.06", "D5.26")
def test_a_major_matter_passes_only_when_closed_or_contained(world: World, matters: Matters) -> None:
    matters.items = [item(1, weight="major"), item(2, weight="important"), item(3, weight="major", closed=True)]
    sheet = ready(world, begin(world))
    assert sheet.lines.filter(kind="work").count() == 3  # the one that was settled is on the sheet too
    fire, other = sheet.lines.get(number="TS-001"), sheet.lines.get(number="TS-002")
    with pytest.raises(Refused, match=r"重大紧急事项.*不能交班"):
        actions.sign(world.actor("li"), sheet, at=AT)
    with pytest.raises(Refused, match="只能往重里改"):
        actions.fill(world.actor("li"), sheet, lines={fire.pk: {"weight": "ordinary"}}, at=AT)
    for nobody in ("li", "he", "wang"):
        with pytest.raises(Forbidden, match="上级"):
            actions.contain(world.actor(nobody), fire, plan="水已关，明早换管", at=AT)
    with pytest.raises(Refused, match="后续安排"):
        actions.contain(world.actor("lin"), fire, plan="", at=AT)
    actions.contain(world.actor("lin"), fire, plan="水已关，明早八点换管", at=AT)
    with pytest.raises(Refused, match="重要事项"):
        actions.sign(world.actor("li"), sheet, at=AT)
    actions.decide(world.actor("lin"), sheet, decision="again", reason="先交", at=AT)  # a decision does not lift it
    with pytest.raises(Refused, match="重要事项"):
        actions.sign(world.actor("li"), sheet, at=AT)
    matters.items = [item(1, weight="major")]  # the other was closed
    complete(world, sheet)
    assert matters.passed == [("ticket:1", world.people["he"].pk)]
    other.refresh_from_db()
    assert other.closed


@pytest.mark.shows("D5.02", "D5.03", "D5.04", "D5.07")
def test_matters_say_cause_course_and_result_and_orders_live_until_cancelled(world: World, matters: Matters) -> None:
    sheet, li = ready(world, begin(world)), world.actor("li")
    matter = actions.add_line(li, sheet, kind="matter", title="5栋电梯停运", at=AT)
    order = actions.add_line(li, sheet, kind="order", title="外来车辆一律登记", at=AT)
    actions.fill(li, sheet, lines={pk: {"told": True, "understood": True} for pk in (matter.pk, order.pk)}, at=AT)
    assert "还没有写明原因、经过、结果" in bars(sheet)
    actions.fill(li, sheet, lines={matter.pk: {"cause": "主板故障", "course": "已报维保", "note": "待处理"}}, at=AT)
    assert "不能只写“待处理”" in bars(sheet)
    actions.fill(li, sheet, lines={matter.pk: {"note": "维保今晚到，停用牌已挂"}}, at=AT)
    complete(world, sheet)
    night = actions.open_handover(world.actor("he"), world.places["liyuan"], post="receptionist", at=MONDAY.replace(hour=23, minute=40))
    assert set(night.lines.filter(kind__in=("order", "matter")).values_list("title", flat=True)) == {"5栋电梯停运", "外来车辆一律登记"}
    again = night.lines.get(kind="order")
    actions.close_line(world.actor("he"), again, at=AT)
    again.refresh_from_db()
    assert again.closed


@pytest.mark.shows("D5.29")
def test_an_unfit_relief_is_replaced_by_the_superior(world: World, matters: Matters) -> None:
    sheet = ready(world, begin(world))
    actions.mark_unfit(world.actor("li"), sheet, reason="有酒气", at=AT)
    assert Notice.objects.filter(user_id=world.people["lin"].pk, why="handover", urgent=True).count() == 1
    with pytest.raises(Refused, match="不宜上岗"):
        actions.sign(world.actor("li"), sheet, at=AT)
    actions.decide(world.actor("lin"), sheet, decision="stand_in", stand_in=world.people["xu"], reason="何敏回家休息", at=AT)
    sheet.refresh_from_db()
    assert (sheet.receiver_name, sheet.arrived_at, sheet.state) == ("许倩", None, "preparing")
    ready(world, sheet)
    actions.sign(world.actor("li"), sheet, at=AT)
    with pytest.raises(Forbidden):
        actions.accept(world.actor("he"), sheet, at=AT)
    actions.accept(world.actor("xu"), sheet, at=AT)


@pytest.mark.shows("D13.10", "D13.11", "D12.36", "D13.02", "D13.03")
def test_a_refusal_goes_to_the_superior_and_the_giver_stays(world: World, matters: Matters) -> None:
    li, he = world.actor("li"), world.actor("he")
    actions.check_in(li, world.places["liyuan"], at=MONDAY.replace(hour=7, minute=45))
    here = Presence.objects.get(user=li.id)
    evening = MONDAY.replace(hour=16, minute=30)
    with pytest.raises(Refused, match="还没有交班，不能离岗"):
        actions.check_out(li, here, at=evening)
    sheet = begin(world)
    with pytest.raises(Refused, match="何敏还没有到场，不能离岗"):
        actions.check_out(li, here, at=evening)
    ready(world, sheet)
    actions.refuse(he, sheet, reason="对讲机少一台，说不清去向", at=AT)
    sheet.refresh_from_db()
    assert sheet.state == "refused" and Notice.objects.filter(user_id=world.people["lin"].pk, why="handover").exists()
    with pytest.raises(Refused, match="等上级决定之前不能离岗"):
        actions.check_out(li, here, at=evening)
    for nobody in (li, he):
        with pytest.raises(Conflict, match="等上级决定"):
            actions.fill(nobody, sheet, lines={}, at=AT)
        with pytest.raises(Forbidden):
            actions.decide(nobody, sheet, decision="again", reason="x", at=AT)
    with pytest.raises(Refused, match="理由"):
        actions.decide(world.actor("lin"), sheet, decision="again", reason="", at=AT)
    actions.decide(world.actor("lin"), sheet, decision="again", reason="少的一台在维修，收据在抽屉", at=AT)
    complete(world, sheet)
    assert LogLine.objects.filter(text__contains="林芳决定：继续交接").exists()


def test_the_superior_may_stop_it_and_the_giver_may_put_away_what_nobody_has_come_to(world: World, matters: Matters) -> None:
    sheet = begin(world)
    with pytest.raises(Conflict, match="同时只能有一次"):
        begin(world)
    actions.stop(world.actor("li"), sheet, reason="按错了", at=AT)
    sheet = ready(world, begin(world))
    with pytest.raises(Conflict):
        actions.stop(world.actor("li"), sheet, reason="x", at=AT)
    actions.decide(world.actor("lin"), sheet, decision="stop", reason="李静加班到八点", at=AT)
    assert begin(world).pk != sheet.pk


def test_only_who_is_on_the_post_hands_it_over(world: World, matters: Matters) -> None:
    place = world.places["liyuan"]
    for who, post in (("he", "receptionist"), ("li", "engineer")):
        with pytest.raises(Refused, match=r"不在.*岗位上"):
            actions.open_handover(world.actor(who), place, post=post, at=AT)
    with pytest.raises(Refused, match="没有担任"):
        begin(world, receiver=world.people["wang"])
    with pytest.raises(Forbidden):
        actions.open_handover(world.actor("li"), world.places["yunxi"], post="receptionist", at=AT)
    sheet = begin(world)
    with pytest.raises(Forbidden, match="交班人和接班人填写"):
        actions.fill(world.actor("xu"), sheet, lines={}, at=AT)
    line = sheet.lines.first()
    with pytest.raises(Refused, match="还没有到场"):
        actions.fill(world.actor("li"), sheet, lines={line.pk: {"understood": True}}, at=AT)
    assert SYSTEM.id is None


@pytest.mark.shows("E22.14")
def test_a_shift_that_nobody_took_over_is_reported_once_to_the_superior(world: World, matters: Matters) -> None:
    night = MONDAY.replace(hour=0) + timedelta(days=1)
    assert chores.watch(night + timedelta(minutes=20)) == 0  # a post that has never used the sheet is left alone
    complete(world, ready(world, begin(world)))
    assert chores.watch(MONDAY.replace(hour=16, minute=20)) == 0
    assert chores.watch(night + timedelta(minutes=9)) == 0
    assert chores.watch(night + timedelta(minutes=10)) == 1
    notice = Notice.objects.get(why="handover", urgent=True)
    assert (notice.user_id, "由何敏交给许倩" in notice.body) == (world.people["lin"].pk, True)
    assert chores.watch(night + timedelta(minutes=30)) == 0 and Notice.objects.filter(why="handover").count() == 1
