"""On the spot, in one hand: what I have to walk now, one round point by point, and what a scanned code means."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST, require_safe

from shouwen.duty import queries as duty
from shouwen.duty.directory import Directory
from shouwen.estate.models import Community
from shouwen.kernel.access import Actor
from shouwen.kernel.journal import now
from shouwen.kernel.refusals import NotFound, Refused
from shouwen.kernel.screens import flash, render
from shouwen.kernel.words import number_in
from shouwen.procedures import attachments
from shouwen.procedures.models import Attachment

from .. import actions, queries
from ..forms import reading_of
from ..models import Halt, Reading, Run


def here_of(request: HttpRequest, may: str = "rounds.view") -> Community:
    """The community of this page; NotFound where the actor may not."""
    community: Any = request.community  # type: ignore[attr-defined]
    return queries.place(request.actor, community.pk if community else None, may)  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Line:
    """One run in the list of a phone."""

    run: Run
    mine: bool
    post: str
    now: bool

    @property
    def share(self) -> int:
        return 100 * self.run.seen // len(self.run.points) if self.run.points else 0


@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """What is to be walked now: my posts' rounds first, then the others'."""
    actor, at, place = request.actor, now(), here_of(request, "rounds.walk")  # type: ignore[attr-defined]
    here = duty.current_directory(place)
    posts = here.posts_of(actor.id, at) if actor.id else frozenset()
    lines = [Line(run, run.post in posts, here.posts[run.post].title if run.post in here.posts else run.post, run.due_at <= at) for run in queries.open_runs(actor, place.pk, at)]
    halts = [(one, here.posts[one.post].title if one.post in here.posts else one.post, one.post in posts or _ends(actor, here, one, at)) for one in queries.halts(place.pk)]
    return render(request, "rounds/mine.html", {
        "own": [line for line in lines if line.mine], "others": [line for line in lines if not line.mine], "halts": halts,
        "walked": queries.walked(actor, place.pk, at), "now": at, "place": place,
    }, part="mine")  # fmt: skip


def _ends(actor: Actor, here: Directory, halt: Halt, at: datetime) -> bool:
    """Whoever stopped the rounds, and those above, are asked to let them go on: they find the button too."""
    return actor.id == halt.by_id or actor.id in here.superior_of(halt.by_id, at)


@require_safe
def walk(request: HttpRequest, pk: int) -> HttpResponse:
    """One round on the phone, whole, so that it goes on without a signal."""
    actor, at = request.actor, now()  # type: ignore[attr-defined]
    run = queries.run(actor, pk)
    if not actor.may("rounds.walk", run.community_id):
        raise NotFound
    return render(request, "rounds/walk.html", _walking(actor, run, at) | {"open_point": number_in(request.GET.get("point")), "code": request.GET.get("code", "")[:60]})


def _walking(actor: Actor, run: Run, at: datetime) -> dict[str, Any]:
    asked = queries.asked(run)
    here = duty.current_directory(run.community_id)
    done = sum(1 for one in asked if one.reading)
    return {
        "run": run, "asked": asked, "done": done, "whole": len(asked), "share": 100 * done // max(len(asked), 1), "now": at,
        "post": here.posts[run.post].title if run.post in here.posts else run.post, "findings": actions.FINDINGS.items(),
    }  # fmt: skip


@require_POST
def record(request: HttpRequest, pk: int) -> HttpResponse:
    """One point of a round, as a plain form: where the phone keeps nothing (no https)."""
    actor, at = request.actor, now()  # type: ignore[attr-defined]
    run = queries.run(actor, pk)
    number = number_in(request.POST.get("point"))
    point = queries.point(actor, number) if number else None
    given = reading_of({name: request.POST.getlist(name) for name in request.POST}, request.POST.get("idempotency_key", "")[:80])
    try:
        row = actions.read(actor, run.community, given=given, run=run, point=point, at=at)
    except Refused as no:
        if no.status != 422:
            raise
        context = _walking(actor, run, at) | {"open_point": number or 0, "problem": no.message, "given": given}
        return render(request, "rounds/walk.html", context, status=422)
    said = "已记下。" if row.good else f"已记下，并开出 {row.ticket_number}。"
    return flash(redirect(reverse("rounds:walk", args=[pk])), said)


@require_safe
def scanned(request: HttpRequest, key: str) -> HttpResponse:
    """The address in a point's code, opened by the phone's own camera: the round that is due there, or the point by itself."""
    actor, at = request.actor, now()  # type: ignore[attr-defined]
    point = queries.points(actor).filter(key=key, retired_at=None).first()
    if point is None or not actor.may("rounds.walk", point.community_id):
        raise NotFound("没有这个点位，或已停用。请向安排巡查的主管核对标签。")
    for run in queries.open_runs(actor, point.community_id, at):
        if point.pk in run.points:
            return redirect(f"{reverse('rounds:walk', args=[run.pk])}?point={point.pk}&code={point.key}#p{point.pk}")
    return redirect(f"{reverse('rounds:look', args=[point.pk])}?code={point.key}")


def look(request: HttpRequest, pk: int) -> HttpResponse:
    """A point by itself, without a round that is due: looked at all the same, and kept."""
    actor, at = request.actor, now()  # type: ignore[attr-defined]
    point = queries.point(actor, pk)
    if not actor.may("rounds.walk", point.community_id):
        raise NotFound
    context: dict[str, Any] = {"one": queries.Asked(point, list(point.checks.all()), None, queries.last_numbers([point.pk])), "findings": actions.FINDINGS.items(), "code": request.GET.get("code", "")[:60]}
    if request.method == "POST":
        given = reading_of({name: request.POST.getlist(name) for name in request.POST}, request.POST.get("idempotency_key", "")[:80])
        try:
            row = actions.read(actor, point.community, given=given, point=point, at=at)
        except Refused as no:
            if no.status != 422:
                raise
            return render(request, "rounds/look.html", context | {"problem": no.message, "given": given}, status=422)
        return flash(redirect("rounds:mine"), "已记下。" if row.good else f"已记下，并开出 {row.ticket_number}。")
    return render(request, "rounds/look.html", context)


@require_POST
def find(request: HttpRequest) -> HttpResponse:
    """A number typed from a label leads where its code would; the evidence stays 「手工」."""
    actor, place = request.actor, here_of(request, "rounds.walk")  # type: ignore[attr-defined]
    point = queries.point_by_code(actor, place.pk, request.POST.get("code", ""))
    if point is None:
        return flash(redirect("rounds:mine"), "没有这个点位编号，请照标签上的编号输入，如 D-0007。", "warning")
    for run in queries.open_runs(actor, place.pk, now()):
        if point.pk in run.points:
            return redirect(f"{reverse('rounds:walk', args=[run.pk])}?point={point.pk}#p{point.pk}")
    return redirect("rounds:look", point.pk)


@require_POST
def alarm(request: HttpRequest) -> HttpResponse:
    """The red button."""
    actor, place = request.actor, here_of(request, "rounds.walk")  # type: ignore[attr-defined]
    told = actions.alarm(actor, place, reason=request.POST.get("reason", ""), where=request.POST.get("where", ""), at=now())
    return flash(redirect("rounds:mine"), f"已通知 {told} 人，本岗巡查暂停计时。先保护好自己和现场。", "danger")


@require_POST
def resume(request: HttpRequest, pk: int) -> HttpResponse:
    """The emergency is over, or others have taken it on."""
    actor, place = request.actor, here_of(request, "rounds.walk")  # type: ignore[attr-defined]
    found = next((one for one in queries.halts(place.pk) if one.pk == pk), None)
    if found is None:
        raise NotFound("巡查已经恢复了。")
    try:
        actions.resume(actor, found, outcome=request.POST.get("outcome", ""), at=now())
    except Refused as no:
        return flash(redirect("rounds:mine"), no.message, "warning")
    return flash(redirect("rounds:mine"), "巡查继续。")


@require_safe
def photo(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """A picture taken on a round, for whoever may see the round."""
    row: Reading | None = queries.readings(request.actor).filter(pk=pk).first() if pk < 2**63 else None  # type: ignore[attr-defined]
    if row is None or not 0 < number <= len(row.photos):
        raise NotFound
    found = Attachment.objects.filter(key=row.photos[number - 1]).first()
    if found is None or found.kind not in attachments.IMAGES:
        raise NotFound
    response = HttpResponse(attachments.shown_of(found), content_type=found.kind)
    response["Content-Disposition"] = content_disposition_header(False, found.name) or "inline"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
