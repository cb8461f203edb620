"""Spreadsheets as bytes: read the first sheet of .xlsx, .xls and .csv, write a template, hand a file back with remarks."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import PurePath
from typing import Any, Final

import python_calamine
import xlsxwriter

from shouwen.kernel.refusals import Refused

MOST_BYTES: Final = 10 * 1024 * 1024
MOST_UNPACKED: Final = 300 * 1024 * 1024
MOST_ROWS: Final = 20_000
MOST_COLUMNS: Final = 60
REMARK: Final = "错误原因"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

Cell = Any
"""str, float, int, bool, date, datetime, time or timedelta as the file has it; '' for an empty cell."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """The first sheet: `headers` of row 1 and the rows below with their numbers as the program shows them."""

    kind: str
    headers: list[str]
    rows: list[tuple[int, list[Cell]]]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a template. `kind` ∈ text, pick, date, number; `pick` are the allowed words."""

    title: str
    field: str
    required: bool = False
    width: int = 14
    kind: str = "text"
    pick: Mapping[str, str] | None = None
    help: str = ""
    example: str = ""


def read(content: bytes, filename: str) -> Sheet:
    """The sheet of a file; Refused says what is wrong with the file as such."""
    if not content:
        raise Refused("文件是空的，请选择填好的表格。")
    if len(content) > MOST_BYTES:
        raise Refused(f"文件太大（上限 {MOST_BYTES // 1024 // 1024} MB）。请拆成几个文件，每个不超过 {MOST_ROWS} 行。")
    kind = PurePath(filename).suffix.lower().lstrip(".")
    if kind == "csv":
        grid = _read_csv(content)
    elif kind in ("xlsx", "xls"):
        grid = _read_excel(content, kind)
    else:
        raise Refused("只能导入 .xlsx、.xls 或 .csv 文件，请用模板填写后上传。")
    if not grid or all(is_empty(cell) for cell in grid[0]):
        raise Refused("第一行应为表头。请下载模板，在模板中填写后上传。")
    headers = [str(cell).strip().rstrip("*＊ ") for cell in grid[0]]
    while headers and not headers[-1]:
        headers.pop()
    if len(headers) > MOST_COLUMNS:
        raise Refused(f"列数太多（{len(headers)} 列）。请使用下载的模板。")
    rows = [
        (number, (list(row) + [""] * len(headers))[: len(headers)])
        for number, row in enumerate(grid[1:], 2) if not all(is_empty(cell) for cell in row)
    ]
    if len(rows) > MOST_ROWS:
        raise Refused(f"共 {len(rows)} 行，一次最多导入 {MOST_ROWS} 行。请拆成几个文件。")
    if not rows:
        raise Refused("表中没有数据行。请在表头下面填写后再上传。")
    return Sheet(kind, headers, rows)


def _read_excel(content: bytes, kind: str) -> list[list[Cell]]:
    if kind == "xlsx":
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                unpacked = sum(entry.file_size for entry in archive.infolist())
        except (zipfile.BadZipFile, ValueError, NotImplementedError):
            raise Refused("文件不是有效的 .xlsx 表格（可能损坏、加了密码，或只是改了后缀）。请在 Excel 中另存为 .xlsx 后重试。") from None
        if unpacked > MOST_UNPACKED:
            raise Refused("文件展开后太大，不能导入。请只保留数据，删去图片和多余的行后重试。")
    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        sheet = book.get_sheet_by_index(0)
        if sheet.total_height > MOST_ROWS * 4 or sheet.total_width > MOST_COLUMNS * 10:
            raise Refused(f"表格太大（{sheet.total_height} 行、{sheet.total_width} 列）。请删去多余的空行空列后重试。")
        return sheet.to_python(skip_empty_area=False)
    except Refused:
        raise
    except python_calamine.PasswordError:
        raise Refused("文件加了密码，无法读取。请去掉密码后重新上传。") from None
    except Exception as error:  # a damaged file fails in many ways inside the parser
        raise Refused("表格无法读取，文件可能已损坏。请在 Excel 中打开并另存后重试。") from error


def _read_csv(content: bytes) -> list[list[Cell]]:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise Refused("CSV 文件的编码无法识别，请另存为「CSV UTF-8」后重试。")
    if "\x00" in text:
        raise Refused("CSV 文件里有空字符，文件可能已损坏。请另存为「CSV UTF-8」后重试。")
    first = text.split("\n", 1)[0]
    delimiter = "\t" if "\t" in first and "," not in first else ","
    try:
        # a quote put before a formula by annotated() is taken off again
        return [
            [cell[1:] if cell[:1] == "'" and cell[1:2] in _FORMULA else cell for cell in row]
            for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        ]
    except csv.Error:
        raise Refused("CSV 文件的格式不对（可能有未闭合的引号）。请用 Excel 打开检查后另存。") from None


