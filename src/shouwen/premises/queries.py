"""Reads of the steward's registers; all that serve pages start with who asks. What one may not see is not found."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from django.db.models import BooleanField, Count, Exists, ExpressionWrapper, Max, Min, OuterRef, Q, QuerySet, Subquery

from shouwen.estate import queries as estate
from shouwen.estate.models import Building, Community, Occupancy, Unit
from shouwen.kernel.access import SYSTEM, Actor
from shouwen.kernel.refusals import NotFound
from shouwen.kernel.zone import CHINA
from shouwen.rounds.models import Point, Reading, Run

from .kinds import NOBODY
from .models import Charge, Permit, Sign, Summary, Vacancy, Visit

LIVED_IN: Final = (Unit.State.OCCUPIED, Unit.State.RENOVATING)
"""Units that are households, as `estate.queries.areas` counts them."""
TWICE: Final = 2
"""Checks of a sign a day. D3.87."""


def place(actor: Actor, community_id: int | None, may: str = "premises.view") -> Community:
    """A community whose registers this person may see (or keep), or NotFound."""
    found = Community.objects.filter(pk=community_id).first() if community_id else None
    if found is None or not actor.may(may, found.pk):
        raise NotFound
    return found


def _seen(actor: Actor, rows: QuerySet[Any]) -> QuerySet[Any]:
    places = actor.places("premises.view")
    return rows if places is None else rows.filter(community__in=places) if places else rows.none()


def _one(rows: QuerySet[Any], pk: int, said: str) -> Any:
    found = rows.filter(pk=pk).first() if 0 < pk < 2**63 else None
    if found is None:
        raise NotFound(said)
    return found


def bounds(first: date, after: date) -> tuple[datetime, datetime]:
    """The moments of whole days: from the first to before `after`."""
    return datetime.combine(first, time(0), CHINA), datetime.combine(after, time(0), CHINA)


def _steward(building: str, column: str = "user_id") -> Subquery:
    return Subquery(Charge.objects.filter(building=OuterRef(building), ends_at=None).values(column)[:1])


def stewards(community_id: int) -> dict[int, int]:
    """Building → who answers for it now."""
    return dict(Charge.objects.filter(community=community_id, ends_at=None).values_list("building_id", "user_id"))


# --- parking permits -----------------------------------------------------------------------------------------------------


def permits(actor: Actor, today: date) -> QuerySet[Permit]:
    """Every parking permit there was, the newest first; `current`: in use and not run out. D2.82."""
    current = ExpressionWrapper(Q(state=Permit.State.VALID, ends_on__gte=today), output_field=BooleanField())
    return _seen(actor, Permit.objects.select_related("unit").annotate(current=current)).order_by("community_id", "-id")


def permit(actor: Actor, pk: int, today: date) -> Permit:
    return _one(permits(actor, today), pk, "没有这张停车证，或您无权查看。")


# --- signs ---------------------------------------------------------------------------------------------------------------


def signs(actor: Actor) -> QuerySet[Sign]:
    """The register, each with its `steward` (id or None), `steward_name` and `last_at`, when it was looked at last."""
    last = Subquery(Reading.objects.filter(point=OuterRef("point")).order_by("-at").values("at")[:1])
    rows = Sign.objects.select_related("community", "building").annotate(
        steward=_steward("building"), steward_name=_steward("building", "user__name"), last_at=last
    )
    return _seen(actor, rows).order_by("community_id", "number")


def sign(actor: Actor, pk: int) -> Sign:
    return _one(signs(actor).select_related("community", "building", "point"), pk, "没有这个标识，或您无权查看。")


def steward_at(point: Point) -> int | None:
    """Who answers for the building of the sign at this point; None where there is no sign or nobody was named."""
    if point.scope != Point.Scope.SIGN:
        return None
    building = Sign.objects.filter(point=point.pk, state=Sign.State.UP).values("building")[:1]
    return Charge.objects.filter(building=Subquery(building), ends_at=None).values_list("user", flat=True).first()


@dataclass(slots=True)
class Checked:
    """A sign on a day: the readings that count, one a round; how many rounds it was `missed` in, and in how many it is `still` to be looked at."""

    sign: Sign
    readings: list[Reading] = field(default_factory=list)
    missed: int = 0
    still: int = 0

    @property
    def count(self) -> int:
        return len(self.readings)

    @property
    def state(self) -> str:
        """whole, short (a check was missed) or open."""
        return "whole" if self.count >= TWICE else "open" if not self.missed else "short"

    @property
    def pair(self) -> tuple[Reading | None, Reading | None]:
        """The first and the second check, as far as they were made."""
        return (self.readings[0] if self.readings else None, self.readings[1] if self.count > 1 else None)

    @property
    def bad(self) -> Reading | None:
        return next((one for one in reversed(self.readings) if not one.good), None)


def checks_of_day(actor: Actor, community_id: int, day: date) -> list[Checked]:
    """Every sign that hung on that day with its checks; two statements besides the signs. D3.87, D3.88."""
    start, end = bounds(day, day + timedelta(1))
    rows = list(signs(actor).filter(community=community_id, state=Sign.State.UP, placed_at__lt=end))
    found = {row.point_id: Checked(row) for row in rows}
    runs = Run.objects.filter(community=community_id, plan__kind="signs", due_at__gte=start, due_at__lt=end)
    states = {pk: (state, points) for pk, state, points in runs.values_list("pk", "state", "points")}
    for reading in Reading.objects.filter(run__in=states, again=False).order_by("at"):
        if reading.point_id in found:
            found[reading.point_id].readings.append(reading)
    for state, points in states.values():
        for point in points:
            if point in found:
                found[point].still += state == Run.State.OPEN
    for one in found.values():
        one.missed = sum(
            state != Run.State.OPEN and one.sign.point_id in points and pk not in {row.run_id for row in one.readings} for pk, (state, points) in states.items()
        )
    return list(found.values())


def hanging_since(community_id: int) -> date | None:
    """The day from which the first sign hangs that still does; None where there is none."""
    first = Sign.objects.filter(community=community_id, state=Sign.State.UP).aggregate(first=Min("placed_at"))["first"]
    return first.astimezone(CHINA).date() if first else None


# --- vacant units --------------------------------------------------------------------------------------------------------


def vacancies(actor: Actor) -> QuerySet[Vacancy]:
    """Units that stand vacant, each with its `steward` and its last reading (`last_at`, `last_by`, `last_good`)."""
    last = Reading.objects.filter(point=OuterRef("point")).order_by("-at")
    rows = Vacancy.objects.filter(ended_at=None).select_related("unit__building", "community").annotate(
        steward=_steward("unit__building"), steward_name=_steward("unit__building", "user__name"), last_at=Subquery(last.values("at")[:1]), last_by=Subquery(last.values("by_name")[:1]), last_good=Subquery(last.values("good")[:1]),
    )  # fmt: skip
    return _seen(actor, rows).order_by("community_id", "unit__order")


def vacancy(actor: Actor, pk: int) -> Vacancy:
    return _one(_seen(actor, Vacancy.objects.select_related("unit__building", "community", "point")), pk, "没有这户空置房，或您无权查看。")


def ever_vacant(actor: Actor, community_id: int) -> QuerySet[Vacancy]:
    """Every entry there ever was, with its unit."""
    return _seen(actor, Vacancy.objects.filter(community=community_id)).select_related("unit")


def vacant_unlisted(community_id: int) -> list[Unit]:
    """Vacant units without an open entry; `left` is the day the last resident moved out, or None."""
    rows = Unit.objects.filter(community=community_id, state=Unit.State.VACANT)
    rows = rows.exclude(Exists(Vacancy.objects.filter(unit=OuterRef("pk"), ended_at=None)))
    return list(rows.annotate(left=Max("occupancies__ends_on")).order_by("order")[:400])


def listed_not_vacant(community_id: int) -> list[Vacancy]:
    rows = Vacancy.objects.filter(community=community_id, ended_at=None).exclude(unit__state=Unit.State.VACANT)
    return list(rows.select_related("point")[:400])


def to_follow() -> list[Community]:
    """Communities whose register of vacant units is behind, for the worker."""
    behind = Unit.objects.filter(state=Unit.State.VACANT).exclude(Exists(Vacancy.objects.filter(unit=OuterRef("pk"), ended_at=None))).values("community")
    over = Vacancy.objects.filter(ended_at=None).exclude(unit__state=Unit.State.VACANT).values("community")
    return list(Community.objects.filter(Q(pk__in=behind) | Q(pk__in=over)).order_by("pk"))


def readings_at(point_ids: Iterable[int], first: date, last: date) -> QuerySet[Reading]:
    """What was seen at these points on these days, the earliest first."""
    start, end = bounds(first, last + timedelta(1))
    return Reading.objects.filter(point__in=list(point_ids), at__gte=start, at__lt=end).select_related("point__unit").order_by("at", "pk")


# --- visits --------------------------------------------------------------------------------------------------------------


def visits(actor: Actor) -> QuerySet[Visit]:
    return _seen(actor, Visit.objects.select_related("unit", "community")).order_by("-at", "-id")


@dataclass(frozen=True, slots=True)
class Covered:
    """A building on a day: households, and of those the ones somebody was with. D3.103."""

    building: Building
    steward: int | None
    households: int
    visited: int
    cared: int
    """Households where somebody needs special care."""
    cared_for: int

    @property
    def left(self) -> int:
        return self.households - self.visited

    @property
    def share(self) -> int:
        return 100 * self.visited // self.households if self.households else 100


def _met_on(day: date) -> QuerySet[Visit]:
    start, end = bounds(day, day + timedelta(1))
    return Visit.objects.filter(kind=Visit.Kind.VISIT, at__gte=start, at__lt=end).exclude(met=NOBODY)


def _in_care() -> Exists:
    rows = Occupancy.objects.filter(unit=OuterRef("pk"), ends_on=None, person__erased_at=None)
    return Exists(rows.exclude(person__care=""))


def _households(community_id: int, day: date) -> QuerySet[Unit]:
    """Units somebody lives in, with `seen` (visited that day) and `care` (somebody there needs special care)."""
    rows = Unit.objects.filter(community=community_id, state__in=LIVED_IN)
    return rows.annotate(seen=Exists(_met_on(day).filter(unit=OuterRef("pk"))), care=_in_care())


def coverage(community_id: int, day: date) -> list[Covered]:
    """Each building with its households; two statements besides the buildings, whatever the size."""
    counted = {
        row["building"]: row for row in _households(community_id, day).order_by().values("building").annotate(
            n=Count("pk"), there=Count("pk", filter=Q(seen=True)), need=Count("pk", filter=Q(care=True)), had=Count("pk", filter=Q(care=True, seen=True)),
        )
    }  # fmt: skip
    by = stewards(community_id)
    return [
        Covered(area.building, by.get(area.building.pk), row["n"], row["there"], row["need"], row["had"])
        for area in estate.areas(SYSTEM, community_id) if (row := counted.get(area.building.pk))
    ]  # fmt: skip


def plan_of_day(actor: Actor, community_id: int, day: date, building_ids: Iterable[int], *, left_only: bool = True) -> QuerySet[Unit]:
    """The households to visit: those with somebody in special care first, then by room; each with its people in `living`. D3.99."""
    place(actor, community_id)
    rows = _households(community_id, day).filter(building__in=list(building_ids))
    if left_only:
        rows = rows.filter(seen=False)
    last = Subquery(Visit.objects.filter(unit=OuterRef("pk"), kind=Visit.Kind.VISIT).exclude(met=NOBODY).order_by("-at").values("at")[:1])
    knocked = Exists(Visit.objects.filter(unit=OuterRef("pk"), kind=Visit.Kind.VISIT, met=NOBODY, at__gte=bounds(day, day)[0], at__lt=bounds(day, day + timedelta(1))[1]))
    return rows.annotate(last_at=last, knocked=knocked).order_by("-care", "order")


def cared_for(unit_ids: Iterable[int]) -> dict[int, list[Occupancy]]:
    """Unit → those who live there and need special care."""
    found: dict[int, list[Occupancy]] = defaultdict(list)
    rows = Occupancy.objects.filter(unit__in=list(unit_ids), ends_on=None, person__erased_at=None).exclude(person__care="")
    for row in rows.select_related("person").order_by("id"):
        found[row.unit_id].append(row)
    return found


def followed_up(community_id: int, month: date) -> dict[str, int]:
    """The figures of a month of routine follow-up, from the records."""
    start, end = bounds(month.replace(day=1), _next(month))
    rows = Visit.objects.filter(community=community_id, kind=Visit.Kind.FOLLOW_UP, at__gte=start, at__lt=end).exclude(met=NOBODY)
    counted = rows.aggregate(
        n_asked=Count("pk"), n_households=Count("unit", distinct=True), n_satisfied=Count("pk", filter=Q(satisfied=True)),
        n_dissatisfied=Count("pk", filter=Q(satisfied=False)), n_opinions=Count("pk", filter=~Q(opinion="")),
    )  # fmt: skip
    return {name.removeprefix("n_"): number for name, number in counted.items()}


def _next(month: date) -> date:
    return (month.replace(day=1) + timedelta(32)).replace(day=1)


@dataclass(frozen=True, slots=True)
class Month:
    """A month of routine follow-up: its figures, its summary; `missing` = nobody was asked and the month is over. D2.75."""

    month: date
    figures: dict[str, int]
    summary: Summary | None
    missing: bool


def months(actor: Actor, community_id: int, today: date, count: int = 6) -> list[Month]:
    """The last months, this one first, since the registers are kept here (the first steward named, the first visit)."""
    place(actor, community_id)
    kept = [
        Charge.objects.filter(community=community_id).aggregate(first=Min("starts_at"))["first"],
        Visit.objects.filter(community=community_id).order_by("at").values_list("at", flat=True).first(),
    ]
    since = min((at.astimezone(CHINA).date() for at in kept if at), default=today).replace(day=1)
    sums = {row.month: row for row in Summary.objects.filter(community=community_id, month__gte=today - timedelta(31 * (count + 1)))}
    found, month = [], today.replace(day=1)
    for _ in range(count):
        if month < since:
            break
        figures = followed_up(community_id, month)
        found.append(Month(month, figures, sums.get(month), not figures["asked"] and month < today.replace(day=1)))
        month = (month - timedelta(1)).replace(day=1)
    return found


