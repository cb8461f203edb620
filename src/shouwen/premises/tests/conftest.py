"""The demo world; short ways to a sign, to a month of tickets, to a visit."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from shouwen.estate.models import Building, Unit
from shouwen.kernel.access import SYSTEM
from shouwen.org.models import User
from shouwen.premises import actions
from shouwen.premises.models import Sign
from shouwen.procedures import actions as tickets
from shouwen.procedures import queries as ticket_queries
from shouwen.procedures.tests.conftest import MONDAY, as_, clock, who, world
from shouwen.rounds import actions as rounds
from shouwen.rounds import chores as rounds_chores
from shouwen.rounds.actions import Given

__all__ = ["MONDAY", "as_", "clock", "who", "world"]

EARLY = MONDAY - timedelta(hours=1)
"""08:00: before the first check of the day."""


def hours(n):
    return EARLY + timedelta(hours=n)


@pytest.fixture
def work(who):
    """work(name, row, step, at, **answers): somebody finishes a step of a ticket."""

    def finish(name, row, step, at, evidence=None, **answers):
        row = ticket_queries.row(SYSTEM, row.id)
        task = next(task for task in row.state.open_tasks if task.step == step)
        return tickets.finish(who(name), row, task=task.id, answers=answers, evidence=evidence or {}, at=at)

    return finish


@pytest.fixture
def listed(world, who, work):
    """listed(**answers): a sign through its list: drafted by sun, approved by lin, placed by sun."""

    def through(at=EARLY, **answers):
        given = {"category": "safety", "target": "public", "content": "小心地滑", "building": "3", "place": "3 栋大堂", "quantity": "1", "reason": "雨天"} | answers
        row = tickets.file_ticket(who("sun"), world.liyuan, procedure="sign_use", answers=given, at=at)
        work("lin", row, "review", at, decision="approve")
        work("sun", row, "make", at, made_how="stock")
        work("sun", row, "place_it", at, placed_at=at.isoformat())
        return Sign.objects.select_related("point").get(ticket_id=row.id)

    return through


@pytest.fixture
def charges(world, who):
    """sun answers for building 3, ma for 5."""
    return [
        actions.give_charge(who("lin"), Building.objects.get(community=world.liyuan, code=code), user=User.objects.get(username=name), at=EARLY)
        for code, name in (("3", "sun"), ("5", "ma"))
    ]


@pytest.fixture
def look(world, who):
    """look(name, run, point, at, bad=False): somebody looks at a point of a run."""

    def read(name, run, point, at, bad=False, **more):
        answers = {check.pk: "bad" if bad else "good" for check in point.checks.all()}
        given = Given(key=str(uuid4()), code=point.key, answers=answers, finding="sign" if bad else "", note="脱落" if bad else "", **more)
        return rounds.read(who(name), world.liyuan, run=run, point=point, given=given, at=at)

    return read


@pytest.fixture
def unit(world):
    return lambda code: Unit.objects.select_related("building").get(community=world.liyuan, code=code)


def watch(at):
    rounds_chores.watch(at)
