"""Reads of the price list (what a community has for itself goes before what holds for all) and of who is in arrears."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.timezone import localdate

from shouwen.estate.models import Unit
from shouwen.kernel.access import Actor
from shouwen.kernel.refusals import NotFound

from .models import Arrears, ArrearsList, Price


def prices(actor: Actor) -> QuerySet[Price]:
    """Every price, past and coming too, of the communities whose list this person may see; by code, the latest first."""
    places = actor.places("fees.view")
    rows = Price.objects.select_related("community").order_by("code", "-starts_on", "-id")
    if places is None:
        return rows
    return rows.filter(Q(community__in=places) | Q(community__isnull=True)) if places else rows.none()


def current(actor: Actor, at: datetime) -> QuerySet[Price]:
    """Those that hold today or will: what is over is left out."""
    return prices(actor).filter(Q(ends_on__isnull=True) | Q(ends_on__gte=localdate(at)))


def price(actor: Actor, pk: Any) -> Price:
    """One price; NotFound when it is not there for this person."""
    found = prices(actor).filter(pk=pk).first()
    if found is None:
        raise NotFound("没有这条价目，或您无权查看。")
    return found


def in_force(community_id: int, day: date) -> list[Price]:
    """The list as it holds on a day, by code. One statement."""
    rows = Price.objects.filter(Q(community_id=community_id) | Q(community__isnull=True), starts_on__lte=day)
    rows = rows.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=day)).order_by("starts_on", "id")
    found: dict[str, Price] = {}
    for row in sorted(rows, key=lambda one: one.community_id is not None):
        found[row.code] = row
    return [found[code] for code in sorted(found)]


def price_list(community_id: int, at: datetime) -> list[Price]:
    return in_force(community_id, localdate(at))


# --- arrears ---------------------------------------------------------------------------------------------------------


def arrears_of(actor: Actor, unit: Unit) -> Arrears | None:
    """The flag of a unit, None also for who may not see flags. The sum in it is for `fees.debts` alone: whoever shows it asks. One statement."""
    return Arrears.objects.filter(unit=unit).first() if actor.may("fees.arrears", unit.community_id) else None


def arrears(actor: Actor) -> QuerySet[Arrears]:
    """Every unit in arrears, with the sums, for who keeps the list; by community and room."""
    places = actor.places("fees.debts")
    rows = Arrears.objects.select_related("unit", "community").order_by("community_id", "unit__order", "id")
    return rows if places is None else rows.filter(community__in=places)


def arrears_lists(actor: Actor, community_id: int) -> QuerySet[ArrearsList]:
    """The files that were taken in, the latest first."""
    if not actor.may("fees.debts", community_id):
        raise NotFound
    return ArrearsList.objects.filter(community=community_id).order_by("-id")
