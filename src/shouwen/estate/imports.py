"""The import of a spreadsheet: what the columns mean, what is wrong with each cell, what would be new. Writes nothing."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from shouwen.kernel.refusals import Refused

from . import spreadsheets
from .intake import Ground, Problem, look, problems
from .lines import Line, normal
from .models import Occupancy, Unit
from .spreadsheets import Cell, Column, Sheet

_HOW_TEXT: Final = "请把整列设为「文本」格式后重新填写，或使用下载的模板"

COLUMNS: Final = (
    Column("房号", "code", True, 16, help="栋-单元-室；没有单元的写 栋-室。也可写 3栋1单元1201。", example="3-1-1201"),
    Column("用途", "kind", kind="pick", pick=dict(Unit.Kind.choices), help="不填为住宅。", example="住宅"),
    Column("状态", "state", kind="pick", pick=dict(Unit.State.choices), help="不填时：有住户为入住，没有为空置。", example="入住"),
    Column("建筑面积", "area", kind="number", help="平方米，最多两位小数。", example="89.50"),
    Column("交付日期", "delivered_on", kind="date", help="写成 2026-11-21。", example="2019-06-30"),
    Column("房屋结构", "structure", help="如框架、剪力墙、砖混。", example="剪力墙"),
    Column("姓名", "name", help="一行一人；同一房屋有几人就写几行。空置房屋不填。", example="王秀英"),
    Column("身份", "as_", kind="pick", pick=dict(Occupancy.Kind.choices), help="不填为业主。", example="业主"),
    Column("与户主关系", "relation", help="如本人、配偶、子女、父母。", example="本人"),
    Column("手机", "phone", width=18, help="文本格式，一格一个号码；座机写 0755-26001234。", example="13800000001"),
    Column("证件号码", "id_number", width=24, help="文本格式。", example=""),
    Column("开始日期", "starts_on", kind="date", help="从哪天起是业主或租户；不填按交付日期，再没有按导入当天。", example="2019-06-30"),
    Column("月租金", "rent", kind="number", help="只为租户填写，元。", example=""),
    Column("车牌", "plates", width=22, help="多个用顿号隔开；新能源车牌 8 位。", example="粤B12345、粤BD12345"),
    Column("特别关照", "care", width=24, help="如独居老人、行动不便。", example=""),
)
NOTES: Final = (
    "1. 只读取第一个工作表，第一行是表头，请勿改动表头文字。",
    "2. 房号、手机、证件号码必须是文本格式：变成数字的单元格会被退回，因为 Excel 会丢失末几位。",
    f"3. 一次最多 {spreadsheets.MOST_ROWS} 行。有任何一处错误时全部不导入，下载带「{spreadsheets.REMARK}」列的文件改好再传。",
    "4. 已登记的房屋和住户不会重复登记；与登记不同的内容会提示，请到房屋页修改。",
)
_BY_TITLE: Final = {column.title: column for column in COLUMNS}


@dataclass(slots=True)
class Plan:
    """What a file would do. `remarks` = row number → [(column title, sentence)]; the lines are whole only without any."""

    sheet: Sheet
    lines: list[Line]
    ground: Ground
    remarks: dict[int, list[tuple[str, str]]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def problems(self) -> list[dict[str, Any]]:
        """Flat, in the order of the sheet: row, column, message."""
        return [
            {"row": row, "column": column, "message": message}
            for row in sorted(self.remarks) for column, message in self.remarks[row]
        ]


def plan(community_id: int, content: bytes, filename: str) -> Plan:
    """Read and check everything; Refused only if the file as a whole cannot be used."""
    sheet = spreadsheets.read(content, filename)
    remarks: dict[int, list[tuple[str, str]]] = {}
    for title, message in _header_problems(sheet.headers):
        remarks.setdefault(1, []).append((title, message))
    columns = [(index, _BY_TITLE[title]) for index, title in enumerate(sheet.headers) if title in _BY_TITLE]
    lines, numbers = [], []
    spoilt: dict[int, set[str]] = {}
    for number, row in sheet.rows:
        values: dict[str, Any] = {}
        for index, column in columns:
            value, problem = _value(column, row[index])
            if problem:
                remarks.setdefault(number, []).append((column.title, problem))
                spoilt.setdefault(len(lines), set()).add(column.field)
            elif value not in ("", None, ()):
                values[column.field] = value
        values.setdefault("code", "")
        lines.append(normal(Line(**values)))
        numbers.append(number)
    titles = {column.field: column.title for column in COLUMNS}
    ground = look(community_id, lines)
    for found in problems(lines, ground, lambda index: f"第 {numbers[index]} 行"):
        if not _follows(found, spoilt.get(found.index, set())):
            remarks.setdefault(numbers[found.index], []).append((titles.get(found.field, "房号"), found.message))
    return Plan(sheet, lines, ground, remarks, _counts(lines, ground))


def _follows(found: Problem, spoilt: set[str]) -> bool:
    """Whether a problem only follows from a cell that could not be read and was therefore left out."""
    return found.field in spoilt or (found.field == "name" and "name" in spoilt)


def _header_problems(headers: list[str]) -> list[tuple[str, str]]:
    found = [(column.title, "缺少这一列，请使用下载的模板") for column in COLUMNS if column.required and column.title not in headers]
    for title, times in Counter(title for title in headers if title).items():
        if times > 1:
            found.append((title[:20], "这一列出现了两次，请只保留一列"))
        if title not in _BY_TITLE and title != spreadsheets.REMARK:
            found.append((title[:20], "模板中没有这一列，请删去或改成模板中的列名"))
    if "" in headers:
        found.append(("（空）", "有一列没有列名，请补上列名或删去这一列"))
    return found


def _counts(lines: list[Line], ground: Ground) -> dict[str, int]:
    codes = {line.code for line in lines}
    return {
        "rows": len(lines), "units": len(codes - ground.units.keys()), "known_units": len(codes & ground.units.keys()),
        "named": sum(1 for line in lines if line.name), "vehicles": sum(len(line.plates) for line in lines),
    }


def _value(column: Column, cell: Cell) -> tuple[Any, str]:
    """(value, problem) of one cell. What Excel has altered is refused, never guessed."""
    if cell is None or (isinstance(cell, str) and not cell.strip()):
        return "", ""
    match column.kind:
        case "date":
            return spreadsheets.day_in(cell)
        case "number":
            return _number(cell)
    if not isinstance(cell, str):
        return "", _altered(column, cell)
    text = cell.strip().replace("\u200b", "").strip("\u202a\u202c\u202d\ufeff")
    if column.field in ("phone", "id_number") and re.fullmatch(r"[\d.]+[eE]\+?\d+", text):
        return "", f"号码已变成科学计数法，末几位已丢失；{_HOW_TEXT}"
    if column.field == "plates":
        return tuple(plate.strip() for plate in re.split(r"[、,，;；\n]+", text) if plate.strip()), ""
    if column.pick is not None:
        for value, title in column.pick.items():
            if text == title:
                return value, ""
        return "", f"只能填{'、'.join(column.pick.values())}"
    return text, ""


def _altered(column: Column, cell: Cell) -> str:
    if column.field in ("phone", "id_number"):
        if column.field == "id_number":
            return f"Excel 把号码变成了数字，只保留 15 位，后几位已丢失；{_HOW_TEXT}"
        return f"Excel 把号码变成了数字，开头的 0 和末几位可能已丢失；{_HOW_TEXT}"
    if isinstance(cell, date | datetime):
        return f"Excel 把内容变成了日期；{_HOW_TEXT}"
    return f"此格是数字，应为文字；{_HOW_TEXT}"


def _number(cell: Cell) -> tuple[Any, str]:
    if isinstance(cell, bool) or not isinstance(cell, str | int | float):
        return None, "应为数字，例如 89.50"
    text = cell.strip().removesuffix("㎡").removesuffix("元") if isinstance(cell, str) else repr(cell)
    if len(text) > 24 or not re.fullmatch(r"-?\d+(?:\.\d+)?", text):
        return None, "应为数字，例如 89.50"
    try:
        return Decimal(text), ""
    except InvalidOperation:
        return None, "应为数字，例如 89.50"


def annotated(sheet: Sheet, found: list[Mapping[str, Any]]) -> tuple[bytes, str, str]:
    """The file handed back: each row with all that is wrong in it, in the column 错误原因."""
    remarks: dict[int, list[str]] = {}
    for problem in found:
        remarks.setdefault(int(problem["row"]), []).append(f"{problem['column']}：{problem['message']}")
    if header := remarks.pop(1, None):
        first = sheet.rows[0][0]
        remarks[first] = [f"表头 {text}" for text in header] + remarks.get(first, [])
    return spreadsheets.annotated(sheet, {row: "；".join(texts) for row, texts in remarks.items()})


def template() -> bytes:
    return spreadsheets.template(COLUMNS, NOTES)


def require(plan: Plan) -> None:
    """Refused unless the plan is without problems."""
    if found := plan.problems:
        first = found[0]
        where = f"第 {first['row']} 行「{first['column']}」{first['message']}"
        raise Refused(f"有 {len(found)} 处错误，全部没有导入。第一处：{where}。请下载错误文件改好后重新上传。")
