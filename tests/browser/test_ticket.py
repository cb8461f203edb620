"""One complaint, two departments at once: evidence before and after, two people on the same task, a superior who steps in, the printed sheet."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from playwright.sync_api import expect

from .test_service_desk import CALLER, PNG, Staff, _clock, staff  # noqa: F401  the fixture

CLASSIFIED = {"in_commitment": "yes", "valid_for": "quality", "class": "I", "level": "minor", "departments": ["engineering", "security"]}


def picture(name: str) -> dict[str, Any]:
    return {"name": name, "mimeType": "image/png", "buffer": PNG}


def test_a_complaint_for_two_departments(staff: Staff, tmp_path: Path) -> None:  # noqa: F811
    c = staff.files("li", "3-1-1201", "ts", {**CALLER, "content": "车库漏水，保安没有拦住施工车"})
    at = staff.url + c

    # two at the reception open the same task; he is slower, and nothing of his is lost
    slow = staff["he"]
    slow.goto(at)
    form = slow.locator("article.task form.step-form")
    for name, value in {**CLASSIFIED, "level": "major"}.items():
        for one in value if isinstance(value, list) else [value]:
            form.locator(f'[name$="{name}"][value="{one}"]').check()
    form.locator('[name$="level_reason"]').fill("第三次了")
    staff.works("li", c, "受理识别", CLASSIFIED)
    form.locator("button[type=submit]").click()
    told = slow.locator("#tasks .overtaken")
    expect(told).to_contain_text("已由李静在")
    expect(told).to_contain_text("第三次了")
    told.get_by_role("button", name="以我填的为准，作为更正提交").click()
    slow.wait_for_url(re.compile(r"/tickets/\d+$"))
    expect(slow.locator(".answers")).to_contain_text("重大")
    expect(slow.locator("#story .change").first).to_contain_text("轻微")

    # the head of the desk steps in for the reception, and says why
    head = staff["lin"]
    head.goto(at)
    task = head.locator("article.task.is-below", has_text="送登记表")
    task.locator(".task-work > summary").click()
    form = task.locator("form.step-form")
    form.locator("input[role=combobox]").first.fill("吴刚")
    head.locator(".picks [role=option]").first.click()
    form.locator("button[type=submit]").click()
    expect(head.locator("#tasks .behalf.has-error")).to_contain_text("代办原因")
    head.locator('[name="on_behalf"]').fill("前台在接待访客")
    head.locator("#tasks form.step-form button[type=submit]").first.click()
    expect(head.locator("#story")).to_contain_text("代客户接待员办结")
    expect(head.locator("#story")).to_contain_text("前台在接待访客")

    # both departments at work, side by side; pictures before and after
    wu = staff["wu"]
    wu.goto(at)
    sides = wu.locator(".side-col")
    expect(sides.filter(has_text="工程部")).to_contain_text("吴刚")
    expect(sides.filter(has_text="安保部")).to_contain_text("石磊")
    expect(wu.locator(".flow-node.is-open").first).to_be_attached()
    for purpose, name in (("before", "漏水.png"), ("after", "修好.png")):
        sent = wu.request.post(f"{staff.url}/attachments", multipart={"ticket": c.rpartition("/")[2], "purpose": purpose, "file": picture(name)},
                               headers={"X-CSRFToken": _token(wu), "Accept": "application/json", "Referer": staff.url})
        assert sent.status == 201
    wu.reload()
    wu.locator("#evidence [data-view=before]").click()
    viewer = wu.locator("dialog#viewer")
    expect(viewer).to_contain_text("漏水.png")
    wu.keyboard.press("b")
    expect(viewer.locator("figure")).to_have_count(2)
    wu.keyboard.press("b")
    wu.keyboard.press("ArrowRight")
    expect(viewer).to_contain_text("修好.png")
    wu.keyboard.press("Escape")
    expect(viewer).not_to_be_visible()

    # while wu writes, the content is corrected: he is shown it, and submits again with one click
    form = wu.locator("article.task form.step-form")
    for name, value in {"inquired_at": _clock(), "findings": "水管裂", "opinion": "更换", "process": "已更换", "result": "不漏了", "analysis": "老化"}.items():
        form.locator(f'[name$="{name}"]').fill(value)
    form.locator('[name$="outcome"][value="solved"]').check()
    li = staff["li"]
    li.goto(f"{at}/amend/intake")
    li.locator('[name="amend-content"]').fill("车库 B2 漏水，保安没有拦住施工车")
    li.locator("#reason").fill("业主补充位置")
    li.get_by_role("button", name="保存更正").click()
    li.wait_for_url(re.compile(r"/tickets/\d+$"))
    form.locator("button[type=submit]").click()
    expect(wu.locator(".overtaken")).to_contain_text("变更投诉内容：业主补充位置")
    expect(wu.locator('article.task [name$="findings"]')).to_have_value("水管裂")
    wu.get_by_role("button", name="看过了，按现在的情况再提交").click()
    expect(wu.locator("#toasts")).to_contain_text("已办结")
    expect(wu.locator(".side-col.is-done")).to_contain_text("工程部")

    # what may be done and why not; a step's card; a clause by keyboard; the sheet
    wu.locator(".closed-verbs summary").click()
    expect(wu.locator(".closed-verbs")).to_contain_text("工单还在办理")
    wu.locator("a.flow-link").first.focus()
    wu.keyboard.press("Enter")
    expect(wu.locator("#step-card")).to_contain_text("依据")
    wu.keyboard.press("Escape")
    wu.locator("details.why > summary").first.focus()
    wu.keyboard.press("Enter")
    expect(wu.locator(".why[open] .why-said")).to_be_visible()
    wu.goto(f"{at}/print")
    expect(wu.locator(".paper")).to_contain_text("代客户接待员办结")
    expect(wu.locator(".paper")).to_contain_text("王**")
    assert wu.locator(".paper img").count() == 2
    assert staff.broken == []


def _token(page: Any) -> str:
    return next(one["value"] for one in page.context.cookies() if one["name"] == "csrftoken")
