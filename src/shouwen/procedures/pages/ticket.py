"""One ticket: where it stands, what is to be done and by whom, and everything that can be done to it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST, require_safe

from shouwen.kernel.access import Actor
from shouwen.kernel.journal import now
from shouwen.kernel.refusals import NotFound, Refused
from shouwen.kernel.requests import unkeyed
from shouwen.kernel.screens import flash, render, wants_part

from .. import actions, attachments, queries
from ..deciding import finder_for, open_task
from ..editions import procedure_of
from ..engine.diagram import diagram, svg
from ..forms import colleagues
from ..store import Row
from .counter import leads_to
from .sheet import amend_form, sheet, step_form
from .story import story

CHINA = ZoneInfo("Asia/Shanghai")
LARGEST = 2**63 - 1
SHOWS_FOR = 30
"""Seconds that a private answer stays in the clear."""


@require_safe
def ticket(request: HttpRequest, pk: int) -> HttpResponse:
    return _page(request, _row(request, pk))


@require_safe
def timeline(request: HttpRequest, pk: int) -> HttpResponse:
    """Events before a number, for 「更早的」."""
    actor, before = request.actor, request.GET.get("before", "")  # type: ignore[attr-defined]
    found = queries.ticket(actor, _row(request, pk).id)
    told = story(actor, found, procedure_of(found.edition_id), int(before) if before.isascii() and before.isdigit() and len(before) < 10 else None)
    return render(request, "procedures/story.html", {"ticket": found, "story": told})


@require_POST
def finish(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Finish a task; a form refused is shown again with what was typed."""
    actor, at = request.actor, now()  # type: ignore[attr-defined]
    row = _row(request, pk)
    task = open_task(row, number)
    people = colleagues(finder_for(row, procedure_of(row.edition_id), at).directory, at)
    form = step_form(row, task, at, people, row.community_id, request.POST)
    try:
        attachments.check(actor, row, form.uploads())
        actions.finish(actor, row, task=number, answers=form.answers(), evidence=form.evidence(), at=at)
    except Refused as no:
        if no.status != 422:
            raise
        form.blame(no.fields, no.message)
        return _page(request, queries.row(actor, pk), form, number)
    step = procedure_of(row.edition_id).every_step[task.step].title
    closed = "工单已办结归档。" if row.state.status == "closed" else ""
    return _back(request, row, f"已办结「{step}」。{closed}")


