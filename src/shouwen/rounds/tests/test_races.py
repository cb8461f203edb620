"""Many phones at one point, many workers at one plan: one is the first, one makes the run, and nothing that was seen is lost."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import time, timedelta
from typing import Any

import pytest
from django.db import connection

from shouwen.kernel.access import SYSTEM
from shouwen.kernel.journal import bookkeeping
from shouwen.org.tests.world import MONDAY, World
from shouwen.rounds import actions, chores
from shouwen.rounds.actions import Given
from shouwen.rounds.actions.plans import PointSpec
from shouwen.rounds.models import Plan, Point, Reading, Run

MANY = 12
pytestmark = [pytest.mark.both, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def patrolled(in_town: None, transactional_db: None) -> World:
    from shouwen.org.tests.world import found

    town = found()
    here = town.places["liyuan"]
    point = actions.add_point(SYSTEM, here, spec=PointSpec("东围墙"), at=MONDAY)
    route = actions.set_route(SYSTEM, here, title="一号线", points=[point.pk], at=MONDAY)
    actions.set_plan(
        SYSTEM, here, title="巡更", kind="patrol", route=route, post="engineer", rhythm="every", minutes=30, starts=time(0), ends=time(0), lasts=20, at=MONDAY,
    )  # fmt: skip
    return town


def storm(act: Callable[[int], Any]) -> list[BaseException]:
    """What went wrong of MANY who do it at once."""
    wrong: list[BaseException] = []
    gate = threading.Barrier(MANY)

    def one(number: int) -> None:
        try:
            gate.wait(30)
            act(number)
        except BaseException as error:
            wrong.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=(n,)) for n in range(MANY)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(60)
    return wrong


@pytest.mark.parametrize("checked", [True, False], ids=["checked", "constraint alone"])
def test_of_many_phones_at_one_point_one_is_the_first_and_all_are_kept(patrolled: World, monkeypatch: pytest.MonkeyPatch, checked: bool) -> None:
    chores.make(MONDAY + timedelta(minutes=30))
    run, point = Run.objects.get(), Point.objects.get()
    if not checked:  # nobody waits for the row of the run, and nobody looks who was there before
        monkeypatch.setattr("shouwen.rounds.actions.walking._locked", lambda one, community: Run.objects.select_related("plan", "plan__route").get(pk=one.pk))
        monkeypatch.setattr("shouwen.rounds.queries.seen_of", lambda ids: {pk: set() for pk in ids})
    actor = patrolled.actor("wang")
    wrong = storm(lambda n: actions.read(
        actor, patrolled.places["liyuan"], run=run, point=point, given=Given(key=f"phone-{n}", code=point.key), at=MONDAY + timedelta(minutes=31),
    ))  # fmt: skip
    assert wrong == []
    assert Reading.objects.filter(again=False).count() == 1 and Reading.objects.filter(again=True).count() == MANY - 1
    run.refresh_from_db()
    assert (run.state, run.seen) == ("done", 1)


def test_of_many_workers_each_occurrence_is_made_once(patrolled: World) -> None:
    at = MONDAY + timedelta(hours=3)
    assert storm(lambda n: chores.make(at)) == []
    assert Run.objects.count() == Run.objects.values("due_at").distinct().count() == 6
    with bookkeeping("every lease has run out"):
        Plan.objects.update(next_at=MONDAY + timedelta(minutes=30), lease_until=None)
    assert storm(lambda n: chores.make(at)) == []
    assert Run.objects.count() == 6
