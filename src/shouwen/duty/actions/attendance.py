"""Coming to a shift and leaving it; shifts that go to a colleague."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from shouwen.kernel.access import Actor
from shouwen.kernel.journal import Done, action
from shouwen.kernel.refusals import Conflict, Forbidden, NotFound, Refused
from shouwen.kernel.words import clean_text
from shouwen.notices import actions as notices
from shouwen.org.actions import people_changed
from shouwen.org.models import User

from .. import attendance as rule
from .. import queries
from ..directory import Span
from ..models import Presence, ShiftChange
from .book import title_of

State = ShiftChange.State


# --- coming and going ----------------------------------------------------------------------------------------------


def present(community_id: int, post: str, user_id: int, starts_at: datetime, at: datetime) -> Presence | None:
    """Inside an action: note that somebody has come to the shift that begins then; None when they have none."""
    here = queries.current_directory(community_id)
    span = next((s for s in rule.own(here, user_id, starts_at) if s.post == post and s.starts_at == starts_at), None)
    return _present(community_id, span, rule.relieves(here, span), user_id, at) if span else None


def _present(community_id: int, span: Span, relieves: bool, user_id: int, at: datetime) -> Presence:
    due = span.starts_at - rule.EARLY if relieves else span.starts_at
    row, _ = Presence.objects.get_or_create(
        user_id=user_id, post=span.post, starts_at=span.starts_at,
        defaults={"community_id": community_id, "shift": span.title, "ends_at": span.ends_at, "arrived_at": at, "due_at": due},
    )  # fmt: skip
    return row


@action("duty.came", may="duty.write", says="到岗：{post} {shift}，{lateness}")
def check_in(actor: Actor, community: Any, /, *, post: str = "", at: datetime) -> Done:
    """Come to the shift that runs or begins within two hours. Only shifts of the roster can be come to. D5.13, D5.17."""
    here = queries.current_directory(community.pk)
    near = [s for s in rule.own(here, actor.id or 0, at) if s.starts_at - rule.OPENS <= at < s.ends_at and post in ("", s.post)]
    if not near:
        raise Refused("现在的排班表上没有您的班，不能到岗。调班、顶班要先经上级批准；排班有误请找排班的主管。")
    span = min(near, key=lambda s: s.starts_at)
    if Presence.objects.filter(user=actor.id, post=span.post, starts_at=span.starts_at).exists():
        raise Conflict("您已经登记到岗。")
    row = _present(community.pk, span, rule.relieves(here, span), actor.id or 0, at)
    return Done(row, {"post": title_of(span.post), "shift": span.title, "lateness": rule.arrival(row.arrived_at, row.due_at, row.starts_at)})


@action("duty.left", may="duty.write", says="离岗：{post} {shift}，{word}")
def check_out(actor: Actor, row: Presence, /, *, reason: str = "", at: datetime) -> Done:
    """Leave the post. Refused before both have signed the hand-over, where somebody follows;
    before the post is closed, where nobody does. D1.20, D2.50, D12.36, D13.02, D13.03."""
    row = Presence.objects.select_for_update().get(pk=row.pk)
    if row.user_id != actor.id:
        raise Forbidden("请由本人登记离岗。")
    if row.left_at is not None:
        raise Conflict("您已经登记离岗。")
    if words := queries.must_stay(row, at):
        raise Refused(words)
    if queries.closes(row) and not ((closing := queries.closing_of(row)) and closing.key_at):
        raise Refused("还没有收完班：物品入柜、柜子上锁、钥匙放到办公室存放点，逐项登记后再离岗。")
    said = clean_text(reason, "说明", 200, field="reason")
    if at < row.ends_at and not said:
        raise Refused("还没有到下班时间，请写明提前离岗的原因。", {"reason": "请写明原因。"})
    row.left_at, row.reason = at, said
    row.save(update_fields=["left_at", "reason"])
    return Done(row, {"post": title_of(row.post), "shift": row.shift, "word": rule.departure(at, row.ends_at), "reason": said})


# --- shifts that go to a colleague ---------------------------------------------------------------------------------


@action("duty.change_asked", may="duty.write", says="申请调班：{name} {post} {when} 由 {to} 顶班，{reason}")
def ask_change(
    actor: Actor, community: Any, /, *, post: str, starts_at: datetime, to: User, reason: str, back_at: datetime | None = None,
    at: datetime,
) -> Done:  # fmt: skip
    """Ask a colleague to take one's shift (and to give one of theirs, `back_at`). Only before it begins. D5.18, D12.24."""
    words = clean_text(reason, "事由", 200, field="reason")
    if not words:
        raise Refused("请写明事由。", {"reason": "请写明事由。"})
    if starts_at <= at:
        raise Refused("这个班已经开始，不能再申请调班。请直接联系上级，按请假处理。", {"starts_at": "已经开始。"})
    here = queries.current_directory(community.pk)
    span = _span(here, actor.id or 0, post, starts_at)
    if to.pk == actor.id or post not in here.posts_of(to.pk, starts_at):
        raise Refused(f"{to.name}没有担任{title_of(post)}，不能顶班。", {"to": "请选择担任该岗位的同事。"})
    back = _span(here, to.pk, post, back_at) if back_at else None
    if back is not None and back.starts_at <= at:
        raise Refused("换回的班已经开始，请另选一个。", {"back_at": "已经开始。"})
    for user, taken, given in ((to.pk, span, back), (actor.id or 0, back, span)):
        if taken and (clash := rule.clash(here, user, taken, but=given)):
            raise Refused(f"{here.name(user)}在 {rule.when(clash, here.zone)} 已有班，时间重叠，不能顶班。", {"to": "时间重叠。"})
    try:
        with transaction.atomic():
            row = ShiftChange.objects.create(
                community_id=community.pk, post=post, user_id=actor.id, to=to, shift=span.title, starts_at=span.starts_at,
                ends_at=span.ends_at, back_shift=back.title if back else "", back_at=back and back.starts_at, reason=words, asked_at=at,
            )  # fmt: skip
    except IntegrityError:
        raise Conflict("这个班已经申请过调班。请先撤回原申请。") from None
    when = rule.when(span, here.zone)
    _tell(row, (to.pk,), "asked", f"{actor.name}请您{'换' if back else '顶'}班：{title_of(post)} {when}", words, at)
    return Done(row, {"name": actor.name, "post": title_of(post), "when": when, "to": to.name, "reason": words})


