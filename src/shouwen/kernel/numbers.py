"""Numbers of tickets, receipts and papers: per community, prefix and day, without gaps and without twins."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from .batch import ask

_PREFIX: Final = re.compile(r"[A-Z][A-Z0-9]{0,11}")
_NEXT: Final = (
    "INSERT INTO kernel_counter (community_id, prefix, day, last) VALUES (%s, %s, %s, 1)"
    " ON CONFLICT (community_id, prefix, day) DO UPDATE SET last = kernel_counter.last + 1 RETURNING last"
)


def next_number(community_id: int, prefix: str, day: date) -> str:
    """The next number of a series, such as ``TS-20261123-007``. Only inside an action.

    The counter rises in the writer's transaction: whoever comes next waits for its end, and a number that was
    rolled back is given out again. Take it late in an action, because others of the series wait meanwhile.
    """
    if not _PREFIX.fullmatch(prefix):
        raise ValueError(f"a number's prefix is one to twelve capitals or digits, not {prefix!r}")
    last = ask(_NEXT, (community_id, prefix, day.isoformat()))[0][0]
    return f"{prefix}-{day:%Y%m%d}-{last:03d}"
