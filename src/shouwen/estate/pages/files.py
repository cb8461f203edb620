"""The file of a unit and of a person: who, since when, their vehicles, what is missing, what was changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.timezone import localdate
from django.views.decorators.http import require_POST

from shouwen.kernel.journal import now
from shouwen.kernel.refusals import Refused
from shouwen.kernel.screens import blame, flash, render

from .. import actions, queries
from ..cards import cards_of
from ..forms import (
    MoveOutForm,
    NewUnitForm,
    PaperForm,
    PersonForm,
    PhoneForm,
    ReasonForm,
    ResidentForm,
    UnitForm,
    VehicleForm,
)
from ..models import Person, Unit
from .registers import place


def new_unit(request: HttpRequest) -> HttpResponse:
    """Register a unit in the community one is looking at."""
    actor, community = request.actor, place(request, "estate.edit")
    form = NewUnitForm(request.POST or None, initial={"state": "vacant"})
    if request.method == "POST" and form.is_valid():
        try:
            unit = actions.add_unit(actor, community, **form.cleaned_data, at=now())
            return flash(redirect("estate:unit", unit.pk), f"已登记房屋 {unit.code}。")
        except Refused as refused:
            blame(form, refused)
    return render(request, "estate/unit_new.html", {"form": form, "place": community}, status=422 if form.errors else 200)


def unit(request: HttpRequest, pk: int) -> HttpResponse:
    """The owner's file. That it was looked at stands in the journal (D2.18, D7.09)."""
    actor = request.actor
    found = queries.unit(actor, pk)
    if request.method == "GET":
        actions.view_file(actor, found, at=now())
    return _unit_page(request, found)


def _unit_page(request: HttpRequest, unit: Unit, form: Form | None = None) -> HttpResponse:
    """The page; with a form that did not fit in its place."""
    actor = request.actor
    profile = queries.profile(actor, unit)
    may_edit = actor.may("estate.edit", unit.community_id)
    forms: dict[str, Form] = {}
    if may_edit:
        forms = {
            "unit_form": UnitForm(initial={name: getattr(unit, name) for name in UnitForm.base_fields}),
            "resident_form": ResidentForm(initial={"starts_on": localdate(now())}),
            "vehicle_form": VehicleForm(),
        }
        for name, kind in (("unit_form", UnitForm), ("resident_form", ResidentForm), ("vehicle_form", VehicleForm)):
            if type(form) is kind:
                forms[name] = form
    return render(request, "estate/unit.html", {
        "unit": unit, "profile": profile, "cards": cards_of(actor, unit, now()), "history": queries.history(actor, unit), "may_edit": may_edit, "today": localdate(now()),
        "may_reveal": actor.may("estate.reveal", unit.community_id),
        "at_once": actor.may("estate.approve_reveal", unit.community_id), "other_form": form, **forms,
    }, status=422 if form is not None and form.errors else 200)  # fmt: skip


@require_POST
def edit_unit(request: HttpRequest, pk: int) -> HttpResponse:
    return _on_unit(request, pk, UnitForm, lambda unit, data: actions.edit_unit(request.actor, unit, **data, at=now()), "已修改。")


@require_POST
def add_resident(request: HttpRequest, pk: int) -> HttpResponse:
    """Somebody new in this unit: the person and the occupancy, both or neither."""
    actor = request.actor

    def run(unit: Unit, data: dict[str, Any]) -> None:
        about = {name: data.pop(name) for name in ("name", "phone", "id_number", "care")}
        with transaction.atomic():
            person = actions.add_person(actor, unit.community, **about, at=now())
            actions.move_in(actor, unit, person=person, **data, at=now())

    return _on_unit(request, pk, ResidentForm, run, "已登记住户。")


@require_POST
def add_vehicle(request: HttpRequest, pk: int) -> HttpResponse:
    actor = request.actor
    return _on_unit(
        request, pk, VehicleForm,
        lambda unit, data: actions.add_vehicle(actor, unit.community, plate=data["plate"], unit=unit, at=now()), "已登记车辆。",
    )  # fmt: skip


