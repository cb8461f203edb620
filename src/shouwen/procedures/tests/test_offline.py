"""What a phone did without a signal goes through the rules at its own time, once, in order, and never for somebody else."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from shouwen.kernel.access import SYSTEM, Actor
from shouwen.kernel.models import Entry
from shouwen.org import queries as org
from shouwen.procedures import actions, attachments, store
from shouwen.procedures.models import Attachment, Event
from shouwen.procedures.offline import told_moment, told_spot
from shouwen.procedures.pages.worker import IMPORTED, LINKED

from .conftest import MONDAY, Clock

pytestmark = pytest.mark.both

Who = Callable[[str], Actor]
As = Callable[[str], Client]
PIPE = {
    "channel": "phone", "unit": "3-1-1201", "caller": "王秀英", "phone": "13800000001", "place": "卫生间", "content": "水管爆裂",
    "happened_at": "2026-11-23 08:50", "fault": "burst_pipe", "class": "urgent",
}  # fmt: skip


@pytest.fixture
def repair(who: Who, world: Any) -> store.Row:
    """A burst pipe filed at nine; the department has to sign within five minutes."""
    row: store.Row = actions.file_ticket(who("li"), world.liyuan, procedure="repair", answers=PIPE, at=MONDAY)
    return row


def number(row: store.Row, step: str = "sign") -> int:
    return next(t.id for t in store.load(row.id).state.open_tasks if t.step == step)


def send(
    client: Client, row: store.Row, kind: str, at: datetime, key: str, *, user: str = "wang", task: int | None = None, offset: int = 0,
    fields: dict[str, Any] | None = None, text: str = "",
) -> Any:  # fmt: skip
    body = {
        "user": org.user_id_of(user), "ticket": row.id, "task": number(row) if task is None else task, "kind": kind,
        "acted_at": at.isoformat(), "offset": offset, "fields": fields or {}, "text": text,
    }  # fmt: skip
    return client.post("/api/v1/replay", body, content_type="application/json", headers={"Idempotency-Key": key})


def picture(row: store.Row, actor: Actor) -> str:
    kept: Attachment = attachments.attach(actor, row, name="签名.png", content=b"\x89PNG\r\n\x1a\n" + b"0" * 30, at=MONDAY)
    return kept.key


def test_each_thing_keeps_its_own_time_in_the_order_it_was_done(repair: store.Row, as_: As, who: Who, clock: Clock) -> None:
    """Signed at 09:03, told at 09:40, when everybody had been told that it was late: it was in time, and both times are kept."""
    key = picture(repair, who("wang"))
    actions.pass_time(SYSTEM, store.load(repair.id), at=MONDAY + timedelta(minutes=10))
    clock.at = MONDAY + timedelta(minutes=40)
    wang, task = as_("wang"), number(repair)
    fields = {f"t{task}-signed_for": [key], f"t{task}-can_go": ["now"]}
    assert send(wang, repair, "take", MONDAY + timedelta(minutes=2), "k1").json()["said"] == "已接单。"
    done = send(wang, repair, "finish", MONDAY + timedelta(minutes=3), "k2", fields=fields).json()
    assert done["said"] == "已办结「工程部签字领单」。" and datetime.fromisoformat(done["received_at"]) == clock.at
    state = store.load(repair.id).state
    ours = next(t for t in state.tasks if t.id == task)
    assert (ours.taken, ours.done) == (MONDAY + timedelta(minutes=2), MONDAY + timedelta(minutes=3))
    assert next(c for c in state.clocks if c.task == task).verdict == "met"
    events = Event.objects.filter(ticket_id=repair.id, kind__in=["taken", "finished"]).order_by("seq")
    assert [(e.kind, (e.at - MONDAY).seconds // 60, e.received_at) for e in events] == [("taken", 2, clock.at), ("finished", 3, clock.at)]
    line = Entry.objects.filter(code="offline.replayed").latest("id").text
    assert "办结" in line and "11-23 09:03" in line and "送达 11-23 09:40" in line


def test_what_is_sent_twice_counts_once(repair: store.Row, as_: As, clock: Clock) -> None:
    clock.at = MONDAY + timedelta(minutes=4)
    wang = as_("wang")
    first = send(wang, repair, "note", MONDAY + timedelta(minutes=1), "same", text="总阀已关")
    again = send(wang, repair, "note", MONDAY + timedelta(minutes=1), "same", text="总阀已关")
    assert first.status_code == again.status_code == 200 and first.json() == again.json() and again["Idempotent-Replay"] == "true"
    assert Event.objects.filter(ticket_id=repair.id, kind="noted").count() == 1
    assert send(wang, repair, "note", MONDAY, "same", text="另一件事").status_code == 409
    without = wang.post("/api/v1/replay", {"user": org.user_id_of("wang"), "ticket": repair.id, "kind": "note", "acted_at": MONDAY.isoformat(), "text": "x"}, content_type="application/json")
    assert without.status_code == 422 and "请求键" in without.json()["error"]["message"]


@pytest.mark.parametrize(("ago", "offset", "said"), [
    (timedelta(minutes=-10), 0, "手机时间比服务器快"),
    (timedelta(hours=25), 0, "24 小时以前"),
    (timedelta(0), 3600_000, "手机时间比服务器快"),
    (timedelta(days=300), 0, "24 小时以前"),
])  # fmt: skip
def test_only_the_last_day_and_never_the_future(repair: store.Row, as_: As, ago: timedelta, offset: int, said: str) -> None:
    answer = send(as_("wang"), repair, "note", MONDAY - ago, "k", text="x", offset=offset)
    assert answer.status_code == 422 and said in answer.json()["error"]["message"]
    assert not Event.objects.filter(ticket_id=repair.id, kind="noted").exists()


def test_a_wrong_clock_is_put_right_by_its_offset(repair: store.Row, as_: As, clock: Clock) -> None:
    """A phone an hour fast, which knew so when it last heard from us, is dated by our clock; a nonsense moment is refused."""
    clock.at = MONDAY + timedelta(minutes=30)
    said = send(as_("wang"), repair, "note", MONDAY + timedelta(minutes=70), "k", text="到楼下", offset=-3600_000).json()
    assert datetime.fromisoformat(said["happened_at"]) == MONDAY + timedelta(minutes=10)
    assert send(as_("wang"), repair, "note", datetime(9999, 12, 31, 23, 59, tzinfo=MONDAY.tzinfo), "k2", text="x", offset=3600_000).status_code == 422
    assert send(as_("wang"), repair, "note", MONDAY.replace(tzinfo=None), "k3", text="x").status_code == 422


def test_somebody_was_faster(repair: store.Row, as_: As, who: Who, clock: Clock) -> None:
    task = number(repair)
    fields = {f"t{task}-signed_for": [picture(repair, who("wang"))], f"t{task}-can_go": ["now"]}
    actions.take(who("wang"), store.load(repair.id), task=task, at=MONDAY + timedelta(minutes=1))
    actions.finish(who("wu"), store.load(repair.id), task=task, answers={"signed_for": "吴刚", "can_go": "now"}, on_behalf="王强有活", at=MONDAY + timedelta(minutes=2))
    clock.at = MONDAY + timedelta(minutes=10)
    for kind in ("finish", "take", "coming"):
        refused = send(as_("wang"), repair, kind, MONDAY + timedelta(minutes=3), f"k-{kind}", task=task, fields=fields)
        assert refused.status_code == 409 and "已由吴刚于 11-23 09:02 办结" in refused.json()["error"]["message"]
    assert send(as_("wang"), repair, "note", MONDAY + timedelta(minutes=3), "k-note", task=0, text="我当时已签").status_code == 200


def test_what_was_typed_wrong_is_named_by_its_field(repair: store.Row, as_: As, clock: Clock) -> None:
    clock.at = MONDAY + timedelta(minutes=1)
    refused = send(as_("wang"), repair, "finish", MONDAY + timedelta(minutes=1), "k", fields={f"t{number(repair)}-can_go": ["now"]})
    assert refused.status_code == 422 and f"t{number(repair)}-signed_for" in refused.json()["error"]["fields"]
    assert send(as_("wang"), repair, "finish", MONDAY, "k0", task=99).status_code == 404


@pytest.mark.shows("D2.58", "D2.59")
def test_who_comes_after_twenty_minutes_says_why(repair: store.Row, as_: As, who: Who, clock: Clock) -> None:
    """In time nothing is asked; past the twenty minutes the reason is, and it stands on the ticket for whoever has to explain."""
    actions.finish(who("wang"), store.load(repair.id), task=number(repair), answers={"signed_for": "王强", "can_go": "now"}, at=MONDAY)
    task, wang = number(repair, "arrive"), as_("wang")
    fields = {f"t{task}-arrived_at": ["2026-11-23T09:25"]}
    assert "data-late hidden" in wang.get(f"/mine/{repair.id}/{task}").content.decode()
    clock.at = MONDAY + timedelta(minutes=25)
    assert "data-late>" in wang.get(f"/mine/{repair.id}/{task}").content.decode()
    refused = send(wang, repair, "finish", clock.at, "k1", task=task, fields=fields)
    assert refused.status_code == 422 and "late" in refused.json()["error"]["fields"]
    assert send(wang, repair, "finish", clock.at, "k2", task=task, fields=fields, text="上一单还没完").status_code == 200
    assert "没有按时的原因（到场）：上一单还没完" in Event.objects.filter(ticket_id=repair.id, kind="noted").get().text
    clock_ = next(c for c in store.load(repair.id).state.clocks if c.task == task)
    assert (clock_.due, clock_.verdict) == (MONDAY + timedelta(minutes=20), "breached")


def test_another_person_sends_nothing_of_it(repair: store.Row, as_: As, clock: Clock) -> None:
    clock.at = MONDAY + timedelta(minutes=3)
    other = send(as_("li"), repair, "note", MONDAY, "k", user="wang", text="x")
    assert other.status_code == 409 and "另一位同事" in other.json()["error"]["message"]
    assert send(as_("mei"), repair, "note", MONDAY, "k", user="mei", text="x").status_code == 404  # another community
    assert send(as_("shen"), repair, "take", MONDAY + timedelta(minutes=1), "k", user="shen").status_code in (403, 404)
    assert send(Client(), repair, "note", MONDAY, "k", text="x").status_code == 401
    assert not Event.objects.filter(ticket_id=repair.id, kind__in=["noted", "taken"]).exists()


def test_what_a_phone_says_of_a_picture_is_believed_within_reason() -> None:
    assert told_moment("2026-11-23T08:59:00+08:00", MONDAY) == MONDAY - timedelta(minutes=1)
    assert [told_moment(text, MONDAY) for text in ("", "x", "2026-11-23T08:59:00", "2026-11-25T09:00:00+08:00", "2020-01-01T00:00:00Z")] == [None] * 5
    assert told_spot("22.54310,114.05790 ±12") and not any(map(told_spot, ("", "22,114", "<b>", "22.5,114.0 ±12 x", "222.1,1.1 ±1")))


def test_the_page_of_a_task_and_its_way(repair: store.Row, as_: As, who: Who, clock: Clock) -> None:
    """For whom it is, with one next step; for others told why not; over when it is over. The number is never in the page."""
    wang, task = as_("wang"), number(repair)
    said = wang.get(f"/mine/{repair.id}/{task}").content.decode()
    assert 'data-stage="take"' in said and "3 栋 1 单元" in said and "13800000001" not in said and "138****0001" in said
    actions.take(who("wang"), store.load(repair.id), task=task, at=MONDAY)
    assert 'data-stage="do"' in wang.get(f"/mine/{repair.id}/{task}").content.decode()
    assert "代办" in as_("wu").get(f"/mine/{repair.id}/{task}").content.decode()
    others = as_("li").get(f"/mine/{repair.id}/{task}").content.decode()
    assert "办理。如需您来办" in others and 'data-act="finish"' not in others
    assert [as_("mei").get(f"/mine/{repair.id}/{task}").status_code, wang.get(f"/mine/{repair.id}/99").status_code, wang.get(f"/mine/{2**63}/1").status_code] == [404] * 3
    actions.finish(who("wang"), store.load(repair.id), task=task, answers={"signed_for": "王强", "can_go": "now"}, at=MONDAY)
    assert "已由王强于" in wang.get(f"/mine/{repair.id}/{task}").content.decode()


def test_to_arrive_one_sets_out_first(repair: store.Row, as_: As, who: Who, clock: Clock) -> None:
    actions.finish(who("wang"), store.load(repair.id), task=number(repair), answers={"signed_for": "王强", "can_go": "now"}, at=MONDAY)
    task, wang = number(repair, "arrive"), as_("wang")
    at = f"/mine/{repair.id}/{task}"
    assert send(wang, repair, "take", MONDAY, "k1", task=task).json()["next"] == at
    assert 'data-stage="coming"' in wang.get(at).content.decode()
    assert send(wang, repair, "coming", MONDAY, "k2", task=task).json()["next"] == at
    said = wang.get(at).content.decode()
    assert 'data-stage="do"' in said and "我到了" in said and "已出发，正在路上" in said


def test_the_number_is_shown_to_be_dialled_by_the_rule_of_all_private_values(repair: store.Row, as_: As) -> None:
    """Who may approve sees it at once; an engineer asks, waits, and is told so; each look names the task it was for."""
    task = number(repair)
    said = as_("lin").post(f"/mine/{repair.id}/{task}/call", headers={"HX-Request": "true"})
    assert "tel:13800000001" in said.content.decode() and said["Cache-Control"] == "no-store"
    assert "现场联系报事人（工程部签字领单）" in Entry.objects.filter(code="ticket.revealed").get().text
    for _ in range(2):
        asked = as_("wang").post(f"/mine/{repair.id}/{task}/call", headers={"HX-Request": "true"}).content.decode()
        assert "已向主管申请" in asked and "13800000001" not in asked
    assert Entry.objects.filter(code="ticket.reveal_asked", actor_name="王强").count() == 1
    assert "已向主管申请" in as_("wang").get(f"/mine/{repair.id}/{task}").content.decode()
    assert as_("mei").post(f"/mine/{repair.id}/{task}/call").status_code == 404


def test_the_app_is_the_same_for_everybody(client: Client, settings: Any, db: None) -> None:
    """Worker, manifest and the page without a signal hold nothing of anybody, and follow the prefix."""
    worker = client.get("/sw.js")
    assert worker["Content-Type"].startswith("text/javascript") and worker["Cache-Control"] == "no-cache" and '"/mine/offline"' in worker.content.decode()
    files = json.loads(worker.content.decode().split("const SETTINGS = ", 1)[1].split(";\n", 1)[0])["files"]
    assert files and len(files) == len(set(files))  # a browser keeps nothing at all of a list that names a file twice
    manifest = client.get("/manifest.webmanifest").json()
    assert manifest["start_url"] == "/mine" and manifest["scope"] == "/" and {i["purpose"] for i in manifest["icons"]} == {"any", "maskable"}
    assert [name for name in (*LINKED, *IMPORTED) if not name.startswith("vendor/") and finders.find(name) is None] == []  # one missing, none kept
    shell = client.get("/mine/offline")
    assert shell.status_code == 200 and "server-now" not in shell.content.decode() and "data-user" not in shell.content.decode()


def test_the_page_asks_the_database_little_whatever_has_happened(repair: store.Row, as_: As, who: Who, django_assert_max_num_queries: Any) -> None:
    at, wang = f"/mine/{repair.id}/{number(repair)}", as_("wang")
    wang.get(at)
    for minute in range(12):
        actions.note(who("wang"), store.load(repair.id), text=f"第 {minute} 次", at=MONDAY + timedelta(minutes=1))
    with django_assert_max_num_queries(12):
        assert wang.get(at).content.decode().count("备注：第") <= 6


def test_a_place_in_words_stands_on_the_page_of_the_task(world: Any, as_: As, who: Who, clock: Clock) -> None:
    """Not every matter has a room: where the procedure asks for the place as text, this is where to go."""
    call = {"kind": "fight", "caller": "王秀英", "phone": "13800000001", "spot": "中心花园凉亭东侧", "content": "有人打架"}
    row = actions.file_ticket(who("li"), world.liyuan, procedure="emergency_notice", answers=call, at=MONDAY)
    task = next(task.id for task in row.state.tasks if not task.done)
    said = as_("qian").get(f"/mine/{row.id}/{task}").content.decode()
    assert "<strong>中心花园凉亭东侧</strong>" in said and 'data-copy="中心花园凉亭东侧"' in said and "没有登记地点" not in said
