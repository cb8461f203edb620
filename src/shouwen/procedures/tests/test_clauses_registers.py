"""Clauses that the registers, lists and figures keep: what is closed is found again, by whom it may be seen, in which order."""

from __future__ import annotations

import re
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from openpyxl import load_workbook

from shouwen.kernel.models import Entry
from shouwen.procedures import actions, rehearsal, scripts, store
from shouwen.procedures.models import Event, Link, Ticket

from .conftest import MONDAY

REHEARSALS = Path(__file__).parents[4] / "rehearsals"
HELP = {"channel": "phone", "caller": "王秀英", "phone": "13800000001", "unit": "3-1-1201", "spot": "家中", "content": "晾衣架松了"}
JUDGED = {"class": "g", "severity": "ordinary", "difficulty": "general", "special": "no", "able": "yes"}


def played(name: str) -> Ticket:
    """Play a rehearsal in this world and keep what came of it; returns the first ticket it filed."""
    last = Ticket.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    results = rehearsal.play(scripts.parse(REHEARSALS / name), keep=True)
    assert [r for r in results if not r.ok] == []
    return Ticket.objects.filter(pk__gt=last).order_by("pk").first()


def page(client, address):
    answer = client.get(address)
    assert answer.status_code == 200, answer.content.decode()[:300]
    return answer.content.decode()


def numbers(html: str) -> list[str]:
    """Ticket numbers in the order in which a list first names them."""
    return list(dict.fromkeys(re.findall(r"[A-Z]{2}-\d{8}-\d{3}", html)))


def ask_help(who, world, at, **answers):
    return actions.file_ticket(who("li"), world.liyuan, procedure="help_request", answers=HELP | answers, at=at)


def judge(who, row, priority, at):
    task = next(t.id for t in store.load(row.id).state.open_tasks if t.step == "assess")
    return actions.finish(who("li"), store.load(row.id), task=task, answers=JUDGED | {"priority": priority}, at=at)


def complain(who, world, at=MONDAY, username="li", place=None):
    answers = {"channel": "phone", "unit": "3-1-1201", "caller": "王秀英", "phone": "13800000001", "content": "楼上凌晨装修"}
    if place is not None:
        answers["unit"] = place
    return actions.file_ticket(who(username), world.liyuan if username == "li" else world.yunxi, procedure="complaint", answers=answers, at=at)


# --- found again ---------------------------------------------------------------------------------------------------


@pytest.mark.shows("E16.09")
def test_a_closed_consultation_is_found_by_household_and_by_date(world, as_):
    ticket = played("help/consultation-answered-in-one-entry.yaml")
    assert ticket.status == "closed"
    client, base = as_("li"), "/tickets?procedure=consultation&status=closed"
    assert numbers(page(client, f"{base}&q=3-1-1201")) == [ticket.number]
    assert numbers(page(client, f"{base}&filed_at_from=2026-11-23&filed_at_to=2026-11-23")) == [ticket.number]
    for other in ("&q=3-1-1202", "&filed_at_from=2026-11-24", "&filed_at_to=2026-11-22"):
        assert numbers(page(client, base + other)) == []
    assert "管理费什么时候交" in page(client, f"/tickets/{ticket.pk}")


@pytest.mark.shows("E39.19")
def test_a_filed_home_repair_is_found_by_household_and_date(world, as_):
    ticket = played("repair/home-repair-two-copies.yaml")
    assert ticket.status == "closed"
    client, base = as_("wu"), "/tickets?procedure=home_repair&status=closed"
    assert numbers(page(client, f"{base}&q=3栋1单元1201&filed_at_from=2026-11-23&filed_at_to=2026-11-23")) == [ticket.number]
    assert numbers(page(client, f"{base}&q=5-2-0301")) == numbers(page(client, f"{base}&filed_at_to=2026-11-22")) == []
    sheet = page(client, f"/tickets/{ticket.pk}")
    assert "谢文" in sheet and "李静" in sheet, "who signed for the two copies"


@pytest.mark.shows("C7.02")
def test_a_closed_request_is_searched_and_attached_to_an_improvement(world, who, as_):
    ticket = played("help/from-receiving-to-closing.yaml")
    made = actions.file_ticket(who("lin"), world.liyuan, procedure="improvement", at=MONDAY, answers={
        "problem": "晾衣架常松", "measure": "巡查时一并检查螺丝",
    })  # fmt: skip
    client = as_("chen")
    found = numbers(page(client, "/tickets?procedure=help_request&status=closed&q=3-1-1201&filed_at_from=2026-11-23"))
    assert found == [ticket.number]
    answer = client.post(f"/tickets/{ticket.pk}/link", {"number": made.number, "kind": "caused_by"})
    assert answer.status_code == 302
    assert Link.objects.filter(ticket_id=ticket.pk, to_id=made.id, kind="caused_by").exists()
    assert ticket.number in page(client, f"/tickets/{made.id}"), "the improvement shows the request it rests on"


