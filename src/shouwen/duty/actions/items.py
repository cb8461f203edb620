"""The list of what a post hands over. A post without one of its own uses the standard list; its first change makes one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from shouwen.kernel.access import Actor
from shouwen.kernel.journal import Done, action
from shouwen.kernel.refusals import NotFound, Refused
from shouwen.kernel.words import clean_text
from shouwen.org.models import Post

from .. import handover as rule
from .. import queries
from ..models import HandoverItem
from .book import title_of


def _own(community_id: int, post: str) -> list[HandoverItem]:
    """The rows of the post's own list, made from the standard one if there is none yet."""
    if not Post.objects.filter(slug=post).exists():
        raise NotFound
    rows = HandoverItem.objects.filter(community=community_id, post=post)
    if not rows.exists():
        HandoverItem.objects.bulk_create(
            HandoverItem(community_id=community_id, post=post, kind=kind, title=title, count=count, position=place)
            for place, (kind, title, count) in enumerate(queries.item_list(community_id, post))
        )
    return list(rows.order_by("position", "pk"))


@action("handover.item_put", may="duty.edit", says="交接清单（{post}）：{kind}「{title}」{count}")
def put_item(actor: Actor, community: Any, /, *, post: str, kind: str, title: str, count: Any = None, at: datetime) -> Done:
    """Put something on the list, or change how many of it there should be. A5.10, D13.19."""
    words = clean_text(title, "名称", 80, field="title")
    if kind not in rule.LISTED:
        raise Refused("请选择类别。", {"kind": "请选择。"})
    if not words:
        raise Refused("请填写名称。", {"title": "请填写名称。"})
    number = None
    if text := str(count or "").strip():
        if not (text.isascii() and text.isdigit() and len(text) <= 4):
            raise Refused("数量应为 0 到 9999 的整数，不填表示不定数。", {"count": "应为整数。"})
        number = int(text) if kind in rule.COUNTED else None
    rows = _own(community.pk, post)
    if len(rows) >= 100:
        raise Refused("一个岗位的交接清单最多 100 项。")
    row, _ = HandoverItem.objects.update_or_create(
        community_id=community.pk, post=post, kind=kind, title=words,
        defaults={"count": number}, create_defaults={"count": number, "position": max((each.position for each in rows), default=0) + 1},
    )  # fmt: skip
    facts = {"post": title_of(post), "kind": rule.KINDS[kind], "title": words, "count": "" if number is None else f"应有 {number}"}
    return Done(row, facts, community=community.pk)


@action("handover.item_dropped", may="duty.edit", says="交接清单（{post}）去掉{kind}「{title}」")
def drop_item(actor: Actor, community: Any, /, *, post: str, kind: str, title: str, at: datetime) -> Done:
    """Take something off the list; hand-overs already begun keep it."""
    row = next((each for each in _own(community.pk, post) if (each.kind, each.title) == (kind, title)), None)
    if row is None:
        raise NotFound
    facts = {"post": title_of(post), "kind": rule.KINDS.get(kind, kind), "title": title}
    done = Done(f"duty.handoveritem:{row.pk}", facts, community=community.pk)
    row.delete()
    return done


@action("handover.items_reset", may="duty.edit", says="交接清单（{post}）恢复为标准清单")
def reset_items(actor: Actor, community: Any, /, *, post: str, at: datetime) -> Done:
    """Back to the standard list."""
    _own(community.pk, post)
    HandoverItem.objects.filter(community=community.pk, post=post).delete()
    return Done(f"duty.post:{post}", {"post": title_of(post)}, community=community.pk)
