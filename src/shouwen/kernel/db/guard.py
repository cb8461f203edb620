"""What stands before every statement: held writes go first, and no table of ours is written outside an action."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from django.conf import settings

from ..batch import flush, waiting
from ..journal import Unwritten, running

AREAS = "|".join(app.removeprefix("shouwen.") for app in settings.INSTALLED_APPS if app.startswith("shouwen."))
_WRITE = re.compile(rf'\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+"?((?:{AREAS})_\w+)', re.IGNORECASE)


def first(sql: str) -> None:
    """Send what is held back, so that whoever reads after an action finds what it wrote; with the guard on, refuse a
    write to one of our tables that no action (or named bookkeeping) is behind."""
    if waiting():
        flush()
    if settings.WRITE_GUARD and not running.get() and (found := _WRITE.match(sql)):
        raise Unwritten(f"write to {found[1]} outside an action: {sql[:80]}")


def guard(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
    """The same before whatever goes through the framework's cursor."""
    first(str(sql))
    return execute(sql, params, many, context)