# --- who sees what, in which order ---------------------------------------------------------------------------------


@pytest.mark.shows("B3.04")
def test_head_office_sees_complaints_of_every_community_a_desk_only_its_own(world, who, as_):
    from shouwen.estate.models import Unit

    here = complain(who, world)
    there = complain(who, world, username="mei", place=Unit.objects.filter(community=world.yunxi).first().code)
    assert set(numbers(page(as_("deng"), "/tickets?procedure=complaint"))) == {here.number, there.number}
    assert page(as_("deng"), f"/tickets/{there.id}")
    for username, own, other in (("li", here, there), ("mei", there, here)):
        client = as_(username)
        rows = re.findall(r'data-href="/tickets/(\d+)"', page(client, "/tickets?procedure=complaint"))
        assert rows == [str(own.id)]
        assert client.get(f"/tickets/{other.id}").status_code == 404


@pytest.mark.shows("C2.04")
def test_a_higher_priority_moves_a_request_up_in_every_queue(world, who, as_, clock):
    rows = [ask_help(who, world, MONDAY + timedelta(minutes=n)) for n in range(3)]
    clock.at = MONDAY + timedelta(minutes=4)
    for row, priority in zip(rows, ("normal", "next", "first"), strict=True):
        judge(who, row, priority, clock.at)
    for address in ("/board?procedure=help_request", "/mine"):
        assert numbers(page(as_("li"), address)) == [rows[2].number, rows[1].number, rows[0].number], address
    client = as_("li")
    changed = client.post(f"/tickets/{rows[0].id}/amend/assess", {
        **{f"amend-{name}": value for name, value in JUDGED.items()}, "amend-priority": "first", "reason": "再问才知道夹着人",
    })  # fmt: skip
    assert changed.status_code == 302, changed.content.decode()
    assert numbers(page(client, "/board?procedure=help_request"))[0] == rows[0].number, "the older of two that come first"


# --- figures -------------------------------------------------------------------------------------------------------


def figures(html: str) -> dict[str, int]:
    return {title: int(count) for title, count in re.findall(r'<tr><th scope="row">([^<]+)</th><td class="num">(\d+)', html)}


def classify(who, row, at, **given):
    answers = {"in_commitment": "yes", "valid_for": "quality", "class": "I", "level": "minor", "difficult": "no", "departments": ["engineering"]}
    task = store.load(row.id).state.open_tasks[0].id
    return actions.finish(who("li"), store.load(row.id), task=task, answers=answers | given, at=at)


@pytest.mark.shows("A6.05", "D7.18", "E11.13")
def test_totals_by_class_and_department_equal_the_register(world, who, as_, clock):
    wanted = [("I", ["engineering"]), ("I", ["security", "engineering"]), ("III", ["engineering"])]
    for grade, departments in wanted:
        classify(who, complain(who, world), MONDAY, **{"class": grade, "departments": departments})
    complain(who, world, at=MONDAY - timedelta(days=40))
    client, period = as_("li"), "since=2026-11-01&until=2026-11-30"
    register = page(client, "/tickets?procedure=complaint&filed_at_from=2026-11-01&filed_at_to=2026-11-30")
    listed = re.findall(r'data-label="类别">([^<]*)<', register)
    by_class = figures(page(client, f"/reports?procedure=complaint&{period}&by=class"))
    assert by_class["合计"] == len(listed) == 3
    assert {title: n for title, n in by_class.items() if title != "合计"} == {title: listed.count(title) for title in set(listed)}
    by_department = figures(page(client, f"/reports?procedure=complaint&{period}&by=departments"))
    assert by_department == {"工程部": 3, "安保部": 1, "合计": 3}
    levels = figures(page(client, f"/reports?procedure=complaint&{period}&by=level"))
    assert levels == {"轻微": 3, "合计": 3}
    assert figures(page(client, f"/reports?procedure=complaint&{period}")) == by_class, "by class if nothing is chosen"


