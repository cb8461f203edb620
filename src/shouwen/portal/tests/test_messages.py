"""What residents are told: which events, which words, quiet hours, retries, and what the manager sees."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from shouwen.kernel.access import SYSTEM
from shouwen.kernel.models import Entry
from shouwen.portal import actions as portal
from shouwen.portal import sms
from shouwen.portal.models import Message
from shouwen.portal.words import waking
from shouwen.procedures import actions, store
from shouwen.procedures.calendars import local

from .test_residents import PNG, WANG, dispatched, finish_all, finish_one, leak, page, suggestion, worked


@pytest.fixture
def repair(world, who, clock):
    return actions.file_ticket(who("li"), world.liyuan, procedure="repair", at=clock.at, answers={
        "channel": "phone", "unit": "3-1-1201", "caller": "王秀英", "phone": WANG, "place": "厨房", "content": "水龙头滴水",
        "fault": "plumbing", "class": "daily",
    })  # fmt: skip


def texts(sent):
    return [text for phone, text in sent() if phone == WANG and "验证码" not in text]


def test_filed_by_the_desk_the_resident_gets_a_link_that_works(repair, sent, client):
    (text,) = texts(sent)
    assert text.startswith("【荔园服务中心】您反映的事项（报修，BX-") and "王秀英" not in text and "李静" not in text
    link = text.rpartition("：")[2]
    assert "水龙头滴水" in page(client.get("/r/t/" + link.rpartition("/")[2]))


def test_dispatched_moved_and_done_are_told_in_plain_words(resident, door, who, sent, clock):
    wang = resident(WANG)
    where, ticket = leak(wang, door)
    dispatched(who, ticket)
    assert "已安排王师傅（维修工）处理，上门时间 2026-11-23 15:00" in texts(sent)[-1]
    actions.amend(who("li"), store.load(ticket.pk), answers={"go_at": "2026-11-23 16:00"}, reason="堵车", at=clock.at)
    assert "改期了，上门时间 2026-11-23 16:00" in texts(sent)[-1]
    before = len(texts(sent))
    wang.post(where, {"act": "move", "answer": "go_at", "moment": "2026-11-23T17:00"})
    assert len(texts(sent)) == before  # who moved it knows it
    other, second = suggestion(wang, door)
    finish_all(who, second)
    assert "已经办完，请您评价" in texts(sent)[-1] and other.rpartition("/")[2] in texts(sent)[-1]


@pytest.mark.parametrize("hour,then", [(7, 8), (8, 8), (21, 21), (22, 8), (23, 8), (3, 8)])
def test_quiet_hours(hour, then, clock):
    at = local(clock.at).replace(hour=hour, minute=30 if hour in (21, 22, 23) else 0)
    shown = local(waking(at))
    assert shown.hour == then and timedelta(0) <= shown - at < timedelta(hours=10, minutes=1)


def test_at_night_only_emergencies_leave(world, who, clock, sent):
    clock.at = local(clock.at).replace(hour=23)
    answers = {"channel": "phone", "unit": "3-1-1201", "caller": "王秀英", "phone": WANG, "place": "厨房", "content": "滴水", "fault": "plumbing"}
    actions.file_ticket(who("li"), world.liyuan, procedure="repair", at=clock.at, answers=answers | {"class": "daily"})
    assert texts(sent) == []
    actions.file_ticket(who("li"), world.liyuan, procedure="repair", at=clock.at, answers=answers | {"class": "urgent"})
    assert len(texts(sent)) == 1
    clock.at += timedelta(hours=9, minutes=1)
    assert len(texts(sent)) == 2


def test_a_gateway_that_fails_is_tried_again_and_given_up_aloud(repair, clock, monkeypatch, as_, caplog):
    from shouwen.portal import chores

    class Broken:
        def send(self, phone, text, key):
            raise OSError(f"no route to {phone} {text}")

    monkeypatch.setitem(sms.PROVIDERS, "console", Broken)
    with caplog.at_level(logging.DEBUG):
        for _ in range(12):
            chores.deliver(clock.at)
            clock.at += timedelta(hours=1, minutes=1)
    message = Message.objects.get()
    assert (message.state, message.attempts, message.next_at) == ("failed", 8, None)
    assert WANG not in caplog.text and WANG not in message.error and "OSError" in message.error
    assert "已放弃" in Entry.objects.filter(code="message.given_up").get().text
    chen = as_("chen")
    assert "已放弃" in page(chen.get("/r/messages")) and WANG not in page(chen.get("/r/messages"))
    assert as_("lu").post(f"/r/messages/{message.pk}/again").status_code == 404
    assert chen.post(f"/r/messages/{message.pk}/again").status_code == 302
    assert Message.objects.get().state == "pending"


def test_a_lost_lease_is_taken_up_and_a_sent_message_is_not_sent_again(repair, sent, clock):
    assert len(texts(sent)) == 1
    clock.at += timedelta(hours=2)
    assert len(texts(sent)) == 1 and Message.objects.get().state == "sent"


def test_who_left_no_number_is_not_written_to(world, who, clock, sent):
    actions.file_ticket(who("li"), world.liyuan, procedure="consultation", at=clock.at, answers={
        "mode": "oral", "caller": "王秀英", "content": "几点关门", "confidential": "no", "at_once": "yes", "reply": "十点", "satisfied": "yes",
    })  # fmt: skip
    sent()
    assert {m.state for m in Message.objects.all()} == {"dropped"} and "没有住户的手机号" in Message.objects.first().error


def test_while_messages_are_off_nothing_is_queued(settings, world, who, clock, repair):
    Message.objects.all()
    settings.SHOUWEN = settings.SHOUWEN | {"SMS": "off"}
    before = Message.objects.count()
    actions.urge(who("li"), store.load(repair.id), reason="", at=clock.at)
    actions.withdraw(who("lin"), store.load(repair.id), reason="重复", at=clock.at)
    assert Message.objects.count() == before


def test_a_party_is_told_at_the_number_registered(world, clock, sent, as_):
    chen = as_("chen")
    assert chen.post("/r/messages/contact", {"party": "developer", "title": "荔园地产", "phone": "13700000088"}).status_code == 302
    from shouwen.kernel.journal import bookkeeping

    with bookkeeping("a message"):
        Message.objects.create(
            key="x", community_id=world.liyuan.pk, party="developer", event="told", facts='{"text": "墙体开裂，请来看"}', at=clock.at, next_at=clock.at
        )
    assert sent() == [("13700000088", "【荔园服务中心】墙体开裂，请来看")]
    assert "137****0088" in page(chen.get("/r/messages")) and "13700000088" not in page(chen.get("/r/messages"))


def test_the_gateway_is_called_with_the_secret_in_its_header_only(settings, monkeypatch):
    seen = {}

    class Opened:
        status = 202

        def __enter__(self):
            return self

        def __exit__(self, *args):
            return None

    def opener(handler):
        class It:
            def open(self, request, timeout):
                seen.update(url=request.full_url, body=request.data.decode(), auth=request.get_header("Authorization"), timeout=timeout)
                return Opened()

        return It()

    monkeypatch.setattr(sms, "build_opener", opener)
    settings.SHOUWEN = settings.SHOUWEN | {"SMS": "http", "SMS_URL": "https://sms.example/send", "SMS_TOKEN": "s3cret"}
    provider = sms.provider()
    provider.send(WANG, "您好", "k1")
    assert seen["auth"] == "Bearer s3cret" and "s3cret" not in seen["body"] + seen["url"] and WANG in seen["body"]
    settings.SHOUWEN = settings.SHOUWEN | {"SMS_URL": "http://sms.example/send"}
    with pytest.raises(sms.NotSent, match="https"):
        provider.send(WANG, "您好", "k1")


def test_sheets_have_twelve_codes_each(world, clock, as_):
    portal.make_codes(SYSTEM, world.liyuan, places=[f"大堂 {n}" for n in range(14)], kind="public", at=clock.at)
    shown = page(as_("chen").get("/r/codes/sheet"))
    assert shown.count('class="p-sheet"') == 2 and shown.count("data:image/svg+xml") == 14
    assert shown.split('class="p-sheet"')[1].count("<figure") == 12


def test_a_broken_promise_is_told_once_with_the_new_time(resident, door, who, sent, clock):
    """Late at the door: silence until somebody has said a new time, then one message with it, none at night."""
    wang = resident(WANG)
    where, ticket = leak(wang, door)
    dispatched(who, ticket)
    before = len(texts(sent))
    clock.at += timedelta(minutes=21)
    actions.pass_time(SYSTEM, store.load(ticket.pk), at=clock.at)
    assert len(texts(sent)) == before  # late, and nothing to promise yet
    answers = {"explained_at": "2026-11-23 09:40", "late_reason": "配件在路上", "expected_done": "2026-11-23 11:30"}
    worked(who, ticket, "explain_late", "li", **answers)
    (text,) = texts(sent)[before:]
    assert "没能按说好的时间" in text and "新的时间是今天 11:30前" in text and where.rpartition("/")[2] in text
    assert not any(word in text for word in ("配件", "王强", "李静", "超时", "到场", "D2.58", "王秀英"))
    actions.note(who("li"), store.load(ticket.pk), text="已催工程部", at=clock.at)
    assert len(texts(sent)) == before + 1


def test_in_the_morning_nothing_is_told_that_is_no_longer_so(resident, door, who, sent, clock):
    """What waits for eight o'clock is looked at again then: dispatched at night and withdrawn at night is told as withdrawn alone."""
    wang = resident(WANG)
    clock.at = local(clock.at).replace(hour=23)
    _, ticket = leak(wang, door)
    dispatched(who, ticket)
    actions.withdraw(SYSTEM, store.load(ticket.pk), reason="重复", at=clock.at)
    before = len(texts(sent))
    clock.at += timedelta(hours=9, minutes=1)
    fresh = texts(sent)[before:]
    assert any("已撤销" in text for text in fresh) and not any("已安排" in text for text in fresh)
    assert Message.objects.get(event="assigned").error == "已经办结或撤销，不必再发"


def test_who_has_confirmed_is_not_asked_to(resident, door, who, sent, clock):
    wang = resident(WANG)
    where, ticket = leak(wang, door)
    worked(who, ticket, "report", "li", **store.load(ticket.pk).state.answers | {"class": "warranty"})
    clock.at = local(clock.at).replace(hour=23)
    while store.load(ticket.pk).state.open_tasks[0].step != "warranty_check":
        finish_one(store.load(ticket.pk), contractor_at="finished")
    asked = Message.objects.filter(event="asked").latest("pk")
    for step, answers in (("warranty_check", {"warranty_result": "pass"}), ("warranty_sign", {})):
        task = next(task for task in store.load(ticket.pk).state.open_tasks if task.step == step)
        form = {"act": "confirm", "wanted": f"{ticket.pk}.{task.id}"} | {f"w{task.id}-{name}": value for name, value in answers.items()}
        assert wang.post(where, form | {"signature": SimpleUploadedFile("签名.png", PNG)}).status_code == 302
    clock.at += timedelta(hours=9, minutes=1)
    assert not any("需要您确认" in text for text in texts(sent))
    asked.refresh_from_db()
    assert asked.error in ("已经确认，不必再发", "已经办结或撤销，不必再发")
