"""The secret address of a ticket. The token is made from the ticket and a key outside the database, which keeps its digest only."""

from __future__ import annotations

import hashlib
import re
from base64 import b32encode
from datetime import datetime, timedelta
from typing import Final

from shouwen.kernel.prefix import outward

from .limits import keyed
from .models import TicketLink

GOOD_FOR: Final = timedelta(days=30)
"""How long after closing a link still opens its ticket."""

_TOKEN: Final = re.compile(r"[a-z2-7]{24}")


def token_of(ticket_id: int, serial: int) -> str:
    """120 bits, in letters and digits that nobody mistakes."""
    return b32encode(keyed(f"ticket {ticket_id} {serial}"))[:24].decode().lower()


def digest_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def find(token: str, at: datetime) -> TicketLink | None:
    """The link behind a token, if it is still good."""
    if not _TOKEN.fullmatch(token):
        return None
    found = TicketLink.objects.select_related("ticket").defer("ticket__state").filter(digest=digest_of(token)).first()
    if found is None or (found.ticket.closed_at and at > found.ticket.closed_at + GOOD_FOR):
        return None
    return found


def address_of(token: str) -> str:
    """The whole address, for a message."""
    return outward(f"/r/t/{token}")
