"""The one time zone of the house: Chinese standard time, in which records are kept and days begin. D5.01."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

CHINA: Final = ZoneInfo("Asia/Shanghai")


def moment(value: datetime | str | None) -> datetime | None:
    """A moment as a statement of ours finds it: SQLite keeps naive UTC text."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value
