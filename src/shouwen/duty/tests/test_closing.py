"""A post that nobody follows on is closed; guards assemble, are looked over and led; a full volume is settled."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pytest
import time_machine
from django.db import DatabaseError, transaction

from shouwen.duty import actions, queries
from shouwen.duty.models import LogLine, MusterGuard, Presence, Roster, Shift, Volume
from shouwen.kernel.access import SYSTEM
from shouwen.kernel.journal import bookkeeping
from shouwen.kernel.refusals import Conflict, Forbidden, Refused
from shouwen.org import actions as org
from shouwen.org.tests.world import MONDAY, START, World

from .test_attendance import at
from .test_handover import Matters, answers, matters
from .test_pages import sign_in

__all__ = ["matters"]


def alone(world: World) -> Presence:
    """李静 is at the desk on Monday and nobody follows her."""
    for name in ("he", "xu"):
        actions.end_roster(SYSTEM, Roster.objects.get(user=world.people[name]), ends_on=date(2026, 11, 22), knowing=True)
    actions.check_in(world.actor("li"), world.places["liyuan"], at=at(8))
    return Presence.objects.get(user=world.people["li"])


@pytest.mark.shows("D1.17", "D1.18", "D1.20")
def test_a_desk_nobody_follows_on_is_put_away_locked_and_its_key_stored_before_leaving(world: World) -> None:
    row, li = alone(world), world.actor("li")
    with pytest.raises(Refused, match="还没有收完班"):
        actions.check_out(li, row, at=at(16))
    with pytest.raises(Refused, match="请先登记“物品已全部入柜”"):
        actions.close_step(li, row, step="locked", at=at(15, 58))
    with pytest.raises(Forbidden):
        actions.close_step(world.actor("lin"), row, step="stored", at=at(15, 58))
    actions.close_step(li, row, step="stored", at=at(15, 58))
    with pytest.raises(Conflict):
        actions.close_step(li, row, step="stored", at=at(15, 58))
    actions.close_step(li, row, step="locked", at=at(15, 59))
    with pytest.raises(Refused, match="钥匙放到办公室存放点"):
        actions.check_out(li, row, at=at(16))
    actions.close_step(li, row, step="key", at=at(15, 59))
    closing = queries.closing_of(row)
    assert closing and (closing.stored_at, closing.locked_at, closing.key_at) == (at(15, 58), at(15, 59), at(15, 59))
    assert "钥匙已放到办公室存放点" in LogLine.objects.get(about=f"presence:{row.pk}").text
    actions.check_out(li, row, at=at(16))


def test_where_somebody_follows_the_post_is_handed_over_and_not_closed(world: World) -> None:
    li = world.actor("li")
    actions.check_in(li, world.places["liyuan"], at=at(8))
    with pytest.raises(Refused, match="有人接班"):
        actions.close_step(li, Presence.objects.get(), step="stored", at=at(15, 58))


@pytest.mark.shows("D1.19")
def test_what_is_lost_names_whoever_did_not_put_it_away(world: World) -> None:
    row, li, place = alone(world), world.actor("li"), world.places["liyuan"]
    tuesday = MONDAY + timedelta(days=1)
    found = actions.lose_article(world.actor("lin"), place, post="receptionist", title="计算器", at=tuesday)
    assert found == "早班李静下班时没有登记入柜，由其负责" and found in LogLine.objects.get(about="loss:article").text
    actions.close_step(li, row, step="stored", at=at(15, 58))
    assert "另行查明" in actions.lose_article(world.actor("lin"), place, post="receptionist", title="计算器", at=tuesday)
    with pytest.raises(Refused, match="从交接清单里选"):
        actions.lose_article(li, place, post="receptionist", title="屏风", at=tuesday)


def guards(world: World) -> datetime:
    """王强 hands the guards' post over to 吴刚 and 何敏 at four; 林芳 leads. Returns the hour."""
    place, first = world.places["liyuan"], date(2026, 11, 23)
    for name, post, shift in (("wang", "guard", "early"), ("wu", "guard", "late"), ("he", "gate-guard", "late"), ("lin", "security-duty-lead", "late")):
        org.assign(SYSTEM, place, user=world.people[name], post=post, department="security", starts_on=START)
        for turn in Roster.objects.filter(user=world.people[name]):
            actions.end_roster(SYSTEM, turn, ends_on=date(2026, 11, 22), knowing=True)
        actions.roster(SYSTEM, place, user=world.people[name], post=post, shift=Shift.objects.get(community=place, slug=shift), starts_on=first)
    return at(16)


