"""Points, routes and plans: what must be looked at, in which order, when and by whom."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from django.db.models import Max, QuerySet

from shouwen.duty import actions as duty_actions
from shouwen.duty import queries as duty
from shouwen.estate import queries as estate
from shouwen.kernel.access import Actor
from shouwen.kernel.journal import Done, action
from shouwen.kernel.refusals import Conflict, Refused
from shouwen.kernel.words import clean_text

from .. import queries, schedule
from ..models import Check, Plan, Point, Route, Stop

MOST_POINTS: Final = 400
LETTERS: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Letters of a point's key: none that is mistaken for another."""


@dataclass(frozen=True, slots=True)
class CheckSpec:
    """A check item as forms give it. `least` and `most` are text, "" = no limit."""

    title: str
    kind: str = Check.Kind.PASS
    unit: str = ""
    least: str = ""
    most: str = ""


@dataclass(frozen=True, slots=True)
class PointSpec:
    """A point as forms and spreadsheets give it."""

    title: str
    place: str = ""
    scope: str = Point.Scope.PUBLIC
    unit: str = ""
    tag: str = ""
    checks: tuple[CheckSpec, ...] = ()


@action("point.added", may="rounds.edit", says="登记点位 {number} {title}（{place}）")
def add_point(actor: Actor, community: Any, /, *, spec: PointSpec, at: datetime) -> Done:
    """A place to be looked at, with what is asked there. Returns the Point."""
    made = _new_points(community.pk, [spec], at)[0]
    return Done(made, _said(made))


@action("point.imported", may="rounds.edit", says="登记点位 {count} 个")
def add_points(actor: Actor, community: Any, /, *, specs: Sequence[PointSpec], at: datetime) -> Done:
    """Many at once; all or none. Returns the Points."""
    if not specs:
        raise Refused("没有可登记的点位。")
    if len(specs) > MOST_POINTS:
        raise Refused(f"一次最多登记 {MOST_POINTS} 个点位，请分几次。")
    made = _new_points(community.pk, specs, at)
    return Done(f"estate.community:{community.pk}", {"count": len(made)}, result=made)


@action("point.changed", may="rounds.edit", says="修改点位 {number} {title}（{place}）")
def edit_point(actor: Actor, point: Point, /, *, spec: PointSpec, at: datetime) -> Done:
    """Its words and what is asked there; its code stays, so that the label on the wall stays good."""
    fresh = _point_of(point.community_id, spec)
    for name in ("title", "place", "scope", "unit_id", "tag"):
        setattr(point, name, getattr(fresh, name))
    point.save()
    _put(_checks(spec.checks, point=point), Check.objects.filter(point=point))
    return Done(point, _said(point))


@action("point.retired", may="rounds.edit", says="停用点位 {number} {title}")
def retire_point(actor: Actor, point: Point, /, *, at: datetime) -> Done:
    """It leaves every route; rounds already due still ask for it, and what was recorded stays."""
    if point.retired_at is not None:
        raise Conflict("这个点位已经停用了。")
    Stop.objects.filter(point=point).delete()
    point.retired_at = at
    point.save(update_fields=["retired_at"])
    return Done(point, _said(point))


@action("route.set", may="rounds.edit", says="{verb}路线 {title}，{count} 个点")
def set_route(
    actor: Actor, community: Any, /, *, title: str, points: Sequence[int], ordered: bool = False, route: Route | None = None, at: datetime
) -> Done:  # fmt: skip
    """A new route, or another order of one. Rounds that are due already keep the points they were made with."""
    title = _given(title, "路线名称", 60, "title")
    wanted = list(dict.fromkeys(points))
    if not wanted:
        raise Refused("路线上还没有点位，请至少选一个。", {"points": "请至少选一个点位。"})
    found = set(Point.objects.filter(pk__in=wanted, community=community.pk, retired_at=None).values_list("pk", flat=True))
    if set(wanted) - found:
        raise Refused("有点位已停用或不在本小区，请刷新后重新选择。", {"points": "有点位已停用。"})
    same = Route.objects.filter(community=community.pk, title=title)
    if same.exclude(pk=route.pk if route else None).exists():
        raise Refused(f"已有路线「{title}」，请换一个名称。", {"title": "名称已有。"})
    row = route or Route(community_id=community.pk)
    row.title, row.ordered = title, ordered
    row.save()
    Stop.objects.filter(route=row).delete()
    Stop.objects.bulk_create([Stop(route=row, point_id=pk, position=n) for n, pk in enumerate(wanted, 1)])
    return Done(row, {"verb": "修改" if route else "新建", "title": title, "count": len(wanted)})


