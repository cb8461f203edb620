"""The price list: what holds today and what held before, a new price, the end of one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.timezone import localdate

from shouwen.estate import queries as estate
from shouwen.estate.models import Community
from shouwen.kernel.access import Actor
from shouwen.kernel.journal import now
from shouwen.kernel.refusals import NotFound, Refused
from shouwen.kernel.registers import Column, Filter, Register
from shouwen.kernel.screens import flash, render
from shouwen.kernel.web import here

from .. import actions, queries
from ..forms import EndForm, PriceForm, blame
from ..models import Price


def _state(price: Price) -> str:
    today = localdate(now())
    return "待起用" if price.starts_on > today else "已停用" if price.ends_on and price.ends_on < today else "在用"


def _communities(actor: Actor) -> list[tuple[int, str]]:
    return [(one.pk, one.name) for one in estate.communities(actor)]


def _exported(actor: Actor, *, title: str, rows: int, filters: dict[str, str]) -> None:
    places = actor.places("fees.view")
    where = actor.community if places is None or actor.community in places else next(iter(sorted(places)), None)
    actions.export_prices(actor, where, title=title, rows=rows, filters="，".join(filters.values()) or "在用", at=now())


PRICES = Register(
    "fees:prices", lambda actor: queries.current(actor, now()), title="有偿服务价目",
    columns=[
        Column("code"), Column("title"), Column("amount", "money", title="单价", value=lambda one: one.amount), Column("unit"),
        Column("labour", "money"), Column("material", "money"), Column("remark"), Column("starts_on"), Column("ends_on"),
        Column("state", "badge", title="状态", value=_state, tones={"在用": "success", "待起用": "info", "已停用": "neutral"}),
        Column("community", title="小区", value=lambda one: one.community.name if one.community else "各小区通用"),
    ],
    filters=[Filter("community_id", "小区", _communities)],
    search=["spelled"], search_hint="编号、项目或拼音首字母", may="fees.view", exported=_exported, template="fees/prices.html",
    opens=lambda price: reverse("fees:price", args=[price.pk]), new=("定价", "/fees/prices/new", "fees.edit"),
    empty=("还没有价目", "按《有偿服务收费标准》逐项定价。维修和特约服务报价时，只能从这里选，不能随手填数。"),
)  # fmt: skip
EVERY_PRICE = replace(PRICES, route="fees:every_price", query=queries.prices, title="全部价目，含停用的")


def new_price(request: HttpRequest) -> HttpResponse:
    """A price from a day on. ?of= begins with a price that is to be followed."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    place = _place(request)
    everywhere = actor.may("fees.edit", None)
    initial: dict[str, Any] = {"starts_on": localdate(now())}
    if request.GET.get("of", "").isdigit():
        old = queries.price(actor, int(request.GET["of"][:18]))
        if old.community is not None and actor.may("fees.edit", old.community_id):  # its own community's, not that of the page before
            place = old.community
        initial |= {name: getattr(old, name) for name in ("code", "title", "unit", "labour", "material", "remark")}
        initial |= {"starts_on": max(localdate(now()), old.starts_on) + timedelta(days=1), "everywhere": old.community is None}
    form = PriceForm(request.POST or None, initial=initial)
    if not everywhere:
        del form.fields["everywhere"]
    if request.method == "POST" and form.is_valid():
        data = dict(form.cleaned_data)
        scope = None if data.pop("everywhere", False) else place
        try:
            price = actions.add_price(actor, scope, **data, at=now())
            return flash(redirect("fees:prices"), f"已定价：{price.code} {price.title}，{price.starts_on} 起用。")
        except Refused as no:
            blame(form, no)
    return render(request, "fees/price_new.html", {"form": form, "place": place}, status=422 if form.errors else 200)


def price(request: HttpRequest, pk: int) -> HttpResponse:
    """One price and the ones before and after it under the same code; POST ends it."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    found = queries.price(actor, pk)
    may_edit = actor.may("fees.edit", found.community_id)
    form = EndForm(request.POST or None, initial={"ends_on": max(localdate(now()), found.starts_on)})
    if request.method == "POST" and form.is_valid():
        try:
            actions.end_price(actor, found, ends_on=form.cleaned_data["ends_on"], at=now())
            return flash(redirect("fees:price", pk), f"{found.code} 用到 {form.cleaned_data['ends_on']} 为止。")
        except Refused as no:
            if no.status not in (409, 422):
                raise
            blame(form, no)
    rows = queries.prices(actor).filter(code=found.code, community=found.community)[:30]
    return render(request, "fees/price.html", {
        "price": found, "state": _state(found), "history": rows, "form": form, "may_edit": may_edit,
    }, status=422 if form.errors else 200)  # fmt: skip


def _place(request: HttpRequest) -> Community:
    """The community one is looking at, where one may set prices; otherwise the first where one may."""
    actor, chosen = request.actor, here(request)  # type: ignore[attr-defined]
    one_first: Callable[[Community], bool] = lambda one: one.pk != chosen  # noqa: E731
    for community in sorted(estate.communities(actor), key=one_first):
        if actor.may("fees.edit", community.pk):
            return community
    raise NotFound
