"""Points, routes and plans of the demo with their last days: a patrol, a building round, fire equipment, the gate's hourly report."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from random import Random
from typing import Any, Final

from shouwen.duty import queries as duty
from shouwen.estate.models import Community
from shouwen.kernel.access import SYSTEM
from shouwen.org import queries as org
from shouwen.procedures import actions as tickets
from shouwen.rounds import actions, chores, standard
from shouwen.rounds.actions import Given
from shouwen.rounds.actions.plans import CheckSpec, PointSpec
from shouwen.rounds.models import Point, Run

from .world import World

FINE: Final = CheckSpec("完好、无异常")
PATROL: Final = (
    PointSpec("南门岗亭", "小区南门", "public"), PointSpec("东围墙", "东侧围墙中段", "hidden"), PointSpec("配电房", "1 栋地下一层", "power", checks=(
        CheckSpec("门锁好"), CheckSpec("温度", "number", "℃", "5", "40"), CheckSpec("总表读数", "meter", "kWh"),
    )),
    PointSpec("财务室", "服务中心二楼", "finance"), PointSpec("主任办公室", "服务中心三楼", "leaders"), PointSpec("地下车库 B1", "B1 中区", "public"),
    PointSpec("会所后门", "会所北侧", "hidden"),
)  # fmt: skip
BUILDING: Final = tuple(PointSpec(f"{n} 栋大堂", f"{n} 栋一层", "public", checks=(
    CheckSpec("水"), CheckSpec("电、照明"), CheckSpec("燃气"), CheckSpec("通讯"), CheckSpec("有线电视"),
)) for n in (1, 2, 3, 5, 8, 12))  # fmt: skip
FIRE: Final = tuple(PointSpec(f"{n} 栋消防栓箱", f"{n} 栋各层", "fire", checks=(FINE, CheckSpec("压力", "number", "MPa", "0.1", "0.6"))) for n in (1, 3, 5))
DAYS: Final = 1
HOUR: Final = timedelta(hours=1)


def live(world: World, *, until: datetime) -> None:
    """Plans since yesterday; people walked what they should, but for a few."""
    place, random = world.liyuan, Random(11)
    start = until - timedelta(days=DAYS)
    points = actions.add_points(SYSTEM, place, specs=(*PATROL, *BUILDING, *FIRE), at=start)
    patrol, building, fire = points[:7], points[7:13], points[13:]
    routes = {
        title: actions.set_route(SYSTEM, place, title=title, points=[one.pk for one in on], ordered=ordered, at=start)
        for title, on, ordered in (("一号线", patrol, True), ("楼宇大堂", building, False), ("消防器材", fire, False))
    }
    _plans(place, routes, start)
    _supervised(place, start)
    at = start
    while at < until:
        at = min(at + HOUR, until)
        chores.watch(at)
        for run in Run.objects.filter(community=place, state="open", seen=0, due_at__gt=at - HOUR).select_related("plan", "plan__route").order_by("due_at", "id"):
            _walked(run, place, random, until)


def _plans(place: Community, routes: dict[str, Any], at: datetime) -> None:
    common: dict[str, Any] = {"at": at}
    actions.set_plan(
        SYSTEM, place, title="一号线巡更", kind="patrol", route=routes["一号线"], post="guard", rhythm="every", minutes=120, starts=time(0), ends=time(0),
        lasts=60, grace=10, tells="duty-manager", basis="E25.01、E25.06", **common,
    )  # fmt: skip
    actions.set_plan(
        SYSTEM, place, title="门岗每小时报告", kind="report", post="gate-guard", rhythm="every", minutes=60, starts=time(20), ends=time(6), lasts=15,
        grace=5, basis="E24.01", checks=[CheckSpec("岗位情况", "note")], **common,
    )  # fmt: skip
    actions.set_plan(
        SYSTEM, place, title="楼宇巡查", kind="building", route=routes["楼宇大堂"], post="steward", rhythm="daily", times="10:00", lasts=240, grace=30,
        basis="D3.14、D3.26", **common,
    )  # fmt: skip
    actions.set_plan(
        SYSTEM, place, title="每日防火巡查", kind="fire", route=routes["消防器材"], post="guard", rhythm="daily", times="09:00 21:00", lasts=120, grace=15,
        basis="E26.03", **common,
    )  # fmt: skip
    for slug in ("gate-log", "patrol-log"):
        actions.set_plan(SYSTEM, place, **standard.PLANS[slug].given, **common)
    closed = actions.set_plan(
        SYSTEM, place, title="泳池设备巡视", kind="equipment", route=routes["消防器材"], post="engineer", rhythm="daily", times="11:00", lasts=120, **common,
    )  # fmt: skip
    actions.switch_off(SYSTEM, closed, reason="泳池冬季停用，四月恢复", at=at)


def _supervised(place: Community, at: datetime) -> None:
    """The head of the guards was at two posts yesterday; the others wait."""
    shi = org.actor_for(org.user_id_of("shi") or 0)
    for n, (where, whom) in enumerate((("南门岗", "gu"), ("监控室", "bai"))):
        answers = {
            "inspected_post": where, "inspected": str(org.user_id_of(whom)), "seen_at": (at + n * HOUR).isoformat(), "appearance": "good", "on_post": "good",
            "log_kept": "good", "area_kept": "good", "content": "在岗，记录齐全", "has_problem": "no", "signed": "refused", "refusal": "正在处理来访，事后补签", "own_signature": "demo",
        }  # fmt: skip
        tickets.file_ticket(shi, place, procedure="supervisor_patrol", answers=answers, at=at + n * HOUR)


def _walked(run: Run, place: Community, random: Random, until: datetime) -> None:
    """Whoever was on the post then; every ninth round is missed, one in six loses a point."""
    here = duty.current_directory(place)
    begun = run.due_at + timedelta(minutes=random.randint(2, 8))
    luck = random.random()
    if begun > until or (luck < 0.08 and run.ends_at < until):
        return
    actor = org.actor_for(here.on_duty(run.post, run.due_at)[0])
    points = {one.pk: one for one in Point.objects.filter(pk__in=run.points).prefetch_related("checks")}
    ids = run.points if luck > 0.2 else run.points[:-1]
    for n, pk in enumerate(ids):
        at = begun + timedelta(minutes=3 * n)
        if at > until:
            return
        point = points[pk]
        answers = {check.pk: {"number": "0.3" if check.unit == "MPa" else "24", "meter": f"{18230 + run.pk}"}.get(check.kind, "good") for check in point.checks.all()}
        given = Given(key=f"demo-{run.pk}-{pk}", code=point.key if random.random() > 0.12 else point.number, answers=answers)
        actions.read(actor, place, run=run, point=point, given=given, at=at)
    if not run.points:
        answers = {check.pk: random.choice(("岗位正常", "正常，夜归 3 人已登记", "正常，外卖 2 次")) for check in run.plan.checks.all()}
        actions.read(actor, place, run=run, given=Given(key=f"demo-{run.pk}", answers=answers), at=begun)
