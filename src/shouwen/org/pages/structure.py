"""Departments, posts, and what the titles in SOPs mean here."""

from __future__ import annotations

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from shouwen.kernel.access import PERMISSIONS
from shouwen.kernel.journal import now
from shouwen.kernel.refusals import NotFound, Refused
from shouwen.kernel.screens import blame, flash, render

from .. import actions, queries
from ..forms import DepartmentForm, PostForm, TitleForm, local_day
from ..models import Assignment, Department, Post, TitleMap


def posts(request: HttpRequest) -> HttpResponse:
    """Posts with rank and superior and who holds them here; departments with their heads."""
    actor, community = request.actor, request.community  # type: ignore[attr-defined]
    _may_look(request)
    today = local_day(now())
    here = Assignment.objects.filter(Q(community=community.pk) | Q(community=None), user__is_active=True, starts_on__lte=today)
    here = here.filter(Q(ends_on=None) | Q(ends_on__gte=today)).select_related("user", "post", "department").order_by("id")
    holders: dict[str, list[str]] = {}
    heads: dict[int, list[str]] = {}
    for held in here:
        holders.setdefault(held.post.slug, []).append(held.user.name)
        if held.heads and held.department_id:
            heads.setdefault(held.department_id, []).append(held.user.name)
    rows = queries.posts()
    titles = {p.slug: p.title for p in rows}
    departments = Department.objects.filter(Q(community=community.pk) | Q(community=None)).order_by("community_id", "id")
    form = DepartmentForm(request.POST or None)
    may_here = actor.may("org.edit", community.pk)
    if request.method == "POST" and form.is_valid():
        try:
            actions.set_department(actor, community, at=now(), **form.cleaned_data)
            return flash(redirect("org:posts"), "部门已保存。")
        except Refused as no:
            blame(form, no)
    return render(request, "org/posts.html", {
        "lines": [(p, titles.get(p.superior, ""), holders.get(p.slug, [])) for p in rows], "form": form,
        "departments": [(d, heads.get(d.pk, [])) for d in departments], "may_edit": actor.may("org.edit", None), "may_here": may_here,
    }, status=422 if form.errors else 200)  # fmt: skip


def post(request: HttpRequest, slug: str = "") -> HttpResponse:
    """A post: look, and (head office) change or make it."""
    actor = request.actor  # type: ignore[attr-defined]
    _may_look(request)
    row = Post.objects.filter(slug=slug).first() if slug else None
    may_edit = actor.may("org.edit", None)
    if (slug and row is None) or (not slug and not may_edit):
        raise NotFound
    initial = {"rank": 10}
    if row:
        initial = {name: getattr(row, name) for name in ("title", "rank", "superior", "department", "permissions")}
    form = PostForm(request.POST or None, fixed=bool(row), initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            data = {"slug": slug} | form.cleaned_data
            actions.set_post(actor, None, at=now(), **data)
            return flash(redirect("org:posts"), "岗位已保存。")
        except Refused as no:
            blame(form, no)
    granted = [PERMISSIONS[p] for p in PERMISSIONS if row and p in row.permissions]
    return render(request, "org/post.html", {
        "post": row, "form": form, "may_edit": may_edit, "granted": granted,
        "superior": Post.objects.filter(slug=row.superior).first() if row else None,
        "titles": queries.titles(actor, request.community.pk).filter(post=row) if row else [],  # type: ignore[attr-defined]
    }, status=422 if form.errors else 200)  # fmt: skip


def titles(request: HttpRequest) -> HttpResponse:
    """The role map: a title as the SOPs write it → the post that it means here."""
    actor, community = request.actor, request.community  # type: ignore[attr-defined]
    _may_look(request)
    everywhere = actor.may("org.edit", None)
    form = TitleForm(request.POST or None, posts=queries.posts(), head_office=everywhere)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            place = None if data.get("everywhere") else community
            actions.map_title(actor, place, title=data["title"], post=data["post"], at=now())
            return flash(redirect("org:titles"), "称谓对照已保存。")
        except Refused as no:
            blame(form, no)
    rows = list(queries.titles(actor, community.pk))
    own = {row.title for row in rows if row.community_id}
    q = request.GET.get("q", "").strip()[:60]
    shown = [(row, row.community_id is None and row.title in own) for row in rows if q in row.title or q in row.post.title]
    return render(request, "org/titles.html", {
        "lines": shown, "groups": _by_post(shown, community.pk), "form": form, "q": q, "may_edit": actor.may("org.edit", community.pk), "everywhere": everywhere,
    }, part="list", status=422 if form.errors else 200)  # fmt: skip


def _by_post(shown: list[tuple[TitleMap, bool]], community_id: int) -> list[tuple[Post, list[str], list[tuple[TitleMap, bool]]]]:
    """(post, who holds it here today, its titles), the highest rank first."""
    found: dict[int, tuple[Post, list[str], list[tuple[TitleMap, bool]]]] = {}
    for row, overruled in shown:
        found.setdefault(row.post_id, (row.post, [], []))[2].append((row, overruled))
    today = local_day(now())
    held = Assignment.objects.filter(Q(community=community_id) | Q(community=None), post__in=found, user__is_active=True, starts_on__lte=today)
    for post_id, name in held.filter(Q(ends_on=None) | Q(ends_on__gte=today)).order_by("id").values_list("post", "user__name"):
        found[post_id][1].append(name)
    return sorted(found.values(), key=lambda group: (-group[0].rank, group[0].slug))


@require_POST
def unmap(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove a line of the role map."""
    actor, community = request.actor, request.community  # type: ignore[attr-defined]
    _may_look(request)
    line = queries.titles(actor, community.pk).filter(pk=pk).first()
    if line is None:
        raise NotFound
    actions.unmap_title(actor, line.community, line=line, at=now())
    return flash(redirect("org:titles"), f"已删除「{line.title}」的对照。")


def _may_look(request: HttpRequest) -> None:
    community = request.community  # type: ignore[attr-defined]
    if not community or not request.actor.may("org.view", community.pk):  # type: ignore[attr-defined]
        raise NotFound
