"""The sheet of a hand-over: its lines put together and kept up to date, its row locked, its superior told."""

from __future__ import annotations

from datetime import datetime

from django.db.models import F, Q
from django.urls import reverse

from shouwen.kernel.access import Actor
from shouwen.kernel.refusals import Conflict, Forbidden
from shouwen.notices import actions as notices

from .. import handover as rule
from .. import queries
from ..models import Handover, HandoverLine
from .book import title_of

State = Handover.State
SOURCES = 20
"""Passes of the book that are looked at for what they left open: two a workday."""

LOST = "这次交接刚刚有了变化，您的操作没有保存。请刷新页面，看过最新情况后再操作。"


def listed(sheet: Handover) -> list[HandoverLine]:
    """The lines that the list of the post asks for; a book that only changes keepers has none but its own."""
    if sheet.post != sheet.to_post:
        return [HandoverLine(handover=sheet, kind="paper", title="工作交接本")]
    due = sheet.due_at - rule.TIDY_BEFORE
    return [
        HandoverLine(
            handover=sheet, kind=kind, title=title, expected=count, position=place,
            due_at=due if kind in ("prep", "tidy") else None,
        )
        for place, (kind, title, count) in enumerate(queries.item_list(sheet.community_id, sheet.post))
    ]  # fmt: skip


def carry_over(sheet: Handover) -> list[HandoverLine]:
    """Orders that still hold and matters that are not closed, as they stood last on any sheet of this post. D5.07.

    That is its own last sheet, also one that was stopped (information always passes, responsibility only when complete),
    and what the book brought since, or a book that was stopped. What two of them hold counts as the later one has it.
    """
    own = (
        Handover.objects.filter(community=sheet.community_id, post=sheet.post, to_post=sheet.post, state__in=(State.DONE, State.STOPPED))
        .exclude(pk=sheet.pk).order_by("-pk").first()
    )  # fmt: skip
    book = Handover.objects.filter(community=sheet.community_id, state__in=(State.DONE, State.STOPPED)).filter(
        Q(to_post=sheet.post, state=State.DONE) | Q(post=sheet.post)
    ).exclude(pk=sheet.pk).exclude(post=F("to_post"))  # fmt: skip
    if own is not None:
        book = book.filter(Q(finished_at__gt=own.opened_at) | Q(finished_at=None, opened_at__gt=own.opened_at))
    sources = sorted([*([own] if own else []), *book.order_by("-pk")[:SOURCES]], key=lambda one: one.finished_at or one.opened_at)
    place = {one.pk: n for n, one in enumerate(sources)}
    rows = HandoverLine.objects.filter(handover__in=sources, kind__in=("order", "matter"))
    away = {one.pk for one in sources if one.to_post != sheet.post and one.state == State.DONE}  # given away: nothing new comes from it
    last: dict[tuple[str, str], HandoverLine] = {}
    for line in sorted(rows, key=lambda line: (place[line.handover_id], line.pk)):
        if line.handover_id not in away or (line.kind, line.title) in last:
            last[line.kind, line.title] = line
    return [
        HandoverLine(
            handover=sheet, kind=line.kind, position=line.position, title=line.title, weight=line.weight, due_at=line.due_at,
            cause=line.cause, course=line.course, plan=line.plan, contained_by=line.contained_by, contained_at=line.contained_at,
            by_name=line.by_name,
        )
        for line in last.values() if not line.closed
    ]  # fmt: skip


def sync(sheet: Handover, at: datetime) -> int:
    """Bring the open matters and the counted stock on the sheet up to date; returns how many matters are new."""
    lines = list(HandoverLine.objects.filter(handover=sheet, kind__in=("work", *rule.COUNTED)))
    known = {line.about: line for line in lines if line.kind == "work"}
    _stock(sheet, {line.about: line for line in lines if line.kind != "work" and line.about})
    items = {item.about: item for item in queries.items_of(sheet, at)}
    fresh = [
        HandoverLine(
            handover=sheet, kind="work", position=place, title=item.what[:300], number=item.number, about=about, due_at=item.due_at,
            weight=item.weight, closed=item.closed,
        )
        for place, (about, item) in enumerate(items.items()) if about not in known
    ]  # fmt: skip
    changed = []
    for about, line in known.items():
        closed = about not in items or items[about].closed
        weight = rule.heavier(line.weight, items[about].weight if about in items else line.weight)
        if (line.closed, line.weight) != (closed, weight):
            line.closed, line.weight = closed, weight
            changed.append(line)
    if fresh:
        HandoverLine.objects.bulk_create(fresh)
    if changed:
        HandoverLine.objects.bulk_update(changed, ["closed", "weight"])
    return len(fresh)


