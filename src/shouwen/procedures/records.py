"""A ticket as its printed forms see it: answers in words, who did which step when, its course. See papers/records.py."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from shouwen.estate.models import Community
from shouwen.kernel.access import Actor
from shouwen.kernel.journal import now
from shouwen.kernel.prefix import inward
from shouwen.kernel.refusals import NotFound
from shouwen.kernel.templatetags.ui import when_text
from shouwen.kernel.words import number_in
from shouwen.papers.records import Fact, Line, Record, Step

from . import attachments, queries, store
from .deciding import finder_for
from .editions import procedure_of
from .effects import said
from .engine import fill
from .engine.procedure import OWN_CLASS, Ask
from .forms import UPLOADS
from .models import Attachment, Event, Ticket
from .recipients import Finder

COURSE = 60
"""Lines of a ticket's course on paper at most, the latest."""

STATUS = dict(Ticket.Status.choices)
NOT_CONCERNED = frozenset({"customer-service", "management", ""})
"""Departments whose tasks do not make them the responsible one."""


def ticket_record(actor: Actor, rest: str) -> Record:
    """The record `ticket:<id>`; NotFound for whoever may not see the ticket."""
    if (pk := number_in(rest)) is None:
        raise NotFound
    row = queries.row(actor, pk)
    ticket = Ticket.objects.select_related("edition").defer("state").get(pk=row.id)
    finder = finder_for(row, procedure_of(row.edition_id), now())
    rules, departments = finder.procedure, _departments(row, finder)
    head = {
        "number": row.number, "place": row.place, "summary": row.summary, "status": STATUS[ticket.status], "title": rules.title,
        "grade": rules.classes[ticket.grade].title if ticket.grade in rules.classes else "",
        "finished": _moment(ticket.closed_at), "filed_at": _moment(ticket.filed_at), "first_asked": ticket.first_asked,
        "tracker": finder.directory.name(int(row.state.tracker)) if row.state.tracker.isdigit() else "", "due_at": _moment(ticket.due_at),
        "departments": "、".join(title for _, title in departments), "edition": ticket.edition.edition,
    }  # fmt: skip
    names = Community.objects.filter(pk=row.community_id).values_list("name", flat=True)
    return Record(
        about=f"ticket:{row.id}", community_id=row.community_id, community=names[0], kind=row.procedure, number=row.number,
        title=rules.title, url=inward(f"/tickets/{row.id}"), status=STATUS[ticket.status], finished=ticket.closed_at, head=head,
        facts={ask.name: Fact(ask.title, text) for ask in rules.asks.values() if (text := _told(finder, ask))},
        steps=_steps(row, finder), story=_course(row), departments=departments,
    )  # fmt: skip


def keep_photo(actor: Actor, about: str, name: str, content: bytes, at: datetime) -> str:
    """A photographed signed paper joins the files of its ticket. Returns its key."""
    row = queries.row(actor, int(about.partition(":")[2]))
    found: Attachment = attachments.attach(actor, row, name=name, content=content, at=at)
    return found.key


def _told(finder: Finder, ask: Ask) -> str:
    """An answer in words; where each department has its own, each after its name."""
    answers = finder.ticket.answers
    own = sorted(key for key in answers if key.startswith(f"{ask.name}/") and answers[key])
    if not own:
        return _word(finder, ask, answers[ask.name]) if answers.get(ask.name) else ""
    titles = finder.directory.departments
    return "\n".join(f"{titles.get(slug := key.partition('/')[2], slug)}：{_word(finder, ask, answers[key])}" for key in own)


def _word(finder: Finder, ask: Ask, value: Any) -> str:
    if ask.kind in UPLOADS:
        count = 1 if isinstance(value, str) else len(value)
        return "已在系统签字" if ask.kind == "signature" else f"附件 {count} 份"
    if ask.name == OWN_CLASS or ask.classes:
        grade = finder.procedure.classes.get(str(value))
        if grade:
            return grade.title
    return fill(finder.procedure, f"{{{ask.name}}}", {ask.name: value}, label=lambda kind, one: said(finder, kind, one))


def _steps(row: store.Row, finder: Finder) -> dict[str, tuple[Step, ...]]:
    found: dict[str, tuple[Step, ...]] = {}
    for task in row.state.tasks:
        if task.done and task.outcome not in ("skipped", "dropped"):
            who = "、".join(dict.fromkeys(finder.directory.name(int(ref)) for ref in (task.signed, task.done_by) if ref.isdigit())) or "系统"
            found[task.step] = (*found.get(task.step, ()), Step(finder.procedure.every_step[task.step].title, who, task.done))
    return found


def _departments(row: store.Row, finder: Finder) -> tuple[tuple[str, str], ...]:
    """The departments responsible: those named, else those that tasks lie with."""
    named = row.state.answers.get("departments")
    slugs = [named] if isinstance(named, str) and named else list(named or ())
    if not slugs:
        rows = Ticket.objects.filter(pk=row.id).values_list("tasks__department", flat=True).order_by("tasks__number")
        slugs = [slug for slug in rows if slug and slug not in NOT_CONCERNED]
    titles = finder.directory.departments
    return tuple((slug, titles.get(slug, slug)) for slug in dict.fromkeys(slugs))


def _course(row: store.Row) -> tuple[Line, ...]:
    rows = Event.objects.filter(ticket_id=row.id).exclude(text="").order_by("-seq").values_list("at", "by_name", "text")[:COURSE]
    return tuple(Line(at, by, text) for at, by, text in reversed(rows))


def _moment(at: datetime | None) -> str:
    return when_text(at) if at else ""
