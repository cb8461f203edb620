"""护卫集合: the guards' change of shift on the leader's phone, from the roll call to the way back."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from shouwen.kernel.journal import now
from shouwen.kernel.refusals import Refused
from shouwen.kernel.screens import flash, page_of, render

from .. import actions, attendance, queries
from .. import handover as rule
from ..models import Muster
from .attendance import moment_of
from .desk import here_of


def musters(request: HttpRequest) -> HttpResponse:
    """The changes of guard around now, and the record of those before."""
    actor, at = request.actor, now()  # type: ignore[attr-defined]
    community = here_of(request)
    if request.method == "POST":
        starts = moment_of(request.POST.get("starts_at", ""))
        if starts is None:
            raise Refused("请选择要集合的班。")
        row = actions.open_muster(actor, community, starts_at=starts, at=at)
        return flash(redirect("duty:muster", row.pk), "名单已列好，请逐人报数、检查。")
    rows = queries.musters(actor, community.pk)
    page = page_of(rows, request.GET.get("after"), 50)
    begun = set(rows.filter(starts_at__gte=at - queries.AROUND).values_list("starts_at", flat=True))
    here = queries.current_directory(community)
    near = [
        (starts, title, starts - attendance.EARLY) for starts, title in queries.changes_of_guard(community.pk, at)
        if starts not in begun and abs(starts - at) <= attendance.OPENS
    ]  # fmt: skip
    return render(request, "duty/musters.html", {
        "page": page, "rows": list(page), "near": near, "leads": bool(set(actions.LEADERS) & set(here.posts_of(actor.id or 0, at))),
    }, part="list")  # fmt: skip


_SAID = {"save": "已保存。", "lead": "已带队上岗，各岗位请在交接记录上签字。", "back": "换岗完成，已记入值班日志。"}


def muster(request: HttpRequest, pk: int) -> HttpResponse:
    """One assembly: who is there, dressed, equipped; led out, led back."""
    actor, at = request.actor, now()  # type: ignore[attr-defined]
    row = queries.muster(actor, pk)
    if request.method == "POST":
        return flash(redirect("duty:muster", pk), _act(request, row))
    here = queries.current_directory(row.community_id)
    titles = {slug: post.title for slug, post in here.posts.items()}
    guards = [(guard, titles.get(guard.post, guard.post)) for guard in row.guards.all()]
    due = row.starts_at - attendance.EARLY
    there = sum(guard.arrived_at is not None for guard, _ in guards)
    return render(request, "duty/muster.html", {
        "row": row, "guards": guards, "due": due, "there": there, "mine": actor.id == row.leader_id and row.closed_at is None,
        "waiting": queries.unrelieved(row) if row.led_at and not row.closed_at else [], "at": at,
        "late": {guard.pk for guard, _ in guards if guard.arrived_at and guard.arrived_at >= due + rule.PUNCTUAL},
    })  # fmt: skip


def _act(request: HttpRequest, row: Muster) -> str:
    """What the pressed button says; what was ticked is saved first, so that nothing is lost."""
    actor, given, do, at = request.actor, request.POST, request.POST.get("do", "save"), now()  # type: ignore[attr-defined]
    if do not in _SAID:
        raise Refused("没有这个操作，请刷新后再试。")
    if row.led_at is None:
        actions.check_guards(actor, row, guards={
            guard.pk: {
                "arrived": f"arrived-{guard.pk}" in given, "dressed": f"dressed-{guard.pk}" in given, "gear": given.get(f"gear-{guard.pk}", ""),
                "missing": given.get(f"missing-{guard.pk}", ""),
            } for guard in row.guards.all()
        }, remark=given.get("remark", ""), at=at)  # fmt: skip
    if do == "lead":
        actions.lead(actor, row, at=at)
    elif do == "back":
        actions.lead_back(actor, row, at=at)
    return _SAID[do]