@require_POST
def take(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    return _act(request, pk, "已接单。", lambda actor, row, at: actions.take(actor, row, task=number, at=at))


@require_POST
def hand(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Hand a task (0 = the following of the ticket) to a colleague."""
    to, reason = request.POST.get("to", ""), request.POST.get("reason", "")
    if not (to.isascii() and to.isdigit() and len(to) < 19):
        raise Refused("请选择转给哪位同事。", {"to": "请选择同事"})
    return _act(request, pk, "已转派，对方已收到通知。", lambda a, row, at: actions.hand(a, row, task=number, to=int(to), reason=reason, at=at))


@require_POST
def note(request: HttpRequest, pk: int) -> HttpResponse:
    text = request.POST.get("text", "")
    return _act(request, pk, "已记下。", lambda actor, row, at: actions.note(actor, row, text=text, at=at))


@require_POST
def urge(request: HttpRequest, pk: int) -> HttpResponse:
    reason = request.POST.get("reason", "")
    return _act(request, pk, "已催单，办理人和其上级都已收到。", lambda actor, row, at: actions.urge(actor, row, reason=reason, at=at))


@require_POST
def pause(request: HttpRequest, pk: int) -> HttpResponse:
    reason, remark, until = (request.POST.get(name, "") for name in ("reason", "remark", "until"))
    return _act(request, pk, "已申请挂起。", lambda actor, row, at: actions.pause(
        actor, row, reason=reason, until=_moment(until), remark=remark, at=at))  # fmt: skip


@require_POST
def approve(request: HttpRequest, pk: int) -> HttpResponse:
    ok, remark = request.POST.get("ok") == "yes", request.POST.get("remark", "")
    done = "已批准挂起，时限停走。" if ok else "没有批准挂起，时限照走。"
    return _act(request, pk, done, lambda actor, row, at: actions.approve(actor, row, ok=ok, remark=remark, at=at))


@require_POST
def resume(request: HttpRequest, pk: int) -> HttpResponse:
    return _act(request, pk, "已恢复办理，时限接着走。", lambda actor, row, at: actions.resume(actor, row, at=at))


@require_POST
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    reason = request.POST.get("reason", "")
    return _act(request, pk, "已撤销，内容和原因都留存。", lambda actor, row, at: actions.withdraw(actor, row, reason=reason, at=at))


@require_POST
def reopen(request: HttpRequest, pk: int) -> HttpResponse:
    reason = request.POST.get("reason", "")
    return _act(request, pk, "已重新打开。", lambda actor, row, at: actions.reopen(actor, row, reason=reason, at=at))


@require_POST
def start(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    return _act(request, pk, "已开始。", lambda actor, row, at: actions.start(actor, row, step=step, at=at))


@require_POST
def link(request: HttpRequest, pk: int) -> HttpResponse:
    """Link to another ticket of the community by its number."""
    number, kind = request.POST.get("number", "").strip()[:40], request.POST.get("kind", "")
    return _act(request, pk, "已关联。", lambda actor, row, at: actions.link(
        actor, row, to=_numbered(actor, row.community_id, number), kind=kind, at=at))  # fmt: skip


def amend(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """Correct the answers of a step: the form, and what was changed in it."""
    actor, at = request.actor, now()  # type: ignore[attr-defined]
    row = _row(request, pk)
    if step not in procedure_of(row.edition_id).every_step:
        raise NotFound
    form = amend_form(row, step, at, request.POST if request.method == "POST" else None)
    reason = request.POST.get("reason", "")
    if request.method == "POST":
        try:
            actions.amend(actor, row, answers=_changed(form, row), reason=reason, at=at)
            return _back(request, row, "已更正；受影响的时限已重新计算，原来的内容和时限都留存。")
        except Refused as no:
            if no.status != 422:
                raise
            form.blame(no.fields, no.message)
    found = queries.ticket(actor, pk)
    context = {"ticket": found, "form": form, "step": step, "title": procedure_of(row.edition_id).every_step[step].title, "reason": reason}
    return render(request, "procedures/amend.html", context, part="form", status=422 if form.is_bound else 200)


@require_POST
@unkeyed  # the answer holds the value: it must not be kept with the key of the request
def reveal(request: HttpRequest, pk: int, field: str) -> HttpResponse:
    """One private answer in the clear, for half a minute; the reason stands in the journal."""
    actor, at = request.actor, now()  # type: ignore[attr-defined]
    value = actions.reveal(actor, _row(request, pk), field=field, reason=request.POST.get("reason", ""), at=at)
    return _answer_cell(request, pk, field, value)


@require_safe
def masked(request: HttpRequest, pk: int, field: str) -> HttpResponse:
    """The same answer hidden again."""
    return _answer_cell(request, pk, field, None)


def _answer_cell(request: HttpRequest, pk: int, field: str, value: Any) -> HttpResponse:
    row = _row(request, pk)
    ask = procedure_of(row.edition_id).asks.get(field)
    if ask is None or not ask.private or field not in row.state.answers:
        raise NotFound
    shown = "、".join(value) if isinstance(value, list) else value
    response = render(request, "procedures/private_answer.html", {
        "pk": pk, "field": field, "title": ask.title, "mask": row.state.answers[field], "value": shown,
    }, part="cell")  # fmt: skip
    response["Cache-Control"] = "no-store"
    if value is not None and not wants_part(request):
        response["Refresh"] = f"{SHOWS_FOR}; url={reverse('procedures:ticket', args=[pk])}"
    return response


def _page(request: HttpRequest, row: Row, sent: Any = None, task: int = 0) -> HttpResponse:
    """The whole page; after a refused form as 422, of which htmx takes the tasks."""
    actor, at = request.actor, now()  # type: ignore[attr-defined]
    found = queries.ticket(actor, row.id)
    rules = procedure_of(row.edition_id)
    files = {one.key: one for one in found.attachments.order_by("id")[:200]}
    community = row.community_id
    context = {
        "ticket": found, "row": row, "state": row.state, "rules": rules, "now": at, "files": files,
        "sheet": sheet(actor, row, at, files, sent, task), "sent_task": task, "grade": _grade(row),
        "works": actor.may("tickets.work", community), "running": row.state.status in ("open", "paused"),
        "people": colleagues(finder_for(row, rules, at).directory, at),
        "pausing": list(rules.pauses.values()), "kinds": actions.LINKS,
    }  # fmt: skip
    if not (sent is not None and wants_part(request)):
        context |= {
            "story": story(actor, found, rules), "links": queries.links(actor, found),
            "flow": SafeString(svg(diagram(rules, row.state, at))), "unit_shown": bool(row.unit_id) and actor.may("estate.view", community),
        }  # fmt: skip
    return render(request, "procedures/ticket.html", context, part="tasks" if sent is not None else None, status=422 if sent is not None else 200)


def _act(request: HttpRequest, pk: int, said: str, run: Callable[[Actor, Row, datetime], Any]) -> HttpResponse:
    """Load, act, and go back to the ticket; what is refused is said by the frame, and the form stays as it was."""
    actor = request.actor  # type: ignore[attr-defined]
    row = _row(request, pk)
    run(actor, row, now())
    return _back(request, row, said)


def _back(request: HttpRequest, row: Row, said: str) -> HttpResponse:
    """To the ticket; or nowhere, when the page that asked goes on with something else (`stay`)."""
    if request.POST.get("stay"):
        if wants_part(request):
            return flash(HttpResponse(status=204, content_type="text/plain"), f"{row.number} {said}")
        return flash(redirect("procedures:file"), f"{row.number} {said}")
    return leads_to(request, reverse("procedures:ticket", args=[row.id]), said)


def _row(request: HttpRequest, pk: int) -> Row:
    """The ticket of the address, for this person; a number no database can hold is simply not there."""
    if pk > LARGEST:
        raise NotFound
    return queries.row(request.actor, pk)  # type: ignore[attr-defined]


def _changed(form: Any, row: Row) -> dict[str, Any]:
    """What differs from what the ticket has; a private field left empty stays as it is."""
    current = row.state.answers
    given = form.answers()
    asks = [ask for ask in form.step.asks.values() if ask.name in form.fields]
    found = {}
    for ask in asks:
        value = given.get(ask.name, "")
        if not value and ask.private:
            continue
        same = value.replace("T", " ", 1) if ask.kind == "datetime" and isinstance(value, str) else value
        if same != current.get(ask.name, ""):
            found[ask.name] = value
    return found


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


def _grade(row: Row) -> str:
    rules = procedure_of(row.edition_id)
    grade = rules.classes.get(str(row.state.answers.get("class", "")))
    return grade.title if grade else ""


