"""The sheet of a hand-over: its lines put together and kept up to date, its row locked, its superior told."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse

from shouwen.kernel.access import Actor
from shouwen.kernel.refusals import Conflict, Forbidden
from shouwen.notices import actions as notices

from .. import handover as rule
from .. import queries
from ..models import Handover, HandoverLine
from .book import title_of

State = Handover.State
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
    """Orders that still hold and matters that are not closed, from the last hand-over of this post. D5.07."""
    done = Handover.objects.filter(community=sheet.community_id, to_post=sheet.post, state=State.DONE)
    last = done.exclude(pk=sheet.pk).order_by("-due_at").values_list("pk", flat=True).first()
    if last is None:
        return []
    return [
        HandoverLine(
            handover=sheet, kind=line.kind, position=line.position, title=line.title, weight=line.weight, due_at=line.due_at,
            cause=line.cause, course=line.course, plan=line.plan, contained_by=line.contained_by, contained_at=line.contained_at,
            by_name=line.by_name,
        )
        for line in HandoverLine.objects.filter(handover=last, kind__in=("order", "matter"), closed=False)
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
        if line.closed != closed:
            line.closed = closed
            changed.append(line)
    if fresh:
        HandoverLine.objects.bulk_create(fresh)
    if changed:
        HandoverLine.objects.bulk_update(changed, ["closed"])
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
