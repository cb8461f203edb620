"""Moments as residents read them."""

from __future__ import annotations

from datetime import datetime

from django import template

from shouwen.kernel.journal import now

from ..words import moment

register = template.Library()


@register.filter
def soon(value: datetime | None) -> str:
    """今天 14:05, 11月25日 09:00."""
    return moment(value, now()) if value else "—"
