"""Private answers: taken out of a form before the engine sees it, kept encrypted, shown masked.

The engine and the event keep only the mask (王**, 138****0001), so events may stay for ever and the private
values can still be erased.
"""

from __future__ import annotations

from typing import Any

import msgspec

from shouwen.estate.queries import mask_name, mask_phone
from shouwen.kernel.batch import later
from shouwen.kernel.secrets import open_text, seal_text

from .engine import Procedure
from .models import PrivateAnswers
from .store import Row

_PUT = (
    "INSERT INTO procedures_privateanswers (ticket_id, sealed) VALUES (%s, %s)"
    " ON CONFLICT (ticket_id) DO UPDATE SET sealed = excluded.sealed"
)


def hidden(procedure: Procedure, answers: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """(answers with private ones masked, the private ones as given). A mask handed back unchanged stays a mask."""
    private = {
        name: value for name, value in answers.items()
        if name in procedure.asks and procedure.asks[name].private and value and "*" not in str(value)
    }  # fmt: skip
    return answers | {name: _mask(procedure.asks[name].kind, str(value)) for name, value in private.items()}, private


def _mask(kind: str, value: str) -> str:
    if kind == "phone":
        return mask_phone(value)
    return mask_name(value) if kind in ("text", "person") and len(value) <= 12 else value[:1] + "***"


def told_apart(row: Row, shown: dict[str, Any], private: dict[str, Any]) -> dict[str, Any]:
    """`shown`, with a mark where another private answer has the very mask that stands there: 13800000001 → 13855550001 is a change."""
    same = [name for name in private if row.state.answers.get(name) == shown[name]]
    kept = revealed(row.id) | row.fresh if same else {}
    return shown | {name: f"{shown[name]}（已更正）" for name in same if kept.get(name) != private[name]}


def passed_on(row: Row, answers: dict[str, Any]) -> dict[str, Any]:
    """Answers meant for a child ticket, with masks of the parent's private answers put back into the clear."""
    if not any("*" in str(value) for value in answers.values()):
        return answers
    clear = {str(row.state.answers.get(name)): value for name, value in (revealed(row.id) | row.fresh).items()}
    return {name: clear.get(str(value), value) if "*" in str(value) else value for name, value in answers.items()}


def keep(row: Row, private: dict[str, Any]) -> None:
    """Queue private answers of a ticket, beside those it already has (a ticket just begun has none)."""
    if private:
        row.fresh = (revealed(row.id) if row.revision > 1 else {}) | row.fresh | private
        later(_PUT, (row.id, seal_text(msgspec.json.encode(row.fresh).decode())))


def revealed(ticket_id: int) -> dict[str, Any]:
    """The private answers in the clear. Callers write who looked and why (procedures.actions.reveal)."""
    row = PrivateAnswers.objects.filter(ticket_id=ticket_id).values_list("sealed", flat=True).first()
    found: dict[str, Any] = msgspec.json.decode(open_text(row)) if row else {}
    return found


def has(ticket_id: int, field: str) -> bool:
    """Whether this private answer is still kept."""
    return field in revealed(ticket_id)
