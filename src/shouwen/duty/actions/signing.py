"""The end of a hand-over: both sign, or the relief refuses and the superior decides.

Each verb locks the hand-over first, so that two at once follow one another; whoever comes second is told what has
changed. A signature is a row of its own that the database accepts once a side and round.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.urls import reverse

from shouwen.kernel import sealing
from shouwen.kernel.access import Actor
from shouwen.kernel.journal import Done, action, community_of
from shouwen.kernel.refusals import Conflict, Forbidden, Refused
from shouwen.kernel.words import clean_text
from shouwen.notices import actions as notices
from shouwen.notices.models import Notice
from shouwen.org.models import User
from shouwen.org.queries import actor_for

from .. import handover as rule
from .. import queries
from ..directory import Span
from ..models import Handover, HandoverLine, Signature
from .book import Line, record, title_of
from .sheet import LOST, State, address, locked, must_decide, opened, sync, tell_superior, void


@action("handover.signed", may="duty.write", says="交班人签字：{post} {from_shift} → {to_shift}")
def sign(actor: Actor, sheet: Handover, /, *, at: datetime) -> Done:
    """The giver signs what stands on the sheet; from then on it is closed to changes. Refused while anything is in the way."""
    sheet = opened(sheet, actor, State.EXPLAINING)
    if actor.id != sheet.giver_id:
        raise Forbidden("请由交班人本人签字。")
    sync(sheet, at)
    lines = _complete(sheet, at)
    _signature(sheet, "giver", actor, "本人登录", lines, at)
    sheet.state = State.SIGNED
    sheet.save(update_fields=["state"])
    return Done(sheet, {"post": title_of(sheet.post), "from_shift": sheet.from_shift, "to_shift": sheet.to_shift})


@action("handover.unsigned", may="duty.write", says="交班人撤回签字：{post}，{reason}")
def unsign(actor: Actor, sheet: Handover, /, *, reason: str, at: datetime) -> Done:
    """Take the giver's signature back to change something. It stays on record, void."""
    sheet = opened(sheet, actor, State.SIGNED)
    if actor.id != sheet.giver_id:
        raise Forbidden("请由交班人本人撤回。")
    words = clean_text(reason, "原因", 200, field="reason")
    if not words:
        raise Refused("请写明撤回原因。", {"reason": "请写明原因。"})
    void(sheet, State.EXPLAINING)
    return Done(sheet, {"post": title_of(sheet.post), "reason": words})


@action("handover.accepted", may="duty.write", says="交接完成：{post} {giver}（{from_shift}）→ {receiver}（{to_shift}），移交未了事项 {open} 件")
def accept(actor: Actor, sheet: Handover, /, *, how: str = "本人登录", at: datetime) -> Done:
    """The receiver signs: with that the post, its matters and the answer for them are theirs, whole or not at all. A5.12."""
    sheet = locked(sheet)
    if actor.id != sheet.receiver_id:
        raise Forbidden("请由接班人本人签字。")
    if sheet.state != State.SIGNED:
        words = {
            State.DONE: "这次交接已经完成，不用再签。", State.REFUSED: "这次交接已被拒绝，等上级决定。", State.STOPPED: "这次交接已中止。",
        }  # fmt: skip
        raise Conflict(words.get(State(sheet.state), "请先由交班人签字。"))
    lines = _complete(sheet, at)
    if moved := _moved(sheet, lines):
        raise Refused(f"交班人签字以后，{'、'.join(moved[:3])}又有进出，数目变了。请交班人撤回签字、更新清单，重新点过再签。")
    _signature(sheet, "receiver", actor, how, lines, at)
    size, head = sealing.head()
    sheet.state, sheet.finished_at, sheet.seal_size, sheet.seal_head = State.DONE, at, size, head
    sheet.save(update_fields=["state", "finished_at", "seal_size", "seal_head"])
    passing = [line.about for line in lines if line.kind == "work" and not line.closed]
    if passing:
        rule.pass_on(
            actor_for(sheet.giver_id), sheet.community_id, abouts=passing, to=sheet.receiver_id or 0,
            reason=f"交接班 {sheet.from_shift} → {sheet.to_shift}", at=at,
        )  # fmt: skip
    facts = {
        "post": title_of(sheet.post), "giver": sheet.giver_name, "receiver": sheet.receiver_name, "from_shift": sheet.from_shift,
        "to_shift": sheet.to_shift, "open": len(passing),
    }  # fmt: skip
    record([
        Line(sheet.community_id, post, at, _entry(sheet, lines), actor.id, actor.name, f"handover:{sheet.pk}")
        for post in dict.fromkeys((sheet.post, sheet.to_post))
    ])
    return Done(sheet, facts)


