"""The hand-over of a post until it can be signed: opened, prepared, filled in, the relief come, the book read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from shouwen.kernel.access import Actor
from shouwen.kernel.journal import Done, action
from shouwen.kernel.refusals import Conflict, Forbidden, NotFound, Refused
from shouwen.kernel.words import clean_text
from shouwen.org.models import User

from .. import handover as rule
from .. import queries
from ..models import Handover, HandoverLine
from .attendance import present
from .book import title_of
from .sheet import State, carry_over, listed, must_decide, opened, sync, tell_superior, void, warn

_WRITABLE = {
    "note": ("交班说明", 1000), "cause": ("原因", 500), "course": ("经过", 1000), "explanation": ("情况说明", 500), "plan": ("后续安排", 500),
}  # fmt: skip


# --- opening and filling -------------------------------------------------------------------------------------------


@action("handover.opened", may="duty.write", says="开始交班准备：{post} {from_shift} → {to_shift}，接班人 {receiver}")
def open_handover(
    actor: Actor, community: Any, /, *, post: str, to_post: str = "", receiver: User | None = None, at: datetime
) -> Done:
    """Begin to hand over a post that the actor is on. Returns the Handover with its lines.

    The relief is whoever is rostered next, unless `receiver` (who must hold the post) is given.
    """
    turn = queries.turn_to_hand(community.pk, post, to_post or post, actor.id or 0, at)
    if receiver is not None and not queries.holds(community.pk, to_post or post, receiver.pk, at):
        raise Refused(f"{receiver.name}没有担任{title_of(to_post or post)}，不能接班。", {"receiver": "请选择担任该岗位的同事。"})
    taker = receiver.pk if receiver is not None else turn.receiver
    passed = Handover.objects.filter(community=community.pk, post=post, to_post=to_post or post, due_at=turn.due_at, state=State.DONE)
    if (passed.filter(giver=actor.id) if to_post in ("", post) else passed).exists():
        raise Conflict("这一班已经交接完成，不用再交。要补充的，请告诉接班人记在值班日志里。")
    if taker == actor.id:
        raise Refused("接班人不能是交班人自己。", {"receiver": "请选择另一位同事。"})
    name = receiver.name if receiver is not None else turn.receiver_name
    try:
        with transaction.atomic():
            sheet = Handover.objects.create(
                community_id=community.pk, post=post, to_post=to_post or post, from_shift=turn.from_shift, to_shift=turn.to_shift,
                began_at=turn.began_at, due_at=turn.due_at, giver_id=actor.id, giver_name=actor.name, receiver_id=taker,
                receiver_name=name, opened_at=at,
            )  # fmt: skip
    except IntegrityError:
        raise Conflict(f"{title_of(post)}已有一次交接正在进行，同一岗位同时只能有一次。请打开那一次继续。") from None
    HandoverLine.objects.bulk_create([*listed(sheet), *carry_over(sheet)])
    sync(sheet, at)
    warn(sheet, at)
    return Done(sheet, {
        "post": title_of(post), "from_shift": turn.from_shift, "to_shift": turn.to_shift, "receiver": name or "待定",
        "due_at": turn.due_at.isoformat(),
    })  # fmt: skip


@action("handover.synced", may="duty.write", says="更新交接清单：{post}，新列 {fresh} 件")
def refresh(actor: Actor, sheet: Handover, /, *, at: datetime) -> Done:
    """Put matters on the sheet that have come up since, and mark those that were closed."""
    before = HandoverLine.objects.filter(handover=sheet).count()
    sheet = opened(sheet, actor, State.PREPARING, State.EXPLAINING)
    sync(sheet, at)
    return Done(sheet, {"post": title_of(sheet.post), "fresh": HandoverLine.objects.filter(handover=sheet).count() - before})


@action("handover.filled", may="duty.write", says="填写交接记录：{post}，{lines} 项")
def fill(
    actor: Actor, sheet: Handover, /, *, lines: Mapping[int, Mapping[str, Any]], special: str | None = None,
    late_cause: str | None = None, at: datetime,
) -> Done:  # fmt: skip
    """Write notes, counts, answers and ticks (`told`, `understood`: bool) into lines, by their ids.

    Both sides stand at one desk: either may write for both; what counts is what each then signs. A counter-sign of the
    receiver (`understood`, `received`, `answer`) may also be given while the giver's signature stands open to them.
    """
    sheet = opened(sheet, actor, State.PREPARING, State.EXPLAINING)
    rows = {row.pk: row for row in HandoverLine.objects.filter(handover=sheet, pk__in=list(lines))}
    if set(lines) - set(rows):
        raise NotFound
    changed = [row for pk, given in lines.items() if _write(row := rows[pk], given, sheet, at)]
    if changed:
        HandoverLine.objects.bulk_update(changed, [
            "note", "cause", "course", "explanation", "plan", "given", "received", "answer", "told_at", "understood_at", "weight",
        ])  # fmt: skip
    if special is not None:
        sheet.special = clean_text(special, "特殊情况", 300, field="special")
    if late_cause is not None:
        sheet.late_cause = clean_text(late_cause, "未按时交接的原因", 200, field="late_cause")
    sheet.save(update_fields=["special", "late_cause"])
    sync(sheet, at)
    warn(sheet, at)
    return Done(sheet, {"post": title_of(sheet.post), "lines": len(changed)})


def _write(row: HandoverLine, given: Mapping[str, Any], sheet: Handover, at: datetime) -> bool:
    before = {name: getattr(row, name) for name in (*_WRITABLE, "given", "received", "answer", "told_at", "understood_at", "weight")}
    for name, (title, most) in _WRITABLE.items():
        if name in given:
            setattr(row, name, clean_text(given[name], title, most))
    for name in ("given", "received"):
        if name in given:
            setattr(row, name, _count(given[name], row.title))
    if "answer" in given:
        known = rule.ANSWERS.get(row.kind, {})
        if given["answer"] and given["answer"] not in known:
            raise Refused(f"「{row.title}」只能选{'、'.join(word.strip('√× ') for word in known.values()) or '清单上的结果'}。")
        row.answer = given["answer"]
    for tick, name in (("told", "told_at"), ("understood", "understood_at")):
        if tick in given and bool(given[tick]) != (getattr(row, name) is not None):
            setattr(row, name, at if given[tick] else None)
    if row.understood_at and sheet.arrived_at is None:
        raise Refused("接班人还没有到场，不能替他确认。请先登记接班人到场。")
    if (weight := given.get("weight")) and weight != row.weight:
        if weight not in rule.WEIGHTS or list(rule.WEIGHTS).index(weight) < list(rule.WEIGHTS).index(row.weight):
            raise Refused("事项只能往重里改。要改轻，请上级在工单里改。")
        row.weight = weight
    return any(getattr(row, name) != value for name, value in before.items())


def _count(text: Any, title: str) -> int | None:
    if text is None or str(text).strip() == "":
        return None
    try:
        number = int(str(text).strip())
    except ValueError:
        number = -1
    if not 0 <= number <= 9999:
        raise Refused(f"「{title}」的数量应为 0 到 9999 的整数。")
    return number


@action("handover.added", may="duty.write", says="交接记录增加{kind}：{title}")
def add_line(
    actor: Actor, sheet: Handover, /, *, kind: str, title: str, weight: str = "ordinary", due_at: datetime | None = None,
    about_line: int = 0, at: datetime,
) -> Done:  # fmt: skip
    """A matter, an order of a superior, or a question of the receiver (about a line, or about the whole). Returns the line.

    A question voids what the giver has signed: it has to be answered first. D13.07, D13.09, D13.12.
    """
    states = (State.PREPARING, State.EXPLAINING, State.SIGNED) if kind == "question" else (State.PREPARING, State.EXPLAINING)
    sheet = opened(sheet, actor, *states)
    words = clean_text(title, rule.KINDS.get(kind, "内容"), 300, field="title")
    if kind not in rule.WRITTEN:
        raise Refused("只能增加事项、上级指令或提问；其他项目请在交接清单里设置。")
    if not words:
        raise Refused("请填写内容。", {"title": "请填写内容。"})
    if weight not in rule.WEIGHTS:
        raise Refused("轻重只能选一般、重要或重大紧急。", {"weight": "请选择。"})
    about = ""
    if about_line:
        other = HandoverLine.objects.filter(handover=sheet, pk=about_line).first()
        if other is None:
            raise NotFound
        words, about = f"{other.number or other.title}：{words}"[:300], f"line:{other.pk}"
    if HandoverLine.objects.filter(handover=sheet, kind=kind, about=about, title=words).exists():
        raise Refused("这一条已经在表上了。", {"title": "已经在表上了。"})
    if kind == "question" and sheet.state == State.SIGNED:
        void(sheet, State.EXPLAINING)
    line = HandoverLine.objects.create(
        handover=sheet, kind=kind, position=900, title=words, weight=weight, due_at=due_at, about=about, by_name=actor.name
    )
    warn(sheet, at)
    return Done(line, {"kind": rule.KINDS[kind], "title": words}, community=sheet.community_id)


@action("handover.closed_line", may="duty.write", says="交接事项{word}：{title}")
def close_line(actor: Actor, line: HandoverLine, /, *, closed: bool = True, at: datetime) -> Done:
    """A matter is settled, or an order no longer holds: later shifts do not see it any more. D5.07."""
    sheet = opened(line.handover, actor, State.PREPARING, State.EXPLAINING)
    if line.kind not in ("matter", "order"):
        raise Refused("工单在工单里办结，其他项目不用办结。")
    if closed and line.kind == "matter" and (not line.note or not line.course):
        raise Refused("请先写明经过和结果，再办结。")
    line.closed = closed
    line.save(update_fields=["closed"])
    return Done(line, {"word": "办结" if closed else "重开", "title": line.title}, community=sheet.community_id)


@action("handover.contained", may="duty.write", says="确认已控制：{title}，后续安排：{plan}")
def contain(actor: Actor, line: HandoverLine, /, *, plan: str, at: datetime) -> Done:
    """A superior confirms that an important matter is under control and what follows: then responsibility may pass. D5.26."""
    sheet = opened(line.handover, None, State.PREPARING, State.EXPLAINING, State.REFUSED)
    must_decide(actor, sheet, at)
    words = clean_text(plan, "后续安排", 500, field="plan")
    if len(words) < 4:
        raise Refused("请写明后续安排：谁、什么时候、做什么。", {"plan": "请写明后续安排。"})
    line.plan, line.contained_by, line.contained_at = words, actor.name, at
    line.save(update_fields=["plan", "contained_by", "contained_at"])
    return Done(line, {"title": line.number or line.title, "plan": words}, community=sheet.community_id)


# --- the receiver comes --------------------------------------------------------------------------------------------


@action("handover.arrived", may="duty.write", says="接班人到场：{post} {name}，{lateness}")
def arrive(actor: Actor, sheet: Handover, /, *, at: datetime) -> Done:
    """The receiver is at the desk: their presence is noted, ten minutes before the hour at best. D2.38."""
    sheet = opened(sheet, actor, State.PREPARING, State.EXPLAINING)
    if sheet.receiver_id is None:
        raise Refused("还没有确定接班人，请先由上级指定。")
    if sheet.arrived_at is not None:
        raise Refused("接班人到场已登记。")
    sheet.arrived_at = at
    sheet.save(update_fields=["arrived_at"])
    if sheet.post == sheet.to_post:
        present(sheet.community_id, sheet.to_post, sheet.receiver_id, sheet.due_at, at)
    late = at - (sheet.due_at - rule.ARRIVE_BEFORE)
    said = "迟到" if late >= rule.PUNCTUAL else "按时"
    return Done(sheet, {"post": title_of(sheet.post), "name": sheet.receiver_name, "lateness": said})


@action("handover.explaining", may="duty.write", says="开始讲解清点：{post}")
def explain(actor: Actor, sheet: Handover, /, *, at: datetime) -> Done:
    """From preparing to explaining: refused while something of the preparation is missing. D5.20, D5.28."""
    sheet = opened(sheet, actor, State.PREPARING)
    sync(sheet, at)
    lines = list(sheet.lines.all())
    if missing := rule.preparing(queries.bars_of(sheet, lines, at), lines):
        raise Refused("交班准备还没有做完：" + "".join(bar.text for bar in missing[:3]))
    if sheet.arrived_at is None:
        raise Refused("接班人还没有到场。请先登记到场；迟迟不来，请报上级另派。")
    sheet.state = State.EXPLAINING
    sheet.save(update_fields=["state"])
    return Done(sheet, {"post": title_of(sheet.post)})


@action("handover.read", may="duty.write", says="接班人已阅本班值班日志：{post}，{count} 行")
def read_log(actor: Actor, sheet: Handover, /, *, upto: int, at: datetime) -> Done:
    """The receiver has read the book of the shift up to this line. D2.41, D13.06."""
    sheet = opened(sheet, actor, State.PREPARING, State.EXPLAINING)
    if sheet.arrived_at is None:
        raise Refused("接班人还没有到场。请先登记到场。")
    known = queries.shift_lines(sheet)
    top = known.order_by("-pk").values_list("pk", flat=True).first() or 0
    if upto > top:
        raise Refused("没有这一行日志，请刷新后再读。")
    sheet.read_at, sheet.read_upto = at, max(upto, sheet.read_upto)
    sheet.save(update_fields=["read_at", "read_upto"])
    return Done(sheet, {"post": title_of(sheet.post), "count": known.filter(pk__lte=upto).count()})


@action("handover.unfit", may="duty.write", says="接班人不宜上岗：{name}，{reason}")
def mark_unfit(actor: Actor, sheet: Handover, /, *, reason: str, at: datetime) -> Done:
    """The giver sees that the relief has drunk or is not themself: nothing passes before the superior has decided. D5.29."""
    sheet = opened(sheet, actor, State.PREPARING, State.EXPLAINING, State.SIGNED)
    if actor.id != sheet.giver_id:
        raise Forbidden("由交班人提出。")
    words = clean_text(reason, "情况", 200, field="reason")
    if not words:
        raise Refused("请写明看到的情况。", {"reason": "请写明情况。"})
    void(sheet, State.EXPLAINING if sheet.state == State.SIGNED else sheet.state)
    sheet.unfit = words
    sheet.save(update_fields=["unfit"])
    tell_superior(sheet, "unfit", f"接班人{sheet.receiver_name}不宜上岗：{words}", at)
    return Done(sheet, {"name": sheet.receiver_name, "reason": words})


@action("handover.reported", may="duty.write", says="交接受阻报上级：{post}，{reason}")
def report(actor: Actor, sheet: Handover, /, *, reason: str, at: datetime) -> Done:
    """The relief does not come, or nothing moves: the superior is told, and decides."""
    sheet = opened(sheet, actor, *Handover.OPEN)
    words = clean_text(reason, "情况", 200, field="reason")
    if not words:
        raise Refused("请写明情况。", {"reason": "请写明情况。"})
    tell_superior(sheet, f"report:{at:%d%H%M}", words, at)
    return Done(sheet, {"post": title_of(sheet.post), "reason": words})
