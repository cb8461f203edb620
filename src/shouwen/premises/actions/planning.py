"""The rounds behind the registers: the route holds what is to be looked at now, the plan asks for it, and neither is empty or silent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from shouwen.kernel.access import SYSTEM
from shouwen.rounds import actions as rounds
from shouwen.rounds import queries as rounds_queries
from shouwen.rounds.actions.plans import CheckSpec, PointSpec
from shouwen.rounds.models import Plan, Point


@dataclass(frozen=True, slots=True)
class Round:
    """A route and a plan of the same title. `times` until somebody changes the plan: then theirs hold."""

    title: str
    kind: str
    scope: str
    rhythm: str
    times: str
    lasts: int
    grace: int
    basis: str
    nothing: str
    checks: tuple[CheckSpec, ...]


SIGNS: Final = Round(
    "标识检查", Plan.Kind.SIGNS, Point.Scope.SIGN, Plan.Rhythm.DAILY, "09:00 16:00", 180, 30, "D3.87", "没有在用的标识",
    (CheckSpec("完好、清晰"), CheckSpec("位置正确")),
)  # fmt: skip
"""Twice a day; each within three hours. D3.87."""
VACANT: Final = Round(
    "空置房巡查", Plan.Kind.VACANT, Point.Scope.VACANT, Plan.Rhythm.WEEKLY, "09:00", 5 * 24 * 60, 60, "D3.113", "没有空置房",
    (CheckSpec("门窗关好、锁好"), CheckSpec("水、电、燃气已关"), CheckSpec("无渗漏、墙面完好"), CheckSpec("设施、卫生")),
)  # fmt: skip
"""The source gives no rhythm: every Monday, to be walked by Friday, until the company sets its own. D3.113."""


def points_for(place: Any, round_: Round, specs: Sequence[tuple[str, str, str]], at: datetime) -> list[Point]:
    """Points of (title, place, unit code) with the check items of this round."""
    if not specs:
        return []
    made = [PointSpec(title[:60], where[:120], round_.scope, unit, "", round_.checks) for title, where, unit in specs]
    found: list[Point] = rounds.add_points(SYSTEM, place, specs=made, at=at)
    return found


def lay(place: Any, round_: Round, points: Sequence[int], at: datetime) -> None:
    """Let the route hold exactly these points in this order. Without any the plan is off, with the reason; with the first it is on."""
    route = rounds_queries.routes(SYSTEM).filter(community=place.pk, title=round_.title, retired_at=None).first()
    plan = rounds_queries.plans(SYSTEM).filter(community=place.pk, title=round_.title).first()
    if not points:
        if plan is not None and plan.off_at is None:
            rounds.switch_off(SYSTEM, plan, reason=round_.nothing, at=at)
        return
    route = rounds.set_route(SYSTEM, place, title=round_.title, points=list(points), route=route, at=at)
    if plan is None:
        rounds.set_plan(
            SYSTEM, place, title=round_.title, kind=round_.kind, route=route, post="steward", rhythm=round_.rhythm, times=round_.times,
            weekdays="1", lasts=round_.lasts, grace=round_.grace, tells="cs-supervisor", basis=round_.basis, at=at,
        )  # fmt: skip
    elif plan.off_at is not None and plan.off_reason == round_.nothing:
        rounds.switch_on(SYSTEM, plan, at=at)


def move(point: Point, title: str, where: str, at: datetime) -> None:
    """The point goes where its sign goes; its code on the label stays good."""
    said = lambda limit: "" if limit is None else str(limit)  # noqa: E731
    kept = tuple(CheckSpec(check.title, check.kind, check.unit, said(check.least), said(check.most)) for check in point.checks.all())
    rounds.edit_point(SYSTEM, point, spec=PointSpec(title[:60], where[:120], point.scope, "", point.tag, kept), at=at)


def retire(points: Sequence[Point], at: datetime) -> None:
    for point in points:
        if point.retired_at is None:
            rounds.retire_point(SYSTEM, point, at=at)