def warn(sheet: Handover, at: datetime) -> None:
    """An urgent matter in the book between desk and control room: the heads of both departments are told at once, each for
    themself; who has been told is not told again. D13.25, D13.26."""
    if sheet.post == sheet.to_post:
        return
    here = queries.current_directory(sheet.community_id)
    heads = dict.fromkeys(user for department in ("customer-service", "security") for user in here.head_of(department, at))
    urgent = HandoverLine.objects.filter(handover=sheet, closed=False).exclude(weight="ordinary")
    notices.tell([
        notices.News(
            key=f"handover:{sheet.pk}:urgent:{line.pk}:{user}", community_id=sheet.community_id, user_id=user, why="handover",
            title=f"交接中的{rule.WEIGHTS[line.weight]}事项：{line.number or line.title}", body=f"{line.number} {line.title}".strip(),
            urgent=True, about=f"handover:{sheet.pk}", url=address(sheet), at=at,
        ) for line in urgent for user in heads
    ])  # fmt: skip


def _stock(sheet: Handover, known: dict[str, HandoverLine]) -> None:
    """What other areas keep at this post is counted as their books stand now; what moved after the count shows as a difference."""
    if sheet.post != sheet.to_post:
        return
    for place, stock in enumerate(rule.stocks(sheet.community_id, sheet.post), start=500):
        line = known.get(stock.about)
        if line is None:
            HandoverLine.objects.create(
                handover=sheet, kind=stock.kind, position=place, title=stock.title, about=stock.about, expected=stock.expected
            )
        elif line.expected != stock.expected:
            line.expected = stock.expected
            line.save(update_fields=["expected"])


def locked(sheet: Handover) -> Handover:
    """The row as it stands now; nobody else changes it before this action is over."""
    return Handover.objects.select_for_update().get(pk=sheet.pk)


def opened(sheet: Handover, actor: Actor | None, *states: str) -> Handover:
    """The row, locked, in one of these states, and the actor (if given) is one of the two."""
    row = locked(sheet)
    if actor is not None and actor.id not in (row.giver_id, row.receiver_id):
        raise Forbidden("交接记录由交班人和接班人填写。")
    if row.state not in states:
        words = {
            State.DONE: "这次交接已经完成，不能再改。", State.STOPPED: "这次交接已中止，不能再改。",
            State.SIGNED: "交班人已签字，不能再改。要改请先撤回签字，或由接班人提出问题。",
            State.REFUSED: "接班人已拒绝接班，等上级决定。", State.PREPARING: "还在交班准备，请先做完准备、登记接班人到场并开始讲解。",
        }  # fmt: skip
        raise Conflict(words.get(State(row.state), LOST))
    return row


def void(sheet: Handover, state: str) -> None:
    """Back to `state`; signatures of this round no longer count."""
    if sheet.state == State.SIGNED:
        sheet.round += 1
    sheet.state = state
    sheet.save(update_fields=["state", "round"])


def must_decide(actor: Actor, sheet: Handover, at: datetime) -> None:
    """Refuse unless the actor stands above the giver, and is neither of the two."""
    if actor.id in (sheet.giver_id, sheet.receiver_id) or not queries.decides(actor, sheet, at):
        raise Forbidden("请由交班人的上级决定。")


def address(sheet: Handover) -> str:
    return reverse("duty:handing", args=[sheet.pk])


def tell_superior(sheet: Handover, key: str, words: str, at: datetime) -> None:
    """Those above the giver hear of it at once, and whoever has been told need not be told again."""
    people = queries.current_directory(sheet.community_id).superior_of(sheet.giver_id, at)
    notices.tell([
        notices.News(
            key=f"handover:{sheet.pk}:{key}:{user}", community_id=sheet.community_id, user_id=user, why="handover",
            title=f"交接班待您决定：{title_of(sheet.post)} {sheet.from_shift} → {sheet.to_shift}", body=words, urgent=True,
            about=f"handover:{sheet.pk}", url=address(sheet), at=at,
        ) for user in people
    ])  # fmt: skip
