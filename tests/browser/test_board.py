"""Two people at the board at once, and a screen on the wall that tells nobody's name."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from shouwen.config.demo import World
from shouwen.kernel.journal import now
from shouwen.org.queries import actor_for, user_id_of
from shouwen.procedures import actions

from .conftest import Site

PRIVATE = ("王秀英", "李静", "何敏", "13800000001", "3-1-1201", "楼道灯")


@pytest.fixture
def numbers(demo: World) -> list[str]:
    """荔园 with three complaints, two of them overdue: 何敏's number and those of the tickets."""
    li, numbers = actor_for(user_id_of("li")), [str(user_id_of("he"))]
    for minutes in (50, 40, 1):
        at = now() - timedelta(minutes=minutes)
        given = {
            "channel": "phone", "source": "centre", "heard": "direct", "obtained_at": at.isoformat(timespec="minutes"), "unit": "3-1-1201",
            "caller": "王秀英", "phone": "13800000001", "content": "楼道灯三天没亮",
        }  # fmt: skip
        numbers.append(actions.file_ticket(li, demo.liyuan, procedure="complaint", answers=given, at=at).number)
    return numbers


def test_one_hands_over_the_other_sees_it_and_the_wall_names_nobody(site: Site, numbers: list[str]) -> None:
    url, (he, *numbers) = site.url, numbers
    lin, zhang = site.at_desk("lin", "/board"), site.at_desk("zhang", "/board")
    expect(zhang.locator("#lane-overdue tr[data-href]")).to_have_count(2)
    expect(zhang.locator("#lane-overdue")).not_to_contain_text("何敏")

    zhang.locator('#lane-overdue input[name="task"]').first.check()  # what is chosen outlives a refresh
    lin.locator("#lane-overdue [data-tick-all]").check()
    expect(lin.locator("#bulk [data-bulk-count]")).to_have_text("2")
    lin.locator("#bulk [name=reason]").fill("李静请假，由何敏接手")
    lin.locator("#bulk [value=hand]").click()  # to nobody: the browser asks, nothing is sent
    expect(lin.locator("#bulk")).to_be_visible()
    lin.locator("#bulk [name=to]").select_option(he)
    lin.locator("#bulk [value=hand]").click()
    expect(lin.locator("main")).to_contain_text("2 项已转给 何敏")
    expect(lin.locator("tbody .mark", has_text="成功")).to_have_count(2)

    expect(zhang.locator("#lane-overdue .board-who", has_text="何敏")).to_have_count(2)  # by itself
    expect(zhang.locator('#lane-overdue input[name="task"]').first).to_be_checked()
    expect(zhang.locator("#bulk [data-bulk-count]")).to_have_text("1")

    chen = site.at_desk("chen", "/walls")
    chen.locator(".wall-new [name=name]").fill("前台背景墙")
    chen.locator(".wall-new button").click()
    link = chen.locator("[data-select]").input_value()
    wall = site.page(viewport={"width": 1920, "height": 1080})
    wall.goto(link)
    expect(wall.locator(".state")).to_contain_text("2 项已超时")
    expect(wall.locator("#wall")).to_contain_text(numbers[0])
    expect(wall.locator(".chart")).to_have_count(2)
    assert not [word for word in PRIVATE if word in wall.content()]
    assert not wall.evaluate("document.documentElement.scrollHeight > innerHeight"), "the wall is one screen"

    chen.goto(f"{url}/walls")
    chen.locator("button", has_text="停用").click()
    chen.locator("#confirm [data-ok]").click()
    expect(chen.locator("tbody")).to_contain_text("已停用")
    assert wall.goto(link).status == 403  # type: ignore[union-attr]
    expect(wall.locator("body")).to_contain_text("已停用")
    assert site.broken == []


def test_on_a_phone_the_filters_unfold_and_stay(site: Site, demo: World) -> None:
    """「条件」 shows them; only choosing one asks again, and what was typed is still there."""
    phone = site.at_desk("chen", "/tickets", viewport={"width": 390, "height": 844})
    asked: list[str] = []
    phone.on("request", lambda request: asked.append(request.url) if request.is_navigation_request() else None)
    states = phone.locator('.filters select[name="status"]')
    expect(states).to_be_hidden()
    phone.locator(".filters input[type=search], .filters .filter-search input").first.fill("TS-")
    phone.locator(".filter-more").click()
    expect(states).to_be_visible()
    assert asked == []
    search = phone.locator(".filters .filter-search").first.bounding_box()
    assert search and search["width"] > 200
    states.select_option(index=1)
    phone.wait_for_url("**status=*")
    expect(states).to_be_visible()
    assert len(asked) == 1 and "TS-" in asked[0] and site.broken == []
