"""A guard's round on the phone: a code scanned, the signal lost, a point recorded, the signal back; sent once, with its own time."""

from __future__ import annotations

from datetime import time, timedelta

from playwright.sync_api import expect

from shouwen.duty import queries as duty
from shouwen.estate.models import Community
from shouwen.kernel.access import SYSTEM
from shouwen.kernel.journal import now
from shouwen.org import queries as org
from shouwen.org.models import User
from shouwen.rounds import actions, chores
from shouwen.rounds.actions.plans import CheckSpec, PointSpec
from shouwen.rounds.models import Reading, Run

from .test_onsite import CONTROLLED, Phone, phone

__all__ = ["phone"]


def test_a_round_goes_on_without_a_signal_and_is_sent_once(phone: Phone) -> None:
    at = now()
    place = Community.objects.get(slug="liyuan")
    wall, room = actions.add_points(SYSTEM, place, at=at - timedelta(hours=2), specs=[
        PointSpec("东围墙", "小区东侧", "hidden"), PointSpec("配电房", "1 栋地下一层", "power", checks=(CheckSpec("温度", "number", "℃", "5", "40"),)),
    ])  # fmt: skip
    route = actions.set_route(SYSTEM, place, title="一号线", points=[wall.pk, room.pk], at=at - timedelta(hours=2))
    actions.set_plan(
        SYSTEM, place, title="小区巡更", kind="patrol", route=route, post="guard", rhythm="every", minutes=60, starts=time(0), ends=time(0), lasts=60, grace=30,
        at=at - timedelta(minutes=61),
    )  # fmt: skip
    chores.watch(at)
    run = Run.objects.filter(state="open").latest("due_at")
    guard = User.objects.get(pk=duty.current_directory(place).on_duty("guard", at)[0])
    assert org.actor_for(guard.pk).may("rounds.walk", place.pk)

    phone.login(guard.username)
    page = phone.opens("/rounds/mine")
    expect(page.locator(f'[data-keep-round="{run.pk}"]')).to_contain_text("小区巡更")
    page.evaluate(CONTROLLED)
    phone.opens(f"/rounds/p/{wall.key}")  # the phone's own camera leads to the round that is due there
    first = page.locator(f"#p{wall.pk}")
    expect(first).to_have_attribute("data-proven", "")
    phone.context.set_offline(True)
    before = now()
    first.get_by_role("button", name="这个点正常").click()
    expect(page.locator("[data-queue-state]")).to_contain_text("1 项待发送")
    expect(first).to_have_attribute("data-state", "waits")
    page.goto(f"{phone.url}/rounds/mine/{run.pk}")  # a closed page loses nothing, and opens without a signal
    expect(page.locator(f"#p{wall.pk}")).to_have_attribute("data-state", "waits")
    assert not Reading.objects.exists() and wall.key not in phone.kept()["text"]
    phone.context.set_offline(False)
    expect(page.locator("[data-queue-state]")).to_contain_text("已全部发送")
    row = Reading.objects.get()
    assert (row.point_id, row.evidence, row.run_id, row.by_id, row.doubt) == (wall.pk, "scan", run.pk, guard.pk, "")
    assert row.device_at is not None and abs(row.at - before) < timedelta(seconds=30) and row.received_at >= row.at
    phone.context.set_offline(True)
    phone.context.set_offline(False)  # comes and goes: nothing is sent again

    phone.opens(f"/rounds/mine/{run.pk}")
    second = page.locator(f"#p{room.pk}")
    second.locator("summary").click()
    second.locator(".round-number input").fill("24")
    second.get_by_role("button", name="记下").click()
    expect(page.locator(".round-whole")).to_be_visible()
    run.refresh_from_db()
    assert (run.state, run.seen, Reading.objects.count()) == ("done", 2, 2)
    assert phone.broken == []
