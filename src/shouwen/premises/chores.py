"""What the worker looks after: the register of vacant units follows the units; in the evening, who was not visited is said by name."""

from __future__ import annotations

from datetime import datetime

from shouwen.kernel.access import SYSTEM
from shouwen.kernel.zone import CHINA

from . import actions, queries
from .models import Charge


def follow(now: datetime) -> int:
    """Communities whose vacant units changed; returns how many."""
    behind = queries.to_follow()
    for place in behind:
        actions.follow_units(SYSTEM, place, at=now)
    return len(behind)


def unvisited(now: datetime) -> int:
    """Once in the evening, where stewards have areas; returns how many households are left."""
    day = now.astimezone(CHINA).date()
    places = {row.community for row in Charge.objects.filter(ends_at=None).select_related("community")}
    return sum(actions.raise_unvisited(SYSTEM, place, day=day, at=now) for place in sorted(places, key=lambda one: one.pk))
