"""One line of a bulk registration, as an import or a builder of worlds says it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from .codes import plate_number, room_code


@dataclass(frozen=True, slots=True)
class Line:
    """One unit and, if `name` is given, one person in it. Empty or None means not said."""

    code: str
    kind: str = ""
    state: str = ""
    area: Decimal | None = None
    delivered_on: date | None = None
    structure: str = ""
    name: str = ""
    as_: str = "owner"
    relation: str = ""
    phone: str = ""
    id_number: str = ""
    starts_on: date | None = None
    rent: Decimal | None = None
    care: str = ""
    plates: tuple[str, ...] = ()


def normal(line: Line) -> Line:
    """The same line with room code, plates and paper in their normal spelling; what cannot be read stays."""
    values = {name: getattr(line, name) for name in Line.__slots__}
    values["code"] = room_code(line.code) or line.code
    values["plates"] = tuple(plate_number(plate) or plate for plate in line.plates)
    values["id_number"] = line.id_number.upper()
    return Line(**values)
