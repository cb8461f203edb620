"""A list of arrears as the billing system exports it: which columns are read, what is wrong with each row. Writes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Final

from shouwen.estate import queries as estate
from shouwen.estate import spreadsheets
from shouwen.estate.spreadsheets import Cell, Column, Sheet
from shouwen.kernel.money import FEN, money
from shouwen.kernel.refusals import Refused

COLUMNS: Final = (
    Column("房号", "room", True, 16, help="栋-单元-室，与房屋台账一致。", example="3-1-1201"),
    Column("是否欠费", "owes", kind="pick", pick={"是": "是", "否": "否"}, help="填了金额的可以不填。", example="是"),
    Column("欠费金额", "amount", kind="number", help="元，最多两位小数；0 表示已交清。同一房号有几行的，金额相加。", example="1234.50"),
    Column("截至日期", "as_of", kind="date", help="不填按上传时选的日期。", example="2026-11-20"),
)
NOTES: Final = (
    "1. 只读取第一个工作表，第一行是表头。收费系统导出的表可以直接上传：别的列不读，也不保存。",
    "2. 每行要么填「是否欠费」，要么填「欠费金额」。",
    "3. 有任何一处错误时全部不登记。",
)
ALSO: Final = {
    "房间号": "房号", "房屋": "房号", "房间": "房号", "房屋编号": "房号", "欠费": "是否欠费", "欠费标记": "是否欠费", "金额": "欠费金额",
    "欠款": "欠费金额", "欠款金额": "欠费金额", "欠费合计": "欠费金额", "截止日期": "截至日期", "截至": "截至日期",
}  # fmt: skip
"""Other words of billing systems for our columns."""

YES: Final = frozenset({"是", "欠", "欠费", "有", "y", "yes", "1", "true", "√"})
NO: Final = frozenset({"否", "不欠", "无", "已交", "已交清", "结清", "n", "no", "0", "false", "×"})


@dataclass(frozen=True, slots=True)
class Owing:
    """What a list says of one unit. `amount` in yuan, None = not said; `owes` False = paid up, with 0 where the sum alone says so."""

    unit_id: int
    owes: bool
    amount: Decimal | None
    as_of: date


@dataclass(slots=True)
class Reading:
    """A file as it was understood; `lines` are whole only without problems. `problems`: (row, column, sentence)."""

    lines: list[Owing]
    rows: int
    problems: list[tuple[int, str, str]] = field(default_factory=list)


def read(community_id: int, content: bytes, filename: str, as_of: date) -> Reading:
    """Everything that a file says, with all that is wrong in it; Refused only if the file as a whole cannot be used."""
    sheet = spreadsheets.read(content, filename)
    places = _places(sheet)
    units = estate.unit_ids(community_id, [_words(row[places["房号"]]) for _, row in sheet.rows])
    found: dict[int, Owing] = {}
    reading = Reading([], len(sheet.rows))
    for number, row in sheet.rows:
        cells = {title: row[at] for title, at in places.items()}
        problems, said = _row(cells, units, as_of)
        if said is not None and (known := found.get(said.unit_id)) is not None and _contradict(known, said):
            problems.append(("房号", "同一房号的几行一处说欠费、一处说不欠，请核对"))
        reading.problems += [(number, title, message) for title, message in problems]
        if said is not None and not problems:
            try:
                found[said.unit_id] = said if known is None else _together(known, said)
            except Refused as no:
                reading.problems.append((number, "欠费金额", f"与上面的几行相加：{no.message.rstrip('。')}"))
    reading.lines = list(found.values())
    return reading


def _together(one: Owing, other: Owing) -> Owing:
    """Several rows of a unit, as lists by kind of fee have them."""
    sums = [each.amount for each in (one, other) if each.amount is not None]
    owes = one.owes or other.owes
    known = bool(sum(sums)) if owes else len(sums) == 2  # a flag without a sum stays one, whatever the other rows add
    return Owing(one.unit_id, owes, money(sum(sums, Decimal(0)), "欠费金额") if known else None, max(one.as_of, other.as_of))


def _contradict(one: Owing, other: Owing) -> bool:
    """One row says that it owes, the other that it does not. A kind of fee with nothing due (0.00) says nothing of the others."""
    return one.owes != other.owes and any(not each.owes and each.amount is None for each in (one, other))


def _places(sheet: Sheet) -> dict[str, int]:
    """Our titles → where they stand. What is no column of ours is not looked at."""
    known = {column.title for column in COLUMNS}
    places: dict[str, int] = {}
    for at, head in enumerate(sheet.headers):
        words = head.removesuffix("（元）").removesuffix("(元)")
        title = words if words in known else ALSO.get(words, "")
        if title and title in places:
            raise Refused(f"表里有两列都像「{title}」，请只留一列，或改用模板的表头。")
        if title:
            places[title] = at
    if "房号" not in places:
        raise Refused("第一行里没有「房号」这一列。请照模板的表头改好再传。")
    if not places.keys() & {"是否欠费", "欠费金额"}:
        raise Refused("第一行里没有「是否欠费」，也没有「欠费金额」。两列至少要有一列。")
    return places


def _row(cells: Mapping[str, Cell], units: Mapping[str, int], as_of: date) -> tuple[list[tuple[str, str]], Owing | None]:
    problems: list[tuple[str, str]] = []
    room = _words(cells["房号"])
    unit_id = units.get(room)
    if not room:
        problems.append(("房号", "没有房号"))
    elif unit_id is None:
        problems.append(("房号", f"房屋台账里没有「{room[:20]}」，请核对"))
    flag, amount, day = _flag(cells.get("是否欠费", "")), None, as_of
    if flag is None:
        problems.append(("是否欠费", "只能填是或否"))
    try:
        amount = _amount(cells.get("欠费金额", ""))
    except Refused as no:
        problems.append(("欠费金额", no.message.rstrip("。")))
    if not spreadsheets.is_empty(cells.get("截至日期", "")):
        given, problem = spreadsheets.day_in(cells["截至日期"])
        if problem or given is None:
            problems.append(("截至日期", problem))
        elif given > as_of:
            problems.append(("截至日期", f"晚于上传时选的 {as_of}，请核对"))
        else:
            day = given
    if not problems and flag == "" and amount is None:
        problems.append(("欠费金额", "「是否欠费」和「欠费金额」都没有填"))
    if not problems and amount is not None and flag and (flag == "是") != (amount > 0):
        problems.append(("是否欠费", "与「欠费金额」对不上，请核对"))
    if problems or unit_id is None:
        return problems, None
    owes = flag == "是" or bool(amount)
    return [], Owing(unit_id, owes, None if flag == "否" else amount, day)


def _flag(cell: Cell) -> str | None:
    """是, 否, nothing said, or None for what is neither."""
    if isinstance(cell, bool):
        return "是" if cell else "否"
    words = _words(cell).lower()
    return "" if not words else "是" if words in YES else "否" if words in NO else None


def _amount(cell: Cell) -> Decimal | None:
    """Yuan; sums of a spreadsheet may be off by a hair and are rounded to the fen."""
    if spreadsheets.is_empty(cell):
        return None
    if isinstance(cell, bool) or not isinstance(cell, str | int | float):
        raise Refused("应为金额，如 1234.50。")
    if isinstance(cell, float):
        if not abs(cell) < 1e12:
            raise Refused("金额太大，请核对。")
        cell = Decimal(repr(cell)).quantize(FEN)
    return money(cell, "欠费金额")


def _words(cell: Any) -> str:
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str("" if cell is None else cell).strip()


def template() -> bytes:
    return spreadsheets.template(COLUMNS, NOTES)
