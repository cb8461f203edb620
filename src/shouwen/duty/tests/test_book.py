"""The books: written by hand and by other areas, corrected beside, never altered."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import DatabaseError, transaction
from django.test import Client

from shouwen.duty import actions, queries, records
from shouwen.duty.models import LogLine
from shouwen.kernel.access import SYSTEM
from shouwen.kernel.journal import Done, action, bookkeeping, now
from shouwen.kernel.models import Entry
from shouwen.kernel.refusals import Forbidden, NotFound, Refused
from shouwen.org import actions as org
from shouwen.org.middleware import COOKIE
from shouwen.org.tests.world import MONDAY, World


def sign_in(world: World, username: str) -> Client:
    client = Client()
    client.cookies[COOKIE] = org.log_in(world.people[username], agent="测试", address="127.0.0.1", at=now())
    return client


@action("test.records", may="tickets.work", says="测试")
def do_something(actor, place, /, *, lines, fail=False, at=None) -> Done:
    actions.record(lines)
    if fail:
        raise Refused("不行")
    return Done("test:1")


def test_other_areas_write_lines_within_their_own_action(world: World) -> None:
    here = world.places["liyuan"].pk
    line = actions.Line(community_id=here, post="receptionist", event_at=MONDAY, text="受理投诉", by_id=1, by_name="李静", about="ticket:7")
    do_something(SYSTEM, here, lines=[line, line])
    assert list(LogLine.objects.values_list("text", "about", "recorded_at")) == [("受理投诉", "ticket:7", MONDAY)] * 2
    with pytest.raises(Refused):
        do_something(SYSTEM, here, lines=[line], fail=True)
    with pytest.raises(RuntimeError):
        actions.record([line])
    assert LogLine.objects.count() == 2


@pytest.mark.shows("D2.36")
def test_a_line_cannot_be_altered_only_corrected_beside_it(world: World) -> None:
    li, place = world.actor("li"), world.places["liyuan"]
    line = actions.write(li, place, post="receptionist", text="3栋电梯停运", at=MONDAY)
    for change in (lambda: LogLine.objects.filter(pk=line.pk).update(text="没有停运"), line.delete, line.save):
        with pytest.raises(DatabaseError), transaction.atomic(), bookkeeping("somebody tries"):
            change()
    right = actions.correct(li, place, line=line, text="5栋电梯停运", at=MONDAY + timedelta(minutes=5))
    line.refresh_from_db()
    assert (line.text, right.corrects_id, right.text, right.event_at) == ("3栋电梯停运", line.pk, "5栋电梯停运", MONDAY)
    with pytest.raises(Refused, match="已被更正"):
        actions.correct(li, place, line=line, text="又改", at=MONDAY)
    page = sign_in(world, "li").get("/duty/").content.decode()
    assert "3栋电梯停运" in page and "5栋电梯停运" in page and f"见第 {right.pk} 行" in page
    assert Entry.objects.filter(code="duty.corrected", actor_name="李静").exists()


def test_late_entries_are_marked_and_the_future_is_refused(world: World) -> None:
    client = sign_in(world, "li")
    past = (now() - timedelta(hours=3)).astimezone(queries.CHINA)
    assert client.post("/duty/", {"post": "receptionist", "text": "巡楼", "event_at": f"{past:%Y-%m-%dT%H:%M}"}).status_code == 302
    line = LogLine.objects.get()
    assert line.event_at == past.replace(second=0, microsecond=0) and now() - line.recorded_at < timedelta(minutes=1)
    assert "补记" in client.get("/duty/").content.decode()
    future = past + timedelta(days=1)
    again = client.post("/duty/", {"post": "receptionist", "text": "明天的事", "event_at": f"{future:%Y-%m-%dT%H:%M}"})
    assert again.status_code == 422 and "不能晚于现在" in again.content.decode() and LogLine.objects.count() == 1


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"text": "   "}, "内容"), ({"text": "x" * 2001}, "内容"), ({"post": "nowhere"}, "岗位"), ({"event_at": "昨天"}, "发生时间"),
        ({"text": "好\u202e的"}, "特殊字符"),
    ],
)  # fmt: skip
def test_lines_that_cannot_be_are_refused_in_words(world: World, given: dict[str, str], words: str) -> None:
    answer = sign_in(world, "li").post("/duty/", {"post": "receptionist", "text": "巡楼", **given})
    assert answer.status_code == 422 and words in answer.content.decode() and not LogLine.objects.exists()


def test_markup_in_a_line_is_shown_as_text(world: World) -> None:
    client = sign_in(world, "li")
    client.post("/duty/", {"post": "receptionist", "text": "<script>alert(1)</script>"})
    assert "<script>alert" not in client.get("/duty/").content.decode()


@pytest.mark.shows("D2.83")
def test_the_book_of_a_post_on_a_day(world: World) -> None:
    li, place = world.actor("li"), world.places["liyuan"]
    for text, moment, post in (
        ("周日深夜", "2026-11-22 23:59", "receptionist"), ("周一凌晨", "2026-11-23 00:00", "receptionist"),
        ("周一末", "2026-11-23 23:59", "receptionist"), ("周二", "2026-11-24 00:00", "receptionist"),
        ("配电房跳闸", "2026-11-23 12:00", "engineer"),
    ):  # fmt: skip
        at = MONDAY.fromisoformat(moment).replace(tzinfo=queries.CHINA)
        actions.write(li, place, post=post, text=text, at=at)
    page = sign_in(world, "li").get("/duty/?post=receptionist&day=2026-11-23").content.decode()
    assert [text in page for text in ("周日深夜", "周一凌晨", "周一末", "周二", "配电房跳闸")] == [False, True, True, False, False]
    assert sign_in(world, "li").get("/duty/?day=9999-99-99&post=%00").status_code in (200, 400)


def test_the_neighbours_book_is_not_there(world: World) -> None:
    line = actions.write(world.actor("mei"), world.places["yunxi"], post="receptionist", text="云溪的事", at=MONDAY)
    client = sign_in(world, "li")
    client.cookies["community"] = str(world.places["yunxi"].pk)
    assert "云溪的事" not in client.get("/duty/").content.decode()
    assert client.get(f"/duty/lines/{line.pk}/correct").status_code == 404
    assert client.post(f"/duty/lines/{line.pk}/correct", {"text": "改"}).status_code == 404
    assert client.get("/api/v1/duty/book?community=yunxi").status_code == 404
    assert client.post(f"/api/v1/duty/book/{line.pk}/corrections", {"text": "改"}, "application/json").status_code == 404
    with pytest.raises(Forbidden):
        actions.write(world.actor("li"), world.places["yunxi"], post="receptionist", text="越界", at=MONDAY)
    with pytest.raises(NotFound):
        actions.correct(world.actor("li"), world.places["liyuan"], line=line, text="越界", at=MONDAY)
    kang = sign_in(world, "kang")
    kang.cookies["community"] = str(world.places["yunxi"].pk)
    assert "云溪的事" in kang.get("/duty/").content.decode()


def test_the_interface_reads_and_writes_the_same_books(world: World) -> None:
    client = sign_in(world, "li")
    made = client.post(
        "/api/v1/duty/book", {"post": "receptionist", "text": "接口记录", "event_at": "2026-11-20T08:00:00"}, "application/json"
    )
    assert made.status_code == 201, made.content
    assert datetime.fromisoformat(made.json()["event_at"]) == datetime(2026, 11, 20, 8, tzinfo=queries.CHINA)
    right = client.post(f"/api/v1/duty/book/{made.json()['id']}/corrections", {"text": "更正"}, "application/json")
    assert right.json()["corrects"] == made.json()["id"]
    listed = client.get("/api/v1/duty/book?post=receptionist").json()
    assert [line["id"] for line in listed] == [right.json()["id"], made.json()["id"]] and listed[1]["corrected_by"] == right.json()["id"]
    assert client.post("/api/v1/duty/book", {"post": "receptionist", "text": ""}, "application/json").status_code == 422
    assert client.get("/api/v1/duty/book?limit=1000").status_code == 422


def test_the_printed_day_holds_every_line_of_it(town: World, monkeypatch: pytest.MonkeyPatch) -> None:
    li, place = town.actor("li"), town.places["liyuan"]
    for n in range(230):
        actions.write(li, place, post="receptionist", text=f"第{n}笔", at=MONDAY)
    record = records.log_record(li, f"{place.pk}/receptionist/{MONDAY:%Y-%m-%d}/-")
    assert len(record.story) == 230 and record.head["count"] == "230" and "第0笔" in record.story[0].text
    monkeypatch.setattr(records, "MOST", 100)
    short = records.log_record(li, f"{place.pk}/receptionist/{MONDAY:%Y-%m-%d}/-")
    assert short.head["count"].startswith("100（共 230") and "第0笔" in short.story[0].text