def _possible(here: Any, row: ShiftChange, at: datetime) -> None:
    """Roster, leave and other changes since it was asked: both shifts are still theirs, and nobody is at two places. D5.17, D7.17."""
    span = _rostered(here, row.user_id, row.post, row.starts_at)  # whether they are on leave by now does not matter: it is given away
    back = _rostered(here, row.to_id, row.post, row.back_at) if row.back_at else None
    if back is not None and back.starts_at <= at:
        raise Refused("换回的班已经开始，不能再批准。请他们重新申请。")
    if row.post not in here.posts_of(row.to_id, row.starts_at):
        raise Refused(f"{here.name(row.to_id)}现在没有担任{title_of(row.post)}，不能批准。")
    for user, taken, given in ((row.to_id, span, back), (row.user_id, back, span)):
        if taken is None:
            continue
        if clash := rule.clash(here, user, taken, but=given):
            raise Refused(f"{here.name(user)}在 {rule.when(clash, here.zone)} 已有班，时间重叠，不能批准。")
        if here.away(user, taken.starts_at):
            raise Refused(f"{here.name(user)}在 {rule.when(taken, here.zone)} 请假，不能批准。")


def _rostered(here: Any, user: int, post: str, starts_at: datetime) -> Span:
    day = starts_at.astimezone(here.zone).date()
    found: Span | None = next((s for s in here.spans(day, 1) if (s.user, s.post, s.starts_at) == (user, post, starts_at)), None)
    if found is None:
        raise Refused(f"排班已经变了，{here.name(user)}在 {starts_at.astimezone(here.zone):%m-%d %H:%M} 没有这个班，不能批准。请他们重新申请。")
    return found


def _span(here: Any, user: int, post: str, starts_at: datetime) -> Span:
    found = next((s for s in rule.own(here, user, starts_at) if s.post == post and s.starts_at == starts_at), None)
    if found is None:
        raise Refused(f"{here.name(user)}在这个时间没有排班，请重新选择。", {"starts_at": "没有这个班。"})
    return found


