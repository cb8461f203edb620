"""Looking at a private value: asked with a reason, approved by somebody else or by authority, shown once, re-masked.

D1.06: numbers are told to nobody; D1.07: where truly needed, after the supervisor's approval. Whoever holds the power
of approval may look on that authority; everybody else waits for another person's decision.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from shouwen.kernel.access import Actor
from shouwen.kernel.journal import Done, action
from shouwen.kernel.refusals import Conflict, Forbidden, NotFound, Refused, TooMany
from shouwen.kernel.words import clean_text

from .. import private
from ..checks import no
from ..models import Person, PersonPrivate, Reveal

SHOWS_FOR: Final = timedelta(seconds=30)
APPROVED_FOR: Final = timedelta(hours=8)
"""How long after the approval the one look may be taken: a shift."""
RATE: Final = ((timedelta(minutes=10), 10), (timedelta(days=1), 60))
"""At most this many requests by one person in this span."""

reveal_asked: list[Callable[[Actor, Reveal, datetime], None]] = []
"""Slot: called inside the action when a request waits for approval (config/wiring tells the supervisor)."""


@action("estate.reveal_asked", may="estate.reveal", says="申请查看住户 {name} 的{field}，理由：{reason}")
def ask_reveal(actor: Actor, person: Person, /, *, field: str, reason: str, at: datetime) -> Done:
    """Ask to see one value. The row is the audit record; it opens at once only for who may approve."""
    if field not in Reveal.Field.values:
        raise no("field", "只能申请查看手机号码或证件号码。")
    if person.erased_at is not None:
        raise NotFound
    if not (person.phone_masked if field == "phone" else person.id_masked):
        raise Refused("这位住户没有登记此项资料。")
    reveal = asked(actor, Reveal(community_id=person.community_id, person=person, field=field), reason=reason, at=at)
    return Done(reveal, _facts(reveal))


def asked(actor: Actor, reveal: Reveal, *, reason: str, at: datetime) -> Reveal:
    """The one rule for every private value, also of other areas (`about` and `title` set); called inside an action.

    A reason without numbers in it, no second request while one waits, not too many; open at once only for who may approve.
    """
    if actor.id is None:
        raise Forbidden("系统不查看住户隐私信息。")
    why = clean_text(reason, "查看理由", 200, field="reason")
    if len(why) < 4:
        raise no("reason", "请写明查看理由（至少 4 个字），理由会留在操作日志中。")
    if _holds_number(why):
        raise no("reason", "理由会公开留存，请勿在理由中写电话或证件号码。")
    mine = Reveal.objects.filter(asked_by_id=actor.id)
    if mine.filter(person=reveal.person, about=reveal.about, field=reveal.field, state=Reveal.State.ASKED).exists():
        raise Conflict("您已申请查看此项，正在等待批准，请勿重复申请。")
    for span, most in RATE:
        if mine.filter(asked_at__gt=at - span).count() >= most:
            raise TooMany("查看隐私信息太频繁，已暂停。请稍后再试；如确有需要，请联系上级。")
    reveal.reason, reveal.asked_by_id, reveal.asked_by, reveal.asked_at = why, actor.id, actor.name, at
    if actor.may("estate.approve_reveal", reveal.community_id):
        reveal.state = Reveal.State.OPEN
        reveal.decided_by_id, reveal.decided_by, reveal.decided_at = actor.id, actor.name, at
    reveal.save(force_insert=True)
    if reveal.state == Reveal.State.ASKED:
        for tell in reveal_asked:
            tell(actor, reveal, at)
    return reveal


@action("estate.reveal_decided", may="estate.approve_reveal", says="{decision}{asked_by}查看{what}（理由：{reason}）")
def decide_reveal(actor: Actor, reveal: Reveal, /, *, approve: bool, at: datetime) -> Done:
    """Approve or deny somebody else's request (D1.07); nobody decides on their own."""
    if actor.id is None or actor.id == reveal.asked_by_id:
        raise Forbidden("不能批准自己的申请，请由其他有权批准的人处理。")
    state = Reveal.State.OPEN if approve else Reveal.State.DENIED
    decided = Reveal.objects.filter(pk=reveal.pk, state=Reveal.State.ASKED).update(
        state=state, decided_by_id=actor.id, decided_by=actor.name, decided_at=at
    )
    if not decided:
        raise Conflict("这条申请已被处理，请刷新后查看。")
    reveal.refresh_from_db()
    return Done(reveal, _facts(reveal) | {"decision": "批准" if approve else "拒绝", "asked_by": reveal.asked_by})


@action("estate.revealed", may="estate.reveal", says="查看了住户 {name} 的{field}，理由：{reason}，批准人：{approver}")
def show_reveal(actor: Actor, reveal: Reveal, /, *, at: datetime) -> Done:
    """Hand out the value, once, to who asked; it shows for 30 seconds. Returns the value: give it to nobody else."""
    taken(actor, reveal, at=at)
    held = PersonPrivate.objects.filter(person_id=reveal.person_id).first()
    if held is None:
        raise NotFound
    value = private.unseal(held.sealed).get(reveal.field, "")
    return Done(reveal, _facts(reveal) | {"approver": reveal.decided_by}, result=value)


def taken(actor: Actor, reveal: Reveal, *, at: datetime) -> None:
    """Use an open request up, once, by who made it; called inside the action that hands out the value."""
    if actor.id is None or actor.id != reveal.asked_by_id:
        raise NotFound
    shown = Reveal.objects.filter(pk=reveal.pk, state=Reveal.State.OPEN, decided_at__gt=at - APPROVED_FOR).update(
        state=Reveal.State.SHOWN, shown_at=at, shows_until=at + SHOWS_FOR
    )
    if not shown:
        reveal.refresh_from_db()
        raise Conflict(_CLOSED[reveal.state])
    reveal.refresh_from_db()


@action("estate.exported", may="estate.edit", says="导出{title}（{rows} 行，已脱敏；{filters}）")
def export_register(actor: Actor, community_id: int | None, /, *, title: str, rows: int, filters: str, at: datetime) -> Done:
    """The line of an export (D2.80); what is exported is masked like the screen."""
    return Done(f"estate.community:{community_id or 0}", {"title": title, "rows": rows, "filters": filters})


_CLOSED: Final = {
    Reveal.State.ASKED: "申请还未批准，号码保持隐藏。请等待有权批准的人处理。",
    Reveal.State.DENIED: "申请没有获准，号码保持隐藏。",
    Reveal.State.SHOWN: "这次批准已经用过，号码已重新隐藏。如仍需要，请重新申请并写明理由。",
    Reveal.State.OPEN: "批准已过期，号码保持隐藏。如仍需要，请重新申请并写明理由。",
}


def _facts(reveal: Reveal) -> dict[str, str]:
    return {
        "name": private.mask_name(reveal.person.name) if reveal.person else "", "field": reveal.get_field_display(),
        "what": f"住户 {private.mask_name(reveal.person.name)} 的{reveal.get_field_display()}" if reveal.person else reveal.title,
        "reason": reveal.reason, "person": str(reveal.person_id or ""),
    }


def _holds_number(text: str) -> bool:
    run = 0
    for char in text:
        run = run + 1 if char.isdigit() else (run if char in " -" else 0)
        if run >= 7:
            return True
    return False
