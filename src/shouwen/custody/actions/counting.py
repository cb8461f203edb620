"""The daily count: what stands in a place, against the book. A difference is raised the same day. D2.70–D2.72, D4.09, D4.39, D4.40."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from shouwen.duty import actions as duty
from shouwen.duty import queries as duty_queries
from shouwen.kernel.access import Actor
from shouwen.kernel.journal import Done, action
from shouwen.kernel.refusals import Conflict, Forbidden
from shouwen.kernel.words import clean_text
from shouwen.notices import actions as notices

from .. import queries
from ..kinds import LEAD, MANAGER
from ..models import Count, Difference, Store, Thing
from .words import leads, no, note

MOST_COUNTED = 2000


@action("custody.counted", may="custody.work", says="清点「{store}」：在位 {present}，借出 {out}，不符 {differing}{locked}")
def count(actor: Actor, store: Store, /, *, found: Mapping[int, int], locked: bool, at: datetime, notes: Mapping[int, str] | None = None, remark: str = "") -> Done:
    """Everything in the place counted: thing id → how many were there. What is not named was not there."""
    notes = notes or {}
    if store.holds == "safe" and not actor.may("custody.secret", store.community_id):
        raise Forbidden("保密柜由文员或经理清点。")
    rows = list(Thing.objects.filter(store=store, gone_at__isnull=True).select_related("store", "unit", "community").order_by("hook", "number")[:MOST_COUNTED])
    strange = set(found) - {row.pk for row in rows}
    if strange:
        raise Conflict("清点表和柜子里登记的对不上：有的刚刚移走或新收。请刷新清点表再点。")
    words = clean_text(remark, "说明", 300, field="remark")
    if not locked and not words:
        raise no("remark", "柜子没有上锁的，请写明原因。")
    differing = []
    for row in rows:
        expected, there = (row.quantity if row.state == Thing.State.IN else 0), found.get(row.pk, 0)
        if there < 0 or there > 99_999:
            raise no("found", f"{row.number} 的点数不对。")
        if row.state == Thing.State.OUT:  # part of it may be out
            out = sum(one.quantity - one.returned for one in row.loans.filter(state="out"))
            expected = row.quantity - out
        if there != expected:
            differing.append((row, expected, there, clean_text(notes.get(row.pk, ""), "说明", 200)))
    made = Count.objects.create(
        store=store, at=at, by_id=actor.id, by_name=actor.name[:60], locked=locked, present=sum(found.values()),
        out=sum(row.state == Thing.State.OUT for row in rows), differing=len(differing), note=words,
    )  # fmt: skip
    Difference.objects.bulk_create(Difference(count=made, thing=row, expected=expected, found=there, note=said) for row, expected, there, said in differing)
    for row, expected, there, said in differing:
        note(actor, row, "differs", f"清点不符：应有 {expected}，实有 {there}" + (f"，{said}" if said else ""), at)
    if differing or not locked:
        listed = "；".join(f"{row.number} 应有 {expected} 实有 {there}" for row, expected, there, _ in differing[:8]) or "柜子没有上锁"
        for user in duty_queries.current_directory(store.community_id).holders(MANAGER, at) if store.holds == "safe" else leads(store.community_id, at):
            notices.tell([notices.News(
                key=f"custody:count:{made.pk}:{user}", community_id=store.community_id, user_id=user, why="task", urgent=True, at=at, url=f"/custody/counts/{made.pk}",
                title=f"清点「{store.title}」发现 {len(differing)} 处不符" if differing else f"「{store.title}」没有上锁", body=listed,
            )])  # fmt: skip
    facts = {"store": store.title, "present": made.present, "out": made.out, "differing": len(differing), "locked": "" if locked else "，柜子未上锁"}
    return Done(made, facts, community=store.community_id)


@action("custody.count_seen", may="custody.view", says="「{store}」{day} 清点不符 {differing} 处，{name}处理：{note}")
def see_differences(actor: Actor, made: Count, /, *, remark: str, at: datetime) -> Done:
    """The head has seen the differences and says what is done about them."""
    row = Count.objects.select_for_update(of=("self",)).select_related("store").get(pk=made.pk)
    if not queries.speaks(actor, LEAD, row.store.community_id, at):
        raise Forbidden("请由客服负责人处理清点差异。")
    if row.seen_at is not None:
        raise Conflict(f"已由{row.seen_by}处理。")
    words = clean_text(remark, "处理意见", 300, field="remark")
    if not words:
        raise no("remark", "请写明怎么处理。")
    row.seen_at, row.seen_by, row.seen_note = at, actor.name[:60], words
    row.save(update_fields=["seen_at", "seen_by", "seen_note"])
    day = row.at.astimezone(queries.CHINA).date().isoformat()
    return Done(row, {"store": row.store.title, "day": day, "differing": row.differing, "name": actor.name, "note": words}, community=row.store.community_id)


@action("custody.uncounted", may="system", says="今天没有清点：{stores}")
def raise_uncounted(actor: Actor, community: Any, /, *, stores: Sequence[Store], at: datetime) -> Done:
    """The worker, in the evening: places that nobody has counted today, told to their keepers and the head. D4.39."""
    day = at.astimezone(queries.CHINA).date()
    directory = duty_queries.current_directory(community.pk)
    news = []
    for store in stores:
        keeping = store.keeper  # type: ignore[attr-defined]
        people = (*((directory.stand_in(keeping.user_id, at),) if keeping else ()), *leads(community.pk, at))
        news += [notices.News(
            key=f"custody:uncounted:{store.pk}:{day}:{user}", community_id=community.pk, user_id=user, why="late", at=at, url=f"/custody/stores/{store.pk}/count",
            title=f"「{store.title}」今天还没有清点", body="钥匙每天清点一次，请在今天内点完。",
        ) for user in dict.fromkeys(people)]  # fmt: skip
    notices.tell(news)
    return Done(f"estate.community:{community.pk}", {"stores": "、".join(store.title for store in stores)}, community=community.pk)


@action("custody.uncollected", may="system", says="早班没有到监控室领区域钥匙：{names}")
def raise_uncollected(actor: Actor, community: Any, /, *, people: Sequence[int], at: datetime) -> Done:
    """The worker: whose morning shift began without the area keys; they, the head and the control room are told. D11.01."""
    directory, day = duty_queries.current_directory(community.pk), at.astimezone(queries.CHINA).date()
    names = "、".join(directory.name(user) for user in people)
    duty.record([duty.Line(community.pk, "control-room", at, f"早班没有到监控室领区域钥匙：{names}", actor.id, actor.name, about="custody.area")])
    told = (*people, *leads(community.pk, at), *directory.on_duty("control-room", at))
    notices.tell([notices.News(
        key=f"custody:uncollected:{day}:{user}", community_id=community.pk, user_id=user, why="late", at=at, url="/custody/?kind=area",
        title=f"早班没有到监控室领区域钥匙：{names}", body="上班后到监控室领区域钥匙，填《钥匙交接单》；中班下班交回。",
    ) for user in dict.fromkeys(told)])  # fmt: skip
    return Done(f"estate.community:{community.pk}", {"names": names}, community=community.pk)
