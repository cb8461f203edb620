"""What every value of the estate must look like, one at a time and line by line; Refused names the field. Reads nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any, Final

from shouwen.kernel.refusals import Refused
from shouwen.kernel.words import clean_text

from . import private
from .codes import plate_number, room_code, room_parts
from .lines import Line
from .models import Occupancy, Unit

MOST_AREA: Final = Decimal("1000000")
MOST_RENT: Final = Decimal("100000000")
EARLIEST: Final = date(1949, 10, 1)
LATEST: Final = date(2199, 12, 31)
DETAILS: Final = {"care": 200, "speciality": 60, "hobby": 60, "occupation": 60, "employer": 60}
"""What is known of a person beside name and numbers, with the length that is kept."""

_KINDS: Final = frozenset(Unit.Kind.values)
_STATES: Final = frozenset(Unit.State.values)
_ROLES: Final = frozenset(Occupancy.Kind.values)


def unit_details(
    *, kind: str, state: str, area: Decimal | None, delivered_on: date | None, structure: str, condition: str
) -> dict[str, Any]:
    """The checked details of a unit; Refused names the field that is wrong."""
    if kind not in _KINDS:
        raise no("kind", f"用途只能是{choices(Unit.Kind)}。")
    if state not in _STATES:
        raise no("state", f"状态只能是{choices(Unit.State)}。")
    if area is not None and not (area.is_finite() and 0 < area < MOST_AREA and area == round(area, 2)):
        raise no("area", "建筑面积应大于 0、小于 1000000，最多两位小数。")
    return {
        "kind": kind, "state": state, "area": area, "delivered_on": delivered_on,
        "structure": clean_text(structure, "房屋结构", 40, field="structure"),
        "condition": clean_text(condition, "质量状况", 200, field="condition"),
    }


def check_phone(phone: str) -> str:
    cleaned = clean_text(phone, "手机", 40, field="phone")
    if cleaned and (problem := private.phone_problem(cleaned)):
        raise no("phone", f"{problem}。")
    return cleaned


def check_id(number: str) -> str:
    cleaned = clean_text(number, "证件号码", 20, field="id_number").upper()
    if cleaned and (problem := private.id_problem(cleaned)):
        raise no("id_number", f"{problem}。")
    return cleaned


def check_day(field: str, title: str, day: Any) -> None:
    if not isinstance(day, date) or not EARLIEST <= day <= LATEST:
        raise no(field, f"{title}应在 1949 年至 2199 年之间，写成 2026-11-21。")


def check_rent(kind: str, rent: Decimal | None) -> None:
    if rent is not None and (
        kind != Occupancy.Kind.TENANT or not rent.is_finite() or not 0 <= rent < MOST_RENT or rent != round(rent, 2)
    ):
        raise no("rent", "月租金只能为租户填写，应不小于 0，最多两位小数。")


def check(line: Line) -> Iterator[tuple[str, str]]:
    """(field, message) of everything wrong with one normal line by itself."""
    if room_code(line.code) != line.code or room_parts(line.code) is None:
        yield "code", "房号看不懂，请写成 3-1-1201（栋-单元-室）或 3栋1单元1201" if line.code else "请填写房号"
    yield from _refusals(lambda: unit_details(
        kind=line.kind or "home", state=line.state or "vacant", area=line.area, delivered_on=line.delivered_on,
        structure=line.structure, condition="",
    ))
    if line.delivered_on is not None:
        yield from _refusals(lambda: check_day("delivered_on", "交付日期", line.delivered_on))
    for plate in line.plates:
        if not plate_number(plate):
            yield "plates", "车牌看不懂，请写成 粤B12345（新能源 8 位），多个车牌用顿号隔开"
    if line.phone:
        yield from _refusals(lambda: check_phone(line.phone))
    if line.id_number:
        yield from _refusals(lambda: check_id(line.id_number))
    if line.starts_on is not None:
        yield from _refusals(lambda: check_day("starts_on", "开始日期", line.starts_on))
    yield from _same("name", "姓名", line.name, 60)
    yield from _same("relation", "与户主关系", line.relation, 20)
    yield from _same("care", "特别关照", line.care, 200)
    yield from _person_alone(line)


def _person_alone(line: Line) -> Iterator[tuple[str, str]]:
    if line.as_ not in _ROLES:
        yield "as_", f"身份只能是{choices(Occupancy.Kind)}"
    yield from _refusals(lambda: check_rent(line.as_, line.rent))
    if not line.name:
        said = {"phone": line.phone, "id_number": line.id_number, "relation": line.relation, "care": line.care}
        if any(said.values()) or line.starts_on is not None:
            yield "name", "填了住户资料却没有姓名，请补填姓名"


def _same(field: str, title: str, text: str, limit: int) -> Iterator[tuple[str, str]]:
    """Words must come already clean, so that what is compared is what is kept."""
    if not text:
        return
    yield from _refusals(lambda: clean_text(text, title, limit, field=field))
    if text != text.strip():
        yield field, f"「{title}」前后有空格，请删去"


def _refusals(run: Callable[[], Any]) -> Iterator[tuple[str, str]]:
    try:
        run()
    except Refused as refused:
        for field, message in (refused.fields or {"code": refused.message}).items():
            yield field, message.rstrip("。")


def choices(kinds: Any) -> str:
    return "、".join(kinds.labels)


def no(field: str, message: str) -> Refused:
    return Refused(message, {field: message})
