"""What the pages of this area share."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import HttpRequest
from django.utils.timezone import localdate

from shouwen.duty import queries as duty
from shouwen.estate import queries as estate
from shouwen.estate.models import Community
from shouwen.kernel.access import Actor
from shouwen.kernel.journal import now
from shouwen.kernel.zone import CHINA

from .. import actions, queries


def here_of(request: HttpRequest, may: str = "premises.view") -> Community:
    """The community of this page; NotFound where the actor may not."""
    community: Any = request.community  # type: ignore[attr-defined]
    return queries.place(request.actor, community.pk if community else None, may)  # type: ignore[attr-defined]


def day_of(text: str) -> date:
    """?day=2026-11-22, today when missing, unreadable or to come."""
    today = localdate(now(), CHINA)
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return today
    return day if 2000 <= day.year and day <= today else today


def exported(actor: Actor, *, title: str, rows: int, filters: Any) -> None:
    places = actor.places("premises.view")
    where = actor.community if places is None or actor.community in places else next(iter(sorted(places)), None)
    said = filters if isinstance(filters, str) else "，".join(filters.values()) or "全部"
    actions.export_register(actor, where, title=title, rows=rows, filters=said, at=now())


def communities(actor: Actor) -> list[tuple[int, str]]:
    return [(one.pk, one.name) for one in estate.communities(actor)]


def buildings(actor: Actor) -> list[tuple[int, str]]:
    return [(one.pk, one.name) for one in estate.buildings(actor, actor.community)]


def stewards(actor: Actor) -> list[tuple[int, str]]:
    """Colleagues who answer for a building here, for a choice."""
    if actor.community is None:
        return []
    here = duty.current_directory(actor.community)
    return sorted({(user, here.name(user)) for user in queries.stewards(actor.community).values()}, key=lambda pair: pair[1])
