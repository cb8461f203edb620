"""An engineer's phone: work with and without a signal, somebody faster, and what is left on the phone afterwards."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from shouwen.kernel.access import SYSTEM
from shouwen.kernel.journal import now
from shouwen.kernel.models import Entry
from shouwen.org import queries as org
from shouwen.procedures import actions, store
from shouwen.procedures.models import Attachment, Event

from .conftest import PHONE, Site, log_in

KEPT = """async () => {
  const all = await indexedDB.databases();
  if (!all.some((one) => one.name === 'shouwen-onsite')) return {rows: 0, text: ''};
  const database = await new Promise((done) => { const asked = indexedDB.open('shouwen-onsite'); asked.onsuccess = () => done(asked.result); });
  const found = {rows: 0, text: ''};
  for (const name of database.objectStoreNames) {
    const rows = await new Promise((done) => { const asked = database.transaction(name).objectStore(name).getAll(); asked.onsuccess = () => done(asked.result); });
    found.rows += rows.length;
    for (const row of rows) found.text += JSON.stringify(row) + new TextDecoder().decode(row.data ?? new ArrayBuffer(0)) + (row.key?.extractable ?? '');
  }
  database.close();
  return found;
}"""
"""How many rows lie in the phone's store, and everything readable in them."""


CONTROLLED = """async () => {
  const late = new Promise((_, fail) => setTimeout(() => fail(new Error('no service worker answers for this page')), 60000));
  await Promise.race([navigator.serviceWorker.ready, late]);
  if (navigator.serviceWorker.controller) return;
  await Promise.race([new Promise((done) => navigator.serviceWorker.addEventListener('controllerchange', done)), late]);
}"""
"""Waits until the service worker answers for this page."""


class Phone:
    """One phone: a browser of its own, and whoever holds it."""

    def __init__(self, context: BrowserContext, site: Site) -> None:
        self.context, self.url, self.broken = context, site.url, site.broken
        self.page: Page = site.page(context)

    def login(self, who: str) -> None:
        log_in(self.page, self.url, who)

    def opens(self, address: str) -> Page:
        self.page.goto(self.url + address)
        return self.page

    def kept(self) -> dict[str, Any]:
        return dict(self.page.evaluate(KEPT))

    def signs(self, name: str) -> None:
        """On the glass, two strokes, one of them taken back and written again."""
        page = self.page
        page.locator(f'.upload[data-name$="{name}"]').get_by_role("button", name="在屏幕上签名").click()
        sheet = page.locator(".sign-sheet")
        box = sheet.bounding_box()
        assert box is not None
        for x in (0.2, 0.5, 0.5):
            page.mouse.move(box["x"] + box["width"] * x, box["y"] + box["height"] * 0.3)
            page.mouse.down()
            page.mouse.move(box["x"] + box["width"] * (x + 0.2), box["y"] + box["height"] * 0.7, steps=4)
            page.mouse.up()
            if x == 0.5 and page.locator(".sign-ways").get_by_role("button", name="撤一笔").is_enabled():
                page.locator(".sign-ways").get_by_role("button", name="撤一笔").click()
        page.get_by_role("button", name="签好了").click()
        expect(page.locator(f'.upload[data-name$="{name}"] input[type=hidden]')).to_have_count(1)


@pytest.fixture
def phone(site: Site) -> Phone:
    return Phone(site.context(viewport=PHONE, has_touch=True), site)


def urgent(minutes: int = 1, **more: Any) -> store.Row:
    """A burst pipe, filed by the front desk so many minutes ago."""
    li = org.actor_for(org.user_id_of("li") or 0)
    answers = {
        "channel": "phone", "unit": "3-1-1201", "caller": "王秀英", "phone": "13800000001", "place": "卫生间", "content": "水管爆裂满地水",
        "fault": "burst_pipe", "class": "urgent", **more,
    }  # fmt: skip
    row: store.Row = actions.file_ticket(li, li.community, procedure="repair", answers=answers, at=now() - timedelta(minutes=minutes))
    return row


