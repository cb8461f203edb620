"""Names and telephones of people outside the company: shown once for a reason by the rule of all private values, erased when they ask."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from shouwen.estate import actions as estate_actions
from shouwen.estate.models import Reveal
from shouwen.estate.private import mask_name, mask_phone, unseal
from shouwen.kernel.access import Actor
from shouwen.kernel.journal import Done, action
from shouwen.kernel.models import PrivateFact
from shouwen.kernel.refusals import NotFound, Refused
from shouwen.kernel.words import clean_text
from shouwen.procedures import retention
from shouwen.procedures.models import Attachment

from ..kinds import MAIL
from ..models import Loan, Thing
from .words import no, note

FIELDS: Final = {"name": "姓名", "phone": "电话", "recipient": "代存转交人姓名"}
SHOWN: Final = 10
"""Loans whose private values may be asked for."""

GONE: Final = "没有这项内容，或已按规定清除。"


def kept(thing: Thing, loans: Sequence[Loan] | None = None) -> dict[str, tuple[str, str]]:
    """What may be asked for: `name`, `phone`, `recipient` of the thing, `7-name`, `7-phone` of its loan 7 → (title, masked)."""
    whose = "收件人" if thing.kind in MAIL else "寄存人"
    found = {field: (FIELDS[field] if field == "recipient" else f"{whose}{FIELDS[field]}", _mask(field, value)) for field, value in _of(thing).items()}
    for loan in Loan.objects.filter(thing=thing).exclude(private=b"").order_by("-id")[:SHOWN] if loans is None else loans[:SHOWN]:
        found |= {f"{loan.pk}-{field}": (f"{loan.who} 的{FIELDS[field]}", _mask(field, value)) for field, value in _of(loan).items()}
    return found


def _of(row: Thing | Loan) -> dict[str, str]:
    return unseal(row.private) if row.private else {}


def _mask(field: str, value: str) -> str:
    return mask_phone(value) if field == "phone" else mask_name(value)


def _value(thing: Thing, field: str) -> str:
    pk, _, name = field.rpartition("-")
    row = (Loan.objects.filter(pk=pk, thing=thing).first() if pk.isdecimal() else None) if pk else thing
    return _of(row).get(name, "") if row is not None else ""


@action("custody.reveal_asked", may="estate.reveal", says="申请查看 {number} 的{field}，理由：{reason}")
def ask_reveal(actor: Actor, thing: Thing, /, *, field: str, reason: str, at: datetime) -> Done:
    """Ask to see one value, by the rule of all private values (estate.actions.asked). Returns the request."""
    found = kept(thing).get(field)
    if found is None:
        raise NotFound(GONE)
    title = found[0]
    wanted = Reveal(community_id=thing.community_id, about=f"thing:{thing.pk}", field=field, title=f"{thing.number} 的{title}"[:120])
    made = estate_actions.asked(actor, wanted, reason=reason, at=at)
    return Done(thing, {"number": thing.number, "field": title, "reason": made.reason}, result=made)


@action("custody.revealed", may="estate.reveal", says="查看了 {number} 的{field}，理由：{reason}，批准人：{approver}")
def reveal(actor: Actor, thing: Thing, /, *, request: Reveal, at: datetime) -> Done:
    """Hand out the value, once, on a request that was approved; give it to nobody else."""
    value = _value(thing, request.field)
    if request.about != f"thing:{thing.pk}" or not value:
        raise NotFound(GONE)
    estate_actions.taken(actor, request, at=at)
    return Done(thing, {"number": thing.number, "field": request.title, "reason": request.reason, "approver": request.decided_by}, result=value)


@action("custody.private_erased", may="estate.edit", says="{number} 清除隐私内容：{reason}")
def erase_private(actor: Actor, thing: Thing, /, *, reason: str, at: datetime) -> Done:
    """Erase names, telephones and signatures of a thing and its loans for ever, as the person asked; masks and what happened stay.

    Not while it is with us: whoever comes for it must still be known.
    """
    row = Thing.objects.select_for_update(of=("self",)).select_related("store").get(pk=thing.pk)
    words = clean_text(reason, "清除原因", 200, field="reason")
    if len(words) < 4:
        raise no("reason", "请写明清除原因（至少 4 个字），如：本人书面要求删除。")
    if row.gone_at is None:
        raise Refused("还在保管中，领取时要核对身份，不能清除。交还、领走以后再清除。")
    loans = Loan.objects.filter(thing=row).exclude(private=b"")
    if not row.private and not loans.exists():
        raise Refused("没有隐私内容，或已经清除过了。")
    PrivateFact.objects.filter(entry__subject__in=[f"custody.thing:{row.pk}", *(f"custody.loan:{pk}" for pk in row.loans.values_list("pk", flat=True))]).delete()
    for file in Attachment.objects.filter(about__in=[f"custody.loan:{pk}" for pk in row.loans.values_list("pk", flat=True)], erased_at=None):
        retention.drop(file, at)
    loans.update(private=b"")
    row.private = b""
    row.save(update_fields=["private"])
    note(actor, row, "erased", f"隐私内容已清除：{words}", at, book=False)
    return Done(row, {"number": row.number, "reason": words})