def _on_unit(
    request: HttpRequest, pk: int, kind: type[Form], run: Callable[[Unit, dict[str, Any]], object], done: str
) -> HttpResponse:
    unit = queries.unit(request.actor, pk)
    form = kind(request.POST)
    if form.is_valid():
        try:
            run(unit, dict(form.cleaned_data))
            return flash(redirect("estate:unit", unit.pk), done)
        except Refused as refused:
            if refused.status != 422 and not refused.fields:
                raise
            blame(form, refused)
    return _unit_page(request, unit, form)


@require_POST
def move_out(request: HttpRequest, pk: int) -> HttpResponse:
    """End an occupancy with its last day."""
    occupancy = queries.occupancy(request.actor, pk)
    form = MoveOutForm(request.POST)
    if form.is_valid():
        try:
            actions.move_out(request.actor, occupancy, ends_on=form.cleaned_data["ends_on"], at=now())
            return flash(redirect("estate:unit", occupancy.unit_id), "已登记迁出。")
        except Refused as refused:
            if refused.status != 422:
                raise
            blame(form, refused)
    return _unit_page(request, queries.unit(request.actor, occupancy.unit_id), form)


@require_POST
def remove_vehicle(request: HttpRequest, pk: int) -> HttpResponse:
    vehicle = queries.vehicle(request.actor, pk)
    back = redirect("estate:unit", vehicle.unit_id) if vehicle.unit_id else redirect("estate:vehicles")
    actions.remove_vehicle(request.actor, vehicle, at=now())
    return flash(back, f"已注销车辆 {vehicle.plate}。")


def person(request: HttpRequest, pk: int) -> HttpResponse:
    """What is known of one person; each look is written down."""
    actor = request.actor
    found = queries.person(actor, pk)
    if request.method == "GET":
        actions.view_person(actor, found, at=now())
    return _person_page(request, found)


_CHANGES: dict[str, tuple[type[Form], Callable[..., object], str]] = {
    "details": (PersonForm, actions.edit_person, "已修改资料。"),
    "phone": (PhoneForm, actions.change_phone, "已更换电话。"),
    "paper": (PaperForm, actions.correct_paper, "已更正证件号码。"),
    "erase": (ReasonForm, actions.erase_person, "已注销住户资料。"),
}


@require_POST
def change_person(request: HttpRequest, pk: int, what: str) -> HttpResponse:
    """One of the changes on a person's page; `what` is a key of _CHANGES (urls.py)."""
    actor = request.actor
    found = queries.person(actor, pk)
    kind, run, done = _CHANGES[what]
    form = kind(request.POST)
    if form.is_valid():
        try:
            run(actor, found, **form.cleaned_data, at=now())
            return flash(redirect("estate:people") if what == "erase" else redirect("estate:person", found.pk), done)
        except Refused as refused:
            if refused.status != 422:
                raise
            blame(form, refused)
    return _person_page(request, found, what, form)


def _person_page(request: HttpRequest, person: Person, tried: str = "", form: Form | None = None) -> HttpResponse:
    actor = request.actor
    community_id = person.community_id
    forms: dict[str, Form] = {
        "details": PersonForm(initial={name: getattr(person, name) for name in PersonForm.base_fields}),
        "phone": PhoneForm(), "paper": PaperForm(), "erase": ReasonForm(),
    }  # fmt: skip
    if form is not None:
        forms[tried] = form
    return render(request, "estate/person.html", {
        "person": person, "homes": queries.homes_of(actor, person), "may_edit": actor.may("estate.edit", community_id),
        "may_reveal": actor.may("estate.reveal", community_id), "at_once": actor.may("estate.approve_reveal", community_id),
        "tried": tried, "form": forms, "history": queries.history_of_person(actor, person),
    }, status=422 if form is not None and form.errors else 200)  # fmt: skip
