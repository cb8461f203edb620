"""What other areas know of a unit: arrears, keys, mail. Filled in config/wiring.py, shown beside the caller and on the unit's own page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from shouwen.kernel.access import Actor

from .models import Unit


@dataclass(frozen=True, slots=True)
class Card:
    """One thing known. Tones as of badges. No private values."""

    title: str
    text: str
    tone: str = "neutral"
    icon: str = "info-circle"
    url: str = ""


Known = Callable[[Actor, Unit, datetime], Card | None]
_known: list[Known] = []


def show(card: Known) -> None:
    """Add a card; None = nothing to say, or not for this person."""
    if card not in _known:
        _known.append(card)


def cards_of(actor: Actor, unit: Unit, at: datetime) -> list[Card]:
    """Everything that others say of this unit to this person."""
    return [found for card in _known if (found := card(actor, unit, at)) is not None]