@action("duty.change_answered", may="duty.write", says="调班{word}：{name} {when}")
def answer_change(actor: Actor, row: ShiftChange, /, *, ok: bool, remark: str = "", at: datetime) -> Done:
    """The colleague agrees, or not. D5.19."""
    row = _change(row, State.ASKED)
    if actor.id != row.to_id:
        raise Forbidden("请由被请求的同事答复。")
    here = queries.current_directory(row.community_id)
    row.state, row.remark = (State.AGREED if ok else State.REFUSED), clean_text(remark, "意见", 200, field="remark")
    row.agreed_at = at if ok else None
    row.save(update_fields=["state", "agreed_at", "remark"])
    when = f"{row.starts_at.astimezone(here.zone):%m-%d %H:%M}"
    if ok:
        _tell(row, here.superior_of(row.user_id, at), "agreed", f"调班待您批准：{here.name(row.user_id)} → {here.name(row.to_id)} {when}", row.reason, at)
    else:
        _tell(row, (row.user_id,), "declined", f"{here.name(row.to_id)}不能顶班：{when}", row.remark, at)
    return Done(row, {"word": "对方同意" if ok else "对方未同意", "name": here.name(row.user_id), "when": when})


@action("duty.change_decided", may="duty.write", says="调班{word}：{name} → {to} {when}")
def decide_change(actor: Actor, row: ShiftChange, /, *, ok: bool, remark: str = "", at: datetime) -> Done:
    """The superior consents before the shift begins; the head of the department is told in the same act. D5.18, D12.25."""
    row = _change(row, State.AGREED)
    here = queries.current_directory(row.community_id)
    if actor.id in (row.user_id, row.to_id) or not (
        actor.may("duty.edit", row.community_id) or actor.id in here.superior_of(row.user_id, at)
    ):
        raise Forbidden("请由申请人的上级批准。")
    if ok and row.starts_at <= at:
        raise Refused("这个班已经开始，不能再批准。请按实际到岗情况登记。")
    if ok:
        _possible(here, row, at)
    row.state, row.decided_at, row.decided_by = (State.APPROVED if ok else State.REFUSED), at, actor.name
    row.remark = clean_text(remark, "意见", 200, field="remark")
    row.save(update_fields=["state", "decided_at", "decided_by", "remark"])
    when = f"{row.starts_at.astimezone(here.zone):%m-%d %H:%M}"
    if ok:
        people_changed(row.community_id)
    department = here.department_of(row.user_id, at)
    heads = here.head_of(department, at) if ok and department else ()
    word = "已批准" if ok else "未批准"
    told = dict.fromkeys(user for user in (row.user_id, row.to_id, *heads) if user != actor.id)
    _tell(row, tuple(told), "decided", f"调班{word}：{here.name(row.user_id)} → {here.name(row.to_id)} {title_of(row.post)} {when}", row.remark, at)
    return Done(row, {"word": word, "name": here.name(row.user_id), "to": here.name(row.to_id), "when": when, "told": list(told)})


@action("duty.change_withdrawn", may="duty.write", says="撤回调班申请：{name} {when}")
def withdraw_change(actor: Actor, row: ShiftChange, /, *, at: datetime) -> Done:
    """Whoever asked takes it back while it is not approved."""
    row = _change(row, State.ASKED, State.AGREED)
    if actor.id != row.user_id:
        raise Forbidden("请由申请人撤回。")
    row.state = State.WITHDRAWN
    row.save(update_fields=["state"])
    return Done(row, {"name": actor.name, "when": f"{row.starts_at.astimezone(queries.CHINA):%m-%d %H:%M}"})


def _change(row: ShiftChange, *states: str) -> ShiftChange:
    found = ShiftChange.objects.select_for_update().filter(pk=row.pk).first()
    if found is None:
        raise NotFound
    if found.state not in states:
        raise Conflict(f"这项申请现在是“{found.get_state_display()}”，请刷新后再看。")
    return found


def _tell(row: ShiftChange, users: tuple[int, ...], what: str, title: str, body: str, at: datetime) -> None:
    notices.tell([
        notices.News(
            key=f"shift:{row.pk}:{what}:{user}", community_id=row.community_id, user_id=user, why="duty", title=title, body=body,
            about=f"shift:{row.pk}", url="/duty/mine", at=at,
        ) for user in users
    ])  # fmt: skip
