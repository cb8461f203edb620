"""The demo world for the tests of this area, on a Monday morning."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

import pytest
from django.test import Client

from shouwen.config.demo import World
from shouwen.kernel import journal
from shouwen.kernel.access import Actor
from shouwen.org import actions as org_actions
from shouwen.org import queries as org
from shouwen.procedures.calendars import CHINA

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=CHINA)


class Clock:
    """The clock of a test; stands still until moved."""

    def __init__(self) -> None:
        self.at = MONDAY

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> Iterator[Clock]:
    own = Clock()
    token = journal.clock.set(own)
    yield own
    journal.clock.reset(token)


@pytest.fixture
def world(demo: World, clock: Clock) -> World:
    return demo


@pytest.fixture
def who(world: World) -> Callable[[str], Actor]:
    """An actor of the cast by user name."""

    def find(username: str) -> Actor:
        user_id = org.user_id_of(username)
        assert user_id is not None
        return org.actor_for(user_id)

    return find


@pytest.fixture
def as_(world: World) -> Callable[[str], Client]:
    """A browser in which somebody of the cast is logged in."""

    def login(username: str) -> Client:
        user = org.user_by_username(username)
        assert user is not None
        client = Client()
        client.cookies["shouwen_session"] = org_actions.log_in(user, agent="test", address="127.0.0.1", at=journal.now())
        return client

    return login
