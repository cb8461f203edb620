"""From a code on a door, or from home: choose, write, send."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from shouwen.estate.models import Community
from shouwen.estate.queries import mask_name, phone_digest
from shouwen.kernel.journal import now
from shouwen.kernel.refusals import NotFound, Refused
from shouwen.kernel.requests import once, unkeyed
from shouwen.kernel.screens import flash
from shouwen.procedures import engine

from .. import actions, limits, queries, residents, sms
from ..forms import PublicForm
from ..models import PlaceCode
from ..words import MATTERS, matter_of
from .frame import draw, for_residents, secretly, who


@require_safe
@for_residents
def place(request: HttpRequest, code: str) -> HttpResponse:
    """Where one stands, and what one may bring."""
    here = queries.place(code)
    offers = [
        (rules.procedure, matter_of(rules), *MATTERS.get(rules.procedure, ("", "", "file-text"))[1:])
        for rules in queries.matters(here.community_id, now())
    ]
    return draw(request, "portal/place.html", {"place": here, "community": here.community, "offers": offers})


@for_residents
@unkeyed
def from_place(request: HttpRequest, code: str, slug: str) -> HttpResponse:
    """Whoever stands at a public place may report without signing in; what concerns a home needs a phone that is known there."""
    here = queries.place(code)
    resident = who(request)
    if resident is None and here.unit_id and sms.chosen() != "off":
        return redirect(reverse("portal:login") + f"?next={request.path}")
    return _keyed(request, here.community, slug, here)


@for_residents
@unkeyed
def from_home(request: HttpRequest, community: int, slug: str) -> HttpResponse:
    """Without a code, by somebody signed in."""
    resident = who(request)
    if resident is None:
        return redirect(reverse("portal:login") + f"?next={request.path}")
    found = Community.objects.filter(pk__in={home.community_id for home in resident.homes}).filter(pk=min(community, 2**63 - 1)).first()
    if found is None:
        raise NotFound
    return _keyed(request, found, slug, None)


def _keyed(request: HttpRequest, community: Community, slug: str, here: PlaceCode | None) -> HttpResponse:
    if request.method != "POST":
        return _form(request, community, slug, here)
    queries.matter(community.pk, slug, now())
    owner = f"file-{here.code}" if here else f"file-{who(request).pk}"
    return once(request, owner, lambda: _form(request, community, slug, here))  # type: ignore[return-value]


def _form(request: HttpRequest, community: Community, slug: str, here: PlaceCode | None) -> HttpResponse:
    at, resident = now(), who(request)
    rules = queries.matter(community.pk, slug, at)
    step = rules.steps[rules.first]
    homes = [home for home in resident.homes if home.community_id == community.pk] if resident else []
    units = [home.code for home in homes]
    if here is not None and here.unit_id and here.unit and not resident:
        units = [here.unit.code]
    unnamed = _anonymous(step)
    given = _given(step, here, homes, unnamed)
    data = request.POST if request.method == "POST" else None
    known = ["phone"] if resident and not unnamed else []
    form = PublicForm(rules, step, data, at=at, units=units, known=known, given=given)
    context: dict[str, Any] = {
        "form": form, "rules": rules, "matter": matter_of(rules), "place": here, "community": community, "anonymous": unnamed,
        "signed_in": bool(resident), "photos": True,
    }  # fmt: skip
    if data is None:
        return draw(request, "portal/form.html", context)
    answers = form.answers()
    if resident and "phone" in step.asks and not unnamed:
        answers["phone"] = resident.phone
    if homes:  # a proven phone files for its own homes only; a guess of another's room is not taken
        chosen = next((home for home in homes if home.code == answers.get("unit")), homes[0])
        if any(ask.kind == "unit" and ask.public for ask in step.asks.values()) and (answers.get("unit") or not unnamed):
            answers["unit"] = chosen.code
    own_door = here is not None and here.unit is not None and not resident
    claimed = ""
    if not homes and not own_door:  # a room that nobody has proven to live in is only said, not filed under
        claimed = next((str(answers.pop(a.name)) for a in step.asks.values() if a.kind == "unit" and answers.get(a.name)), "")
    elif own_door and here and here.unit and "unit" in answers:
        answers["unit"] = here.unit.code
    try:
        row, token = _file(request, community, rules, answers, here, None if unnamed else resident, claimed)
    except Refused as no:
        if no.status != 422:
            raise
        form.blame(no.fields, no.message)
        return draw(request, "portal/form.html", context, status=422)
    response = redirect(reverse("portal:link", args=[token]))
    return secretly(flash(response, f"已收到，编号 {row.number}。"))


def _file(request: HttpRequest, community: Community, rules: engine.Procedure, answers: dict[str, Any], here: PlaceCode | None, resident: Any, claimed: str) -> Any:
    at, address = now(), limits.address_of(request)
    phone = resident.phone if resident else str(answers.get("phone", ""))
    name = str(answers.get("caller", ""))
    actor = residents.actor(community.pk, mask_name(name) if 0 < len(name) <= 12 else "")
    for what, value in (("file-address", address), ("file-phone", phone_digest(phone)), ("file-place", here.code if here else "")):
        if value:
            limits.hit(what, value, at)
    photos = actions.photos_of(request.FILES.getlist("photos"))
    return actions.file(
        actor, community, procedure=rules.procedure, answers=answers, photos=photos, phone=phone, code=here, claimed=claimed, at=at
    )


def _given(step: engine.Step, here: PlaceCode | None, homes: list[Any], unnamed: bool) -> dict[str, str]:
    """What the code and the register say already: where one stands, and one's own name; not where one may stay unnamed."""
    found: dict[str, str] = {}
    if here is not None and not here.unit_id:
        found |= {name: here.place for name in ("place", "spot") if name in step.asks}
    own = next((home for home in homes if here and home.unit_id == here.unit_id), homes[0] if homes else None)
    if unnamed:
        return found
    if own is not None:
        found |= {"caller": own.name, "unit": own.code}
    elif here is not None and here.unit:
        found["unit"] = here.unit.code
    return found


def _anonymous(step: engine.Step) -> bool:
    """Whether the procedure lets one stay unnamed."""
    named = [step.asks[name] for name in ("caller", "phone") if name in step.asks and step.asks[name].public]
    return bool(named) and all(ask.optional for ask in named)