@pytest.mark.shows("E22.02", "E22.03", "E22.04", "E22.05", "E22.15")
def test_guards_are_counted_looked_over_led_out_and_led_back(world: World, matters: Matters) -> None:
    hour, place, lin = guards(world), world.places["liyuan"], world.actor("lin")
    with pytest.raises(Forbidden):
        actions.open_muster(world.actor("wu"), place, starts_at=hour, at=at(15, 45))
    row = actions.open_muster(lin, place, starts_at=hour, at=at(15, 45))
    with pytest.raises(Conflict):
        actions.open_muster(lin, place, starts_at=hour, at=at(15, 46))
    own = {guard.user.username: guard.pk for guard in MusterGuard.objects.filter(muster=row).select_related("user")}
    assert set(own) == {"wu", "he", "lin"}  # the roster says who is expected
    here = {"arrived": True, "dressed": True, "gear": "ok"}
    with pytest.raises(Refused, match="还没有人到场"):
        actions.lead(lin, row, at=at(15, 50))
    with pytest.raises(Refused, match="请写明吴刚缺什么装备"):
        actions.check_guards(lin, row, guards={own["wu"]: here | {"gear": "missing"}}, at=at(15, 50))
    actions.check_guards(lin, row, guards={own["lin"]: here, own["wu"]: here | {"gear": "missing", "missing": "手电筒"}}, at=at(15, 50))
    assert LogLine.objects.get(about=f"muster:{row.pk}").text == "中班集合装备检查：吴刚缺手电筒。"
    with pytest.raises(Refused, match="何敏没有到场，请写明缺勤安排"):
        actions.lead(lin, row, at=at(15, 52))
    actions.check_guards(lin, row, guards={own["he"]: here | {"dressed": False}}, at=at(15, 55))
    with pytest.raises(Refused, match="何敏的着装和装备还没有检查完"):
        actions.lead(lin, row, at=at(15, 55))
    actions.check_guards(lin, row, guards={own["he"]: here}, at=at(15, 55))
    actions.lead(lin, row, at=at(15, 56))
    assert {guard.arrived_at for guard in row.guards.all()} == {at(15, 50), at(15, 55)}
    row.refresh_from_db()
    with pytest.raises(Refused, match="护卫员还没有交接完，不能带回"):
        actions.lead_back(lin, row, at=hour)
    hand_over(world)
    assert queries.leader_of(place.pk, "guard", hour) == row  # the hand-over of the post shows who led
    actions.lead_back(lin, row, at=hour)
    with pytest.raises(Conflict):
        actions.check_guards(lin, row, guards={}, at=hour)


def hand_over(world: World) -> None:
    wang, wu, place = world.actor("wang"), world.actor("wu"), world.places["liyuan"]
    sheet = actions.open_handover(wang, place, post="guard", at=at(15, 40))
    actions.arrive(wang, sheet, at=at(15, 50))
    actions.fill(wang, sheet, lines=answers(sheet), at=at(15, 50))
    actions.explain(wang, sheet, at=at(15, 50))
    top = queries.shift_lines(sheet).order_by("-pk").first()
    actions.read_log(wu, sheet, upto=top.pk if top else 0, at=at(15, 52))
    actions.sign(wang, sheet, at=at(15, 58))
    actions.accept(wu, sheet, at=at(16))


@pytest.mark.shows("E22.06")
def test_a_guards_post_changes_hands_at_its_place_or_says_why_not(world: World, matters: Matters) -> None:
    guards(world)
    place, wang, wu = world.places["liyuan"], world.actor("wang"), world.actor("wu")
    actions.put_item(world.actor("chen"), place, post="guard", kind="place", title="3栋北侧岗亭", at=at(9))
    sheet = actions.open_handover(wang, place, post="guard", at=at(15, 40))
    spot = sheet.lines.get(title="3栋北侧岗亭")
    actions.arrive(wang, sheet, at=at(15, 50))
    actions.fill(wang, sheet, lines=answers(sheet) | {spot.pk: {"answer": ""}}, at=at(15, 50))
    actions.explain(wang, sheet, at=at(15, 50))
    actions.read_log(wu, sheet, upto=0, at=at(15, 52))
    with pytest.raises(Refused, match="「3栋北侧岗亭」还没有检查"):
        actions.sign(wang, sheet, at=at(15, 55))
    actions.fill(wang, sheet, lines={spot.pk: {"answer": "abnormal", "told": True, "understood": True}}, at=at(15, 55))
    with pytest.raises(Refused, match="「3栋北侧岗亭」不在约定地点，请说明情况"):
        actions.sign(wang, sheet, at=at(15, 55))
    actions.fill(wang, sheet, lines={spot.pk: {"answer": "normal"}}, at=at(15, 56))
    actions.sign(wang, sheet, at=at(15, 58))


