"""One ticket: where it stands, what is to be done and by whom, and the forms by which that is done."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST, require_safe

from shouwen.estate import queries as estate
from shouwen.kernel.journal import now
from shouwen.kernel.refusals import NotFound, Refused
from shouwen.kernel.routes import route
from shouwen.kernel.screens import render, wants_part
from shouwen.kernel.templatetags.ui import form_keys

from .. import actions, attachments, engine, queries
from ..deciding import finder_for, open_task
from ..editions import procedure_of
from ..effects import said
from ..engine.diagram import live
from ..forms import UPLOADS, StepForm, colleagues
from ..models import Event
from ..skilled import with_skills
from ..store import Row
from . import reading
from .acts import back, row_of
from .drawn import answers_card, done_table, promises_list, story_box, verbs_card
from .evidence import evidence
from .explain import step_said
from .sheet import amend_form, opened, seen, sheet, step_form, titled
from .story import SHOWS, story
from .verbs import FORMS, verbs

HARMLESS = ("noted", "urged", "ticked", "linked", "childclosed")
"""What others may do meanwhile without making a form that is being filled in out of date."""

MOST_PRINTED = 300


@dataclass(frozen=True, slots=True)
class Lost:
    """A task that somebody else finished first: what both wrote, and how one's own can still be kept."""

    title: str
    event: Event | None
    rows: list[tuple[str, str, str]]  # title, mine, theirs
    inputs: list[tuple[str, str]]  # of the form of a correction; empty when it cannot be corrected
    step: str
    note: str


@require_safe
def ticket(request: HttpRequest, pk: int) -> HttpResponse:
    return _page(request, row_of(request, pk))


@require_safe
def timeline(request: HttpRequest, pk: int) -> HttpResponse:
    """The story before an event (?before=), or of one kind (?show=talk, limits)."""
    actor, before, show = request.actor, request.GET.get("before", ""), request.GET.get("show", "")  # type: ignore[attr-defined]
    row = row_of(request, pk)
    number = int(before) if before.isascii() and before.isdigit() and len(before) < 10 else None
    told = story(actor, row, now(), before=number, show=show if show in SHOWS else "", files=reading.files(row).values())
    return render(request, "procedures/story.html", {"story": story_box(told, row.id, part=number is not None)})


