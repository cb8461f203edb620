"""A manager who reads Chinese and no YAML: changes a procedure, sees what that means, rehearses it, adopts it from tomorrow."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from shouwen.config.demo import World
from shouwen.kernel.journal import now
from shouwen.org import queries as org
from shouwen.procedures import actions, editions, trials
from shouwen.procedures.models import Draft, Edition, Ticket
from shouwen.procedures.rehearsal import play
from shouwen.procedures.retelling import retold
from shouwen.procedures.scripts import parse

from .conftest import Site, aside

DAYS = ("class-one-four-hours.yaml", "dispatched-at-minute-twenty.yaml")
"""The scripted days played here; all seventy take longer than a test should."""


@pytest.fixture
def chen(site: Site, demo: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    """The service manager, signed in at her desk; rehearsals are played in this process instead of one of their own."""
    given = {"channel": "phone", "unit": "3-1-1201", "caller": "王秀英", "phone": "13800000001", "content": "楼道灯三天未修"}
    li = org.actor_for(org.user_id_of("li") or 0)
    actions.file_ticket(li, demo.liyuan, procedure="complaint", answers=given, at=now())
    found = [path for path in trials.scripts_for("complaint") if path.name in DAYS]
    monkeypatch.setattr(trials, "scripts_for", lambda slug: found)

    def beside(command: list[str], trial: Any) -> tuple[list[dict[str, Any]], str]:
        text = trial.draft.text
        return [retold(path, parse(path), play(parse(path), drafts=[text]), [text]) for path in found], ""

    monkeypatch.setattr(trials, "_run", beside)
    yield site.at_desk("chen", "/procedures/complaint")
    assert site.broken == []


def limit(page: Page, step: str, amount: int) -> None:
    """Set the limit of a step as a person does: open its box, type, leave the field."""
    box = page.locator(f"#box-step-{step}")
    if box.get_attribute("open") is None:
        box.locator("summary").first.click()
    field = box.locator("[data-span] .span-amount").first
    field.fill(str(amount))
    field.press("Tab")


def rehearse(page: Page) -> None:
    page.get_by_role("link", name="演练与启用").click()
    page.locator("#trial form button").click()
    expect(page.locator("#trial")).to_contain_text("正在演练")
    assert aside(lambda: trials.play_waiting(now(), wait=True)) == 1


def test_a_procedure_is_changed_rehearsed_and_adopted_from_tomorrow(chen: Page) -> None:
    page = chen
    page.get_by_role("button", name="改这项规程").click()
    page.wait_for_url("**/procedures/drafts/*")
    panel = page.locator("#panel")
    limit(page, "classify", 15)
    expect(panel.locator(".said-changes")).to_contain_text("「受理识别」时限 「受理」后 20 分钟 → 「受理」后 15 分钟")
    expect(panel.locator('.is-changed[data-step="classify"]')).to_be_attached()

    ladder = page.locator("#box-step-classify .ladder-box")
    ladder.locator("[data-new-rung] [name=amount]").fill("2")
    ladder.locator("[data-new-rung] [name=tell]").select_option(label="管理处主任")
    ladder.locator("[data-new-rung] button").click()
    expect(panel.locator(".said-changes")).to_contain_text("（逾期 2 小时）（无） → 告知管理处主任")
    expect(page.locator("#box-step-classify")).to_have_attribute("open", "")

    page.locator("#box-step-intake > summary").click()
    word = page.locator('#box-step-intake [data-path="steps/intake/asks/content/title"]')
    word.fill("投诉的事情")
    word.press("Tab")
    expect(panel.locator(".said-changes")).to_contain_text("名称 投诉内容 → 投诉的事情")

    limit(page, "classify", 40)
    expect(panel.locator(".lax")).to_contain_text("宽于条款 A7.05")
    limit(page, "classify", 15)
    expect(panel.locator(".lax")).to_have_count(0)

    rehearse(page)
    failed = page.locator(".trial-failed")
    expect(failed).to_contain_text("第二十分钟送到责任部门，算按时")
    expect(failed).to_contain_text("这份剧本期望：工单 c 时限是：受理识别：09:20")
    page.get_by_role("link", name="接着改").click()
    limit(page, "classify", 20)
    expect(panel.locator(".said-changes")).not_to_contain_text("「受理识别」时限")  # what was changed and put back stands below, not here
    limit(page, "visit", 2)
    expect(panel.locator(".said-changes")).to_contain_text("「回复并回访验证」时限")
    rehearse(page)
    expect(page.locator("#trial .alert-success")).to_contain_text("2 份剧本全部照旧")

    page.reload()
    expect(page.locator("[name=anyway]")).to_have_count(0)
    page.fill("[name=remark]", "回访提前一天")
    page.get_by_role("button", name="启用", exact=True).click()
    page.locator("dialog[open]").get_by_role("button", name="启用").click()
    page.wait_for_url(re.compile(r"/procedures/complaint\?edition="))
    expect(page.locator("h1")).to_contain_text("尚未启用")
    expect(page.locator(".edition-list")).to_contain_text("回访提前一天")

    aside(kept)


def kept() -> None:
    """What stands in the database in the end."""
    new = Edition.objects.get(procedure="complaint", remark="回访提前一天")
    place = new.community_id
    assert place is not None and not Draft.objects.exists()
    assert editions.edition_in_force("complaint", place, now())[1].edition == "2026-11", "today the old one holds"
    editions.forget()
    assert editions.edition_in_force("complaint", place, now() + timedelta(days=2))[0] == new.pk
    assert Ticket.objects.get().edition.edition == "2026-11", "a ticket under way keeps its own"


def test_the_expert_sees_faults_by_line_while_typing(chen: Page) -> None:
    page = chen
    page.get_by_role("button", name="改这项规程").click()
    page.wait_for_url("**/procedures/drafts/*")
    page.get_by_role("link", name="原文（专家）").click()
    source = page.locator("#source")
    good = source.input_value()
    line = good[: good.index("within: 20 minutes from filed")].count("\n") + 1
    source.fill(good.replace("within: 20 minutes from filed", "within: soon", 1))
    expect(page.locator(".fault-list")).to_contain_text(f"第 {line} 行")
    expect(page.locator(".fault-list")).to_contain_text("看不懂的时限「soon」")
    source.fill(good.replace("within: 20 minutes from filed", "within: 10 minutes from filed", 1))
    expect(page.locator(".said-changes")).to_contain_text("「受理」后 10 分钟")
    page.get_by_role("link", name="逐项改").click()
    panel = page.locator("#panel")
    expect(panel).to_contain_text("「受理」后 10 分钟")

    limit(page, "visit", 2)  # what is changed is taken back step by step, brought again, also after a reload and by keys
    expect(panel.locator(".said-changes")).to_contain_text("「回复并回访验证」时限")
    page.locator("#draft-undo").get_by_role("button", name="撤销").click()
    expect(panel.locator(".said-changes")).not_to_contain_text("「回复并回访验证」时限")
    expect(panel).to_contain_text("「受理」后 10 分钟")
    page.locator("h1").click()
    page.keyboard.press("Control+z")
    expect(panel).not_to_contain_text("「受理」后 10 分钟")
    page.reload()
    for said in ("「受理」后 10 分钟", "「回复并回访验证」时限"):
        page.locator("#draft-undo").get_by_role("button", name="重做").click()
        expect(panel.locator(".said-changes")).to_contain_text(said)
    expect(page.locator("#draft-undo").get_by_role("button", name="重做")).to_be_disabled()
