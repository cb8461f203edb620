"""Two communities, head office and a dozen people, built through actions; the tests of org and duty live in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from shouwen.duty import actions as duty
from shouwen.duty.models import Shift
from shouwen.estate.models import Community
from shouwen.kernel.access import SYSTEM, Actor
from shouwen.kernel.journal import bookkeeping
from shouwen.org import actions as org
from shouwen.org import standard
from shouwen.org.models import User
from shouwen.org.queries import actor_for

CHINA = ZoneInfo("Asia/Shanghai")
START = date(2026, 1, 1)
PASSWORD = "grün-Drachen-7788"
MONDAY = datetime(2026, 11, 23, 10, tzinfo=CHINA)

PEOPLE = {
    "li": ("李静", "receptionist", "liyuan", "early"), "he": ("何敏", "receptionist", "liyuan", "late"),
    "xu": ("许倩", "receptionist", "liyuan", "night"), "lin": ("林芳", "cs-supervisor", "liyuan", "office"),
    "chen": ("陈晓", "service-manager", "liyuan", "office"), "zhao": ("赵建国", "director", "liyuan", "office"),
    "wang": ("王强", "engineer", "liyuan", "early"), "wu": ("吴刚", "engineering-head", "liyuan", "office"),
    "guo": ("郭志远", "company-manager", None, None), "kang": ("康宁", "it-admin", None, None),
    "mei": ("梅兰", "receptionist", "yunxi", "early"), "lu": ("陆远", "service-manager", "yunxi", None),
}  # fmt: skip
"""username → name, post, community (None = head office), shift."""

HEADS = {"lin", "wu", "zhao"}


@dataclass
class World:
    places: dict[str, Community] = field(default_factory=dict)
    people: dict[str, User] = field(default_factory=dict)

    def actor(self, username: str) -> Actor:
        return actor_for(self.people[username].pk)

    def id(self, *usernames: str) -> tuple[int, ...]:
        return tuple(self.people[name].pk for name in usernames)


def build() -> World:
    world = World()
    with bookkeeping("communities of the tests"):
        for slug, name in (("liyuan", "荔园"), ("yunxi", "云溪")):
            world.places[slug] = Community.objects.create(slug=slug, name=name)
    org.load_standard(SYSTEM, None)
    for place in world.places.values():
        for slug, title in standard.DEPARTMENTS.items():
            org.set_department(SYSTEM, place, slug=slug, title=title)
        for slug, title, starts, ends in (
            ("early", "早班", time(8), time(16)), ("late", "中班", time(16), time(0)), ("night", "夜班", time(0), time(8)),
            ("office", "行政班", time(8, 30), time(17, 30)),
        ):  # fmt: skip
            duty.set_shift(SYSTEM, place, slug=slug, title=title, starts=starts, ends=ends, workdays_only=slug == "office")
    for username, (name, post, home, shift) in PEOPLE.items():
        user = org.add_user(SYSTEM, None, username=username, name=name, password=PASSWORD, must_change_password=False)
        place = world.places[home] if home else None
        org.assign(SYSTEM, place, user=user, post=post, starts_on=START, heads=username in HEADS)
        if place and shift:
            duty.roster(SYSTEM, place, user=user, post=post, starts_on=START, shift=Shift.objects.get(community=place, slug=shift))
        world.people[username] = user
    return world


def found() -> World:
    """The same again, where it has been built before: the fixture `town` of the tests."""
    return World({one.slug: one for one in Community.objects.all()}, {one.username: one for one in User.objects.all()})
