"""What the page of a ticket reads besides the ticket itself: one plain statement each, for it is opened all day by everybody.

Whoever asks has the ticket before them (`acts.row_of`, which decides whether they may); of other tickets only those that
they may see are named.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from shouwen.kernel.access import Actor
from shouwen.kernel.batch import ask
from shouwen.kernel.zone import moment

from ..models import Ticket
from ..store import Row

MOST_FILES = 200


class File(NamedTuple):
    """An attachment, as pages show it (models.Attachment)."""

    key: str
    name: str
    kind: str
    size: int
    by_name: str
    at: datetime
    purpose: str
    taken_at: datetime | None
    spot: str


class Happened(NamedTuple):
    """An event (models.Event)."""

    seq: int
    at: datetime
    by_name: str
    kind: str
    text: str
    payload: str
    received_at: datetime | None


class Linked(NamedTuple):
    """Another ticket to which this one is linked."""

    pk: int
    number: str
    status: str
    summary: str

    def get_status_display(self) -> str:
        return str(Ticket.Status(self.status).label)


def files(row: Row) -> dict[str, File]:
    """Key → file that was not erased, in the order in which they came."""
    found = ask(
        "SELECT key, name, kind, size, by_name, at, purpose, taken_at, spot FROM procedures_attachment"
        f" WHERE ticket_id = %s AND erased_at IS NULL ORDER BY id LIMIT {MOST_FILES}", (row.id,),
    )  # fmt: skip
    return {one[0]: File(*one[:5], moment(one[5]), one[6], moment(one[7]), one[8]) for one in found}  # type: ignore[arg-type]


def events(row: Row, most: int, before: int | None = None, kinds: Iterable[str] = ()) -> list[Happened]:
    """The latest events, the newest first; of these kinds, and before this number, if given."""
    sql, values = "SELECT seq, at, by_name, kind, text, payload, received_at FROM procedures_event WHERE ticket_id = %s", [row.id]
    if before is not None:
        sql, values = f"{sql} AND seq < %s", [*values, before]
    if wanted := list(kinds):
        sql, values = f"{sql} AND kind IN ({', '.join(['%s'] * len(wanted))})", [*values, *wanted]  # type: ignore[list-item]
    return [
        Happened(one[0], moment(one[1]), *one[2:6], moment(one[6]))  # type: ignore[arg-type]
        for one in ask(f"{sql} ORDER BY seq DESC LIMIT {int(most)}", values)
    ]


HOW = {"same": "同一事项", "part_of": "上级事项", "caused_by": "起因"}
BACK = {"same": "同一事项", "part_of": "分项", "caused_by": "由此引起"}


def links(actor: Actor, row: Row) -> list[tuple[str, Linked]]:
    """(how it is related, other ticket) in both directions; the same rule of what may be seen as queries._visible."""
    found = ask(
        "SELECT l.kind, l.ticket_id, o.id, o.number, o.status, o.summary, o.community_id, o.confidential, o.first_asked_id, o.tracker_id"
        " FROM procedures_link l JOIN procedures_ticket o ON o.id = CASE WHEN l.ticket_id = %s THEN l.to_id ELSE l.ticket_id END"
        " WHERE l.ticket_id = %s OR l.to_id = %s ORDER BY l.id", (row.id, row.id, row.id),
    )  # fmt: skip
    return [
        ((HOW if source == row.id else BACK)[kind], Linked(pk, number, status, summary))
        for kind, source, pk, number, status, summary, community, confidential, first_asked, tracker in found
        if actor.may("tickets.view", community) and (
            not confidential or actor.id is not None and actor.id in (first_asked, tracker) or actor.may("tickets.confidential", community)
        )
    ]  # fmt: skip


class Head(NamedTuple):
    """A ticket as the head of its page shows it. `private`: whether its private answers are kept (not erased)."""

    pk: int
    number: str
    summary: str
    place: str
    unit_id: int | None
    confidential: bool
    status: str
    filed_at: datetime | None
    closed_at: datetime | None
    first_asked: str
    private: bool

    @property
    def id(self) -> int:
        return self.pk


def head(row: Row) -> Head:
    """What the row does not know already, and it."""
    first_asked, private = ask(
        "SELECT t.first_asked, EXISTS (SELECT 1 FROM procedures_privateanswers p WHERE p.ticket_id = t.id) FROM procedures_ticket t"
        " WHERE t.id = %s", (row.id,),
    )[0]  # fmt: skip
    state = row.state
    return Head(
        row.id, row.number, row.summary, row.place, row.unit_id, row.confidential, state.status, state.filed_at, state.closed_at,
        first_asked, bool(private),
    )  # fmt: skip
