"""A month of invented life in 荔园: tickets filed, worked, sometimes late, through the same actions as everyone's."""

from __future__ import annotations

import heapq
from datetime import datetime, timedelta
from random import Random
from typing import Any

from shouwen.estate.models import Occupancy
from shouwen.kernel.access import SYSTEM, Actor
from shouwen.kernel.refusals import Refused
from shouwen.org import queries as org
from shouwen.procedures import actions, store
from shouwen.procedures.calendars import local
from shouwen.procedures.deciding import finder_for
from shouwen.procedures.editions import edition_in_force, procedure_of
from shouwen.procedures.engine import Procedure, Task
from shouwen.procedures.models import Link, Ticket

from .answers import Writer
from .world import World

KINDS = {
    "repair": 36, "home_repair": 10, "complaint": 10, "consultation": 16, "appointment": 10, "help_request": 8,
    "suggestion": 3, "reception": 7,
}  # fmt: skip
"""What residents come with, by weight."""

RECENT = timedelta(hours=30)
"""In the last hours nearly half of the work is left lying, so that there is something to do when one logs in."""

HOURS = (8, 9, 9, 10, 10, 11, 12, 14, 14, 15, 16, 17, 18, 19, 20, 20, 21, 23)


def live(world: World, *, until: datetime, days: int, per_day: int = 5) -> int:
    """Play the days before `until`; returns how many tickets were filed. The last ones stay open."""
    random = Random(20261121)
    homes = list(
        Occupancy.objects.filter(community=world.liyuan, kind="owner").select_related("person").values_list("unit__code", "person__name")
    )
    agenda: list[tuple[datetime, int, int]] = []
    for day in range(days, -1, -1):
        for _ in range(per_day + random.randint(-2, 3)):
            start = local(until - timedelta(days=day))
            at = start.replace(hour=random.choice(HOURS), minute=random.randint(0, 59), second=random.randint(0, 59))
            if at < until:
                agenda.append((at, len(agenda), 0))
    heapq.heapify(agenda)
    filed, serial, known = 0, len(agenda), 0
    while agenda:
        at, _, ticket_id = heapq.heappop(agenda)
        if at > until:
            continue
        if ticket_id == 0:
            unit, name = random.choice(homes)
            filed += _file(world, random, unit, name, at)
        else:
            _tick(ticket_id, at)
            _work(ticket_id, random, at)
        born = list(Ticket.objects.filter(pk__gt=known).order_by("pk").values_list("pk", flat=True))
        known = born[-1] if born else known
        parents = Link.objects.filter(ticket_id=ticket_id, ticket__status="closed").values_list("to_id", flat=True)
        for touched in dict.fromkeys([ticket_id, *born, *parents]):  # a parent may have waited for this one
            left_lying = at > until - RECENT and random.random() < 0.45
            if touched and not left_lying and (after := _next_moment(touched, random, at)):
                serial += 1
                heapq.heappush(agenda, (after, serial, touched))
    return filed


def _file(world: World, random: Random, unit: str, name: str, at: datetime) -> bool:
    """File one ticket of a random kind; False when the invented answers did not fit."""
    slug = random.choices(list(KINDS), list(KINDS.values()))[0]
    try:
        _, rules = edition_in_force(slug, world.liyuan.pk, at)
        desk = _desk(world, at)
        writer = Writer(random, at, unit=unit, name=name, colleague=desk.ref)
        actions.file_ticket(
            desk, world.liyuan, procedure=slug, answers=writer.answers(rules, rules.first, {}), at=at,
            evidence=writer.evidence(rules, rules.first),
        )  # fmt: skip
    except Refused:
        return False
    return True


def _desk(world: World, at: datetime) -> Actor:
    hour = local(at).hour
    who = "xu" if hour < 8 else "li" if hour < 16 else "he"
    user_id = org.user_id_of(who)
    assert user_id is not None
    return org.actor_for(user_id, channel="demo")


def _next_moment(ticket_id: int, random: Random, at: datetime) -> datetime | None:
    """When somebody does the next thing: usually inside the limit, sometimes after it."""
    state = store.load(ticket_id).state
    if state.closed_at or not state.open_tasks:
        return None
    dues = [c.due for c in state.clocks if c.kind == "step" and not c.stopped and not c.superseded]
    room = (min(dues) - at) if dues else timedelta(minutes=40)
    room = max(room, timedelta(minutes=4))
    share = random.triangular(0.15, 0.95, 0.4) if random.random() < 0.9 else random.uniform(1.05, 1.6)
    return at + min(room * share, timedelta(hours=random.choice((1, 3, 9))))


def _tick(ticket_id: int, at: datetime) -> None:
    """Everything that fell due before `at`, each at its own moment."""
    while True:
        row = store.load(ticket_id)
        wake = row.state.wake
        if wake is None or wake >= at:
            return
        actions.pass_time(SYSTEM, row, at=wake)


def _work(ticket_id: int, random: Random, at: datetime) -> None:
    """Finish one open task of the ticket as somebody whom it lies with."""
    row = store.load(ticket_id)
    if row.state.status != "open" or not row.state.open_tasks:
        return
    rules = procedure_of(row.edition_id)
    task = random.choice(row.state.open_tasks)
    finder = finder_for(row, rules, at)
    names = (task.holder,) if task.holder else (task.role,)
    people = finder.find(names, task).users or finder.find(_behalf(rules, task), task).users
    guards = tuple(u for u in finder.directory.members("security", at) if u not in people[:1])
    writer = Writer(random, at, unit=row.place, name="", colleague=str(people[0]) if people else "", others=guards)
    for user_id in people[:3]:
        actor = org.actor_for(user_id, channel="demo")
        try:
            if not task.taken and random.random() < 0.5:
                actions.take(actor, row, task=task.id, at=at)
                row = store.load(ticket_id)
            answers = writer.answers(rules, task.step, row.state.answers)
            actions.finish(
                actor, row, task=task.id, answers=answers, at=at, evidence=writer.evidence(rules, task.step)
            )
            return
        except Refused:
            row = store.load(ticket_id)


def _behalf(rules: Procedure, task: Task) -> tuple[str, ...]:
    person: Any = rules.people.get(task.role)
    return person.on_behalf if person and person.on_behalf else ("tracker",)
