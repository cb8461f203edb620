"""Fire equipment: every point of that class with its last check, and which were not checked within a month. E25.19, E26.04."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from django.db.models import BooleanField, Case, OuterRef, Q, QuerySet, Subquery, Value, When

from shouwen.kernel.access import Actor
from shouwen.kernel.zone import CHINA

from . import queries
from .models import Point, Reading


def month_before(at: datetime) -> datetime:
    """What was checked before this moment was checked more than a month ago: the month runs to the end of the same day of the next month."""
    today = at.astimezone(CHINA).date()
    last = today.replace(day=1) - timedelta(1)
    day = last.replace(day=today.day) if today.day <= last.day else today.replace(day=1)
    return datetime.combine(day, time(0), CHINA)


def gear(actor: Actor, at: datetime) -> QuerySet[Point]:
    """Points of fire equipment in use, by number, with `checked_at`, `checked_by`, `fine`, `said`, `ticket` of the last check, and `overdue`.

    One that was never checked is overdue a month after it was registered.
    """
    latest = Reading.objects.filter(point=OuterRef("pk")).order_by("-at")
    last = {name: Subquery(latest.values(source)[:1]) for name, source in (
        ("checked_at", "at"), ("checked_by", "by_name"), ("fine", "good"), ("said", "answers"), ("ticket", "ticket_number"),
    )}  # fmt: skip
    limit = month_before(at)
    late = Q(checked_at__lt=limit) | Q(checked_at__isnull=True, made_at__lt=limit)
    rows = queries.points(actor).filter(scope=Point.Scope.FIRE, retired_at=None).annotate(**last)
    return rows.annotate(overdue=Case(When(late, then=Value(True)), default=Value(False), output_field=BooleanField()))


def overdue(actor: Actor, community_id: int, at: datetime) -> int:
    """How many of a community were not checked within a month. One statement."""
    return gear(actor, at).filter(community=community_id, overdue=True).count()


def state(row: Any) -> str:
    """In a word, as the list shows it."""
    return "逾期" if row.overdue else "还没检查" if row.checked_at is None else "正常" if row.fine else "有问题"


def answers(row: Any) -> str:
    """The last check, item by item: 压力 0.3MPa，完好 正常."""
    return "，".join(f"{one['title']} {one['value']}{one.get('unit', '')}" for one in row.said or ())
