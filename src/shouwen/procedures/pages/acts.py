"""What can be done to a ticket by one small form each: load, act, and go back to it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from shouwen.kernel.access import Actor
from shouwen.kernel.journal import now
from shouwen.kernel.refusals import NotFound, Refused
from shouwen.kernel.screens import flash, wants_part
from shouwen.kernel.words import number_in
from shouwen.kernel.zone import CHINA

from .. import actions, queries, skilled
from ..editions import procedure_of
from ..store import Row
from .counter import leads_to

LARGEST = 2**63 - 1


@require_POST
def take(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    return act(request, pk, "已接单。", lambda actor, row, at: actions.take(actor, row, task=number, at=at))


@require_POST
def hand(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Hand a task (0 = the following of the ticket) to a colleague."""
    to, reason = number_in(request.POST.get("to")), request.POST.get("reason", "")
    if to is None:
        raise Refused("请选择转给哪位同事。", {"to": "请选择同事"})
    row = row_of(request, pk)
    actions.hand(request.actor, row, task=number, to=to, reason=reason, at=now())  # type: ignore[attr-defined]
    beyond = skilled.warning(row.community_id, procedure_of(row.edition_id).procedure, to) if number else ""
    return back(request, row, "已转派，对方已收到通知。" + beyond)


@require_POST
def note(request: HttpRequest, pk: int) -> HttpResponse:
    text = request.POST.get("text", "")
    return act(request, pk, "已记下。", lambda actor, row, at: actions.note(actor, row, text=text, at=at))


@require_POST
def urge(request: HttpRequest, pk: int) -> HttpResponse:
    reason = request.POST.get("reason", "")
    return act(request, pk, "已催单，办理人和其上级都已收到。", lambda actor, row, at: actions.urge(actor, row, reason=reason, at=at))


@require_POST
def pause(request: HttpRequest, pk: int) -> HttpResponse:
    reason, remark, until = (request.POST.get(name, "") for name in ("reason", "remark", "until"))
    return act(request, pk, "已申请挂起。", lambda actor, row, at: actions.pause(
        actor, row, reason=reason, until=_moment(until), remark=remark, at=at))  # fmt: skip


@require_POST
def approve(request: HttpRequest, pk: int) -> HttpResponse:
    ok, remark = request.POST.get("ok") == "yes", request.POST.get("remark", "")
    done = "已批准挂起，时限停走。" if ok else "没有批准挂起，时限照走。"
    return act(request, pk, done, lambda actor, row, at: actions.approve(actor, row, ok=ok, remark=remark, at=at))


@require_POST
def resume(request: HttpRequest, pk: int) -> HttpResponse:
    return act(request, pk, "已恢复办理，时限接着走。", lambda actor, row, at: actions.resume(actor, row, at=at))


@require_POST
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    reason = request.POST.get("reason", "")
    return act(request, pk, "已撤销，内容和原因都留存。", lambda actor, row, at: actions.withdraw(actor, row, reason=reason, at=at))


@require_POST
def reopen(request: HttpRequest, pk: int) -> HttpResponse:
    reason = request.POST.get("reason", "")
    return act(request, pk, "已重新打开。", lambda actor, row, at: actions.reopen(actor, row, reason=reason, at=at))


@require_POST
def start(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    return act(request, pk, "已开始。", lambda actor, row, at: actions.start(actor, row, step=step, at=at))


@require_POST
def erase(request: HttpRequest, pk: int) -> HttpResponse:
    reason = request.POST.get("reason", "")
    return act(request, pk, "隐私内容已清除，只留下遮盖后的样子。", lambda actor, row, at: actions.erase_private(actor, row, reason=reason, at=at))


@require_POST
def link(request: HttpRequest, pk: int) -> HttpResponse:
    """Link to another ticket of the community by its number."""
    number, kind = request.POST.get("number", "").strip()[:40], request.POST.get("kind", "")
    return act(request, pk, "已关联。", lambda actor, row, at: actions.link(
        actor, row, to=_numbered(actor, row.community_id, number), kind=kind, at=at))  # fmt: skip


def act(request: HttpRequest, pk: int, said: str, run: Callable[[Actor, Row, datetime], Any]) -> HttpResponse:
    """Load, act, and go back to the ticket; what is refused is said by the frame, and the form stays as it was."""
    actor = request.actor  # type: ignore[attr-defined]
    row = row_of(request, pk)
    run(actor, row, now())
    return back(request, row, said)


def back(request: HttpRequest, row: Row, said: str) -> HttpResponse:
    """To the ticket; or nowhere, when the page that asked goes on with something else (`stay`)."""
    if request.POST.get("stay"):
        if wants_part(request):
            return flash(HttpResponse(status=204, content_type="text/plain"), f"{row.number} {said}")
        return flash(redirect("procedures:file"), f"{row.number} {said}")
    return leads_to(request, reverse("procedures:ticket", args=[row.id]), said)


def row_of(request: HttpRequest, pk: int) -> Row:
    """The ticket of the address, for this person; a number no database can hold is simply not there."""
    if pk > LARGEST:
        raise NotFound
    return queries.row(request.actor, pk)  # type: ignore[attr-defined]


def _numbered(actor: Actor, community_id: int, number: str) -> Row:
    found = queries.tickets(actor).filter(community_id=community_id, number=number).values_list("pk", flat=True).first()
    if found is None:
        raise Refused(f"没有编号为「{number}」的工单，或您无权查看。请核对编号。" if number else "请填写要关联的工单编号。", {"number": "请核对编号"})
    return queries.row(actor, found)


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Refused("恢复时间不对，请重新选择日期和时间。", {"until": "请重新选择"}) from None
    if not 2000 <= found.year <= 2100:
        raise Refused("恢复时间的年份应在 2000 到 2100 之间。", {"until": "请重新选择"})
    return found.replace(tzinfo=CHINA) if found.tzinfo is None else found
