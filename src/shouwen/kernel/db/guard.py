"""What stands before every statement: held writes go first, and no table of ours is written outside an action."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from django.conf import settings

from ..batch import flush, waiting
from ..journal import Unwritten, running

AREAS = "kernel|estate|org|notices|papers|duty|procedures|portal|fees"
_WRITE = re.compile(rf'\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+"?((?:{AREAS})_\w+)', re.IGNORECASE)


def guard(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
    """Refuse a write to one of our tables that no action (or named bookkeeping) is behind."""
    if not running.get() and (found := _WRITE.match(str(sql))):
        raise Unwritten(f"write to {found[1]} outside an action: {str(sql)[:80]}")
    return execute(sql, params, many, context)


def in_order(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
    """Whoever reads after an action finds what it wrote, although it was held back."""
    if waiting():
        flush()
    return execute(sql, params, many, context)


def wrappers() -> list[Any]:
    return [in_order, guard] if settings.WRITE_GUARD else [in_order]