def _entry(sheet: Handover, lines: list[HandoverLine]) -> str:
    """One line of the book with the four parts that D1.16 names and both names."""

    def many(*kinds: str) -> int:
        return sum(line.kind in kinds for line in lines)

    return (
        f"交接班：{sheet.giver_name}（{sheet.from_shift}）→ {sheet.receiver_name}（{sheet.to_shift}），双方已签字。"
        f"工作 {many('work', 'matter', 'order')} 项，物品资料 {many('article', 'paper')} 项，信报刊 {many('mail')} 项，钥匙 {many('key')} 项。"
    )


def _complete(sheet: Handover, at: datetime) -> list[HandoverLine]:
    """The lines of a sheet on which nothing is missing; Refused with what is."""
    lines = list(sheet.lines.all())
    if found := queries.bars_of(sheet, lines, at):
        more = f"（还有 {len(found) - 3} 项）" if len(found) > 3 else ""
        raise Refused("现在还不能签字：" + "".join(bar.text for bar in found[:3]) + more)
    return lines


def _moved(sheet: Handover, lines: list[HandoverLine]) -> list[str]:
    """Places where something came or went since it was counted: what is taken over is what stands there now. D1.14, D1.15, D5.08."""
    if sheet.post != sheet.to_post:
        return []
    known = {line.about: line.expected or 0 for line in lines if line.kind in rule.COUNTED and line.about}
    return [stock.title for stock in rule.stocks(sheet.community_id, sheet.post) if stock.expected != known.get(stock.about, 0)]


def _signature(sheet: Handover, side: str, actor: Actor, how: str, lines: list[HandoverLine], at: datetime) -> None:
    try:
        with transaction.atomic():
            Signature.objects.create(
                handover=sheet, side=side, round=sheet.round, user_id=actor.id, name=actor.name, how=how, at=at,
                digest=rule.digest(sheet, lines),
            )  # fmt: skip
    except IntegrityError:
        raise Conflict(LOST) from None


# --- refusing and deciding -----------------------------------------------------------------------------------------


@action("handover.refused", may="duty.write", says="拒绝接班：{post} {name}，{reason}")
def refuse(actor: Actor, sheet: Handover, /, *, reason: str, at: datetime) -> Done:
    """The receiver does not take over. The giver stays on the post; the superior is told and alone decides. D13.10, D13.11."""
    sheet = opened(sheet, actor, State.PREPARING, State.EXPLAINING, State.SIGNED)
    if actor.id != sheet.receiver_id:
        raise Forbidden("请由接班人本人拒绝。")
    words = clean_text(reason, "理由", 300, field="reason")
    if not words:
        raise Refused("请写明拒绝接班的理由。", {"reason": "请写明理由。"})
    if sheet.state == State.SIGNED:
        sheet.round += 1
    sheet.state, sheet.refusal, sheet.refused_at = State.REFUSED, words, at
    sheet.save(update_fields=["state", "round", "refusal", "refused_at"])
    tell_superior(sheet, f"refused:{sheet.round}", f"{sheet.receiver_name}拒绝接班：{words}", at)
    return Done(sheet, {"post": title_of(sheet.post), "name": sheet.receiver_name, "reason": words})


DECISIONS = {"again": "继续交接", "stand_in": "另派顶班人", "stop": "中止，交班人继续当班"}


