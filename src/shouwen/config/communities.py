"""A community with all it needs before its first day."""

from __future__ import annotations

from datetime import datetime, time

from django.db import transaction

from shouwen.duty import actions as duty
from shouwen.duty.standard import SHIFTS
from shouwen.estate import actions as estate
from shouwen.estate.models import Community
from shouwen.kernel.access import Actor
from shouwen.org import actions as org
from shouwen.org.standard import DEPARTMENTS


def begin(actor: Actor, *, slug: str, name: str, address: str = "", phone: str = "", at: datetime) -> Community:
    """Add a community with the standard departments and shifts, which it may change; whole or not at all."""
    with transaction.atomic():
        community: Community = estate.add_community(actor, None, slug=slug, name=name, address=address, phone=phone, at=at)
        for department, title in DEPARTMENTS.items():
            org.set_department(actor, community, slug=department, title=title, at=at)
        for shift, title, starts, ends, workdays in SHIFTS:
            duty.set_shift(
                actor, community, slug=shift, title=title, starts=time.fromisoformat(starts), ends=time.fromisoformat(ends),
                workdays_only=workdays, at=at,
            )  # fmt: skip
    return community
