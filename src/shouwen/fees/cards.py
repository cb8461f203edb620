"""What fees say of a unit elsewhere: that it is in arrears, and since which list one knows (no names, the sum only for who may see it)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.urls import reverse
from django.utils.timezone import localdate

from shouwen.estate.cards import Card
from shouwen.estate.models import Unit
from shouwen.kernel.access import Actor
from shouwen.kernel.money import yuan

from . import queries

STALE: Final = timedelta(days=40)
"""A list older than this may be wrong by now: the flag is said quietly, and with its age. Lists come monthly."""


def arrears(actor: Actor, unit: Unit, at: datetime) -> Card | None:
    """The flag of the unit, for who may see it. One statement."""
    found = queries.arrears_of(actor, unit)
    if found is None:
        return None
    sees = actor.may("fees.debts", unit.community_id)
    age = localdate(at) - found.as_of
    text = (f"{yuan(found.amount)}，" if sees and found.amount is not None else "") + f"截至 {found.as_of:%Y-%m-%d}"
    if age > STALE:
        text += f"（名单已 {age.days} 天没有更新，请先核实）"
    return Card("欠费", text, "neutral" if age > STALE else "warning", "receipt", reverse("fees:arrears_unit", args=[unit.pk]) if sees else "")