@pytest.mark.both
@pytest.mark.shows("D2.37")
def test_a_closed_volume_is_settled_and_the_next_line_begins_a_new_one(world: World) -> None:
    place, li, chen = world.places["liyuan"], world.actor("li"), world.actor("chen")
    with pytest.raises(Refused, match="还没有写过一行"):
        actions.close_volume(chen, place, post="receptionist", at=MONDAY)
    wrong = actions.write(li, place, post="receptionist", text="3栋停水", at=MONDAY)
    first = actions.close_volume(chen, place, post="receptionist", at=MONDAY)
    assert (first.number, first.lines) == (1, 1)
    with pytest.raises(Forbidden):
        actions.close_volume(li, place, post="receptionist", at=MONDAY)
    with pytest.raises(Refused, match="在已封存的第 1 册里，不能再更正"):
        actions.correct(li, place, line=wrong, text="5栋停水", at=MONDAY)
    actions.write(li, place, post="receptionist", text="来水", at=MONDAY)
    second = actions.close_volume(chen, place, post="receptionist", at=MONDAY)
    assert (second.number, second.after, second.lines) == (2, first.upto, 1)
    assert [line.text for line in queries.lines(li, place.pk, volume=first)] == ["3栋停水"]
    assert [row.number for row in queries.volumes(li, place.pk, "receptionist")] == [2, 1]
    with pytest.raises(DatabaseError), transaction.atomic(), bookkeeping("somebody tries"):
        Volume.objects.filter(pk=first.pk).update(upto=0)


@pytest.fixture
def clock() -> Iterator[time_machine.Coordinates]:
    with time_machine.travel(at(15, 45), tick=False) as coordinates:
        yield coordinates


def test_the_leader_does_it_all_on_one_page(world: World, matters: Matters, clock: time_machine.Coordinates) -> None:
    hour = guards(world)
    lin = sign_in(world, "lin")
    assert "由班长开始集合" not in lin.get("/duty/musters").content.decode()
    assert "由班长开始集合" in sign_in(world, "wang").get("/duty/musters").content.decode()
    assert lin.post("/duty/musters", {"starts_at": "上午"}).status_code == 422
    address = lin.post("/duty/musters", {"starts_at": hour.isoformat()})["Location"]
    given = {}
    for guard in MusterGuard.objects.all():
        given |= {f"arrived-{guard.pk}": "on", f"dressed-{guard.pk}": "on", f"gear-{guard.pk}": "ok"}
    assert lin.post(address, {**given, "do": "lead"}).status_code == 302
    page = lin.get(address).content.decode()
    assert "实到 <b>3</b> 人" in page and "还没有交接完的岗位：护卫员" in page
    assert lin.post(address, {"do": "back"}).status_code == 422 and lin.post(address, {"do": "dance"}).status_code == 422
    hand_over(world)
    clock.move_to(hour)
    assert lin.post(address, {"do": "back"}).status_code == 302
    assert "整队带回" in lin.get(address).content.decode()


def test_closing_and_volumes_in_the_browser(world: World, clock: time_machine.Coordinates) -> None:
    row = alone(world)
    li, chen = sign_in(world, "li"), sign_in(world, "chen")
    assert "今天没有人接班，离岗前请收班" in li.get("/duty/mine").content.decode()
    assert li.post(f"/duty/mine/{row.pk}/close", {"step": "key"}).status_code == 422
    for step in actions.STEPS:
        assert li.post(f"/duty/mine/{row.pk}/close", {"step": step}).status_code == 302
    assert li.post("/duty/handover/items", {"post": "receptionist", "do": "lost", "title": "计算器"}).status_code == 302
    assert li.post("/duty/volumes", {"post": "receptionist"}).status_code == 403
    assert chen.post("/duty/volumes", {"post": "nobody"}).status_code == 422
    assert chen.post("/duty/volumes", {"post": "receptionist"}).status_code == 302
    volume = Volume.objects.get()
    page = li.get(f"/duty/?volume={volume.pk}").content.decode()
    assert "不能再更正" in page and "更正</a>" not in page
    assert sign_in(world, "mei").get(f"/duty/?volume={volume.pk}").status_code == 404
