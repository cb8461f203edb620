"""Who a resident is: a phone that was proven, and the units where the register knows it. Nothing is remembered of the units:
whoever moves out, or changes the number, loses them at the next look."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from shouwen.estate import queries as estate
from shouwen.kernel.access import Actor
from shouwen.kernel.journal import bookkeeping
from shouwen.kernel.prefix import root
from shouwen.kernel.secrets import open_text, seal_text
from shouwen.procedures.calendars import local

from .models import ResidentSession, TicketLink

COOKIE: Final = "shouwen_resident"
LASTS: Final = timedelta(days=30)
_SEEN_EVERY: Final = timedelta(hours=1)


@dataclass(frozen=True)
class Resident:
    """A session that is good, and what follows from its phone today."""

    pk: int
    phone_digest: str
    sealed: bytes
    at: datetime

    @cached_property
    def homes(self) -> list[estate.Home]:
        return estate.homes(self.phone_digest, local(self.at).date())

    @property
    def phone(self) -> str:
        return open_text(self.sealed)

    @property
    def shown(self) -> str:
        """138****0001"""
        return estate.mask_phone(self.phone)


def digest_of(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def known(phone_digest: str, at: datetime) -> bool:
    """Whether this number belongs to somebody: lives here, or has filed something."""
    lives = bool(estate.homes(phone_digest, local(at).date()))
    return lives or TicketLink.objects.filter(phone_digest=phone_digest).exists()


def resident_of(request: HttpRequest, at: datetime) -> Resident | None:
    """Who is signed in on this browser."""
    key = request.COOKIES.get(COOKIE, "")
    if not 20 <= len(key) <= 100:
        return None
    row = ResidentSession.objects.filter(digest=digest_of(key), ended_at=None, started_at__gt=at - LASTS).first()
    if row is None:
        return None
    if at - row.seen_at > _SEEN_EVERY:
        with bookkeeping("a resident was seen"):
            ResidentSession.objects.filter(pk=row.pk).update(seen_at=at)
    return Resident(row.pk, row.phone_digest, bytes(row.phone_sealed), at)


def begin(phone: str, *, agent: str, at: datetime) -> str:
    """A session for a phone just proven; returns the key for the cookie."""
    key = secrets.token_urlsafe(32)
    with bookkeeping("a resident has signed in"):
        ResidentSession.objects.create(
            digest=digest_of(key), phone_digest=estate.phone_digest(phone), phone_sealed=seal_text(phone), started_at=at,
            seen_at=at, agent=agent[:200],
        )  # fmt: skip
    return key


def end(resident: Resident, at: datetime, *, everywhere: bool = False) -> None:
    """Sign out here, or on every device that proved this phone."""
    rows = ResidentSession.objects.filter(ended_at=None)
    with bookkeeping("a resident has signed out"):
        (rows.filter(phone_digest=resident.phone_digest) if everywhere else rows.filter(pk=resident.pk)).update(ended_at=at)


def set_cookie(response: HttpResponse, name: str, key: str, lasts: timedelta) -> None:
    response.set_cookie(
        name, key, max_age=int(lasts.total_seconds()), path=_path(), httponly=True, secure=settings.HTTPS, samesite="Lax"
    )


def forget_cookie(response: HttpResponse, name: str) -> None:
    response.delete_cookie(name, path=_path(), samesite="Lax")


def _path() -> str:
    return f"{root()}r/"


def actor(community_id: int, name: str = "") -> Actor:
    """Somebody from outside, for the actions on their own ticket only; they never come near a page of the staff.

    `name` is masked already, or empty for somebody who did not say.
    """
    here = frozenset({community_id})
    return Actor(
        id=None, name=f"住户 {name}（自助）" if name else "住户（自助）", post="住户", community=community_id, channel="resident",
        grants={"tickets.file": here, "tickets.work": here, "tickets.view": here},
    )  # fmt: skip
