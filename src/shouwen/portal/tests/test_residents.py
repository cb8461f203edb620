"""The resident's way: a code on the door, a form in their words, progress, urging, confirming, rating, asking again."""

from __future__ import annotations

import re
from datetime import timedelta
from random import Random
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from shouwen.config.demo.answers import Writer
from shouwen.kernel.access import SYSTEM
from shouwen.kernel.journal import now
from shouwen.kernel.models import Entry
from shouwen.notices.models import Notice
from shouwen.org import queries as org
from shouwen.portal.actions import link_for
from shouwen.portal.models import Rating, TicketLink
from shouwen.procedures import actions, store
from shouwen.procedures.editions import procedure_of
from shouwen.procedures.models import Attachment, Event, Ticket

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
WANG, LI = "13800000001", "13800000002"
LEAK = {"caller": "王秀英", "place": "厨房", "content": "水管接头漏水", "fault": "plumbing", "unit": "3-1-1201"}


def page(response):
    return response.content.decode()


def leak(client, code, **more):
    """Send the form; returns (address of the link, ticket)."""
    response = client.post(f"/r/p/{code.code}/repair", LEAK | more | {"idempotency_key": str(uuid4())})
    assert response.status_code == 302, page(response)
    return response["Location"], Ticket.objects.order_by("-id").first()


@pytest.fixture
def wang(resident):
    return resident(WANG)


def test_a_code_shows_where_one_is_and_what_one_may_bring(lift):
    shown = page(Client().get(f"/r/p/{lift.code}"))
    assert "3栋1单元 1号电梯" in shown and all(word in shown for word in ("报修", "投诉", "咨询", "建议", "预约", "求助"))
    assert "0755-26000000" in shown and "李静" not in shown


def test_the_form_asks_only_what_is_for_residents_and_in_their_words(lift):
    shown = page(Client().get(f"/r/p/{lift.code}/repair"))
    assert "哪里坏了" in shown and "怎么称呼您" in shown and "故障情况" not in shown
    assert 'name="class"' not in shown and 'name="channel"' not in shown
    assert 'value="3栋1单元 1号电梯"' in shown  # where one stands is written already


def test_a_home_is_reported_by_who_lives_there(wang, door, world, clock):
    photo = SimpleUploadedFile("leak.png", PNG, "image/png")
    where, ticket = leak(wang, door, photos=[photo])
    li = org.user_id_of("li")
    assert re.fullmatch(r"/r/t/[a-z2-7]{24}", where)
    assert (ticket.place, ticket.first_asked_id, ticket.first_asked, ticket.tracker_id) == ("3-1-1201", li, "李静", li)
    state = store.load(ticket.pk).state
    assert state.answers["channel"] == "self" and state.answers["caller"] == "王**" and state.answers["phone"] == "138****0001"
    assert state.open_tasks[0].step == "report"  # what only the desk knows is left to the desk
    assert Notice.objects.filter(user_id=li, why="opened", about__startswith=f"ticket:{ticket.pk}").count() == 1
    assert Attachment.objects.get(ticket=ticket).by_name == "住户 王**（自助）"
    lines = Entry.objects.filter(subject=f"procedures.ticket:{ticket.pk}")
    assert {line.channel for line in lines} == {"resident"} and any("（住户自助提交）" in line.text for line in lines)
    shown = page(wang.get(where))
    assert "已收到" in shown and "水管接头漏水" in shown and f"{where}/photo/" in shown
    assert wang.get(re.search(rf"{where}/photo/[\w-]+", shown)[0]).content == PNG


def test_what_cannot_wait_goes_on_at_once(wang, door):
    _, ticket = leak(wang, door, fault="burst_pipe", content="水管爆了")
    state = store.load(ticket.pk).state
    assert state.answers["class"] == "urgent" and [task.step for task in state.open_tasks] == ["sign"]
    told = Notice.objects.filter(about__startswith=f"ticket:{ticket.pk}", user_id=org.user_id_of("li"))
    assert told.filter(why="told").exists()  # the desk knows of it at once all the same


