"""Leave and delegation."""

from __future__ import annotations

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from shouwen.kernel.journal import now
from shouwen.kernel.refusals import NotFound, Refused
from shouwen.kernel.screens import blame, flash, page_of, render

from .. import actions, queries
from ..forms import LeaveForm
from ..models import Assignment


def delegations(request: HttpRequest) -> HttpResponse:
    """Who is away from when to when and who acts for them; the form for a new one."""
    actor, community = request.actor, request.community  # type: ignore[attr-defined]
    if not community or not actor.may("org.view", community.pk):
        raise NotFound
    may = actor.may("org.delegate", community.pk)
    here = Assignment.objects.filter(Q(community=community.pk) | Q(community=None)).values("user")
    people = queries.staff(actor).filter(pk__in=here, is_active=True).order_by("name")
    form = LeaveForm(request.POST or None, people=people)
    if request.method == "POST" and form.is_valid():
        try:
            actions.delegate(actor, community, at=now(), **form.cleaned_data)
            return flash(redirect("org:delegations"), "请假与代理已登记，即刻生效。")
        except Refused as no:
            blame(form, no)
    page = page_of(queries.delegations(actor, community.pk), request.GET.get("after"))
    return render(request, "org/delegations.html", {
        "page": page, "form": form, "may": may, "now": now(),
    }, part="list", status=422 if form.errors else 200)  # fmt: skip


@require_POST
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """Back before the time."""
    actor = request.actor  # type: ignore[attr-defined]
    row = queries.delegations(actor).filter(pk=pk).first()
    if row is None:
        raise NotFound
    actions.end_delegation(actor, row, at=now())
    return flash(redirect("org:delegations"), f"{row.user.name}已回岗。")
