"""Views of the board that people keep, and screens on walls: what is written about them, and how they are read."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from django.db.models import QuerySet

from shouwen.estate.models import Community
from shouwen.kernel.access import Actor
from shouwen.kernel.batch import ask
from shouwen.kernel.journal import Done, action, bookkeeping
from shouwen.kernel.refusals import Forbidden, NotFound, Refused
from shouwen.kernel.words import clean_text
from shouwen.org.actions.accounts import digest_of

from .models import BoardView, Wall

VIEWS: Final = 20
"""Views that one person keeps in one community."""
WALLS: Final = 50
DAYS: Final = (30, 90, 180, 365)
"""How long a link to a screen may be good."""
_SEEN_EVERY: Final = timedelta(minutes=1)


def views(actor: Actor, community_id: int) -> QuerySet[BoardView]:
    """One's own views of a community's board, by name."""
    return BoardView.objects.filter(user_id=actor.id or 0, community_id=community_id).order_by("name")


class View(NamedTuple):
    """A view as the board lists it."""

    pk: int
    name: str
    query: str


def listed(actor: Actor, community_id: int) -> list[View]:
    """As `views`, for the board itself."""
    sql = "SELECT id, name, query FROM procedures_boardview WHERE user_id = %s AND community_id = %s ORDER BY name"
    return [View(*row) for row in ask(sql, (actor.id or 0, community_id))]


@action("board.view_saved", may="tickets.view", says="保存工作台视图「{name}」")
def save_view(actor: Actor, community: Community, /, *, name: str, query: str, at: datetime) -> Done:
    """Keep the filters under a name; the same name again replaces what was kept."""
    if actor.id is None:
        raise Refused("系统没有自己的视图。")
    words = clean_text(name, "视图名称", 20)
    if not words:
        raise Refused("请给视图起个名字，例如：工程部超时。", {"name": "请填写名称"})
    if not query or len(query) > 300:
        raise Refused("请先选好筛选条件或分组，再保存视图。")
    if views(actor, community.pk).exclude(name=words).count() >= VIEWS:
        raise Refused(f"每人最多保存 {VIEWS} 个视图。请先删除不用的。")
    view, _ = BoardView.objects.update_or_create(
        user_id=actor.id, community=community, name=words, defaults={"query": query, "saved_at": at}
    )
    return Done(view, {"name": words, "query": query})


@action("board.view_dropped", may="tickets.view", says="删除工作台视图「{name}」")
def drop_view(actor: Actor, community: Community, /, *, view: int, at: datetime) -> Done:
    found = views(actor, community.pk).filter(pk=view).first()
    if found is None:
        raise NotFound("没有这个视图，可能已经删除。请刷新页面。")
    subject, name = f"procedures.boardview:{found.pk}", found.name
    found.delete()
    return Done(subject, {"name": name})


def walls(actor: Actor, community_id: int) -> QuerySet[Wall]:
    """The screens of a community, the newest first."""
    if not actor.may("settings.edit", community_id):
        raise NotFound
    return Wall.objects.filter(community_id=community_id).order_by("-pk")[:WALLS]


@action("wall.made", may="settings.edit", says="生成大屏链接「{name}」，有效 {days} 天")
def make_wall(actor: Actor, community: Community, /, *, name: str, days: int, at: datetime) -> Done:
    """A link for a screen on a wall. Returns its key, which is kept nowhere: only its digest is."""
    words = clean_text(name, "位置", 40)
    if not words:
        raise Refused("请写明大屏放在哪里，例如：前台背景墙。", {"name": "请填写位置"})
    if days not in DAYS:
        raise Refused("有效期请从列表中选择。", {"days": "请重新选择"})
    if Wall.objects.filter(community=community, revoked_at=None, expires_at__gt=at).count() >= WALLS:
        raise Refused(f"一个小区最多 {WALLS} 个有效的大屏链接。请先停用不用的。")
    key = secrets.token_urlsafe(32)
    wall = Wall.objects.create(
        community=community, name=words, digest=digest_of(key), made_at=at, made_by=actor.name, expires_at=at + timedelta(days=days)
    )
    return Done(wall, {"name": words, "days": days}, result=key)


@action("wall.revoked", may="settings.edit", says="停用大屏链接「{name}」")
def revoke_wall(actor: Actor, community: Community, /, *, wall: int, at: datetime) -> Done:
    found = Wall.objects.filter(pk=wall, community=community).first()
    if found is None:
        raise NotFound("没有这个大屏。请刷新页面。")
    if found.revoked_at is None:
        found.revoked_at, found.revoked_by = at, actor.name
        found.save(update_fields=["revoked_at", "revoked_by"])
    return Done(found, {"name": found.name})


@dataclass(frozen=True, slots=True)
class Screen:
    """A screen that showed a good key: its community, and an actor that sees what a wall may see."""

    wall: Wall
    actor: Actor


def screen_of(key: str, at: datetime) -> Screen:
    """Whose link this is. NotFound for an unknown key, Forbidden for one revoked or too old."""
    found = Wall.objects.select_related("community").filter(digest=digest_of(key)).first() if 20 < len(key) < 100 else None
    if found is None:
        raise NotFound("没有这个大屏。请核对链接，或请管理处重新生成。")
    if found.revoked_at is not None or found.expires_at <= at:
        raise Forbidden("这个大屏链接已停用或已过期。请管理处在「大屏」页重新生成。")
    if found.seen_at is None or at - found.seen_at >= _SEEN_EVERY:
        with bookkeeping("a screen on a wall was seen"):
            Wall.objects.filter(pk=found.pk).update(seen_at=at)
    return Screen(found, Actor(0, "大屏", grants={"tickets.view": frozenset({found.community_id})}, community=found.community_id, channel="wall"))
