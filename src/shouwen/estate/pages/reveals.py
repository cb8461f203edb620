"""Looking at a private value: ask, decide, see for thirty seconds."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from shouwen.kernel.journal import now
from shouwen.kernel.refusals import NotFound, Refused
from shouwen.kernel.requests import unkeyed
from shouwen.kernel.screens import flash, render, wants_part

from .. import actions, queries
from ..actions.reveals import SHOWS_FOR
from ..forms import RevealForm
from ..models import Reveal


@require_safe
def reveals(request: HttpRequest) -> HttpResponse:
    """Requests that wait for one's decision, and one's own of the last week."""
    actor = request.actor
    if actor.places("estate.reveal") == frozenset() and actor.places("estate.approve_reveal") == frozenset():
        raise NotFound
    return render(request, "estate/reveals.html", {
        "waiting": queries.reveals_waiting(actor)[:100], "mine": queries.my_reveals(actor, now())[:50],
    })  # fmt: skip


@require_POST
@unkeyed  # the answer holds the value: it must not be kept with the key of the request
def ask(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask with a reason; whoever may approve sees the value at once, others are told to wait."""
    actor = request.actor
    person = queries.person(actor, pk)
    form = RevealForm(request.POST)
    if not form.is_valid():
        raise Refused("请选择要查看的项目，并写明查看理由（至少 4 个字）。")
    moment = now()
    reveal = actions.ask_reveal(actor, person, **form.cleaned_data, at=moment)
    if reveal.state == Reveal.State.OPEN:
        return _shown(request, reveal, actions.show_reveal(actor, reveal, at=moment))
    if wants_part(request):
        return render(request, "estate/revealed.html", {"reveal": reveal, "person": person, "value": ""}, part="cell")
    return flash(redirect("estate:reveals"), "已提交申请，号码在批准前保持隐藏。", "info")


@require_POST
@unkeyed
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """The one look after an approval."""
    actor = request.actor
    reveal = queries.reveal(actor, pk)
    return _shown(request, reveal, actions.show_reveal(actor, reveal, at=now()))


def _shown(request: HttpRequest, reveal: Reveal, value: str) -> HttpResponse:
    """The value, on a page that nobody keeps and that hides it again by itself."""
    response = render(request, "estate/revealed.html", {"reveal": reveal, "person": reveal.person, "value": value}, part="cell")
    response["Cache-Control"] = "no-store"
    if not wants_part(request):
        response["Refresh"] = f"{int(SHOWS_FOR.total_seconds())}; url={reverse('estate:person', args=[reveal.person_id])}"
    return response


@require_safe
def masked(request: HttpRequest, pk: int, field: str) -> HttpResponse:
    """The cell as it is by default: what a shown value turns back into."""
    person = queries.person(request.actor, pk)
    if field not in Reveal.Field.values:
        raise NotFound
    actor = request.actor
    return render(request, "estate/private_cell.html", {
        "person": person, "field": field, "may_reveal": actor.may("estate.reveal", person.community_id),
        "at_once": actor.may("estate.approve_reveal", person.community_id),
    })  # fmt: skip


@require_POST
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    actor = request.actor
    approve = request.POST.get("decision") == "approve"
    if not approve and request.POST.get("decision") != "deny":
        raise Refused("请选择批准或拒绝。")
    reveal = actions.decide_reveal(actor, queries.reveal(actor, pk), approve=approve, at=now())
    return flash(redirect("estate:reveals"), f"已{'批准' if approve else '拒绝'}{reveal.asked_by}的申请。")
