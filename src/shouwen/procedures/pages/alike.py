"""Matters like the one being written down: the same procedure within thirty days, for the same unit or in the same words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from shouwen.kernel.access import Actor

from .. import queries
from ..models import Ticket

WITHIN: Final = timedelta(days=30)
SHOWN: Final = 4
LOOKED_AT: Final = 60
"""Neighbours' tickets of the procedure whose words are compared: the latest of the community."""
SO_ALIKE: Final = 0.45
"""Share of pairs of letters that two texts have in common: 楼道灯不亮 and 三单元楼道灯三天不亮了."""


@dataclass(frozen=True, slots=True)
class Alike:
    ticket: Ticket
    why: str
    ticked: bool = False


def alike(
    actor: Actor, community_id: int, procedure: str, unit_id: int | None, words: str, at: datetime, ticked: frozenset[int] = frozenset()
) -> list[Alike]:
    """At most SHOWN, those of the unit first, the latest first; what this person may not see is not among them. Two statements."""
    rows = queries.tickets(actor).filter(procedure=procedure, filed_at__gte=at - WITHIN).exclude(status=Ticket.Status.WITHDRAWN)
    rows = rows.defer("state").order_by("-id")
    found: dict[int, Alike] = {}
    if unit_id:
        for row in rows.filter(unit_id=unit_id)[:SHOWN]:
            found[row.pk] = Alike(row, "同一户", row.pk in ticked)
    if pairs := _pairs(words):
        newest = queries.tickets(actor).filter(procedure=procedure, community_id=community_id).order_by("-id").values("pk")[:LOOKED_AT]
        for row in rows.filter(pk__in=newest):
            if row.pk not in found and _share(pairs, _pairs(row.summary)) >= SO_ALIKE:
                found[row.pk] = Alike(row, "说的像同一件事", row.pk in ticked)
    return list(found.values())[:SHOWN]


def _pairs(words: str) -> set[str]:
    letters = [letter for letter in words.lower() if letter.isalnum()]
    return {a + b for a, b in pairwise(letters)}


def _share(one: set[str], other: set[str]) -> float:
    """How much of the shorter text stands in the other; texts of fewer than three pairs say too little."""
    least = min(len(one), len(other))
    return len(one & other) / least if least >= 3 else 0.0
