"""住户评价 of a period: how many were asked, how many answered, how content they were, by month, department and procedure.

Tickets count in the month in which they were closed; a ticket of two departments counts for each of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from shouwen.kernel.access import Actor
from shouwen.kernel.zone import CHINA
from shouwen.org import queries as org

from . import queries, slots
from .calendars import local
from .models import Task
from .records import NOT_CONCERNED
from .reports import check_period

LOW: Final = 2
"""So many stars, or fewer, want somebody's look."""


@dataclass(frozen=True, slots=True)
class Voice:
    """One rating with its ticket."""

    ticket: int
    number: str
    procedure: str
    place: str
    departments: str
    stars: int
    words: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Line:
    """Ratings of one month, department or procedure. `share`: answered of asked, 0–1; `mean` is None when nobody answered."""

    title: str
    asked: int
    answered: int
    share: float
    mean: float | None
    low: int


@dataclass(frozen=True, slots=True)
class Ratings:
    whole: Line
    spread: tuple[tuple[int, int], ...]
    """(stars, how many), five stars first."""
    months: tuple[Line, ...]
    departments: tuple[Line, ...]
    procedures: tuple[Line, ...]
    voices: tuple[Voice, ...]
    """Newest first."""

    @property
    def low(self) -> list[Voice]:
        return [one for one in self.voices if one.stars <= LOW]


def ratings(
    actor: Actor, community_id: int, *, since: date, until: date, procedure: str = "", department: str = ""
) -> Ratings:
    """Ratings of the tickets this person may see that were closed from `since` to `until`, both included."""
    check_period(since, until)
    first, last = datetime.combine(since, time(0), CHINA), datetime.combine(until + timedelta(days=1), time(0), CHINA)
    rows = queries.tickets(actor).filter(community_id=community_id, closed_at__gte=first, closed_at__lt=last, status="closed")
    if procedure:
        rows = rows.filter(procedure=procedure)
    tickets = {pk: rest for pk, *rest in rows.order_by("pk").values_list("pk", "number", "procedure", "place", "closed_at")}
    working: dict[int, set[str]] = defaultdict(set)
    tasks = Task.objects.filter(ticket__community_id=community_id, ticket__closed_at__gte=first, ticket__closed_at__lt=last)
    for pk, slug in tasks.exclude(department__in=NOT_CONCERNED).values_list("ticket_id", "department").distinct():
        working[pk].add(slug)
    if department:
        tickets = {pk: rest for pk, rest in tickets.items() if department in working[pk]}
    asked, given = slots.ratings(community_id, first, last)
    given = [one for one in given if one.ticket in tickets]
    asked = frozenset((asked & tickets.keys()) | {one.ticket for one in given})
    titles, names = dict(queries.titles(actor, community_id)), dict(org.departments(community_id))
    stars: dict[int, list[int]] = defaultdict(list)
    for one in given:
        stars[one.ticket].append(one.stars)
    months = sorted({f"{local(tickets[pk][3]):%Y-%m}" for pk in asked})
    return Ratings(
        whole=_line("全部", asked, stars), spread=tuple((n, sum(one.stars == n for one in given)) for n in (5, 4, 3, 2, 1)),
        months=tuple(_line(month, [pk for pk in asked if f"{local(tickets[pk][3]):%Y-%m}" == month], stars) for month in months),
        departments=_lines({pk: working[pk] for pk in asked}, names, stars),
        procedures=_lines({pk: {tickets[pk][1]} for pk in asked}, titles, stars),
        voices=tuple(
            Voice(
                one.ticket, tickets[one.ticket][0], titles.get(tickets[one.ticket][1], ""), tickets[one.ticket][2],
                "、".join(sorted(names.get(slug, slug) for slug in working[one.ticket])), one.stars, one.words, one.at,
            ) for one in given
        ),
    )  # fmt: skip


def _lines(groups: Mapping[int, set[str]], titles: Mapping[str, str], stars: Mapping[int, list[int]]) -> tuple[Line, ...]:
    """The most often answered first."""
    sorted_: dict[str, list[int]] = defaultdict(list)
    for pk, keys in groups.items():
        for key in keys:
            sorted_[key].append(pk)
    found = [_line(titles.get(key, key), own, stars) for key, own in sorted_.items()]
    return tuple(sorted(found, key=lambda one: (-one.answered, -one.asked, one.title)))


def _line(title: str, asked: Iterable[int], stars: Mapping[int, list[int]]) -> Line:
    own = list(asked)
    marks = [mark for pk in own for mark in stars.get(pk, ())]
    answered = sum(bool(stars.get(pk)) for pk in own)
    return Line(
        title, len(own), answered, answered / len(own) if own else 0.0, sum(marks) / len(marks) if marks else None,
        sum(mark <= LOW for mark in marks),
    )  # fmt: skip
