"""Takes the pictures of docs/pictures from a running demo, and writes docs/pictures.zh.md around them.

    ./run &                                  # the demo, on an address of its own
    python docs/pictures/make.py http://127.0.0.1:8000 [NAME…]

Needs Playwright, Pillow and a Chromium (they come with `pip install -e '.[test]'` and ./test). The folder stays below 3 MB: two hundred colours do.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image
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


def begins(name: str) -> Callable[[Page], None]:
    """Press such a button and wait for the page it leads to."""

    def go(page: Page) -> None:
        before = page.url
        page.locator("main").get_by_role("button", name=name).or_(page.locator("main").get_by_role("link", name=name)).first.click()
        page.wait_for_url(lambda address: address != before)
        page.wait_for_load_state("networkidle")

    return go


def by_code(page: Page) -> None:
    """What the code in the lift shows, to somebody who is not logged in."""
    link = page.locator("main a[href*='/r/p/']").first.get_attribute("href")
    page.context.clear_cookies()
    page.goto(re.match(r"https?://[^/]+", page.url)[0] + str(link))  # type: ignore[index]


def by_form(page: Page) -> None:
    by_code(page)
    page.locator("main a[href$='/repair']").first.click()
    page.wait_for_load_state("networkidle")


def by_link(page: Page) -> None:
    """A resident's matter, by the link of a message that this demo shows instead of sending it."""
    token = re.search(r"/r/t/(\w+)", page.locator("main").inner_text())
    page.context.clear_cookies()
    page.goto(re.match(r"https?://[^/]+", page.url)[0] + f"/r/t/{token[1] if token else ''}")  # type: ignore[index]


def works(page: Page) -> None:
    """The first task of the list, accepted."""
    first("main a[href*='/mine/']")(page)
    page.wait_for_load_state("networkidle")


PICTURES = (
    Picture("board", "工作台", "已超时的永远在最上面；按时限、部门、办理人、楼栋排，筛选留在网址里。", "chen", "/board"),
    Picture("counter", "受理", "报房号或拼音首字母找到人，按一个键选事项；旁边是该说的话，下面是保存以后交给谁、几点以前办。", "li", "/counter", before=call),
    Picture("ticket", "工单", "流程走到哪里、谁做了什么、用了多久、下一步几点以前。", "chen", "/tickets?procedure=complaint", before=first("main tbody a[href*='/tickets/']")),
    Picture("tasks", "手机：我的任务", "按紧急程度排，一只手就能接单、到场、拍照、请客户签名；没有信号先存着。", "wang", "/mine", PHONE),
    Picture("task", "手机：一项任务", "地址、联系人、怎么做，下面永远只有一个最大的按钮：接单、到场、办好了。", "wang", "/mine", PHONE, works),
    Picture("resident", "住户：扫码", "门上、电梯里的码，不用下载、不用注册：报修、投诉、咨询、建议、预约、求助。", "zhao", "/r/codes?kind=lift", PHONE, by_code),
    Picture("resident-form", "住户：报修", "只问住户说得清的，能拍照；房号从码里来。", "zhao", "/r/codes?kind=lift", PHONE, by_form),
    Picture("progress", "住户：看进度", "说好的时间、谁来办、走到哪里；可以催、改约、留言、签字、评价，没有解决就要求重办。", "kang", "/r/messages", PHONE, by_link),
    Picture("procedure", "规程", "流程图、每一步谁办、多久、依据哪一条。", "zhao", "/procedures/complaint"),
    Picture("editor", "改规程", "一格一格地改，旁边的图和“改了什么”跟着变；演练过，再从某一天起启用。", "chen", "/procedures/repair", before=begins("改这项规程")),
    Picture("reports", "统计", "按类别数件数、办结、超时、满意度；点数字看是哪几张，整张导出。", "zhao", "/reports?procedure=repair"),
    Picture("handover", "交接班", "没办完的逐件写一句话，物品逐项点数，双方签名，跟进人随之变更。", "li", "/duty/handover"),
    Picture("book", "值班日志", "自动记下的和手写的在一起；只能更正，不能改写。", "zhang", "/duty/"),
    Picture("papers", "单据", "从记录打印，一联一联有编号、有去向，回联才算完。", "chen", "/papers/"),
    Picture("inbox", "通知", "一件事一行；免打扰从不压住紧急的。", "li", "/notices/"),
    Picture("settings", "设置", "日历、称谓、价目、渠道、保存期限，各有一页。", "zhao", "/settings"),
    Picture("wall", "大屏", "只读链接，不显示姓名和电话。", "zhao", "/walls", WALL, wall),
    Picture("guide", "使用指南", "每种岗位的第一个小时。", "li", "/guide"),
)


def small(picture: bytes) -> Image.Image:
    return Image.open(BytesIO(picture)).convert("RGB").quantize(200, dither=Image.Dither.NONE)


def signed_in(browser: Browser, url: str, one: Picture) -> Page:
    context = browser.new_context(viewport={"width": one.size[0], "height": one.size[1]}, locale="zh-CN", timezone_id="Asia/Shanghai")
    page = context.new_page()
    page.goto(f"{url}/org/login")
    page.fill("[name=username]", one.who)
    page.fill("[name=password]", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_url(lambda address: "/login" not in address)
    return page


def main(url: str, names: list[str]) -> None:
    lines = ["# 看一遍首问", "", "这些画面由 `docs/pictures/make.py` 从演示小区取得；人名和事情都是编的。", ""]
    with sync_playwright() as playwright:
        found = Path("/usr/bin/chromium")
        browser = playwright.chromium.launch(executable_path=str(found) if found.exists() else None, args=["--no-sandbox"])
        for one in PICTURES:
            lines += [f"## {one.title}", "", one.text, "", f"![{one.title}](pictures/{one.name}.png)", ""]
            if names and one.name not in names:
                continue
            page = signed_in(browser, url, one)
            page.goto(url + one.path)
            page.wait_for_load_state("networkidle")
            one.before(page)
            page.wait_for_timeout(600)
            small(page.screenshot()).save(HERE / f"{one.name}.png", optimize=True)
            page.context.close()
            print(one.name)  # noqa: T201
        browser.close()
    (HERE.parent / "pictures.zh.md").write_text("\n".join(lines), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1].rstrip("/") if len(sys.argv) > 1 else "http://127.0.0.1:8000", sys.argv[2:])
