"""The day at a glance for whoever answers for the rounds: what was walked, what is missing, what is switched off; and the registers."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.timezone import localdate
from django.views.decorators.http import require_safe

from shouwen.duty import queries as duty
from shouwen.estate import queries as estate
from shouwen.kernel.access import Actor
from shouwen.kernel.journal import now
from shouwen.kernel.registers import Column, Filter, Register
from shouwen.kernel.screens import render
from shouwen.kernel.zone import CHINA

from .. import actions, gear, queries
from ..models import Plan, Reading, Run
from .phone import here_of

TONES: Final = {"待巡": "info", "已完成": "success", "有漏点": "danger", "漏巡": "danger", "中断（有记录）": "warning"}
MARKS: Final = {"done": ("success", "check"), "partial": ("danger", "alert-triangle"), "missed": ("danger", "x"), "excused": ("warning", "player-pause"), "open": ("info", "clock")}


@dataclass(slots=True)
class Cell:
    """One plan in one hour: how many runs, and the worst of them."""

    runs: list[Run] = field(default_factory=list)

    @property
    def worst(self) -> str:
        states = {run.state for run in self.runs}
        return next((state for state in ("missed", "partial", "excused", "open", "done") if state in states), "")

    @property
    def tone(self) -> str:
        return "warning" if self.worst == "done" and any(run.late for run in self.runs) else MARKS.get(self.worst, ("neutral", "point"))[0]

    @property
    def icon(self) -> str:
        return MARKS.get(self.worst, ("neutral", "point"))[1]

    @property
    def bad(self) -> int:
        return sum(run.state in ("missed", "partial") for run in self.runs)

    @property
    def url(self) -> str:
        first = next((run for run in self.runs if run.state in ("missed", "partial")), None) or next(iter(self.runs), None)
        return reverse("rounds:run", args=[first.pk]) if first else ""

    @property
    def said(self) -> str:
        done = sum(run.state == "done" for run in self.runs)
        late = sum(run.late for run in self.runs)
        parts = [f"应 {len(self.runs)} 次，完成 {done} 次"]
        parts += [f"漏 {self.bad} 次"] if self.bad else []
        parts += [f"迟 {late} 次"] if late else []
        return "，".join(parts)


@dataclass(slots=True)
class Row:
    plan: Plan
    post: str
    cells: list[Cell]

    @property
    def due(self) -> int:
        return sum(len(cell.runs) for cell in self.cells)

    @property
    def done(self) -> int:
        return sum(run.state == "done" for cell in self.cells for run in cell.runs)


@require_safe
def today(request: HttpRequest) -> HttpResponse:
    """?day=2026-11-22. The grid of a day: each plan by the hour."""
    actor, at, place = request.actor, now(), here_of(request)  # type: ignore[attr-defined]
    current = localdate(at, CHINA)
    day = _day(request.GET.get("day", "")) or current
    runs = queries.runs_of_day(actor, place.pk, day)
    here = duty.current_directory(place)
    rows: dict[int, Row] = {}
    for run in runs:
        title = here.posts[run.post].title if run.post in here.posts else run.post
        row = rows.setdefault(run.plan_id, Row(run.plan, title, [Cell() for _ in range(24)]))
        row.cells[run.due_at.astimezone(CHINA).hour].runs.append(run)
    missing = [run for run in reversed(runs) if run.state in (Run.State.MISSED, Run.State.PARTIAL)]
    titles = queries.titles_of(point for run in missing[:30] for point in run.missed)
    over = [run for run in runs if run.state != Run.State.OPEN]
    plans = queries.plans(actor).filter(community=place.pk, off_at=None)
    return render(request, "rounds/today.html", {
        "place": place, "day": day, "is_today": day == current, "before": day - timedelta(1), "after": day + timedelta(1) if day < current else None,
        "rows": sorted(rows.values(), key=lambda row: (row.plan.kind, row.plan.title)), "hours": range(24), "hour": at.astimezone(CHINA).hour if day == current else -1,
        "due": len(runs), "open": len(runs) - len(over), "done": sum(run.state == Run.State.DONE for run in runs),
        "missing": [(run, [titles.get(pk, "已停用的点位") for pk in run.missed], here.posts[run.post].title if run.post in here.posts else run.post) for run in missing[:30]],
        "count": len(missing), "faults": sum(run.faults for run in runs), "off": queries.switched_off(actor, place.pk),
        "halts": [(one, here.posts[one.post].title if one.post in here.posts else one.post) for one in queries.halts(place.pk)],
        "gear": gear.overdue(actor, place.pk, at) if day == current else 0, "plans": plans.count(), "may_edit": actor.may("rounds.edit", place.pk), "now": at,
    }, part="day")  # fmt: skip


@require_safe
def run(request: HttpRequest, pk: int) -> HttpResponse:
    """One round as it went: each point with who, when, how it is proven, and what was doubtful."""
    actor = request.actor  # type: ignore[attr-defined]
    found = queries.run(actor, pk)
    here = duty.current_directory(found.community_id)
    again = list(Reading.objects.filter(run=found, again=True).select_related("point").order_by("pk")[:50])
    return render(request, "rounds/run.html", {
        "run": found, "asked": queries.asked(found), "again": again, "now": now(), "tones": TONES, "tone": TONES[found.get_state_display()],
        "post": here.posts[found.post].title if found.post in here.posts else found.post,
        "asked_people": "、".join(here.name(user) for user in here.on_duty(found.post, found.due_at)),
        "may_walk": actor.may("rounds.walk", found.community_id),
    })  # fmt: skip


@require_safe
def week(request: HttpRequest) -> HttpResponse:
    """Seven days to a day (?day=), by plan; without a gap to the seven before. E14.10."""
    actor, place = request.actor, here_of(request)  # type: ignore[attr-defined]
    last = _day(request.GET.get("day", "")) or localdate(now(), CHINA)
    first = last - timedelta(6)
    tallies = queries.tallies(actor, place.pk, first, last)
    rows = queries.missing(actor).filter(community=place.pk, due_at__gte=queries.day_bounds(first)[0], due_at__lt=queries.day_bounds(last)[1])
    points: dict[int, int] = {}
    for missed in rows.values_list("missed", flat=True)[:2000]:
        for pk in missed:
            points[pk] = points.get(pk, 0) + 1
    worst = sorted(points.items(), key=lambda pair: -pair[1])[:10]
    titles = queries.titles_of(pk for pk, _ in worst)
    return render(request, "rounds/week.html", {
        "place": place, "first": first, "last": last, "before": first - timedelta(1), "after": last + timedelta(7) if last < localdate(now(), CHINA) else None,
        "tallies": tallies, "worst": [(titles.get(pk, "已停用的点位"), count) for pk, count in worst],
        "due": sum(one.due for one in tallies), "done": sum(one.done for one in tallies), "missed": sum(one.missed + one.partial for one in tallies),
        "faults": sum(one.faults for one in tallies),
    })  # fmt: skip


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 2000 <= day.year <= 2200 else None


def _exported(actor: Actor, *, title: str, rows: int, filters: dict[str, str]) -> None:
    places = actor.places("rounds.view")
    where = actor.community if places is None or actor.community in places else next(iter(sorted(places)), None)
    actions.export_rows(actor, where, title=title, rows=rows, filters="，".join(filters.values()) or "全部", at=now())


def _communities(actor: Actor) -> list[tuple[int, str]]:
    return [(one.pk, one.name) for one in estate.communities(actor)]


def _size(row: Run) -> str:
    return f"{row.seen}/{len(row.points)}" if row.points else "报告"


_COLUMNS: Final[list[str | Column]] = [
    Column("due_at", "when"), Column("plan", title="计划", value=lambda row: row.plan.title),
    Column("state", "badge", tones={"open": "info", "done": "success", "partial": "danger", "missed": "danger", "excused": "warning"}),
    Column("seen", title="点位", value=_size), Column("by_name"), Column("done_at", "when"), Column("faults", "number"),
    Column("late", "yes"), Column("excuse"), Column("community", title="小区", value=lambda row: row.community.name),
]  # fmt: skip
MISSING = Register(
    "rounds:missing", queries.missing, title="漏巡、漏报", columns=_COLUMNS, filters=[Filter("community_id", "小区", _communities), "due_at"],
    may="rounds.view", exported=_exported, template="rounds/register.html", opens=lambda row: reverse("rounds:run", args=[row.pk]), empty=("没有漏巡", "到时没有巡到的点、没有交的报告会列在这里。"),
)  # fmt: skip
RUNS = Register(
    "rounds:runs", queries.runs, title="巡查登记", columns=_COLUMNS, filters=[Filter("community_id", "小区", _communities), "state", "due_at"],
    may="rounds.view", exported=_exported, template="rounds/register.html", opens=lambda row: reverse("rounds:run", args=[row.pk]), empty=("还没有巡查", "先在「计划」里安排，到时自动生成。"),
)  # fmt: skip
READINGS = Register(
    "rounds:readings", queries.readings, title="巡查记录",
    columns=[
        Column("at", "when"), Column("point", title="点位", value=lambda row: row.point.title if row.point else "报告"),
        Column("by_name"), Column("evidence", "badge", tones={"scan": "success", "nfc": "success", "photo": "info", "hand": "warning"}),
        Column("good", "badge", title="结果", value=lambda row: "正常" if row.good else "异常", tones={"异常": "danger", "正常": "success"}),
        Column("note"), Column("ticket_number"), Column("doubt"), Column("device_at", "when"), Column("received_at", "when"),
    ],
    filters=[Filter("community_id", "小区", _communities), "evidence", "good", "at"], may="rounds.view", exported=_exported, template="rounds/register.html",
    opens=lambda row: reverse("rounds:run", args=[row.run_id]) if row.run_id else reverse("rounds:point", args=[row.point_id]),
    empty=("还没有巡查记录", "在手机上扫码巡查后会列在这里。"),
)  # fmt: skip


