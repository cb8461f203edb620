"""The timeline of a ticket as a story: what happened, which limits ran out, and who was told."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from shouwen.kernel.access import Actor
from shouwen.notices import queries as notices

from .. import queries
from ..effects import WHYS
from ..engine import Procedure
from ..models import Event, Ticket
from .outlook import PARTIES

SHOWN = 20
"""Events on the page; the earlier ones come when asked for."""

MOST_TOLD = 400
TONES = {
    "filed": "info", "finished": "success", "ticked": "warning", "urged": "warning", "paused": "warning", "withdrawn": "warning",
    "reopened": "warning", "amended": "info", "handed": "info",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Told:
    """People told one thing at one moment."""

    why: str
    about: str
    names: list[str] = field(default_factory=list)
    late: bool = False


@dataclass(frozen=True, slots=True)
class Moment:
    """One event, with who was told because of it."""

    seq: int
    at: datetime
    kind: str
    tone: str
    text: str
    told: list[Told]


@dataclass(frozen=True, slots=True)
class Story:
    """The latest events in order of time; `earlier` is the number before which there are more."""

    moments: list[Moment]
    earlier: int | None


def story(actor: Actor, ticket: Ticket, rules: Procedure, before: int | None = None) -> Story:
    """Two statements whatever the length of the history."""
    rows = queries.timeline(actor, ticket).order_by("-seq")
    if before is not None:
        rows = rows.filter(seq__lt=before)
    found = list(rows[: SHOWN + 1])
    events, more = found[:SHOWN], len(found) > SHOWN
    told = _told(actor, ticket, rules, events)
    moments = [_moment(event, told[event.seq]) for event in reversed(events)]
    return Story([m for m in moments if m.kind != "ticked" or m.told], events[-1].seq if more else None)


def _moment(event: Event, told: list[Told]) -> Moment:
    ticked = event.kind == "ticked"
    late = ticked and any(one.late for one in told)
    text = "时限已到，没有办结" if late else "时限将到" if ticked else event.text
    return Moment(event.seq, event.at, event.kind, "danger" if late else TONES.get(event.kind, "neutral"), text, told)


def _told(actor: Actor, ticket: Ticket, rules: Procedure, events: list[Event]) -> dict[int, list[Told]]:
    """Event number → what was told; the key of a notice names the event that it followed from (effects._news)."""
    found: dict[int, dict[tuple[str, str], Told]] = defaultdict(dict)
    if events:
        rows = notices.about(actor, f"ticket:{ticket.pk}", ticket.community_id)
        for row in rows.filter(at__gte=events[-1].at, at__lte=events[0].at)[:MOST_TOLD]:
            seq = row.key.split(".")[1:2]
            if not seq or not seq[0].isdigit():
                continue
            step = rules.every_step.get(row.about.partition("/")[2])
            about = step.title if step else ""
            one = found[int(seq[0])].setdefault((row.why, about), Told(WHYS.get(row.why, "知会"), about, [], row.why == "late"))
            name = row.user.name if row.user else PARTIES.get(row.party, "外部人员")
            if name not in one.names:
                one.names.append(name)
    return defaultdict(list, {seq: list(group.values()) for seq, group in found.items()})
