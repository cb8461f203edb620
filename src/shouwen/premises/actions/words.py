"""Small things the actions of this area share."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from shouwen.estate import queries as estate
from shouwen.estate.models import Building
from shouwen.kernel.access import SYSTEM
from shouwen.kernel.numbers import next_number
from shouwen.kernel.refusals import Refused
from shouwen.kernel.words import clean_text

_SERIES: Final = date(2000, 1, 1)
"""A series without days: one number after the other."""


def number_of(community_id: int, prefix: str) -> str:
    """BS-0001: the next of its series, without gaps."""
    return f"{prefix}-{next_number(community_id, 'PR' + prefix, _SERIES).rsplit('-', 1)[-1].zfill(4)}"


def given(value: Any, title: str, most: int, field: str) -> str:
    words = clean_text(value, title, most, field=field).replace("\n", " ")
    if not words:
        raise no(field, f"请填写「{title}」。")
    return words


def no(field: str, message: str) -> Refused:
    return Refused(message, {field: message})


def building_of(community_id: int, code: str) -> Building | None:
    """The building people mean by 3, 3栋 or its name; None where nothing was given."""
    text = code.strip().removesuffix("号楼").removesuffix("栋").removesuffix("幢").strip()
    if not text:
        return None
    rows = list(estate.buildings(SYSTEM, community_id))
    found = next((one for one in rows if text in (one.code, one.name) or code.strip() == one.name), None)
    if found is None:
        raise no("building", f"本小区没有 {text[:20]} 栋。不在楼里的标识，楼栋请留空。")
    return found
