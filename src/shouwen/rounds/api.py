"""The JSON interface of this area, below /api/v1/rounds/. The community is the current one, or `?community=slug`."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema

from shouwen.estate.models import Community
from shouwen.kernel.access import Actor
from shouwen.kernel.journal import now
from shouwen.kernel.refusals import Conflict, NotFound, Refused
from shouwen.kernel.zone import CHINA
from shouwen.org import queries as org

from . import actions, queries, schedule
from .forms import reading_of
from .models import Plan, Reading, Run

router = Router()
LARGEST = 2**62
DAY = 24 * 3600 * 1000
_DAY = Query(None, title="日期，空为今天")


class RunOut(Schema):
    id: int = Field(title="编号")
    plan: str = Field(title="计划")
    post: str = Field(title="岗位代号")
    due_at: datetime = Field(title="应巡时间")
    ends_at: datetime = Field(title="应完成时间")
    state: str = Field(title="状态")
    points: int = Field(title="应巡点数")
    seen: int = Field(title="已巡点数")
    missed: list[str] = Field(title="漏巡点位")
    late: bool = Field(title="迟")
    by: str = Field(title="巡查人")


class PlanOut(Schema):
    id: int = Field(title="编号")
    title: str = Field(title="名称")
    kind: str = Field(title="类别")
    post: str = Field(title="岗位代号")
    rhythm: str = Field(title="什么时候")
    next_at: datetime | None = Field(title="下次")
    off_reason: str = Field(title="停用原因，空为在用")


class ReadingIn(Schema):
    user: int = Field(ge=1, le=LARGEST, title="操作人编号")
    run: int = Field(0, ge=0, le=LARGEST, title="巡查编号，0 为计划外")
    point: int = Field(0, ge=0, le=LARGEST, title="点位编号，0 为整次的报告")
    acted_at: datetime | None = Field(None, title="手机时间")
    offset: int = Field(0, ge=-400 * DAY, le=400 * DAY, title="手机时钟差（毫秒）")
    fields: dict[str, list[Annotated[str, Field(max_length=2000)]]] = Field({}, title="填写内容：code、check-<编号>、finding、note、photo、spot")


class ReadingOut(Schema):
    id: int = Field(title="编号")
    said: str = Field(title="结果")
    at: datetime = Field(title="时间")
    received_at: datetime = Field(title="送达时间")
    evidence: str = Field(title="凭据")
    doubt: str = Field(title="存疑")
    good: bool = Field(title="正常")
    again: bool = Field(title="重复")
    ticket: str = Field(title="工单号")
    state: str = Field(title="这次巡查的状态")


def _place(request: HttpRequest, slug: str | None, may: str = "rounds.view") -> Community:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    if slug is None:
        community = request.community  # type: ignore[attr-defined]
        return queries.place(actor, community.pk if community else None, may)
    return queries.place(actor, next((c.pk for c in org.places_of(actor) if c.slug == slug), None), may)


def _out(run: Run, titles: dict[int, str]) -> dict[str, Any]:
    return {
        "id": run.pk, "plan": run.plan.title, "post": run.post, "due_at": run.due_at, "ends_at": run.ends_at, "state": run.state,
        "points": len(run.points), "seen": run.seen, "missed": [titles.get(pk, "") for pk in run.missed], "late": run.late, "by": run.by_name,
    }  # fmt: skip


@router.get("/mine", response=list[RunOut], summary="现在要巡的")
def mine(request: HttpRequest, community: str | None = Query(None, max_length=40, title="小区代号")) -> list[dict[str, Any]]:
    """Rounds that are open now, those of one's own posts first."""
    place = _place(request, community, "rounds.walk")
    return [_out(run, {}) for run in queries.open_runs(request.actor, place.pk, now())]  # type: ignore[attr-defined]


@router.get("/runs", response=list[RunOut], summary="一天的巡查")
def runs(
    request: HttpRequest, day: date | None = _DAY, community: str | None = Query(None, max_length=40, title="小区代号"),
) -> list[dict[str, Any]]:  # fmt: skip
    """Every round that fell due on a day, with the points that were missed by name."""
    place = _place(request, community)
    wanted = day or now().astimezone(CHINA).date()
    if not 2000 <= wanted.year <= 2200:
        raise Refused("日期不对，请核对。", {"day": "日期不对"})
    rows = queries.runs_of_day(request.actor, place.pk, wanted)  # type: ignore[attr-defined]
    titles = queries.titles_of(pk for run in rows for pk in run.missed)
    return [_out(run, titles) for run in rows]


@router.get("/plans", response=list[PlanOut], summary="巡查计划")
def plans(request: HttpRequest, community: str | None = Query(None, max_length=40, title="小区代号")) -> list[dict[str, Any]]:
    """Every plan, those that are off with their reason."""
    place = _place(request, community)
    rows: list[Plan] = list(queries.plans(request.actor).filter(community=place.pk))  # type: ignore[attr-defined]
    return [{
        "id": one.pk, "title": one.title, "kind": one.kind, "post": one.post, "rhythm": schedule.words(queries.rhythm_of(one)), "next_at": one.next_at,
        "off_reason": one.off_reason,
    } for one in rows]  # fmt: skip


@router.post("/readings", response=ReadingOut, summary="登记一个点")
def read(request: HttpRequest, data: ReadingIn) -> dict[str, Any]:
    """Needs `Idempotency-Key`: whatever is sent twice counts once. Weak evidence and doubtful times are marked, not refused."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    key = request.headers.get("Idempotency-Key", "")
    if not key:
        raise Refused("登记须带请求键（Idempotency-Key），以免重复。")
    if data.user != actor.id:
        raise Conflict("这是另一位同事的巡查记录，不能由您补传。请由本人登录后发送。")
    if len(data.fields) > 200 or any(len(values) > 20 for values in data.fields.values()):
        raise Refused("一次提交的项目太多，请分几次登记。")
    if data.acted_at is not None and data.acted_at.tzinfo is None:
        raise Refused("手机时间缺少时区，请在手机上打开「自动设置时间」后重试。", {"acted_at": "缺少时区"})
    run = queries.run(actor, data.run) if data.run else None
    point = queries.point(actor, data.point) if data.point else None
    place = run.community if run else point.community if point else None
    if place is None:
        raise NotFound("没有选中点位。请扫码或从列表里选。")
    given = reading_of(data.fields, key[:80], device_at=data.acted_at, offset=timedelta(milliseconds=data.offset))
    row: Reading = actions.read(actor, place, given=given, run=run, point=point, at=now())
    return {
        "id": row.pk, "said": _said(row), "at": row.at, "received_at": row.received_at, "evidence": row.evidence, "doubt": row.doubt,
        "good": row.good, "again": row.again, "ticket": row.ticket_number, "state": row.run.state if row.run else "",
    }  # fmt: skip


def _said(row: Reading) -> str:
    hour = f"{row.at.astimezone(CHINA):%H:%M}"
    said = f"{hour} {row.by_name}，{row.get_evidence_display()}" + ("" if row.good else f"，异常，已开单 {row.ticket_number}")
    return said + ("（之前已有人巡过，两次都留下）" if row.again else "") + (f"，{row.doubt}" if row.doubt else "")
