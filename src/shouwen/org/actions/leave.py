"""Leave and delegation: while A is away, B acts for A, or nobody does and the directory falls to the superior."""

from __future__ import annotations

from datetime import datetime

from shouwen.estate.models import Community
from shouwen.kernel.access import Actor
from shouwen.kernel.journal import Done, action
from shouwen.kernel.refusals import Forbidden, NotFound, Refused

from ..models import Assignment, Delegation, User
from ..queries import CHINA
from .people import people_changed, wanted


@action("org.delegated", may="org.delegate", says="{name} {starts_at}至{ends_at}不在岗（{reason}），由{to}代理")
def delegate(
    actor: Actor, place: Community | None, /, *, user: User, to: User | None = None, starts_at: datetime,
    ends_at: datetime, reason: str, at: datetime | None = None,
) -> Done:  # fmt: skip
    """Register leave in a community (None = everywhere), from–to, with a stand-in or without. Returns the Delegation."""
    reason = wanted(reason, "事由", 200, "reason")
    if ends_at <= starts_at:
        raise Refused("结束时间应晚于开始时间，请更正。", {"ends_at": "应晚于开始时间。"})
    if to is not None and to.pk == user.pk:
        raise Refused("代理人不能是请假人自己，请改选。", {"to": "不能是请假人自己。"})
    if not user.is_active or (to is not None and not to.is_active):
        raise Refused("所选员工的账号已停用，请改选。", {"to": "账号已停用。"})
    if user.pk != actor.id:
        _must_cover(actor, user, place)
    if place is not None:
        _works_here(user, place, "user")
        if to is not None:
            _works_here(to, place, "to")
    overlapping = Delegation.objects.filter(user=user, community=place, starts_at__lt=ends_at, ends_at__gt=starts_at, ended_at=None)
    if other := overlapping.first():
        raise Refused(f"{user.name}已登记 {_short(other.starts_at)} 至 {_short(other.ends_at)} 不在岗。请先结束原登记，或改选时间。")
    row = Delegation.objects.create(community=place, user=user, to=to, starts_at=starts_at, ends_at=ends_at, reason=reason)
    people_changed(place.pk if place else None)
    return Done(row, {
        "user": user.pk, "name": user.name, "to": to.name if to else "上级", "to_id": to and to.pk,
        "starts_at": _short(starts_at), "ends_at": _short(ends_at), "reason": reason,
    })  # fmt: skip


@action("org.delegation_ended", may="org.delegate", says="{name}回岗，代理提前结束")
def end_delegation(actor: Actor, row: Delegation, /, *, at: datetime) -> Done:
    """The person is back before the time (or the leave is called off)."""
    if row.ended_at is not None or row.ends_at <= at:
        raise Refused("这条请假已经结束，无需再改。")
    row.ended_at = at
    row.save(update_fields=["ended_at"])
    people_changed(row.community_id)
    return Done(row, {"name": row.user.name})


def _must_cover(actor: Actor, user: User, place: Community | None) -> None:
    """Nobody lends out rights beyond their own, or they could name themself the stand-in of the director."""
    here = place.pk if place else None
    held = Assignment.objects.filter(user=user).select_related("post")
    wider = [
        a.post.title for a in held
        if (place is None or a.community_id in (None, here)) and any(not actor.may(p, here) for p in a.post.permissions)
    ]  # fmt: skip
    if wider:
        raise Forbidden(f"{user.name}（{wider[0]}）的权限超出您自己的权限，其请假须由本人或更高级别的人员登记。")


def _works_here(user: User, place: Community, field: str) -> None:
    here = Assignment.objects.filter(user=user, community=place) | Assignment.objects.filter(user=user, community=None)
    if not here.exists():
        raise NotFound(f"没有找到员工「{user.username}」，或其不在本小区任职。请核对后重试。")


def _short(at: datetime) -> str:
    return f"{at.astimezone(CHINA):%Y-%m-%d %H:%M}"
