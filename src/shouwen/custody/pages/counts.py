"""Places and their keepers, and the daily count."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from shouwen.duty import queries as duty
from shouwen.kernel.journal import now
from shouwen.kernel.refusals import NotFound, Refused
from shouwen.kernel.screens import blame, flash, page_of, render
from shouwen.kernel.words import number_in
from shouwen.org.models import User

from .. import actions, queries
from ..forms import KeeperForm, StoreForm
from ..kinds import LEAD
from ..models import Count
from .desk import here_of, people_here


def stores(request: HttpRequest) -> HttpResponse:
    """Every place, who answers for it, when it was counted; a new one; another keeper."""
    actor, at = request.actor, now()  # type: ignore[attr-defined]
    place = here_of(request)
    may_keep = actor.may("custody.keep", place.pk)
    form = StoreForm(request.POST if request.POST.get("do") == "store" else None)
    keeper = KeeperForm(request.POST if request.POST.get("do") == "keeper" else None, people=people_here(place.pk))
    wanted = number_in(request.POST.get("store", request.GET.get("store", "")))
    if request.method == "POST":
        if not may_keep:
            raise NotFound
        if request.POST.get("do") not in ("keeper", "store"):
            raise Refused("没有这个操作。请刷新页面后再试。")
        try:
            if request.POST.get("do") == "keeper" and keeper.is_valid():
                store = queries.store(actor, wanted)
                user = User.objects.filter(pk=number_in(keeper.cleaned_data["user"]) or 0).first()
                if user is None:
                    raise Refused("请选择接收的同事。", {"user": "请重新选择。"})
                actions.set_keeper(actor, store, user=user, counted=keeper.cleaned_data["counted"], reason=keeper.cleaned_data["reason"], at=at)
                return flash(redirect("custody:stores"), f"「{store.title}」已由{user.name}保管。")
            if request.POST.get("do") == "store" and form.is_valid():
                data = form.cleaned_data
                made = actions.put_store(actor, place, title=data["title"], holds=data["holds"], hooks=data["hooks"] or 0, at=at)
                return flash(redirect("custody:stores"), f"已设「{made.title}」。")
        except Refused as no:
            if no.status == 404:
                raise
            blame(keeper if request.POST.get("do") == "keeper" else form, no)
    found = queries.stores(actor, place.pk)
    chosen = next((one for one in found if one.pk == wanted), None)
    directory = duty.current_directory(place.pk)
    away = {one.pk: directory.name(directory.stand_in(one.keeper.user_id, at)) for one in found if one.keeper and directory.away(one.keeper.user_id, at)}  # type: ignore[attr-defined]
    return render(request, "custody/stores.html", {
        "stores": [(one, away.get(one.pk, "")) for one in found], "form": form, "keeper": keeper, "chosen": chosen, "may_keep": may_keep, "there": queries.amounts(place.pk),
        "uncounted": {one.pk for one in queries.uncounted(found, at)}, "place": place, "may_work": actor.may("custody.work", place.pk),
        "history": queries.keepings(chosen) if chosen else [],
    }, status=422 if form.errors or keeper.errors else 200)  # fmt: skip


def count(request: HttpRequest, pk: int) -> HttpResponse:
    """The count sheet of one place: every hook, ticked when its key was seen (or scanned); what is out stands there as out."""
    actor, at = request.actor, now()  # type: ignore[attr-defined]
    store = queries.store(actor, pk)
    if not actor.may("custody.work", store.community_id) or (store.holds == "safe" and not actor.may("custody.secret", store.community_id)):
        raise NotFound
    rows = list(queries.here(actor, store.community_id).filter(store=store).order_by("hook", "number")[: actions.MOST_COUNTED])
    refused: Refused | None = None
    if request.method == "POST":
        try:
            found, notes = {}, {}
            for row in rows:
                text = request.POST.get(f"n-{row.pk}", "").strip()
                if text and (number := number_in(text)) is None:
                    raise Refused(f"{row.number} 的点数应为整数。", {f"n-{row.pk}": "应为整数。"})
                if text:
                    found[row.pk] = number or 0
                notes[row.pk] = request.POST.get(f"w-{row.pk}", "")
            seen = {number for one in request.POST.getlist("row")[:5000] if (number := number_in(one)) is not None}
            if seen != {row.pk for row in rows}:
                raise Refused("点的时候柜子里有了变化，请刷新清点表再点。")
            made = actions.count(actor, store, found=found, notes=notes, locked=request.POST.get("locked") == "on", remark=request.POST.get("remark", ""), at=at)
            said = f"「{store.title}」清点完毕，全部相符。" if not made.differing else f"清点完毕，{made.differing} 处不符，已报客服负责人。"
            return flash(redirect("custody:counted", made.pk), said, "warning" if made.differing else "success")
        except Refused as no:
            if no.status == 404:
                raise
            refused = no
    lines = [(row, next((one for one in row.open if one.state == "out"), None), request.POST.get(f"n-{row.pk}", ""), request.POST.get(f"w-{row.pk}", "")) for row in rows]  # type: ignore[attr-defined]
    return render(request, "custody/count.html", {"store": store, "lines": lines, "refused": refused, "at": at, "typed": request.POST}, status=refused.status if refused else 200)


@require_safe
def counts(request: HttpRequest) -> HttpResponse:
    """Every count, the latest first; what nobody counted today stands above."""
    actor, at = request.actor, now()  # type: ignore[attr-defined]
    place = here_of(request)
    page = page_of(queries.counts(actor, place.pk), request.GET.get("after"))
    return render(request, "custody/counts.html", {"page": page, "uncounted": queries.uncounted(queries.stores(actor, place.pk), at), "place": place, "may_work": actor.may("custody.work", place.pk)}, part="list")


def counted(request: HttpRequest, pk: int) -> HttpResponse:
    """One count with its differences; the head says what is done about them."""
    actor, at = request.actor, now()  # type: ignore[attr-defined]
    made: Count = queries.count(actor, pk)
    refused: Refused | None = None
    if request.method == "POST":
        try:
            actions.see_differences(actor, made, remark=request.POST.get("remark", ""), at=at)
            return flash(redirect(reverse("custody:counted", args=[pk])), "已记下处理意见。")
        except Refused as no:
            if no.status == 404:
                raise
            refused = no
    speaks = queries.speaks(actor, LEAD, made.store.community_id, at)
    return render(request, "custody/counted.html", {"count": made, "refused": refused, "speaks": speaks}, status=refused.status if refused else 200)
