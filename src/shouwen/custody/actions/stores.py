"""Places where things stand, and who answers for them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from shouwen.duty import queries as duty_queries
from shouwen.kernel.access import Actor
from shouwen.kernel.journal import Done, action
from shouwen.kernel.refusals import Conflict
from shouwen.kernel.words import clean_text
from shouwen.org.models import User
from shouwen.org.queries import actor_for

from .. import queries
from ..kinds import CLASSES, KINDS, kinds_in
from ..models import Keeping, Store, Thing
from .words import no, wanted

MOST_HOOKS = 600


@action("custody.store_put", may="custody.keep", says="设存放处「{title}」（{holds}，{hooks} 个挂钩）")
def put_store(actor: Actor, community: Any, /, *, title: str, holds: str, hooks: int = 0, at: datetime) -> Done:
    """A cabinet or shelf for one class of things; the same name again changes the number of its hooks."""
    words = wanted(title, "名称", 40, "title")
    if holds not in CLASSES:
        raise no("holds", "请选择存放类别。")
    if not 0 <= hooks <= MOST_HOOKS:
        raise no("hooks", f"挂钩数应在 0 到 {MOST_HOOKS} 之间，0 表示不编号。")
    row, made = Store.objects.get_or_create(community_id=community.pk, title=words, defaults={"holds": holds, "hooks": hooks})
    if not made:
        if row.holds != holds:
            raise Conflict(f"「{words}」已是{row.get_holds_display()}。存放类别不能改，请另起名称。")
        used = Thing.objects.filter(store=row, gone_at__isnull=True, hook__gt=hooks).count() if hooks else 0
        if used:
            raise no("hooks", f"第 {hooks} 号以后还挂着 {used} 件，请先移走。")
        row.hooks = hooks
        row.save(update_fields=["hooks"])
    return Done(row, {"title": words, "holds": row.get_holds_display(), "hooks": hooks}, community=community.pk)


@action("custody.keeper_set", may="custody.keep", says="「{store}」由{name}保管（{reason}），清点 {counted}")
def set_keeper(actor: Actor, store: Store, /, *, user: User, counted: int | None, at: datetime, reason: str = "") -> Done:
    """Entrust a place to somebody. What stands in it is counted as it passes, and must agree. D4.12, D4.50, D4.52, D4.68, D8.12, D10.01."""
    row = Store.objects.select_for_update().get(pk=store.pk)
    if not user.is_active or not actor_for(user.pk).may("custody.work", row.community_id):
        raise no("user", f"{user.name}没有收发保管物品的权限，不能做保管人。请换一位，或先任命相应岗位。")
    if wanted_posts := {post for kind in kinds_in(row.holds) for post in KINDS[kind].keepers}:
        directory = duty_queries.current_directory(row.community_id)
        if not wanted_posts & directory.posts_of(user.pk, at):
            titles = "、".join(directory.posts[post].title for post in sorted(wanted_posts, reverse=True) if post in directory.posts)
            raise no("user", f"「{row.title}」只能由{titles}保管，不能交给{user.name}。")
    there = queries.standing(row.pk)
    if there and counted is None:
        raise no("counted", f"交接前请当面清点，填写点数（账上应有 {there}）。")
    if counted is not None and counted != there:
        raise no("counted", f"账上应有 {there}，点得 {counted}，对不上不能交接。请先清点柜子，把差异报负责人。")
    old = Keeping.objects.filter(store=row, ends_at__isnull=True).first()
    if old is not None:
        if old.user_id == user.pk:
            raise Conflict(f"「{row.title}」现在就由{user.name}保管，无需再交接。")
        old.ends_at = at
        old.save(update_fields=["ends_at"])
    words = clean_text(reason, "事由", 200, field="reason")
    keeping = Keeping.objects.create(store=row, user=user, starts_at=at, by_name=actor.name, counted=there if counted is not None else None, reason=words)
    return Done(keeping, {"store": row.title, "name": user.name, "reason": words or "指定", "counted": there}, community=row.community_id)


@action("custody.exported", may="custody.view", says="导出{title}（{rows} 行；{filters}）")
def export_register(actor: Actor, community_id: int | None, /, *, title: str, rows: int, filters: str, at: datetime) -> Done:
    """The line of an export of a register."""
    return Done(f"estate.community:{community_id or 0}", {"title": title, "rows": rows, "filters": filters})
