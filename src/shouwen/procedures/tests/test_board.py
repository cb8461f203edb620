"""The board as people see it: lanes, groups, filters, views, several tasks at once; and the screen on the wall."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest
from django.test import Client

from shouwen.kernel.access import SYSTEM
from shouwen.kernel.journal import bookkeeping
from shouwen.kernel.models import Entry
from shouwen.procedures import actions, displays, lanes, queries, store
from shouwen.procedures.engine.ticket import Pause
from shouwen.procedures.models import BoardView, Link, Task, Ticket, Wall

from .conftest import MONDAY
from .test_lists import HTMX, asked, complain, page


def test_a_quiet_board_says_so(world, as_):
    said = page(as_("zhang"), "/board")
    assert "没有超时，也没有快到时的工单" in said and "<table" not in said


def test_a_task_moves_through_the_lanes_as_its_limit_comes_near_and_passes(world, who, as_, clock):
    row = complain(who, world)
    task = Task.objects.get(ticket=row.id, done_at=None)
    assert task.due_at == MONDAY + timedelta(minutes=20)
    client = as_("zhang")
    soon = page(client, "/board")
    assert 'id="lane-soon"' in soon and 'id="lane-overdue"' not in soon and "剩 20 分钟" in soon
    assert all(words in soon for words in (row.number, "投诉处理", "受理识别", "3-1-1201", "楼上凌晨装修", "前台接待员"))
    clock.at = task.due_at + timedelta(seconds=59)
    assert 'id="lane-overdue"' not in page(client, "/board"), "the minute in which it is due is still on time"
    clock.at = task.due_at + timedelta(minutes=1)
    actions.pass_time(SYSTEM, store.load(row.id), at=clock.at)
    late = page(client, "/board")
    assert 'id="lane-overdue"' in late and "超时 1 分钟" in late and "已升级 1 次" in late and "值班经理" in late
    assert "没有超时" not in late


def test_the_lanes_of_one_moment_hold_every_open_task_once(world, who, clock):
    for minutes in (0, 5, 40, 300):
        complain(who, world, at=MONDAY + timedelta(minutes=minutes))
    at = MONDAY + timedelta(minutes=310)
    found = lanes.lanes(who("zhang"), world.liyuan.pk, at)
    seen = [(item.ticket, item.number) for lane in found for item in lane.items]
    assert sorted(seen) == sorted(Task.objects.filter(done_at=None).values_list("ticket_id", "number"))
    for lane in found:
        for item in lane.items:
            assert queries.lane_at(item.due_at, at) == lane.key


def test_filters_stand_in_the_address_and_narrow(world, who, as_):
    mine, other = complain(who, world), complain(who, world, unit="5-2-0301", content="垃圾清运")
    actions.take(who("li"), store.load(mine.id), task=1 if store.load(mine.id).state.tasks[0].done is None else 2, at=MONDAY)
    client, li = as_("li"), who("li").id
    building = Ticket.objects.select_related("unit").get(pk=other.id).unit.building_id
    for address in ("/board?holder=me", f"/board?holder={li}"):
        said = page(client, address)
        assert mine.number in said and other.number not in said
    assert other.number not in page(client, "/board?procedure=repair")
    said = page(client, f"/board?building={building}&procedure=complaint")
    assert other.number in said and mine.number not in said
    assert mine.number in page(client, "/board?department=customer-service&holder=me")
    assert "没有符合条件的任务" in page(client, "/board?department=engineering")


def test_an_unchanged_board_is_not_sent_again(world, who, as_, clock):
    complain(who, world)
    client = as_("zhang")
    whole = page(client, "/board")
    seen = whole.split('data-seen="')[1].split('"')[0]
    part = client.get(f"/board?seen={seen}", headers=HTMX)
    assert part.status_code == 204 and not part.content
    clock.at += timedelta(minutes=1)
    assert client.get(f"/board?seen={seen}", headers=HTMX).status_code == 204, "the browser counts down by itself"
    complain(who, world, at=clock.at)
    changed = client.get(f"/board?seen={seen}", headers=HTMX)
    assert changed.status_code == 200 and changed.content.lstrip().startswith(b'<div id="board"') and b"<html" not in changed.content
    clock.at += timedelta(minutes=30)
    assert client.get(f"/board?seen={seen}", headers=HTMX).status_code == 200, "a task that crossed into another lane is a change"


def test_each_row_can_be_told_apart_when_the_list_is_refreshed(world, who, as_):
    row = complain(who, world)
    number = Task.objects.get(ticket=row.id, done_at=None).number
    assert f'id="t{row.id}-{number}"' in page(as_("zhang"), "/board")


def test_the_board_costs_the_same_with_one_task_and_with_sixty(world, who, as_):
    complain(who, world)
    client = as_("zhang")
    few = asked(client, "/board"), asked(client, "/board", **HTMX)
    for number in range(60):
        complain(who, world, content=f"第 {number} 件")
    many = asked(client, "/board"), asked(client, "/board", **HTMX)
    assert many[0] - few[0] == many[1] - few[1] == 1, "a lane longer than one sees is counted, by one statement"
    assert many[0] <= 8 and many[1] <= 6, (few, many)
    said = page(client, "/board")
    assert ">60<" in said or ">61<" in said
    assert "查看全部" in said and said.count("data-row") == lanes.LANE
    assert asked(client, "/board?lane=soon") <= 8
    seen = said.split('data-seen="')[1].split('"')[0]
    assert asked(client, f"/board?seen={seen}", **HTMX) <= 2, "whether anything happened is one look"


def test_a_whole_lane_is_turned_page_by_page_without_losing_one(world, who, as_):
    rows = {complain(who, world, content=f"第 {number} 件").number for number in range(55)}
    client = as_("zhang")
    first = page(client, "/board?lane=soon")
    following = first.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    second = page(client, f"/board{following}")
    assert {n for n in rows if n in first} | {n for n in rows if n in second} == rows
    assert client.get("/board?lane=soon&after=forged").status_code == 422


def test_the_fast_reads_show_what_the_slow_ones_show(world, who, clock):
    """The board is read by hand-written statements; what a person may see must be what queries.tasks lets them see."""
    complain(who, world)
    given = {"mode": "oral", "caller": "王秀英", "content": "咨询保密事", "confidential": "yes", "at_once": "no", "phone": "13800000001"}
    actions.file_ticket(who("li"), world.liyuan, procedure="consultation", answers=given, at=MONDAY)
    at = MONDAY + timedelta(minutes=30)
    seen = {}
    for name in ("zhang", "li", "wang", "chen", "guo"):
        actor = who(name)
        fast = {(i.ticket, i.number) for lane in lanes.lanes(actor, world.liyuan.pk, at) for i in lane.items}
        slow = set(queries.tasks(actor).filter(community_id=world.liyuan.pk, done_at=None).values_list("ticket_id", "number"))
        assert fast == slow == {(i.ticket, i.number) for i in lanes.grouped(actor, world.liyuan.pk, at, lanes.Narrowed())}
        whole = {(t.ticket_id, t.number) for key in lanes.LANES for t in lanes.queryset(actor, world.liyuan.pk, at, key, lanes.Narrowed())}
        assert whole == slow
        assert lanes.figures(actor, world.liyuan.pk, at).running == queries.tickets(actor).filter(community_id=world.liyuan.pk).count()
        seen[name] = len(fast)
    assert seen["wang"] < seen["li"], "the confidential one is not for everybody"


def test_the_board_in_groups(world, who, as_, clock):
    complain(who, world), complain(who, world, unit="5-2-0301", content="垃圾清运")
    client = as_("zhang")
    for group, words in (("department", "客户服务部"), ("holder", "待接单"), ("building", "5"), ("procedure", "投诉处理")):
        said = page(client, f"/board?group={group}")
        assert words in said.split("<tbody")[1], group
        assert said.count("data-row") == Task.objects.filter(done_at=None).count()
        assert f'value="{group}" selected' in said
    assert "<table" in page(client, "/board?group=nonsense")
    assert asked(client, "/board?group=building") <= 8


def test_what_waits_for_somebody_is_a_lane_that_says_for_whom(world, who, as_, clock):
    asked_for, other = complain(who, world), complain(who, world, content="等配件的灯")
    pause = Pause("waiting_parts", MONDAY, str(who("wang").id), MONDAY + timedelta(days=2))
    state = msgspec.json.encode(msgspec.structs.replace(store.load(other.id).state, status="paused", pause=pause)).decode()
    with bookkeeping("the lane is meant, not the way into it"):
        Task.objects.filter(ticket=asked_for.id, done_at=None).update(pool="party:requester", due_at=None)
        Ticket.objects.filter(pk=other.id).update(status="paused", waits=True, state=state)
    client = as_("zhang")
    said = page(client, "/board")
    lane = said.split('id="lane-waiting"')[1].split("</tbody>")[0]
    assert asked_for.number in lane and "等客户接待员" in lane, "whom the step is for, as the procedure calls them"
    assert other.number in lane and "王强挂起" in lane and "到 11-25 " in lane
    assert said.count(f'>{other.number}<') == 1, "a paused ticket is in no other lane"
    whole = page(client, "/board?lane=waiting")
    assert other.number in whole and asked_for.number in whole
    with bookkeeping("an overdue task is overdue, whoever it waits for"):
        Task.objects.filter(ticket=asked_for.id, done_at=None).update(due_at=MONDAY - timedelta(hours=1))
    assert asked_for.number in page(client, "/board").split('id="lane-overdue"')[1].split("</tbody>")[0]


def test_a_ticket_that_waits_for_its_child_names_it(world, who, as_, clock):
    parent, child = complain(who, world), complain(who, world, content="分项")
    with bookkeeping("the lane is meant, not the way into it"):
        Ticket.objects.filter(pk=parent.id).update(waits=True)
        Link.objects.create(ticket_id=child.id, to_id=parent.id, kind="part_of", key="visit", at=MONDAY)
    lane = page(as_("zhang"), "/board").split('id="lane-waiting"')[1].split("</tbody>")[0]
    assert parent.number in lane and child.number in lane and "等子工单" in lane and f'href="/tickets/{child.id}"' in lane


# --- several at once ---------------------------------------------------------------------------------------------------


def open_keys(*rows):
    return [f"{row.id}-{task.number}" for row in rows for task in Task.objects.filter(ticket=row.id, done_at=None)]


def test_tasks_are_handed_over_in_bulk_each_for_itself(world, who, as_, clock):
    mine, other, gone = complain(who, world), complain(who, world, content="二"), complain(who, world, content="三")
    keys = open_keys(mine, other, gone)
    actions.withdraw(who("chen"), store.load(gone.id), reason="重复登记", at=MONDAY)
    he = who("he").id
    given = {"act": "hand", "task": [*keys, "987654321-1"], "to": str(he), "reason": "李静请假", "back": "group=holder&evil=1", "idempotency_key": "k1"}
    client = as_("lin")
    done = client.post("/board/bulk", given)
    said = done.content.decode()
    assert done.status_code == 200 and said.count("成功</span>") == 4
    assert client.post("/board/bulk", given).content == done.content, "sent twice, done once"
    assert "2 项已转给" in said and "2 项没有成功" in said and "李静请假" in said
    assert 'href="/board?group=holder"' in said and "evil" not in said
    assert set(Task.objects.filter(ticket__in=[mine.id, other.id], done_at=None).values_list("holder_id", flat=True)) == {he}
    assert Entry.objects.filter(code="task.handed").count() == 2, "each is a line of its own"
    assert gone.number in said and "看不到的工单" in said, "nothing is skipped in silence"


def test_urging_in_bulk_urges_each_ticket_once_and_says_what_was_refused(world, who, as_, clock):
    one, two = complain(who, world), complain(who, world, content="二")
    client = as_("zhang")
    first = client.post("/board/bulk", {"act": "urge", "task": open_keys(one), "reason": "业主在等"}).content.decode()
    assert "1 项已催办" in first and "已提醒每位办理人" in first
    again = client.post("/board/bulk", {"act": "urge", "task": open_keys(one, two), "reason": "业主在等"}).content.decode()
    assert "1 项已催办" in again and "1 项没有成功" in again
    assert Entry.objects.filter(code="ticket.urged").count() == 2


def test_what_waits_is_urged_and_handed_over_in_bulk_too_and_says_what_cannot_be(world, who, as_, clock):
    parent, child, other = complain(who, world), complain(who, world, content="分项"), complain(who, world, content="等配件的灯")
    pause = Pause("waiting_parts", MONDAY, str(who("wang").id), MONDAY + timedelta(days=2))
    state = msgspec.json.encode(msgspec.structs.replace(store.load(other.id).state, status="paused", pause=pause)).decode()
    with bookkeeping("the lane is meant, not the way into it"):
        Ticket.objects.filter(pk=other.id).update(status="paused", waits=True, state=state)
        Ticket.objects.filter(pk=parent.id).update(waits=True)
        Link.objects.create(ticket_id=child.id, to_id=parent.id, kind="part_of", key="visit", at=MONDAY)
    client = as_("lin")
    lane = page(client, "/board").split('id="lane-waiting"')[1].split("</tbody>")[0]
    keys = [f"{parent.id}-0", f"{other.id}-0"]
    assert all(f'value="{key}"' in lane for key in keys)
    said = client.post("/board/bulk", {"act": "urge", "task": keys, "reason": "业主在等"}).content.decode()
    assert "3 项已催办" in said and child.number in said, "who waits for a child ticket urges that too"
    he = who("he").id
    said = client.post("/board/bulk", {"act": "hand", "task": keys, "to": str(he), "reason": "李静请假"}).content.decode()
    assert "2 项已转给" in said and set(Task.objects.filter(ticket__in=[parent.id, other.id], done_at=None).values_list("holder_id", flat=True)) == {he}
    said = as_("wang").post("/board/bulk", {"act": "hand", "task": keys, "to": str(who("wang").id), "reason": "试"}).content.decode()
    assert "2 项没有成功" in said and "这项任务由" in said
    with bookkeeping("nothing is left to do by anybody here"):
        bare = msgspec.structs.replace(store.load(parent.id).state, tasks=())
        Ticket.objects.filter(pk=parent.id).update(state=msgspec.json.encode(bare).decode())
    said = client.post("/board/bulk", {"act": "hand", "task": keys[:1], "to": str(he), "reason": "李静请假"}).content.decode()
    assert "跟进已转给" in said and store.load(parent.id).state.tracker == str(he)


@pytest.mark.parametrize("given", [
    {}, {"act": "hand", "reason": "x"}, {"act": "hand", "reason": "x", "task": ["1-1"], "to": "x"}, {"act": "urge", "task": ["1-1"]},
    {"act": "urge", "task": ["x"], "reason": "x"}, {"act": "eat", "task": ["1-1"], "reason": "x"},
    {"act": "urge", "task": [f"{n}-1" for n in range(101)], "reason": "x"}, {"act": "urge", "task": ["1-1"], "reason": "长" * 201},
])  # fmt: skip
def test_a_bulk_act_without_sense_is_refused_in_words(world, as_, given):
    answer = as_("zhang").post("/board/bulk", given)
    assert answer.status_code == 422 and "请" in answer.content.decode()


def test_a_neighbour_works_nothing_in_bulk(world, who, as_, clock):
    row = complain(who, world)
    said = as_("mei").post("/board/bulk", {"act": "urge", "task": open_keys(row), "reason": "试"}).content.decode()
    assert row.number not in said and "看不到的工单" in said
    assert not Entry.objects.filter(code="ticket.urged").exists()


# --- views -------------------------------------------------------------------------------------------------------------


def test_a_view_is_kept_by_its_owner_and_shared_by_its_address(world, as_):
    client = as_("zhang")
    kept = client.post("/board/views", {"name": "工程部", "query": "department=engineering&group=holder&next=//evil&holder=me"})
    assert kept.status_code == 302 and kept["Location"] == "/board?group=holder&department=engineering&holder=me"
    said = page(client, "/board")
    assert ">工程部<" in said.replace("</svg>", ">") and "department=engineering&amp;holder=me" in said
    assert "工程部</a>" not in page(as_("chen"), "/board")
    page(as_("chen"), "/board?group=holder&department=engineering&holder=me")
    view = BoardView.objects.get()
    assert as_("chen").post(f"/board/views/{view.pk}/drop").status_code == 404
    assert client.post(f"/board/views/{view.pk}/drop").status_code == 302 and not BoardView.objects.exists()
    for given in ({"name": "", "query": "group=holder"}, {"name": "空", "query": ""}, {"name": "空", "query": "x=1"}):
        assert client.post("/board/views", given).status_code == 422


# --- the screen on the wall --------------------------------------------------------------------------------------------


def make_wall(as_, name="前台背景墙"):
    said = as_("chen").post("/walls", {"name": name, "days": "365"}).content.decode()
    return "/wall/" + said.split("/wall/")[1].split('"')[0]


def test_a_wall_shows_the_board_without_names_or_numbers(world, who, as_, clock):
    row = complain(who, world, content="王女士 13912345678 说楼道灯不亮")
    actions.take(who("li"), store.load(row.id), task=2 if store.load(row.id).state.tasks[0].done else 1, at=MONDAY)
    link = make_wall(as_)
    clock.at = MONDAY + timedelta(minutes=30)
    screen = Client().get(link)
    said = screen.content.decode()
    assert screen.status_code == 200 and screen["Cache-Control"] == "no-store" and "项已超时" in said
    assert row.number in said and "投诉处理" in said and "<svg" in said
    for private in ("李静", "王秀英", "王女士", "13912345678", "1380000", "3-1-1201", "楼道灯"):
        assert private not in said, private
    seen = screen["X-Seen"]
    assert Client().get(link, {"seen": seen}).status_code == 204
    complain(who, world, at=clock.at)
    changed = Client().get(link, {"seen": seen})
    assert changed.status_code == 200 and b"<html" not in changed.content


def test_a_quiet_wall_is_calm(world, as_, clock):
    said = Client().get(make_wall(as_)).content.decode()
    assert "一切正常" in said and "没有在办的任务" in said and "is-over" not in said


def test_a_link_is_kept_only_as_a_digest_ends_and_is_stopped_by_who_may(world, as_, clock):
    link = make_wall(as_)
    wall = Wall.objects.get()
    assert link.rsplit("/", 1)[1] not in str(wall.__dict__) and wall.community == world.liyuan and wall.seen_at is None
    assert Client().get(link).status_code == 200
    wall.refresh_from_db()
    assert wall.seen_at == clock.at
    assert as_("li").get("/walls").status_code == 404 and as_("li").post("/walls", {"name": "x", "days": "30"}).status_code == 404
    assert as_("lu").post(f"/walls/{wall.pk}/revoke").status_code == 404, "another community's manager"
    assert link.rsplit("/", 1)[1] not in page(as_("chen"), "/walls"), "shown once"
    assert as_("chen").post(f"/walls/{wall.pk}/revoke").status_code == 302
    refused = Client().get(link)
    assert refused.status_code == 403 and "已停用" in refused.content.decode()
    assert Client().get("/wall/" + "x" * 43).status_code == 404
    later = make_wall(as_)
    clock.at += timedelta(days=366)
    assert Client().get(later).status_code == 403
    assert as_("chen").post("/walls", {"name": " ", "days": "30"}).status_code == 422
    assert as_("chen").post("/walls", {"name": "厅", "days": "9999"}).status_code == 422
    assert [e.code for e in Entry.objects.filter(code__startswith="wall.").order_by("id")] == ["wall.made", "wall.revoked", "wall.made"]


def test_a_wall_costs_few_statements(world, who, as_, clock):
    complain(who, world)
    link = make_wall(as_)
    assert asked(Client(), link) <= 8
    assert displays.screen_of(link.rsplit("/", 1)[1], clock.at).actor.id == 0
