"""Puts the reckoned answers of a step in: what its own answers come to, and how many tickets there are. D1.05, D2.25, D2.78, D6.30, E20.15."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any

from shouwen.org import queries as org

from .calendars import CHINA, local
from .engine import Procedure, Refused, reckoned
from .engine.answers import check_answer
from .engine.procedure import Ask
from .models import Ticket
from .store import decoded


def with_reckoned(
    procedure: Procedure, step: str, given: Mapping[str, Any], earlier: Mapping[str, Any], community_id: int, at: datetime
) -> dict[str, Any]:
    """The given answers with those that nobody types; whatever was typed for one of them is put aside."""
    asks = procedure.every_step[step].asks.values()
    if not any(ask.reckoned for ask in asks):
        return dict(given)
    found, known = dict(given), dict(earlier)
    for ask in asks:
        if ask.reckoned:
            found.pop(ask.name, None)
            value: Any = worked_out(procedure, ask, known, community_id, at)
            if value:
                found[ask.name] = value
        else:
            try:  # as it will be kept: with its default, a colleague by number; what is wrong with it is said elsewhere
                value = check_answer(ask, given.get(ask.name), known, at)
            except Refused:
                continue
            if ask.kind == "staff" and isinstance(value, str) and not value.isdigit():
                value = str(org.user_id_of(value) or "")
        known[ask.name] = value
    return found


def again(procedure: Procedure, answers: Mapping[str, Any]) -> dict[str, str]:
    """After an amendment: what rests on the answers of a ticket, as they make it now; one may rest on the one before."""
    known: dict[str, Any] = dict(answers)
    changed: dict[str, str] = {}
    for ask in procedure.asks.values():
        if ask.name in answers and ask.reckoned and reckoned.count(ask.reckoned) is None:
            value = reckoned.from_answers(procedure, ask.reckoned, known)
            if value and value != known[ask.name]:
                known[ask.name] = changed[ask.name] = value
    return changed


def worked_out(procedure: Procedure, ask: Ask, answers: Mapping[str, Any], community_id: int, at: datetime) -> str:
    """What it comes to; "" while an answer on which it rests is missing."""
    counted = reckoned.count(ask.reckoned)
    if counted is None:
        return reckoned.from_answers(procedure, ask.reckoned, answers)
    wanted = []
    for name, value in counted.conditions:
        if value.startswith("{"):
            value = str(answers.get(value.strip("{}")) or "")
            if not value:
                return ""
        wanted.append((name, value))
    rows = Ticket.objects.filter(community=community_id, procedure=counted.procedure)
    since, until = period(counted.period, at)
    match counted.what:
        case "filed":
            rows = rows.filter(filed_at__gte=since, filed_at__lt=until)
        case "closed":
            rows = rows.filter(status=Ticket.Status.CLOSED, closed_at__gte=since, closed_at__lt=until)
        case "due":
            rows = rows.filter(status__in=(Ticket.Status.OPEN, Ticket.Status.PAUSED), due_at__lt=until)
        case _:
            rows = rows.filter(status__in=(Ticket.Status.OPEN, Ticket.Status.PAUSED))
    if not wanted:
        return str(rows.count())
    return str(sum(_fits(decoded(state).answers, wanted) for state in rows.values_list("state", flat=True).iterator(chunk_size=500)))


def _fits(answers: Mapping[str, Any], wanted: list[tuple[str, str]]) -> bool:
    """`none` = nothing was answered."""
    return all(value in (held if isinstance(held := answers.get(name) or "none", list) else [held]) for name, value in wanted)


def period(name: str, at: datetime) -> tuple[datetime, datetime]:
    """[since, until) of a period as it is said on this day; all time for ""."""
    today = datetime.combine(local(at).date(), time(0), CHINA)
    month = today.replace(day=1)
    match name:
        case "today":
            return today, today + timedelta(days=1)
        case "yesterday":
            return today - timedelta(days=1), today
        case "this month":
            return month, (month + timedelta(days=32)).replace(day=1)
        case "last month":
            return (month - timedelta(days=1)).replace(day=1), month
    return datetime(2000, 1, 1, tzinfo=CHINA), datetime(2100, 1, 1, tzinfo=CHINA)
