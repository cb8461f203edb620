"""Telling people. Rows are written in the transaction of what caused them; delivery follows later (chores)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shouwen.kernel.batch import later

_INSERT: Final = (
    "INSERT INTO notices_notice (key, community_id, user_id, party, why, title, body, about, url, urgent, at)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (key) DO NOTHING"
)


@dataclass(frozen=True, slots=True)
class News:
    """One thing to tell one person (`user_id`) or one outside party, once: `key` makes it once."""

    key: str
    why: str
    title: str
    at: datetime
    community_id: int | None = None
    user_id: int | None = None
    party: str = ""
    body: str = ""
    about: str = ""
    url: str = ""
    urgent: bool = False


def tell(news: Sequence[News]) -> None:
    """Queue notices with the rest of the running action. Only inside an action."""
    for one in news:
        later(
            _INSERT,
            (
                one.key, one.community_id, one.user_id, one.party, one.why, one.title, one.body, one.about, one.url,
                one.urgent, one.at,
            ),
        )  # fmt: skip
