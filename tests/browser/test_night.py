"""One night, the same as `rehearsals/night/one-night.yaml`: the file plays what lies between, people press the buttons that matter.

The desk is a screen of 1440, whoever is called away from one has a phone of 390.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
import time_machine
from playwright.sync_api import Page, expect

from shouwen.config.demo import PASSWORD, World
from shouwen.custody.models import Thing
from shouwen.kernel.journal import now
from shouwen.procedures.scripts import moment, parse
from shouwen.procedures.stage import Stage

from .conftest import PHONE, Site

SCRIPT = Path(__file__).parents[2] / "rehearsals/night/one-night.yaml"


class Night:
    """The rehearsal, played up to a line; that line and those named after it are left to the browser."""

    def __init__(self, clock: time_machine.Coordinates) -> None:
        script = parse(SCRIPT)
        clock.move_to(script.starts)
        self.lines, self.stage = list(script.lines), Stage(Clock(clock), script.named)

    def until(self, words: str, also: int = 0) -> None:
        """Play everything before this line; leave it and `also` more lines out. What the file expects must hold here too."""
        while not self.lines[0].words.startswith(words):
            line = self.lines.pop(0)
            if line.words == "at":
                self.stage.move_to(moment(line.value, self.stage.now))
            elif not line.words.startswith(("expect told", "expect not told")):  # who was told is the file's to prove
                assert all(ok for ok, *_ in self.stage.do(line.words, line.value)), line
        del self.lines[: 1 + also]

    def __getitem__(self, name: str) -> int:
        """What the file has given this name: a hand-over or a key."""
        return next(part.named[name] for part in self.stage.parts if name in part.named)


class Clock:
    """The clock of everybody: this process, the server, the rehearsal."""

    def __init__(self, clock: time_machine.Coordinates) -> None:
        self.clock = clock

    def __call__(self) -> datetime:
        return now()

    def move(self, to: datetime) -> None:
        self.clock.move_to(to)


@pytest.fixture
def night(site: Site, demo: World) -> Iterator[Night]:
    with time_machine.travel("2026-11-23 15:45+08:00", tick=True) as clock:
        yield Night(clock)
        site.close()


def press(page: Page, button: str, sure: bool = False) -> None:
    """Press a button, and say yes where it asks."""
    page.get_by_role("button", name=button, exact=True).first.click()
    if sure:
        page.locator("#confirm [data-ok]").click()


def test_a_night_at_the_desk_and_on_the_phone(site: Site, night: Night) -> None:
    night.until("he signs book", also=1)  # 18:00: the book goes to the control room
    desk = site.at_desk("he", f"/duty/handovers/{night['book']}")
    press(desk, "交班人签字", sure=True)
    expect(desk.locator("#ho")).to_contain_text("请丁一凡在这里签字")
    desk.fill("#password", PASSWORD)
    press(desk, "接班签字")
    expect(desk.locator("#ho")).to_contain_text("交接完成")

    night.until("he loses vacant", also=1)  # 20:20: a key is gone
    desk.goto(f"{site.url}/custody/things/{night['vacant']}")
    expect(desk.get_by_role("heading", name="在 冯涛 手里")).to_be_visible()
    desk.get_by_text("报告遗失、损坏").click()
    desk.get_by_label("详细经过").fill("冯涛 19:30 在 8-1-0602 试水后放在工具车上，20:15 发现不见，楼道和车上都找过")
    press(desk, "报告")
    expect(desk.get_by_role("heading", level=1)).to_contain_text("遗失")

    night.until("chen finishes loss.instruct")  # what the manager says, on the phone
    chief = site.at_desk("chen", "/notices/", viewport=PHONE)
    chief.locator(".inbox-open", has_text="YS-").first.click()
    chief.get_by_label("管理处经理指示").fill("先不换锁，今晚加挂锁；明早再找一遍")
    done = chief.get_by_role("button", name="办结「请示管理处经理」")
    done.click()
    expect(done).to_have_count(0)
    expect(chief.get_by_role("main")).to_contain_text("补配钥匙或换锁")

    night.until("chen agrees sealed")  # 21:45: water in a locked home; the second approval, on the phone
    chief.goto(f"{site.url}/custody/things/{night['sealed']}")
    expect(chief.get_by_text("等管理处经理批准")).to_be_visible()
    press(chief, "同意")
    expect(chief.get_by_text("等管理处经理批准")).to_have_count(0)
    night.until("he issues sealed")
    desk.goto(f"{site.url}/custody/things/{night['sealed']}")
    press(desk, "发放")
    expect(desk.get_by_role("heading", name="在 冯涛 手里")).to_be_visible()
    assert Thing.objects.get(pk=night["sealed"]).sealed_at is None

    night.until("expect round patrol")  # 22:55: two points nobody went to, by name
    lead = site.at_desk("peng", "/notices/", viewport=PHONE)
    expect(lead.locator(".inbox-line", has_text="漏点：夜间巡更（22:00）")).to_contain_text("配电房、地下车库 B1。当班：袁航")

    night.until("yin refuses night", also=1)  # 23:58: the relief does not take over
    room = site.at_desk("yin", f"/duty/handovers/{night['night']}")
    room.locator("summary", has_text="拒绝接班").click()
    room.locator('textarea[name="reason"]').first.fill("消防报警主机 3 栋回路一直报故障，说不清什么时候开始的")
    press(room, "拒绝接班", sure=True)
    expect(room.locator("#ho")).to_contain_text("尹浩拒绝接班")
    night.until("lei decides night")
    lead = site.at_desk("lei", f"/duty/handovers/{night['night']}", viewport=PHONE)
    lead.get_by_label("继续交接").check()
    lead.locator('.ho-decide textarea[name="reason"]').fill("已到现场核实，23:10 起回路报故障，已报工程部值班，写明后接")
    press(lead, "决定")
    expect(lead.locator("#ho")).to_contain_text("雷鸣决定")

    night.until("expect signed desk")  # 08:35: the manager's morning
    manager = site.at_desk("chen", "/board")
    expect(manager.locator(".board-posts li", has_text="前台接待员")).to_contain_text("李静")
    manager.get_by_role("link", name="晨间一览").click()
    page = manager.get_by_role("main")
    expect(page).to_contain_text("11-23 18:00 至 11-24 08:00")
    for words in ("YS-20261123", "KF-0001 遗失、损坏处理中", "有漏点：夜间巡更 22:00", "晚 ", "拒绝过：消防报警主机", "《值班日志》11-23林芳"):
        expect(page).to_contain_text(words)
    chief.goto(f"{site.url}/morning")
    expect(chief.get_by_role("main")).to_contain_text("有漏点：夜间巡更 22:00")
    assert chief.evaluate("document.documentElement.scrollWidth") <= 390
    assert site.broken == []
