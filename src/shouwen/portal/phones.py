"""The number under which a ticket's resident is told: corrected with the ticket's own, forgotten with it.

A link that was sent to a number now corrected may lie in a stranger's hand: it is made anew.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db.models import Exists, OuterRef, Q

from shouwen.estate import queries as estate
from shouwen.kernel.journal import bookkeeping
from shouwen.kernel.secrets import seal_text
from shouwen.procedures import engine, store
from shouwen.procedures.calendars import local
from shouwen.procedures.models import PrivateAnswers
from shouwen.procedures.store import Row

from .links import GOOD_FOR, digest_of, token_of
from .models import TicketLink

NAME: Final = "phone"
"""The answer that is the resident's number."""

MOST: Final = 500


def corrected(row: Row, before: engine.Ticket, event: engine.Event) -> bool:
    """Take over a number that was given or corrected, inside the action that does so. True when the link was made anew and
    nobody has it yet: the old one opens nothing now, except where it went to somebody who lives there."""
    if not isinstance(event, engine.Amended | engine.Finished):
        return False
    old, new = before.answers.get(NAME), event.answers.get(NAME)
    phone = str(row.fresh.get(NAME, ""))
    link = TicketLink.objects.filter(ticket_id=row.id).first() if phone and new and new != old else None
    if link is None or link.phone_digest == estate.phone_digest(phone):
        return False
    anew = bool(old) and not _lives_there(link.phone_digest, row, event.at)
    if link.phone_digest or link.self_service:
        link.phone_digest, link.phone_sealed = estate.phone_digest(phone), seal_text(phone)
    if anew:
        link.serial += 1
        link.digest, link.made_at = digest_of(token_of(row.id, link.serial)), event.at
    with bookkeeping("a resident's number is corrected"):
        link.save()
    return anew


def _lives_there(phone_digest: str, row: Row, at: datetime) -> bool:
    return row.unit_id is not None and any(home.unit_id == row.unit_id for home in estate.homes(phone_digest, local(at).date()))


def tidy(now: datetime) -> int:
    """Numbers beside links go when the ticket's private answers have gone (erased on request, or by age); where a ticket never had
    any, when its link opens nothing any more. Up to MOST; the worker, once an hour."""
    rows = TicketLink.objects.exclude(phone_digest="").filter(~Exists(PrivateAnswers.objects.filter(ticket=OuterRef("ticket_id"))))
    found = list(rows.filter(Q(ticket__closed_at__lt=now - GOOD_FOR)).values_list("pk", flat=True)[:MOST])
    recent = rows.filter(Q(ticket__closed_at=None) | Q(ticket__closed_at__gte=now - GOOD_FOR)).order_by("-id")
    found += [pk for pk, ticket in recent.values_list("pk", "ticket_id")[:MOST] if store.load(ticket).state.answers.get(NAME)]
    with bookkeeping("numbers of residents are forgotten"):
        return TicketLink.objects.filter(pk__in=found).update(phone_digest="", phone_sealed=b"") if found else 0
