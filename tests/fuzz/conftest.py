"""A small world to throw things at: both communities, open tickets of several kinds, people logged in.

`SHOUWEN_FUZZ=5000` asks for that many cases; without it a few hundred, the same every time.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from django.apps import apps
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connection, transaction
from django.test import Client
from hypothesis import HealthCheck, Phase, settings

from shouwen.config.demo import World, found
from shouwen.estate.models import Person, Unit
from shouwen.kernel import journal
from shouwen.kernel.access import PERMISSIONS
from shouwen.org import actions as org_actions
from shouwen.org import queries as org
from shouwen.procedures import actions
from shouwen.procedures.tests.conftest import MONDAY

ASKED = int(os.environ.get("SHOUWEN_FUZZ", "0"))
OURS = ("estate", "org", "notices", "papers", "duty", "procedures", "kernel", "axes")
BETWEEN = {"kernel.requestkey", "org.session", "axes.accessattempt", "axes.accesslog", "axes.accessfailurelog", "kernel.heartbeat"}
"""Rows that may come of a refused request: keys, sessions seen, failed logins."""


def cases(few: int) -> int:
    return ASKED or few


def thrown(few: int) -> settings:
    """So many cases, no shrinking: every case that fails is kept by the test itself."""
    return settings(
        max_examples=few, deadline=None, database=None, derandomize=not ASKED, phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip


@dataclass
class House:
    world: World
    tickets: list[int]
    """Of 荔园, in several states."""
    foreign: dict[str, Any]
    """Ids of 云溪: ticket, unit, person, user."""

    def client(self, username: str, **kwargs: Any) -> Client:
        user = org.user_by_username(username)
        client = Client(raise_request_exception=False, **kwargs)
        client.cookies["shouwen_session"] = org_actions.log_in(user, agent="fuzz", address="127.0.0.1", at=journal.now())
        return client

    def key(self, username: str, per_minute: int = 6000) -> str:
        """A bearer token with every permission that this person has."""
        user = org.user_by_username(username)
        actor = org.actor_for(user.pk)
        scope = [p for p in PERMISSIONS if actor.grants.get(p) and p not in ("api.tokens", "system")]
        narrowed = org.actor_for(org.user_id_of("kang")).grants.get("api.tokens")
        maker = actor if actor.grants.get("api.tokens") else _allowed(actor, narrowed)
        return org_actions.create_token(
            maker, None if actor.community is None else actor.community, user=user, name="投掷", scope=scope, days=1,
            per_minute=per_minute, at=journal.now(),
        )[1]  # fmt: skip


def _allowed(actor: Any, places: Any) -> Any:
    from dataclasses import replace

    return replace(actor, grants={**actor.grants, "api.tokens": places})


MATTERS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("li", "complaint", {"channel": "phone", "unit": "3-1-1201", "caller": "王秀英", "phone": "13800000001", "content": "楼上凌晨装修"}),
    ("li", "consultation", {"mode": "oral", "caller": "王秀英", "content": "停车月卡怎么办", "confidential": "no", "at_once": "no", "phone": "13800000001"}),
    ("li", "repair", {"channel": "phone", "unit": "3-1-1202", "caller": "刘洋", "phone": "13800000003", "place": "厨房", "content": "漏水", "fault": "plumbing", "class": "daily"}),
)


@pytest.fixture(scope="module")
def built(in_demo: None, django_db_blocker: Any) -> Iterator[House]:
    token = journal.clock.set(lambda: MONDAY)
    with django_db_blocker.unblock(), transaction.atomic():
        world = found()
        tickets = []
        for _ in range(3):
            for username, procedure, answers in MATTERS:
                actor = org.actor_for(org.user_id_of(username))
                tickets.append(actions.file_ticket(actor, world.liyuan, procedure=procedure, answers=answers, at=MONDAY).id)
        mei = org.actor_for(org.user_id_of("mei"))
        there = actions.file_ticket(mei, world.yunxi, procedure="consultation", answers=MATTERS[1][2], at=MONDAY)
        foreign = {
            "ticket": there.id, "number": there.number, "user": org.user_id_of("mei"), "username": "mei",
            "unit": Unit.objects.filter(community=world.yunxi).first().pk, "code": Unit.objects.filter(community=world.yunxi).last().code,
            "person": Person.objects.filter(community=world.yunxi).first().pk, "community": world.yunxi.pk, "slug": "yunxi",
        }  # fmt: skip
        yield House(world, tickets, foreign)
        transaction.set_rollback(True)
    journal.clock.reset(token)


@pytest.fixture
def house(built: House, db: None) -> Iterator[House]:
    token = journal.clock.set(lambda: MONDAY)
    for signal in (request_started, request_finished):  # our transaction spans all requests of a test
        signal.disconnect(close_old_connections)
    yield built
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)
    journal.clock.reset(token)


def rows() -> dict[str, int]:
    """How many rows each of our tables has."""
    ours = [m for m in apps.get_models() if m._meta.app_label in OURS and m._meta.label_lower not in BETWEEN]
    said = " UNION ALL ".join(f"SELECT '{m._meta.label_lower}', count(*) FROM {m._meta.db_table}" for m in ours)
    with connection.cursor() as cursor:
        cursor.execute(said)
        return dict(cursor.fetchall())


def forget() -> None:
    """What the process remembers of rows that were rolled back."""
    for name, module in list(sys.modules.items()):
        if name.startswith("shouwen.") and callable(each := getattr(module, "forget", None)):
            each()


@contextmanager
def undone(before: dict[str, int]) -> Iterator[list[str]]:
    """Run something and take it back; the list then names the tables it had written to."""
    written: list[str] = []
    with transaction.atomic():
        yield written
        after = rows()
        written += sorted(name for name in after if after[name] != before[name])
        transaction.set_rollback(True)
    if written:
        forget()


def chinese(text: str) -> bool:
    return any("\u4e00" <= letter <= "\u9fff" for letter in text)
