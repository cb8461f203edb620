"""Books that somebody answerable reads and signs day by day; named logs, search and export."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from io import BytesIO

import pytest
import time_machine
from django.db import DatabaseError, transaction
from openpyxl import load_workbook

from shouwen.duty import actions, queries
from shouwen.duty.models import SignOff
from shouwen.kernel.journal import bookkeeping
from shouwen.kernel.models import Entry
from shouwen.kernel.refusals import Conflict, Forbidden, Refused
from shouwen.org.tests.world import MONDAY, World

from .test_pages import sign_in

TUESDAY = MONDAY + timedelta(days=1)
DAY = date(2026, 11, 23)


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Coordinates]:
    with time_machine.travel(TUESDAY, tick=False) as coordinates:
        yield coordinates


def write(world: World, text: str, at=MONDAY, **more):
    return actions.write(world.actor("li"), world.places["liyuan"], post="receptionist", text=text, at=at, **more)


@pytest.mark.shows("D2.53", "D2.02")
def test_an_unsigned_day_is_overdue_the_next_day_and_what_comes_after_the_signature_is_marked(world: World) -> None:
    place = world.places["liyuan"]
    write(world, "3栋停水")
    assert queries.overdue(place.pk, DAY)["desk"] == [] and queries.overdue(place.pk, DAY + timedelta(1))["desk"] == [DAY]
    lin, li = sign_in(world, "lin"), sign_in(world, "li")
    assert "1 天未签" in lin.get("/duty/reviews").content.decode()
    assert "签阅这一天" not in li.get("/duty/reviews/desk/2026-11-23").content.decode()
    with pytest.raises(Forbidden, match="客服部主管"):
        actions.sign_off(world.actor("li"), place, book="desk", day=DAY, at=TUESDAY)
    with pytest.raises(Refused, match="还没有到"):
        actions.sign_off(world.actor("lin"), place, book="desk", day=DAY + timedelta(9), at=TUESDAY)
    assert "3栋停水" in lin.get("/duty/reviews/desk/2026-11-23").content.decode()
    assert lin.post("/duty/reviews/desk/2026-11-23", {"remark": "跟进来水时间"}).status_code == 302
    with pytest.raises(Conflict, match="已经签阅"):
        actions.sign_off(world.actor("lin"), place, book="desk", day=DAY, at=TUESDAY)
    assert queries.overdue(place.pk, DAY + timedelta(1))["desk"] == []
    write(world, "补记：来水了", at=TUESDAY, event_at=MONDAY)
    page = lin.get("/duty/?post=receptionist&day=2026-11-23").content.decode()
    assert "林芳已于" in page and "跟进来水时间" in page
    assert [("签阅后" in row.split("</tr>")[0]) for row in page.split('<tr id="line-')[1:]] == [True, False]
    mark = SignOff.objects.get()
    for change in (lambda: SignOff.objects.update(by_name="谁"), mark.delete):
        with pytest.raises(DatabaseError), transaction.atomic(), bookkeeping("somebody tries"):
            change()


@pytest.mark.shows("D11.17", "D13.18", "D13.30")
def test_the_four_books_are_overdue_each_by_itself(world: World) -> None:
    place = world.places["liyuan"]
    write(world, "第一行")
    late = queries.overdue(place.pk, DAY + timedelta(2))
    assert late == {"desk": [DAY, DAY + timedelta(1)], "keys": [DAY, DAY + timedelta(1)], "handover": [], "security": []}
    early = MONDAY.replace(hour=15, minute=45)
    actions.open_handover(world.actor("li"), place, post="receptionist", at=early)  # a day with a record has to be signed
    late = queries.overdue(place.pk, DAY + timedelta(2))
    assert late["handover"] == [DAY] and late["security"] == []
    actions.sign_off(world.actor("lin"), place, book="handover", day=DAY, at=TUESDAY)
    actions.sign_off(world.actor("lin"), place, book="keys", day=DAY, at=TUESDAY)
    late = queries.overdue(place.pk, DAY + timedelta(2))
    assert late["handover"] == [] and late["keys"] == [DAY + timedelta(1)] and late["desk"] == [DAY, DAY + timedelta(1)]
    with pytest.raises(Forbidden):
        actions.sign_off(world.actor("lin"), place, book="security", day=DAY, at=TUESDAY)


def test_named_logs_are_views_that_search_and_leave_as_a_sheet(world: World) -> None:
    wrong = write(world, "3栋电梯停运")
    actions.correct(world.actor("li"), world.places["liyuan"], line=wrong, text="5栋电梯停运", at=MONDAY)
    actions.write(world.actor("li"), world.places["liyuan"], post="control-room", text="消防主机自检", at=MONDAY)
    client = sign_in(world, "lin")

    def listed(query: str) -> list[bool]:
        part = client.get(f"/duty/?{query}").content.decode().split('id="list"')[1]
        return [text in part for text in ("3栋电梯", "5栋电梯", "消防主机")]

    assert listed("view=control") == [False, False, True]
    assert listed("view=corrections") == [False, True, False]
    assert listed("q=电梯") == [True, True, False] and listed("q=没有的") == [False] * 3
    assert listed("view=tickets") == [False] * 3 and listed("view=nonsense") == [True] * 3
    answer = client.get("/duty/?view=control&export=xlsx")
    rows = list(load_workbook(BytesIO(b"".join(answer.streaming_content))).active.values)
    assert rows[0][3] == "内容" and [row[3] for row in rows[1:]] == ["消防主机自检"]
    assert Entry.objects.filter(code="duty.exported", text__contains="监控室值班记录（1 行").exists()


def test_the_pages_of_review_cost_little(world: World, django_assert_max_num_queries) -> None:
    for n in range(40):
        write(world, f"第{n}行")
    client = sign_in(world, "lin")
    client.get("/duty/reviews")
    with django_assert_max_num_queries(16):
        client.get("/duty/reviews")
    with django_assert_max_num_queries(12):
        client.get("/duty/reviews/desk/2026-11-23")
