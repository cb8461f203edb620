"""What residents thought, as the manager sees it: counted by month, department and procedure, the low ones with their ticket, exported."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from python_calamine import CalamineWorkbook

import shouwen.config.wiring
from shouwen.kernel.journal import bookkeeping
from shouwen.kernel.models import Entry
from shouwen.portal import queries
from shouwen.portal.models import Rating, TicketLink
from shouwen.procedures import actions, slots
from shouwen.procedures.models import Task, Ticket
from shouwen.procedures.tests.conftest import MONDAY

assert shouwen.config.wiring


@pytest.fixture
def rated(world, who):
    """Four closed complaints: three residents were asked, two answered, with 5 stars and with 1."""
    made = []
    for number, (department, stars) in enumerate([("engineering", 5), ("security", 1), ("engineering", 0), ("", None)]):
        row = actions.file_ticket(who("li"), world.liyuan, procedure="complaint", at=MONDAY, answers={
            "channel": "phone", "unit": "3-1-1201", "caller": "王秀英", "phone": "13800000001", "content": f"灯{number}",
        })  # fmt: skip
        at = MONDAY + timedelta(days=number * 20)
        with bookkeeping("only the figures are meant"):
            Ticket.objects.filter(pk=row.id).update(status="closed", closed_at=at)
            Task.objects.filter(ticket_id=row.id, done_at=None).update(department=department)
            TicketLink.objects.filter(ticket_id=row.id).delete()
            if stars is not None:
                TicketLink.objects.create(ticket_id=row.id, digest=f"d{number}", made_at=MONDAY)
            if stars:
                Rating.objects.create(ticket_id=row.id, stars=stars, words="=灯还是不亮" if stars == 1 else "很好", at=at + timedelta(hours=2))
        made.append(row)
    return made


PERIOD = "since=2026-11-01&until=2027-01-31"


def test_ratings_are_counted_by_month_department_and_procedure_and_low_ones_lead_to_their_ticket(rated, as_, clock):
    clock.at = MONDAY + timedelta(days=60)
    chen = as_("chen")
    with CaptureQueriesContext(connection) as seen:
        html = chen.get(f"/reports/ratings?{PERIOD}").content.decode()
    assert len(seen) <= 16, [query["sql"][:80] for query in seen.captured_queries]
    assert "评了 2 / 请评 3 张" in html and "67%" in html and ">3.0<" in html.replace("\n", "")
    assert "2026-11" in html and "2026-12" in html and "工程部" in html and "安保部" in html and "投诉处理" in html
    low = html.split('id="low"')[1]
    assert rated[1].number in low and "灯还是不亮" in low and rated[0].number not in low
    only = as_("chen").get(f"/reports/ratings?{PERIOD}&department=security").content.decode()
    assert "评了 1 / 请评 1 张" in only and rated[0].number not in only
    assert "没有请住户评价" in as_("chen").get("/reports/ratings?since=2026-10-01&until=2026-10-31").content.decode()
    assert as_("chen").get("/reports/ratings?since=2026-12-01&until=2026-11-01").status_code == 422


def test_the_workbook_holds_what_is_counted_and_the_journal_says_so(rated, as_, clock):
    clock.at = MONDAY + timedelta(days=60)
    answer = as_("chen").get(f"/reports/ratings?{PERIOD}&department=security&format=xlsx")
    book = CalamineWorkbook.from_filelike(BytesIO(b"".join(answer.streaming_content)))
    rows = [row for row in book.get_sheet_by_index(0).to_python() if rated[1].number in row]
    assert len(rows) == 1 and "=灯还是不亮" in rows[0] and not [row for row in book.get_sheet_by_index(0).to_python() if rated[0].number in row]
    line = Entry.objects.filter(code="ticket.exported").latest("id")
    assert "住户评价" in line.text and "部门：安保部" in line.text


def test_the_portal_offers_the_ratings_and_another_community_sees_none(rated, as_, world, clock):
    asked, given = slots.ratings(world.liyuan.pk, MONDAY, MONDAY + timedelta(days=90))
    assert len(asked) == 3 and [one.stars for one in given] == [1, 5]
    assert queries.ratings(world.yunxi.pk, MONDAY, MONDAY + timedelta(days=90)) == (frozenset(), [])
    assert rated[1].number not in as_("mei").get(f"/reports/ratings?{PERIOD}").content.decode()