@action("route.retired", may="rounds.edit", says="停用路线 {title}")
def retire_route(actor: Actor, route: Route, /, *, at: datetime) -> Done:
    """Only a route that no running plan walks; a plan must be switched off with its reason first."""
    if running := Plan.objects.filter(route=route, off_at=None).values_list("title", flat=True).first():
        raise Refused(f"计划「{running}」还在走这条路线，请先停用计划或给它换一条路线。")
    Route.objects.filter(pk=route.pk).update(retired_at=at)
    return Done(route, {"title": route.title})


@action("plan.set", may="rounds.edit", says="{verb}巡查计划 {title}：{rhythm}，{post}")
def set_plan(
    actor: Actor, community: Any, /, *, title: str, kind: str, post: str, rhythm: str, at: datetime, route: Route | None = None,
    minutes: int = 0, starts: time | None = None, ends: time | None = None, times: str = "", weekdays: str = "1234567",
    monthday: int = 1, after_days: int = 0, days: str = Plan.Days.ALL, lasts: int = 30, grace: int = 5, tells: str = "",
    basis: str = "", checks: Sequence[CheckSpec] = (), plan: Plan | None = None,
) -> Done:  # fmt: skip
    """A new plan, or a change of one from now on. What fell due under the old times stays as it was. Returns the Plan."""
    title = _given(title, "计划名称", 60, "title")
    if Plan.objects.filter(community=community.pk, title=title).exclude(pk=plan.pk if plan else None).exists():
        raise _no("title", f"已有计划「{title}」，请换一个名称。")
    here = duty.current_directory(community.pk)
    for name, slug in (("post", post), ("tells", tells)):
        if slug not in here.posts and (slug or name == "post"):
            raise _no(name, "没有这个岗位，请重新选择。")
    if route is not None and (route.community_id != community.pk or route.retired_at):
        raise _no("route", "这条路线已停用，请另选一条。")
    if kind not in Plan.Kind.values or rhythm not in Plan.Rhythm.values or days not in Plan.Days.values:
        raise Refused("类别、周期或日子没有选对，请重新选择。")
    given = _times(rhythm, times)
    if rhythm == Plan.Rhythm.EVERY:
        _frequent(minutes, starts, ends)
    if rhythm == Plan.Rhythm.WEEKLY and (not weekdays or set(weekdays) - set("1234567")):
        raise _no("weekdays", "请至少选一天。")
    if rhythm == Plan.Rhythm.AFTER and not 1 <= after_days <= 366:
        raise _no("after_days", "间隔应在 1 到 366 天之间。")
    if rhythm == Plan.Rhythm.MONTHLY and not 1 <= monthday <= 31:
        raise _no("monthday", "应在 1 到 31 日之间。")
    if not 1 <= lasts <= 60 * 24 * 31:
        raise _no("lasts", "应在 1 分钟到 31 天之间。")
    if not 0 <= grace <= 24 * 60:
        raise _no("grace", "应在 0 到 1440 分钟之间。")
    row = plan or Plan(community_id=community.pk, since=at)
    if route is None and kind != Plan.Kind.REPORT:
        raise _no("route", "请选择路线；没有路线的，类别应为「岗位报告」。")
    fields: dict[str, Any] = {
        "title": title, "kind": kind, "route": route, "post": post, "rhythm": rhythm, "minutes": minutes, "starts": starts, "ends": ends,
        "times": given, "weekdays": "".join(sorted(set(weekdays))), "monthday": monthday, "after_days": after_days, "days": days,
        "lasts": lasts, "grace": grace, "tells": tells, "basis": clean_text(basis, "依据", 80, field="basis"),
    }  # fmt: skip
    for name, value in fields.items():
        setattr(row, name, value)
    own = queries.rhythm_of(row)
    row.next_at = _first(row, own, at) if row.off_at is None else None
    if row.next_at is None and row.off_at is None:
        raise _no("days", "按这样的周期一年内没有一次，请核对星期、日子和钟点。")
    row.save()
    _put(_checks(checks, plan=row), Check.objects.filter(plan=row))
    return Done(row, {"verb": "修改" if plan else "新建", "title": title, "rhythm": schedule.words(own), "post": here.posts[post].title})