def test_a_complaint_is_whole_and_the_desk_goes_on(wang, door):
    form = {"unit": "3-1-1201", "caller": "王秀英", "content": "楼上半夜装修", "idempotency_key": str(uuid4())}
    assert wang.post(f"/r/p/{door.code}/complaint", form).status_code == 302
    state = store.load(Ticket.objects.latest("id").pk).state
    assert state.answers["channel"] == "online" and [task.step for task in state.open_tasks] == ["classify"]


@pytest.mark.parametrize("slug,form", [
    ("consultation", {"content": "电梯卡怎么补办"}), ("suggestion", {"content": "多放两个快递柜"}), ("special_service", {"content": "擦窗"}),
    ("appointment", {"content": "周六装灯", "need": "engineering"}), ("help_request", {"content": "搬不动", "spot": "单元门口"}),
])
def test_everything_residents_may_bring_is_taken(slug, form, wang, door):
    response = wang.post(f"/r/p/{door.code}/{slug}", form | {"unit": "3-1-1201", "caller": "王秀英", "idempotency_key": str(uuid4())})
    assert response.status_code == 302, page(response)
    assert Ticket.objects.latest("id").procedure == slug
    assert page(wang.get(response["Location"])).count("已收到") >= 1


def test_what_is_missing_is_said_beside_its_field_in_the_same_words(wang, door):
    response = wang.post(f"/r/p/{door.code}/repair", {"unit": "3-1-1201", "idempotency_key": str(uuid4())})
    assert response.status_code == 422 and "请填写「什么情况」" in page(response) and "请填写「哪里坏了」" in page(response)
    assert not Ticket.objects.exists()


def test_only_pictures_are_taken(wang, door):
    bad = SimpleUploadedFile("x.png", b"<html>", "image/png")
    response = wang.post(f"/r/p/{door.code}/repair", LEAK | {"photos": [bad], "idempotency_key": str(uuid4())})
    assert response.status_code == 422 and not Ticket.objects.exists()


def test_sent_twice_it_is_one(wang, door):
    form = LEAK | {"idempotency_key": str(uuid4())}
    first = wang.post(f"/r/p/{door.code}/repair", form)
    again = wang.post(f"/r/p/{door.code}/repair", form)
    assert first["Location"] == again["Location"] and Ticket.objects.count() == 1


def test_at_a_public_place_nobody_needs_to_sign_in_and_a_room_said_is_not_believed(lift):
    stranger = Client()
    where, ticket = leak(stranger, lift, phone="13900001111", caller="过路人", unit="3-1-1202", place="电梯")
    assert (ticket.unit_id, ticket.place) == (None, "电梯")
    assert "您提交了这件事" in page(stranger.get(where)) and "您留言" not in page(stranger.get(where))  # what the program notes, she has not said
    note = Event.objects.get(ticket=ticket, kind="noted")
    assert "3栋1单元 1号电梯" in note.text and "自述房号：3-1-1202（未核实）" in note.text


def test_urging_reaches_the_holder_and_cools_down(wang, door, clock):
    where, ticket = leak(wang, door)
    assert "已经替您催办" in page(wang.post(where, {"act": "urge"}, follow=True))
    assert Notice.objects.filter(about__startswith=f"ticket:{ticket.pk}", why="urged").exists()
    assert "住户 王**（自助） 催单" in Event.objects.get(ticket=ticket, kind="urged").text
    again = wang.post(where, {"act": "urge"})
    assert again.status_code == 422 and "刚催过" in page(again)
    assert "以后可以再催" in page(wang.get(where))
    clock.at += timedelta(minutes=11)
    assert wang.post(where, {"act": "urge"}).status_code == 302


def worked(who, ticket, step, username, **answers):
    row = store.load(ticket.pk)
    task = next(task for task in row.state.open_tasks if task.step == step)
    evidence = answers.pop("evidence", None)
    actions.finish(who(username), row, task=task.id, answers=answers, evidence=evidence, at=now())


def dispatched(who, ticket):
    """As far as a fitter on the way, with a time agreed."""
    worked(who, ticket, "report", "li", **store.load(ticket.pk).state.answers | {"class": "daily"})
    worked(who, ticket, "sign", "wang", signed_for="签", can_go="now")
    worked(
        who, ticket, "dispatch", "wu", technician="wang", skill="water", go_at="2026-11-23 15:00", notice="WX-1"
    )


