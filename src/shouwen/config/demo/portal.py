"""Codes on doors and in lifts of the demo, and one matter that a resident brought by herself this morning."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from shouwen.estate.models import Community, Unit
from shouwen.kernel.access import SYSTEM
from shouwen.portal import actions, residents
from shouwen.portal.models import PlaceCode

from . import cast

LIFTS: Final = tuple(f"{building}栋{entrance}单元 {lift}号电梯" for building in (3, 5, 12) for entrance in (1, 2) for lift in (1, 2))
PLACES: Final = ("3栋大堂", "会所游泳池", "地下车库 B1", "小区南门")
RESIDENT: Final = cast.RESIDENTS[0]
"""王秀英 of 3-1-1201: the resident of the demo; the code for her phone is printed to the log and shown under 住户短信."""


def codes(community: Community, at: datetime) -> list[PlaceCode]:
    """Lifts, public places, and the doors of building 3."""
    actions.make_codes(SYSTEM, community, places=LIFTS, kind="lift", at=at)
    actions.make_codes(SYSTEM, community, places=PLACES, kind="public", at=at)
    home = Unit.objects.filter(community=community, code=RESIDENT[0]).select_related("building").first()
    made: list[PlaceCode] = actions.make_codes(SYSTEM, community, building=home.building, at=at) if home else []
    return made


def reported(community: Community, at: datetime) -> Any:
    """王秀英 reports a dripping tap from the code on her door, an hour ago; returns (row, token)."""
    code, name, _, phone, _ = RESIDENT
    door = PlaceCode.objects.get(community=community, unit__code=code, retired_at=None)
    answers = {"unit": code, "caller": name, "phone": phone, "place": "厨房", "content": "水龙头关不紧，一直滴水", "fault": "plumbing"}
    actor = residents.actor(community.pk, f"{name[0]}**")
    return actions.file(actor, community, procedure="repair", answers=answers, phone=phone, code=door, at=at - timedelta(minutes=20))