@action("handover.decided", may="duty.write", says="上级决定：{post} {decision}，{reason}")
def decide(
    actor: Actor, sheet: Handover, /, *, decision: str, reason: str, stand_in: User | None = None, at: datetime
) -> Done:
    """The way out of a hand-over that is stuck: go on, another relief, or stop. Always with a reason.

    No decision makes a major matter pass that is not contained, and none skips a signature.
    """
    sheet = opened(sheet, None, *Handover.OPEN)
    must_decide(actor, sheet, at)
    words = clean_text(reason, "理由", 300, field="reason")
    if decision not in DECISIONS:
        raise Refused("请选择怎样处理。", {"decision": "请选择。"})
    if not words:
        raise Refused("请写明决定的理由。", {"reason": "请写明理由。"})
    if decision == "stand_in":
        if stand_in is None or not stand_in.is_active:
            raise Refused("请选择顶班人。", {"stand_in": "请选择顶班人。"})
        if stand_in.pk == sheet.giver_id:
            raise Refused("顶班人不能是交班人自己；要交班人继续当班，请选“中止”。", {"stand_in": "请选择另一位。"})
        if not queries.holds(sheet.community_id, "", stand_in.pk, at):
            raise Refused(f"{stand_in.name}不在本小区任职。", {"stand_in": "请重新选择。"})
        sheet.receiver, sheet.receiver_name = stand_in, stand_in.name
        sheet.arrived_at = sheet.read_at = None
        sheet.read_upto = 0
        HandoverLine.objects.filter(handover=sheet).update(understood_at=None, received=None, answer="")
    if sheet.state == State.SIGNED:
        sheet.round += 1
    sheet.state = State.STOPPED if decision == "stop" else State.EXPLAINING if sheet.arrived_at else State.PREPARING
    sheet.unfit, sheet.decided_by, sheet.decided_at = "", actor.name, at
    sheet.decision = f"{DECISIONS[decision]}{f'：{stand_in.name}' if stand_in and decision == 'stand_in' else ''}。{words}"[:400]
    sheet.save()
    told = [user for user in (sheet.giver_id, sheet.receiver_id) if user]
    notices.tell([
        notices.News(
            key=f"handover:{sheet.pk}:decided:{at.isoformat()}:{user}", community_id=sheet.community_id, user_id=user, why="handover",
            title=f"交接班决定：{DECISIONS[decision]}", body=words, about=f"handover:{sheet.pk}", url=address(sheet), at=at,
        ) for user in told
    ])  # fmt: skip
    record([Line(sheet.community_id, sheet.post, at, f"交接班由{actor.name}决定：{sheet.decision}", actor.id, actor.name, f"handover:{sheet.pk}")])
    return Done(sheet, {"post": title_of(sheet.post), "decision": DECISIONS[decision], "reason": words})


@action("handover.stopped", may="duty.write", says="撤销交班准备：{post}，{reason}")
def stop(actor: Actor, sheet: Handover, /, *, reason: str, at: datetime) -> Done:
    """The giver opened it by mistake or too early: put away before the relief has come."""
    sheet = opened(sheet, actor, State.PREPARING)
    if actor.id != sheet.giver_id:
        raise Forbidden("请由交班人撤销。")
    if sheet.arrived_at is not None:
        raise Refused("接班人已经到场，不能撤销。确有困难，请报上级决定。")
    words = clean_text(reason, "原因", 200, field="reason")
    if not words:
        raise Refused("请写明撤销原因。", {"reason": "请写明原因。"})
    sheet.state, sheet.decision = State.STOPPED, f"交班人撤销：{words}"
    sheet.save(update_fields=["state", "decision"])
    return Done(sheet, {"post": title_of(sheet.post), "reason": words})


@action("handover.late", may="duty.write", says="交接未按时完成，已报上级：{what}")
def report_late(actor: Actor, community: Any, /, *, late: Sequence[tuple[Span, Span]], at: datetime) -> Done:
    """The superior hears of shifts whose hour has passed without both signatures, once each. Returns what was told. D12.36, E22.14."""
    community_id = community_of(community) or 0
    here = queries.current_directory(community_id)
    news = [
        notices.News(
            key=f"handover:late:{community_id}:{span.post}:{span.user}:{span.ends_at:%Y%m%d%H%M}:{user}", community_id=community_id, user_id=user,
            why="handover", urgent=True, at=at, url=reverse("duty:handover"), title=f"{title_of(span.post)}{span.title}还没有交班",
            body=f"应于 {span.ends_at.astimezone(here.zone):%H:%M} 由{here.name(span.user)}交给{here.name(after.user)}，至今没有双方签字。",
        ) for span, after in late for user in here.superior_of(span.user, at)
    ]  # fmt: skip
    told = set(Notice.objects.filter(key__in=[each.key for each in news]).values_list("key", flat=True))
    fresh = [each for each in news if each.key not in told]
    if not fresh:
        raise Refused("都已经报过了。")
    notices.tell(fresh)
    return Done(f"estate.community:{community_id}", {"what": "、".join(sorted({each.title for each in fresh}))}, result=fresh, community=community_id)
