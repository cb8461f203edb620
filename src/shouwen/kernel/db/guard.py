"""The write guard: no INSERT, UPDATE or DELETE on our tables outside an action."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from django.conf import settings

from ..journal import Unwritten, running

AREAS = "kernel|estate|org|notices|papers|duty|procedures"
_WRITE = re.compile(rf'\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+"?((?:{AREAS})_\w+)', re.IGNORECASE)


def guard(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
    """Refuse a write to one of our tables that no action (or named bookkeeping) is behind."""
    if not running.get() and (found := _WRITE.match(str(sql))):
        raise Unwritten(f"write to {found[1]} outside an action: {str(sql)[:80]}")
    return execute(sql, params, many, context)


def wrappers() -> list[Any]:
    return [guard] if settings.WRITE_GUARD else []
