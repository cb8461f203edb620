"""Figures of a period, counted from the tickets themselves: the same rows that the register shows, never a second book.

A figure is asked for by procedure, by the days on which tickets were filed, and by any answer with options (class,
channel, department, result…). A6.05, C7.03, C7.04, E11.13, D7.18.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import msgspec

from shouwen.kernel.access import Actor
from shouwen.kernel.refusals import Refused
from shouwen.org import queries as org

from . import queries
from .calendars import CHINA
from .editions import edition_in_force
from .engine import Procedure
from .engine.procedure import Ask
from .engine.ticket import Ticket as State
from .models import Ticket

LONGEST = timedelta(days=400)
"""A report reads the tickets of its period; longer ones are taken in pieces."""

COUNTED = ("pick", "yes_no", "department", "rating", "staff")
NOT_GIVEN = "未填"

_state = msgspec.json.Decoder(State).decode


@dataclass(frozen=True, slots=True)
class Row:
    """One value of the answer counted by, with the tickets that have it."""

    title: str
    count: int
    closed: int
    late: int
    share: float
    """Of all tickets of the period, 0–1."""


@dataclass(frozen=True, slots=True)
class Report:
    """`rows` most frequent first; a ticket with several values counts under each, and once in `total`."""

    procedure: str
    title: str
    by: str
    since: date
    until: date
    total: int
    closed: int
    late: int
    reopened: int
    satisfaction: float | None
    """Mean of the ratings given (1–5); None when nobody gave one."""
    rows: tuple[Row, ...]


def countable(rules: Procedure) -> list[Ask]:
    """The answers of a procedure that a report can count by."""
    return [ask for ask in rules.asks.values() if ask.kind in COUNTED and not ask.private]


def report(
    actor: Actor, community_id: int, *, procedure: str, since: date, until: date, by: str = "", at: datetime
) -> Report:
    """Count the tickets of a procedure filed from `since` to `until` (both included) that the actor may see."""
    check_period(since, until)
    _, rules = edition_in_force(procedure, community_id, at)
    asks = {ask.name: ask for ask in countable(rules)}
    if by and by not in asks:
        raise Refused("不能按这一项统计，请重新选择。", {"by": "请重新选择"})
    by = by or next((a.name for a in asks.values() if a.classes), next(iter(asks), ""))
    found = Counter[str]()
    closed, late = Counter[str](), Counter[str]()
    totals = Counter[str]()
    marks: list[int] = []
    for ticket, state in _tickets(actor, community_id, procedure, since, until):
        over = any(c.verdict == "breached" for c in state.clocks if not c.superseded and not c.soft)
        totals["all"] += 1
        totals["closed"] += ticket.status == "closed"
        totals["late"] += over
        totals["reopened"] += bool(state.reopened)
        marks += ratings(rules, state)
        for value in dict.fromkeys(_values(state.answers.get(by))) or ("",):
            found[value] += 1
            closed[value] += ticket.status == "closed"
            late[value] += over
    titles = _titles(actor, community_id, asks.get(by), found)
    rows = tuple(
        Row(titles.get(value) or NOT_GIVEN, n, closed[value], late[value], n / totals["all"])
        for value, n in found.most_common()
    )
    return Report(
        procedure, rules.title, asks[by].title if by else "", since, until, totals["all"], totals["closed"],
        totals["late"], totals["reopened"], sum(marks) / len(marks) if marks else None, rows,
    )  # fmt: skip


def satisfaction_by_person(
    actor: Actor, community_id: int, *, procedure: str, since: date, until: date, at: datetime
) -> dict[str, tuple[float, int]]:
    """Person ref → (mean rating, how many) of the tickets they worked on. C8.09."""
    check_period(since, until)
    _, rules = edition_in_force(procedure, community_id, at)
    gathered: dict[str, list[int]] = defaultdict(list)
    for _, state in _tickets(actor, community_id, procedure, since, until):
        marks = ratings(rules, state)
        for person in {t.done_by for t in state.tasks if t.outcome == "done" and t.done_by.isdigit()}:
            gathered[person] += marks
    return {person: (sum(m) / len(m), len(m)) for person, m in gathered.items() if m}


def check_period(since: date, until: date) -> None:
    if until < since:
        raise Refused("结束日期早于开始日期，请重新选择。", {"until": "不能早于开始日期"})
    if until - since > LONGEST:
        raise Refused("一次最多统计 400 天，请缩短时间范围。", {"until": "最多 400 天"})
    if not 2000 <= since.year <= until.year <= 2100:
        raise Refused("日期应在 2000 到 2100 年之间。", {"since": "请重新选择"})


def ratings(rules: Procedure, state: State) -> list[int]:
    """Every rating (1–5) among the answers, also those of single branches once."""
    names = [a.name for a in rules.asks.values() if a.kind == "rating" or set(a.pick) >= {"1", "2", "3", "4", "5"}]
    return [int(v) for name in names for v in _values(state.answers.get(name)) if v in "12345"]


def _titles(actor: Actor, community_id: int, ask: Ask | None, values: Iterable[str]) -> dict[str, str]:
    """How people read the values of an answer: options, departments and colleagues by name."""
    if ask is None:
        return {}
    known = {"yes": "是", "no": "否"} | ask.pick
    if ask.kind == "department":
        known |= dict(org.departments(community_id))
    elif ask.kind == "staff":
        known |= {str(pk): name for pk, name in org.staff(actor).values_list("pk", "name")}
    return {value: known.get(value, value) for value in values if value}


def _tickets(
    actor: Actor, community_id: int, procedure: str, since: date, until: date
) -> Iterator[tuple[Ticket, State]]:
    first = datetime.combine(since, time(0), CHINA)
    last = datetime.combine(until + timedelta(days=1), time(0), CHINA)
    rows = queries.tickets(actor).filter(
        community_id=community_id, procedure=procedure, filed_at__gte=first, filed_at__lt=last
    )
    for ticket in rows.only("id", "status", "state").order_by("pk").iterator(chunk_size=500):
        yield ticket, _state(ticket.state)


def _values(answer: Any) -> Iterable[str]:
    if answer in (None, "", [], {}):
        return ()
    return (answer,) if isinstance(answer, str) else tuple(str(v) for v in answer)
