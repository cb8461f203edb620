"""Reading what belongs to no area: the journal, and the days of the calendar."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from django.db.models import Q, QuerySet

from . import sealing
from .access import Actor
from .models import CalendarDay, Checkpoint, Entry, Seal


def entries(actor: Actor) -> QuerySet[Entry]:
    """Lines of the journal of the communities where this person may read it, newest first.

    Lines that concern the whole company are for those who may read everywhere.
    """
    places = actor.places("journal.view")
    rows = Entry.objects.order_by("-id")
    return rows if places is None else rows.filter(community_id__in=places)


@dataclass(frozen=True, slots=True)
class Seals:
    """How far the chain has come: lines sealed, its head, lines of the journal still waiting (up to MOST), the last checkpoint."""

    MOST: ClassVar[int] = 1000
    size: int
    head: str
    waiting: int
    checkpoint: Checkpoint | None


def seals() -> Seals:
    """The state of the chain, without walking it; it says nothing about any line."""
    size, head = sealing.head()
    last = Seal.objects.filter(book="journal").order_by("-seq").values_list("line", flat=True).first() or 0
    waiting = Entry.objects.filter(pk__gt=last)[: Seals.MOST].count()
    return Seals(size, head, waiting, Checkpoint.objects.order_by("-pk").first())


def exceptions(actor: Actor, community_id: int | None, year: int) -> QuerySet[CalendarDay]:
    """The dates of a year that differ from the ordinary week, here and everywhere."""
    places = actor.places("settings.edit")
    if places is not None and community_id not in places:
        return CalendarDay.objects.none()
    return CalendarDay.objects.filter(Q(community_id=None) | Q(community_id=community_id), day__year=year).order_by("day", "id")
