"""The night as the duty left it: which posts passed, which did not, what was signed and what was not. For a morning page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from shouwen.kernel.access import Actor
from shouwen.kernel.refusals import NotFound

from .. import handover as rule
from ..books import LOOKS_BACK, REVIEWS
from ..directory import Directory, Span
from ..models import Handover, SignOff
from .book import overdue, passes, signed_days
from .handover import late_handovers, missing_books
from .standing import Standing, standing


@dataclass(frozen=True, slots=True)
class Night:
    """`sheets`: hand-overs due in the night; `late`: (shift, the one that follows) without both signatures; `books`: (day, which
    way, due) of the book that did not pass; `unsigned`: (slug, title, days) of logs; `signed`: signatures given since it began."""

    sheets: list[Handover]
    late: list[tuple[Span, Span]]
    books: list[tuple[date, str, datetime]]
    unsigned: list[tuple[str, str, list[date]]]
    signed: list[SignOff]
    posts: list[Standing]


def night(actor: Actor, here: Directory, since: datetime, until: datetime, at: datetime) -> Night:
    """What the duty left from `since` to `until`, as it stands at `at`. Four statements, whatever there is."""
    if not actor.may("duty.view", here.community):
        raise NotFound
    community_id, today = here.community, at.astimezone(here.zone).date()
    first = today - LOOKS_BACK
    sheets, signed = passes(community_id, first, today + timedelta(1)), signed_days(community_id, first, today)
    done = {(one.post, one.to_post, one.due_at) for one in sheets if one.state == Handover.State.DONE}
    unsigned = overdue(community_id, today, signed=signed, sheets=sheets)
    return Night(
        [one for one in sheets if since <= one.due_at <= until and one.state != Handover.State.STOPPED],
        late_handovers(community_id, min(at - rule.PUNCTUAL, until), at, since=since - rule.PUNCTUAL, known=done, here=here),
        [row for row in missing_books(community_id, (today - timedelta(1), today), at - rule.PUNCTUAL, known=done, here=here) if since <= row[2] <= until],
        [(slug, REVIEWS[slug].title, days) for slug, days in unsigned.items() if days],
        sorted((one for one in signed.values() if one.at >= since), key=lambda one: one.at),
        standing(community_id, at, known=done, here=here),
    )
