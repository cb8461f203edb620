"""Spreadsheets: every problem with row and column, the same file back, whole or not at all."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Sequence
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import openpyxl
import pytest
import python_calamine

from shouwen.estate import actions, imports, queries, spreadsheets
from shouwen.estate.lines import Line
from shouwen.estate.models import Import, Person, Unit, Vehicle
from shouwen.kernel.access import SYSTEM
from shouwen.kernel.models import Entry
from shouwen.kernel.refusals import Conflict, Forbidden, Refused

from .conftest import AT

pytestmark = pytest.mark.both
HEAD = ("房号", "姓名", "身份", "手机", "证件号码", "交付日期", "建筑面积", "车牌", "月租金")


def xlsx(*rows: Sequence[Any], head: Sequence[str] = HEAD) -> bytes:
    book = openpyxl.Workbook()
    book.active.append(list(head))
    for row in rows:
        book.active.append(list(row))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def planned(estate: SimpleNamespace, content: bytes, name: str = "住户.xlsx") -> Import:
    run: Import = actions.plan_import(estate.supervisor, estate.liyuan, filename=name, content=content, at=AT)
    return run


def test_a_good_file_is_taken_in_by_one_action(estate: SimpleNamespace) -> None:
    run = planned(estate, xlsx(
        ("6-1-101", "周文斌", "业主", "13800000012", None, date(2020, 5, 1), 88.5, "粤B99999、粤BD99999", None),
        ("6栋1单元101", "吴芳", "租户", "0755-26001234", None, None, None, None, "3500"),
        ("6-1-102", None, None, None, None, None, None, None, None),
        ("3-1-1201", "王秀英", None, "13800000001", None, None, None, None, None),
    ))  # fmt: skip
    assert run.problems == [] and not Unit.objects.filter(code="6-1-101").exists()
    counts = actions.apply_import(estate.supervisor, run, at=AT)
    assert counts == {"buildings": 1, "units": 2, "people": 2, "occupancies": 2, "vehicles": 2}
    assert Entry.objects.filter(code="estate.imported").count() == 1
    residents = queries.people_of(estate.desk, Unit.objects.get(code="6-1-101"))
    assert [one.starts_on for one in residents] == [date(2020, 5, 1), date(2026, 11, 23)]
    assert [found.title for found in queries.find(estate.desk, "zwb")] == ["周**"]
    run.refresh_from_db()
    assert run.sealed in (b"", memoryview(b""))
    with pytest.raises(Conflict, match="已经导入"):
        actions.apply_import(estate.supervisor, run, at=AT)


def test_every_problem_is_named_with_row_and_column(estate: SimpleNamespace) -> None:
    run = planned(estate, xlsx(
        ("6-1-101", "周文斌", "业主", 13800000012, 110105194912310020, "2020-13-01", "大", None, None),
        ("1201", "吴芳", "房东", "abc", "110105194912310021", None, -5, "粤B1", "100"),
        (date(2003, 1, 12), None, None, None, None, None, None, None, None),
        ("3-1-1201", "王秀英", None, "13999999999", None, None, None, "粤B12345", None),
        ("6-1-103", None, None, "13800000013", None, None, None, None, None),
        ("6-1-104", "甲", None, None, None, None, None, "粤C11111", None),
        ("6-1-104", "甲", None, None, None, None, None, "粤C11111", None),
        ("6-1-105", "乙\u202e丙", None, "1.38E+10", None, "明天", None, None, None),
    ))  # fmt: skip
    found = {(problem["row"], problem["column"]) for problem in run.problems}
    assert found == {
        (2, "手机"), (2, "证件号码"), (2, "交付日期"), (2, "建筑面积"), (3, "房号"), (3, "身份"), (3, "手机"), (3, "证件号码"),
        (3, "建筑面积"), (3, "车牌"), (3, "月租金"), (4, "房号"), (5, "手机"), (5, "车牌"), (6, "姓名"), (8, "姓名"), (8, "车牌"),
        (9, "姓名"), (9, "手机"), (9, "交付日期"),
    }  # fmt: skip
    why = {(problem["row"], problem["column"]): problem["message"] for problem in run.problems}
    assert "变成了数字" in why[2, "手机"] and "15 位" in why[2, "证件号码"] and "日期" in why[4, "房号"] and "科学计数法" in why[9, "手机"]
    before = Unit.objects.count(), Person.objects.count(), Vehicle.objects.count()
    with pytest.raises(Refused, match="全部没有导入"):
        actions.apply_import(estate.supervisor, run, at=AT)
    assert (Unit.objects.count(), Person.objects.count(), Vehicle.objects.count()) == before
    run.refresh_from_db()
    assert run.applied_at is None


def test_the_file_comes_back_with_a_column_of_reasons(estate: SimpleNamespace) -> None:
    run = planned(estate, xlsx(("6-1-101", "周文斌", "业主", "13800000012", None, date(2020, 5, 1), 88.5, None, None), ("x", *[None] * 8)))
    sheet = spreadsheets.read(actions.imports.content_of(run), run.filename)
    content, _, suffix = imports.annotated(sheet, run.problems)
    rows = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    assert suffix == "xlsx" and rows[0] == [*HEAD, "错误原因"]
    assert rows[1] == ["6-1-101", "周文斌", "业主", "13800000012", "", "2020-05-01", "88.5", "", "", ""]
    assert rows[2][0] == "x" and rows[2][-1].startswith("房号：房号看不懂")
    again = planned(estate, content, "住户-错误.xlsx")  # handed in again unchanged: the same problems, no new ones
    assert [problem["column"] for problem in again.problems] == ["房号"]


def test_csv_in_both_encodings_and_back_without_formulas(estate: SimpleNamespace) -> None:
    text = "房号*,姓名,手机\r\n6-1-101,周文斌,13800000012\r\n=1+1,@SUM(A1),13800000013\r\n"
    for encoding in ("utf-8-sig", "gb18030"):
        run = planned(estate, text.encode(encoding), "住户.csv")
        assert {(problem["row"], problem["column"]) for problem in run.problems} == {(3, "房号")}
        content, kind, _ = imports.annotated(spreadsheets.read(text.encode(encoding), "住户.csv"), run.problems)
        rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
        assert rows[0] == ["房号", "姓名", "手机", "错误原因"] and rows[2][:2] == ["'=1+1", "'@SUM(A1)"] and kind.startswith("text/csv")
        assert spreadsheets.read(content, "x.csv").rows[1][1][:2] == ["=1+1", "@SUM(A1)"]


@pytest.mark.parametrize(
    ("content", "name", "says"),
    [
        (b"", "a.xlsx", "空"), (b"PK\x03\x04nonsense", "a.xlsx", "不是有效"), (b"\xd0\xcf\x11\xe0nonsense", "a.xls", "无法读取"),
        (b"%PDF-1.4", "a.pdf", "只能导入"), (b"x" * (11 * 1024 * 1024), "a.csv", "太大"), (b"\xff\xff\xff\x80\x80", "a.csv", "编码"),
        ("房号\n".encode() + b"a\x00b", "a.csv", "空字符"), ("房号\n".encode(), "a.csv", "没有数据"), (b"\n1,2\n", "a.csv", "表头"),
        ("房号\n".encode() + b"1-1-101\n" * 20_001, "a.csv", "20000"), (b",".join([b"x"] * 100) + b"\n1", "a.csv", "列数"),
        ('房号\n"未闭合'.encode() + b"x" * 200_000, "a.csv", "格式不对"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_refused_in_words(estate: SimpleNamespace, content: bytes, name: str, says: str) -> None:
    with pytest.raises(Refused, match=says):
        planned(estate, content, name)
    assert not Import.objects.exists()


def test_a_bomb_is_not_unpacked(estate: SimpleNamespace) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(8):
            archive.writestr(f"xl/{number}", b"0" * 40_000_000)
    assert len(out.getvalue()) < 1_000_000
    with pytest.raises(Refused, match="展开后太大"):
        planned(estate, out.getvalue())


def test_headings_must_be_those_of_the_template(estate: SimpleNamespace) -> None:
    run = planned(estate, xlsx(("周文斌", "甲", "乙"), head=("姓名", "姓名", "密码")))
    assert {(problem["row"], problem["column"]) for problem in run.problems} == {(1, "房号"), (1, "姓名"), (1, "密码"), (2, "房号")}


def test_the_template_can_be_filled_in_and_handed_in(estate: SimpleNamespace) -> None:
    book = openpyxl.load_workbook(io.BytesIO(imports.template()))
    page = book.worksheets[0]
    heads = [cell.value for cell in page[1]]
    assert heads[0] == "房号*" and heads[1:3] == ["用途", "状态"]
    assert all(page.column_dimensions[cell.column_letter].number_format == "@" or cell.number_format == "@" for cell in page[1])
    page.append([column.example or None for column in imports.COLUMNS])
    page["A2"] = "7-1-101"
    for column in ("H", "J", "N"):
        page[f"{column}2"] = {"H": "业主", "J": "13900000001", "N": "粤F12345"}[column]
    out = io.BytesIO()
    book.save(out)
    assert planned(estate, out.getvalue()).problems == []


def test_what_changed_between_check_and_apply_is_noticed(estate: SimpleNamespace) -> None:
    run = planned(estate, xlsx(("6-1-101", "周文斌", None, None, None, None, None, "粤E55555", None)))
    assert run.problems == []
    actions.add_vehicle(estate.steward, estate.liyuan, plate="粤E55555", at=AT)
    with pytest.raises(Refused, match="车牌"):
        actions.apply_import(estate.supervisor, run, at=AT)
    assert not Unit.objects.filter(code="6-1-101").exists()


def test_an_old_file_is_dropped(estate: SimpleNamespace) -> None:
    old = planned(estate, xlsx(("6-1-101", *[None] * 8)))
    later = AT + timedelta(days=2)
    actions.plan_import(estate.supervisor, estate.liyuan, filename="b.xlsx", content=xlsx(("6-1-102", *[None] * 8)), at=later)
    old.refresh_from_db()
    assert bytes(old.sealed) == b""
    with pytest.raises(Refused, match="重新上传"):
        actions.apply_import(estate.supervisor, old, at=later)


def test_who_may_not_import_cannot(estate: SimpleNamespace) -> None:
    for who in (estate.desk, estate.steward, estate.neighbour):
        with pytest.raises(Forbidden):
            actions.plan_import(who, estate.liyuan, filename="a.xlsx", content=xlsx(("6-1-101", *[None] * 8)), at=AT)


def test_lines_are_taken_in_whole_or_not_at_all(estate: SimpleNamespace) -> None:
    before = Unit.objects.count()
    with pytest.raises(Refused, match="第 2 条"):
        actions.take_in(SYSTEM, estate.liyuan, lines=[Line("9-1-101"), Line("bad")], at=AT)
    assert Unit.objects.count() == before
    twice = [Line("9-1-101", name="周文斌", phone="13800000012"), Line("9-1-102", name="周文斌", phone="13800000012")]
    assert actions.take_in(SYSTEM, estate.liyuan, lines=twice, at=AT)["people"] == 1
    assert actions.take_in(SYSTEM, estate.liyuan, lines=twice, at=AT) == dict.fromkeys(
        ("buildings", "units", "people", "occupancies", "vehicles"), 0
    )
