"""At the counter by keyboard alone: two calls at once, a reload, a session that ends, a dead network. Nothing typed is lost."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from .conftest import Site, log_in


@pytest.fixture
def desk(site: Site) -> Page:
    """Li Jing signed in, at the counter."""
    page = site.page()
    log_in(page, site.url, "li")
    page.goto("/counter")
    return page


def _caller(page: Page, keys: str, shown: str) -> int:
    """Find who calls; returns how many keys it took."""
    expect(page.locator("#find")).to_be_focused()
    page.keyboard.type(keys)
    expect(page.locator("#hits [role=option]").first).to_contain_text(shown)
    page.keyboard.press("Enter")
    expect(page.locator("#caller")).to_contain_text(shown)
    expect(page.locator("#matter-find")).to_be_focused()
    return len(keys) + 1


def _matter(page: Page, digit: str) -> int:
    page.keyboard.type(digit)
    expect(page.locator("#file-form")).to_be_visible()
    return 1


def _kept(page: Page) -> None:
    expect(page.locator("#line-state")).to_contain_text("已暂存")


def two_calls(page: Page) -> None:
    """The first call is held while the second comes in; both are filed without a hand on the mouse."""
    keys = _caller(page, "wxy", "3-1-1201") + _matter(page, "1")
    expect(page.locator("[name=phone]")).to_be_focused()  # room, name and channel are there already
    page.keyboard.type("13800000001")
    page.keyboard.press("Enter")
    expect(page.locator("[name=content]")).to_be_focused()
    page.keyboard.type("楼道灯三天没亮")
    expect(page.locator("#ahead-says")).to_contain_text("受理识别交给")
    keys += 12

    page.keyboard.press("F2")  # another call
    expect(page.locator("#calls li")).to_have_count(2)
    expect(page.locator("#calls")).to_contain_text("3-1-1201 · 投诉处理")
    _caller(page, "5-2-0301", "5-2-0301")
    expect(page.locator("#caller .care")).to_contain_text("独居老人")
    _matter(page, "1")
    expect(page.locator("[name=caller]")).to_be_focused()
    page.keyboard.type("陈阿婆")
    page.keyboard.press("Enter")
    page.keyboard.type("13800000005")
    page.keyboard.press("Enter")
    page.keyboard.type("楼上漏水到我家")
    expect(page.locator("#calls li")).to_have_count(2)
    page.reload()
    expect(page.locator("[name=content]")).to_have_value("楼上漏水到我家")
    expect(page.locator("[name=phone]")).to_have_value("13800000005")

    page.keyboard.press("F4")  # back to who waits
    expect(page.locator("[name=content]")).to_have_value("楼道灯三天没亮")
    expect(page.locator(".keep-says")).to_contain_text("让您久等了")
    expect(page.locator("#ahead-says")).to_contain_text("受理识别交给")
    page.locator("[name=content]").focus()
    keys += 2
    page.keyboard.press("Control+Enter")
    expect(page.locator(".filed")).to_contain_text("已受理 TS-")
    expect(page.locator(".filed")).to_contain_text("谢谢您的来电和配合")
    expect(page.locator("#find")).to_be_focused()  # ready for the next
    assert keys <= 20, keys  # besides what the caller says

    page.keyboard.press("F4")
    expect(page.locator("[name=content]")).to_have_value("楼上漏水到我家")
    page.locator("[name=content]").focus()
    page.keyboard.press("Control+Enter")
    expect(page.locator(".filed")).to_contain_text("5-2-0301")
    expect(page.locator("#calls li")).to_have_count(1)


def signed_out(page: Page, context: BrowserContext, url: str) -> None:
    """The session ends in the middle of a form; after signing in elsewhere, the form goes on by itself."""
    page.goto("/counter")
    _caller(page, "3-1-1201", "3-1-1201")
    _matter(page, "1")
    page.keyboard.type("王秀英")
    _kept(page)
    context.clear_cookies(name="shouwen_session")
    page.keyboard.press("Enter")
    page.keyboard.type("13800000001")
    expect(page.locator("#signed-out")).to_be_visible()
    other = context.new_page()
    log_in(other, url, "li")
    other.close()
    expect(page.locator("#signed-out")).to_be_hidden()  # it noticed
    _kept(page)
    with page.expect_response("**/counter/preview") as answer:  # signing in has given the browser another token
        page.fill("[name=content]", "楼道灯不亮")
    assert answer.value.status == 200
    _kept(page)
    page.reload()
    expect(page.locator("[name=phone]")).to_have_value("13800000001")


def dead_network(page: Page) -> None:
    """What cannot be sent lies in the tab, unreadable; a reload brings it back."""
    page.route("**/counter/keep", lambda route: route.abort())
    page.fill("[name=content]", "电话断了一下")
    page.fill("[name=phone]", "13911112222")
    expect(page.locator("#line-state")).to_contain_text("网络断了")
    lying = page.evaluate("JSON.stringify({...sessionStorage, ...localStorage})")
    assert "closed" in lying and "电话断了" not in lying and "13911112222" not in lying
    page.unroute("**/counter/keep")
    page.reload()
    expect(page.locator("[name=content]")).to_have_value("电话断了一下")
    expect(page.locator("[name=phone]")).to_have_value("13911112222")
    _kept(page)


def phrases(page: Page) -> None:
    page.keyboard.press("F1")
    expect(page.locator("#phrase-hits")).to_contain_text("我跟您核对一下")
    page.keyboard.type("zq")
    expect(page.locator("#phrase-hits")).to_contain_text("给您添麻烦了")
    page.keyboard.press("Escape")
    expect(page.locator("#phrases")).to_be_hidden()


def test_a_morning_at_the_counter(site: Site, desk: Page) -> None:
    two_calls(desk)
    signed_out(desk, desk.context, site.url)
    dead_network(desk)
    phrases(desk)
    assert site.broken == []
    expect(desk.locator("#calls a")).to_have_count(1)  # the one that was not filed
    desk.goto("/tickets")
    expect(desk.locator("#list tbody tr")).to_have_count(2)
