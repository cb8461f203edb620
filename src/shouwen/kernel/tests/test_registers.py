"""A declared register: who sees it, how it is narrowed, and an .xlsx that is text where people typed text."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zipfile import ZipFile

import openpyxl
import pytest
from axes.models import AccessLog
from django.db.models import QuerySet
from django.http import HttpResponseBase
from django.test import RequestFactory

from shouwen.kernel import registers
from shouwen.kernel.access import EVERYWHERE, Actor
from shouwen.kernel.refusals import NotFound, Refused
from shouwen.kernel.registers import Column, Filter, Register, write_workbook

LI = Actor(1, "李静", grants={"estate.view": frozenset({EVERYWHERE})})
TIAN = Actor(2, "田野")


MIDNIGHT = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
"""In Shanghai 2026-11-21 begins."""


def logs(actor: Actor) -> QuerySet[AccessLog]:
    return AccessLog.objects.order_by("username")


EXPORTS: list[dict[str, Any]] = []
LOGS = Register(
    "logs", logs, title="登录台账", may="estate.view", size=5,
    columns=[Column("username", title="账号", sort=True), Column("user_agent", "phone", title="电话"), Column("logout_time", title="退出")],
    filters=[Filter("path_info", "入口", [("/a", "前门"), ("/b", "后门")]), "logout_time"], search=["username"],
    exported=lambda actor, **facts: EXPORTS.append({"actor": actor.name, **facts}),
)


@pytest.fixture(autouse=True)
def _rows(db: None) -> None:
    EXPORTS.clear()
    AccessLog.objects.bulk_create(AccessLog(
        username=f"=cmd{number:02}" if number == 0 else f"u{number:02}", user_agent="13800138000", path_info="/a" if number % 2 else "/b",
        logout_time=MIDNIGHT + timedelta(seconds=number if number >= 6 else -1 - number),
    ) for number in range(12))


def ask(actor: Actor = LI, **query: str) -> HttpResponseBase:
    request = RequestFactory().get("/logs", query, HTTP_HX_REQUEST="true")
    request.actor = actor  # type: ignore[attr-defined]
    return LOGS.page(request)


def text(**query: str) -> str:
    return ask(**query).content.decode()  # type: ignore[attr-defined]


def workbook(**query: str) -> openpyxl.Workbook:
    answer = ask(format="xlsx", **query)
    return openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content)))  # type: ignore[attr-defined]


def test_whoever_may_not_see_it_finds_nothing() -> None:
    with pytest.raises(NotFound):
        ask(TIAN)
    with pytest.raises(NotFound):
        ask(TIAN, format="xlsx")


def test_a_page_shows_its_rows_masked() -> None:
    shown = text()
    assert "138****8000" in shown
    assert "13800138000" not in shown
    assert shown.count("<tr") == 6


def test_filters_narrow_and_wrong_ones_are_refused_in_chinese() -> None:
    assert "u01" in text(path_info="/a")
    assert "u02" not in text(path_info="/a")
    with pytest.raises(Refused, match="入口"):
        ask(path_info="/c")
    with pytest.raises(Refused, match="日期"):
        ask(logout_time_from="2026-13-01")


def test_days_are_days_in_shanghai() -> None:
    book = workbook(logout_time_from="2026-11-21", logout_time_to="2026-11-21")
    assert [row[0].value for row in book.active.iter_rows(min_row=2)] == [f"u{number:02}" for number in range(6, 12)]


def test_search_finds_every_word_also_in_fullwidth() -> None:
    assert "u03" in text(q="ｕ０３")
    assert "没有符合条件的记录" in text(q="u03 u04")
    assert "没有符合条件的记录" in text(q="\x00zzz")


def test_only_declared_columns_can_be_sorted_by() -> None:
    def order(sort: str) -> list[str]:
        return re.findall(r'class="lead"[^>]*>([^<]+)<', text(sort=sort))

    assert order("-username") == ["u11", "u10", "u09", "u08", "u07"]
    assert order("user_agent") == order("--username") == order("pk; drop") == order("")


def test_the_workbook_is_what_is_listed_and_nothing_typed_is_a_formula() -> None:
    book = workbook(path_info="/b")
    sheet = book.active
    rows = list(sheet.iter_rows(min_row=2))
    assert [cell.value for cell in sheet[1]] == ["账号", "电话", "退出"]
    assert [row[0].value for row in rows] == ["=cmd00", "u02", "u04", "u06", "u08", "u10"]
    assert rows[0][0].data_type == "s"
    assert rows[0][0].quotePrefix
    assert rows[0][1].value == "138****8000"
    assert rows[0][2].value == datetime(2026, 11, 20, 23, 59, 59)  # noqa: DTZ001 - a cell knows no zone
    assert EXPORTS == [{"actor": "李静", "title": "登录台账", "rows": 6, "filters": {"入口": "后门"}}]


def test_too_many_rows_are_refused_not_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registers, "EXPORT_LIMIT", 11)
    with pytest.raises(Refused, match="先筛选"):
        ask(format="xlsx")
    assert EXPORTS == []


@pytest.mark.parametrize("typed", ["=1+1", "+86 138", "-3", "@SUM(A1)", "\t=1", "http://example.invalid", "007", "{=1}"])
def test_typed_text_stays_text(typed: str) -> None:
    file = io.BytesIO()
    write_workbook(file, "表[1]", ["列"], [[typed]])
    assert b"<f>" not in ZipFile(file).read("xl/worksheets/sheet1.xml")
    cell = openpyxl.load_workbook(file).active["A2"]
    assert cell.value == typed
    assert cell.data_type == "s"
    assert cell.hyperlink is None


def test_numbers_money_and_answers_keep_their_kind() -> None:
    file = io.BytesIO()
    write_workbook(file, "表", ["数", "钱", "否"], [[3, Decimal("1234.50"), False]], money_columns=[1])
    row = openpyxl.load_workbook(file).active[2]
    assert [cell.value for cell in row] == [3, 1234.5, "否"]
    assert row[1].number_format == "#,##0.00"
