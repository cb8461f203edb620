"""Names and telephones of people outside the company: asked for with a reason, shown once for half a minute, hidden again; erased."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST, require_safe

from shouwen.estate import queries as estate
from shouwen.estate.models import Reveal
from shouwen.kernel.journal import now
from shouwen.kernel.refusals import NotFound
from shouwen.kernel.requests import unkeyed
from shouwen.kernel.screens import flash, render, wants_part
from shouwen.procedures import attachments
from shouwen.procedures.models import Attachment

from .. import actions, queries
from ..models import Thing

SHOWS_FOR = 30
"""Seconds that a value stays in the clear."""


@require_POST
@unkeyed  # the answer holds the value: it must not be kept with the key of the request
def reveal(request: HttpRequest, pk: int, field: str) -> HttpResponse:
    """Ask with a reason; whoever may approve sees the value at once, others wait and then take their one look."""
    actor, at = request.actor, now()  # type: ignore[attr-defined]
    thing = queries.thing(actor, pk)
    asked = next((one for one in estate.reveals_about(actor, f"thing:{pk}", at) if one.field == field and one.state == Reveal.State.OPEN), None)
    if asked is None:
        asked = actions.ask_reveal(actor, thing, field=field, reason=request.POST.get("reason", ""), at=at)
    value = actions.reveal(actor, thing, request=asked, at=at) if asked.state == Reveal.State.OPEN else ""
    return _cell(request, thing, field, value)


@require_safe
def masked(request: HttpRequest, pk: int, field: str) -> HttpResponse:
    """The same value hidden again."""
    return _cell(request, queries.thing(request.actor, pk), field, "")  # type: ignore[attr-defined]


def cells(actor: Any, thing: Thing, at: Any, loans: Any = None) -> list[dict[str, Any]]:
    """What may be asked for on the page of a thing: its title, its mask, and how far one's own request is."""
    if not actor.may("estate.reveal", thing.community_id):
        return []
    kept = actions.kept(thing, loans)
    asked = {one.field: one for one in estate.asked_about(actor, f"thing:{thing.pk}", at)} if kept else {}
    return [{"field": field, "title": title, "mask": mask, "asked": asked.get(field)} for field, (title, mask) in kept.items()]


def _cell(request: HttpRequest, thing: Thing, field: str, value: str) -> HttpResponse:
    actor, at = request.actor, now()  # type: ignore[attr-defined]
    one = next((each for each in cells(actor, thing, at) if each["field"] == field), None)
    if one is None:
        raise NotFound
    response = render(request, "custody/private.html", {"thing": thing, "one": one | {"value": value}, "at_once": actor.may("estate.approve_reveal", thing.community_id)}, part="cell")
    response["Cache-Control"] = "no-store"
    if value and not wants_part(request):
        response["Refresh"] = f"{SHOWS_FOR}; url={reverse('custody:thing', args=[thing.pk])}"
    return response


@require_POST
def erase(request: HttpRequest, pk: int) -> HttpResponse:
    """For ever, as the person asked."""
    actor = request.actor  # type: ignore[attr-defined]
    thing = queries.thing(actor, pk)
    actions.erase_private(actor, thing, reason=request.POST.get("reason", ""), at=now())
    return flash(redirect("custody:thing", pk), "姓名、电话已清除，经过仍在。")


@require_safe
def signature(request: HttpRequest, pk: int) -> HttpResponse:
    """The signature of whoever took a thing away, for whoever may see the loan."""
    loan = queries.loan(request.actor, pk)  # type: ignore[attr-defined]
    found = Attachment.objects.filter(key=loan.signature, about=f"custody.loan:{loan.pk}").first() if loan.signature else None
    if found is None:
        raise NotFound
    response = HttpResponse(attachments.shown_of(found), content_type=found.kind)
    response["Content-Disposition"] = content_disposition_header(False, "签名") or "inline"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