def test_progress_names_no_step_and_no_colleague_in_full(wang, door, who):
    where, ticket = leak(wang, door)
    dispatched(who, ticket)
    shown = page(wang.get(where))
    assert "已派人" in shown and "王师傅（维修工）" in shown and "2026-11-23 15:00" in shown
    assert not any(word in shown for word in ("王强", "李静", "吴刚", "签字领单", "派工、告知", "D2.58", "138****", "王秀英"))


def test_the_appointment_is_moved(wang, door, who):
    where, ticket = leak(wang, door)
    dispatched(who, ticket)
    past = wang.post(where, {"act": "move", "answer": "go_at", "moment": "2026-11-20T10:00"})
    assert past.status_code == 422 and "以后的时间" in page(past)
    assert wang.post(where, {"act": "move", "answer": "go_at", "moment": "2026-11-23T17:30"}).status_code == 302
    assert store.load(ticket.pk).state.answers["go_at"] == "2026-11-23 17:30"
    assert "您提出改约：上门时间 2026-11-23 17:30" in page(wang.get(where))
    for name in ("technician", "class", "content", "no_such"):
        assert wang.post(where, {"act": "move", "answer": name, "moment": "2026-11-23T18:30"}).status_code == 422


def suggestion(client, door):
    form = {"unit": "3-1-1201", "caller": "王秀英", "content": "多放两个快递柜", "idempotency_key": str(uuid4())}
    return client.post(f"/r/p/{door.code}/suggestion", form)["Location"], Ticket.objects.latest("id")


def test_a_message_reaches_the_desk_with_its_picture(wang, door):
    where, ticket = leak(wang, door)
    sent = wang.post(where, {"act": "write", "text": "下午家里有人", "photos": SimpleUploadedFile("a.png", PNG)})
    assert sent.status_code == 302
    assert Event.objects.filter(ticket=ticket, kind="noted", text__contains="下午家里有人").exists()
    assert "您留言：下午家里有人" in page(wang.get(where)) and Attachment.objects.filter(ticket=ticket).count() == 1


def test_done_rated_and_asked_again(wang, door, who, clock):
    where, ticket = suggestion(wang, door)
    assert "act\" value=\"rate" not in page(wang.get(where)) and wang.post(where, {"act": "rate", "stars": "5"}).status_code == 422
    finish_all(who, ticket)
    assert Ticket.objects.get(pk=ticket.pk).status == "closed"
    shown = page(wang.get(where))
    assert "已办结" in shown and "您满意吗" in shown and "要求重新办理" in shown
    assert wang.post(where, {"act": "rate", "stars": "2", "words": "没装"}).status_code == 302
    assert Rating.objects.get(ticket=ticket).stars == 2
    assert wang.post(where, {"act": "rate", "stars": "5"}).status_code == 422
    assert "住户评价：2 分。没装" in Event.objects.filter(ticket=ticket, kind="noted").latest("seq").text
    assert wang.post(where, {"act": "reopen", "reason": ""}).status_code == 422
    assert wang.post(where, {"act": "reopen", "reason": "还是没有柜子"}).status_code == 302
    assert Ticket.objects.get(pk=ticket.pk).status == "open" and "您要求重新办理：还是没有柜子" in page(wang.get(where))
    finish_all(who, ticket)
    assert wang.post(where, {"act": "rate", "stars": "5"}).status_code == 302  # once for each time it was closed


def finish_all(who, ticket):
    """Whatever is open, done by whom it lies with."""
    for _ in range(12):
        row = store.load(ticket.pk)
        if row.state.closed_at:
            return
        finish_one(row)
    raise AssertionError("not closed")


