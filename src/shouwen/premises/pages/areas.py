"""Which steward answers for which building."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from shouwen.duty import queries as duty
from shouwen.estate import queries as estate
from shouwen.kernel.journal import now
from shouwen.kernel.refusals import NotFound, Refused
from shouwen.kernel.screens import flash, render
from shouwen.kernel.words import number_in
from shouwen.org.models import User

from .. import actions, queries
from .desk import here_of


def areas(request: HttpRequest) -> HttpResponse:
    """Buildings with their households and who answers for them; the head gives them. D3.08."""
    actor, at, place = request.actor, now(), here_of(request)  # type: ignore[attr-defined]
    may_edit, refused = actor.may("premises.edit", place.pk), None
    if request.method == "POST":
        if not may_edit:
            raise NotFound
        building = estate.buildings(actor, place.pk).filter(pk=number_in(request.POST.get("building", "")) or 0).first()
        user = User.objects.filter(pk=number_in(request.POST.get("user", "")) or 0, is_active=True).first()
        if building is None:
            raise NotFound
        try:
            if user is None:
                raise Refused("请选择管理员。", {"user": "请选择。"})
            actions.give_charge(actor, building, user=user, at=at)
            return flash(redirect("premises:areas"), f"{building.name}由{user.name}负责。")
        except Refused as no:
            if no.status not in (409, 422):
                raise
            refused = no
    here = duty.current_directory(place)
    by = queries.stewards(place.pk)
    people = sorted({(held.user, here.name(held.user)) for held in here.held if held.post == "steward" and held.user in here.active}, key=lambda pair: pair[1])
    rows = [(area, by.get(area.building.pk), here.name(by[area.building.pk]) if area.building.pk in by else "") for area in estate.areas(actor, place.pk)]
    return render(request, "premises/areas.html", {
        "place": place, "rows": rows, "people": people, "may_edit": may_edit, "refused": refused, "unnamed": sum(not user for _, user, _ in rows),
    }, status=refused.status if refused else 200)  # fmt: skip
