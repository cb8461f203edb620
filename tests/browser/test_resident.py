"""A resident's leak, from the code on her door to asking again; and the neighbour who guesses. On phones, in a browser."""

from __future__ import annotations

import re
import secrets
from random import Random
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from shouwen.config.demo import World
from shouwen.config.demo.answers import Writer
from shouwen.estate.models import Unit
from shouwen.kernel.access import SYSTEM
from shouwen.kernel.journal import now
from shouwen.kernel.secrets import open_text
from shouwen.org import queries as org
from shouwen.portal import actions as portal
from shouwen.portal import chores, hearing
from shouwen.portal.models import Message, PlaceCode
from shouwen.procedures import actions, slots, store
from shouwen.procedures.editions import procedure_of
from shouwen.procedures.models import Ticket

from .conftest import PHONE, Site, aside
from .test_service_desk import PNG

WANG, LI_GUOHUA = "13800000001", "13800000002"


class Phones:
    """Everybody with a phone of their own, and the desk with its screen."""

    def __init__(self, site: Site) -> None:
        self.site, self.url, self.broken = site, site.url, site.broken
        self.door = self.lift = ""

    def new(self, script: bool = True) -> Page:
        return self.site.page(viewport=PHONE, java_script_enabled=script)

    def signs_in(self, page: Page, phone: str) -> None:
        page.fill("[name=phone]", phone)
        page.click("button:has-text('获取验证码')")
        expect(page.locator("[name=code]")).to_be_visible()
        page.fill("[name=code]", aside(code_sent))
        page.click("button:has-text('登录')")


@pytest.fixture
def phones(site: Site, demo: World, settings: Any) -> Phones:
    settings.SHOUWEN = settings.SHOUWEN | {"SMS": "console"}
    slots.hear(hearing.hear)
    home = Unit.objects.get(community=demo.liyuan, code="3-1-1201")
    portal.make_codes(SYSTEM, demo.liyuan, building=home.building, at=now())
    door = PlaceCode.objects.get(unit=home)
    lift = portal.make_codes(SYSTEM, demo.liyuan, places=["3栋1单元 1号电梯"], kind="lift", at=now())[0]
    every = Phones(site)
    every.door, every.lift = door.code, lift.code
    return every


def code_sent() -> str:
    """What the worker has just sent, as the demo shows it."""
    chores.deliver(now())
    return re.search(r"\d{6}", open_text(Message.objects.filter(event="code", state="sent").latest("id").sealed))[0]  # type: ignore[index]


def dispatched(ticket_id: int) -> None:
    """As far as a fitter on the way."""
    finish(ticket_id, **store.load(ticket_id).state.answers, **{"class": "daily"})
    while "technician" not in store.load(ticket_id).state.answers:
        finish(ticket_id, can_go="now")


def done(ticket_id: int, **wanted: Any) -> None:
    while store.load(ticket_id).state.closed_at is None:
        finish(ticket_id, **wanted)


def finish(ticket_id: int, **wanted: Any) -> None:
    """The first open task of a ticket, done by whom it lies with."""
    row = store.load(ticket_id)
    task, rules = row.state.open_tasks[0], procedure_of(row.edition_id)
    writer = Writer(Random(1), now(), unit=row.place, name="", colleague=str(org.user_id_of("wang")))
    given = writer.answers(rules, task.step, row.state.answers)
    given |= {name: value for name, value in wanted.items() if name in given}
    actions.finish(SYSTEM, row, task=task.id, answers=given, evidence=writer.evidence(rules, task.step), at=now())


def test_a_leak_from_the_door_to_asking_again(phones: Phones) -> None:
    hers = phones.new()
    hers.goto(f"{phones.url}/r/p/{phones.door}")
    hers.click("a:has-text('报修')")
    phones.signs_in(hers, WANG)
    expect(hers.locator("[name=unit]")).to_have_value("3-1-1201")
    hers.fill("[name=place]", "厨房")
    hers.fill("[name=content]", "水管接头漏水")
    hers.locator("label.p-pick:has-text('一般水路')").click()
    hers.set_input_files("[name=photos]", [{"name": "漏水.png", "mimeType": "image/png", "buffer": PNG}])
    expect(hers.locator(".p-previews img")).to_have_count(1)
    hers.click("button:has-text('提交')")
    expect(hers.locator("h1")).to_have_text("已收到")
    expect(hers.locator(".p-photos img")).to_have_count(1)
    link, ticket = hers.url, aside(lambda: Ticket.objects.latest("id"))

    desk = phones.site.at_desk("li", "/board")
    expect(desk.locator("body")).to_contain_text("水管接头漏水")
    desk.goto(f"{phones.url}/tickets/{ticket.pk}")
    expect(desk.locator("body")).to_contain_text("住户 王**（自助）")

    aside(lambda: dispatched(ticket.pk))
    hers.reload()
    expect(hers.locator("h1")).to_have_text("已派人")
    expect(hers.locator("main")).to_contain_text("王师傅（维修工）")
    hers.click("button:has-text('催一下')")
    expect(hers.locator("main")).to_contain_text("以后可以再催")
    expect(hers.locator("#toasts")).to_contain_text("已经替您催办")

    neighbour = phones.new()
    neighbour.goto(f"{phones.url}/r/login")
    phones.signs_in(neighbour, LI_GUOHUA)
    expect(neighbour.locator("main")).to_contain_text("还没有报过事")
    for guess in (f"/r/mine/{ticket.pk}", *("/r/t/" + "".join(secrets.choice("abcdefgh234567") for _ in range(24)) for _ in range(3))):
        answer = neighbour.goto(phones.url + guess)
        assert answer is not None and answer.status == 404
        expect(neighbour.locator("main")).not_to_contain_text("漏水")

    aside(lambda: actions.withdraw(SYSTEM, store.load(ticket.pk), reason="业主自己修好了", at=now()))  # to the end: the test below
    hers.reload()
    expect(hers.locator("h1")).to_have_text("已撤销")
    assert link == hers.url and phones.broken == []


def test_without_a_script_a_suggestion_is_done_rated_and_asked_again(phones: Phones) -> None:
    """The main path needs no JavaScript."""
    plain = phones.new(script=False)
    plain.goto(f"{phones.url}/r/p/{phones.lift}")
    plain.click("a:has-text('建议')")
    plain.fill("[name=caller]", "李国华")
    plain.fill("[name=phone]", LI_GUOHUA)
    plain.fill("[name=content]", "大堂多放两个快递柜")
    plain.click("button:has-text('提交')")
    expect(plain.locator("h1")).to_have_text("已收到")
    ticket = aside(lambda: Ticket.objects.latest("id"))
    aside(lambda: done(ticket.pk, unit="3-1-1202", caller="李国华", phone=LI_GUOHUA, content="大堂多放两个快递柜", channel="online"))
    plain.reload()
    expect(plain.locator("h1")).to_have_text("已办结")
    plain.locator("label[for=star2]").click()
    plain.click("button:has-text('提交评价')")
    expect(plain.locator("main")).to_contain_text("2 分")
    plain.locator("summary:has-text('没有解决')").click()
    plain.fill("[name=reason]", "还是没有柜子")
    plain.click("button:has-text('重新办理')")
    expect(plain.locator("main")).to_contain_text("您要求重新办理：还是没有柜子")
    assert aside(lambda: Ticket.objects.get(pk=ticket.pk).status) == "open" and phones.broken == []
