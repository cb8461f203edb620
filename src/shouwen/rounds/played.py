"""Rounds as rehearsals play them: a plan falls due, is walked or not, and is closed by the worker at its own moment."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any, Final

from django.db.models import Min

from shouwen.kernel.access import SYSTEM, Actor
from shouwen.procedures.parts import Check, Part, compared, many, number, only
from shouwen.procedures.scripts import BadScript

from . import actions, queries
from .actions import Given
from .actions.plans import CheckSpec, PointSpec
from .models import Plan, Point, Run

PLAN: Final = ("title", "kind", "post", "every", "times", "from", "to", "lasts", "grace", "tells", "points", "ordered", "checks")


class Rounds(Part):
    """`named`: plans by the name the script gave them; a run is the latest of its plan."""

    def do_plans(self, actor: Actor, rest: str, given: dict[str, Any]) -> None:
        """A plan with its route and points: every so many `every` minutes `from`–`to`, or daily at `times`."""
        only(given, *PLAN)
        place, title = self.place(actor), given.get("title", rest)
        route = None
        if names := many(given.get("points")):
            points = actions.add_points(actor, place, specs=[PointSpec(name, name) for name in names], at=self.now)
            route = actions.set_route(actor, place, title=title, points=[one.pk for one in points], ordered=given.get("ordered") == "yes", at=self.now)
        rhythm: dict[str, Any] = {"rhythm": "daily", "times": given.get("times", "")}
        if "every" in given:
            rhythm = {"rhythm": "every", "minutes": number(given["every"]), "starts": _time(given.get("from")), "ends": _time(given.get("to"))}
        plan = actions.set_plan(
            actor, place, title=title, kind=given.get("kind", "patrol"), post=given.get("post", ""), route=route, lasts=number(given.get("lasts", 30)),
            grace=number(given.get("grace", 5)), tells=given.get("tells", ""), checks=[CheckSpec(name, "note") for name in many(given.get("checks"))],
            at=self.now, **rhythm,
        )  # fmt: skip
        self.named[rest] = plan.pk

    def do_walks(self, actor: Actor, rest: str, given: dict[str, Any]) -> None:
        """Every point of the run that is open now, those of `only`, or all `but` some; `finding` and `note` go with each of them."""
        only(given, "only", "but", "finding", "note")
        run = self.run(rest)
        points = {one.title: one for one in Point.objects.filter(pk__in=run.points)}
        for name in (*many(given.get("only")), *many(given.get("but"))):
            if name not in points:
                raise BadScript(f"这条路线上没有「{name}」。")
        wanted = many(given.get("only")) or [name for name in points if name not in many(given.get("but"))]
        for name in sorted(wanted, key=lambda name: run.points.index(points[name].pk)):
            point = points[name]
            key = f"rehearsal-{run.pk}-{point.pk}-{actor.id}-{self.now:%H%M}"
            scanned = Given(key=key, code=point.key, finding=given.get("finding", ""), note=given.get("note", ""))
            actions.read(actor, self.place(actor), run=run, point=point, given=scanned, at=self.now)

    def do_answers(self, actor: Actor, rest: str, given: dict[str, Any]) -> None:
        """The report of a run: the same words for each of its items."""
        words, run = only(given, "text").get("text", ""), self.run(rest)
        said = Given(key=f"rehearsal-{run.pk}-report-{actor.id}-{self.now:%H%M}", answers={one.pk: words for one in run.plan.checks.all()})
        actions.read(actor, self.place(actor), run=run, given=said, at=self.now)

    def expect_round(self, rest: str, value: dict[str, Any]) -> list[Check]:
        """The latest run of a plan."""
        run = self.run(rest)
        titles = queries.titles_of(run.points)
        return compared(f"round {rest}", value, {
            "state": run.state, "due": f"{run.due_at.astimezone(queries.CHINA):%H:%M}", "by": run.by_name or "none",
            "missed": [titles[pk] for pk in run.missed], "late": "yes" if run.late else "no",
        })  # fmt: skip

    def run(self, name: str) -> Run:
        found = Run.objects.select_related("plan").filter(plan=self.pk(name, "巡查计划"), due_at__lte=self.now).order_by("-due_at").first()
        if found is None:
            raise BadScript(f"「{name}」还没有到巡查的时候。")
        return found

    # The worker ---------------------------------------------------------------------------------------

    def wakes(self, until: datetime) -> datetime | None:
        if not self.named:
            return None
        plans = list(self.named.values())
        due = Plan.objects.filter(pk__in=plans, next_at__lte=until).aggregate(at=Min("next_at"))["at"]
        close = Run.objects.filter(plan__in=plans, close_at__lte=until).aggregate(at=Min("close_at"))["at"]
        return min((at for at in (due, close) if at is not None), default=None)

    def wake(self, at: datetime) -> None:
        """As chores.watch: first what is over, then what is due; of the plans of this script alone."""
        plans = list(self.named.values())
        if runs := list(Run.objects.filter(plan__in=plans, close_at__lte=at).values_list("pk", flat=True)):
            actions.close_runs(SYSTEM, None, runs=runs, at=at)
        if fresh := list(Plan.objects.filter(pk__in=plans, next_at__lte=at).values_list("pk", flat=True)):
            actions.make_runs(SYSTEM, None, plans=fresh, at=at)


def _time(text: Any) -> time | None:
    try:
        return time.fromisoformat(str(text)) if text else None
    except ValueError:
        raise BadScript(f"看不懂的钟点「{text}」，应写作 20:00。") from None
