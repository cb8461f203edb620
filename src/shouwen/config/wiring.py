"""Every place where areas meet without knowing each other, read top to bottom.

A procedure file names an effect on another area (`does: {estate.set_state: …}`); the name is a slot, and here is what
fills it. Imported wherever actions run (addresses, command line), so that the slots are there before the first ticket.
"""

from __future__ import annotations

from datetime import datetime

from shouwen.estate import actions as estate
from shouwen.estate import queries as estate_queries
from shouwen.kernel.access import SYSTEM, Actor
from shouwen.kernel.refusals import Refused
from shouwen.procedures import slots


def set_state(actor: Actor, community_id: int, *, ticket: int, at: datetime, unit: str, state: str) -> None:
    """`estate.set_state: {unit: "{unit}", state: renovating}`: the unit's state in the register follows the ticket."""
    found = estate_queries.unit_by_code(community_id, unit)
    if found is None:
        raise Refused(f"本小区没有房号「{unit[:40]}」，无法更新房屋状态。")
    estate.edit_unit(SYSTEM, found, state=state, at=at)


slots.fill("estate.set_state", set_state)
