"""What an earlier sheet left open is never lost, what grows heavy is seen, what was signed is not changed, a long book is read to its end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine

from shouwen.duty import actions, handover, queries
from shouwen.duty.models import Handover, HandoverLine, Roster, Shift
from shouwen.kernel.access import SYSTEM
from shouwen.kernel.refusals import Conflict, Refused
from shouwen.org import actions as org
from shouwen.org.tests.world import MONDAY, START, World

from .test_handover import AT, Matters, answers, bars, begin, complete, item, matters, ready
from .test_pages import sign_in

__all__ = ["matters"]


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Coordinates]:
    with time_machine.travel(AT, tick=False) as coordinates:
        yield coordinates


def titles(sheet: Handover) -> set[str]:
    return set(sheet.lines.filter(kind__in=("matter", "order")).values_list("title", flat=True))


@pytest.mark.shows("D5.07", "D13.12")
def test_what_stood_on_a_sheet_that_was_stopped_stands_on_the_next(world: World, matters: Matters) -> None:
    li, sheet = world.actor("li"), begin(world)
    actions.add_line(li, sheet, kind="matter", title="3 号楼电梯困过人", weight="important", at=AT)
    actions.add_line(li, sheet, kind="order", title="十八点前查一遍消防门", at=AT)
    actions.decide(world.actor("lin"), sheet, decision="stop", reason="接班人没有来，李静接着当班", at=AT)
    again = begin(world, at=AT + timedelta(minutes=5))
    assert titles(again) == {"3 号楼电梯困过人", "十八点前查一遍消防门"}
    assert "没有办完也没有控制住" in bars(again)
    actions.close_line(li, again.lines.get(kind="order"), at=AT)
    actions.stop(li, again, reason="开早了", at=AT + timedelta(minutes=6))
    assert titles(begin(world, at=AT + timedelta(minutes=7))) == {"3 号楼电梯困过人"}, "what was closed on it stays closed"


@pytest.mark.shows("D5.07", "D13.22")
def test_the_book_that_comes_in_between_does_not_push_out_what_the_post_itself_has_open(world: World, matters: Matters) -> None:
    place = world.places["liyuan"]
    org.assign(SYSTEM, place, user=world.people["wang"], post="control-room", starts_on=START)
    actions.end_roster(SYSTEM, Roster.objects.get(user=world.people["wang"]), ends_on=MONDAY.date() - timedelta(1))
    actions.roster(SYSTEM, place, user=world.people["wang"], post="control-room", shift=Shift.objects.get(community=place, slug="early"), starts_on=MONDAY.date())
    own = ready(world, begin(world))
    actions.add_line(world.actor("li"), own, kind="matter", title="电梯停用待检", at=AT)
    actions.fill(world.actor("li"), own, lines=answers(own), special="等厂家", at=AT)
    complete(world, own)
    wang, he, hour = world.actor("wang"), world.actor("he"), AT + timedelta(minutes=20)
    book = actions.open_handover(wang, place, post="control-room", to_post="receptionist", at=hour)
    assert book.receiver_id == he.id
    actions.add_line(wang, book, kind="matter", title="夜间有车辆刮碰", at=hour)
    actions.arrive(wang, book, at=hour)
    actions.fill(wang, book, lines=answers(book), special="待查录像", late_cause="等录像", at=hour)
    actions.explain(wang, book, at=hour)
    actions.read_log(he, book, upto=queries.shift_lines(book).order_by("-pk").values_list("pk", flat=True).first() or 0, at=hour)
    actions.sign(wang, book, at=hour)
    actions.accept(he, book, at=hour)
    here = actions.open_handover(he, place, post="receptionist", at=MONDAY.replace(hour=23))
    assert titles(here) == {"电梯停用待检", "夜间有车辆刮碰"}


@pytest.mark.shows("D2.52", "D5.26")
def test_a_matter_that_grows_heavy_after_it_was_listed_stops_the_hand_over(world: World, matters: Matters) -> None:
    matters.items = [item(1)]
    li, sheet = world.actor("li"), begin(world)
    ready(world, sheet)
    matters.items = [item(1, weight="major")]
    with pytest.raises(Refused, match="重大紧急事项，没有办完也没有控制住"):
        actions.sign(li, sheet, at=AT)
    matters.items = [item(1)]
    actions.contain(world.actor("lin"), sheet.lines.get(kind="work"), plan="李工守到修好", at=AT)
    actions.sign(li, sheet, at=AT)
    matters.items = [item(1), item(2, weight="major")]
    with pytest.raises(Refused, match="请交班人撤回签字"):
        actions.accept(world.actor("he"), sheet, at=AT)
    sheet.refresh_from_db()
    assert sheet.state == "signed"


def test_what_both_have_signed_is_not_changed_any_more(world: World, matters: Matters) -> None:
    matters.items = [item(1)]
    sheet = ready(world, begin(world))
    complete(world, sheet)
    line = sheet.lines.get(kind="work")
    with pytest.raises(Conflict, match="已经完成"):
        actions.contain(world.actor("lin"), line, plan="夜班每小时看一次", at=AT)
    sheet.refresh_from_db()
    assert HandoverLine.objects.get(pk=line.pk).plan == ""
    digests = set(sheet.signatures.values_list("digest", flat=True))
    assert digests == {handover.digest(sheet, list(sheet.lines.all()))}, "both signed what stands there now"


def test_a_shift_is_handed_over_once(world: World, matters: Matters) -> None:
    complete(world, ready(world, begin(world)))
    with pytest.raises(Conflict, match="已经交接完成"):
        begin(world, at=AT + timedelta(minutes=20))
    assert actions.open_handover(world.actor("he"), world.places["liyuan"], post="receptionist", at=MONDAY.replace(hour=23)).state == "preparing"


@pytest.mark.shows("D2.41", "D13.06")
def test_a_long_book_is_read_to_its_end_part_by_part(world: World, matters: Matters) -> None:
    li, sheet = world.actor("li"), begin(world)
    actions.arrive(li, sheet, at=AT)
    for n in range(430):
        actions.write(li, world.places["liyuan"], post="receptionist", text=f"第{n}笔", event_at=MONDAY + timedelta(seconds=n), at=AT)
    client = sign_in(world, "li")
    for part in range(3):
        page = client.get(f"/duty/handovers/{sheet.pk}").content.decode()
        assert f">第{part * 200}笔 " in page or f"<span>第{part * 200}笔" in page
        upto = page.split('name="upto" value="')[1].split('"')[0]
        client.post(f"/duty/handovers/{sheet.pk}", {"do": "read", "upto": upto})
    assert "又增加了" not in bars(sheet) and "还没有阅读" not in bars(sheet)
