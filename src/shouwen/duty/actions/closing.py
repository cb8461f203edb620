"""The end of a working day on a post that nobody follows on: everything in the cabinet, the cabinet locked, the key put away.

And its other side: an article that is missing, with whoever should have put it away.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from shouwen.kernel.access import Actor
from shouwen.kernel.journal import Done, action
from shouwen.kernel.refusals import Conflict, Forbidden, Refused

from .. import handover as rule
from .. import queries
from ..models import Closing, Presence
from .book import Line, record, title_of

STEPS: Final = {"stored": "物品已全部入柜", "locked": "柜子已上锁", "key": "钥匙已放到办公室存放点"}
"""In this order: what is not in the cabinet is not locked away. D1.17, D1.18, D1.20."""


@action("duty.closing", may="duty.write", says="收班：{post} {shift}，{step}")
def close_step(actor: Actor, row: Presence, /, *, step: str, at: datetime) -> Done:
    """Tick the next step of closing the post; the one before must be done."""
    row = Presence.objects.select_for_update().get(pk=row.pk)
    if row.user_id != actor.id:
        raise Forbidden("请由当班的本人收班。")
    if step not in STEPS:
        raise Refused("没有这一步，请刷新页面。")
    if not queries.closes(row):
        raise Refused("这个岗位有人接班，请办交接班，不用收班。")
    closing, _ = Closing.objects.get_or_create(presence=row)
    if getattr(closing, f"{step}_at") is not None:
        raise Conflict("这一步已经登记。")
    for before, words in STEPS.items():
        if before == step:
            break
        if getattr(closing, f"{before}_at") is None:
            raise Refused(f"请先登记“{words}”。")
    setattr(closing, f"{step}_at", at)
    closing.save(update_fields=[f"{step}_at"])
    if step == "key":
        record([Line(row.community_id, row.post, at, "收班：物品已入柜、柜已上锁、钥匙已放到办公室存放点。", actor.id, actor.name, f"presence:{row.pk}")])
    return Done(row, {"post": title_of(row.post), "shift": row.shift, "step": STEPS[step]})


@action("duty.article_lost", may="duty.write", says="工作物品遗失：{post} {title}，{liable}")
def lose_article(actor: Actor, community: Any, /, *, post: str, title: str, at: datetime) -> Done:
    """An article of the list is gone. If the last shift left without putting things away, it answers for it.

    Returns who answers for it, in words. D1.19.
    """
    if title not in {name for kind, name, _ in queries.item_list(community.pk, post) if kind in rule.COUNTED}:
        raise Refused("请从交接清单里选遗失的物品。", {"title": "请选择。"})
    careless = queries.careless(community.pk, post, at)
    liable = f"{careless.shift}{careless.user.name}下班时没有登记入柜，由其负责" if careless else "上一班已登记入柜或已交清，责任另行查明"
    record([Line(community.pk, post, at, f"工作物品遗失：{title}。{liable}。", actor.id, actor.name, "loss:article")])
    return Done(f"duty.post:{post}", {"post": title_of(post), "title": title, "liable": liable}, result=liable, community=community.pk)
