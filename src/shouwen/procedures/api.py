"""The JSON interface of tickets and procedures, below /api/v1/procedures/. Every write is the same action as on the pages."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec
from django.http import HttpRequest, HttpResponse
from ninja import Field, Query, Router, Schema

from shouwen.kernel.access import Actor
from shouwen.kernel.journal import now
from shouwen.kernel.refusals import NotFound, Refused
from shouwen.org.queries import all_communities

from . import actions, queries
from .clauses import sentence
from .editions import procedure_of
from .engine import Procedure, Step
from .models import Task, Ticket
from .store import Row

router = Router()
LARGEST = 2**62


class TaskOut(Schema):
    number: int = Field(title="任务序号")
    step: str = Field(title="步骤")
    title: str = Field(title="任务")
    branch: str = Field(title="部门")
    role: str = Field(title="角色")
    holder: str = Field(title="办理人")
    opened_at: datetime = Field(title="开始时间")
    taken_at: datetime | None = Field(title="接单时间")
    due_at: datetime | None = Field(title="时限")
    done_at: datetime | None = Field(title="完成时间")
    done_by: str = Field(title="完成人")


class TicketOut(Schema):
    id: int = Field(title="编号")
    number: str = Field(title="工单号")
    procedure: str = Field(title="规程")
    status: str = Field(title="状态")
    grade: str = Field(title="类别")
    place: str = Field(title="地点")
    summary: str = Field(title="摘要")
    first_asked: str = Field(title="首问人")
    filed_at: datetime = Field(title="受理时间")
    due_at: datetime | None = Field(title="最近时限")
    closed_at: datetime | None = Field(title="办结时间")


class TicketDetail(TicketOut):
    edition: str = Field(title="规程版本")
    revision: int = Field(title="修订")
    answers: dict[str, Any] = Field(title="填写内容（隐私项已脱敏）")
    tasks: list[TaskOut] = Field(title="任务")
    offered: list[str] = Field(title="可采取的步骤")


class Receipt(Schema):
    """What a write answers: the ticket as it stands after it."""

    id: int = Field(title="编号")
    number: str = Field(title="工单号")
    status: str = Field(title="状态")
    revision: int = Field(title="修订")
    open_tasks: list[dict[str, Any]] = Field(title="待办任务")


class EventOut(Schema):
    seq: int = Field(title="序号")
    at: datetime = Field(title="时间")
    kind: str = Field(title="种类")
    by_name: str = Field(title="操作人")
    text: str = Field(title="经过")


class TicketPage(Schema):
    tickets: list[TicketOut] = Field(title="工单")
    next: int | None = Field(title="下一页的 after")


class BoardTask(TaskOut):
    ticket: int = Field(title="工单编号")
    ticket_number: str = Field(title="工单号")
    place: str = Field(title="地点")
    summary: str = Field(title="摘要")


class LaneOut(Schema):
    key: str = Field(title="分区")
    title: str = Field(title="名称")
    more: bool = Field(title="还有更多")
    tasks: list[BoardTask] = Field(title="任务")


class FileIn(Schema):
    procedure: str = Field(max_length=40, title="规程")
    community: str = Field("", max_length=40, title="小区代号")
    answers: dict[str, Any] = Field({}, title="填写内容")
    evidence: dict[str, Any] = Field({}, title="凭证")


class FinishIn(Schema):
    answers: dict[str, Any] = Field({}, title="填写内容")
    evidence: dict[str, Any] = Field({}, title="凭证")
    on_behalf: str = Field("", max_length=200, title="代办原因（上级代办时必填）")


class HandIn(Schema):
    to: int = Field(ge=1, le=LARGEST, title="转给（员工编号）")
    reason: str = Field(max_length=4000, title="转派原因")


class Words(Schema):
    text: str = Field(max_length=4000, title="内容")


class Reason(Schema):
    reason: str = Field("", max_length=4000, title="原因")


class AmendIn(Schema):
    answers: dict[str, Any] = Field(title="更正后的内容")
    reason: str = Field(max_length=4000, title="变更原因")


class PauseIn(Schema):
    reason: str = Field(max_length=40, title="挂起原因")
    until: datetime | None = Field(None, title="恢复时间")
    remark: str = Field("", max_length=4000, title="说明")


class ApproveIn(Schema):
    ok: bool = Field(title="是否批准")
    remark: str = Field("", max_length=4000, title="意见")


class LinkIn(Schema):
    to: int = Field(ge=1, le=LARGEST, title="关联工单编号")
    kind: Literal["same", "part_of", "caused_by"] = Field(title="关系")


class AskOut(Schema):
    name: str = Field(title="字段")
    title: str = Field(title="名称")
    kind: str = Field(title="类型")
    options: dict[str, str] = Field(title="选项")
    many: bool = Field(title="可多选")
    optional: bool = Field(title="可不填")
    private: bool = Field(title="隐私")


class StepOut(Schema):
    name: str = Field(title="步骤")
    title: str = Field(title="名称")
    who: str = Field(title="由谁办")
    do: str = Field(title="做什么")
    says: str = Field(title="怎么说")
    within: list[str] = Field(title="时限")
    basis: dict[str, str] = Field(title="依据条款")
    asks: list[AskOut] = Field(title="填写项")


class ProcedureOut(Schema):
    procedure: str = Field(title="规程")
    title: str = Field(title="名称")
    edition: str = Field(title="版本")
    edition_id: int = Field(title="版本编号")


class ProcedureDetail(ProcedureOut):
    steps: list[StepOut] = Field(title="步骤")


# Reading -------------------------------------------------------------------------------------------------------


@router.get("/tickets", response=TicketPage, summary="工单")
def tickets(
    request: HttpRequest, status: Literal["", "open", "paused", "closed", "withdrawn"] = Query("", title="状态"),
    procedure: str = Query("", max_length=40, title="规程"), number: str = Query("", max_length=40, title="工单号"),
    after: int | None = Query(None, ge=1, le=LARGEST, title="从此编号之后"), limit: int = Query(50, ge=1, le=200, title="条数"),
) -> dict[str, Any]:  # fmt: skip
    """Tickets that the caller may see, newest first; turn pages with `after`."""
    rows = queries.tickets(_actor(request)).order_by("-pk")
    if status:
        rows = rows.filter(status=status)
    if procedure:
        rows = rows.filter(procedure=_plain(procedure))
    if number:
        rows = rows.filter(number=_plain(number))
    if after:
        rows = rows.filter(pk__lt=after)
    found = list(rows[: limit + 1])
    return {"tickets": found[:limit], "next": found[limit - 1].pk if len(found) > limit else None}


@router.get("/tickets/{int:pk}", response=TicketDetail, summary="一张工单")
def ticket(request: HttpRequest, pk: int) -> dict[str, Any]:
    """One ticket with its tasks; private answers are masked."""
    one = queries.ticket(_actor(request), _id(pk))
    row = queries.row(_actor(request), _id(pk))
    return {
        **{name: getattr(one, name) for name in TicketOut.model_fields},
        "edition": one.edition.edition, "revision": row.revision, "answers": row.state.answers,
        "tasks": [_task(t) for t in Task.objects.filter(ticket=one).order_by("number")],
        "offered": list(row.state.offered),
    }  # fmt: skip


@router.get("/tickets/{int:pk}/timeline", response=list[EventOut], summary="工单经过")
def timeline(request: HttpRequest, pk: int) -> list[Any]:
    """What happened to a ticket, in order."""
    actor = _actor(request)
    return list(queries.timeline(actor, queries.ticket(actor, _id(pk))))


@router.get("/board", response=list[LaneOut], summary="工单台")
def board(
    request: HttpRequest, community: str = Query("", max_length=40, title="小区代号"),
    department: str = Query("", max_length=40, title="部门代号"), procedure: str = Query("", max_length=40, title="规程"),
    lane: Literal["", "overdue", "soon", "today", "later", "open"] = Query("", title="分区"),
) -> list[dict[str, Any]]:  # fmt: skip
    """Open tasks by urgency, at most 50 a lane."""
    actor = _actor(request)
    place = _community(actor, community) if community else None
    found = queries.board(
        actor, now(), community_id=place, department=_plain(department), procedure=_plain(procedure), lane=lane
    )
    return [
        {"key": one.key, "title": one.title, "more": one.more, "tasks": [_board_task(t) for t in one.tasks]}
        for one in found.lanes
    ]


@router.get("/mine", response=list[BoardTask], summary="我的任务")
def mine(request: HttpRequest, limit: int = Query(50, ge=1, le=200, title="条数")) -> list[dict[str, Any]]:
    """Open tasks that lie with the caller or in their pools, the most urgent first."""
    return [_board_task(t) for t in queries.my_tasks(_actor(request), now())[:limit]]


@router.get("/procedures", response=list[ProcedureOut], summary="规程")
def procedures(request: HttpRequest, community: str = Query("", max_length=40, title="小区代号")) -> list[dict[str, Any]]:
    """Procedures in force in a community."""
    actor = _actor(request)
    return [_procedure(pk, p) for pk, p in queries.procedures(actor, _community(actor, community), now())]


@router.get("/procedures/{slug}", response=ProcedureDetail, summary="一个规程")
def procedure(request: HttpRequest, slug: str, community: str = Query("", max_length=40, title="小区代号")) -> dict[str, Any]:
    """Steps, forms, limits and the clauses behind them."""
    actor = _actor(request)
    for pk, rules in queries.procedures(actor, _community(actor, community), now()):
        if rules.procedure == slug:
            return {**_procedure(pk, rules), "steps": [_step(rules, step) for step in rules.every_step.values()]}
    raise NotFound("没有这个规程，或您无权查看。请核对代号。")


# Writing -------------------------------------------------------------------------------------------------------


@router.post("/tickets", response={201: Receipt}, summary="受理")
def file_ticket(request: HttpRequest, data: FileIn) -> HttpResponse:
    """File a ticket with the answers of the procedure's first step."""
    actor = _actor(request)
    row = actions.file_ticket(
        actor, _community(actor, data.community), procedure=_plain(data.procedure), answers=data.answers,
        evidence=data.evidence, at=now(),
    )  # fmt: skip
    return _receipt(row, 201)


