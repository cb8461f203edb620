"""Calls on the line: the one being written, those held beside it; kept as one types, resumed with one key, given up."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.views.decorators.http import require_POST

from shouwen.duty import queries as duty
from shouwen.estate import queries as estate
from shouwen.estate.models import Community
from shouwen.kernel.access import Actor
from shouwen.kernel.journal import now
from shouwen.kernel.refusals import NotFound
from shouwen.kernel.requests import unkeyed
from shouwen.kernel.screens import render
from shouwen.kernel.words import number_in

from .. import held, queries
from . import desk

OF_THE_FRAME: Final = frozenset({
    "csrfmiddlewaretoken", "idempotency_key", "at_unit", "at_person", "procedure", "call", "revision", "window", "line",
})  # fmt: skip
"""Fields of the form that are not what somebody typed."""


@require_POST
@unkeyed  # a draft is overwritten every second; the last one counts
def keep(request: HttpRequest) -> HttpResponse:
    """Keep the call as it stands; the tabs come back, with its number and revision."""
    actor, at = request.actor, now()  # type: ignore[attr-defined]
    place = desk.place(request)
    data = request.POST
    call, revision = number_in(data.get("call")), number_in(data.get("revision")) or 0
    fields = {n: v for n, v in data.lists() if n not in OF_THE_FRAME and any(v)}
    content = held.Content(
        number_in(data.get("at_unit")), number_in(data.get("at_person")), data.get("procedure", "")[:40], fields,
        window=data.get("window", "")[:40], line=data.get("line", "")[:40],
    )  # fmt: skip
    content.place, content.about = _said(actor, place, content, at)
    directory = duty.directory(place.pk, place.people_version)
    erase_at = held.erased_at(directory, actor, at)
    kept = held.keep(actor, place.pk, content, call=call, revision=revision, erase_at=erase_at, at=at)
    return render(request, "procedures/counter_calls.html", tabs(actor, place, kept.id))


@require_POST
def drop(request: HttpRequest) -> HttpResponse:
    """Give a call up."""
    place = desk.place(request)
    held.drop(request.actor, number_in(request.POST.get("call")))  # type: ignore[attr-defined]
    staying = number_in(request.POST.get("staying"))
    url = f"{reverse('procedures:file')}?call={staying}" if staying else reverse("procedures:file")
    return desk.leads_to(request, url, f"已放弃这个来电（{place.name}），没有受理。", "info")


def tabs(actor: Actor, place: Community, current: int | None) -> dict[str, Any]:
    """The calls on the line, and which of them is the one on the screen."""
    at = now()
    calls = held.calls(actor, place.pk, at)
    return {"calls": calls, "call": next((one for one in calls if one.id == current), None), "now": at}


def draft_key(actor: Actor) -> str:
    """The key with which this page enciphers what has not reached the server yet. It is given to nobody but its user."""
    return salted_hmac("shouwen.counter", f"draft:{actor.ref}", algorithm="sha256").hexdigest()


def _said(actor: Actor, place: Community, content: held.Content, at: Any) -> tuple[str, str]:
    """The room and the matter, as its tab shows them; no names."""
    where = about = ""
    if content.unit:
        try:
            where = estate.unit(actor, content.unit).code
        except NotFound:
            content.unit = content.person = None
    if content.procedure:
        about = next((p.title for p in queries.fileable(actor, place.pk, at) if p.procedure == content.procedure), "")
    return where or content.fields.get("unit", [""])[0][:20], about
