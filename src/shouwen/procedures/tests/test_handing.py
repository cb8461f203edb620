"""Tickets at the hand-over of a shift: listed, passed whole or not at all, with everything else as it was."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shouwen.config import wiring as wiring
from shouwen.config.demo import duty as demo
from shouwen.duty import actions as duty
from shouwen.duty import queries
from shouwen.duty.models import Handover, HandoverLine, Signature
from shouwen.kernel.refusals import Refused
from shouwen.procedures import actions, handing, store
from shouwen.procedures.models import Clock, Task, Ticket

from .conftest import MONDAY

COMPLAINT = {"channel": "phone", "unit": "3-1-1201", "caller": "王秀英", "phone": "13800000001", "content": "楼道灯三天未修"}
LATE = MONDAY.replace(hour=15, minute=45)


@pytest.fixture
def rows(world, who):
    return [actions.file_ticket(who("li"), world.liyuan, procedure="complaint", answers=COMPLAINT, at=LATE) for _ in range(3)]


def signed_by_giver(world, who, at=LATE) -> Handover:
    li = who("li")
    sheet = duty.open_handover(li, world.liyuan, post="receptionist", at=at)
    duty.arrive(li, sheet, at=at)
    lines = {line.pk: demo.filled(line) for line in HandoverLine.objects.filter(handover=sheet)}
    duty.fill(li, sheet, lines=lines, special="等工程回话", at=at)
    duty.explain(li, sheet, at=at)
    last = queries.shift_lines(sheet).order_by("-pk").values_list("pk", flat=True).first() or 0
    duty.read_log(who("he"), sheet, upto=last, at=at)
    duty.sign(li, sheet, at=at)
    return sheet


@pytest.mark.shows("A5.12", "A5.13", "D2.43", "E22.12", "D12.29")
def test_tickets_change_their_tracker_and_nothing_else(world, who, rows):
    li, he = who("li"), who("he")
    before = list(Clock.objects.order_by("ticket_id", "number").values_list("ticket_id", "rule", "due_at", "wake_at", "rung", "stopped_at"))
    steps = list(Task.objects.filter(done_at=None).order_by("ticket_id", "number").values_list("ticket_id", "step", "role", "due_at"))
    actions.withdraw(who("lin"), store.load(rows[2].id), reason="重复登记", at=LATE)
    sheet = signed_by_giver(world, who)
    assert set(Ticket.objects.filter(status="open").values_list("tracker_id", flat=True)) == {li.id}
    duty.accept(he, sheet, at=LATE)
    found = {row.pk: (row.tracker_id, row.first_asked_id) for row in Ticket.objects.all()}
    assert found == {rows[0].id: (he.id, li.id), rows[1].id: (he.id, li.id), rows[2].id: (li.id, li.id)}
    kept = [rows[0].id, rows[1].id]
    after = Clock.objects.filter(ticket_id__in=kept).order_by("ticket_id", "number")
    assert list(after.values_list("ticket_id", "rule", "due_at", "wake_at", "rung", "stopped_at")) == [one for one in before if one[0] in kept]
    now_open = Task.objects.filter(done_at=None, ticket_id__in=kept).order_by("ticket_id", "number")
    assert list(now_open.values_list("ticket_id", "step", "role", "due_at")) == [one for one in steps if one[0] in kept]
    mine = handing.open_items(world.liyuan.pk, (he.id,), LATE)
    assert {item.number for item in mine} == {rows[0].number, rows[1].number}


@pytest.mark.shows("D2.04")
def test_what_leaders_gave_somebody_to_do_is_finished_or_passes_on_with_the_shift(world, who, rows, as_):
    li, he = who("li"), who("he")
    given = [
        actions.file_ticket(who(name), world.liyuan, procedure="assigned_work", at=LATE, answers={
            "assigned_to": str(li.id), "content": f"{name}交办的事", "finish_on": "2026-11-24",
        }) for name in ("lin", "chen", "chen")
    ]  # fmt: skip
    assert all(f"{name}交办的事" in as_("li").get("/mine").content.decode() for name in ("lin", "chen"))
    actions.finish(li, store.load(given[2].id), task=2, answers={"outcome": "办好了"}, at=LATE)
    listed = {item.number for item in handing.open_items(world.liyuan.pk, (li.id,), LATE)}
    assert {given[0].number, given[1].number} <= listed and given[2].number not in listed
    duty.accept(he, signed_by_giver(world, who), at=LATE)
    for row, leader in zip(given[:2], ("lin", "chen"), strict=True):
        state = store.load(row.id).state
        assert [task.holder for task in state.open_tasks] == [he.ref] and state.tracker == who(leader).ref
    assert not handing.open_items(world.liyuan.pk, (li.id,), LATE)


def test_it_is_whole_or_it_is_not(world, who, rows, monkeypatch):
    """Whatever fails on the way, no ticket has passed, nobody has signed, the giver still has the post."""
    sheet, real, calls = signed_by_giver(world, who), actions.hand, []

    def breaks(actor, row, /, **more):
        calls.append(row.number)
        if len(calls) == 2:
            raise Refused("半路出错")
        return real(actor, row, **more)

    monkeypatch.setattr(actions, "hand", breaks)
    with pytest.raises(Refused, match="半路出错"):
        duty.accept(who("he"), sheet, at=LATE)
    assert len(calls) == 2 and set(Ticket.objects.values_list("tracker_id", flat=True)) == {who("li").id}
    assert Handover.objects.get(pk=sheet.pk).state == "signed" and not Signature.objects.filter(side="receiver").exists()
    monkeypatch.undo()
    duty.accept(who("he"), sheet, at=LATE + timedelta(minutes=1))
    assert set(Ticket.objects.values_list("tracker_id", flat=True)) == {who("he").id}


@pytest.mark.shows("D5.06")
def test_what_weighs_how_much(world, who):
    li = who("li")
    for grade in ("ordinary", "difficult", "major"):
        actions.file_ticket(li, world.liyuan, procedure="problem", answers={"content": "测试", "place": "大堂", "class": grade}, at=LATE)
    found = handing.open_items(world.liyuan.pk, (li.id,), LATE)
    assert sorted(item.weight for item in found) == ["important", "major", "ordinary"]


@pytest.mark.shows("D13.21", "D13.22", "D13.23", "D13.27")
def test_what_came_in_by_night_is_the_desks_in_the_morning(world, who):
    """Complaint and request filed in the control room stand on the morning's sheet, and in the desk's queue once it is signed."""
    night = MONDAY.replace(hour=2)
    guard, desk = who("yin"), who("li")
    complaint = actions.file_ticket(guard, world.liyuan, procedure="complaint", answers=COMPLAINT, at=night)
    wish = actions.file_ticket(guard, world.liyuan, procedure="problem", answers={"content": "要借平板车", "class": "ordinary"}, at=night)
    sheet = duty.open_handover(guard, world.liyuan, post="control-room", to_post="receptionist", at=MONDAY.replace(hour=7, minute=45))
    assert (sheet.giver_name, sheet.receiver_name) == (guard.name, desk.name)  # who records is named
    assert set(sheet.lines.filter(kind="work").values_list("number", flat=True)) == {complaint.number, wish.number}
    at = MONDAY.replace(hour=7, minute=55)
    duty.arrive(guard, sheet, at=at)
    duty.fill(guard, sheet, lines={line.pk: demo.filled(line) for line in HandoverLine.objects.filter(handover=sheet)}, at=at)
    duty.explain(guard, sheet, at=at)
    last = queries.shift_lines(sheet).order_by("-pk").values_list("pk", flat=True).first() or 0
    duty.read_log(desk, sheet, upto=last, at=at)
    with pytest.raises(Refused, match=f"「{wish.number}」没有写明客户或地点"):
        duty.sign(guard, sheet, at=at)
    actions.amend(guard, store.load(wish.id), answers={"place": "3-1-1201"}, reason="补写地点", at=at)
    duty.sign(guard, sheet, at=at)
    assert not handing.open_items(world.liyuan.pk, (desk.id,), at)
    duty.accept(desk, sheet, at=at)
    assert {item.number for item in handing.open_items(world.liyuan.pk, (desk.id,), at)} == {complaint.number, wish.number}
    assert not handing.open_items(world.liyuan.pk, (guard.id,), at)
