"""What the pages of this area share."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import HttpRequest

from shouwen.estate.models import Community
from shouwen.kernel.access import Actor
from shouwen.kernel.refusals import Refused
from shouwen.kernel.words import number_in
from shouwen.org import queries as org
from shouwen.org.models import User

from .. import queries


def here_of(request: HttpRequest) -> Community:
    """The community of this page; NotFound where the actor may not look at its duty."""
    community: Any = request.community  # type: ignore[attr-defined]
    return queries.place(request.actor, community.pk if community else None)  # type: ignore[attr-defined]


def day_of(given: str) -> date | None:
    """A day as a date field sends it; None for anything else."""
    try:
        day = date.fromisoformat(given)
    except ValueError:
        return None
    return day if 2000 <= day.year <= 2200 else None


def colleague(actor: Actor, given: str) -> User | None:
    """The active colleague chosen in a form; None when nobody was."""
    if not given.strip():
        return None
    number = number_in(given)
    found = org.staff(actor).filter(pk=number, is_active=True).first() if number is not None else None
    if found is None:
        raise Refused("没有这位同事，请重新选择。")
    return found