def is_empty(cell: Cell) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


_DAY: Final = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?")
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def annotated(sheet: Sheet, remarks: Mapping[int, str]) -> tuple[bytes, str, str]:
    """The same rows with a last column 错误原因; (content, media type, extension). CSV stays CSV, the rest is .xlsx."""
    keep = [index for index, header in enumerate(sheet.headers) if header != REMARK]
    headers = [sheet.headers[index] for index in keep] + [REMARK]
    rows = [(number, [_as_text(row[index]) for index in keep] + [remarks.get(number, "")]) for number, row in sheet.rows]
    if sheet.kind == "csv":
        out = io.StringIO(newline="")
        writer = csv.writer(out)
        writer.writerow(headers)
        writer.writerows([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in row] for _, row in rows)
        return out.getvalue().encode("utf-8-sig"), "text/csv; charset=utf-8", "csv"
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, "constant_memory": True}) as book:
        page = book.add_worksheet("数据")
        text, head = book.add_format({"num_format": "@"}), book.add_format({"bold": True, "num_format": "@"})
        red = book.add_format({"font_color": "#C0392B", "num_format": "@"})
        page.set_column(0, len(headers) - 2, 16, text)
        page.set_column(len(headers) - 1, len(headers) - 1, 60, red)
        page.freeze_panes(1, 0)
        for column, title in enumerate(headers):
            page.write_string(0, column, title, head)
        for line, (_, row) in enumerate(rows, 1):
            for column, cell in enumerate(row):
                if cell:
                    page.write_string(line, column, cell[:32000], red if column == len(row) - 1 else text)
    return buffer.getvalue(), XLSX, "xlsx"


def template(columns: Sequence[Column], notes: Sequence[str]) -> bytes:
    """An empty .xlsx: every column is text, required ones are red with *, choices are lists; a second sheet explains."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        page = book.add_worksheet("数据")
        text = book.add_format({"num_format": "@"})
        plain = book.add_format({"bold": True, "bg_color": "#EEF2F7", "border": 1, "num_format": "@"})
        must = book.add_format({"bold": True, "bg_color": "#FDECEA", "font_color": "#C0392B", "border": 1, "num_format": "@"})
        page.freeze_panes(1, 0)
        for index, column in enumerate(columns):
            page.set_column(index, index, column.width, text)
            page.write_string(0, index, column.title + ("*" if column.required else ""), must if column.required else plain)
            if column.pick:
                page.data_validation(1, index, MOST_ROWS, index, {
                    "validate": "list", "source": list(column.pick.values()), "error_title": "请从列表中选择",
                    "error_message": "、".join(column.pick.values()),
                })
        guide = book.add_worksheet("填写说明")
        guide.set_column(0, 0, 14)
        guide.set_column(1, 2, 60)
        for column, title in enumerate(("列", "怎么填", "例")):
            guide.write_string(0, column, title, plain)
        for line, item in enumerate(columns, 1):
            says = ("必填。" if item.required else "") + item.help
            for column, words in enumerate((item.title, says, item.example)):
                guide.write_string(line, column, words, text)
        for line, note in enumerate(notes, len(columns) + 2):
            guide.write_string(line, 0, note)
    return buffer.getvalue()


def day_in(cell: Cell) -> tuple[date | None, str]:
    """(day, problem) of a cell that should hold a day."""
    if isinstance(cell, datetime):
        return cell.date(), ""
    if isinstance(cell, date):
        return cell, ""
    if isinstance(cell, str) and (found := _DAY.fullmatch(cell.strip())):
        try:
            return date(*map(int, found.groups())), ""
        except ValueError:
            return None, "没有这一天，请核对"
    return None, "日期请写成 2026-11-21 的形式"


def _as_text(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e18:
        return str(int(cell))
    if isinstance(cell, datetime):
        return f"{cell:%Y-%m-%d}" if not (cell.hour or cell.minute) else f"{cell:%Y-%m-%d %H:%M}"
    if isinstance(cell, date):
        return cell.isoformat()
    return "".join(char for char in str(cell) if char in "\n\t" or (ord(char) >= 32 and not 0xD800 <= ord(char) < 0xE000))
