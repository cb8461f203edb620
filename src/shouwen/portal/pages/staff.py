"""For the staff: codes for doors and lifts, their sheets to print, and the messages that went out."""

from __future__ import annotations

from typing import Any, Final

import segno
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from shouwen.estate import queries as estate
from shouwen.estate.models import Community
from shouwen.kernel.journal import now
from shouwen.kernel.prefix import outward
from shouwen.kernel.refusals import Forbidden, NotFound, Refused
from shouwen.kernel.screens import flash, page_of, render
from shouwen.kernel.secrets import open_text

from .. import actions, queries, sms
from ..hearing import EVENTS
from ..models import Message, PlaceCode

SHEET: Final = 120
"""Codes printed at once: ten sheets of twelve."""

PARTIES: Final = {"developer": "开发商", "contractor": "承建商", "supplier": "供应商"}


def _place(request: HttpRequest) -> Community:
    place = request.community  # type: ignore[attr-defined]
    actor = request.actor  # type: ignore[attr-defined]
    if place is None or not actor.may("settings.edit", place.pk):
        first = next((one for one in estate.communities(actor) if actor.may("settings.edit", one.pk)), None)
        if first is None:
            raise Forbidden("您没有「修改系统设置」权限。如工作需要，请联系上级或系统管理员开通。")
        place = first
    return place


def _chosen(request: HttpRequest, place: Community) -> tuple[Any, dict[str, Any]]:
    """Codes in use of this community, as filtered in the address."""
    rows = queries.codes(request.actor).filter(community=place, retired_at=None)  # type: ignore[attr-defined]
    kind, building = request.GET.get("kind", ""), request.GET.get("building", "")
    if kind in PlaceCode.Kind.values:
        rows = rows.filter(kind=kind)
    if building.isascii() and building.isdigit() and len(building) < 18:
        rows = rows.filter(unit__building_id=int(building))
    return rows, {"kind": kind, "building": building}


@require_safe
def codes(request: HttpRequest) -> HttpResponse:
    place = _place(request)
    rows, chosen = _chosen(request, place)
    page = page_of(rows.order_by("-id"), request.GET.get("after"))
    context = {
        "page": page, "chosen": chosen, "kinds": PlaceCode.Kind.choices, "place": place,
        "buildings": estate.buildings(request.actor, place.pk), "off": sms.chosen() == "off",  # type: ignore[attr-defined]
    }  # fmt: skip
    return render(request, "portal/codes.html", context, part="list")


@require_POST
def make(request: HttpRequest) -> HttpResponse:
    place = _place(request)
    actor, given = request.actor, request.POST  # type: ignore[attr-defined]
    building = None
    if (number := given.get("building", "")) and number.isascii() and number.isdigit() and len(number) < 18:
        building = estate.buildings(actor, place.pk).filter(pk=int(number)).first()
        if building is None:
            raise NotFound
    try:
        made = actions.make_codes(
            actor, place, places=given.get("places", "")[:5000].splitlines(), kind=given.get("kind", ""), building=building, at=now()
        )
    except Refused as no:
        if no.status != 422:
            raise
        return flash(redirect("portal:codes"), no.message, "warning")
    return flash(redirect("portal:codes"), f"已生成 {len(made)} 个场所码，可以打印了。")


@require_POST
def retire(request: HttpRequest, pk: int) -> HttpResponse:
    found = queries.code(request.actor, pk)  # type: ignore[attr-defined]
    actions.retire_code(request.actor, found, at=now())  # type: ignore[attr-defined]
    return flash(redirect("portal:codes"), f"已停用「{found.place}」的码。")


@require_safe
def sheet(request: HttpRequest) -> HttpResponse:
    """Codes to cut out, twelve on an A4."""
    place = _place(request)
    rows, _ = _chosen(request, place)
    found = list(rows.order_by("unit__order", "id")[: SHEET + 1])
    base = outward("")
    shown = [(one, segno.make(f"{base}/r/p/{one.code}", error="m").svg_data_uri(scale=4, border=1)) for one in found[:SHEET]]
    sheets = [shown[start : start + 12] for start in range(0, len(shown), 12)]
    return render(request, "portal/sheet.html", {"sheets": sheets, "place": place, "more": len(found) > SHEET, "base": base})


@require_safe
def messages(request: HttpRequest) -> HttpResponse:
    """What was sent to residents and parties, what waits, what failed."""
    actor, place = request.actor, _place(request)  # type: ignore[attr-defined]
    rows = queries.messages(actor)
    if actor.places("settings.edit") is not None:  # head office sees all, codes among them
        rows = rows.filter(community_id=place.pk)
    state = request.GET.get("state", "")
    if state in Message.State.values:
        rows = rows.filter(state=state)
    page = page_of(rows.order_by("-id"), request.GET.get("after"))
    demo = sms.chosen() == "console" and settings.DEVELOPMENT
    shown = [(one, EVENTS.get(one.event, one.event), open_text(one.sealed) if demo and one.state == "sent" and one.sealed else "") for one in page.rows]
    context = {
        "page": page, "rows": shown, "states": Message.State.choices, "state": state, "provider": sms.chosen(), "demo": demo, "place": place,
        "contacts": queries.contacts(actor, place.pk), "parties": PARTIES.items(),
    }  # fmt: skip
    return render(request, "portal/messages.html", context, part="list")


@require_POST
def again(request: HttpRequest, pk: int) -> HttpResponse:
    found = queries.message(request.actor, pk)  # type: ignore[attr-defined]
    actions.send_again(request.actor, found, at=now())  # type: ignore[attr-defined]
    return flash(redirect("portal:messages"), "已重新排队发送。")


@require_POST
def contact(request: HttpRequest) -> HttpResponse:
    place, given = _place(request), request.POST
    if given.get("party") not in PARTIES:
        raise Refused("请选择是哪一方。")
    try:
        actions.set_contact(
            request.actor, place, party=given["party"], title=given.get("title", ""), phone=given.get("phone", "")[:30], at=now()  # type: ignore[attr-defined]
        )
    except Refused as no:
        return flash(redirect("portal:messages"), no.message, "warning")
    return flash(redirect("portal:messages"), "已登记。")
