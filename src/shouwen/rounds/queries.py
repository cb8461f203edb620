"""Reads of rounds; all start with who asks. What one may not see is not found."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Count, Prefetch, Q, QuerySet
from django.urls import reverse

from shouwen.duty import queries as duty
from shouwen.estate.models import Community
from shouwen.kernel.access import Actor
from shouwen.kernel.calendars import calendar_data
from shouwen.kernel.refusals import NotFound
from shouwen.kernel.zone import CHINA
from shouwen.notices.models import Notice

from .models import Check, Halt, Plan, Point, Reading, Route, Run, Stop
from .schedule import Rhythm, Works, parse_times

SHOWN_BEFORE = timedelta(hours=1)
"""A phone shows a round so long before it falls due."""


def place(actor: Actor, community_id: int | None, may: str = "rounds.view") -> Community:
    """A community whose rounds this person may see (or walk, or change), or NotFound."""
    found = Community.objects.filter(pk=community_id).first() if community_id else None
    if found is None or not actor.may(may, found.pk):
        raise NotFound
    return found


def works_in(community_id: int) -> Works:
    """Whether a day is a workday here; the calendar is read only when a plan asks."""
    return lambda day: calendar_data(community_id).days.get(day, day.isoweekday() <= 5)


def rhythm_of(plan: Plan) -> Rhythm:
    return Rhythm(
        plan.rhythm, plan.minutes, plan.starts or time(0), plan.ends or time(0), parse_times(plan.times), plan.weekdays,
        plan.monthday, plan.after_days, plan.days,
    )  # fmt: skip


def _seen(actor: Actor, rows: QuerySet[Any]) -> QuerySet[Any]:
    places = actor.places("rounds.view")
    return rows if places is None else rows.filter(community__in=places) if places else rows.none()


def plans(actor: Actor) -> QuerySet[Plan]:
    return _seen(actor, Plan.objects.select_related("route", "community")).order_by("community_id", "kind", "title")


def plan(actor: Actor, pk: int) -> Plan:
    return _one(plans(actor), pk, "没有这个巡查计划，或您无权查看。")


def routes(actor: Actor) -> QuerySet[Route]:
    rows = Route.objects.select_related("community").annotate(size=Count("stops")).order_by("community_id", "title")
    return _seen(actor, rows)


def route(actor: Actor, pk: int) -> Route:
    return _one(routes(actor), pk, "没有这条路线，或您无权查看。")


def stops(route_id: int) -> list[Stop]:
    checks = Prefetch("point__checks", Check.objects.order_by("position", "id"))
    return list(Stop.objects.filter(route=route_id).select_related("point").prefetch_related(checks).order_by("position"))


def points(actor: Actor) -> QuerySet[Point]:
    return _seen(actor, Point.objects.select_related("community")).order_by("community_id", "number")


def point(actor: Actor, pk: int) -> Point:
    return _one(points(actor), pk, "没有这个点位，或您无权查看。")


def point_by_code(actor: Actor, community_id: int, text: str) -> Point | None:
    """The point that a scan, a tag or typed words name: key, address that ends with the key, tag, number."""
    code = text.strip().rstrip("/").rpartition("/")[2].split("?")[0][:60]
    if not code:
        return None
    return points(actor).filter(community=community_id, retired_at=None).filter(Q(key=code) | Q(number__iexact=code) | Q(tag=code)).first()


def runs(actor: Actor) -> QuerySet[Run]:
    return _seen(actor, Run.objects.select_related("plan", "community")).order_by("-due_at", "-id")


def run(actor: Actor, pk: int) -> Run:
    return _one(runs(actor), pk, "没有这次巡查，或您无权查看。")


def missing(actor: Actor) -> QuerySet[Run]:
    """Runs with points nobody went to, the latest first."""
    return runs(actor).filter(state__in=[Run.State.PARTIAL, Run.State.MISSED])


def readings(actor: Actor) -> QuerySet[Reading]:
    return _seen(actor, Reading.objects.select_related("point", "run__plan", "community")).order_by("-at", "-id")


def _one(rows: QuerySet[Any], pk: int, said: str) -> Any:
    found = rows.filter(pk=pk).first() if 0 < pk < 2**63 else None
    if found is None:
        raise NotFound(said)
    return found


@dataclass(frozen=True, slots=True)
class Missed:
    """A run as a morning page or a sheet names it: `state` 漏巡 or 有漏点, `what` the points by name (all of them, or a report that did not come)."""

    run_id: int
    due_at: datetime
    plan: str
    post: str
    state: str
    what: str
    url: str


def missed_last_night(actor: Actor, community: Community, since: datetime, until: datetime) -> list[Missed]:
    """What was not walked of the rounds that fell due in [since, until), the earliest first, at most 100; plain rows for a morning page.

    `post` is the post's title. A run that was made whole later, or stood still for an emergency, is not among them. Three statements at most.
    """
    rows = list(missing(actor).filter(community=community, due_at__gte=since, due_at__lt=until).order_by("due_at", "id")[:100])
    if not rows:
        return []
    titles, posts = titles_of(pk for row in rows for pk in row.missed), duty.current_directory(community).posts
    return [_missed(row, titles, posts[row.post].title if row.post in posts else row.post) for row in rows]


def missed_in_shift(community_id: int, posts: Iterable[str], since: datetime) -> list[Missed]:
    """The same for some posts since a moment, whoever asks: what the sheet of a hand-over lists. At most 60."""
    lacking = Run.objects.select_related("plan").filter(state__in=[Run.State.PARTIAL, Run.State.MISSED])
    rows = list(lacking.filter(community=community_id, post__in=list(posts), due_at__gte=since).order_by("due_at", "id")[:60])
    titles = titles_of(pk for row in rows for pk in row.missed)
    return [_missed(row, titles, row.post) for row in rows]


def _missed(row: Run, titles: dict[int, str], post: str) -> Missed:
    if not row.points:
        what = "没有报告"
    elif row.state == Run.State.MISSED:
        what = f"{len(row.points)} 个点都没有巡到"
    else:
        what = "漏 " + "、".join(titles.get(pk, "已停用的点位") for pk in row.missed) if row.missed else "点位已巡，没有交报告"
    return Missed(row.pk, row.due_at, row.plan.title, post, row.get_state_display(), what, reverse("rounds:run", args=[row.pk]))


# --- on the phone --------------------------------------------------------------------------------------------------------


def open_runs(actor: Actor, community_id: int, at: datetime) -> list[Run]:
    """Rounds to be walked now, those of this person's posts first; of each plan only what is still open."""
    here = duty.current_directory(community_id)
    mine = here.posts_of(actor.id, at) if actor.id is not None else frozenset()
    rows = runs(actor).filter(community=community_id, state=Run.State.OPEN, due_at__lte=at + SHOWN_BEFORE).order_by("ends_at", "id")
    return sorted(rows[:200], key=lambda one: (one.post not in mine, one.ends_at, one.pk))


