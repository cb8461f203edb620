"""Papers that a procedure asks for."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from shouwen.kernel.batch import later

_INSERT: Final = (
    "INSERT INTO papers_paper (community_id, form, number, about, asked_at, asked_by, printed, digest)"
    " VALUES (%s, %s, %s, %s, %s, %s, 0, '')"
)


def ask(*, community_id: int, form: str, number: str, about: str, by: str, at: datetime) -> None:
    """Queue a paper to be printed with the rest of the running action. Only inside an action."""
    later(_INSERT, (community_id, form[:60], number, about, at, by))
