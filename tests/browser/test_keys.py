"""A key is scanned out at the desk with a hand scanner, back on a phone with its camera, and counted in the evening."""

from __future__ import annotations

from playwright.sync_api import expect

from shouwen.config.demo import World, cast
from shouwen.custody import actions
from shouwen.kernel.journal import now
from shouwen.org import queries as org

from .conftest import PHONE, Site, aside


def test_a_key_goes_out_by_scanner_and_comes_back_by_phone(site: Site, demo: World) -> None:
    lin, at = org.actor_for(org.user_id_of("lin") or 0), now()
    store = actions.put_store(lin, demo.liyuan, title="空房钥匙柜", holds="vacant", hooks=20, at=at)
    key = actions.take_in(lin, demo.liyuan, kind="vacant", title="入户门钥匙", unit=sorted(cast.VACANT)[0], store=store, hook=7, quantity=2, at=at)
    desk = site.at_desk("li", "/custody/", locale="zh-CN", timezone_id="Asia/Shanghai")
    desk.fill("#cu-code", f"{site.url}/custody/s/{key.code}")
    desk.press("#cu-code", "Enter")
    desk.get_by_role("link", name="员工借用").click()
    desk.get_by_label("用途").fill("每月清扫")
    desk.get_by_role("button", name="借出").click()
    expect(desk.get_by_text("请选择借用的同事").first).to_be_visible()
    expect(desk.get_by_label("用途")).to_have_value("每月清扫")
    desk.get_by_label("借用同事").select_option(label="王强（维修工）")
    desk.get_by_role("button", name="借出").click()
    expect(desk.get_by_role("heading", name="在 王强 手里")).to_be_visible()
    desk.goto(f"{site.url}/custody/cabinet?store={store.pk}")
    expect(desk.locator(".cu-hook", has_text="王强")).to_contain_text("7")

    phone = site.at_desk("li", f"/custody/s/{key.code}", viewport=PHONE, locale="zh-CN", timezone_id="Asia/Shanghai")
    expect(phone.get_by_label("扫钥匙标签")).to_have_value(key.code)
    phone.get_by_role("button", name="点收").click()
    expect(phone.get_by_role("heading", level=1)).to_contain_text("在位")

    phone.goto(f"{site.url}/custody/stores/{store.pk}/count")
    for _ in range(2):
        phone.fill("#cu-count", key.code)
        phone.press("#cu-count", "Enter")
    expect(phone.get_by_label(f"{key.number} 实有")).to_have_value("2")
    phone.get_by_label("柜子已上锁").check()
    phone.get_by_role("button", name="清点完毕").click()
    expect(phone.get_by_role("heading", level=1)).to_contain_text("相符")
    assert aside(lambda: [one.state for one in key.loans.all()]) == ["closed"]
    assert site.broken == []