@require_safe
def task(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """The form of one open task, fetched when it is opened."""
    actor, at = request.actor, now()  # type: ignore[attr-defined]
    row = row_of(request, pk)
    found = open_task(row, number)
    finder = finder_for(row, procedure_of(row.edition_id), at)
    one = opened(actor, row, finder, found, at)
    if not one.workable:
        raise NotFound("这项任务现在不由您办理。请刷新页面。")
    if not wants_part(request):
        return redirect(f"{reverse('procedures:ticket', args=[pk])}#task-{number}")
    form = step_form(row, found, at, colleagues(finder.directory, at), row.community_id)
    return render(request, "procedures/task_form.html", {"one": one, "form": form, "ticket": row, "state": row.state})


@require_safe
def verb(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """The small form of one verb; `hand-3` hands task 3 over."""
    actor, at = request.actor, now()  # type: ignore[attr-defined]
    row = row_of(request, pk)
    kind, _, number = name.partition("-")
    if (name not in FORMS and not (kind == "hand" and number.isascii() and number.isdigit() and len(number) < 6)) or not actor.may("tickets.work", row.community_id):
        raise NotFound
    rules = procedure_of(row.edition_id)
    people = colleagues(finder_for(row, rules, at).directory, at) if kind in ("hand", "follow") else []
    if kind == "hand":
        people = with_skills(people, row.community_id, rules.procedure)
    return render(request, "procedures/verb.html", {
        "ticket": queries.ticket(actor, pk), "verb": kind, "number": int(number or 0), "people": people, "pausing": list(rules.pauses.values()),
        "kinds": actions.LINKS,
    }, part="form")  # fmt: skip


@require_safe
def step(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """The card of one step: what the procedure says of it with its clauses, and what was done on this ticket."""
    actor, at = request.actor, now()  # type: ignore[attr-defined]
    row = row_of(request, pk)
    rules = procedure_of(row.edition_id)
    if name not in rules.every_step:
        raise NotFound("这项规程没有这一步。")
    found = queries.ticket(actor, pk)
    names = dict(queries.titles(actor, row.community_id))
    shown = sheet(actor, row, at, {})
    inside = (name, *rules.every_step[name].together)
    return render(request, "procedures/step.html", {
        "ticket": found, "said": step_said(rules, name, names), "now": at,
        "tasks": [one for one in shown.tasks if one.task.step in inside], "finished": [one for one in shown.finished if one.step in inside],
    }, part="card")  # fmt: skip


@require_safe
def printed(request: HttpRequest, pk: int) -> HttpResponse:
    """The whole ticket on one clean sheet, for printing."""
    actor, at = request.actor, now()  # type: ignore[attr-defined]
    row = row_of(request, pk)
    found = queries.ticket(actor, pk)
    files = reading.files(row)
    return render(request, "procedures/ticket_print.html", {
        "ticket": found, "row": row, "rules": procedure_of(row.edition_id), "sheet": sheet(actor, row, at, files), "now": at,
        "story": story(actor, row, at, files=files.values(), most=MOST_PRINTED), "evidence": evidence(row, files), "grade": _grade(row),
        "links": reading.links(actor, row),
    })  # fmt: skip


@require_POST
def finish(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Finish a task. A form refused is shown again with what was typed; so is one that others have overtaken."""
    actor, at = request.actor, now()  # type: ignore[attr-defined]
    row = row_of(request, pk)
    found = next((t for t in row.state.tasks if t.id == number), None)
    if found is not None and found.done:
        return _page(request, row, lost=_lost(request, row, found))
    found = open_task(row, number)
    form = _form(request, row, found)
    if others := _since(request, row):
        return _page(request, row, form, number, others)
    try:
        attachments.check(actor, row, form.uploads())
        actions.finish(actor, row, task=number, answers=form.answers(), evidence=form.evidence(), at=at, on_behalf=request.POST.get("on_behalf", ""))
    except Refused as no:
        row = queries.row(actor, pk)
        if no.status == 409:
            found = next(t for t in row.state.tasks if t.id == number)
            return _page(request, row, lost=_lost(request, row, found)) if found.done else _page(
                request, row, _form(request, row, found), number, _since(request, row))
        if no.status != 422:
            raise
        form.blame(no.fields, no.message)
        return _page(request, row, form, number)
    title = procedure_of(row.edition_id).every_step[found.step].title
    closed = "工单已办结归档。" if row.state.status == "closed" else ""
    return back(request, row, f"已办结「{title}」。{closed}")


def amend(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """Correct the answers of a step: the form, and what was changed in it."""
    actor, at = request.actor, now()  # type: ignore[attr-defined]
    row = row_of(request, pk)
    if step not in procedure_of(row.edition_id).every_step:
        raise NotFound
    form = amend_form(row, step, at, request.POST if request.method == "POST" else None)
    reason, others = request.POST.get("reason", ""), []
    if request.method == "POST" and not (others := _since(request, row)):
        try:
            actions.amend(actor, row, answers=_changed(form, row), reason=reason, at=at)
            return back(request, row, "已更正；受影响的时限已重新计算，原来的内容和时限都留存。")
        except Refused as no:
            if no.status not in (409, 422):
                raise
            row = queries.row(actor, pk)
            others = _since(request, row) if no.status == 409 else []
            form.blame(no.fields, no.message)
    found = queries.ticket(actor, pk)
    context = {
        "ticket": found, "row": row, "form": form, "step": step, "title": procedure_of(row.edition_id).every_step[step].title,
        "reason": reason, "others": others, "now_said": _now_said(row, step) if others else [],
    }  # fmt: skip
    return render(request, "procedures/amend.html", context, part="form", status=422 if form.is_bound else 200)


def _page(
    request: HttpRequest, row: Row, sent: Any = None, number: int = 0, others: list[Event] | None = None, lost: Lost | None = None,
) -> HttpResponse:  # fmt: skip
    """The whole page; after a refused form as 422, of which htmx takes the tasks."""
    actor, at = request.actor, now()  # type: ignore[attr-defined]
    found, files, rules = reading.head(row), reading.files(row), procedure_of(row.edition_id)
    refused, works = sent is not None or lost is not None, actor.may("tickets.work", row.community_id)
    private = found.private and any(ask.private and row.state.answers.get(name) for name, ask in rules.asks.items())
    shown = sheet(actor, row, at, files, sent, number, _asked(request, row, at) if private and not refused else None)
    base, running, paused = route("procedures:ticket", row.id), row.state.status in ("open", "paused"), row.state.status == "paused"
    context = {
        "ticket": found, "row": row, "state": row.state, "rules": rules, "now": at, "files": files, "sheet": shown, "sent_task": number,
        "grade": _grade(row), "works": works, "running": running, "base": base, "files_at": route("procedures:attach"),
        "others": others or [], "lost": lost, "on_behalf": request.POST.get("on_behalf", ""),
    }  # fmt: skip
    if not (refused and wants_part(request)):
        context["csrf_token"] = get_token(request)
        keys = partial(form_keys, context)
        context |= {
            "story": story_box(story(actor, row, at, files=files.values()), row.id), "links": reading.links(actor, row),
            "flow": SafeString(live(rules, row.state, at, shown.did, f"{base}/steps/STEP")),
            "unit_shown": bool(row.unit_id) and actor.may("estate.view", row.community_id), "evidence": evidence(row, files),
            "promises": promises_list(shown.promises, at, paused=paused), "done": done_table(shown.finished),
            "answers": answers_card(
                shown.groups, row.id, base, keys, amends=works and row.state.status == "open", may_reveal=private and works,
                at_once=actor.may("estate.approve_reveal", row.community_id),
            ),
            "verbs": verbs_card(verbs(actor, row, at, private=private), row.id, base, keys, works=works),
        }  # fmt: skip
    return render(request, "procedures/ticket.html", context, part="tasks" if refused else None, status=422 if refused else 200)


def _form(request: HttpRequest, row: Row, found: engine.Task) -> StepForm:
    at = now()
    people = colleagues(finder_for(row, procedure_of(row.edition_id), at).directory, at)
    return step_form(row, found, at, people, row.community_id, request.POST)


def _asked(request: HttpRequest, row: Row, at: Any) -> dict[str, Any]:
    """Field → one's latest request to see it, as long as it matters."""
    return {one.field: one for one in estate.asked_about(request.actor, f"ticket:{row.id}", at)}  # type: ignore[attr-defined]


def _since(request: HttpRequest, row: Row) -> list[Event]:
    """What others have changed since the form was shown (its field `seen`), as far as it matters to a form."""
    seen_then = request.POST.get("seen", "")
    if not (seen_then.isascii() and seen_then.isdigit() and len(seen_then) < 10) or int(seen_then) >= row.state.seq:
        return []
    rows = Event.objects.filter(ticket_id=row.id, seq__gt=int(seen_then), seq__lte=row.state.seq).exclude(kind__in=HARMLESS)
    return list(rows.order_by("seq")[:20])


def _lost(request: HttpRequest, row: Row, found: engine.Task) -> Lost:
    """Beside what was typed what stands there now, and the correction that would put one's own in its place."""
    rules = procedure_of(row.edition_id)
    finder = finder_for(row, rules, now())
    done = rules.every_step[found.step]
    given = _form(request, row, found).answers()
    current = seen(rules, row.state.answers, found.branch)
    rows, inputs, words = [], [], []
    for ask in done.asks.values():
        mine, theirs = given.get(ask.name, ""), current.get(ask.name, "")
        if ask.kind == "datetime" and isinstance(mine, str):
            mine = mine.replace("T", " ", 1)
        if ask.private:
            continue
        if mine and mine != theirs:
            texts = [engine.fill(rules, f"{{{ask.name}}}", {ask.name: v}, label=lambda kind, v: said(finder, kind, v)) if v else "" for v in (mine, theirs)]
            texts = [f"{len(v)} 份" if ask.kind in UPLOADS and isinstance(v, list) else "1 份" if ask.kind in UPLOADS and v else text
                     for v, text in zip((mine, theirs), texts, strict=True)]  # fmt: skip
            rows.append((ask.title, texts[0], texts[1]))
            words.append(f"{ask.title}：{texts[0]}")
        if theirs:
            inputs += _inputs(f"amend-{ask.name}", mine or theirs, ask.kind)
    event = Event.objects.filter(ticket_id=row.id, kind="finished", at=found.done).order_by("-seq").first() if found.done else None
    correctable = bool(rows) and not found.branch and row.state.status == "open" and any(theirs for _, _, theirs in rows)
    return Lost(titled(finder, done, found.branch), event, rows, inputs if correctable else [], done.name,
                f"「{done.title}」我同时填写的：{'；'.join(words)}"[:4000] if words else "")  # fmt: skip


def _inputs(name: str, value: Any, kind: str) -> list[tuple[str, str]]:
    if isinstance(value, dict):
        return [(f"{name}.{key}", one) for key, one in value.items()]
    if isinstance(value, list):
        return [(name, "，".join(value))] if kind in ("unit", "text", "person") else [(name, one) for one in value]
    return [(name, value.replace(" ", "T", 1) if kind == "datetime" else value)]


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


def _now_said(row: Row, name: str) -> list[tuple[str, str]]:
    """What the answers of a step are now, for whoever was overtaken while correcting them."""
    rules = procedure_of(row.edition_id)
    finder = finder_for(row, rules, now())
    asks = [ask for ask in rules.every_step[name].asks.values() if row.state.answers.get(ask.name)]
    return [(a.title, engine.fill(rules, f"{{{a.name}}}", row.state.answers, label=lambda kind, v: said(finder, kind, v))) for a in asks]


def _grade(row: Row) -> str:
    grade = procedure_of(row.edition_id).classes.get(str(row.state.answers.get("class", "")))
    return grade.title if grade else ""