@action("plan.switched_off", may="rounds.edit", says="停用巡查计划 {title}：{reason}")
def switch_off(actor: Actor, plan: Plan, /, *, reason: str, at: datetime) -> Done:
    """No more rounds fall due. Never without a reason; it stands on the list, on today's page and in the book of the post."""
    reason = _given(reason, "停用原因", 200, "reason")
    changed = Plan.objects.filter(pk=plan.pk, off_at=None).update(
        off_at=at, off_by=actor.name[:60], off_reason=reason, next_at=None, lease_until=None
    )
    if not changed:
        raise Conflict("这个计划已经停用了。请刷新页面。")
    _in_book(actor, plan, f"巡查计划停用：{plan.title}，原因：{reason}", at)
    return Done(plan, {"title": plan.title, "reason": reason})


@action("plan.switched_on", may="rounds.edit", says="恢复巡查计划 {title}（停了 {span}）")
def switch_on(actor: Actor, plan: Plan, /, *, at: datetime) -> Done:
    """From now on again; what would have fallen due meanwhile is not asked for."""
    if plan.off_at is None:
        raise Conflict("这个计划没有停用。请刷新页面。")
    next_at = _first(plan, queries.rhythm_of(plan), at)
    changed = Plan.objects.filter(pk=plan.pk, off_at__isnull=False).update(off_at=None, off_by="", off_reason="", next_at=next_at)
    if not changed:
        raise Conflict("这个计划刚才已由别人恢复。请刷新页面。")
    _in_book(actor, plan, f"巡查计划恢复：{plan.title}", at)
    return Done(plan, {"title": plan.title, "span": f"{(at - plan.off_at).days} 天" if (at - plan.off_at).days else "不到 1 天"})


@action("rounds.exported", may="rounds.view", says="导出{title}（{rows} 行；{filters}）")
def export_rows(actor: Actor, community_id: int | None, /, *, title: str, rows: int, filters: str, at: datetime) -> Done:
    """The line of an export of a register."""
    return Done(f"estate.community:{community_id or 0}", {"title": title, "rows": rows, "filters": filters})


# --- underneath ----------------------------------------------------------------------------------------------------------


def _first(plan: Plan, own: schedule.Rhythm, at: datetime) -> datetime | None:
    if own.kind == Plan.Rhythm.AFTER:
        today = own.from_completion(at - timedelta(1), missed=True)
        return today if today > at else own.from_completion(at, missed=True)
    return own.after(at, queries.works_in(plan.community_id))


def _times(rhythm: str, text: str) -> str:
    if rhythm == Plan.Rhythm.EVERY:
        return ""
    try:
        found = schedule.parse_times(text)
    except ValueError:
        raise _no("times", "钟点应写成 09:00 或 09:00 15:30，用空格隔开。") from None
    if not found:
        raise _no("times", "请填写钟点，如 09:00。")
    if len(found) > 20:
        raise _no("times", "钟点太多。间隔固定的，周期请选「每隔若干分钟」。")
    if rhythm == Plan.Rhythm.AFTER and len(found) > 1:
        raise _no("times", "这种周期只写一个钟点。")
    return " ".join(f"{at:%H:%M}" for at in found)


