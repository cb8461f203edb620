"""What the worker does: runs are made when they fall due and closed when their time is over; who is missing is named at once.

All in batches: a run that was walked whole costs nothing here, only what is missing is looked at.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import connection

from shouwen.duty import actions as duty_actions
from shouwen.duty import queries as duty
from shouwen.duty.directory import Directory
from shouwen.estate.models import Community
from shouwen.kernel.access import Actor
from shouwen.kernel.batch import adapted
from shouwen.kernel.journal import Done, action
from shouwen.kernel.zone import CHINA
from shouwen.notices import actions as notices

from .. import queries
from ..models import Check, Halt, Plan, Run, Stop
from ..schedule import judge

MOST: Final = 300
"""Occurrences of one plan that are made in one pass; a worker that was away for long takes several."""
NAMED: Final = 8
"""Points named in a notice before 「等」."""


@action("rounds.made", may="system", says="按计划生成巡查 {count} 次")
def make_runs(actor: Actor, place: None, /, *, plans: Sequence[int], at: datetime) -> Done:
    """Make what fell due of these plans, each occurrence once for ever, also what no worker was there to make. Returns how many."""
    rows = list(Plan.objects.filter(pk__in=plans, next_at__lte=at, off_at=None))
    stops: dict[int, list[int]] = defaultdict(list)
    for route_id, point_id in Stop.objects.filter(route__in={row.route_id for row in rows if row.route_id}).order_by("position").values_list("route_id", "point_id"):
        stops[route_id].append(point_id)
    made: list[Run] = []
    for row in rows:
        assert row.next_at is not None
        own, works = queries.rhythm_of(row), queries.works_in(row.community_id)
        due = [row.next_at] if row.rhythm == Plan.Rhythm.AFTER else own.between(row.next_at - timedelta(microseconds=1), at, works, MOST)
        for moment in due:
            ends = moment + timedelta(minutes=row.lasts)
            close = ends + timedelta(minutes=row.grace)
            made.append(Run(
                community_id=row.community_id, plan_id=row.pk, post=row.post, due_at=moment, ends_at=ends, close_at=close,
                points=stops[row.route_id] if row.route_id else [], caught_up=close <= at,
            ))  # fmt: skip
        row.next_at = None if row.rhythm == Plan.Rhythm.AFTER else own.after(due[-1] if due else at, works)
    Run.objects.bulk_create(made, ignore_conflicts=True, batch_size=400)
    _advance(rows)
    return Done("rounds.run:all", {"count": len(made)}, result=len(made))


def _advance(rows: Sequence[Plan]) -> None:
    """The next moment of every plan, in one prepared statement each engine runs row by row."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "UPDATE rounds_plan SET next_at = %s, lease_until = NULL WHERE id = %s AND off_at IS NULL",
            [adapted((row.next_at, row.pk)) for row in rows],
        )


@action("rounds.closed", may="system", says="巡查到时未完成 {count} 次：{said}")
def close_runs(actor: Actor, place: None, /, *, runs: Sequence[int], at: datetime) -> Done:
    """Close runs whose time is over and raise what is missing by name, to those on the post, their superior and whom the plan names.

    What was caught up after an outage is raised together, once a plan. Returns how many were missing.
    """
    rows = list(
        Run.objects.select_for_update(of=("self",)).filter(pk__in=runs, close_at__lte=at).select_related("plan").order_by("pk")
    )
    seen = queries.seen_of(row.pk for row in rows)
    reports = set(Check.objects.filter(plan__in={row.plan_id for row in rows}).values_list("plan_id", flat=True))
    halts = list(Halt.objects.filter(community__in={row.community_id for row in rows}, starts_at__lte=at).exclude(
        ends_at__lt=min((row.due_at for row in rows), default=at)
    ))  # fmt: skip
    absent: dict[tuple[int, bool, int], list[Run]] = defaultdict(list)
    for row in rows:
        owes = row.plan_id in reports or not row.points
        halted = next((one for one in halts if _meets(one, row)), None)
        verdict = judge(tuple(row.points), frozenset(seen[row.pk]), reports=owes, over=True, halted=halted is not None)
        row.state, row.missed, row.close_at, row.lease_until = verdict.state, list(verdict.missed), None, None
        if halted is not None and verdict.state == Run.State.EXCUSED:
            row.excuse = halted.reason
        elif verdict.state != Run.State.DONE:
            absent[row.plan_id, row.caught_up, 0 if row.caught_up else row.pk].append(row)
    Run.objects.bulk_update(rows, ["state", "missed", "close_at", "lease_until", "excuse"], batch_size=200)
    _again(rows, at)
    said = _raise(list(absent.values()), at)
    count = sum(len(group) for group in absent.values())
    return Done("rounds.run:all", {"count": count, "said": "；".join(said[:5])}, result=count)


