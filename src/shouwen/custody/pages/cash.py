"""Money for tickets: whose hands it is in, and its way to the cashier."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from shouwen.duty import queries as duty
from shouwen.kernel.journal import now
from shouwen.kernel.refusals import NotFound, Refused
from shouwen.kernel.screens import flash, page_of, render
from shouwen.kernel.words import number_in
from shouwen.org.models import User

from .. import actions, queries
from ..actions.tickets import CASHIERS
from ..models import Thing
from .desk import here_of, people_here


def cash(request: HttpRequest) -> HttpResponse:
    """What I hold, what others hold, what waits for the cashier; remitting, handing on, counting."""
    actor, at, given = request.actor, now(), request.POST  # type: ignore[attr-defined]
    place = here_of(request)
    refused: Refused | None = None
    if request.method == "POST":
        try:
            match given.get("do"):
                case "remit":
                    actions.remit(actor, place, amount=given.get("amount", ""), at=at)
                    said, tone = "已登记上交，等财务收讫。", "success"
                case "hand":
                    to = User.objects.filter(pk=number_in(given.get("to", "")) or 0, is_active=True).first()
                    if to is None:
                        raise Refused("请选择接收的同事。", {"to": "请选择。"})
                    actions.hand_cash(actor, place, amount=given.get("amount", ""), to=to, at=at)
                    said, tone = f"已交给{to.name}。", "success"
                case "count":
                    differs = actions.count_cash(actor, place, found=given.get("found", ""), at=at)
                    said, tone = ("票款相符。", "success") if not differs else ("票款不符，已报客服负责人。", "warning")
                case "confirm":
                    row = queries.cash(actor, place.pk).filter(pk=number_in(given.get("cash", "")) or 0).first()
                    if row is None:
                        raise NotFound
                    actions.confirm_remittance(actor, row, at=at)
                    said, tone = "已收讫。", "success"
                case _:
                    raise Refused("没有这个操作。请刷新页面后再试。")
            return flash(redirect("custody:cash"), said, tone)
        except Refused as no:
            if no.status == 404:
                raise
            refused = no
    directory = duty.current_directory(place.pk)
    rows = queries.cash(actor, place.pk)
    return render(request, "custody/cash.html", {
        "page": page_of(rows, request.GET.get("after")), "mine": queries.held(place.pk, actor.id or 0), "holders": [(directory.name(user), sum_) for user, sum_ in queries.holders(place.pk)],
        "waiting": [(row, -row.amount) for row in rows.filter(kind="remitted", confirmed_at__isnull=True)[:50]], "cashier": bool(duty.posts_here(place.pk, actor.id, at) & CASHIERS), "refused": refused, "people": people_here(place.pk),
        "may_work": actor.may("custody.work", place.pk), "lots": queries.things(actor).filter(community=place.pk, kind="ticket", state=Thing.State.IN, gone_at__isnull=True)[:20], "me": actor.id,
    }, part="list", status=refused.status if refused else 200)  # fmt: skip
