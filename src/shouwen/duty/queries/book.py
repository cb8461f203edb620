"""The books: lines, signatures of whoever reads them day by day."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from django.db.models import QuerySet

from shouwen.kernel.access import Actor
from shouwen.kernel.refusals import NotFound

from ..models import LogLine, Shift
from .people import CHINA, place


def lines(
    actor: Actor, community_id: int, *, post: str = "", day: date | None = None, shift: Shift | None = None
) -> QuerySet[LogLine]:
    """The books of a community, newest first: of one post, of one day (local, by the time of the event), of the shift
    that begins on that day. A5.14."""
    place(actor, community_id)
    rows = LogLine.objects.filter(community=community_id).select_related("corrects", "corrected_by").order_by("-id")
    if post:
        rows = rows.filter(post=post)
    if day:
        start, end = datetime.combine(day, time(), CHINA), datetime.combine(day + timedelta(days=1), time(), CHINA)
        if shift:
            start, end = datetime.combine(day, shift.starts, CHINA), datetime.combine(day, shift.ends, CHINA)
            end += timedelta(days=end <= start)
        rows = rows.filter(event_at__gte=start, event_at__lt=end)
    return rows


def line(actor: Actor, pk: int) -> LogLine:
    """One line of a book, or NotFound."""
    places = actor.places("duty.view")
    rows = LogLine.objects.select_related("community", "corrected_by", "corrects")
    found = (rows if places is None else rows.filter(community__in=places)).filter(pk=pk).first()
    if found is None:
        raise NotFound
    return found
