"""What must hold when there is much of it, when it is refused, and when one of many is spoilt."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from shouwen.kernel.access import SYSTEM
from shouwen.kernel.journal import bookkeeping
from shouwen.kernel.refusals import Refused
from shouwen.portal import actions as portal
from shouwen.portal import chores, progress
from shouwen.portal.models import Message, TicketLink
from shouwen.procedures import actions, adoption, attachments, store
from shouwen.procedures.calendars import local
from shouwen.procedures.models import Attachment, Ticket

from .test_public import BOX
from .test_residents import PNG, WANG, dispatched, finish_all, finish_one, leak, page, suggestion, worked


class Unread:
    """A file whose content nobody may ask for."""

    name = "a.png"

    def __init__(self, size):
        self.size = size

    def read(self):
        raise AssertionError("read")


@pytest.fixture
def wang(resident):
    return resident(WANG)


@pytest.mark.parametrize("photos,said", [
    ([b"\x89PNG\r\n\x1a\n" + b"\0" * 200], "照片太大"), ([PNG] * 7, "一次最多 6 张照片"),
])  # fmt: skip
def test_too_large_or_too_many_are_refused_before_they_are_read(photos, said, wang, door, monkeypatch):
    monkeypatch.setattr(attachments, "LARGEST", 100)
    with pytest.raises(Refused, match=said):
        portal.photos_of([Unread(len(content)) for content in photos])
    files = [SimpleUploadedFile(f"{n}.png", content, "image/png") for n, content in enumerate(photos)]
    form = {"unit": "3-1-1201", "caller": "王秀英", "place": "厨房", "content": "漏水", "fault": "plumbing", "idempotency_key": str(uuid4())}
    response = wang.post(f"/r/p/{door.code}/repair", form | {"photos": files})
    assert response.status_code == 422 and said in page(response) and not Ticket.objects.exists()


def test_a_message_that_cannot_be_worded_holds_up_no_other(wang, door, sent, clock):
    _, first = leak(wang, door, content="第一件")
    _, second = leak(wang, door, content="第二件")
    with bookkeeping("the key of the first number is lost"):
        TicketLink.objects.filter(ticket=first).update(phone_sealed=b"spoilt")
    assert chores.deliver(clock.at) == 2
    states = dict(Message.objects.exclude(event="code").values_list("ticket_id", "state"))
    assert states == {first.pk: "pending", second.pk: "sent"}
    assert "这条短信写不出来" in Message.objects.get(ticket=first).error


def test_of_a_long_story_the_latest_is_shown(wang, door, monkeypatch):
    monkeypatch.setattr(progress, "MOST_EVENTS", 3)
    where, _ = leak(wang, door)
    for n in range(5):
        wang.post(where, {"act": "write", "text": f"第 {n} 句"})
    shown = page(wang.get(where))
    assert "您留言：第 4 句" in shown and "您留言：第 1 句" not in shown
    assert shown.index("第 2 句") < shown.index("第 3 句") < shown.index("第 4 句")


def test_what_the_clock_brings_does_not_push_out_what_was_said(wang, door, monkeypatch, clock):
    monkeypatch.setattr(progress, "MOST_EVENTS", 3)
    where, ticket = leak(wang, door)
    wang.post(where, {"act": "write", "text": "下午在家"})
    for _ in range(5):
        row = store.load(ticket.pk)
        actions.link(SYSTEM, row, to=_other(wang, door), kind="same", at=clock.at)
    assert "您留言：下午在家" in page(wang.get(where))


def _other(wang, door):
    return store.load(leak(wang, door)[1].pk)


def test_nothing_written_is_lost_when_it_is_refused(wang, door, who):
    where, ticket = suggestion(wang, door)
    finish_all(who, ticket)
    assert "还行，就是慢" in page(wang.post(where, {"act": "rate", "stars": "", "words": "还行，就是慢"}))
    where, ticket = leak(wang, door)
    dispatched(who, ticket)
    shown = page(wang.post(where, {"act": "move", "answer": "go_at", "moment": "2026-11-20T10:00", "reason": "下午才回来"}))
    assert 'value="下午才回来"' in shown and 'value="2026-11-20T10:00"' in shown


def test_nor_what_was_filled_in_to_confirm(wang, door, who):
    where, ticket = leak(wang, door)
    worked(who, ticket, "report", "li", **store.load(ticket.pk).state.answers | {"class": "warranty"})
    while store.load(ticket.pk).state.open_tasks[0].step != "warranty_check":
        finish_one(store.load(ticket.pk), contractor_at="finished")
    task = next(task for task in store.load(ticket.pk).state.open_tasks if task.step == "warranty_check")
    refused = wang.post(where, {"act": "confirm", "wanted": f"{ticket.pk}.{task.id}", f"w{task.id}-warranty_result": "fail"})
    shown = page(refused)
    assert refused.status_code == 422 and "checked" in shown.split('value="fail"')[1].split(">")[0], shown


def test_signed_in_one_stays_unnamed_where_the_file_allows_it(world, door, clock, wang):
    adoption.adopt(SYSTEM, None, text=BOX, starts_at=clock.at, at=clock.at)
    shown = page(wang.get(f"/r/p/{door.code}/opinion_box"))
    assert "姓名和电话可以不留" in shown and "王秀英" not in shown
    sent = wang.post(f"/r/p/{door.code}/opinion_box", {"content": "楼道太暗", "idempotency_key": str(uuid4())})
    ticket = Ticket.objects.latest("id")
    assert sent.status_code == 302 and store.load(ticket.pk).state.answers == {"channel": "self", "content": "楼道太暗"}
    assert TicketLink.objects.get(ticket=ticket).phone_digest == "" and not Attachment.objects.filter(ticket=ticket).exists()
    assert "楼道太暗" in page(Client().get(sent["Location"]))


def test_two_things_said_at_once_are_one_message(world, clock, lift, sent):
    said = BOX.replace("    within: 1 workday", "    tells:\n      - {who: requester, text: 第一句}\n      - {who: requester, text: 第二句}\n    within: 1 workday")
    adoption.adopt(SYSTEM, None, text=said, starts_at=clock.at, at=clock.at)
    Client().post(f"/r/p/{lift.code}/opinion_box", {"content": "楼道太暗", "phone": "13900001111", "idempotency_key": str(uuid4())})
    finish_one(store.load(Ticket.objects.latest("id").pk))
    told = [text for _, text in sent() if "第一句" in text]
    assert len(told) == 1 and "第二句" in told[0]


def test_an_appointment_is_moved_within_two_months_and_not_once_it_is_worked_on(wang, door, who, clock, monkeypatch):
    where, ticket = leak(wang, door)
    dispatched(who, ticket)
    far = wang.post(where, {"act": "move", "answer": "go_at", "moment": "2099-01-01T10:00"})
    assert far.status_code == 422 and "60 天以内" in page(far)
    clock.at = local(clock.at).replace(hour=16)  # past the time agreed, and nobody has come: another time may be asked for
    assert "改约时间" in page(wang.get(where)) and wang.post(where, {"act": "move", "answer": "go_at", "moment": "2026-11-23T18:30"}).status_code == 302
    monkeypatch.setattr(progress, "state_of", lambda *_: "working")
    assert "改约时间" in page(wang.get(where))  # a next visit, still to come
    clock.at = local(clock.at).replace(hour=20)
    shown = page(wang.get(where))
    assert "正在处理" in shown and "改约时间" not in shown and "18:30" in shown
    late = wang.post(where, {"act": "move", "answer": "go_at", "moment": "2026-11-24T10:00"})
    assert late.status_code == 422 and store.load(ticket.pk).state.answers["go_at"] == "2026-11-23 18:30"