def test_what_waits_for_the_resident_is_confirmed_and_signed(wang, door, who):
    where, ticket = leak(wang, door)
    worked(who, ticket, "report", "li", **store.load(ticket.pk).state.answers | {"class": "warranty"})
    while store.load(ticket.pk).state.open_tasks[0].step != "warranty_check":
        finish_one(store.load(ticket.pk), contractor_at="finished")
    assert [task.step for task in store.load(ticket.pk).state.open_tasks] == ["warranty_check"]
    shown = page(wang.get(where))
    assert "等您确认" in shown and "修得合格吗" in shown
    task = next(task for task in store.load(ticket.pk).state.open_tasks if task.step == "warranty_check")
    assert wang.post(where, {"act": "confirm", "wanted": f"{ticket.pk}.{task.id}"}).status_code == 422
    done = wang.post(where, {"act": "confirm", "wanted": f"{ticket.pk}.{task.id}", f"w{task.id}-warranty_result": "pass"})
    assert done.status_code == 302, page(done)
    task = next(task for task in store.load(ticket.pk).state.open_tasks if task.step == "warranty_sign")
    assert wang.post(where, {"act": "confirm", "wanted": f"{ticket.pk}.{task.id}"}).status_code == 422  # no signature yet
    signed = {"act": "confirm", "wanted": f"{ticket.pk}.{task.id}", "signature": SimpleUploadedFile("签名.png", PNG)}
    assert wang.post(where, signed).status_code == 302
    after = store.load(ticket.pk).state
    assert next(t for t in after.tasks if t.step == "warranty_sign").done_by == "住户"
    again = wang.post(where, {"act": "confirm", "wanted": f"{ticket.pk}.{task.id}", "signature": SimpleUploadedFile("签名.png", PNG)})
    assert again.status_code == 422


def finish_one(row, **answers):
    task, rules = row.state.open_tasks[0], procedure_of(row.edition_id)
    writer = Writer(Random(1), now(), unit=row.place, name="", colleague=str(org.user_id_of("li")))
    given = writer.answers(rules, task.step, row.state.answers)
    given |= {name: value for name, value in answers.items() if name in given}
    actions.finish(SYSTEM, row, task=task.id, answers=given, evidence=writer.evidence(rules, task.step), at=now())


def test_a_task_of_the_staff_is_never_theirs(wang, door):
    where, ticket = leak(wang, door)
    task = store.load(ticket.pk).state.open_tasks[0]
    refused = wang.post(where, {"act": "confirm", "wanted": f"{ticket.pk}.{task.id}", f"w{task.id}-class": "daily"})
    assert refused.status_code == 422 and store.load(ticket.pk).state.open_tasks[0].id == task.id


def test_my_matters_and_what_they_cost(wang, door):
    for n in range(3):
        leak(wang, door, content=f"漏水 {n}")
    wang.get("/r/")
    with CaptureQueriesContext(connection) as few:
        shown = page(wang.get("/r/"))
    assert "漏水 2" in shown and "138****0001" in shown and "王秀英" not in shown
    for n in range(3, 9):
        leak(wang, door, content=f"漏水 {n}")
    with CaptureQueriesContext(connection) as many:
        wang.get("/r/")
    assert len(many) == len(few) <= 8


def test_the_page_of_a_matter_costs_the_same_whatever_its_age(wang, door, who, clock):
    where, _ticket = leak(wang, door)
    wang.get(where)
    with CaptureQueriesContext(connection) as young:
        wang.get(where)
    for n in range(6):
        wang.post(where, {"act": "write", "text": f"第 {n} 句"})
    with CaptureQueriesContext(connection) as old:
        wang.get(where)
    assert len(old) == len(young) <= 14


def test_the_staff_see_that_it_came_by_self_service(wang, door, as_):
    where, ticket = leak(wang, door)
    wang.post(where, {"act": "urge", "reason": "水越来越大"})
    shown = page(as_("li").get(f"/tickets/{ticket.pk}"))
    assert "住户 王**（自助）" in shown and "水越来越大" in shown and "王秀英" not in shown


def test_large_letters_are_remembered(lift):
    client = Client()
    assert "portal-large" not in page(client.get(f"/r/p/{lift.code}"))
    client.post("/r/size", {"next": "/r/"})
    assert "portal-large" in page(client.get(f"/r/p/{lift.code}"))


def test_a_link_is_made_once(wang, door, clock):
    where, ticket = leak(wang, door)
    assert where == f"/r/t/{link_for(store.load(ticket.pk), clock.at)}" and TicketLink.objects.count() == 1