@router.post("/tickets/{int:pk}/tasks/{int:task}/finish", response=Receipt, summary="办结任务")
def finish(request: HttpRequest, pk: int, task: int, data: FinishIn) -> HttpResponse:
    actor = _actor(request)
    row = queries.row(actor, _id(pk))
    return _receipt(actions.finish(actor, row, task=task, answers=data.answers, evidence=data.evidence, on_behalf=data.on_behalf, at=now()))


@router.post("/tickets/{int:pk}/tasks/{int:task}/take", response=Receipt, summary="接单")
def take(request: HttpRequest, pk: int, task: int) -> HttpResponse:
    actor = _actor(request)
    return _receipt(actions.take(actor, queries.row(actor, _id(pk)), task=task, at=now()))


@router.post("/tickets/{int:pk}/tasks/{int:task}/hand", response=Receipt, summary="转派")
def hand(request: HttpRequest, pk: int, task: int, data: HandIn) -> HttpResponse:
    """Hand a task to a colleague; task 0 is the following of the ticket."""
    actor = _actor(request)
    return _receipt(actions.hand(actor, queries.row(actor, _id(pk)), task=task, to=data.to, reason=data.reason, at=now()))


@router.post("/tickets/{int:pk}/notes", response=Receipt, summary="备注")
def note(request: HttpRequest, pk: int, data: Words) -> HttpResponse:
    actor = _actor(request)
    return _receipt(actions.note(actor, queries.row(actor, _id(pk)), text=data.text, at=now()))


