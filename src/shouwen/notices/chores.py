"""Work for the worker: carry notices out of the house.

A delivery is claimed with a lease, sent outside any transaction, then marked. Killed before the mark, the lease runs
out and it is sent again under the same key: at least once, never lost.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Final

from shouwen.kernel import leases
from shouwen.kernel.access import SYSTEM, Actor
from shouwen.kernel.journal import Done, action, bookkeeping

from .actions import address_of
from .channels import SENDERS
from .models import Delivery

log = logging.getLogger("shouwen.notices")

LEASE: Final = timedelta(minutes=5)
WAITS: Final = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 5, 10, 30, 60, 60, 60))
"""After the n-th failure it waits so long; after the last it is given up, which stands in the journal."""


def deliver(now: datetime, most: int = 20) -> int:
    """Send what is due, at most `most`; returns how many were tried."""
    claimed = claim(now, most)
    for delivery in Delivery.objects.filter(pk__in=claimed).select_related("notice", "channel__user").order_by("pk"):
        try:
            if because := _nobody(delivery):
                _mark(delivery, now, state="dropped", error=because)
                continue
            key = f"{delivery.notice.key}.{delivery.channel_id}"
            SENDERS[delivery.channel.kind](_address(delivery), delivery.notice, key)
        except Exception as error:
            _failed(delivery, now, error)
        else:
            _mark(delivery, now, state="sent", error="")
    return len(claimed)


def claim(now: datetime, most: int) -> list[int]:
    """Lease the deliveries that have waited longest. Nothing is written when nothing is due."""
    return leases.claim("notices_delivery", "next_at", now, LEASE, most)


def _mark(delivery: Delivery, now: datetime, *, state: str, error: str, next_at: datetime | None = None) -> None:
    with bookkeeping("a delivery was tried"):
        Delivery.objects.filter(pk=delivery.pk).update(
            state=state, attempts=delivery.attempts + 1, next_at=next_at, lease_until=None, error=error[:300]
        )


def _failed(delivery: Delivery, now: datetime, error: Exception) -> None:
    """Wait and try again, or give up loudly. The reason is kept without the secret address."""
    try:
        reason = f"{type(error).__name__}: {error}".replace(_address(delivery), "…")
    except Exception:  # the address itself cannot be read: it must not hold up the others
        reason = "渠道地址读不出来，请停用后重新添加"
    if delivery.attempts < len(WAITS):
        log.warning("delivery %s failed (%s), again later", delivery.pk, type(error).__name__)
        _mark(delivery, now, state="pending", error=reason, next_at=now + WAITS[delivery.attempts])
        return
    log.error("delivery %s given up after %s attempts", delivery.pk, delivery.attempts + 1)
    give_up(SYSTEM, delivery.notice.community_id, delivery=delivery, because=reason, at=now)


def _nobody(delivery: Delivery) -> str:
    """Why there is nobody to send to any more, or "". Between telling and sending somebody may have left."""
    channel = delivery.channel
    if channel is None or not channel.is_active:
        return "渠道已停用"
    if channel.user is None:
        return ""
    return "" if channel.user.is_active and channel.user.email else "账号里没有邮箱" if channel.user.is_active else "员工账号已停用"


def _address(delivery: Delivery) -> str:
    """Where it goes: a person's mail to the address of the account as it is now, not as it was when they asked for it."""
    if delivery.channel is None:
        return "…"
    return delivery.channel.user.email if delivery.channel.user else address_of(delivery.channel)


@action("delivery.given_up", may="system", says="通知「{title}」经「{channel}」投递 {attempts} 次均失败，已放弃：{because}")
def give_up(actor: Actor, place: int | None, /, *, delivery: Delivery, because: str, at: datetime) -> Done:
    """The last attempt failed: the journal says so, and the doctor counts it. The notice itself stays in the inbox."""
    _mark(delivery, at, state="failed", error=because)
    channel = delivery.channel.title if delivery.channel is not None else "已删除的渠道"
    facts = {"title": delivery.notice.title, "channel": channel, "attempts": delivery.attempts + 1, "because": because[:200]}
    return Done(delivery, facts)