def task(row: store.Row, step: str) -> int:
    return next(t.id for t in store.load(row.id).state.open_tasks if t.step == step)


def by(who: str, row: store.Row, step: str, **answers: Any) -> None:
    actor = org.actor_for(org.user_id_of(who) or 0)
    actions.finish(actor, store.load(row.id), task=task(row, step), answers=answers, on_behalf="王强手上有活", at=now())


def test_an_engineer_works_on_without_a_signal(phone: Phone) -> None:
    """Accepts, loses the signal, signs and photographs, comes back: everything is in the ticket, with its own time, once."""
    row, other = urgent(22), urgent(content="另一处漏水")
    phone.login("wang")
    page = phone.opens("/mine")
    expect(page.locator(f'[data-keep^="{row.id}-"]')).to_contain_text("工程部签字领单")
    page.evaluate(CONTROLLED)
    page.locator(f'[data-keep^="{other.id}-"] a.task-link').click()
    page.locator(".onsite-bar").get_by_role("button", name="接单").click()  # with a signal: at once
    expect(page.locator("#toasts")).to_contain_text("已接单")
    expect(page.locator(".onsite")).to_have_attribute("data-stage", "do")
    assert next(t for t in store.load(other.id).state.open_tasks if t.step == "sign").taken
    phone.opens("/mine")
    expect(page.locator("body")).to_have_attribute("data-kept", "2")  # both tasks are put away
    kept = phone.kept()
    third = urgent(content="第三处漏水")
    page.reload()
    expect(page.locator("body")).to_have_attribute("data-kept", "3")
    phone.context.set_offline(True)
    page.locator(f'[data-keep^="{third.id}-"]').get_by_role("button", name="接单").click()
    expect(page.locator("[data-queue-state]")).to_contain_text("1 项待发送")
    phone.context.set_offline(False)
    expect(page.locator("[data-queue-state]")).to_contain_text("已全部发送")
    assert next(t for t in store.load(third.id).state.open_tasks if t.step == "sign").taken
    assert kept["rows"] == 3 and "水管" not in kept["text"] and "1201" not in kept["text"] and "false" in kept["text"]

    phone.context.set_offline(True)
    begun = now()
    page.clock.set_system_time(begun - timedelta(minutes=20))  # twenty minutes ago, in time: a signature is due within five
    page.goto(f"{phone.url}/mine")  # what opens is the phone's own copy
    expect(page.locator("#shell .task")).to_have_count(3)
    expect(page.locator("[data-queue-state]")).to_contain_text("离线")
    page.locator(f'#shell a[href$="/mine/{row.id}/{task(row, "sign")}"]').click()
    expect(page.locator(".onsite-summary")).to_contain_text("水管爆裂满地水")
    page.locator(".onsite-bar").get_by_role("button", name="接单").click()
    expect(page.locator(".onsite")).to_have_attribute("data-stage", "do")
    expect(page.locator("[data-queue-state]")).to_contain_text("1 项待发送")
    phone.signs("signed_for")
    page.locator('[name$="can_go"][value="now"]').check()
    page.locator(".onsite-bar").get_by_role("button", name="办好了").click()
    expect(page.locator("[data-queue-state]")).to_contain_text("2 项待发送")
    expect(page.locator(".onsite-queued")).to_be_visible()
    page.locator("#note-text").locator("xpath=ancestor::details").locator("summary").click()
    page.locator("#note-text").fill("总阀已关")
    page.get_by_role("button", name="记下").click()
    expect(page.locator("[data-queue-state]")).to_contain_text("3 项待发送")
    kept = phone.kept()
    assert "总阀" not in kept["text"] and "signed_for" not in kept["text"]
    actions.pass_time(SYSTEM, store.load(row.id), at=now())  # meanwhile the limit has passed, as far as anybody knew

    page.goto(f"{phone.url}/mine/{row.id}/{task(row, 'sign')}")  # a closed page loses nothing
    expect(page.locator("[data-queue-state]")).to_contain_text("3 项待发送")
    phone.context.set_offline(False)
    expect(page.locator("[data-queue-state]")).to_contain_text("已全部发送")
    state = store.load(row.id).state
    signed = next(t for t in state.tasks if t.step == "sign")
    assert signed.done_by == str(org.user_id_of("wang")) and signed.done and begun - timedelta(minutes=21) < signed.done < begun - timedelta(minutes=19)
    assert next(c for c in state.clocks if c.task == signed.id).verdict == "met"
    events = Event.objects.filter(ticket_id=row.id, by_id=org.user_id_of("wang"))
    assert [e.kind for e in events.order_by("seq")] == ["taken", "finished", "noted"]
    assert all(e.received_at and e.received_at - e.at > timedelta(minutes=19) for e in events)  # both times are kept
    picture = Attachment.objects.get(ticket_id=row.id)
    assert picture.kind == "image/png" and picture.taken_at is not None and picture.key == state.answers["signed_for"]
    assert "手机时间" in Entry.objects.filter(code="offline.replayed").latest("id").text
    assert phone.broken == []


