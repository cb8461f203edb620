"""The shifts that a community begins with; afterwards the rows are its own to change."""

from __future__ import annotations

from typing import Final

SHIFTS: Final = (
    ("early", "早班", "08:00", "16:00", False),
    ("late", "中班", "16:00", "00:00", False),
    ("night", "夜班", "00:00", "08:00", False),
    ("office", "行政班", "08:30", "17:30", True),
)
"""(slug, title, from, to, workdays only)."""
