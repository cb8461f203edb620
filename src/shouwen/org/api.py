"""The JSON interface of this area, below /api/v1/org/."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema

from shouwen.kernel.refusals import NotFound

from . import queries

router = Router()


class Me(Schema):
    username: str = Field(title="用户名")
    name: str = Field(title="姓名")
    post: str = Field(title="岗位")
    posts: list[str] = Field(title="岗位代号")
    community: str | None = Field(title="当前小区代号")
    communities: list[str] = Field(title="可见小区代号")
    permissions: list[str] = Field(title="权限")


class Held(Schema):
    post: str = Field(title="岗位代号")
    title: str = Field(title="岗位")
    community: str | None = Field(title="小区代号，空为总部")
    department: str | None = Field(title="部门")
    heads: bool = Field(title="部门负责人")
    starts_on: str = Field(title="开始日期")
    ends_on: str | None = Field(title="结束日期")


class Employee(Schema):
    id: int = Field(title="编号")
    username: str = Field(title="用户名")
    name: str = Field(title="姓名")
    active: bool = Field(title="在用")


class EmployeeDetail(Employee):
    held: list[Held] = Field(title="任职")


@router.get("/me", response=Me, summary="本人")
def me(request: HttpRequest) -> dict[str, object]:
    """Who this session or token acts as, and with which permissions here."""
    actor, community = request.actor, request.community  # type: ignore[attr-defined]
    user = queries.person_by_id(actor.id)
    return {
        "username": user.username, "name": actor.name, "post": actor.post, "posts": sorted(actor.posts),
        "community": community.slug if community else None, "communities": [c.slug for c in queries.places_of(actor)],
        "permissions": sorted(p for p in actor.grants if actor.may(p, community.pk if community else None)),
    }  # fmt: skip


@router.get("/staff", response=list[Employee], summary="员工")
def staff(
    request: HttpRequest, q: str = Query("", max_length=60, title="查找"), limit: int = Query(50, ge=1, le=200, title="条数")
) -> list[dict[str, object]]:
    """Staff whom the caller may see, by name, initials or user name."""
    rows = queries.staff(request.actor, q)[:limit]  # type: ignore[attr-defined]
    return [{"id": u.pk, "username": u.username, "name": u.name, "active": u.is_active} for u in rows]


@router.get("/staff/{username}", response=EmployeeDetail, summary="一名员工")
def employee(request: HttpRequest, username: str) -> dict[str, object]:
    """One person with the posts that the caller may see."""
    actor = request.actor  # type: ignore[attr-defined]
    if "\x00" in username:
        raise NotFound
    user = queries.person(actor, username)
    return {
        "id": user.pk, "username": user.username, "name": user.name, "active": user.is_active,
        "held": [{
            "post": h.post.slug, "title": h.post.title, "community": h.community.slug if h.community else None,
            "department": h.department.slug if h.department else None, "heads": h.heads,
            "starts_on": h.starts_on.isoformat(), "ends_on": h.ends_on.isoformat() if h.ends_on else None,
        } for h in queries.assignments_of(actor, user)],
    }  # fmt: skip
