"""Coming to a shift and leaving it, shifts that go to a colleague, holidays, the hours nobody covers, the guards' posts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pytest
import time_machine

from shouwen.duty import actions, queries
from shouwen.duty.models import Handover, Presence, Roster, Shift, ShiftChange
from shouwen.kernel.access import SYSTEM
from shouwen.kernel.calendars import set_day
from shouwen.kernel.refusals import Conflict, Forbidden, Refused
from shouwen.notices import actions as notices
from shouwen.notices.models import Notice
from shouwen.org import actions as org
from shouwen.org.tests.world import MONDAY, START, World

from .test_handover import Matters, answers, matters
from .test_pages import row_of, sign_in

__all__ = ["matters"]
TUESDAY = MONDAY + timedelta(days=1)


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Coordinates]:
    with time_machine.travel(MONDAY, tick=False) as coordinates:
        yield coordinates


def at(hour: int, minute: int = 0, day: datetime = MONDAY) -> datetime:
    return day.replace(hour=hour, minute=minute)


@pytest.mark.shows("D2.38", "D5.14", "D5.16", "D5.15", "E22.01")
def test_coming_late_leaving_early_and_not_coming_at_all(world: World, clock: time_machine.Coordinates) -> None:
    place = world.places["liyuan"]
    for who, moment, words in (("li", at(7, 50), "按时"), ("wang", at(8, 0), "按时"), ("he", at(15, 51), "未提前到岗（晚 1 分钟）"), ("wu", at(8, 35), "迟到 5 分钟")):
        row = actions.check_in(world.actor(who), place, at=moment)
        page = sign_in(world, "chen").get("/duty/attendance").content.decode()
        assert words in row_of_name(page, row.user.name), who
    with pytest.raises(Conflict, match="已经登记"):
        actions.check_in(world.actor("li"), place, at=at(9))
    wang = Presence.objects.get(user=world.people["wang"])
    with pytest.raises(Refused, match="提前离岗的原因"):
        actions.check_out(world.actor("wang"), wang, at=at(15, 0))
    actions.check_out(world.actor("wang"), wang, reason="牙疼", at=at(15, 0))
    clock.move_to(at(17))
    page = sign_in(world, "chen").get("/duty/attendance").content.decode()
    assert "早退 60 分钟" in row_of_name(page, "王强") and "未到岗" in row_of_name(page, "林芳") and "未到岗" in row_of_name(page, "许倩")
    assert "未开始" not in page.split("<tbody>")[1]


def row_of_name(page: str, name: str) -> str:
    return next(row for row in page.split("<tr")[1:] if f">{name}<" in row)


@pytest.mark.shows("D5.13", "D5.17", "D5.18", "D5.19", "D12.24", "D12.25")
def test_a_shift_goes_to_a_colleague_only_with_their_word_and_the_superiors_before_it_begins(world: World) -> None:
    place, li, he, xu, lin = world.places["liyuan"], *(world.actor(who) for who in ("li", "he", "xu", "lin"))
    tomorrow = at(8, 0, TUESDAY)
    with pytest.raises(Refused, match="没有您的班"):
        actions.check_in(xu, place, at=at(8, 5, TUESDAY))
    with pytest.raises(Refused, match="已经开始"):
        actions.ask_change(li, place, post="receptionist", starts_at=at(8), to=world.people["xu"], reason="x", at=at(9))
    for to, words in (("wang", "没有担任"), ("li", "没有担任")):
        with pytest.raises(Refused, match=words):
            actions.ask_change(li, place, post="receptionist", starts_at=tomorrow, to=world.people[to], reason="孩子生病", at=MONDAY)
    row = actions.ask_change(li, place, post="receptionist", starts_at=tomorrow, to=world.people["xu"], reason="孩子生病", at=MONDAY)
    with pytest.raises(Conflict, match="已经申请过"):
        actions.ask_change(li, place, post="receptionist", starts_at=tomorrow, to=world.people["he"], reason="孩子生病", at=MONDAY)
    with pytest.raises(Forbidden):
        actions.answer_change(he, row, ok=True, at=MONDAY)
    with pytest.raises(Conflict, match="待对方同意"):
        actions.decide_change(lin, row, ok=True, at=MONDAY)
    actions.answer_change(xu, row, ok=True, at=MONDAY)
    for nobody in (li, xu, he):
        with pytest.raises(Forbidden):
            actions.decide_change(nobody, row, ok=True, at=MONDAY)
    with pytest.raises(Refused, match="不能再批准"):
        actions.decide_change(lin, row, ok=True, at=at(8, 1, TUESDAY))
    before = queries.current_directory(place).version
    assert queries.current_directory(place).on_duty("receptionist", at(9, 0, TUESDAY)) == world.id("li")
    actions.decide_change(world.actor("chen"), row, ok=True, at=MONDAY)
    here = queries.current_directory(place)
    assert here.version > before and here.on_duty("receptionist", at(9, 0, TUESDAY)) == world.id("xu")
    assert here.on_duty("receptionist", at(9, 0, TUESDAY + timedelta(1))) == world.id("li")
    assert Notice.objects.filter(user_id=world.people["lin"].pk, key=f"shift:{row.pk}:decided:{world.people['lin'].pk}").exists()  # head of department
    with pytest.raises(Refused, match="没有您的班"):
        actions.check_in(li, place, at=at(8, 5, TUESDAY))
    assert actions.check_in(xu, place, at=at(8, 5, TUESDAY)).shift == "早班"


def test_two_exchange_their_shifts_and_nobody_is_at_two_places(world: World) -> None:
    place, li, he, lin = world.places["liyuan"], *(world.actor(who) for who in ("li", "he", "lin"))
    early, late = at(8, 0, TUESDAY), at(16, 0, TUESDAY)
    row = actions.ask_change(li, place, post="receptionist", starts_at=early, to=world.people["he"], back_at=late, reason="看牙", at=MONDAY)
    actions.answer_change(he, row, ok=True, at=MONDAY)
    actions.decide_change(lin, row, ok=True, at=MONDAY)
    here = queries.current_directory(place)
    assert (here.on_duty("receptionist", early), here.on_duty("receptionist", late)) == (world.id("he"), world.id("li"))
    with pytest.raises(Refused, match="时间重叠"):  # who now has the morning cannot also take another's morning
        org.assign(SYSTEM, place, user=world.people["he"], post="engineer", starts_on=START)
        actions.ask_change(world.actor("wang"), place, post="engineer", starts_at=early, to=world.people["he"], reason="x", at=MONDAY)
    other = actions.ask_change(he, place, post="receptionist", starts_at=late + timedelta(1), to=world.people["xu"], reason="x", at=MONDAY)
    actions.withdraw_change(he, other, at=MONDAY)
    assert ShiftChange.objects.get(pk=other.pk).state == "withdrawn"


@pytest.mark.shows("D5.17", "D5.18")
def test_what_was_possible_when_it_was_asked_is_looked_at_again_when_it_is_granted(world: World) -> None:
    place, li, wang, lin, chen = world.places["liyuan"], *(world.actor(who) for who in ("li", "wang", "lin", "chen"))
    early, xu = at(8, 0, TUESDAY), world.people["xu"]
    org.assign(SYSTEM, place, user=xu, post="engineer", starts_on=START)
    first = actions.ask_change(li, place, post="receptionist", starts_at=early, to=xu, reason="孩子生病", at=MONDAY)
    second = actions.ask_change(wang, place, post="engineer", starts_at=early, to=xu, reason="看牙", at=MONDAY)
    for row in (first, second):
        actions.answer_change(world.actor("xu"), row, ok=True, at=MONDAY)
    actions.decide_change(lin, first, ok=True, at=MONDAY)
    with pytest.raises(Refused, match="时间重叠，不能批准"):
        actions.decide_change(chen, second, ok=True, at=MONDAY)
    here = queries.current_directory(place)
    assert here.on_duty("engineer", early) == world.id("wang") and ShiftChange.objects.get(pk=second.pk).state == "agreed"
    third = actions.ask_change(li, place, post="receptionist", starts_at=early + timedelta(1), to=xu, reason="开家长会", at=MONDAY)
    actions.answer_change(world.actor("xu"), third, ok=True, at=MONDAY)
    org.delegate(lin, place, user=xu, to=world.people["he"], starts_at=early + timedelta(1), ends_at=early + timedelta(2), reason="休假", at=MONDAY)
    with pytest.raises(Refused, match="请假，不能批准"):
        actions.decide_change(lin, third, ok=True, at=MONDAY)
    fourth = actions.ask_change(li, place, post="receptionist", starts_at=early + timedelta(2), to=world.people["he"], back_at=at(16, 0, TUESDAY) + timedelta(2), reason="看牙", at=MONDAY)
    actions.answer_change(world.actor("he"), fourth, ok=True, at=MONDAY)
    actions.end_roster(SYSTEM, Roster.objects.get(user=world.people["he"]), ends_on=TUESDAY.date(), knowing=True)
    with pytest.raises(Refused, match="排班已经变了，何敏"):
        actions.decide_change(lin, fourth, ok=True, at=MONDAY)


@pytest.mark.shows("D7.17")
def test_overlapping_shifts_of_one_person_are_refused(world: World) -> None:
    place = world.places["liyuan"]
    org.assign(SYSTEM, place, user=world.people["li"], post="steward", starts_on=START)
    for slug in ("office",):
        with pytest.raises(Refused, match="时间重叠"):
            actions.roster(
                world.actor("chen"), place, user=world.people["li"], post="steward", shift=Shift.objects.get(community=place, slug=slug),
                starts_on=date(2026, 12, 1), at=MONDAY,
            )
    actions.roster(world.actor("chen"), place, user=world.people["li"], post="steward", shift=Shift.objects.get(community=place, slug="late"),
                   starts_on=date(2026, 12, 1), at=MONDAY)  # fmt: skip


@pytest.mark.shows("D12.26")
def test_a_holiday_with_no_more_people_than_usual_is_named(world: World) -> None:
    place, chen = world.places["liyuan"], sign_in(world, "chen")
    org.assign(SYSTEM, place, user=world.people["he"], post="steward", starts_on=START)
    early = Shift.objects.get(community=place, slug="early")
    actions.roster(SYSTEM, place, user=world.people["he"], post="steward", shift=early, starts_on=START)
    set_day(SYSTEM, None, day=date(2026, 12, 3), works=False, name="庆典日")
    assert "庆典日：物业助理（管理员）排了 1 人，平日 1 人" in chen.get("/duty/roster/plan").content.decode()
    org.assign(SYSTEM, place, user=world.people["xu"], post="steward", starts_on=START)
    actions.roster(SYSTEM, place, user=world.people["xu"], post="steward", shift=early, starts_on=date(2026, 12, 3), ends_on=date(2026, 12, 3))
    assert "庆典日" not in chen.get("/duty/roster/plan").content.decode()


def test_a_post_that_must_never_be_left_has_its_gaps_named(world: World) -> None:
    place, chen = world.places["liyuan"], sign_in(world, "chen")
    assert "有空档" not in chen.get("/duty/roster/plan").content.decode()
    actions.end_roster(SYSTEM, Roster.objects.get(user=world.people["xu"]), ends_on=date(2026, 11, 24), knowing=True)
    assert "前台接待员有空档：11-25 00:00 至 11-25 08:00" in chen.get("/duty/roster/plan").content.decode()
    assert queries.all_gaps(place.pk, MONDAY.date())[0][0] == "前台接待员"


def test_a_holiday_made_today_is_in_the_directory_at_once(world: World) -> None:
    """The directory is kept by people and by calendar: a changed calendar is not waited for."""
    place = world.places["liyuan"]
    before = queries.current_directory(place)
    assert before.works(TUESDAY.date()) and before.manned("cs-supervisor", TUESDAY.date())
    set_day(SYSTEM, None, day=TUESDAY.date(), works=False, name="停工日")
    after = queries.current_directory(place)
    assert not after.works(TUESDAY.date()) and after.manned("cs-supervisor", TUESDAY.date()) is None


def test_my_shifts_on_the_phone(world: World, clock: time_machine.Coordinates, django_assert_max_num_queries) -> None:
    clock.move_to(at(7, 45))
    li, xu, chen = sign_in(world, "li"), sign_in(world, "xu"), sign_in(world, "chen")
    page = li.get("/duty/mine").content.decode()
    assert "07:50 前到岗" in page
    assert li.post("/duty/mine/come", {"post": "receptionist"}).status_code == 302
    with django_assert_max_num_queries(16):
        page = li.get("/duty/mine").content.decode()
    assert "按时到岗" in page and "还没有交班，不能离岗" in page
    assert li.post(f"/duty/mine/{Presence.objects.get().pk}/leave").status_code == 422
    assert xu.post(f"/duty/mine/{Presence.objects.get().pk}/leave").status_code == 404
    form = {"post": "receptionist", "starts_at": "2026-11-25T08:00:00+08:00", "to": str(world.people["xu"].pk), "reason": "家里有事"}
    assert li.post("/duty/mine/ask", form | {"to": ""}).status_code == 422
    assert li.post("/duty/mine/ask", form | {"starts_at": "now"}).status_code == 422
    assert li.post("/duty/mine/ask", form).status_code == 302
    row = ShiftChange.objects.get()
    assert "请您顶班" in xu.get("/duty/mine").content.decode() and "待对方同意" in li.get("/duty/mine").content.decode()
    assert xu.post(f"/duty/changes/{row.pk}", {"do": "maybe"}).status_code == 422
    assert xu.post(f"/duty/changes/{row.pk}", {"do": "yes"}).status_code == 302
    assert "调班待批准" in chen.get("/duty/mine").content.decode()
    assert chen.post(f"/duty/changes/{row.pk}", {"do": "yes"}).status_code == 302
    assert "许倩" in row_of(chen.get("/duty/roster").content.decode(), "前台接待员").split('data-label="星期三')[1].split("</td>")[0]
    month = chen.get("/duty/roster/month?post=receptionist&month=2026-11").content.decode()
    assert "2026 年 11 月" in month and month.count("许倩") > 25
    for path in ("/duty/roster/month?month=x&post=x", "/duty/attendance?day=x", "/duty/roster/month?month=9999-13"):
        assert chen.get(path).status_code == 200
    assert sign_in(world, "mei").post(f"/duty/changes/{row.pk}", {"do": "withdraw"}).status_code == 404


@pytest.mark.shows("E22.08", "E22.12", "E22.13", "E22.14")
def test_a_guard_who_is_relieved_does_not_come_back_to_the_book(world: World, matters: Matters) -> None:
    place = world.places["liyuan"]
    for who, shift in (("wang", "early"), ("wu", "late")):
        org.assign(SYSTEM, place, user=world.people[who], post="guard", starts_on=START)
        Roster.objects.filter(user=world.people[who]) and actions.end_roster(SYSTEM, Roster.objects.get(user=world.people[who]), ends_on=date(2026, 11, 22))
        actions.roster(SYSTEM, place, user=world.people[who], post="guard", shift=Shift.objects.get(community=place, slug=shift), starts_on=date(2026, 11, 23))
    wang, wu = world.actor("wang"), world.actor("wu")
    actions.check_in(wang, place, at=at(8))
    here = Presence.objects.get()
    with pytest.raises(Refused, match="还没有交班，不能离岗"):
        actions.check_out(wang, here, at=at(16, 30))
    sheet = actions.open_handover(wang, place, post="guard", at=at(15, 40))
    assert {"对讲机", "巡更棒", "岗位配套设施", "岗位周围环境卫生"} <= set(sheet.lines.values_list("title", flat=True))
    actions.arrive(wang, sheet, at=at(15, 50))
    actions.fill(wang, sheet, lines=answers(sheet), at=at(15, 50))
    actions.explain(wang, sheet, at=at(15, 50))
    actions.read_log(wu, sheet, upto=0, at=at(15, 50))
    actions.write(wang, place, post="guard", text="南门栏杆松动", at=at(15, 51))
    actions.read_log(wu, sheet, upto=10**3 and queries.shift_lines(sheet).last().pk, at=at(15, 52))
    actions.sign(wang, sheet, at=at(15, 55))
    actions.accept(wu, sheet, at=at(16))
    actions.check_out(wang, here, at=at(16))
    with pytest.raises(Refused, match="您已交班"):
        actions.write(wang, place, post="guard", text="又想起一件", at=at(16, 5))
    actions.write(wu, place, post="guard", text="接班后巡查一圈", at=at(16, 5))


@pytest.mark.shows("D13.20", "D13.24", "D13.28", "D13.29")
def test_the_book_goes_to_the_control_room_at_six_and_comes_back_at_eight_on_workdays(world: World, matters: Matters) -> None:
    place, late = world.places["liyuan"], Shift.objects.get(community=world.places["liyuan"], slug="late")
    org.assign(SYSTEM, place, user=world.people["wang"], post="control-room", starts_on=START)
    actions.end_roster(SYSTEM, Roster.objects.get(user=world.people["wang"]), ends_on=date(2026, 11, 22))
    actions.roster(SYSTEM, place, user=world.people["wang"], post="control-room", shift=late, starts_on=date(2026, 11, 23))
    sunday, today = date(2026, 11, 22), MONDAY.date()
    assert [due.hour for _, _, due in queries.missing_books(place.pk, (sunday, today), at(19))] == [8, 18]
    assert [due.hour for _, _, due in queries.missing_books(place.pk, (sunday, today), at(17, 59))] == [8]
    he, wang = world.actor("he"), world.actor("wang")
    sheet = actions.open_handover(he, place, post="receptionist", to_post="control-room", at=at(17, 50))
    assert (sheet.due_at, sheet.receiver_name) == (at(18), "王强")
    matter = actions.add_line(he, sheet, kind="matter", title="3-1-1201 报修待回电", at=at(17, 50))
    actions.arrive(he, sheet, at=at(17, 55))
    actions.fill(he, sheet, lines=answers(sheet), special="要等业主下班", at=at(17, 55))
    actions.explain(he, sheet, at=at(17, 55))
    actions.read_log(wang, sheet, upto=0, at=at(17, 56))
    actions.sign(he, sheet, at=at(17, 58))
    assert Handover.objects.get().state == "signed" and [due.hour for _, _, due in queries.missing_books(place.pk, (today,), at(19))] == [8, 18]
    actions.accept(wang, sheet, at=at(18))
    assert [due.hour for _, _, due in queries.missing_books(place.pk, (today,), at(19))] == [8]
    assert matters.passed == [] and matter.title == "3-1-1201 报修待回电"  # the tickets stay with the desk
    with pytest.raises(Refused, match="非工作日"):
        saturday = MONDAY + timedelta(days=5)
        actions.open_handover(he, place, post="receptionist", to_post="control-room", at=at(17, 50, saturday))


@pytest.mark.shows("D13.25", "D13.26")
def test_an_urgent_matter_in_the_book_reaches_both_heads_and_each_takes_note_alone(world: World, matters: Matters) -> None:
    place, late = world.places["liyuan"], Shift.objects.get(community=world.places["liyuan"], slug="late")
    for who, post in (("wang", "control-room"), ("wu", "security-head")):
        org.assign(SYSTEM, place, user=world.people[who], post=post, department="security", starts_on=START, heads=who == "wu")
    actions.roster(SYSTEM, place, user=world.people["wang"], post="control-room", shift=late, starts_on=date(2026, 11, 23))
    he = world.actor("he")
    sheet = actions.open_handover(he, place, post="receptionist", to_post="control-room", at=at(17, 50))
    actions.add_line(he, sheet, kind="matter", title="地库有烟味", at=at(17, 51))
    assert queries.warned(sheet) == []
    actions.add_line(he, sheet, kind="matter", title="3栋电梯困人", weight="major", at=at(17, 52))
    told = {note.user.username: note for note in queries.warned(sheet)}
    assert {"lin", "wu"} <= set(told) and all(note.urgent and "3栋电梯困人" in note.title and not note.read_at for note in told.values())
    notices.mark_read(world.actor("lin"), at(17, 53), [told["lin"].pk])
    assert {note.user.username: note.read_at for note in queries.warned(sheet)} == {name: at(17, 53) if name == "lin" else None for name in told}
    actions.fill(he, sheet, lines={}, at=at(17, 54))
    assert len(queries.warned(sheet)) == len(told)  # nobody is told twice
