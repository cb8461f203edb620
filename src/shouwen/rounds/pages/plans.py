"""Plans and routes in forms."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from shouwen.duty import queries as duty
from shouwen.kernel.journal import now
from shouwen.kernel.refusals import NotFound, Refused
from shouwen.kernel.screens import blame, flash, render
from shouwen.kernel.words import number_in

from .. import actions, queries, schedule, standard
from ..forms import PlanForm, checks_of, specs_in
from ..models import Check, Plan, Point, Run
from .phone import here_of


@require_safe
def plans(request: HttpRequest) -> HttpResponse:
    """Every plan of the community, those that are off first, with their reasons."""
    actor, place = request.actor, here_of(request)  # type: ignore[attr-defined]
    here = duty.current_directory(place)
    rows = list(queries.plans(actor).filter(community=place.pk))
    shown = [(one, schedule.words(queries.rhythm_of(one)), here.posts[one.post].title if one.post in here.posts else one.post) for one in rows]
    return render(request, "rounds/plans.html", {
        "off": [line for line in shown if line[0].off_at], "on": [line for line in shown if not line[0].off_at], "place": place,
        "may_edit": actor.may("rounds.edit", place.pk), "now": now(), "routes": queries.routes(actor).filter(community=place.pk, retired_at=None).count(),
        "lacking": standard.lacking([one.basis for one in rows]) if actor.may("rounds.edit", place.pk) else [],
    })  # fmt: skip


@require_safe
def plan(request: HttpRequest, pk: int) -> HttpResponse:
    """One plan: what it asks, when it falls due next, its last runs."""
    actor = request.actor  # type: ignore[attr-defined]
    found = queries.plan(actor, pk)
    here = duty.current_directory(found.community_id)
    own = queries.rhythm_of(found)
    coming, at = [], found.next_at
    while at is not None and len(coming) < 6:
        coming.append(at)
        at = own.after(at, queries.works_in(found.community_id))
    return render(request, "rounds/plan.html", {
        "plan": found, "said": schedule.words(own), "coming": coming, "stops": queries.stops(found.route_id) if found.route_id else [],
        "checks": list(found.checks.all()), "runs": list(Run.objects.filter(plan=found).order_by("-due_at")[:20]),
        "post": here.posts[found.post].title if found.post in here.posts else found.post,
        "tells": here.posts[found.tells].title if found.tells in here.posts else "", "may_edit": actor.may("rounds.edit", found.community_id),
    })  # fmt: skip


def edit_plan(request: HttpRequest, pk: int = 0) -> HttpResponse:
    """A new plan (pk 0; ?route= begins with one), or a change from now on."""
    actor = request.actor  # type: ignore[attr-defined]
    found = queries.plan(actor, pk) if pk else None
    place = found.community if found else here_of(request, "rounds.edit")
    if not actor.may("rounds.edit", place.pk):
        raise NotFound
    here = duty.current_directory(place)
    routes = list(queries.routes(actor).filter(community=place.pk, retired_at=None))
    model = None if found else standard.PLANS.get(request.GET.get("standard", ""))
    initial = _initial(found) if found else {"lasts": 30, "grace": 5, "minutes": 30, "starts": "00:00", "ends": "00:00", "times": "09:00", "monthday": 1, "after_days": 7, "route": request.GET.get("route", ""), "weekdays": list("1234567")} | (_model(model) if model else {})
    form = PlanForm(request.POST or None, initial=initial, posts=sorted(((slug, info.title) for slug, info in here.posts.items()), key=lambda pair: pair[1]), routes=routes)
    checks = checks_of(request.POST) if request.method == "POST" else tuple(specs_in(found.checks.all())) if found else model.checks if model else ()
    if request.method == "POST" and form.is_valid():
        chosen = number_in(form.cleaned_data["route"])
        try:
            row = actions.set_plan(
                actor, place, plan=found, route=next((one for one in routes if one.pk == chosen), None), checks=checks, at=now(), **form.given()
            )
            return flash(redirect("rounds:plan", row.pk), f"已保存，下一次 {row.next_at.astimezone(here.zone):%m-%d %H:%M}。" if row.next_at else "已保存。计划仍在停用中。")
        except Refused as no:
            if no.status not in (409, 422):
                raise
            blame(form, no)
    return render(request, "rounds/plan_edit.html", {
        "form": form, "plan": found, "place": place, "checks": checks, "kinds": Check.Kind.choices, "routes": routes, "model": model,
    }, status=422 if form.errors else 200)  # fmt: skip


def _model(model: standard.Standard) -> dict[str, Any]:
    """What an SOP asks for, as the form shows it."""
    given = {name: f"{value:%H:%M}" if name in ("starts", "ends") else value for name, value in model.given.items()}
    return {name: value for name, value in given.items() if name != "checks"}


def _initial(plan: Plan) -> dict[str, Any]:
    names = ("title", "kind", "post", "rhythm", "minutes", "starts", "ends", "times", "monthday", "after_days", "days", "lasts", "grace", "tells", "basis")
    return {name: getattr(plan, name) for name in names} | {"route": str(plan.route_id or ""), "weekdays": list(plan.weekdays)}


@require_POST
def switch(request: HttpRequest, pk: int) -> HttpResponse:
    """Off with a reason, or on again."""
    actor = request.actor  # type: ignore[attr-defined]
    found = queries.plan(actor, pk)
    try:
        if request.POST.get("do") == "on":
            actions.switch_on(actor, found, at=now())
            return flash(redirect("rounds:plan", pk), "已恢复，从现在起照常到时。")
        actions.switch_off(actor, found, reason=request.POST.get("reason", ""), at=now())
    except Refused as no:
        if no.status not in (409, 422):
            raise
        return flash(redirect("rounds:plan", pk), no.message, "warning")
    return flash(redirect("rounds:plan", pk), "已停用。原因会一直显示在今日巡查和计划清单上。", "warning")


@require_safe
def routes(request: HttpRequest) -> HttpResponse:
    actor, place = request.actor, here_of(request)  # type: ignore[attr-defined]
    rows = list(queries.routes(actor).filter(community=place.pk, retired_at=None))
    walked = {one.route_id for one in queries.plans(actor).filter(community=place.pk, off_at=None)}
    return render(request, "rounds/routes.html", {"rows": [(one, one.pk in walked) for one in rows], "place": place, "may_edit": actor.may("rounds.edit", place.pk)})


def edit_route(request: HttpRequest, pk: int = 0) -> HttpResponse:
    """Which points, in which order; and which classes of places the route leaves out. E25.22–E25.26."""
    actor = request.actor  # type: ignore[attr-defined]
    found = queries.route(actor, pk) if pk else None
    place = found.community if found else here_of(request, "rounds.edit" if request.method == "POST" or not pk else "rounds.view")
    may_edit = actor.may("rounds.edit", place.pk)
    if not may_edit and (request.method == "POST" or not found):
        raise NotFound
    problem = ""
    title, ordered = (found.title, found.ordered) if found else ("", False)
    chosen = [stop.point_id for stop in queries.stops(found.pk)] if found else []
    if request.method == "POST":
        title, ordered = request.POST.get("title", ""), bool(request.POST.get("ordered"))
        chosen = [number for text in request.POST.getlist("point")[:500] if (number := number_in(text))]
        try:
            if request.POST.get("do") == "retire" and found:
                actions.retire_route(actor, found, at=now())
                return flash(redirect("rounds:routes"), f"已停用路线「{found.title}」。")
            row = actions.set_route(actor, place, title=title, points=chosen, ordered=ordered, route=found, at=now())
            return flash(redirect("rounds:route", row.pk), f"已保存路线「{row.title}」，{len(set(chosen))} 个点。")
        except Refused as no:
            if no.status not in (409, 422):
                raise
            problem = no.message
    every = list(queries.points(actor).filter(community=place.pk, retired_at=None)[:500])
    known = {point.pk: point for point in every}
    on = [known[number] for number in chosen if number in known]
    scopes = {point.scope for point in on}
    lacking = [label for value, label in Point.Scope.choices[:5] if value not in scopes]
    return render(request, "rounds/route_edit.html", {
        "route": found, "place": place, "title_given": title, "ordered": ordered, "on": on, "rest": [point for point in every if point.pk not in set(chosen)],
        "lacking": lacking if on else [], "problem": problem, "may_edit": may_edit,
        "plans": list(queries.plans(actor).filter(route=found)) if found else [],
    }, status=422 if problem else 200)  # fmt: skip


