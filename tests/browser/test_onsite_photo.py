"""The camera on the spot and a colleague's name, taken down without a signal."""

from __future__ import annotations

from random import Random
from typing import Any

from PIL import Image
from playwright.sync_api import expect

from shouwen.config.demo.answers import Writer
from shouwen.kernel.journal import now
from shouwen.org import queries as org
from shouwen.procedures import actions, store
from shouwen.procedures.editions import procedure_of
from shouwen.procedures.models import Attachment

from .conftest import PHONE, Site
from .test_onsite import CONTROLLED, Phone, task

JOB = {
    "notice": "WX-1", "unit": "3-1-1201", "caller": "王秀英", "phone": "13800000001", "content": "水龙头滴水", "fault": "plumbing",
}  # fmt: skip


def job(until: str) -> store.Row:
    """A visit of Wang Qiang's, done as far as the step before `until`."""
    wang = org.actor_for(org.user_id_of("wang") or 0)
    row: store.Row = actions.file_ticket(wang, wang.community, procedure="home_repair", answers=JOB | {"technician": "wang"}, at=now())
    rules = procedure_of(row.edition_id)
    while (step := store.load(row.id).state.open_tasks[0].step) != until:
        writer = Writer(Random(1), now(), unit="3-1-1201", name="王秀英", colleague=str(wang.id))
        given = writer.answers(rules, step, store.load(row.id).state.answers) | ({"outcome": "now", "chargeable": "no"} if step == "inspect" else {})
        actions.finish(wang, store.load(row.id), task=task(row, step), answers=given, evidence=writer.evidence(rules, step), at=now())
    return row


def test_a_photograph_and_a_colleague_are_taken_down_without_a_signal(site: Site, tmp_path: Any) -> None:
    """The camera, not the album; the list of staff is in the page that is kept; everything waits, also when the page is closed, and arrives once."""
    shot = tmp_path / "IMG_0001.jpg"
    Image.effect_noise((3000, 2000), 40).convert("RGB").save(shot, quality=92)
    row, other = job("clean"), job("visit")
    phone = Phone(site.context(viewport=PHONE, has_touch=True), site)
    phone.login("wang")
    visit = f"/mine/{other.id}/{task(other, 'visit')}"
    page = phone.opens(visit)
    page.evaluate(CONTROLLED)
    bar = page.locator(".onsite-bar")
    bar.get_by_role("button", name="接单").click()
    expect(page.locator(".onsite")).to_have_attribute("data-stage", "coming")
    phone.opens("/mine")  # both tasks are put away as they are now
    expect(page.locator("body")).to_have_attribute("data-kept", "2")
    phone.opens(f"/mine/{row.id}/{task(row, 'clean')}")
    bar.get_by_role("button", name="接单").click()
    expect(page.locator(".onsite")).to_have_attribute("data-stage", "do")

    phone.context.set_offline(True)
    page.locator('[name$="cleaned"][value="done"]').check()
    with page.expect_file_chooser() as asked:
        page.get_by_role("button", name="拍照").click()
    assert page.locator(".upload input[type=file]").first.get_attribute("capture") == "environment"
    asked.value.set_files(shot)
    expect(page.locator(".uploads img")).to_be_visible()
    box = bar.get_by_role("button", name="办好了").bounding_box()
    assert box and box["y"] > PHONE["height"] * 0.6 and box["height"] >= 44  # within reach of one thumb
    bar.get_by_role("button", name="办好了").click()
    waits = page.locator("[data-queue-state]")
    expect(waits).to_contain_text("1 项待发送")
    page.goto(phone.url + visit)  # another page, without a signal: the phone has both still
    expect(waits).to_contain_text("1 项待发送")
    bar.get_by_role("button", name="已经到了").click()
    expect(page.locator(".onsite")).to_have_attribute("data-stage", "do")  # the form has opened and moves no more
    for yes in page.locator('label:has([name*="manners"][value="yes"])').all():
        yes.click()
        expect(yes.locator("input")).to_be_checked()
    page.locator('[name$="accompanied"][value="yes"]').check()
    field = page.get_by_role("combobox").first
    field.click()
    field.press_sequentially("孙晓")
    page.get_by_role("option").filter(has_text="孙晓燕").click()
    bar.get_by_role("button", name="我到了").click()
    expect(waits).to_contain_text("2 项待发送")
    assert not Attachment.objects.filter(ticket_id=row.id, kind="image/jpeg").exists()

    phone.context.set_offline(False)
    expect(waits).to_contain_text("已全部发送")
    picture = Attachment.objects.get(ticket_id=row.id, kind="image/jpeg")
    assert picture.taken_at is not None and picture.size < shot.stat().st_size
    assert next(t for t in store.load(row.id).state.tasks if t.step == "clean").done
    assert store.load(other.id).state.answers["agent"] == str(org.user_id_of("sun"))
    assert phone.broken == []
