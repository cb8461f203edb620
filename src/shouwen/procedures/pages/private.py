"""Private answers of a ticket: asked for with a reason, shown once for half a minute when approved, hidden again."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from shouwen.estate import queries as estate
from shouwen.estate.models import Reveal
from shouwen.kernel.journal import now
from shouwen.kernel.refusals import NotFound
from shouwen.kernel.requests import unkeyed
from shouwen.kernel.screens import render, wants_part

from .. import actions
from ..editions import procedure_of
from .acts import row_of

SHOWS_FOR = 30
"""Seconds that a private answer stays in the clear."""


@require_POST
@unkeyed  # the answer holds the value: it must not be kept with the key of the request
def reveal(request: HttpRequest, pk: int, field: str) -> HttpResponse:
    """Ask with a reason; whoever may approve sees the value at once, others wait and then take their one look."""
    actor, at = request.actor, now()  # type: ignore[attr-defined]
    row = row_of(request, pk)
    asked = next((one for one in _mine(request, pk, field) if one.state == Reveal.State.OPEN), None)
    if asked is None:
        asked = actions.ask_reveal(actor, row, field=field, reason=request.POST.get("reason", ""), at=at)
    value = actions.reveal(actor, row, request=asked, at=at) if asked.state == Reveal.State.OPEN else None
    return _cell(request, pk, field, value, asked)


@require_safe
def masked(request: HttpRequest, pk: int, field: str) -> HttpResponse:
    """The same answer hidden again."""
    return _cell(request, pk, field, None, next(iter(reversed(_mine(request, pk, field))), None))


def _mine(request: HttpRequest, pk: int, field: str) -> list[Reveal]:
    return [one for one in estate.reveals_about(request.actor, f"ticket:{pk}", now()) if one.field == field]  # type: ignore[attr-defined]


def _cell(request: HttpRequest, pk: int, field: str, value: Any, asked: Reveal | None) -> HttpResponse:
    row = row_of(request, pk)
    ask = procedure_of(row.edition_id).asks.get(field)
    if ask is None or not ask.private or field not in row.state.answers:
        raise NotFound
    shown = "、".join(value) if isinstance(value, list) else value
    response = render(request, "procedures/private_answer.html", {
        "pk": pk, "field": field, "title": ask.title, "mask": row.state.answers[field], "value": shown, "asked": asked, "may_reveal": True,
        "at_once": request.actor.may("estate.approve_reveal", row.community_id), "kind": ask.kind,  # type: ignore[attr-defined]
    }, part="cell")  # fmt: skip
    response["Cache-Control"] = "no-store"
    if value is not None and not wants_part(request):
        response["Refresh"] = f"{SHOWS_FOR}; url={reverse('procedures:ticket', args=[pk])}"
    return response
