"""How long private answers and files stay after a ticket has ended: the procedure's `keeps`, else what the community has set.

What happened stays for ever (it is sealed); erased are the values kept apart from it and the files.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from dateutil.relativedelta import relativedelta
from django.db import transaction
from django.db.models import QuerySet

from shouwen.kernel.access import Actor
from shouwen.kernel.journal import Done, action

from . import store
from .attachments import _path as path_of
from .editions import procedure_of
from .engine import Procedure
from .engine.spans import parse
from .models import Attachment, PrivateAnswers, Ticket

BATCH: Final = 500
"""So many tickets or files are erased by one action; the chore comes again while there are more."""

COUNTED: Final = 1000
"""What is due is counted no further than this."""

FOREVER: Final = 0


@dataclass(frozen=True, slots=True)
class Periods:
    """Days after the end of a ticket; FOREVER (0) = not erased. `loose`: days after an upload that came with no ticket."""

    private: int
    files: int
    loose: int


@dataclass(frozen=True, slots=True)
class Due:
    private: int
    files: int
    loose: int

    @property
    def any(self) -> bool:
        return bool(self.private or self.files or self.loose)


def ends(procedure: Procedure, done: list[str], closed_at: datetime, days: int) -> datetime | None:
    """When what is kept of a ticket may go: by the `keeps` said last on its way, else so many days after; None = never."""
    said = [s.keeps for name in done if (s := procedure.every_step.get(name)) and s.keeps]
    said = said or [s.keeps for s in procedure.steps.values() if s.together and s.keeps and set(s.together) & set(done)]
    if not said:
        return closed_at + timedelta(days=days) if days else None
    if said[-1] == "permanent":
        return None
    span = parse(said[-1])
    return closed_at + relativedelta(**{f"{span.unit}s": span.amount})  # type: ignore[arg-type]


def due(community_id: int, periods: Periods, at: datetime) -> Due:
    """How much could be erased now, each counted up to COUNTED. Nothing is written."""
    return Due(
        _count(_private(community_id, periods.private, at)), _count(_files(community_id, periods.files, at)),
        _loose(community_id, periods.loose, at)[:COUNTED].count() if periods.loose else 0,
    )  # fmt: skip


def _count(found: Iterator[Any]) -> int:
    return sum(1 for _, _ in zip(range(COUNTED), found, strict=False))


@action("retention.erased", may="system", says="按保存期限清除：{private} 张工单的隐私内容、{files} 份附件")
def erase(actor: Actor, community_id: int, /, *, periods: Periods, at: datetime) -> Done:
    """Erase what is due, up to BATCH of each. Returns how much."""
    tickets = [pk for _, pk in zip(range(BATCH), _private(community_id, periods.private, at), strict=False)]
    PrivateAnswers.objects.filter(ticket__in=tickets).delete()
    files = [row for _, row in zip(range(BATCH), _files(community_id, periods.files, at), strict=False)]
    loose = list(_loose(community_id, periods.loose, at)[:BATCH]) if periods.loose else []
    for row in (*files, *loose):
        drop(row, at)
    facts = {"private": len(tickets), "files": len(files) + len(loose), "tickets": tickets[:100]}
    return Done(f"estate.community:{community_id}", facts, result=Due(len(tickets), len(files), len(loose)), community=community_id)


def _private(community_id: int, days: int, at: datetime) -> Iterator[int]:
    """Ids of ended tickets whose private answers may go, the oldest first."""
    rows = Ticket.objects.filter(community=community_id, closed_at__lt=at, private__isnull=False)
    return (pk for pk, _ in _over(rows, days, at))


def _files(community_id: int, days: int, at: datetime) -> Iterator[Attachment]:
    rows = Ticket.objects.filter(community=community_id, closed_at__lt=at, attachments__erased_at=None, attachments__isnull=False).distinct()
    for pk, _ in _over(rows, days, at):
        yield from Attachment.objects.filter(ticket=pk, erased_at=None)


def _over(rows: QuerySet[Ticket], days: int, at: datetime) -> Iterator[tuple[int, datetime]]:
    for pk, edition, closed in rows.order_by("id").values_list("pk", "edition_id", "closed_at").iterator(chunk_size=500):
        rules = procedure_of(edition)
        if any(step.keeps for step in rules.every_step.values()):
            state = store.load(pk).state
            over = ends(rules, [t.step for t in state.tasks if t.done and t.outcome == "done"], closed, days)
        else:
            over = closed + timedelta(days=days) if days else None
        if over is not None and over <= at:
            yield pk, closed


def _loose(community_id: int, days: int, at: datetime) -> QuerySet[Attachment]:
    """Files that were uploaded and never became part of a ticket."""
    rows = Attachment.objects.filter(community_id=community_id, ticket=None, about=None, erased_at=None, at__lt=at - timedelta(days=days))
    return rows.order_by("id")


def drop(row: Attachment, at: datetime) -> None:
    """Mark the file erased; once that is kept, it leaves the disk unless another attachment has the same content."""
    Attachment.objects.filter(pk=row.pk).update(erased_at=at)

    def unlink(digest: str = row.digest) -> None:
        if not Attachment.objects.filter(digest=digest, erased_at=None).exists():
            path_of(digest).unlink(missing_ok=True)

    transaction.on_commit(unlink)
