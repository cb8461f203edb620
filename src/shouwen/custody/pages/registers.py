"""The register of everything we keep, what is out, and the cabinet as a picture."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from shouwen.estate import queries as estate
from shouwen.kernel.access import Actor
from shouwen.kernel.journal import now
from shouwen.kernel.refusals import NotFound
from shouwen.kernel.registers import Column, Filter, Register
from shouwen.kernel.screens import flash, page_of, render
from shouwen.kernel.words import number_in

from .. import actions, queries
from ..kinds import KINDS, SECRET
from ..models import Loan, Thing
from .desk import address, here_of, state_of


def _there(actor: Actor) -> Any:
    rows = queries.things(actor).filter(gone_at__isnull=True)
    return rows.prefetch_related(queries.OPEN_LOANS)


def _gone(actor: Actor) -> Any:
    return queries.things(actor).filter(gone_at__isnull=False).order_by("-gone_at", "-id")


def _who(thing: Thing) -> str:
    out = next((one for one in thing.open if one.state == Loan.State.OUT), None)  # type: ignore[attr-defined]
    return out.who if out else ""


def _due(thing: Thing) -> Any:
    out = next((one for one in thing.open if one.state == Loan.State.OUT), None)  # type: ignore[attr-defined]
    return out.due_at if out else None


def exported(actor: Actor, *, title: str, rows: int, filters: dict[str, str]) -> None:
    places = actor.places("custody.view")
    where = actor.community if places is None or actor.community in places else next(iter(sorted(places)), None)
    actions.export_register(actor, where, title=title, rows=rows, filters="，".join(filters.values()) or "全部", at=now())


def plain(rows: Any) -> Any:
    """Secret files leave in no export. D14.25."""
    return rows.exclude(kind__in=SECRET)


def _communities(actor: Actor) -> list[tuple[int, str]]:
    return [(one.pk, one.name) for one in estate.communities(actor)]


def _kinds(actor: Actor) -> list[tuple[str, str]]:
    return [(slug, kind.title) for slug, kind in KINDS.items()]


_COLUMNS = [
    Column("number"), Column("title"), Column("kind"), Column("unit", title="房号", value=lambda one: one.unit.code if one.unit else ""),
    Column("store", title="存放处", value=lambda one: f"{one.store.title} {one.hook} 号" if one.hook else one.store.title), Column("quantity"),
]
REGISTER = Register(
    "custody:register", _there, title="钥匙与保管物品",
    columns=[
        *_COLUMNS, Column("who", title="在谁手里", value=_who), Column("due", "when", title="应还", value=_due),
        Column("state", "badge", value=lambda one: state_of(one, now())[0], tones={"在位": "success", "借出": "info", "逾期未还": "danger", "遗失、损坏处理中": "danger", "已启封，待重封": "warning"}),
        Column("came_at"),
    ],
    filters=[Filter("kind", "类别", _kinds), Filter("state", "状态", [(value, label) for value, label in Thing.State.choices if value != "gone"]), Filter("community_id", "小区", _communities)],
    search=["spelled"], search_hint="编号、房号、名称或拼音首字母", may="custody.view", exported=exported, leaves=plain, template="custody/register.html", opens=address,
    new=("收存登记", "/custody/new", "custody.work"), empty=("还没有登记", "先在「存放处」设好钥匙柜，再把钥匙逐把收存、贴上标签。"),
)  # fmt: skip
GONE = Register(
    "custody:gone", _gone, title="已交还、已领走", columns=[*_COLUMNS, Column("came_at"), Column("gone_at")],
    filters=[Filter("kind", "类别", _kinds), "gone_at", Filter("community_id", "小区", _communities)], search=["spelled"], search_hint="编号、房号、名称或拼音首字母",
    may="custody.view", exported=exported, leaves=plain, template="custody/register.html", opens=address, empty=("还没有交还的", "业户领回的钥匙、领走的信件包裹会列在这里。"),
)  # fmt: skip


@require_safe
def out(request: HttpRequest) -> HttpResponse:
    """What waits for a word, what is out, what is back without its papers: what is due first stands first."""
    actor, at = request.actor, now()  # type: ignore[attr-defined]
    place = here_of(request)
    rows = queries.open_loans(actor, place.pk)
    chosen = request.GET.get("show", "")
    if chosen == "late":
        rows = rows.filter(state="out", due_at__lt=at)
    elif chosen in ("asked", "back", "out"):
        rows = rows.filter(state=chosen)
    user = number_in(request.GET.get("user", ""))
    if user is not None:
        rows = rows.filter(user=user)
    page = page_of(rows, request.GET.get("after"))
    tallies = queries.tallies(place.pk, at)
    return render(request, "custody/out.html", {
        "page": page, "chosen": chosen, "labels": (("late", "逾期未还"), ("out", "借出"), ("asked", "待批准"), ("back", "已还，手续未完")), "at": at, "tallies": tallies, "place": place, "user": user,
        "borrowers": queries.borrowers(actor, place.pk), "kinds": {slug: kind.title for slug, kind in KINDS.items()},
    }, part="list")  # fmt: skip


@require_safe
def cabinet(request: HttpRequest) -> HttpResponse:
    """Where every key is: the hooks of each place, with what hangs there and whose hands it is in."""
    actor, at = request.actor, now()  # type: ignore[attr-defined]
    place = here_of(request)
    stores = queries.stores(actor, place.pk)
    wanted = number_in(request.GET.get("store", ""))
    store = next((one for one in stores if one.pk == wanted), None) or next((one for one in stores if one.hooks), None) or next(iter(stores), None)
    hooks: list[dict[str, Any]] = []
    loose: list[dict[str, Any]] = []
    tally: dict[str, int] = {}
    if store is not None:
        by_hook: dict[int | None, list[dict[str, Any]]] = {}
        for thing in queries.here(actor, place.pk).filter(store=store).order_by("hook", "number")[:2000]:
            words, tone = state_of(thing, at)
            tally[words] = tally.get(words, 0) + 1
            by_hook.setdefault(thing.hook, []).append({"thing": thing, "words": words, "tone": tone, "who": _who(thing)})
        hooks = [{"number": number, "held": next(iter(by_hook.get(number, [])), None)} for number in range(1, store.hooks + 1)]
        loose = by_hook.get(None, [])
    return render(request, "custody/cabinet.html", {
        "stores": stores, "store": store, "hooks": hooks, "loose": loose, "tally": tally, "uncounted": {one.pk for one in queries.uncounted(stores, at)}, "place": place,
    })  # fmt: skip


@require_safe
def scan(request: HttpRequest, code: str = "") -> HttpResponse:
    """A label was scanned, or a number typed: open what it stands for. What is out opens at its return."""
    actor = request.actor  # type: ignore[attr-defined]
    place = here_of(request)
    given = code or request.GET.get("code", "")
    found = queries.by_code(actor, place.pk, given)
    if found is None:
        if code:
            raise NotFound
        room = estate.unit_by_code(place.pk, given) if given.strip() else None
        if room is not None:
            return redirect(f"{reverse('custody:register')}?q={room.code}")
        shown = queries.read_code(given)
        return flash(redirect("custody:register"), f"没有编号为「{shown}」的钥匙或物品。请核对标签，或按房号查找。" if shown else "请扫标签，或输入编号、房号。", "warning")
    return redirect(address(found) + (f"?code={found.code}#return" if found.state == "out" else ""))
