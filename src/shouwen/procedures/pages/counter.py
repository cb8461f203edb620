"""The counter: one screen for whoever answers the phone. Who calls, what it is, what will happen; saved in one stroke."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from shouwen.duty import queries as duty
from shouwen.estate import actions as estate_actions
from shouwen.estate import queries as estate
from shouwen.kernel.access import Actor
from shouwen.kernel.journal import now
from shouwen.kernel.pinyin import Style, lazy_pinyin
from shouwen.kernel.refusals import NotFound, Refused
from shouwen.kernel.requests import unkeyed
from shouwen.kernel.screens import render, wants_part
from shouwen.kernel.words import number_in

from .. import actions, attachments, engine, held, queries, store
from ..engine import Procedure
from ..forms import StepForm, colleagues
from .alike import SHOWN, alike
from .caller import Caller, caller
from .calls import draft_key, tabs
from .desk import Desk, desk_of, leads_to, place
from .outlook import outlook
from .phrases import beside

FIRST = (
    "complaint", "repair", "medical_emergency", "help_request", "consultation", "suggestion", "special_service",
    "appointment", "emergency_notice",
)  # fmt: skip
"""What comes first among the things to be filed, and so has the digits 1 to 9; the same every day, for fingers learn it."""


@dataclass(frozen=True, slots=True)
class Matter:
    """Something that may be filed: `keys` are the spellings by which it is found."""

    slug: str
    title: str
    keys: str
    digit: str


@require_safe
def find(request: HttpRequest) -> HttpResponse:
    """Who is meant, while one types."""
    actor, here = request.actor, place(request)  # type: ignore[attr-defined]
    text = request.GET.get("q", "")[:64].replace("\x00", "")
    found = estate.find(actor, text, here.pk, limit=8) if text.strip() and actor.may("estate.view", here.pk) else []
    return render(request, "procedures/counter_hits.html", {"found": found, "asked": bool(text.strip()), "q": text})


@require_safe
def callers(request: HttpRequest) -> HttpResponse:
    """The panel of the unit and caller chosen."""
    return render(request, "procedures/counter_caller.html", _who(request, desk_of(request)))


@require_safe
def matter(request: HttpRequest) -> HttpResponse:
    """The form of the matter chosen."""
    desk = desk_of(request)
    return render(request, "procedures/counter_form.html", _state(request, desk))


def counter(request: HttpRequest) -> HttpResponse:
    """The whole screen; POST files, and links the ticket to those of the same matter that were ticked."""
    if request.method == "POST":
        return _file(request)
    actor, desk = request.actor, desk_of(request)  # type: ignore[attr-defined]
    lines = tabs(actor, desk.community, desk.call)
    call, typed = lines["call"], None
    if call is not None:
        content = call.content
        desk = Desk(
            desk.community, desk.unit_id or content.unit, desk.person_id or content.person, desk.slug or content.procedure, call.id
        )
        typed = call.data if content.fields else None
    listed = matters(actor, desk.community.pk, now())
    state = _state(request, desk, typed) | lines | {"matters": listed, "filed": _filed(request), "draft_key": draft_key(actor)}
    moments = ("counter/saved",) if state["filed"] else ("counter/resume", "counter/hold") if call else ()
    state["closing"] = beside(actor, desk.community, *moments)[:2] if moments else []
    if typed is not None and state["form"] is not None:
        state["form"].is_valid()
        state["form"].errors.clear()  # half filled in is no mistake
    return render(request, "procedures/counter.html", state)


@require_POST
@unkeyed  # it writes nothing, and shares its key with the saving that follows
def preview(request: HttpRequest) -> HttpResponse:
    """What would happen if this were saved now."""
    desk = desk_of(request)
    form: StepForm | None = _what(request, desk, None, request.POST)["form"]
    if form is None:
        raise NotFound
    actor, answers, at = request.actor, form.answers(), now()  # type: ignore[attr-defined]
    ahead = outlook(actor, desk.community.pk, desk.slug, answers, at)
    unit = estate.unit_by_code(desk.community.pk, str(answers["unit"])) if isinstance(answers.get("unit"), str) else None
    words = next((str(answers[name]) for name in ("content", "title", "place") if answers.get(name)), "")
    ticked = frozenset(pk for text in request.POST.getlist("same") if (pk := number_in(text)))
    same = alike(actor, desk.community.pk, desk.slug, unit.pk if unit else None, words, at, ticked)
    return render(request, "procedures/counter_outlook.html", {"outlook": ahead, "now": at, "alike": same})


@require_POST
@unkeyed  # the answer holds the number: it must not be kept with the key of the request
def phone(request: HttpRequest) -> HttpResponse:
    """The caller's whole number, for the form or (`dial`) to be called with a click; it stands in the journal.

    Who may not approve such a look themselves asks for one (D1.07) and reads here that the supervisor was told.
    """
    actor, desk = request.actor, desk_of(request)  # type: ignore[attr-defined]
    person = estate.person(actor, desk.person_id)
    at, dial = now(), bool(request.POST.get("dial"))
    if not actor.may("estate.reveal" if dial else "estate.approve_reveal", person.community_id):
        raise NotFound
    reveal = estate_actions.ask_reveal(actor, person, field="phone", reason="联系来电人" if dial else "受理来电，核对联系方式", at=at)
    number = estate_actions.show_reveal(actor, reveal, at=at) if reveal.state == reveal.State.OPEN else ""
    template = "procedures/counter_dial.html" if dial else "procedures/counter_phone.html"
    response = render(request, template, {"number": number, "mask": person.phone_masked})
    response["Cache-Control"] = "no-store"
    return response


def matters(actor: Actor, community_id: int, at: datetime) -> list[Matter]:
    """What this person may file, the usual first."""
    found = queries.fileable(actor, community_id, at)
    order = {slug: place for place, slug in enumerate(FIRST)}
    found.sort(key=lambda p: (order.get(p.procedure, len(order)), p.title))
    return [
        Matter(p.procedure, p.title, " ".join(spellings(p.title)), str(n) if n <= 9 else "")
        for n, p in enumerate(found, start=1)
    ]


@cache
def spellings(title: str) -> tuple[str, ...]:
    """投诉处理 → itself, tscl and tousuchuli."""
    letters = lazy_pinyin(title, style=Style.FIRST_LETTER)
    return title.lower(), "".join(letters).lower(), "".join(lazy_pinyin(title)).lower()


def _file(request: HttpRequest) -> HttpResponse:
    actor, desk, at = request.actor, desk_of(request), now()  # type: ignore[attr-defined]
    state = _state(request, desk, request.POST)
    form: StepForm | None = state["form"]
    if form is None:
        raise Refused("请先选择要受理的事项。", {"procedure": "请先选择事项"})
    try:
        attachments.check(actor, None, form.uploads())
        row = actions.file_ticket(
            actor, desk.community, procedure=desk.slug, answers=form.answers(), evidence=form.evidence(), at=at
        )
        attachments.bind(actor, row, keys=form.uploads(), at=at)
        for other in queries.tickets(actor).filter(pk__in=filter(None, map(number_in, request.POST.getlist("same")[:SHOWN]))):
            actions.link(actor, row, to=store.load(other.pk), kind="same", at=at)
        held.drop(actor, desk.call)
    except Refused as no:
        if no.status != 422:
            raise
        form.blame(no.fields, no.message)
        template = "procedures/counter_form.html" if wants_part(request) else "procedures/counter.html"
        state |= tabs(actor, desk.community, desk.call)
        state |= {"matters": matters(actor, desk.community.pk, at), "filed": None, "draft_key": draft_key(actor)}
        return render(request, template, state, status=422)
    return leads_to(request, f"{reverse('procedures:file')}?filed={row.id}", f"已受理：{row.number}")


def _who(request: HttpRequest, desk: Desk) -> dict[str, Any]:
    found = caller(request.actor, desk.unit_id, desk.person_id)  # type: ignore[attr-defined]
    return {"caller": found, "now": now(), "desk": desk}


def _state(request: HttpRequest, desk: Desk, data: Any = None) -> dict[str, Any]:
    who = _who(request, desk)
    return who | _what(request, desk, who["caller"], data)


def _what(request: HttpRequest, desk: Desk, who: Caller | None, data: Any = None) -> dict[str, Any]:
    """The chosen matter's first form, bound to `data` or filled from the register."""
    at, actor = now(), request.actor  # type: ignore[attr-defined]
    rules = _rules(actor, desk, at)
    if rules is None:
        greet = [one for one in beside(actor, desk.community, "counter/greet") if one[0].kind == "say"]
        return {"form": None, "rules": None, "desk": desk, "beside": greet}
    directory = duty.directory(desk.community.pk, desk.community.people_version)
    step = rules.steps[rules.first]
    given = {} if data is not None else _prefilled(rules, who)
    form = StepForm(
        rules, rules.first, data, community_id=desk.community.pk, colleagues=colleagues(directory, at), at=at,
        given=given, auto_id="file-%s",
    )  # fmt: skip
    words = {"says": engine.fill(rules, step.says, {}), "do": engine.fill(rules, step.do, {})}
    more = beside(actor, desk.community, f"{desk.slug}/{rules.first}", desk.slug)
    return {"form": form, "rules": rules, "step": step, "desk": desk, "beside": more, **words}


def _rules(actor: Actor, desk: Desk, at: datetime) -> Procedure | None:
    if not desk.slug:
        return None
    return next((p for p in queries.fileable(actor, desk.community.pk, at) if p.procedure == desk.slug), None)


def _prefilled(rules: Procedure, who: Caller | None) -> dict[str, str]:
    """Unit and name from the register, and the telephone as the channel: what the desk would otherwise type."""
    asks = rules.steps[rules.first].asks
    found = {}
    if who is not None and "unit" in asks and not asks["unit"].many:
        found["unit"] = who.unit.code
    for name in ("caller", "visitor"):
        if who is not None and who.name and name in asks:
            found[name] = who.name
    if "channel" in asks and not asks["channel"].default and "phone" in asks["channel"].pick:
        found["channel"] = "phone"
    return found


def _filed(request: HttpRequest) -> Any:
    """The ticket just filed, with what has begun, for the line above the cleared counter."""
    pk = number_in(request.GET.get("filed"))
    if pk is None:
        return None
    actor = request.actor  # type: ignore[attr-defined]
    try:
        found = queries.ticket(actor, pk)
    except NotFound:
        return None
    return {"ticket": found, "mine": queries.my_tasks(actor, now()).filter(ticket=found).first()}


