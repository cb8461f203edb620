"""A work order on paper: looked at, printed in two copies, printed again, the second copy back with a photo, nothing outstanding."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

import shouwen.config.wiring  # noqa: F401 - hands the tickets to the papers
from shouwen.config.demo import World
from shouwen.kernel.journal import now
from shouwen.org import queries as org
from shouwen.papers import actions as papers
from shouwen.procedures import actions
from shouwen.procedures.calendars import local

from .conftest import Site
from .test_service_desk import PNG


@pytest.fixture
def desk(site: Site, demo: World) -> tuple[Page, str, str]:
    """The receptionist's browser, and the address of a work order that waits to be printed."""
    user_id = org.user_id_of("li")
    assert user_id is not None
    li, at = org.actor_for(user_id), now()
    row = actions.file_ticket(li, demo.liyuan, procedure="special_service", at=at, answers={
        "channel": "phone", "unit": "3-1-1201", "caller": "王秀英", "phone": "13800000001", "content": "擦玻璃，两小时",
    })  # fmt: skip
    order = papers.add(li, demo.liyuan.pk, about=f"ticket:{row.id}", form="派工单", at=at)
    page = site.at_desk("li", locale="zh-CN", timezone_id="Asia/Shanghai")
    page.context.add_init_script("window.print = () => { window.printed = (window.printed || 0) + 1 }")
    return page, site.url, f"/papers/{order.pk}"


@pytest.mark.shows("A5.03", "A5.04", "A5.05")
def test_a_work_order_from_the_preview_to_the_signed_copy(desk: tuple[Page, str, str]) -> None:
    page, url, paper = desk
    broken: list[str] = []
    page.context.on("weberror", lambda error: broken.append(str(error.error)))
    page.goto(url + paper)
    expect(page.locator(".paper-preview .sheet")).to_have_count(1)
    expect(page.locator(".paper-preview")).to_contain_text("编号在打印时生成")
    expect(page.locator(".paper-preview")).not_to_contain_text("王秀英")

    with page.context.expect_page() as opened:
        page.get_by_role("button", name="打印 2 联").click()
    sheet = opened.value
    expect(sheet.locator(".sheet")).to_have_count(2)
    expect(sheet.locator(".sheet").nth(0)).to_contain_text("第一联 存根")
    expect(sheet.locator(".sheet").nth(1)).to_contain_text("第二联 回联")
    number = re.search(r"PG-\d{8}-001", sheet.locator(".sheet-no").first.inner_text())
    assert number and sheet.locator(".sheet-qr").first.evaluate("image => image.complete && image.naturalWidth > 0")
    for _ in range(100):  # the policy allows no predicate from outside
        if sheet.evaluate("window.printed === 1"):
            break
        sheet.wait_for_timeout(100)
    assert sheet.evaluate("window.printed") == 1
    wide = sheet.evaluate("getComputedStyle(document.querySelector('.sheet')).width")
    assert abs(float(wide.removesuffix("px")) - 241 / 25.4 * 96) < 1, "the page on the screen has the size of the paper"
    sheet.close()

    page.goto(url + paper)
    expect(page.locator(".paper-head")).to_contain_text("待回联")
    page.fill("[name=reason]", "业主要求补一份")
    with page.context.expect_page() as opened:
        page.get_by_role("button", name="重印").click()
    expect(opened.value.locator(".sheet-mark").first).to_contain_text("重印 第 2 次 · 李静")
    expect(opened.value.locator(".sheet-mark").first).to_contain_text("业主要求补一份")
    opened.value.close()
    page.goto(url + paper)
    expect(page.locator("#prints-title")).to_contain_text("2")
    expect(page.locator("#copies-title")).to_contain_text("2")

    page.goto(f"{url}/papers/outstanding")
    row = page.locator("tr", has_text=number[0])
    expect(row).to_contain_text("第二联 回联")
    row.get_by_role("link", name="登记交回").click()
    page.fill("[name=signed_by]", "王秀英")
    page.fill("[name=signed_at]", local(now()).strftime("%Y-%m-%dT%H:%M"))
    page.set_input_files("[name=photo]", [{"name": "签字.png", "mimeType": "image/png", "buffer": PNG}])
    page.get_by_role("button", name="收联存档").click()
    expect(page.locator(".paper-head")).to_contain_text("已回联")
    expect(page.locator(".paper-list").first).to_contain_text("王** ")
    page.get_by_role("link", name="签字件照片在工单附件里").click()
    expect(page.locator("h1")).to_contain_text("特约服务")
    assert f"派工单-{number[0]}-第二联.png" in page.content(), "the photo is among the evidence of the ticket"
    expect(page.locator("section[aria-label=单据]")).to_contain_text("已回联")
    page.goto(f"{url}/papers/outstanding")
    expect(page.locator("#list")).to_contain_text("没有待交回的联")

    page.goto(f"{url}/papers/printer")  # the printer of this desk is off: measured once, every page moves, a PDF too
    page.locator('[data-measured="x"]').fill("43")
    page.locator('[data-measured="y"]').fill("19")
    expect(page.locator("[data-result]")).to_have_text("以后整页左移 3 mm，下移 1 mm。")
    page.get_by_role("button", name="保存到这台电脑").click()
    expect(page.locator(".printer-kept")).to_contain_text("左移 3 mm，下移 1 mm")
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="打印测试页").click()
    sheet = opened.value
    expect(sheet.locator("[data-shift-said]")).to_contain_text("左移 3 mm，下移 1 mm")
    assert sheet.evaluate("[...document.adoptedStyleSheets].some((one) => one.cssRules[0].cssText.includes('margin: 7mm 21mm 4mm 15mm'))")
    sheet.close()
    page.locator('[data-measured="x"]').fill("99")
    page.locator('[data-measured="y"]').fill("20")
    expect(page.locator("[data-result]")).to_contain_text("偏得太多")
    expect(page.get_by_role("button", name="保存到这台电脑")).to_be_disabled()
    page.goto(url + paper)
    with page.context.expect_page() as opened:  # a PDF is drawn on the server, which is told
        page.locator('[data-paper-print] [name="reason"]').first.fill("再补一份")
        page.locator('[data-paper-print] button[value="html"]').first.click()
    expect(opened.value.locator("[data-shifted]").first).to_have_attribute("href", re.compile("dx=-3"))
    opened.value.close()
    page.goto(f"{url}/papers/printer")
    page.get_by_role("button", name="清除").click()
    expect(page.locator("[data-none]")).to_be_visible()
    assert broken == []
