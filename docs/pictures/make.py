"""Takes the pictures of docs/pictures from a running demo, and writes docs/pictures.zh.md around them.

    ./run &                                  # the demo, on an address of its own
    python docs/pictures/make.py http://127.0.0.1:8000

Needs Playwright and a Chromium (both come with `pip install -e '.[test]'` and ./test).
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

HERE = Path(__file__).parent
PASSWORD = "liyuan-demo-2026"  # noqa: S105 - of the demo, printed by ./run
DESK, PHONE, WALL = (1440, 900), (390, 844), (1920, 1080)


@dataclass(frozen=True)
class Picture:
    """One picture: who looks, where, and what is done before it is taken."""

    name: str
    title: str
    text: str
    who: str
    path: str
    size: tuple[int, int] = DESK
    before: Callable[[Page], None] = lambda page: None


def call(page: Page) -> None:
    page.keyboard.type("3-1-1201")
    page.locator("#hits [role=option]").first.wait_for()
    page.keyboard.press("Enter")
    page.locator("#matter-find").wait_for()
    page.wait_for_timeout(400)
    page.keyboard.type("bx")
    page.keyboard.press("Enter")
    page.locator("#file-form").wait_for()
    page.wait_for_timeout(1200)


def first(selector: str) -> Callable[[Page], None]:
    """Follow the first such link."""

    def go(page: Page) -> None:
        link = page.locator(selector).first
        page.goto(re.match(r"https?://[^/]+", page.url)[0] + str(link.get_attribute("href")))  # type: ignore[index]

    return go


def wall(page: Page) -> None:
    page.fill("[name=name]", "值班室电视")
    page.get_by_role("button", name="生成链接").click()
    page.goto(page.locator(".wall-link input").input_value())


PICTURES = (
    Picture("board", "工作台", "已超时的永远在最上面；按时限、部门、办理人、楼栋排，筛选留在网址里。", "chen", "/board"),
    Picture("counter", "受理", "报房号或拼音首字母找到人，按一个键选事项；旁边是该说的话，下面是保存以后交给谁、几点以前办。", "li", "/counter", before=call),
    Picture("ticket", "工单", "流程走到哪里、谁做了什么、用了多久、下一步几点以前。", "chen", "/tickets?procedure=complaint", before=first("main tbody a[href*='/tickets/']")),
    Picture("tasks", "手机：我的任务", "按紧急程度排，一只手就能接单、到场、拍照、请客户签名；没有信号先存着。", "wang", "/mine", PHONE),
    Picture("procedure", "规程", "流程图、每一步谁办、多久、依据哪一条。", "zhao", "/procedures/complaint"),
    Picture("handover", "交接班", "没办完的逐件写一句话，物品逐项点数，双方签名，跟进人随之变更。", "li", "/duty/handover"),
    Picture("book", "值班日志", "自动记下的和手写的在一起；只能更正，不能改写。", "zhang", "/duty/"),
    Picture("papers", "单据", "从记录打印，一联一联有编号、有去向，回联才算完。", "chen", "/papers/"),
    Picture("inbox", "通知", "一件事一行；免打扰从不压住紧急的。", "li", "/notices/"),
    Picture("settings", "设置", "日历、称谓、价目、渠道、保存期限，各有一页。", "zhao", "/settings"),
    Picture("wall", "大屏", "只读链接，不显示姓名和电话。", "zhao", "/walls", WALL, wall),
    Picture("guide", "使用指南", "每种岗位的第一个小时。", "li", "/guide"),
)


def signed_in(browser: Browser, url: str, one: Picture) -> Page:
    context = browser.new_context(viewport={"width": one.size[0], "height": one.size[1]}, locale="zh-CN", timezone_id="Asia/Shanghai")
    page = context.new_page()
    page.goto(f"{url}/org/login")
    page.fill("[name=username]", one.who)
    page.fill("[name=password]", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_url(lambda address: "/login" not in address)
    return page


def main(url: str) -> None:
    lines = ["# 看一遍首问", "", "这些画面由 `docs/pictures/make.py` 从演示小区取得；人名和事情都是编的。", ""]
    with sync_playwright() as playwright:
        found = Path("/usr/bin/chromium")
        browser = playwright.chromium.launch(executable_path=str(found) if found.exists() else None, args=["--no-sandbox"])
        for one in PICTURES:
            page = signed_in(browser, url, one)
            page.goto(url + one.path)
            page.wait_for_load_state("networkidle")
            one.before(page)
            page.wait_for_timeout(600)
            page.screenshot(path=HERE / f"{one.name}.png")
            page.context.close()
            lines += [f"## {one.title}", "", one.text, "", f"![{one.title}](pictures/{one.name}.png)", ""]
            print(one.name)  # noqa: T201
        browser.close()
    (HERE.parent / "pictures.zh.md").write_text("\n".join(lines), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1].rstrip("/") if len(sys.argv) > 1 else "http://127.0.0.1:8000")
