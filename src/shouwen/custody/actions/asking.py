"""A colleague of another department asks for a key: nothing leaves before whoever keeps it hands it out. D11.20."""

from __future__ import annotations

from datetime import datetime

from shouwen.kernel.access import Actor
from shouwen.kernel.journal import Done, action
from shouwen.kernel.refusals import Conflict, Forbidden, Refused
from shouwen.kernel.words import clean_text
from shouwen.org.models import User

from .. import queries, rules
from ..kinds import KINDS
from ..models import Loan, Thing
from ..rules import Taker
from .words import amount, keepers, locked, note, tell


def askable(thing: Thing) -> str:
    """By which way somebody may ask for it for themselves; "" = not at all."""
    sort = KINDS[thing.kind]
    plain = (slug for slug, way in sort.ways.items() if way.who == "staff" and not (way.final or way.emergency or way.uses_up or way.copies or way.asks))
    return next(plain, "") if sort.family == "key" and thing.state == Thing.State.IN else ""


@action("custody.requested", may="custody.view", says="{name}申请借用 {number} {title}，用途：{purpose}")
def request(actor: Actor, thing: Thing, /, *, purpose: str, at: datetime) -> Done:
    """Put it before the keeper, who hands it out (`issue`) or not (`drop`); both stand in the ledger. Returns the Loan."""
    row = locked(thing)
    rules.must_be_free(row)
    way = askable(row)
    if not way:
        raise Refused(f"{KINDS[row.kind].title}不能这样申请，请到客服部办理。")
    if actor.id is None:
        raise Forbidden("请由借用人自己申请。")
    uses = clean_text(purpose, "用途", 160, field="purpose")
    user = User.objects.get(pk=actor.id)
    how = KINDS[row.kind].ways[way]
    if faults := rules.faults(row.kind, how, purpose=uses, user=user, taker=Taker(), reason="", keep=False, today=at.astimezone(queries.CHINA).date()):
        raise Refused("".join(faults.values()), faults)
    if Loan.objects.filter(thing=row, user=user, state=Loan.State.ASKED).exists():
        raise Conflict("您已经申请过了，等保管人发放。")
    loan = Loan.objects.create(
        community_id=row.community_id, thing=row, way=way, quantity=row.quantity, user=user, who=user.name, purpose=uses, asked_at=at, asked_by=actor.name[:60],
        due_at=queries.closing(row.community_id, at), state=Loan.State.ASKED,
    )  # fmt: skip
    note(actor, row, "asked", f"{user.name}申请借用{amount(row, loan.quantity)}，用途：{uses}；等保管人发放，未经许可不得带出", at, loan=loan)
    tell(row, keepers(row, at), f"request:{loan.pk}", f"{user.name}申请借用 {row.number} {row.title}", f"用途：{uses}。发放或作罢，请在钥匙的页面办理。", at)
    return Done(loan, {"name": user.name, "number": row.number, "title": row.title, "purpose": uses})