@router.post("/tickets/{int:pk}/urge", response=Receipt, summary="催单")
def urge(request: HttpRequest, pk: int, data: Reason) -> HttpResponse:
    actor = _actor(request)
    return _receipt(actions.urge(actor, queries.row(actor, _id(pk)), reason=data.reason, at=now()))


@router.post("/tickets/{int:pk}/amend", response=Receipt, summary="变更")
def amend(request: HttpRequest, pk: int, data: AmendIn) -> HttpResponse:
    """Correct answers already given; the clocks that depend on them are reckoned anew."""
    actor = _actor(request)
    return _receipt(actions.amend(actor, queries.row(actor, _id(pk)), answers=data.answers, reason=data.reason, at=now()))


@router.post("/tickets/{int:pk}/pause", response=Receipt, summary="申请挂起")
def pause(request: HttpRequest, pk: int, data: PauseIn) -> HttpResponse:
    actor = _actor(request)
    until = data.until
    if until is not None and (until.tzinfo is None or not 2000 <= until.year <= 2100):
        raise Refused("恢复时间应带时区，并在 2000 到 2100 年之间，如 2026-11-23T09:00:00+08:00。", {"until": "时间不对"})
    row = queries.row(actor, _id(pk))
    return _receipt(actions.pause(actor, row, reason=data.reason, until=until, remark=data.remark, at=now()))


@router.post("/tickets/{int:pk}/approve", response=Receipt, summary="批准挂起")
def approve(request: HttpRequest, pk: int, data: ApproveIn) -> HttpResponse:
    actor = _actor(request)
    return _receipt(actions.approve(actor, queries.row(actor, _id(pk)), ok=data.ok, remark=data.remark, at=now()))


