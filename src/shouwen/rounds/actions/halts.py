"""Emergencies on a round: one press tells everybody near, and the rounds of the post stand still until it is over. E25.12, E25.13."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import IntegrityError, transaction

from shouwen.duty import actions as duty_actions
from shouwen.duty import queries as duty
from shouwen.kernel.access import Actor
from shouwen.kernel.journal import Done, action
from shouwen.kernel.refusals import Conflict, Refused
from shouwen.kernel.words import clean_text
from shouwen.notices import actions as notices

from ..models import Halt, Point

NEAR: Final = ("guard", "gate-guard", "control-room", "security-duty-lead")
"""The posts that come to help: the neighbouring ones and the control room."""

AGAIN: Final = timedelta(hours=2)
"""So long rounds may stand still before those above are asked whether they still must, and so often again."""


@action("rounds.alarmed", may="rounds.walk", says="紧急呼叫：{reason}（{place}）")
def alarm(actor: Actor, community: Any, /, *, reason: str, where: str = "", point: Point | None = None, at: datetime) -> Done:
    """One press: the superior and whoever is on the neighbouring posts hear of it at once; the rounds of one's own post stand still."""
    reason = clean_text(reason, "什么事", 200, field="reason") or "需要支援"
    where = clean_text(where, "地点", 120, field="where") or (f"{point.title} {point.place}".strip() if point else "位置未说明")
    here = duty.current_directory(community.pk)
    post = _post(here, actor, at)
    people = [user for slug in NEAR for user in here.on_duty(slug, at)]
    people += here.superior_of(actor.id, at) if actor.id is not None else ()
    told = [user for user in dict.fromkeys(people) if user != actor.id]
    notices.tell([
        notices.News(
            key=f"alarm.{community.pk}.{actor.id}.{at:%Y%m%d%H%M%S}.{user}", community_id=community.pk, user_id=user, why="urged",
            title=f"紧急：{reason}（{where}）"[:200], body=f"{actor.name}在现场呼叫支援。先保护现场，就近的岗位马上赶去。", about=f"alarm:{community.pk}",
            url="/rounds/", urgent=True, at=at,
        )
        for user in told
    ])  # fmt: skip
    duty_actions.record([duty_actions.Line(community.pk, post, at, f"紧急呼叫：{reason}（{where}），已通知 {len(told)} 人", actor.id, actor.name, about="alarm")])
    _halt(actor, community.pk, post, reason, at, again=True)
    return Done(f"estate.community:{community.pk}", {"reason": reason, "place": where, "told": len(told)}, result=len(told))


@action("rounds.halted", may="rounds.walk", says="{post}中断巡查：{reason}")
def halt(actor: Actor, community: Any, /, *, post: str, reason: str, at: datetime) -> Done:
    """The rounds of a post stand still from now on, for a reason; what falls due meanwhile is excused, and says so."""
    reason = clean_text(reason, "原因", 200, field="reason")
    if not reason:
        raise Refused("请写明为什么中断巡查。", {"reason": "请写明原因。"})
    here = duty.current_directory(community.pk)
    if post not in here.posts:
        raise Refused("没有这个岗位，请重新选择。", {"post": "请重新选择。"})
    row = _halt(actor, community.pk, post, reason, at)
    title = here.posts[post].title
    duty_actions.record([duty_actions.Line(community.pk, post, at, f"中断巡查：{reason}", actor.id, actor.name, about="halt")])
    return Done(row, {"post": title, "reason": reason})


@action("rounds.resumed", may="rounds.walk", says="恢复巡查，中断 {minutes} 分钟：{outcome}")
def resume(actor: Actor, row: Halt, /, *, outcome: str, at: datetime) -> Done:
    """It is over, or others have taken it on: the rounds go on, and what became of it is written down."""
    outcome = clean_text(outcome, "处理结果", 200, field="outcome")
    if not outcome:
        raise Refused("请写明处理结果，或移交给了谁。", {"outcome": "请写明处理结果。"})
    if not Halt.objects.filter(pk=row.pk, ends_at=None).update(ends_at=at, ended_by=actor.name[:60], outcome=outcome):
        raise Conflict("巡查已由别人恢复了。请刷新页面。")
    duty_actions.record([duty_actions.Line(row.community_id, row.post, at, f"恢复巡查：{outcome}", actor.id, actor.name, about="halt")])
    return Done(row, {"minutes": int((at - row.starts_at).total_seconds() // 60), "outcome": outcome})


@action("rounds.halts_stand", may="system", says="巡查一直中断，已提醒恢复：{what}")
def raise_halts(actor: Actor, place: None, /, *, halts: Sequence[Halt], at: datetime) -> Done:
    """Rounds that stand still for long: those on the post, whoever stopped them and those above hear of it, again and again until they go on.

    Nobody's patrol is excused in silence: what an emergency interrupts goes on when it is over. E25.13. Returns how many were raised.
    """
    news: list[notices.News] = []
    for row in halts:
        here, hours = duty.current_directory(row.community_id), int((at - row.starts_at) / AGAIN)
        title = here.posts[row.post].title if row.post in here.posts else row.post
        people = (row.by_id, *here.on_duty(row.post, at), *here.superior_of(row.by_id, at))
        news += [
            notices.News(
                key=f"halt.{row.pk}.{hours}.{user}", community_id=row.community_id, user_id=user, why="late", urgent=True, at=at, url="/rounds/mine",
                title=f"{title}的巡查已中断 {int((at - row.starts_at).total_seconds() // 3600)} 小时，还没有恢复"[:200], about=f"rounds.halt:{row.pk}",
                body=f"{row.by_name} {row.starts_at.astimezone(here.zone):%m-%d %H:%M} 登记：{row.reason}。处理完了请马上恢复巡查并写明结果；中断期间的巡查都没有人走。",
            ) for user in dict.fromkeys(people)
        ]  # fmt: skip
    notices.tell(news)
    return Done("rounds.halt:all", {"what": "、".join(dict.fromkeys(row.reason for row in halts))[:200]}, result=len(halts))


def _halt(actor: Actor, community_id: int, post: str, reason: str, at: datetime, *, again: bool = False) -> Halt | None:
    standing = Halt.objects.filter(community=community_id, post=post, ends_at=None).first()
    if standing is None:
        try:
            with transaction.atomic():
                return Halt.objects.create(community_id=community_id, post=post, reason=reason, by_id=actor.id, by_name=actor.name[:60], starts_at=at)
        except IntegrityError:
            standing = None
    if again:
        return standing
    raise Conflict("这个岗位的巡查已经中断了。请先恢复，再登记新的。")


def _post(here: Any, actor: Actor, at: datetime) -> str:
    """The post this person is on now, else their first."""
    running = [span.post for span in here.running(at) if here.acting(span.user, at) == actor.id]
    return str(next(iter(running), None) or next(iter(sorted(here.posts_of(actor.id, at))), "guard"))
