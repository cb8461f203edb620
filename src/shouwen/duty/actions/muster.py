"""The guards' change of shift as one thing: they assemble, are counted and looked over, led to their posts, led back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from shouwen.kernel.access import Actor
from shouwen.kernel.journal import Done, action
from shouwen.kernel.refusals import Conflict, Forbidden, NotFound, Refused
from shouwen.kernel.words import clean_text

from .. import attendance, queries
from ..models import Muster, MusterGuard
from .book import Line, record

LEADERS = ("security-duty-lead", "security-head")


@action("muster.opened", may="duty.write", says="护卫集合：{shift}，应到 {expected} 人，班长 {leader}")
def open_muster(actor: Actor, community: Any, /, *, starts_at: datetime, at: datetime) -> Done:
    """Begin the assembly of the guards whose shift begins then, within two hours before it and an hour after. Returns the Muster."""
    here = queries.current_directory(community.pk)
    if not set(LEADERS) & set(here.posts_of(actor.id or 0, at)):
        raise Forbidden("请由班长（护卫值班负责人）集合。")
    spans = queries.assembling(community.pk, starts_at)
    if not spans or not starts_at - attendance.OPENS <= at < starts_at + attendance.OPENS:
        raise Refused("现在没有要集合的班。上班前两小时起可以集合。")
    try:
        with transaction.atomic():
            row = Muster.objects.create(
                community_id=community.pk, shift=spans[0].title, starts_at=starts_at, leader_id=actor.id, leader=actor.name, opened_at=at
            )
    except IntegrityError:
        raise Conflict("这一班已经在集合，请打开那一次继续。") from None
    guards = {(user, span.post): here.name(user) for span in spans if (user := here.acting(span.user, starts_at)) is not None}
    MusterGuard.objects.bulk_create(MusterGuard(muster=row, user_id=user, post=post, name=name) for (user, post), name in guards.items())
    return Done(row, {"shift": row.shift, "expected": len(guards), "leader": actor.name})


@action("muster.checked", may="duty.write", says="集合检查：{shift}，实到 {there} 人 / 应到 {expected} 人，缺装备 {missing} 人")
def check_guards(actor: Actor, row: Muster, /, *, guards: Mapping[int, Mapping[str, Any]], remark: str = "", at: datetime) -> Done:
    """Tick who is there (`arrived`), properly dressed (`dressed`), equipped (`gear`: ok or missing, then `missing` says what).

    What is missing goes into the book of the leader's post at once. E22.02, E22.03, E22.04.
    """
    row = _mine(actor, row)
    rows = {guard.pk: guard for guard in MusterGuard.objects.filter(muster=row)}
    if set(guards) - set(rows):
        raise NotFound
    fresh = []
    for pk, given in guards.items():
        guard = rows[pk]
        if bool(given.get("arrived")) != (guard.arrived_at is not None):
            guard.arrived_at = at if given.get("arrived") else None
        guard.dressed = bool(given.get("dressed")) and guard.arrived_at is not None
        gear, lacks = given.get("gear") or "", clean_text(given.get("missing", ""), "缺什么", 100)
        if gear not in ("", "ok", "missing"):
            raise Refused(f"{guard.name}的装备只能选齐全或缺少。")
        if gear == "missing" and not lacks:
            raise Refused(f"请写明{guard.name}缺什么装备。", {f"missing-{pk}": "请写明缺什么。"})
        if gear == "missing" and (guard.gear, guard.missing) != (gear, lacks):
            fresh.append(f"{guard.name}缺{lacks}")
        guard.gear, guard.missing = gear, lacks if gear == "missing" else ""
        guard.save(update_fields=["arrived_at", "dressed", "gear", "missing"])
    row.remark = clean_text(remark, "缺勤安排", 200, field="remark")
    row.save(update_fields=["remark"])
    if fresh:
        record([Line(row.community_id, LEADERS[0], at, f"{row.shift}集合装备检查：{'；'.join(fresh)}。", actor.id, actor.name, f"muster:{row.pk}")])
    there = sum(guard.arrived_at is not None for guard in rows.values())
    lacking = sum(guard.gear == "missing" for guard in rows.values())
    return Done(row, {"shift": row.shift, "there": there, "expected": len(rows), "missing": lacking})


@action("muster.led", may="duty.write", says="列队上岗：{shift}，班长 {leader}")
def lead(actor: Actor, row: Muster, /, *, at: datetime) -> Done:
    """Lead them to their posts: refused until everybody who is there has been looked over and whoever is absent is arranged for."""
    row = _mine(actor, row)
    if row.led_at is not None:
        raise Conflict("已经带队上岗。")
    guards = list(row.guards.all())
    undone = [guard.name for guard in guards if guard.arrived_at and not (guard.dressed and guard.gear)]
    if undone:
        raise Refused(f"{'、'.join(undone)}的着装和装备还没有检查完。")
    absent = [guard.name for guard in guards if guard.arrived_at is None]
    if len(absent) == len(guards):
        raise Refused("还没有人到场，请先逐人报数登记。")
    if absent and not row.remark:
        raise Refused(f"{'、'.join(absent)}没有到场，请写明缺勤安排（谁顶岗）。", {"remark": "请写明安排。"})
    row.led_at = at
    row.save(update_fields=["led_at"])
    return Done(row, {"shift": row.shift, "leader": row.leader})


@action("muster.closed", may="duty.write", says="整队带回：{shift}，各岗位已交接")
def lead_back(actor: Actor, row: Muster, /, *, at: datetime) -> Done:
    """Lead the relieved guards back: refused while a post has not been handed over. E22.15."""
    row = _mine(actor, row)
    if row.led_at is None:
        raise Refused("请先登记带队上岗。")
    if open_posts := queries.unrelieved(row):
        raise Refused(f"{'、'.join(open_posts)}还没有交接完，不能带回。请双方在交接记录上签字。")
    row.closed_at = at
    row.save(update_fields=["closed_at"])
    present = [guard for guard in row.guards.all() if guard.arrived_at]
    record([Line(
        row.community_id, LEADERS[0], at, f"{row.shift}换岗完成：应到 {row.guards.count()} 人，实到 {len(present)} 人，各岗位已交接，班长{row.leader}整队带回。",
        actor.id, actor.name, f"muster:{row.pk}",
    )])  # fmt: skip
    return Done(row, {"shift": row.shift})


def _mine(actor: Actor, row: Muster) -> Muster:
    found = Muster.objects.select_for_update().get(pk=row.pk)
    if actor.id != found.leader_id:
        raise Forbidden(f"由班长{found.leader}登记。")
    if found.closed_at is not None:
        raise Conflict("这一班已经换岗完成，不能再改。")
    return found