def walked(actor: Actor, community_id: int, at: datetime) -> list[Reading]:
    """What this person has recorded in the last twelve hours, the latest first."""
    rows = readings(actor).filter(community=community_id, by_id=actor.id, at__gte=at - timedelta(hours=12))
    return list(rows[:40])


def halts(community_id: int) -> list[Halt]:
    """Posts whose rounds stand still now."""
    return list(Halt.objects.filter(community=community_id, ends_at=None).order_by("starts_at"))


def halts_to_remind(at: datetime, again: timedelta) -> list[Halt]:
    """Posts whose rounds have stood still for `again` or longer, of which nobody was told since the last multiple of it; for the worker."""
    found = list(Halt.objects.filter(ends_at=None, starts_at__lte=at - again).order_by("pk")[:200])
    return [row for row in found if not Notice.objects.filter(key__startswith=f"halt.{row.pk}.{int((at - row.starts_at) / again)}.").exists()]


@dataclass(frozen=True, slots=True)
class Asked:
    """One point of a run with what is asked there and what was recorded; `point` None = the report of the whole run."""

    point: Point | None
    checks: list[Check]
    reading: Reading | None
    last: dict[int, str]
    """Check id → the last number read, for meters."""

    @property
    def fields(self) -> list[tuple[Check, str, str, str]]:
        """(check, lower limit, upper limit, last number) as a form shows them."""
        said = lambda number: "" if number is None else f"{number.normalize():f}"  # noqa: E731
        return [(check, said(check.least), said(check.most), self.last.get(check.pk, "")) for check in self.checks]

    @property
    def code(self) -> str:
        """By this a page knows the point whose code was scanned, without holding the code."""
        return hashlib.sha256(self.point.key.encode()).hexdigest()[:16] if self.point else ""

    @property
    def tag(self) -> str:
        return hashlib.sha256(self.point.tag.encode()).hexdigest()[:16] if self.point and self.point.tag else ""