@router.post("/tickets/{int:pk}/resume", response=Receipt, summary="恢复办理")
def resume(request: HttpRequest, pk: int) -> HttpResponse:
    actor = _actor(request)
    return _receipt(actions.resume(actor, queries.row(actor, _id(pk)), at=now()))


@router.post("/tickets/{int:pk}/withdraw", response=Receipt, summary="撤销")
def withdraw(request: HttpRequest, pk: int, data: Reason) -> HttpResponse:
    actor = _actor(request)
    return _receipt(actions.withdraw(actor, queries.row(actor, _id(pk)), reason=data.reason, at=now()))


@router.post("/tickets/{int:pk}/reopen", response=Receipt, summary="重新办理")
def reopen(request: HttpRequest, pk: int, data: Reason) -> HttpResponse:
    actor = _actor(request)
    return _receipt(actions.reopen(actor, queries.row(actor, _id(pk)), reason=data.reason, at=now()))


@router.post("/tickets/{int:pk}/steps/{step}", response=Receipt, summary="开始一个可选步骤")
def start(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    actor = _actor(request)
    return _receipt(actions.start(actor, queries.row(actor, _id(pk)), step=_plain(step), at=now()))


@router.post("/tickets/{int:pk}/links", response=Receipt, summary="关联")
def link(request: HttpRequest, pk: int, data: LinkIn) -> HttpResponse:
    actor = _actor(request)
    other = queries.row(actor, _id(data.to))
    return _receipt(actions.link(actor, queries.row(actor, _id(pk)), to=other, kind=data.kind, at=now()))


# Underneath ----------------------------------------------------------------------------------------------------


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def _id(pk: int) -> int:
    """An id that the database can hold; anything else is simply not there."""
    if not 0 < pk <= LARGEST:
        raise NotFound
    return pk


def _plain(text: str) -> str:
    """A code from the address: what could be none is not found, rather than asked of the database."""
    if not text.isprintable():
        raise NotFound
    return text


def _community(actor: Actor, slug: str) -> int:
    """The community meant: by slug, or the caller's own; one the caller may not look into is not found."""
    places = actor.places("estate.view")
    found = next((c for c in all_communities() if (c.slug == slug if slug else c.pk == actor.community)), None)
    if found is None or not (places is None or found.pk in places or found.pk == actor.community):
        raise NotFound("没有这个小区，或您无权查看。请核对小区代号。")
    return found.pk


def _receipt(row: Row, status: int = 200) -> HttpResponse:
    """A `Receipt`, written at once: it is our own and need not be checked against its schema on the way out."""
    rules = procedure_of(row.edition_id)
    receipt = {
        "id": row.id, "number": row.number, "status": row.state.status, "revision": row.revision,
        "open_tasks": [
            {"number": t.id, "step": t.step, "title": rules.every_step[t.step].title, "branch": t.branch}
            for t in row.state.open_tasks
        ],
    }  # fmt: skip
    return HttpResponse(msgspec.json.encode(receipt), "application/json; charset=utf-8", status)


def _task(task: Task) -> dict[str, Any]:
    return {
        "number": task.number, "step": task.step, "title": task.title, "branch": task.branch, "role": task.role,
        "holder": task.holder_name, "opened_at": task.opened_at, "taken_at": task.taken_at, "due_at": task.due_at,
        "done_at": task.done_at, "done_by": task.done_by,
    }  # fmt: skip


def _board_task(task: Task) -> dict[str, Any]:
    one: Ticket = task.ticket
    return {
        **_task(task), "ticket": one.pk, "ticket_number": one.number, "place": one.place, "summary": one.summary,
    }  # fmt: skip


def _procedure(pk: int, rules: Procedure) -> dict[str, Any]:
    return {"procedure": rules.procedure, "title": rules.title, "edition": rules.edition, "edition_id": pk}


def _step(rules: Procedure, step: Step) -> dict[str, Any]:
    limits = sorted({s.text for spans in step.within.cases.values() for s in spans}) if step.within else []
    clauses = dict.fromkeys((*step.within_basis, *step.basis))
    person = rules.people.get(step.who)
    return {
        "name": step.name, "title": step.title, "who": person.title if person else "", "do": step.do, "says": step.says,
        "within": limits, "basis": {c: sentence(c) for c in clauses},
        "asks": [
            {
                "name": a.name, "title": a.title, "kind": a.kind, "options": a.pick, "many": a.many,
                "optional": a.optional, "private": a.private,
            }
            for a in step.asks.values()
        ],
    }  # fmt: skip
