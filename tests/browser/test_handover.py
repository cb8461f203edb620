"""The evening shift hands the desk to the night shift: two people at one screen, then the paper with both names."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest
import time_machine
from playwright.sync_api import Page, expect

from shouwen.config.demo import PASSWORD, World
from shouwen.duty import queries as duty
from shouwen.duty.models import Handover
from shouwen.kernel.journal import now
from shouwen.org import queries as org
from shouwen.procedures import actions
from shouwen.procedures.models import Ticket

from .conftest import Site


@pytest.fixture
def desk(site: Site, demo: World) -> Iterator[Page]:
    """何敏 of the evening shift at the desk, at a quarter to midnight, with two open tickets of hers."""
    late = datetime.now(duty.CHINA).replace(hour=23, minute=45, second=0)
    with time_machine.travel(late, tick=True):
        he = org.actor_for(org.user_by_username("he").pk)
        for content in ("楼道灯不亮", "门禁打不开"):
            actions.file_ticket(he, demo.liyuan, procedure="complaint", at=now(), answers={
                "channel": "phone", "unit": "3-1-1201", "caller": "王秀英", "phone": "13800000001", "content": content,
            })  # fmt: skip
        yield site.at_desk("he", "/duty/handover")
        site.close()


def press(page: Page, do: str) -> None:
    """Press a button of the sheet, say yes where it asks, and wait for what it says."""
    page.locator("#toasts [data-dismiss]").evaluate_all("all => all.forEach(one => one.click())")
    page.locator(f'.ho-save button[value="{do}"], #log button[value="{do}"]').first.click()
    if do == "sign":
        page.locator("#confirm [data-ok]").click()
    expect(page.locator("#toasts .toast-line").first).to_be_visible()


@pytest.mark.shows("A5.08", "A5.09", "A5.10", "A5.11", "A5.12", "A5.15", "D1.12", "D2.40", "D2.43", "D2.46")
def test_the_evening_hands_over_to_the_night(desk: Page) -> None:
    page, toast = desk, desk.locator("#toasts .toast-line").first
    page.get_by_role("button", name="开始交班准备").click()
    page.wait_for_url("**/handovers/*")
    expect(page.locator("#part-work .ho-row")).to_have_count(2)
    for field in page.locator("#part-prep textarea").all():
        field.fill("无")
    for tick in page.get_by_label("交班人已整理").all():
        tick.check()
    press(page, "arrive")
    expect(page.locator(".ho-steps")).to_contain_text("阅读日志")
    press(page, "explain")
    press(page, "read")
    for box in page.locator('#ho-form input[type="checkbox"]').all():
        box.check()
    for radio in page.locator('#ho-form input[value="normal"]').all():
        radio.check()
    for count in page.locator(".ho-count input").all():
        row = count.locator("xpath=ancestor::li").inner_text()
        count.fill("2" if "应有 2" in row else "1")
    radios = page.locator(".ho-row", has_text="对讲机")
    radios.locator('[name^="received"]').fill("1")
    page.locator("#special").fill("工程明早才到")

    press(page, "sign")  # nothing was said of the two tickets
    expect(toast).to_contain_text("还没有交班说明")
    for note in page.locator('#part-work textarea[name^="note"]').all():
        note.fill("已派工，明早八点到场，到后回访")
    press(page, "sign")  # one radio is missing
    expect(toast).to_contain_text("「对讲机」数目不符")
    radios.locator('[name^="explanation"]').fill("一台在充电座，已当面看过")
    press(page, "sign")
    expect(page.locator("#ho")).to_contain_text("请许倩在这里签字")
    assert Handover.objects.get().state == "signed"

    page.fill("#password", "not-hers-at-all")
    page.get_by_role("button", name="接班签字").click()
    expect(page.locator("#ho")).to_contain_text("没有签字")
    page.fill("#password", PASSWORD)
    page.get_by_role("button", name="接班签字").click()
    expect(page.locator("#ho")).to_contain_text("交接完成")

    xu, he = (org.user_by_username(name).pk for name in ("xu", "he"))
    assert set(Ticket.objects.values_list("tracker_id", "first_asked_id")) == {(xu, he)}
    page.get_by_role("link", name="打印").click()
    paper = page.locator(".paper")
    expect(paper).to_contain_text("交班人：何敏")
    expect(paper).to_contain_text("接班人：许倩")
    expect(paper).to_contain_text("应有 2，交 2，接 1；一台在充电座，已当面看过")
    expect(paper).to_contain_text("封印")
