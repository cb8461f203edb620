"""POST /api/v1/replay: what a phone queued while it had no signal, one thing a request, in the order it was done."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from django.urls import reverse
from ninja import Field, Router, Schema

from shouwen.kernel.access import Actor
from shouwen.kernel.journal import now
from shouwen.kernel.refusals import Conflict, Refused

from . import offline, queries
from .deciding import finder_for, may_work
from .editions import procedure_of
from .store import Row

router = Router()
LARGEST = 2**62
DAY = 24 * 3600 * 1000


class ReplayIn(Schema):
    user: int = Field(ge=1, le=LARGEST, title="操作人编号")
    ticket: int = Field(ge=1, le=LARGEST, title="工单编号")
    task: int = Field(0, ge=0, le=10_000, title="任务序号")
    kind: Literal["take", "coming", "finish", "note"] = Field(title="操作")
    acted_at: datetime = Field(title="手机时间")
    offset: int = Field(0, ge=-400 * DAY, le=400 * DAY, title="手机时钟差（毫秒）")
    fields: dict[str, list[Annotated[str, Field(max_length=4000)]]] = Field({}, title="填写内容")
    text: str = Field("", max_length=4000, title="备注或迟到原因")


class ReplayOut(Schema):
    id: int = Field(title="工单编号")
    number: str = Field(title="工单号")
    status: str = Field(title="状态")
    revision: int = Field(title="修订")
    said: str = Field(title="结果")
    happened_at: datetime = Field(title="发生时间")
    received_at: datetime = Field(title="送达时间")
    next: str = Field(title="接着办的任务的地址")


@router.post("", response=ReplayOut, summary="补传离线操作")
def replay(request: HttpRequest, data: ReplayIn) -> dict[str, Any]:
    """Needs `Idempotency-Key`: whatever is sent twice counts once. Dated by the phone within 24 hours, never ahead."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    if not request.headers.get("Idempotency-Key"):
        raise Refused("补传须带请求键（Idempotency-Key），以免重复登记。")
    if data.user != actor.id:
        raise Conflict("这是另一位同事的离线操作，不能由您补传。请由本人登录后发送。")
    if len(data.fields) > 500 or any(len(values) > 100 for values in data.fields.values()):
        raise Refused("一次提交的项目太多，请分几次办理。")
    at = now()
    row = queries.row(actor, data.ticket)
    act = offline.Act(
        ticket=row.id, task=data.task, kind=data.kind, acted_at=data.acted_at, offset=timedelta(milliseconds=data.offset),
        fields=data.fields, text=data.text,
    )  # fmt: skip
    try:
        said = offline.replay(actor, row, act, at)
    except Refused as no:
        if no.status == 422 and (task := next((t for t in row.state.tasks if t.id == data.task), None)):
            no.fields = offline.form_names(procedure_of(row.edition_id), task, no.fields)
        raise
    return {
        "id": row.id, "number": row.number, "status": row.state.status, "revision": row.revision, "said": said,
        "happened_at": offline.moment(act.acted_at, act.offset, at), "received_at": at, "next": _next(actor, row, data, at),
    }  # fmt: skip


def _next(actor: Actor, row: Row, data: ReplayIn, at: datetime) -> str:
    """The page of what this person may do next on the ticket: the same task after taking it, else the first of theirs."""
    if row.state.status != "open":
        return ""
    if data.kind in ("take", "coming") or actor.id is None:
        return reverse("procedures:onsite", args=[row.id, data.task])
    finder = finder_for(row, procedure_of(row.edition_id), at)
    mine = [t for t in row.state.open_tasks if t.holder in ("", actor.ref) and may_work(actor.id, finder, t)]
    return reverse("procedures:onsite", args=[row.id, mine[0].id]) if mine else ""

