"""One thing: where it is and in whose hands, everything that may be done with it, everything that ever happened to it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

import segno
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from shouwen.duty import queries as duty
from shouwen.kernel.access import Actor
from shouwen.kernel.journal import now
from shouwen.kernel.prefix import outward
from shouwen.kernel.refusals import NotFound, Refused
from shouwen.kernel.screens import blame, flash, render
from shouwen.kernel.words import number_in
from shouwen.org.models import User
from shouwen.procedures import attachments

from .. import actions, queries
from ..actions.lending import open_sides
from ..actions.returning import bars_of
from ..forms import IntakeForm, LendForm, moment_in
from ..kinds import KINDS, PAPERS, RELATIONS, SECRET, SIDES
from ..models import Consent, Loan, Store, Thing
from . import archive
from .desk import address, here_of, people_here, speakers, state_of
from .private import cells

LABELS: Final = 120
ICONS: Final = {
    "in": "transfer-in", "lent": "transfer-out", "gone": "logout", "returned": "transfer-in", "short": "alert-triangle", "called": "phone-call", "asked": "user-question",
    "approved": "check", "entered": "door-enter", "opened": "lock-open", "resealed": "lock", "overdue": "alarm", "followed": "writing", "lost": "alert-circle",
    "settled": "circle-check", "differs": "alert-triangle", "moved": "arrows-exchange", "confirmed": "signature", "verified": "clipboard-check", "dropped": "x", "sold": "ticket", "restocked": "plus",
    "filed": "archive", "numbered": "file-certificate", "carried": "walk", "revised": "files", "destroyed": "trash",
}  # fmt: skip
RED: Final = frozenset({"short", "overdue", "lost", "differs"})


def thing(request: HttpRequest, pk: int) -> HttpResponse:
    """The page of one thing. Every act is one form of it; a refusal is said above, and the form keeps what was typed."""
    actor, at = request.actor, now()  # type: ignore[attr-defined]
    found = queries.thing(actor, pk)
    refused: Refused | None = None
    if request.method == "POST":
        act = ACTS.get(request.POST.get("do", ""))
        if act is None:
            raise Refused("没有这个操作。请刷新页面后再试。")
        try:
            said = act(actor, found, request.POST, at)
            return flash(redirect(address(found)), said)
        except Refused as no:
            if no.status == 404:
                raise
            refused = no
            found = queries.thing(actor, pk)
    return render(request, "custody/thing.html", _context(actor, found, at) | {"refused": refused, "typed": request.POST if refused else {"code": queries.read_code(request.GET.get("code", "")[:200])}}, status=refused.status if refused else 200)


def _context(actor: Actor, found: Thing, at: datetime) -> dict[str, Any]:
    loans = queries.loans_of(found)
    found.open = [one for one in loans if one.state in queries.OPEN]  # type: ignore[attr-defined]
    sort, words = KINDS[found.kind], state_of(found, at)
    directory = duty.current_directory(found.community_id)
    keeper = queries.keeper_of(found.store_id)
    matters = [_matter(actor, found, one, at) for one in found.open]  # type: ignore[attr-defined]
    may_work = actor.may("custody.work", found.community_id)
    return (archive.filing_of(actor, found) if sort.family == "document" else {}) | {
        "thing": found, "sort": sort, "measure": found.measure or sort.measure, "words": words[0], "tone": words[1], "at": at, "matters": matters, "may_work": may_work, "handles": queries.handles(actor, found, at),
        "keeper": directory.name(keeper.user_id) if keeper else "", "acting": directory.name(directory.stand_in(keeper.user_id, at)) if keeper else "",
        "ways": [(slug, way) for slug, way in sort.ways.items()] if found.state == "in" and may_work else [],
        "moves": [(one, ICONS.get(one.kind, "point"), "danger" if one.kind in RED else "neutral") for one in queries.moves_of(found)],
        "may_ask": not may_work and bool(actions.askable(found)),
        "hidden": cells(actor, found, at, loans), "at_once": actor.may("estate.approve_reveal", found.community_id), "may_erase": found.gone_at is not None and actor.may("estate.edit", found.community_id),
        "past": [one for one in loans if one.state not in queries.OPEN][:10], "answers": Consent.Answer.choices, "ended": actions.losing_ends(),
        "stores": [one for one in queries.stores(actor, found.community_id) if one.holds == sort.class_] if may_work and found.gone_at is None else [],
    }  # fmt: skip


def _matter(actor: Actor, found: Thing, loan: Loan, at: datetime) -> dict[str, Any]:
    """One open loan as the page shows it: who, on whose word, what is still missing, what this person may do."""
    way = KINDS[found.kind].ways[loan.way]
    waiting = open_sides(loan) if loan.state == "asked" else []
    return {
        "loan": loan, "way": way, "late": bool(loan.state == "out" and loan.due_at and loan.due_at < at), "consents": [(SIDES[one.side], one, one.user_id == actor.id and one.confirmed_at is None) for one in loan.consents.all()],
        "waiting": [SIDES[side] for side in waiting], "approves": loan.user_id != actor.id and any(queries.speaks(actor, side, found.community_id, at) for side in waiting),
        "bars": bars_of(loan, found) if loan.state == "back" else [], "left": loan.quantity - loan.returned - loan.used, "relation": RELATIONS.get(loan.relation, ""), "paper": PAPERS.get(loan.paper, ""),
        "entered": loan.moves.filter(kind="entered").exists() if way.two else True,
    }  # fmt: skip


# --- what may be done on it -----------------------------------------------------------------------------------------


def _loan(found: Thing, given: QueryDict) -> Loan:
    pk = number_in(given.get("loan", ""))
    loan = found.loans.filter(pk=pk).first() if pk is not None else None
    if loan is None:
        raise NotFound
    return loan


def _number(given: QueryDict, name: str, title: str) -> int:
    number = number_in(given.get(name, "").strip())
    if number is None or number > 99_999:
        raise Refused(f"「{title}」应为整数。", {name: "应为整数。"})
    return number


def _moment(given: QueryDict, name: str, title: str) -> datetime:
    found = moment_in(given.get(name, ""))
    if found is None:
        raise Refused(f"请写明{title}，精确到几点几分。", {name: "请写明日期和几点几分。"})
    return found


def _back(actor: Actor, found: Thing, given: QueryDict, at: datetime) -> str:
    actions.give_back(actor, _loan(found, given), code=given.get("code", ""), quantity=_number(given, "quantity", "收回数量"), checks=given.getlist("checks"), remark=given.get("remark", ""), used=_number(given, "used", "用去") if given.get("used", "").strip() else 0, copies=_number(given, "copies", "复配数量") if given.get("copies", "").strip() else 0, at=at)
    return f"{found.number} 已点收。"


def _approve(actor: Actor, found: Thing, given: QueryDict, at: datetime) -> str:
    agree = given.get("agree") == "yes"
    actions.approve(actor, _loan(found, given), agree=agree, remark=given.get("remark", ""), at=at)
    return "已同意。" if agree else "已记下不同意，钥匙不发放。"


def _request(actor: Actor, found: Thing, given: QueryDict, at: datetime) -> str:
    actions.request(actor, found, purpose=given.get("purpose", ""), at=at)
    return "已申请，等保管人发放。没有发放以前不要拿走。"


def _issue(actor: Actor, found: Thing, given: QueryDict, at: datetime) -> str:
    return f"已发放给{actions.issue(actor, _loan(found, given), at=at).who}。"


def _drop(actor: Actor, found: Thing, given: QueryDict, at: datetime) -> str:
    actions.drop(actor, _loan(found, given), reason=given.get("remark", ""), at=at)
    return "申请已作罢。"


def _confirm(actor: Actor, found: Thing, given: QueryDict, at: datetime) -> str:
    pk = number_in(given.get("consent", ""))
    consent = Consent.objects.select_related("loan").filter(pk=pk, loan__thing=found).first() if pk is not None else None
    if consent is None:
        raise NotFound
    actions.confirm(actor, consent, at=at)
    return "已补签。"


def _verify(actor: Actor, found: Thing, given: QueryDict, at: datetime) -> str:
    actions.verify(actor, _loan(found, given), at=at)
    return "已复核。"


def _contact(actor: Actor, found: Thing, given: QueryDict, at: datetime) -> str:
    loan = _loan(found, given) if given.get("loan") else None
    actions.contact(actor, found, loan=loan, name=given.get("name", ""), answer=given.get("answer", ""), when=_moment(given, "when", "联系时间"), remark=given.get("remark", ""), at=at)
    return "联系情况已记入流水和值班日志。"


def _enter(actor: Actor, found: Thing, given: QueryDict, at: datetime) -> str:
    people = given.get("people", "")[:300].replace("，", "、").replace(",", "、").replace("\n", "、").split("、")
    actions.enter(actor, _loan(found, given), people=[one.strip() for one in people], in_at=_moment(given, "in_at", "进入时间"), out_at=_moment(given, "out_at", "离开时间"), done=given.get("done", ""), at=at)
    return "入户记录已登记。"


def _follow(actor: Actor, found: Thing, given: QueryDict, at: datetime) -> str:
    actions.follow_up(actor, _loan(found, given), reason=given.get("remark", ""), at=at)
    return "原因已报客服负责人。"


def _lost(actor: Actor, found: Thing, given: QueryDict, at: datetime) -> str:
    _, ticket = actions.report_loss(actor, found, what=given.get("what", ""), course=given.get("course", ""), at=at)
    return f"已报告，客服负责人已收到。{'处理工单 ' + ticket.number if ticket else ''}"


def _settle(actor: Actor, found: Thing, given: QueryDict, at: datetime) -> str:
    actions.settle(actor, found, how=given.get("how", ""), quantity=_number(given, "quantity", "数量"), remark=given.get("remark", ""), at=at)
    return "处理结果已登记。"


def _reseal(actor: Actor, found: Thing, given: QueryDict, at: datetime) -> str:
    actions.reseal(actor, found, envelope=given.get("envelope", ""), in_person=given.get("in_person") == "on", at=at)
    return "已重新封存。"


def _move(actor: Actor, found: Thing, given: QueryDict, at: datetime) -> str:
    pk = number_in(given.get("store", ""))
    store = Store.objects.filter(pk=pk, community=found.community_id).first() if pk is not None else None
    if store is None:
        raise Refused("请选择存放处。", {"store": "请重新选择。"})
    hook = _number(given, "hook", "挂钩") if given.get("hook", "").strip() else None
    actions.relabel(actor, found, store=store, hook=hook, at=at)
    return "已移动。"


def _sell(actor: Actor, found: Thing, given: QueryDict, at: datetime) -> str:
    actions.sell(actor, found, count=_number(given, "count", "张数"), amount=given.get("amount", ""), at=at)
    return "已登记售票，票款记在您名下。"


def _restock(actor: Actor, found: Thing, given: QueryDict, at: datetime) -> str:
    actions.restock(actor, found, count=_number(given, "count", "张数"), at=at)
    return "已登记补票。"


ACTS: Final[dict[str, Callable[[Actor, Thing, QueryDict, datetime], str]]] = {
    "back": _back, "approve": _approve, "issue": _issue, "request": _request, "drop": _drop, "confirm": _confirm, "verify": _verify, "contact": _contact, "enter": _enter,
    "follow": _follow, "lost": _lost, "settle": _settle, "reseal": _reseal, "move": _move, "sell": _sell, "restock": _restock, "file": archive.file,
}  # fmt: skip


# --- lending and taking in ------------------------------------------------------------------------------------------


def lend(request: HttpRequest, pk: int, way: str) -> HttpResponse:
    """One way in which one thing leaves."""
    actor, at = request.actor, now()  # type: ignore[attr-defined]
    found = queries.thing(actor, pk)
    how = KINDS[found.kind].ways.get(way)
    if how is None or not actor.may("custody.work", found.community_id):
        raise NotFound
    if found.state != Thing.State.IN and request.method != "POST":
        return flash(redirect(address(found)), f"{found.number} 现在不在位，不能借出。", "warning")
    people = people_here(found.community_id, how.posts)
    sides = {side: speakers(found.community_id, side, at) for side in how.asks if side != "owner"}
    last = queries.closing(found.community_id, at)
    form = LendForm(request.POST or None, request.FILES or None, kind=found.kind, way=how, people=people, sides=sides, most=found.quantity, initial={
        "due_at": last.astimezone(queries.CHINA), "quantity": None if how.uses_up else found.quantity, "purpose": "领取" if KINDS[found.kind].family == "mail" else "",
        **{f"{side}_at": at.astimezone(queries.CHINA) for side in (*how.asks, "owner")},
    })  # fmt: skip
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            data = form.cleaned_data
            try:
                drawn = data.get("signature")
                signature = attachments.attach(actor, found.community_id, name=drawn.name, content=drawn.read(), at=at, purpose="signature").key if drawn else ""
                loan = actions.lend(
                    actor, found, way=way, purpose=data["purpose"], user=_colleague(data.get("user", "")), taker=form.taker(), quantity=data["quantity"],
                    words=form.words({user: name for pairs in sides.values() for user, name in pairs}), due_at=data.get("due_at"), keep=bool(data.get("keep")),
                    reason=data.get("reason", ""), signature=signature, at=at,
                )  # fmt: skip
                said = {"asked": "已报批准人，批准后再发放。", "out": f"{found.number} 已借给{loan.who}。", "gone": f"{found.number} 已由{loan.who}领走。"}[loan.state]
                return flash(redirect(address(found)), said, "info" if loan.state == "asked" else "success")
            except Refused as no:
                if no.status == 404:
                    raise
                status = no.status
                blame(form, no)
    return render(request, "custody/lend.html", {"thing": found, "sort": KINDS[found.kind], "way": how, "form": form, "last": last}, status=status)


def _colleague(given: str) -> Any:
    pk = number_in(given)
    return User.objects.filter(pk=pk, is_active=True).first() if pk is not None else None


def new(request: HttpRequest) -> HttpResponse:
    """Something is taken in: first what it is, then what that needs."""
    actor, at = request.actor, now()  # type: ignore[attr-defined]
    place = here_of(request)
    if not actor.may("custody.work", place.pk):
        raise NotFound
    kind = request.GET.get("kind", "")
    sort = KINDS.get(kind)
    if sort is None:
        groups = [("钥匙、门禁卡", [(slug, one) for slug, one in KINDS.items() if one.family == "key"]), ("信件、报刊、包裹、物品", [(slug, one) for slug, one in KINDS.items() if one.family == "mail"]),
                  ("文件资料、危险品、代售票", [(slug, one) for slug, one in KINDS.items() if one.family in ("document", "hazmat", "ticket") and (not one.secret or actor.may("custody.secret", place.pk))])]  # fmt: skip
        return render(request, "custody/kinds.html", {"groups": groups, "place": place})
    stores = [one for one in queries.stores(actor, place.pk) if one.holds == sort.class_]
    form = IntakeForm(request.POST or None, kind=sort, stores=stores, initial={
        "unit": request.GET.get("unit", "")[:40], "title": "入户门钥匙" if sort.family == "key" and sort.unit else "", "hook": queries.free_hook(stores[0]) if stores else None,
    })  # fmt: skip
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            data = dict(form.cleaned_data)
            store = next((one for one in stores if str(one.pk) == data.pop("store")), None)
            try:
                made = actions.take_in(actor, place, kind=kind, store=store, at=at, **data)
                return flash(redirect(address(made)), f"已收存，编号 {made.number}。" + ("请打印标签贴上。" if sort.family == "key" else ""))
            except Refused as no:
                if no.status == 404:
                    raise
                status = no.status
                blame(form, no)
    return render(request, "custody/new.html", {"form": form, "sort": sort, "kind": kind, "stores": stores, "place": place}, status=status)


@require_safe
def labels(request: HttpRequest) -> HttpResponseBase:
    """Labels to cut out: number, name and the code for a scanner. Nothing private: a label that is found says no address."""
    actor = request.actor  # type: ignore[attr-defined]
    place = here_of(request)
    rows = queries.things(actor).filter(community=place.pk, gone_at__isnull=True)
    if (store := number_in(request.GET.get("store", ""))) is not None:
        rows = rows.filter(store=store).order_by("hook", "number")
    if (one := number_in(request.GET.get("thing", ""))) is not None:
        rows = rows.filter(pk=one)
    found = list(rows[: LABELS + 1])
    shown = [(each, segno.make(outward(reverse("custody:code", args=[each.code])), error="m").svg_data_uri(scale=3, border=1)) for each in found[:LABELS]]
    return render(request, "custody/labels.html", {"labels": shown, "more": len(found) > LABELS, "secret": SECRET, "place": place, "most": LABELS})
