"""A thing lost or damaged: reported at once with its course, settled by the procedure of its kind. D4.41–D4.46, D4.63–D4.66, D4.88–D4.93, D11.06–D11.08, D11.24."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Sum

from shouwen.kernel.access import Actor
from shouwen.kernel.journal import Done, action
from shouwen.kernel.refusals import Conflict, Refused
from shouwen.procedures import actions as procedures
from shouwen.procedures import editions

from ..kinds import KINDS
from ..models import Loan, Thing
from .words import amount, keepers, leads, locked, no, note, tell, wanted

PROCEDURE = "key_loss"
HAPPENED = {"lost": "遗失", "damaged": "损坏"}
ENDED = {"found": "已找回", "recut": "已补配钥匙", "lock": "已换锁", "written_off": "已注销"}


@action("custody.lost", may="custody.work", says="{number} {title} 报告{what}：{course}")
def report_loss(actor: Actor, thing: Thing, /, *, what: str, course: str, at: datetime) -> Done:
    """Somebody reports a loss or damage; the head of service hears at once, and the matter gets its ticket. Returns (thing, ticket or None)."""
    row = locked(thing)
    if what not in HAPPENED:
        raise no("what", "请选择遗失还是损坏。")
    words = wanted(course, "详细经过", 500, "course")
    if len(words) < 6:
        raise no("course", "请把经过写详细：何时何地、怎么发现、最后在谁手里。")
    if row.state in (Thing.State.LOST, Thing.State.GONE):
        raise Conflict("已经在按遗失、损坏处理。" if row.state == Thing.State.LOST else "已交还，不再由我们保管。")
    sort = KINDS[row.kind]
    holder = Loan.objects.filter(thing=row, state="out").select_related("user").first()
    row.state = Thing.State.LOST
    row.save(update_fields=["state"])
    people = keepers(row, at)
    said = f"报告{HAPPENED[what]}：{words}；当时{'在' + holder.who + '手里，' + holder.out_by + '发放' if holder else '在' + row.store.title}；责任：{sort.liable}"
    note(actor, row, "lost", said, at, loan=holder)
    tell(row, (*leads(row.community_id, at), *people), f"lost:{row.pk}:{at:%Y%m%d%H%M}", f"{row.number} {HAPPENED[what]}：{row.title}", said, at, urgent=True)
    ticket = _ticket(actor, row, what, said, at)
    return Done(row, {"number": row.number, "title": row.title, "what": HAPPENED[what], "course": words}, result=(row, ticket))


def _ticket(actor: Actor, row: Thing, what: str, said: str, at: datetime) -> Any:
    """The ticket of the loss, where the procedure is in force and this person may file."""
    sort = KINDS[row.kind]
    try:
        editions.edition_in_force(PROCEDURE, row.community_id, at)
    except Refused:
        return None
    if not sort.loss or not actor.may("tickets.file", row.community_id):
        return None
    answers = {"key": row.number, "what": what, "variant": sort.loss, "which": row.title, "course": said[:1000]}
    if row.unit is not None:
        answers["unit"] = row.unit.code
    return procedures.file_ticket(actor, row.community, procedure=PROCEDURE, answers=answers, at=at)


@action("custody.settled", may="custody.work", says="遗失处理 {number} {title}：{how}，{note}")
def settle(actor: Actor, thing: Thing, /, *, how: str, at: datetime, quantity: int | None = None, remark: str = "") -> Done:
    """The end of a loss: found, cut anew, the lock changed, or written off."""
    row = locked(thing)
    if row.state != Thing.State.LOST:
        raise Conflict(f"{row.number} 不在遗失、损坏处理中。")
    if how not in ENDED:
        raise no("how", "请选择处理结果。")
    words = wanted(remark, "处理情况", 300, "remark")
    many = row.quantity if quantity is None else quantity
    if how != "written_off" and not 1 <= many <= 99_999:
        raise no("quantity", "数量至少是 1；一件也没有了的，请选“已注销”。")
    if how == "found" and many > row.quantity:
        raise no("quantity", f"登记的是 {amount(row, row.quantity)}，找回的不会更多。新配的请选“已补配钥匙”。")
    for loan in Loan.objects.filter(thing=row, state="out"):
        loan.state, loan.closed_at, loan.remind_at = Loan.State.CLOSED, at, None
        loan.save(update_fields=["state", "closed_at", "remind_at"])
    if how == "written_off":
        row.state, row.gone_at = Thing.State.GONE, at
    else:
        row.state, row.quantity = Thing.State.IN, many
    row.save(update_fields=["state", "gone_at", "quantity"])
    booked = row.moves.aggregate(sum=Sum("quantity"))["sum"] or 0
    note(actor, row, "settled", f"{ENDED[how]}，{amount(row, many)}：{words}", at, quantity=(0 if how == "written_off" else many) - booked)
    return Done(row, {"number": row.number, "title": row.title, "how": ENDED[how], "note": words})


def settle_by_number(actor: Actor, community_id: int, *, number: str, how: str, remark: str, at: datetime) -> None:
    """The procedure of the loss has ended: a key that stands in the register as lost comes back to it, by its number.

    `how` is one of ENDED or the words of the procedure's option. What is not registered, or settled already, stays as it is.
    """
    row = Thing.objects.filter(community=community_id, number=number.strip().upper(), state=Thing.State.LOST).first()
    if row is not None:
        way = next((slug for slug, title in ENDED.items() if how in (slug, title, title.removeprefix("已"))), "found")
        settle(actor, row, how=way, remark=remark[:300], at=at)


def losing_ends() -> list[tuple[str, str]]:
    """How a loss may end, for a choice."""
    return list(ENDED.items())