def _frequent(minutes: int, starts: time | None, ends: time | None) -> None:
    if not 5 <= minutes <= 24 * 60:
        raise _no("minutes", "间隔应在 5 到 1440 分钟之间。")
    if starts is None or ends is None:
        raise _no("starts", "请填写从几点到几点；全天填同一个钟点，如 00:00 到 00:00。")


def _new_points(community_id: int, specs: Sequence[PointSpec], at: datetime) -> list[Point]:
    highest = Point.objects.filter(community=community_id).aggregate(last=Max("number"))["last"]
    tail = (highest or "").rpartition("-")[2]
    first = int(tail) + 1 if tail.isdigit() else Point.objects.filter(community=community_id).count() + 1
    made = []
    for n, spec in enumerate(specs, first):
        point = _point_of(community_id, spec)
        point.number, point.key, point.made_at = f"D-{n:04d}", "".join(secrets.choice(LETTERS) for _ in range(12)), at
        made.append(point)
    Point.objects.bulk_create(made)
    Check.objects.bulk_create([check for point, spec in zip(made, specs, strict=True) for check in _checks(spec.checks, point=point)])
    return made


def _point_of(community_id: int, spec: PointSpec) -> Point:
    title = _given(spec.title, "点位名称", 60, "title")
    if spec.scope not in Point.Scope.values:
        raise _no("scope", f"「{title}」的范围不对，请从列表里选。")
    unit = None
    if spec.unit.strip():
        unit = estate.unit_by_code(community_id, spec.unit)
        if unit is None:
            raise _no("unit", f"本小区没有房号「{spec.unit[:40]}」，请核对。")
    return Point(
        community_id=community_id, title=title, place=clean_text(spec.place, "位置", 120, field="place"), scope=spec.scope,
        unit_id=unit.pk if unit else None, tag=clean_text(spec.tag, "NFC 标签号", 40, field="tag"),
    )  # fmt: skip


def _checks(specs: Sequence[CheckSpec], **owner: Any) -> list[Check]:
    if len(specs) > 40:
        raise _no("checks", "检查项太多，最多 40 项。")
    made = []
    for n, spec in enumerate(specs, 1):
        title = _given(spec.title, "检查项", 80, "checks")
        if spec.kind not in Check.Kind.values:
            raise _no("checks", f"「{title}」的种类不对，请从列表里选。")
        least, most = _limit(spec.least, title), _limit(spec.most, title)
        if least is not None and most is not None and least > most:
            raise _no("checks", f"「{title}」的下限比上限大，请更正。")
        made.append(Check(title=title, kind=spec.kind, unit=clean_text(spec.unit, "单位", 10), least=least, most=most, position=n, **owner))
    return made


def _put(fresh: Sequence[Check], standing: QuerySet[Check]) -> None:
    """A check that stays what it was keeps its id, so that a meter remembers its last number."""
    known = {(check.title, check.kind): check.pk for check in standing}
    for check in fresh:
        check.pk = known.pop((check.title, check.kind), None)
        check.save()
    standing.filter(pk__in=known.values()).delete()


def _limit(text: str, title: str) -> Decimal | None:
    if not text.strip():
        return None
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or abs(number) >= 10**10:
        raise _no("checks", f"「{title}」的上下限应为数字。")
    return number


def _in_book(actor: Actor, plan: Plan, text: str, at: datetime) -> None:
    duty_actions.record([
        duty_actions.Line(plan.community_id, plan.post, at, text, actor.id, actor.name, about=f"plan:{plan.pk}")
    ])  # fmt: skip


def _said(point: Point) -> dict[str, Any]:
    return {"number": point.number, "title": point.title, "place": point.place}


def _given(value: str, title: str, most: int, field: str) -> str:
    if not (words := clean_text(value, title, most, field=field).replace("\n", " ")):
        raise _no(field, f"请填写「{title}」。")
    return words


def _no(field: str, message: str) -> Refused:
    return Refused(message, {field: message})


