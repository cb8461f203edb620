"""People: the register, a person with posts and leave, and what an administrator does to an account."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from shouwen.estate.models import Community
from shouwen.kernel.access import Actor
from shouwen.kernel.exports import export
from shouwen.kernel.journal import now
from shouwen.kernel.refusals import Forbidden, NotFound, Refused
from shouwen.kernel.registers import EXPORT_LIMIT
from shouwen.kernel.screens import blame, flash, page_of, render
from shouwen.kernel.secrets import open_text

from .. import actions, queries
from ..forms import AssignForm, ChangeUserForm, EndForm, ReasonForm, ResetForm, SkillsForm, TrainingForm, UserForm, local_day
from ..models import Assignment, User


def staff(request: HttpRequest) -> HttpResponseBase:
    """The staff register: found by name, initials, user name; narrowed by post; here or everywhere."""
    actor, community = request.actor, request.community  # type: ignore[attr-defined]
    today = local_day(now())
    current = Assignment.objects.filter(starts_on__lte=today).filter(Q(ends_on=None) | Q(ends_on__gte=today))
    q, post, place = (request.GET.get(name, "").strip()[:60] for name in ("q", "post", "place"))
    rows = queries.staff(actor, q)
    if place != "all" and community:
        current = current.filter(Q(community=community.pk) | Q(community=None))
        if not (q or actor.may("org.edit", None)) or post:
            rows = rows.filter(pk__in=current.values("user"))
    if post:
        rows = rows.filter(pk__in=current.filter(post__slug=post).values("user"))
    if request.GET.get("format") == "xlsx":
        posts = {one.slug: one.title for one in queries.posts()}
        return _workbook(actor, rows, current, {"关键词": q, "岗位": posts.get(post, ""), "范围": "全部可见" if place == "all" else "本小区和总部"})
    page = page_of(rows, request.GET.get("after"))
    held = _posts_of(actor, current, [user.pk for user in page])
    return render(request, "org/staff.html", {
        "page": page, "lines": [(user, held.get(user.pk, [])) for user in page], "q": q, "post": post, "place": place,
        "posts": queries.posts(), "may_edit": bool(actor.grants.get("org.edit")), "narrowed": bool(q or post or place == "all"),
    }, part="list")  # fmt: skip


def _posts_of(actor: Actor, current: QuerySet[Assignment], users: list[int]) -> dict[int, list[Assignment]]:
    """Their posts as far as this person may see them, the highest first."""
    held: dict[int, list[Assignment]] = {}
    for row in current.filter(user__in=users).select_related("post", "community", "department").order_by("-post__rank"):
        if row.community_id is None or actor.may("org.view", row.community_id):
            held.setdefault(row.user_id, []).append(row)
    return held


def _workbook(actor: Actor, rows: QuerySet[User], current: QuerySet[Assignment], filters: dict[str, str]) -> FileResponse:
    """A line for each post that somebody holds; without telephone or mail, as the register."""
    found = list(rows[: EXPORT_LIMIT + 1])
    held = _posts_of(actor, current, [user.pk for user in found]) if len(found) <= EXPORT_LIMIT else {}
    lines: list[list[object]] = []
    for user in found:
        state = "在用" if user.is_active else "已停用"
        lines += [
            [user.name, user.username, one.post.title, one.community.name if one.community else "总部",
             one.department.title if one.department else "", "负责人" if one.heads else "", state] for one in held.get(user.pk, [])
        ] or [[user.name, user.username, "", "", "", "", state]]  # fmt: skip

    def log(_: object, **facts: object) -> None:
        actions.export_staff(actor, actor.community, at=now(), **facts)

    heads = ["姓名", "用户名", "岗位", "小区", "部门", "负责", "状态"]
    return export(actor, title="组织与人员", heads=heads, rows=lines, filters=filters, log=log)


def person(request: HttpRequest, username: str) -> HttpResponse:
    """A person: posts, leave, account."""
    return _person(request, queries.person(request.actor, username))  # type: ignore[attr-defined]


def _person(request: HttpRequest, user: User, status: int = 200, **forms: object) -> HttpResponse:
    actor = request.actor  # type: ignore[attr-defined]
    at = now()
    may_edit = bool(actor.grants.get("org.edit"))
    return render(request, "org/person.html", {
        "person": user, "held": list(queries.assignments_of(actor, user)), "today": local_day(at), "now": at,
        "leave": queries.delegations(actor).filter(Q(user=user) | Q(to=user))[:20], "may_edit": may_edit,
        "places_edit": actor.places("org.edit"), "phone": open_text(user.phone_sealed) if user.phone_sealed else "",
        "assign_form": _assign_form(request) if may_edit else None, **_skilled(request, user, may_edit),
        "change_form": ChangeUserForm(initial={"name": user.name, "email": user.email}, auto_id="change_%s"),
        "reset_form": ResetForm(auto_id="reset_%s"), "reason_form": ReasonForm(auto_id="reason_%s"), **forms,
    }, status=status)  # fmt: skip


def _skilled(request: HttpRequest, user: User, may_edit: bool) -> dict[str, object]:
    """What the person is able to do and was trained in, with the forms to say so."""
    actor, community = request.actor, request.community  # type: ignore[attr-defined]
    known = queries.skill_list(actor, community.pk) if community and actor.may("org.view", community.pk) else None
    held = queries.skills_of(actor, user)
    edits = may_edit and known is not None and actor.may("org.edit", community.pk)
    return {
        "skills": held, "known_skills": known, "trainings": list(queries.trainings(actor, user)[:50]), "may_skill": edits,
        "skills_form": SkillsForm(skills=known, initial={"skills": held}, auto_id="skills_%s") if edits else None,
        "training_form": TrainingForm(initial={"held_on": local_day(now())}, auto_id="training_%s") if edits else None,
    }  # fmt: skip


def _assign_form(request: HttpRequest, sent: object = None) -> AssignForm:
    """The form for a post, as sent or empty: from today, in the community on screen."""
    community = request.community  # type: ignore[attr-defined]
    initial = {"starts_on": local_day(now()), "place": str(community.pk if community else 0)}
    return AssignForm(sent, actor=request.actor, initial=initial)  # type: ignore[attr-defined]


def _place(request: HttpRequest, permission: str = "org.edit") -> Community | None:
    """The place in which this person edits: everywhere for head office, else the community on screen."""
    return None if request.actor.may(permission, None) else request.community or None  # type: ignore[attr-defined]


def add(request: HttpRequest) -> HttpResponse:
    """A new account, with its first post."""
    actor = request.actor  # type: ignore[attr-defined]
    if not actor.grants.get("org.edit"):
        raise NotFound
    form = UserForm(request.POST or None)
    posts = _assign_form(request, request.POST or None)
    if request.method == "POST" and form.is_valid() & posts.is_valid():
        try:
            actions.hire(actor, _place(request), person=form.cleaned_data, held=_held(posts), at=now())
            return flash(redirect("org:person", form.cleaned_data["username"].lower()), "账号已建立。请把初始密码当面告诉本人。")
        except Refused as no:
            blame(posts if set(no.fields) & set(posts.fields) else form, no)
    return render(request, "org/person_new.html", {"form": form, "posts": posts}, status=422 if form.errors or posts.errors else 200)


def _held(form: AssignForm) -> dict[str, object]:
    """What `assign` takes, from its form: place 0 = head office."""
    data = dict(form.cleaned_data)
    pk = int(data.pop("place"))
    return data | {"place": Community.objects.get(pk=pk) if pk else None}


@require_POST
def assign(request: HttpRequest, username: str) -> HttpResponse:
    """Give this person a post."""
    actor = request.actor  # type: ignore[attr-defined]
    user = queries.person(actor, username)
    form = AssignForm(request.POST, actor=actor)
    if form.is_valid():
        try:
            held = _held(form)
            actions.assign(actor, held.pop("place"), user=user, at=now(), **held)
            return flash(redirect("org:person", username), "任职已登记。")
        except Refused as no:
            blame(form, no)
    return _person(request, user, 422, assign_form=form)


@require_POST
def end_assignment(request: HttpRequest, username: str, pk: int) -> HttpResponse:
    """This person leaves a post."""
    actor = request.actor  # type: ignore[attr-defined]
    user = queries.person(actor, username)
    held = queries.assignments_of(actor, user).filter(pk=pk).first()
    if held is None:
        raise NotFound
    form = EndForm(request.POST)
    if not form.is_valid():
        raise Refused("请填写最后一天的日期。", {"ends_on": "请填写日期。"})
    actions.end_assignment(actor, held, ends_on=form.cleaned_data["ends_on"], at=now())
    return flash(redirect("org:person", username), "卸任已登记。")


@require_POST
def skills(request: HttpRequest, username: str) -> HttpResponse:
    """Say what this person is able to do here."""
    actor, community = request.actor, request.community  # type: ignore[attr-defined]
    user = queries.person(actor, username)
    form = SkillsForm(request.POST, skills=queries.skill_list(actor, community.pk), auto_id="skills_%s")
    if not form.is_valid():
        return _person(request, user, 422, skills_form=form)
    actions.set_skills(actor, community, user=user, skills=list(form.cleaned_data["skills"]), at=now())
    return flash(redirect("org:person", username), "技能已保存。")


@require_POST
def trained(request: HttpRequest, username: str) -> HttpResponse:
    """Enter a training."""
    actor = request.actor  # type: ignore[attr-defined]
    user = queries.person(actor, username)
    form = TrainingForm(request.POST, auto_id="training_%s")
    if form.is_valid():
        try:
            actions.record_training(actor, _place(request), user=user, at=now(), **form.cleaned_data)
            return flash(redirect("org:person", username), "培训已登记。")
        except Forbidden:
            raise
        except Refused as no:
            blame(form, no)
    return _person(request, user, 422, training_form=form)


@require_POST
def untrained(request: HttpRequest, username: str, pk: int) -> HttpResponse:
    """Take a wrong entry out, with the reason."""
    actor = request.actor  # type: ignore[attr-defined]
    training = queries.trainings(actor, queries.person(actor, username)).filter(pk=pk).first()
    if training is None:
        raise NotFound
    actions.remove_training(actor, _place(request), training=training, reason=request.POST.get("reason", ""), at=now())
    return flash(redirect("org:person", username), "培训记录已删除，原因记入操作日志。")


@require_POST
def change(request: HttpRequest, username: str, what: str) -> HttpResponse:
    """Change the account: profile, password, one-time code, lock, stop, start."""
    actor, at = request.actor, now()  # type: ignore[attr-defined]
    user, place = queries.person(actor, username), _place(request)
    form = {"profile": ChangeUserForm, "reset": ResetForm, "code": ReasonForm, "stop": ReasonForm}.get(what, EmptyForm)(
        request.POST, auto_id=f"{what}_%s"
    )
    shown = {"profile": "change_form", "reset": "reset_form"}.get(what, "reason_form")
    if form.is_valid():
        data = form.cleaned_data
        try:
            match what:
                case "profile":
                    phone = data["phone"] or None
                    actions.change_user(actor, place, user=user, name=data["name"], email=data["email"], phone=phone, at=at)
                case "reset":
                    actions.reset_password(actor, place, user=user, password=data["password"], at=at)
                case "code":
                    actions.clear_totp(actor, place, user=user, reason=data["reason"], at=at)
                case "stop":
                    actions.stop_user(actor, place, user=user, reason=data["reason"], at=at)
                case "start":
                    actions.start_user(actor, place, user=user, at=at)
                case "unlock":
                    actions.unlock(actor, place, user=user, at=at)
                case _:
                    raise NotFound
            return flash(redirect("org:person", username), _SAID[what])
        except NotFound:
            raise
        except Refused as no:
            if not form.fields:
                raise
            blame(form, no)
    return _person(request, user, 422, **{shown: form, "tried": what})


class EmptyForm(UserForm):
    """Nothing to fill in: a button."""

    username = name = email = phone = password = None  # type: ignore[assignment]


_SAID = {
    "profile": "资料已保存。", "reset": "密码已重设，请把临时密码当面告诉本人。", "code": "动态口令已清除。",
    "stop": "账号已停用，所有登录已失效。", "start": "账号已恢复。", "unlock": "登录锁定已解除。",
}  # fmt: skip
