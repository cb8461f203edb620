"""Accounts as people, departments, posts, who holds which post, and what the titles in SOPs mean here."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import F, Q

from shouwen.estate.models import Community
from shouwen.kernel.access import PERMISSIONS, Actor
from shouwen.kernel.journal import Done, action, now
from shouwen.kernel.pinyin import Style, lazy_pinyin
from shouwen.kernel.refusals import Forbidden, NotFound, Refused
from shouwen.kernel.secrets import seal_text
from shouwen.kernel.words import clean_text

from .. import standard
from ..models import Assignment, Department, Post, TitleMap, User
from ..queries import CHINA, actors, communities_kept, logins

_SLUG = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*\Z")


def people_changed(community_id: int | None) -> None:
    """Part of any action that changes posts, assignments, roster or leave: raise `people_version` here, or everywhere."""
    here = Community.objects.all() if community_id is None else Community.objects.filter(pk=community_id)
    here.update(people_version=F("people_version") + 1)
    actors.forget()
    communities_kept.forget()


def wanted(text: str, title: str, limit: int, field: str) -> str:
    """Clean words that may not be missing."""
    words = clean_text(text, title, limit, field=field)
    if not words:
        raise Refused(f"请填写{title}。", {field: f"请填写{title}。"})
    return words


def slug_of(text: str, title: str, limit: int, field: str) -> str:
    """A code of small letters, digits and hyphens."""
    slug = wanted(text, title, limit, field).lower()
    if not _SLUG.match(slug):
        raise Refused(f"{title}只能用小写字母、数字和连字符，例如 front-desk。", {field: "只能用小写字母、数字和连字符。"})
    return slug


def checked_password(password: str, user: User, field: str = "password") -> str:
    """A password that meets the rules (12 characters or more, not common, not like the name)."""
    if len(password) > 128:
        raise Refused("密码最多 128 个字符。", {field: "最多 128 个字符。"})
    try:
        validate_password(password, user)
    except ValidationError as no:
        text = "".join(no.messages)
        raise Refused(f"密码不合要求：{text}", {field: text}) from None
    return password


def must_manage(actor: Actor, user: User) -> None:
    """Accounts that reach beyond the actor's communities are not theirs to change: no local way to a head-office login."""
    places = actor.places("org.edit")
    if places is None:
        return
    held = set(user.assignments.filter(Q(ends_on=None) | Q(ends_on__gte=today(now()))).values_list("community_id", flat=True))
    if not held <= places:
        raise Forbidden(f"{user.name}在总部或其他小区任职，账号须由总部的系统管理员管理。")


def today(at: datetime) -> date:
    return at.astimezone(CHINA).date()


# --- people --------------------------------------------------------------------------------------------------------


@action("user.added", may="org.edit", says="新建账号 {username}（{name}）")
def add_user(
    actor: Actor, place: Any, /, *, username: str, name: str, password: str, email: str = "", phone: str = "",
    must_change_password: bool = True, hashed: str = "", at: datetime | None = None,
) -> Done:  # fmt: skip
    """Make an account; it can do nothing until a post is assigned. Returns the User.

    `hashed` is the same password already hashed, for many accounts at once (hashing is slow on purpose).
    """
    username = slug_of(username, "用户名", 40, "username")
    name = wanted(name, "姓名", 60, "name")
    if User.objects.filter(username=username).exists():
        raise Refused(f"用户名「{username}」已被使用，请另选一个。", {"username": "已被使用，请另选一个。"})
    user = User(username=username, name=name, must_change_password=must_change_password)
    _put(user, name, email, phone)
    checked_password(password, user)
    if hashed:
        user.password = hashed
    else:
        user.set_password(password)
    user.save()
    return Done(user, {"username": username, "name": name})


@action("user.hired", may="org.edit", says="新员工 {name} 建档任职")
def hire(actor: Actor, place: Any, /, *, person: dict[str, Any], held: dict[str, Any], at: datetime | None = None) -> Done:
    """A new account together with its first post: both or neither. `held` is what `assign` takes, with `place`."""
    user = add_user(actor, place, **person, at=at)
    assign(actor, held["place"], user=user, **{name: value for name, value in held.items() if name != "place"}, at=at)
    return Done(user, {"name": user.name, "username": user.username})


@action("user.changed", may="org.edit", says="修改人员资料 {username}（{name}）")
def change_user(
    actor: Actor, place: Any, /, *, user: User, name: str, email: str = "", phone: str | None = None,
    at: datetime | None = None,
) -> Done:  # fmt: skip
    """Change name, mail and (when given) phone."""
    must_manage(actor, user)
    old = user.name
    _put(user, wanted(name, "姓名", 60, "name"), email, phone)
    user.save(update_fields=["name", "initials", "email", "phone_sealed"])
    people_changed(None)
    return Done(user, {"username": user.username, "name": user.name, "old_name": old})


