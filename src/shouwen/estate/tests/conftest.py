"""Two communities, and the people who may or may not look into them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextvars import ContextVar
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client

from shouwen.estate import actions
from shouwen.estate.lines import Line
from shouwen.kernel.access import EVERYWHERE, SYSTEM, Actor

AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
DESK = ("estate.view", "estate.reveal")
STEWARD = (*DESK, "estate.edit")
SUPERVISOR = (*STEWARD, "estate.approve_reveal", "estate.import")


def actor(id: int, name: str, post: str, permissions: tuple[str, ...], *places: int) -> Actor:
    return Actor(id, name, post, {permission: frozenset(places) for permission in permissions}, places[0] or None)


@pytest.fixture
def estate(db: None) -> SimpleNamespace:
    """荔园 with the residents of docs/cast.md, its neighbour 云溪, and six people."""
    liyuan = actions.add_community(SYSTEM, None, slug="liyuan", name="荔园")
    yunxi = actions.add_community(SYSTEM, None, slug="yunxi", name="云溪")
    actions.take_in(SYSTEM, liyuan, lines=[
        Line("3-1-1201", name="王秀英", phone="13800000001", id_number="11010519491231002X", plates=("粤B12345", "粤BD12345")),
        Line("3-1-1202", name="李国华", phone="13800000002"),
        Line("3-1-1202", name="刘洋", as_="tenant", phone="13800000003"),
        Line("5-2-0301", name="单阿婆", phone="13800000005", care="独居老人"),
        Line("8-1-0602"),
    ], at=AT)  # fmt: skip
    actions.take_in(SYSTEM, yunxi, lines=[Line("1-1-101", name="王邻居", phone="13700000001", plates=("粤A54321",))], at=AT)
    return SimpleNamespace(
        liyuan=liyuan, yunxi=yunxi,
        desk=actor(1, "李静", "前台接待员", DESK, liyuan.pk), steward=actor(2, "孙晓燕", "物业助理", STEWARD, liyuan.pk),
        supervisor=actor(3, "林芳", "客服部主管", SUPERVISOR, liyuan.pk), neighbour=actor(4, "梅兰", "前台接待员", SUPERVISOR, yunxi.pk),
        cleaner=actor(5, "方桂兰", "保洁员", ("org.view",), liyuan.pk), head=actor(6, "郭志远", "公司经理", SUPERVISOR, EVERYWHERE),
    )  # fmt: skip


def acting(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware in place of the login: the test says who asks."""

    def middleware(request: HttpRequest) -> HttpResponse:
        request.actor = current.get()
        return get_response(request)

    return middleware


current: ContextVar[Actor | None] = ContextVar("current", default=None)


@pytest.fixture
def browse(settings: Any) -> Iterator[Callable[[Actor], Client]]:
    """`browse(actor)` gives a client that asks as this actor, through everything but the login."""
    settings.MIDDLEWARE = [
        f"{__name__}.acting" if name == "shouwen.org.middleware.actor" else name for name in settings.MIDDLEWARE
    ]
    fresh = Client(raise_request_exception=False)

    def ask(actor: Actor) -> Client:
        current.set(actor)
        return fresh

    yield ask
    current.set(None)