@pytest.mark.shows("C7.03", "C7.04")
def test_requests_of_a_period_are_counted_and_the_common_ones_stand_first(world, who, as_, clock):
    for n, channel in enumerate(("other", "phone", "phone")):
        judge(who, ask_help(who, world, MONDAY + timedelta(minutes=n), channel=channel), "normal", MONDAY + timedelta(minutes=4))
    ask_help(who, world, MONDAY - timedelta(days=1))
    client, day = as_("lin"), "since=2026-11-23&until=2026-11-23&procedure=help_request"
    assert list(figures(page(client, f"/reports?{day}&by=channel")).values()) == [2, 1, 3]
    assert figures(page(client, f"/reports?{day}&by=class")) == {"g 其他": 3, "合计": 3}
    assert figures(page(client, "/reports?since=2026-11-22&until=2026-11-23&procedure=help_request&by=class"))["合计"] == 4


@pytest.mark.shows("C8.09")
def test_the_mean_of_the_ratings_stands_beside_whoever_handled_the_request(world, as_, clock):
    played("help/from-receiving-to-closing.yaml")
    played("help/customer-declines-to-rate.yaml")
    clock.at = MONDAY + timedelta(hours=9)
    html = page(as_("lin"), "/reports?procedure=help_request&since=2026-11-01&until=2026-11-30")
    people = dict(re.findall(r'<tr><th scope="row">([^<]+)</th><td class="num">(\d\.\d)</td>', html))
    assert people["王强"] == "5.0" and people["李静"] == "5.0", "who declined to rate lowers nobody's mean"
    assert "陈晓" not in people


def test_the_workbook_holds_the_same_figures_and_is_in_the_journal(world, who, as_):
    for _ in range(2):
        classify(who, complain(who, world), MONDAY)
    answer = as_("chen").get("/reports?procedure=complaint&since=2026-11-23&until=2026-11-23&by=class&format=xlsx")
    sheet = load_workbook(BytesIO(b"".join(answer.streaming_content))).active
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert rows[0] == ["投诉类别", "件数", "已办结", "超时", "占比（%）"]
    assert rows[1][:2] == ["一类", 2] and rows[2][:2] == ["合计", 2]
    assert "投诉处理统计" in Entry.objects.filter(code="ticket.exported").latest("id").text


@pytest.mark.parametrize(
    ("query", "words"),
    [("since=2026-11-30&until=2026-11-01", "早于"), ("since=x", "日期不对"), ("procedure=none", "没有这个规程"), ("by=phone", "不能按这一项"),
     ("since=0001-01-01&until=0001-01-02", "2000"), ("since=2020-01-01&until=9999-12-31", "400 天")],
)
def test_a_report_that_cannot_be_made_is_refused_in_words(world, as_, query, words):
    answer = as_("chen").get(f"/reports?{query}")
    assert answer.status_code == 422 and words in answer.content.decode()


def test_figures_of_the_neighbour_are_not_shown(world, who, as_):
    complain(who, world)
    assert "这段时间没有受理" in page(as_("lu"), "/reports?procedure=complaint&since=2026-11-23&until=2026-11-23")


# --- the review in the morning --------------------------------------------------------------------------------------


@pytest.mark.shows("D2.26")
def test_every_problem_open_at_the_start_of_the_day_is_listed_and_who_looked_is_kept(world, who, as_, clock):
    answers = {
        "channel": "phone", "unit": "3-1-1202", "caller": "刘洋", "phone": "13800000003", "place": "厨房", "content": "漏水",
        "fault": "plumbing", "class": "daily",
    }  # fmt: skip
    before = MONDAY - timedelta(days=1)
    rows = [actions.file_ticket(who("li"), world.liyuan, procedure="repair", answers=answers, at=before) for _ in range(3)]
    actions.withdraw(who("chen"), store.load(rows[1].id), reason="重复登记", at=before)
    listed = numbers(page(as_("li"), "/tickets?procedure=repair&status=open"))
    assert listed == [rows[2].number, rows[0].number]
    review = actions.file_ticket(who("li"), world.liyuan, procedure="repair_review", answers={"received": "3", "completed": "0"}, at=MONDAY)
    task = next(t for t in store.load(review.id).state.open_tasks if t.step == "unfinished")
    clock.at = MONDAY + timedelta(minutes=3)
    done = as_("li").post(f"/tickets/{review.id}/tasks/{task.id}/finish", {f"t{task.id}-left": "2", f"t{task.id}-left_notes": "等配件"})
    assert done.status_code == 302
    looked = Event.objects.filter(ticket_id=review.id).latest("seq")
    assert (looked.by_name, looked.at) == ("李静", clock.at)
