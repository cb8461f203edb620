"""Reads of the board: every open task of one community by urgency, as plain rows.

The lists are read with one hand-written statement: the board is asked for all day by everybody. What a person may see is
decided as in `queries.tasks`, and a test holds the two side by side.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

import msgspec
from django.db import connection
from django.db.models import F, Q, QuerySet

from shouwen.kernel.access import Actor
from shouwen.kernel.batch import ask
from shouwen.kernel.zone import moment

from . import queries
from .calendars import local
from .engine.ticket import Pause
from .models import Task, Ticket

LANE: Final = 25
"""Rows of one lane at first; the lane's own page has the others."""
COUNTED: Final = 100
"""A lane is counted no further than this; the board says 99+."""
GROUPED: Final = 250
"""Rows of the board when it is grouped: the most urgent."""

LANES: Final = {
    "overdue": "已超时", "soon": "30 分钟内到时", "today": "今天到时", "later": "以后到时", "waiting": "在等别人", "open": "没有时限",
}  # fmt: skip
"""The lanes in order. What waits (a paused ticket, an outside party, a child ticket) is in no other lane, unless it is due."""


@dataclass(frozen=True, slots=True)
class Narrowed:
    """The filters; whatever is empty does not narrow. `pools` are the queues of the department's posts (post:receptionist)."""

    department: str = ""
    holder: int | None = None
    procedure: str = ""
    building: int | None = None
    pools: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.department or self.procedure or self.holder is not None or self.building is not None)


