"""Private answers of a ticket: asked for with a reason, shown once for half a minute when approved, hidden again."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from shouwen.estate import queries as estate
from shouwen.estate.models import Reveal
from shouwen.kernel.journal import now
from shouwen.kernel.refusals import NotFound
from shouwen.kernel.requests import unkeyed
from shouwen.kernel.screens import render, wants_part
from shouwen.kernel.templatetags.ui import form_keys

from .. import actions
from ..editions import procedure_of
from .acts import row_of
from .drawn import private_cell

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
    cell = private_cell(
        pk, field, row.state.answers[field], partial(form_keys, {"csrf_token": get_token(request)}), asked=asked, may_reveal=True,
        at_once=request.actor.may("estate.approve_reveal", row.community_id), value=shown, kind=ask.kind,  # type: ignore[attr-defined]
    )  # fmt: skip
    response = render(request, "procedures/private_answer.html", {"pk": pk, "title": ask.title, "cell": cell}, part="cell")
    response["Cache-Control"] = "no-store"
    if value is not None and not wants_part(request):
        response["Refresh"] = f"{SHOWS_FOR}; url={reverse('procedures:ticket', args=[pk])}"
    return response
