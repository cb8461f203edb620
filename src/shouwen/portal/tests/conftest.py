"""The world of procedures' tests, with messages printed and a few codes on doors."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from shouwen.estate.models import Unit
from shouwen.kernel.access import SYSTEM
from shouwen.portal import actions, chores, hearing, sms
from shouwen.portal.models import PlaceCode
from shouwen.procedures import slots
from shouwen.procedures.tests.conftest import as_, clock, who, world  # noqa: F401 - pytest finds fixtures by name

SENT: list[tuple[str, str]] = []
"""(phone, text) of what the provider of the tests has taken."""


class Kept:
    def send(self, phone: str, text: str, key: str) -> None:
        SENT.append((phone, text))


@pytest.fixture(autouse=True)
def _quietly(settings: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Messages are on, and kept instead of sent; every test starts without any."""
    settings.MEDIA_ROOT = tmp_path
    settings.SHOUWEN = settings.SHOUWEN | {"SMS": "console"}
    monkeypatch.setitem(sms.PROVIDERS, "console", Kept)
    slots.hear(hearing.hear)
    SENT.clear()
    yield
    SENT.clear()


@pytest.fixture
def sent(clock: Any) -> Callable[[], list[tuple[str, str]]]:  # noqa: F811
    """Let the worker send what is due; returns all that was sent so far."""

    def deliver() -> list[tuple[str, str]]:
        while chores.deliver(clock.at):
            pass
        return SENT

    return deliver


@pytest.fixture
def door(world: Any, clock: Any) -> PlaceCode:  # noqa: F811
    unit = Unit.objects.get(community=world.liyuan, code="3-1-1201")
    return next(one for one in actions.make_codes(SYSTEM, world.liyuan, building=unit.building, at=clock.at) if one.unit_id == unit.pk)


@pytest.fixture
def lift(world: Any, clock: Any) -> PlaceCode:  # noqa: F811
    return actions.make_codes(SYSTEM, world.liyuan, places=["3栋1单元 1号电梯"], kind="lift", at=clock.at)[0]


@pytest.fixture
def resident(world: Any, clock: Any, sent: Callable[[], list[tuple[str, str]]]) -> Callable[[str], Client]:  # noqa: F811
    """A browser in which somebody has proven a phone."""

    def sign_in(phone: str) -> Client:
        client = Client(REMOTE_ADDR=f"10.0.0.{int(phone[-2:])}")
        clock.at += timedelta(minutes=2)
        assert client.post("/r/login", {"phone": phone}).status_code == 302
        code = re.search(r"验证码 (\d{6})", sent()[-1][1])
        assert code and sent()[-1][0] == phone
        assert client.post("/r/code", {"code": code[1]}).status_code == 302
        return client

    return sign_in
