"""API tokens: `Authorization: Bearer sw_…` names an account, narrowed to the token's scope, at the token's pace."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from threading import Lock
from time import monotonic
from typing import Any, Final

from shouwen.kernel.access import Actor
from shouwen.kernel.refusals import TooMany

from .actions.accounts import digest_of
from .models import ApiToken
from .queries import actor_for, logins

_BURST: Final = 0.25
"""A bucket holds this share of a minute's calls (at least 10)."""

_buckets: dict[int, Bucket] = {}
_lock = Lock()


@dataclass(frozen=True, slots=True)
class Token:
    pk: int
    user: int
    scope: frozenset[str]
    per_minute: int
    expires_at: datetime


@dataclass(slots=True)
class Bucket:
    """Calls left, and when they were counted. One per token and process: n web processes allow n times the pace."""

    left: float
    at: float


def actor_of(header: str, at: datetime) -> Actor | None:
    """The actor behind an Authorization header; None if it is no good. Raises TooMany above the token's pace."""
    kind, _, key = header.partition(" ")
    key = key.strip()
    if kind.lower() != "bearer" or not key.startswith("sw_") or len(key) > 100:
        return None
    digest = digest_of(key)
    token: Token | None = logins.get(digest, lambda: _read(digest))
    if token is None:
        logins.forget(digest)
        return None
    if token.expires_at <= at:
        return None
    _spend(token)
    return replace(actor_for(token.user, "api"), scope=token.scope)


def _read(digest: str) -> Token | None:
    row: tuple[Any, ...] | None = (
        ApiToken.objects.filter(digest=digest, revoked_at=None, user__is_active=True)
        .values_list("pk", "user_id", "scope", "per_minute", "expires_at", "epoch", "user__epoch")
        .first()
    )
    return Token(row[0], row[1], frozenset(row[2]), row[3], row[4]) if row and row[5] == row[6] else None


def _spend(token: Token) -> None:
    most, moment = max(10.0, token.per_minute * _BURST), monotonic()
    with _lock:
        bucket = _buckets.setdefault(token.pk, Bucket(most, moment))
        bucket.left = min(most, bucket.left + (moment - bucket.at) * token.per_minute / 60)
        bucket.at = moment
        if bucket.left < 1:
            raise TooMany(f"调用太频繁：该令牌每分钟最多 {token.per_minute} 次。请稍等再试。")
        bucket.left -= 1


def forget() -> None:
    """Fill every bucket again (tests)."""
    _buckets.clear()
