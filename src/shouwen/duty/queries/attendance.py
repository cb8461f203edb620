"""Who came to which shift, who was missing, what was asked to be changed, where the roster leaves nobody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Q, QuerySet

from shouwen.kernel.access import Actor
from shouwen.kernel.models import CalendarDay
from shouwen.kernel.refusals import NotFound

from .. import attendance as rule
from ..directory import Directory, Span
from ..models import Presence, ShiftChange
from .people import current_directory, place

GAPLESS = ("receptionist", "control-room", "gate-guard", "security-duty-lead")
"""Posts that are never left, day and night, wherever they are rostered. C1.01, D2.21."""

REINFORCED = ("steward",)
"""Posts that need more people than usual on a statutory holiday. D12.26."""


@dataclass(frozen=True, slots=True)
class Attended:
    """One shift of the roster and what became of it. `state`: coming, absent, here, left; `late`, `early` in words, or ""."""

    span: Span
    name: str
    row: Presence | None
    state: str
    arrived: str
    left: str


def attended(actor: Actor, community_id: int, day: date, at: datetime) -> list[Attended]:
    """Every shift that begins on a day, with who came: a shift without anybody and without consent is an absence. D5.16."""
    place(actor, community_id)
    here = current_directory(community_id)
    start = datetime.combine(day, datetime.min.time(), here.zone)
    rows = {
        (row.user_id, row.post, row.starts_at): row
        for row in Presence.objects.filter(community=community_id, starts_at__gte=start, starts_at__lt=start + timedelta(1))
    }
    return [_attended(here, span, rows, at) for span in here.spans(day, 1)]


def _attended(here: Directory, span: Span, rows: dict[tuple[int, str, datetime], Presence], at: datetime) -> Attended:
    user = here.acting(span.user, span.starts_at)
    row = rows.get((user or span.user, span.post, span.starts_at)) or rows.get((span.user, span.post, span.starts_at))
    if row is None:
        state = "coming" if at < span.starts_at else "leave" if user is None else "absent"
        return Attended(span, here.name(user or span.user), None, state, "", "")
    gone = rule.departure(row.left_at, row.ends_at) if row.left_at else ""
    return Attended(span, here.name(row.user_id), row, "left" if row.left_at else "here", rule.arrival(row.arrived_at, row.due_at, row.starts_at), gone)


def my_shifts(community_id: int, user: int, first: date, days: int) -> list[Span]:
    """The shifts of one person in these days, also those they stand in for."""
    here = current_directory(community_id)
    return [span for span in here.spans(first, days) if here.acting(span.user, span.starts_at) == user]


def presences(community_id: int, user: int, first: date) -> dict[tuple[str, datetime], Presence]:
    """Where this person has come since a day."""
    start = datetime.combine(first, datetime.min.time(), current_directory(community_id).zone)
    rows = Presence.objects.filter(community=community_id, user=user, starts_at__gte=start)
    return {(row.post, row.starts_at): row for row in rows}


def presence(actor: Actor, pk: int) -> Presence:
    """One's own presence, or NotFound."""
    found = Presence.objects.filter(pk=pk, user=actor.id).first()
    if found is None:
        raise NotFound
    return found


def changes(actor: Actor, community_id: int, at: datetime) -> QuerySet[ShiftChange]:
    """Changes of shifts that concern this person: asked by them, of them, or waiting for them to consent; newest first."""
    place(actor, community_id)
    rows = ShiftChange.objects.filter(community=community_id).select_related("user", "to").order_by("-pk")
    mine = Q(user=actor.id) | Q(to=actor.id)
    if actor.may("duty.edit", community_id):
        return rows.filter(mine | Q(state__in=(ShiftChange.State.AGREED, ShiftChange.State.APPROVED)))
    below = [pk for pk in _below(actor, community_id, at) if pk != actor.id]
    return rows.filter(mine | Q(state=ShiftChange.State.AGREED, user__in=below))


def _below(actor: Actor, community_id: int, at: datetime) -> list[int]:
    here = current_directory(community_id)
    under = {slug for slug, info in here.posts.items() if info.superior in actor.posts}
    return sorted({held.user for held in here.held if held.post in under})


def change(actor: Actor, pk: int) -> ShiftChange:
    """One change of a shift where the actor may look, or NotFound."""
    places = actor.places("duty.view")
    rows = ShiftChange.objects.select_related("user", "to", "community")
    found = (rows if places is None else rows.filter(community__in=places)).filter(pk=pk).first()
    if found is None:
        raise NotFound
    return found


def all_gaps(community_id: int, first: date, days: int = 7) -> list[tuple[str, tuple[tuple[datetime, datetime], ...]]]:
    """Posts that must never be left, with the times of these days at which the roster leaves them. Only rostered ones."""
    here = current_directory(community_id)
    rostered = {turn.post for turn in here.turns}
    found = [(here.posts[post].title, here.gaps(post, first, days)) for post in GAPLESS if post in rostered and post in here.posts]
    return [(title, gaps) for title, gaps in found if gaps]


def thin_holidays(community_id: int, first: date, days: int = 45) -> list[tuple[date, str, str, int, int]]:
    """Statutory holidays without reinforcement: (day, name, post, people on that day, people usually). D12.26."""
    here = current_directory(community_id)
    rows = CalendarDay.objects.filter(Q(community_id=community_id) | Q(community_id=None), day__gte=first, day__lt=first + timedelta(days), works=False)
    found = []
    for row in rows.exclude(name="").order_by("day"):
        for post in REINFORCED:
            usual = sum(turn.post == post and str(row.day.isoweekday()) in turn.weekdays and (turn.ends_on - turn.starts_on).days > 31 for turn in here.turns)
            on = sum(span.post == post for span in here.spans(row.day, 1))
            if post in here.posts and any(turn.post == post for turn in here.turns) and on <= usual:
                found.append((row.day, row.name, here.posts[post].title, on, usual))
    return found