def _put(user: User, name: str, email: str, phone: str | None) -> None:
    email = clean_text(email, "邮箱", 254, field="email")
    if email:
        try:
            validate_email(email)
        except ValidationError:
            raise Refused("邮箱格式不对，例如 lijing@example.com。", {"email": "格式不对。"}) from None
    user.name, user.email = name, email
    user.initials = "".join(lazy_pinyin(name, style=Style.FIRST_LETTER, errors="ignore"))[:30].lower()
    if phone is not None:
        digits = clean_text(phone, "手机", 30, field="phone")
        user.phone_sealed = seal_text(digits) if digits else b""


@action("user.stopped", may="org.edit", says="停用账号 {username}（{name}）：{reason}")
def stop_user(actor: Actor, place: Any, /, *, user: User, reason: str, at: datetime | None = None) -> Done:
    """Stop an account: every session and token of it is dead at once, its posts are vacant for the directory."""
    must_manage(actor, user)
    if user.pk == actor.id:
        raise Refused("不能停用自己的账号。请由另一位管理员办理。")
    reason = wanted(reason, "停用原因", 200, "reason")
    user.is_active, user.epoch = False, user.epoch + 1
    user.save(update_fields=["is_active", "epoch"])
    logins.forget()
    people_changed(None)
    return Done(user, {"username": user.username, "name": user.name, "reason": reason})


@action("user.started", may="org.edit", says="恢复账号 {username}（{name}）")
def start_user(actor: Actor, place: Any, /, *, user: User, at: datetime | None = None) -> Done:
    """Make a stopped account usable again."""
    must_manage(actor, user)
    user.is_active = True
    user.save(update_fields=["is_active"])
    people_changed(None)
    return Done(user, {"username": user.username, "name": user.name})


@action("user.exported", may="org.view", says="导出{title}（{rows} 行；{filters}）")
def export_staff(actor: Actor, place: int | None, /, *, title: str, rows: int, filters: str, at: datetime | None = None) -> Done:
    """The line of an export; what is exported is what the register shows."""
    return Done("org.user:all", {"title": title, "rows": rows, "filters": filters})


# --- departments and posts -----------------------------------------------------------------------------------------


@action("org.department_set", may="org.edit", says="设置部门 {title}")
def set_department(actor: Actor, place: Community | None, /, *, slug: str, title: str, at: datetime | None = None) -> Done:
    """Make or rename a department of a community (None = head office). Returns the Department."""
    slug, title = slug_of(slug, "部门代号", 40, "slug"), wanted(title, "部门名称", 60, "title")
    row, _ = Department.objects.update_or_create(community=place, slug=slug, defaults={"title": title})
    people_changed(place.pk if place else None)
    return Done(row, {"slug": slug, "title": title})


@action("org.post_set", may="org.edit", says="设置岗位 {title}（级别 {rank}）")
def set_post(
    actor: Actor, place: None, /, *, slug: str, title: str, rank: int, superior: str = "", department: str = "",
    permissions: list[str], at: datetime | None = None,
) -> Done:  # fmt: skip
    """Make or change a post; posts are the same everywhere, so this needs the permission everywhere. Returns the Post."""
    slug, title = slug_of(slug, "岗位代号", 40, "slug"), wanted(title, "岗位名称", 60, "title")
    if not 0 <= rank <= 1000:
        raise Refused("级别应为 0 至 1000 的整数。", {"rank": "应为 0 至 1000 的整数。"})
    unknown = [p for p in permissions if p not in PERMISSIONS or p == "system"]
    if unknown:
        raise Refused("权限选择有误，请刷新页面后重新勾选。", {"permissions": "有不存在的权限。"})
    if superior:
        _no_circle(slug, superior)
    post, _ = Post.objects.update_or_create(
        slug=slug,
        defaults={
            "title": title, "rank": rank, "superior": superior, "department": department,
            "permissions": sorted(set(permissions)),
        },
    )  # fmt: skip
    people_changed(None)
    return Done(post, {"slug": slug, "title": title, "rank": rank, "superior": superior, "permissions": post.permissions})


def _no_circle(slug: str, superior: str) -> None:
    above = dict(Post.objects.values_list("slug", "superior"))
    if superior not in above:
        raise Refused("没有这个上级岗位，请重新选择。", {"superior": "没有这个岗位。"})
    seen: set[str] = set()
    step = superior
    while step and step not in seen:
        if step == slug:
            raise Refused("上级关系成了循环：所选上级归本岗位管。请改选。", {"superior": "与本岗位互为上级。"})
        seen.add(step)
        step = above.get(step, "")


# --- who holds which post ------------------------------------------------------------------------------------------