def asked(one: Run) -> list[Asked]:
    """The points of a run in their order, then the report if the plan asks for one. Four statements."""
    found = {point.pk: point for point in Point.objects.filter(pk__in=one.points).prefetch_related("checks")}
    done = {row.point_id: row for row in Reading.objects.filter(run=one, again=False)}
    report = list(Check.objects.filter(plan=one.plan_id))
    meters = [pk for pk, point in found.items() if any(check.kind == Check.Kind.METER for check in point.checks.all())]
    last = last_numbers(meters)
    listed = [Asked(found[pk], list(found[pk].checks.all()), done.get(pk), last) for pk in one.points if pk in found]
    if report or not one.points:
        listed.append(Asked(None, report, done.get(None), last))
    return listed


def last_numbers(point_ids: Sequence[int]) -> dict[int, str]:
    """Check id → the number last read at these points."""
    found: dict[int, str] = {}
    for pk in point_ids:
        row = Reading.objects.filter(point=pk).order_by("-at").values_list("answers", flat=True).first()
        found |= {answer["check"]: str(answer["value"]) for answer in row or ()}
    return found


def seen_of(run_ids: Iterable[int]) -> dict[int, set[int | None]]:
    """Run → ids of the points read in it (None = the report)."""
    found: dict[int, set[int | None]] = defaultdict(set)
    for run_id, point_id in Reading.objects.filter(run__in=list(run_ids), again=False).values_list("run_id", "point_id"):
        found[run_id].add(point_id)
    return found


# --- the day -------------------------------------------------------------------------------------------------------------


def day_bounds(day: date) -> tuple[datetime, datetime]:
    start = datetime.combine(day, time(0), CHINA)
    return start, start + timedelta(1)


def runs_of_day(actor: Actor, community_id: int, day: date) -> list[Run]:
    """Every run that fell due on a day; the plan's name with it. Bounded by the plans, not by history."""
    start, end = day_bounds(day)
    rows = _seen(actor, Run.objects.select_related("plan")).filter(community=community_id, due_at__gte=start, due_at__lt=end)
    return list(rows.order_by("due_at", "id")[:5000])


def switched_off(actor: Actor, community_id: int | None = None) -> list[Plan]:
    """Plans that are off, with the reason: nothing is off in silence."""
    rows = plans(actor).filter(off_at__isnull=False)
    return list(rows.filter(community=community_id) if community_id else rows)


def titles_of(point_ids: Iterable[int]) -> dict[int, str]:
    return dict(Point.objects.filter(pk__in=set(point_ids)).values_list("pk", "title"))


@dataclass(frozen=True, slots=True)
class Tally:
    """Runs of one plan in a span."""

    plan: Plan
    due: int
    done: int
    late: int
    partial: int
    missed: int
    excused: int
    faults: int

    @property
    def share(self) -> int:
        """Of those that were over, how many in a hundred were whole."""
        over = self.done + self.partial + self.missed
        return 100 * self.done // over if over else 100


def tallies(actor: Actor, community_id: int, first: date, last: date) -> list[Tally]:
    """By plan, over whole days. One statement over the index of days, and the plans."""
    start, end = day_bounds(first)[0], day_bounds(last)[1]
    rows = runs(actor).filter(community=community_id, due_at__gte=start, due_at__lt=end).order_by()
    counted: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in rows.values("plan_id", "state", "late", "faults").annotate(n=Count("id")):
        own = counted[row["plan_id"]]
        own[row["state"]] += row["n"]
        own["due"] += row["n"]
        own["late"] += row["n"] if row["late"] else 0
        own["faults"] += row["n"] * row["faults"]
    return [
        Tally(one, own["due"], own["done"], own["late"], own["partial"], own["missed"], own["excused"], own["faults"])
        for one in plans(actor).filter(pk__in=counted) if (own := counted[one.pk])
    ]  # fmt: skip