class Item(NamedTuple):
    """One open task with what a list shows of its ticket. `building` is the unit's building, if there is one."""

    lane: str
    ticket: int
    number: int
    step: str
    title: str
    branch: str
    pool: str
    department: str
    holder: int | None
    holder_name: str
    taken_at: datetime | None
    due_at: datetime | None
    priority: int
    serial: str
    place: str
    summary: str
    confidential: bool
    edition: int
    building: int | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A ticket that stands still. `why` is child or the procedure's reason to pause; `by` who asked for the pause (a ref);
    `children` (number, id, procedure's edition, due) of what it waits for."""

    ticket: int
    serial: str
    place: str
    summary: str
    confidential: bool
    edition: int
    why: str
    remark: str
    by: str
    until: datetime | None
    children: tuple[tuple[str, int, int], ...] = ()


@dataclass(slots=True)
class Lane:
    """One lane: its rows (waiting tickets besides them), and whether there are more."""

    key: str
    items: list[Item] = field(default_factory=list)
    waiting: list[Waiting] = field(default_factory=list)
    count: int = 0
    more: bool = False

    def __len__(self) -> int:
        return len(self.items) + len(self.waiting)


class Figures(NamedTuple):
    """Tickets open and filed today, each counted up to queries.COUNTED; `mark` changes with whatever happens in the community."""

    running: int
    filed: int
    mark: int


_COLUMNS = (
    "k.ticket_id, k.number, k.step, k.title, k.branch, k.pool, k.department, k.holder_id, k.holder_name, k.taken_at, k.due_at,"
    " k.priority, t.number AS serial, t.place, t.summary, t.confidential, t.edition_id"
)
_PARTY = "k.holder_id IS NULL AND k.pool >= 'party' AND k.pool < 'partz'"
"""It lies with somebody outside the company. A range, because an index serves it under every collation."""

_RANGES: Final = {
    "overdue": "k.due_at < {minute}", "soon": "k.due_at >= {minute} AND k.due_at < {soon}",
    "today": f"k.due_at >= {{soon}} AND k.due_at < {{midnight}} AND NOT ({_PARTY})",
    "later": f"k.due_at >= {{later}} AND NOT ({_PARTY})",
    "waiting": f"{_PARTY} AND (k.due_at IS NULL OR k.due_at >= {{soon}})",
    "open": f"k.due_at IS NULL AND NOT ({_PARTY})",
}  # fmt: skip


class _Question:
    """A statement and its values, put together piece by piece."""

    def __init__(self, actor: Actor, community_id: int, at: datetime | None, narrowed: Narrowed) -> None:
        self.values: list[Any] = []
        self.actor, self.community, self.narrowed = actor, community_id, narrowed
        self.moments: dict[str, datetime] = {}
        if at is not None:
            minute, soon, midnight = bounds(at)
            self.moments = {"minute": minute, "soon": soon, "midnight": midnight, "later": max(soon, midnight)}

    def given(self, value: Any) -> str:
        self.values.append(value)
        return "%s"

    def visible(self) -> str:
        """As queries._visible, within one community."""
        if self.actor.may("tickets.confidential", self.community):
            return ""
        own = self.actor.id if self.actor.id is not None else 0
        return (
            f" AND (t.confidential = {_FALSE[connection.vendor]} OR t.first_asked_id = {self.given(own)}"
            f" OR t.tracker_id = {self.given(own)})"
        )

    def tasks(self, key: str, limit: int, columns: str, order: str = "k.due_at, k.id") -> str:
        """One lane as a subquery."""
        building = "u.building_id" if "building" in columns or self.narrowed.building is not None else ""
        joined = " LEFT JOIN estate_unit u ON u.id = t.unit_id" if building else ""
        sql = (
            f"SELECT {columns} FROM procedures_task k JOIN procedures_ticket t ON t.id = k.ticket_id{joined}"
            f" WHERE k.community_id = {self.given(self.community)} AND k.done_at IS NULL AND t.status = 'open'"
        )
        wanted = _RANGES.get(key, "")
        for name in ("minute", "soon", "midnight", "later"):  # in the order in which they stand there
            if f"{{{name}}}" in wanted:
                wanted = wanted.replace(f"{{{name}}}", self.given(self.moments[name]))
        sql += (f" AND {wanted}" if wanted else "") + self.visible() + self.filters()
        return f"SELECT * FROM ({sql} ORDER BY {order} LIMIT {limit}) AS lane_{key}"

    def standing(self, limit: int) -> str:
        """Tickets that stand still, the nearest end first. The state is long: only that of a paused one is fetched."""
        narrowed = self.narrowed
        joined = " JOIN estate_unit u ON u.id = t.unit_id" if narrowed.building is not None else ""
        sql = (
            "SELECT t.id, t.number, t.place, t.summary, t.confidential, t.edition_id, t.status,"
            f" CASE WHEN t.status = 'paused' THEN t.state END FROM procedures_ticket t{joined}"
            f" WHERE t.community_id = {self.given(self.community)} AND t.waits AND t.closed_at IS NULL{self.visible()}"
        )
        if narrowed.procedure:
            sql += f" AND t.procedure = {self.given(narrowed.procedure)}"
        if narrowed.building is not None:
            sql += f" AND u.building_id = {self.given(narrowed.building)}"
        if narrowed.holder is not None:
            sql += f" AND t.tracker_id = {self.given(narrowed.holder)}"
        if narrowed.department:
            sql += f" AND EXISTS (SELECT 1 FROM procedures_task k WHERE k.ticket_id = t.id AND k.done_at IS NULL{self.in_department()})"
        return f"{sql} ORDER BY t.due_at, t.id LIMIT {int(limit)}"

    def in_department(self) -> str:
        """The tasks of the department, and those that lie open for its posts."""
        own = f"k.department = {self.given(self.narrowed.department)}"
        if pools := self.narrowed.pools:
            own += f" OR (k.department = '' AND k.pool IN ({', '.join(map(self.given, pools))}))"
        return f" AND ({own})"

    def filters(self) -> str:
        narrowed, sql = self.narrowed, ""
        if narrowed.department:
            sql += self.in_department()
        if narrowed.holder is not None:
            sql += f" AND k.holder_id = {self.given(narrowed.holder)}"
        if narrowed.procedure:
            sql += f" AND t.procedure = {self.given(narrowed.procedure)}"
        if narrowed.building is not None:
            sql += f" AND u.building_id = {self.given(narrowed.building)}"
        return sql


_FALSE: Final = {"postgresql": "false", "sqlite": "0"}
_NOTHING: Final = {"postgresql": "NULL::bigint", "sqlite": "NULL"}


def bounds(at: datetime) -> tuple[datetime, datetime, datetime]:
    """Overdue before the first: the minute in which a task is due is still on time. Soon before the second, today before the third."""
    midnight = local(at).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return at.replace(second=0, microsecond=0), at + timedelta(minutes=30), midnight


def lanes(actor: Actor, community_id: int, at: datetime, narrowed: Narrowed = Narrowed()) -> list[Lane]:  # noqa: B008 - frozen
    """Every lane with its LANE most urgent tasks, those of a higher priority first. One statement, two more for what waits,
    one more to count lanes that are longer."""
    found = {key: Lane(key) for key in LANES}
    asked = _Question(actor, community_id, at, narrowed)
    extra = f", {_NOTHING[connection.vendor]} AS building"
    sql = " UNION ALL ".join(asked.tasks(key, LANE + 1, f"'{key}' AS lane, {_COLUMNS}{extra}") for key in LANES)
    whole = narrowed == Narrowed()  # then every lane is a piece of an index; what is rare among narrowed ones is found another way
    for row in ask(sql, asked.values, planned_once=whole):
        item = _item(row)
        found[item.lane].items.append(item)
    standing = waiting(actor, community_id, narrowed)
    found["waiting"].waiting = standing[:LANE]
    for lane in found.values():
        lane.more = len(lane.items) > LANE or (lane.key == "waiting" and len(standing) > LANE)
        lane.items = sorted(lane.items[:LANE], key=lambda item: item.priority)  # C2.04
        lane.count = len(lane)
    if longer := [key for key, lane in found.items() if lane.more]:
        asked = _Question(actor, community_id, at, narrowed)
        sql = " UNION ALL ".join(
            f"SELECT '{key}', count(*) FROM ({asked.tasks(key, COUNTED, 'k.id, k.due_at')}) AS counted_{key}" for key in longer
        )
        for key, count in ask(sql, asked.values):
            found[key].count = int(count) + len(found[key].waiting)
    return list(found.values())


def grouped(actor: Actor, community_id: int, at: datetime, narrowed: Narrowed) -> list[Item]:
    """The GROUPED most urgent open tasks, for the board by department, holder, building or procedure; one more if there are more."""
    asked = _Question(actor, community_id, at, narrowed)
    order = "CASE WHEN k.due_at IS NULL THEN 1 ELSE 0 END, k.due_at, k.id"
    rows = ask(asked.tasks("all", GROUPED + 1, f"'' AS lane, {_COLUMNS}, u.building_id AS building", order), asked.values)
    minute, soon, midnight = bounds(at)

    def lane(item: Item) -> str:
        due, party = item.due_at, item.holder is None and item.pool.startswith("party:")
        if due is not None and due < soon:
            return "overdue" if due < minute else "soon"
        return "waiting" if party else "open" if due is None else "today" if due < midnight else "later"

    return [item._replace(lane=lane(item)) for item in map(_item, rows)]


class _Paused(msgspec.Struct):
    """What this page needs of a ticket's state; the rest is not even decoded."""

    status: str = "open"
    pause: Pause | None = None


_paused = msgspec.json.Decoder(_Paused).decode


def waiting(actor: Actor, community_id: int, narrowed: Narrowed, limit: int = LANE + 1) -> list[Waiting]:
    """Tickets that stand still: paused ones, and those that wait for children, the nearest end first."""
    asked = _Question(actor, community_id, None, narrowed)
    listed = ask(asked.standing(limit), asked.values)
    children = children_of([row[0] for row in listed if row[6] == "open"])
    found = []
    for pk, serial, place, summary, confidential, edition, _, state in listed:
        pause = _paused(state).pause if state else None
        found.append(Waiting(
            pk, serial, place, summary, bool(confidential), edition, pause.reason if pause else "child", pause.remark if pause else "",
            pause.by if pause else "", pause.until if pause else max((due for *_, due in children.get(pk, ()) if due), default=None),
            tuple(child[:3] for child in children.get(pk, ())),
        ))  # fmt: skip
    return sorted(found, key=lambda one: (one.until is None, one.until or datetime.max.replace(tzinfo=UTC)))


def children_of(parents: Iterable[int]) -> dict[int, list[tuple[str, int, int, datetime | None]]]:
    """Ticket → the tickets it opened that are not closed yet: (number, id, edition, due)."""
    found: dict[int, list[tuple[str, int, int, datetime | None]]] = {}
    if wanted := list(parents):
        rows = ask(
            "SELECT l.to_id, t.number, l.ticket_id, t.edition_id, t.due_at FROM procedures_link l JOIN procedures_ticket t ON t.id = l.ticket_id"
            f" WHERE l.to_id IN ({', '.join(['%s'] * len(wanted))}) AND l.key <> '' AND t.closed_at IS NULL", wanted,
        )  # fmt: skip
        for parent, number, pk, edition, due in rows:
            found.setdefault(parent, []).append((number, pk, edition, moment(due)))
    return found


def climbed(tickets: set[int]) -> dict[tuple[int, int], int]:
    """(ticket, task) → rungs of its ladder already climbed, reminders among them; none = not in it. One statement."""
    if not tickets:
        return {}
    rows = ask(
        "SELECT ticket_id, task, rung FROM procedures_clock WHERE kind = 'step' AND stopped_at IS NULL AND rung > 0"
        f" AND ticket_id IN ({', '.join(['%s'] * len(tickets))})", sorted(tickets),
    )  # fmt: skip
    return {(ticket, task): rung for ticket, task, rung in rows}


def queryset(actor: Actor, community_id: int, at: datetime, key: str, narrowed: Narrowed) -> QuerySet[Task]:
    """One lane whole, the most urgent first, for turning page by page."""
    rows = queries.tasks(actor).filter(community_id=community_id, done_at__isnull=True, ticket__status=Ticket.Status.OPEN)
    given = {
        "holder_id": narrowed.holder, "ticket__procedure": narrowed.procedure,
        "ticket__unit__building_id": narrowed.building,
    }  # fmt: skip
    rows = rows.filter(**{name: value for name, value in given.items() if value not in ("", None)})
    if narrowed.department:
        rows = rows.filter(Q(department=narrowed.department) | Q(department="", pool__in=narrowed.pools))
    minute, soon, midnight = bounds(at)
    party = Q(holder_id__isnull=True, pool__gte="party", pool__lt="partz")
    ranges = {
        "overdue": Q(due_at__lt=minute), "soon": Q(due_at__gte=minute, due_at__lt=soon),
        "today": Q(due_at__gte=soon, due_at__lt=midnight) & ~party, "later": Q(due_at__gte=max(soon, midnight)) & ~party,
        "waiting": party & (Q(due_at__isnull=True) | Q(due_at__gte=soon)), "open": Q(due_at__isnull=True) & ~party,
    }  # fmt: skip
    order = F("due_at").asc(nulls_last=True) if key == "waiting" else "due_at"
    return rows.filter(ranges[key]).select_related("ticket").defer("ticket__state").order_by(order, "id")


def items_of(key: str, tasks: Iterable[Task]) -> list[Item]:
    """Rows of `queryset` as the lists draw them."""
    return [
        Item(
            key, t.ticket_id, t.number, t.step, t.title, t.branch, t.pool, t.department, t.holder_id, t.holder_name, t.taken_at,
            t.due_at, t.priority, t.ticket.number, t.ticket.place, t.ticket.summary, t.ticket.confidential, t.ticket.edition_id, None,
        )
        for t in tasks
    ]  # fmt: skip


def figures(actor: Actor, community_id: int, at: datetime) -> Figures:
    """See Figures. One statement."""
    asked = _Question(actor, community_id, at, Narrowed())
    midnight = local(at).replace(hour=0, minute=0, second=0, microsecond=0)
    ticket = f"SELECT 1 FROM procedures_ticket t WHERE t.community_id = {asked.given(community_id)}"
    running = f"{ticket} AND t.status IN ('open', 'paused'){asked.visible()} LIMIT {queries.COUNTED}"
    asked.given(community_id)
    filed = f"{ticket} AND t.filed_at >= {asked.given(midnight)}{asked.visible()} LIMIT {queries.COUNTED}"
    sql = f"SELECT (SELECT count(*) FROM ({running}) AS a), (SELECT count(*) FROM ({filed}) AS b), ({_MARK})"
    asked.given(community_id)
    ((running_now, filed_today, mark),) = ask(sql, asked.values)
    return Figures(running_now, filed_today, mark or 0)


_MARK = "SELECT id FROM kernel_entry WHERE community_id = %s ORDER BY id DESC LIMIT 1"


def mark(community_id: int) -> int:
    """A number that grows with every line of the community's journal: nothing happened while it stays the same."""
    rows = ask(_MARK, [community_id])
    return int(rows[0][0]) if rows else 0


def _item(row: Any) -> Item:
    item = Item(*row)
    if isinstance(item.due_at, datetime | None) and isinstance(item.taken_at, datetime | None) and connection.vendor == "postgresql":
        return item
    return item._replace(due_at=moment(item.due_at), taken_at=moment(item.taken_at), confidential=bool(item.confidential))
