"""A room with its owner, an empty room, and cabinets with their keeper, in the world of org's tests."""

from __future__ import annotations

from base64 import b64decode
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import pytest

from shouwen.custody import actions
from shouwen.custody.models import Loan, Store, Thing
from shouwen.custody.rules import Taker, Word
from shouwen.duty import actions as duty
from shouwen.duty.models import Shift
from shouwen.estate import actions as estate
from shouwen.estate.intake import Line
from shouwen.kernel.access import SYSTEM
from shouwen.org import actions as org
from shouwen.org.tests.world import MONDAY, PASSWORD, START, World
from shouwen.procedures import attachments

PICTURE = b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
"""A picture of one pixel."""
OWNER = "王秀英"
HOME, EMPTY = "3-1-1201", "3-1-0301"


@dataclass
class Keys:
    """`world` with `stores` by what they hold; short ways to take in and to lend."""

    world: World
    stores: dict[str, Store] = field(default_factory=dict)

    @property
    def here(self) -> Any:
        return self.world.places["liyuan"]

    def actor(self, name: str) -> Any:
        return self.world.actor(name)

    def user(self, name: str) -> Any:
        return self.world.people[name]

    def hire(self, username: str, name: str, post: str, shift: str = "") -> Any:
        """One more colleague."""
        user = org.add_user(SYSTEM, None, username=username, name=name, password=PASSWORD, must_change_password=False)
        org.assign(SYSTEM, self.here, user=user, post=post, starts_on=START)
        if shift:
            duty.roster(SYSTEM, self.here, user=user, post=post, starts_on=START, shift=Shift.objects.get(community=self.here, slug=shift))
        self.world.people[username] = user
        return user

    def sign(self, by: str = "li", at: datetime = MONDAY) -> str:
        """Somebody signs on the glass; the key of the picture."""
        return str(attachments.attach(self.actor(by), self.here.pk, name="签名.png", content=PICTURE, at=at, purpose="signature").key)

    def take_in(self, kind: str = "vacant", *, by: str = "li", at: datetime = MONDAY, **given: Any) -> Thing:
        plain = {
            "entrusted": {"unit": HOME, "whose": OWNER, "purpose": "出租看房", "verified": True}, "vacant": {"unit": EMPTY}, "repair": {"unit": HOME, "whose": OWNER},
            "sealed": {"unit": HOME, "whose": OWNER, "purpose": "应急", "verified": True, "in_person": True, "signed": True, "envelope": "F-01"},
            "parcel": {"unit": HOME, "whose": OWNER}, "letter": {"unit": HOME},
        }.get(kind, {})  # fmt: skip
        holds = {"sealed": "entrusted", "parcel": "mail", "letter": "mail"}.get(kind, kind)
        return actions.take_in(self.actor(by), self.here, **{"kind": kind, "title": "入户门钥匙" if kind not in ("parcel", "letter") else "顺丰包裹",
                                                             "store": self.stores.get(holds), "at": at, **plain, **given})  # fmt: skip

    def lend(self, thing: Thing, *, by: str = "li", to: str = "wang", way: str = "staff", at: datetime = MONDAY, **given: Any) -> Loan:
        given = {"purpose": "每月清扫", "user": self.user(to) if to else None} | given
        return actions.lend(self.actor(by), thing, way=way, at=at, **given)


def said(side: str = "owner", answer: str = "yes", at: datetime = MONDAY, name: str = OWNER, user: int | None = None) -> Word:
    return Word(side, answer, name, at, user=user)


def family(**given: Any) -> Taker:
    return Taker(**{"name": "王小宝", "relation": "family", "paper": "id", "kept": "前台档案盒 3", **given})


@pytest.fixture
def keys(town: World) -> Keys:
    return furnish(town)


def furnish(world: World) -> Keys:
    made = Keys(world)
    estate.take_in(SYSTEM, made.here, at=MONDAY, lines=[
        Line(code=HOME, kind="home", state="occupied", name=OWNER, phone="13800000001", starts_on=date(2026, 1, 1)),
        Line(code="3-1-1202", kind="home", state="occupied", name="李国华", phone="13800000002", starts_on=date(2026, 1, 1)),
        Line(code=EMPTY, kind="home", state="vacant"),
    ])  # fmt: skip
    for holds, hooks in (("entrusted", 20), ("vacant", 40), ("repair", 10), ("room", 10), ("area", 5), ("desk", 5), ("mail", 0), ("article", 0), ("archive", 0), ("safe", 0), ("hazmat", 0), ("ticket", 0)):
        made.stores[holds] = actions.put_store(made.actor("lin"), made.here, title=f"{holds} 柜", holds=holds, hooks=hooks, at=MONDAY)
    made.hire("cai", "蔡红", "cleaning-head")
    for holds, keeper in (("entrusted", "li"), ("hazmat", "cai"), ("ticket", "li")):
        actions.set_keeper(made.actor("lin"), made.stores[holds], user=made.user(keeper), counted=None, at=MONDAY)
    return made