@action("org.assigned", may="org.edit", says="任职：{name} 任 {post}，{starts_on} 起")
def assign(
    actor: Actor, place: Community | None, /, *, user: User, post: str, department: str = "", heads: bool = False,
    starts_on: date, ends_on: date | None = None, at: datetime | None = None,
) -> Done:  # fmt: skip
    """Give somebody a post in a community, or (None) at head office over all. `department` defaults to the post's own."""
    row = Post.objects.filter(slug=post).first()
    if row is None:
        raise Refused("没有这个岗位，请重新选择。", {"post": "没有这个岗位。"})
    if ends_on is not None and ends_on < starts_on:
        raise Refused("结束日期早于开始日期，请更正。", {"ends_on": "不能早于开始日期。"})
    if actor.places("org.edit") is not None:
        beyond = [p for p in row.permissions if not actor.may(p, place.pk if place else None)]
        if beyond:
            raise Forbidden(f"「{row.title}」的权限超出您自己的权限，不能由您任命。请联系总部的系统管理员。")
    same = Assignment.objects.filter(user=user, post=row, community=place, starts_on__lte=ends_on or date.max)
    if same.filter(Q(ends_on=None) | Q(ends_on__gte=starts_on)).exists():
        raise Refused(f"{user.name}在这段时间已经担任{row.title}，无需重复登记。")
    slug = department or row.department
    home = Department.objects.filter(community=place, slug=slug).first() if slug else None
    if department and home is None:
        raise Refused("没有这个部门，请重新选择。", {"department": "没有这个部门。"})
    if heads and home is None:
        raise Refused("部门负责人须先选择部门。", {"department": "请选择部门。"})
    held = Assignment.objects.create(
        user=user, post=row, community=place, department=home, heads=heads, starts_on=starts_on, ends_on=ends_on
    )
    people_changed(place.pk if place else None)
    return Done(held, {
        "user": user.pk, "name": user.name, "post": row.title, "starts_on": starts_on.isoformat(),
        "ends_on": ends_on and ends_on.isoformat(), "heads": heads,
    })  # fmt: skip


@action("org.assignment_ended", may="org.edit", says="卸任：{name} 不再任 {post}，至 {ends_on}")
def end_assignment(actor: Actor, held: Assignment, /, *, ends_on: date, at: datetime | None = None) -> Done:
    """End an assignment after this day."""
    if held.ends_on is not None and held.ends_on < ends_on:
        raise Refused("该任职在所选日期之前已经结束，无需再改。")
    held.ends_on = ends_on
    held.save(update_fields=["ends_on"])
    people_changed(held.community_id)
    return Done(held, {"name": held.user.name, "post": held.post.title, "ends_on": ends_on.isoformat()})


# --- the role map --------------------------------------------------------------------------------------------------


@action("org.title_mapped", may="org.edit", says="称谓对照：「{title}」即 {post}")
def map_title(actor: Actor, place: Community | None, /, *, title: str, post: str, at: datetime | None = None) -> Done:
    """Say which post a title in an SOP means, here or (None) everywhere. Returns the TitleMap."""
    title = wanted(title, "文件中的称谓", 60, "title")
    row = Post.objects.filter(slug=post).first()
    if row is None:
        raise Refused("没有这个岗位，请重新选择。", {"post": "没有这个岗位。"})
    line, _ = TitleMap.objects.update_or_create(community=place, title=title, defaults={"post": row})
    return Done(line, {"title": title, "post": row.title})


@action("org.title_unmapped", may="org.edit", says="删除称谓对照「{title}」")
def unmap_title(actor: Actor, place: Community | None, /, *, line: TitleMap, at: datetime | None = None) -> Done:
    """Remove a line of the role map; the line for everywhere, if any, holds again."""
    if line.community_id != (place.pk if place else None):
        raise NotFound
    done = Done(f"org.titlemap:{line.pk}", {"title": line.title})
    line.delete()
    return done


@action("org.standard_loaded", may="org.edit", says="载入标准岗位与称谓对照：{posts} 个岗位、{titles} 个称谓")
def load_standard(actor: Actor, place: None, /, *, at: datetime | None = None) -> Done:
    """Put the standard departments of head office, posts and role map in place. What exists is left as it is."""
    for slug, title in standard.HEAD_OFFICE.items():
        Department.objects.get_or_create(community=None, slug=slug, defaults={"title": title})
    for post in standard.POSTS:
        Post.objects.get_or_create(slug=post.slug, defaults={
            "title": post.title, "rank": post.rank, "superior": post.superior, "department": post.department,
            "permissions": sorted(post.permissions),
        })  # fmt: skip
    rows = {row.slug: row for row in Post.objects.all()}
    for title, slug in standard.TITLES.items():
        TitleMap.objects.get_or_create(community=None, title=title, defaults={"post": rows[slug]})
    people_changed(None)
    return Done("org.post:standard", {"posts": len(standard.POSTS), "titles": len(standard.TITLES)})