def _meets(halt: Halt, row: Run) -> bool:
    end = halt.ends_at or row.ends_at
    return (halt.community_id, halt.post) == (row.community_id, row.post) and halt.starts_at < row.ends_at and end > row.due_at


def _again(rows: Sequence[Run], at: datetime) -> None:
    """A plan that counts from completion asks again the next day, until somebody has been there."""
    for row in rows:
        if row.plan.rhythm == Plan.Rhythm.AFTER:
            again = queries.rhythm_of(row.plan).from_completion(at, missed=True)
            Plan.objects.filter(pk=row.plan_id, next_at=None, off_at=None).update(next_at=again)


def _raise(groups: Sequence[Sequence[Run]], at: datetime) -> list[str]:
    if not groups:
        return []
    versions = dict(Community.objects.filter(pk__in={group[0].community_id for group in groups}).values_list("pk", "people_version"))
    titles = queries.titles_of(point for group in groups for row in group[:1] for point in row.missed)
    news: list[notices.News] = []
    lines: list[duty_actions.Line] = []
    said: list[str] = []
    for group in groups:
        row = group[-1]
        here = duty.directory(row.community_id, versions[row.community_id])
        asked = _asked(here, row)
        title, body = _words(group, asked, titles, here)
        said.append(title)
        about = f"rounds.run:{row.pk}"
        lines.append(duty_actions.Line(row.community_id, row.post, at, f"{title}。{body}", about=f"run:{row.pk}"))
        for user in _told(here, row, asked, at):
            news.append(notices.News(
                key=f"round.{row.pk}.{user}", community_id=row.community_id, user_id=user, why="late", title=title, body=body,
                about=about, url=f"/rounds/runs/{row.pk}", at=at, urgent=row.plan.kind in (Plan.Kind.PATROL, Plan.Kind.REPORT),
            ))  # fmt: skip
    notices.tell(news)
    duty_actions.record(lines)
    return said


def _asked(here: Directory, row: Run) -> tuple[int, ...]:
    """Who was on the post while it was due (a superior stands for a post that nobody was on)."""
    return here.on_duty(row.post, row.due_at)


def _told(here: Directory, row: Run, asked: tuple[int, ...], at: datetime) -> tuple[int, ...]:
    """Those on the post, the superior who is at work now, and whoever the plan names besides."""
    above = tuple(up for user in asked for up in here.superior_of(user, at))
    more = here.on_duty(row.plan.tells, at) if row.plan.tells else ()
    return tuple(dict.fromkeys((*asked, *here.on_duty(row.post, at), *above, *more)))


def _words(group: Sequence[Run], asked: tuple[int, ...], titles: dict[int, str], here: Directory) -> tuple[str, str]:
    row = group[-1]
    hour = f"{row.due_at.astimezone(CHINA):%H:%M}"
    names = "、".join(here.name(user) for user in asked)
    if row.caught_up:
        first = f"{group[0].due_at.astimezone(CHINA):%m-%d %H:%M}"
        last = f"{row.due_at.astimezone(CHINA):%m-%d %H:%M}"
        return f"{row.plan.title}：系统停止期间 {len(group)} 次没有记录", f"从 {first} 到 {last}。请问清当时是否巡过，并写进值班日志。"
    if not row.points:
        return f"漏报：{row.plan.title}（{hour}）", f"应由{names}报告，没有收到。请马上联系，问明岗位情况。"
    named = "、".join(titles.get(point, "已停用的点位") for point in row.missed[:NAMED]) + ("等" if len(row.missed) > NAMED else "")
    if row.state == Run.State.MISSED:
        return f"漏巡：{row.plan.title}（{hour}）", f"{len(row.points)} 个点都没有巡到，应由{names}巡查。请马上联系，问明情况。"
    said = f"漏 {len(row.missed)} 个点：{named}" if row.missed else "点位已巡，没有交报告"
    return f"漏点：{row.plan.title}（{hour}）", f"{said}。当班：{names}。请补巡或说明原因。"