def test_somebody_was_faster_and_the_phone_forgets_at_log_out(phone: Phone) -> None:
    row = urgent()
    phone.login("wang")
    page = phone.opens(f"/mine/{row.id}/{task(row, 'sign')}")
    page.evaluate(CONTROLLED)
    page.locator(".onsite-bar").get_by_role("button", name="接单").click()
    expect(page.locator(".onsite")).to_have_attribute("data-stage", "do")
    phone.context.set_offline(True)
    phone.signs("signed_for")
    page.locator('[name$="can_go"][value="wait"]').check()
    page.locator('[name$="wait_minutes"]').fill("15")
    page.locator('[name$="wait_set_by"]').fill("我")
    page.locator(".onsite-bar").get_by_role("button", name="办好了").click()
    expect(page.locator("[data-queue-state]")).to_contain_text("1 项待发送")
    by("wu", row, "sign", signed_for="x", can_go="now")
    phone.context.set_offline(False)
    expect(page.locator("[data-queue-state]")).to_contain_text("1 项没有被接受")
    page.locator("[data-queue-state]").click()
    box = page.locator("#queue-box")
    expect(box).to_contain_text("已由吴刚于")
    expect(box).to_contain_text("最短需等候（分钟）：15")  # what was typed is still there
    box.get_by_role("button", name="转成备注发送").click()
    expect(page.locator("[data-queue-state]")).to_contain_text("已全部发送")
    said = Event.objects.filter(ticket_id=row.id, kind="noted").get().text
    assert "没有被接受" in said and "最短需等候（分钟）：15" in said

    phone.context.set_offline(True)
    page.keyboard.press("Escape")
    page.locator("#note-text").locator("xpath=ancestor::details").locator("summary").click()
    page.locator("#note-text").fill("不会送出去")
    page.get_by_role("button", name="记下").click()
    expect(page.locator("[data-queue-state]")).to_contain_text("1 项待发送")
    phone.context.clear_cookies(name="shouwen_session")  # the session is lost: what waits, waits for the same person
    phone.context.set_offline(False)
    expect(page.locator("[data-queue-state]")).to_contain_text("待登录后发送")
    phone.context.set_offline(True)
    phone.context.set_offline(False)
    phone.login("li")  # somebody else: never sent, never seen
    assert page.evaluate("localStorage.getItem('onsite-user')") is None
    phone.opens("/mine")
    page.wait_for_timeout(400)
    assert not Event.objects.filter(ticket_id=row.id, text__contains="不会送出去").exists()
    assert json.dumps(phone.kept()).find("不会") < 0
    page.locator(".top-user").click()
    page.get_by_role("button", name="退出登录").click()
    page.wait_for_url(lambda address: "/login" in address)
    assert phone.kept()["rows"] == 0 and page.evaluate("localStorage.getItem('onsite-user')") is None
    assert not Entry.objects.filter(text__contains="不会送出去").exists() and phone.broken == []
