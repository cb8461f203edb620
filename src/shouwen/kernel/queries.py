"""Reading what belongs to no area: the journal, and the days of the calendar."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from .access import Actor
from .models import CalendarDay, Entry


def entries(actor: Actor) -> QuerySet[Entry]:
    """Lines of the journal of the communities where this person may read it, newest first.

    Lines that concern the whole company are for those who may read everywhere.
    """
    places = actor.places("journal.view")
    rows = Entry.objects.order_by("-id")
    return rows if places is None else rows.filter(community_id__in=places)


def exceptions(actor: Actor, community_id: int | None, year: int) -> QuerySet[CalendarDay]:
    """The dates of a year that differ from the ordinary week, here and everywhere."""
    places = actor.places("settings.edit")
    if places is not None and community_id not in places:
        return CalendarDay.objects.none()
    return CalendarDay.objects.filter(Q(community_id=None) | Q(community_id=community_id), day__year=year).order_by("day", "id")
