"""At the desk: moving in by the developer's list, renovation only after it, standing duties, what nobody types; music cut off."""

from datetime import date, time, timedelta

import pytest

from shouwen.duty import actions as duty
from shouwen.duty.models import Roster
from shouwen.estate import actions as estate
from shouwen.estate.models import Unit
from shouwen.kernel.access import SYSTEM
from shouwen.kernel.models import Entry
from shouwen.kernel.refusals import Refused
from shouwen.papers import catalogue
from shouwen.papers import queries as papers
from shouwen.papers.models import Copy, Paper
from shouwen.procedures import actions, music, phrases, schedules, store
from shouwen.procedures.editions import LIBRARY
from shouwen.procedures.engine import Faulty, reckoned
from shouwen.procedures.engine import read as read_procedure
from shouwen.procedures.models import Event

from .conftest import MONDAY

OWNER = {"unit": "8-1-0602", "caller": "赵新", "phone": "13800000060"}


def page(response):
    return response.content.decode()


def done(who, row, step, name="li", evidence=None, **answers):
    """Finish the open task of a step."""
    found = store.load(row.id)
    task = next(t.id for t in found.state.open_tasks if t.step == step)
    return actions.finish(who(name), found, task=task, answers=answers, evidence=evidence, at=MONDAY)


@pytest.fixture
def moving(world, who):
    """A unit on the developer's list, taken up for moving in."""
    estate.edit_unit(SYSTEM, Unit.objects.get(code=OWNER["unit"]), state="undelivered", at=MONDAY)
    return actions.file_ticket(who("li"), world.liyuan, procedure="move_in", answers=OWNER | {"id_shown": "yes"}, at=MONDAY)


@pytest.mark.shows("D2.22")
def test_a_unit_that_is_not_on_the_developers_list_cannot_begin_to_move_in(world, who):
    for unit, state in (("3-1-1201", "入住"), (OWNER["unit"], "空置")):
        with pytest.raises(Refused, match=f"{state}」，不在发展商的入住清单上"):
            actions.file_ticket(who("li"), world.liyuan, procedure="move_in", answers=OWNER | {"unit": unit, "id_shown": "yes"}, at=MONDAY)
    estate.edit_unit(SYSTEM, Unit.objects.get(code=OWNER["unit"]), state="undelivered", at=MONDAY)
    assert actions.file_ticket(who("li"), world.liyuan, procedure="move_in", answers=OWNER | {"id_shown": "yes"}, at=MONDAY).place == OWNER["unit"]


@pytest.mark.shows("A15.09", "A15.10", "A15.11")
def test_the_unit_is_accepted_before_the_move_is_completed(moving, who):
    assert [t.step for t in store.load(moving.id).state.open_tasks] == ["inspect"]
    signed = {"signature of requester": ["sign.png"]}
    read = {"meters": {"water": "12", "power": "305", "gas": "7"}, "agreed": "yes", "defects": ["主卧窗扇划痕", "厨房地漏堵"]}
    for gone in ("water", "power", "gas"):
        with pytest.raises(Refused, match="还有没填的"):
            done(who, moving, "inspect", evidence=signed, **read | {"meters": {k: v for k, v in read["meters"].items() if k != gone}})
    with pytest.raises(Refused, match="业主当面核对"):
        done(who, moving, "inspect", evidence=signed, **{k: v for k, v in read.items() if k != "agreed"})
    with pytest.raises(Refused, match="签名"):
        done(who, moving, "inspect", **read)
    done(who, moving, "inspect", evidence=signed, **read)
    assert store.load(moving.id).state.answers["defects"] == ["主卧窗扇划痕", "厨房地漏堵"]
    assert [t.step for t in store.load(moving.id).state.open_tasks] == ["copies"]
    assert Unit.objects.get(code=OWNER["unit"]).state == "undelivered"


@pytest.fixture
def accepted(moving, who):
    done(who, moving, "inspect", evidence={"signature of requester": ["sign.png"]}, meters={"water": "12", "power": "305", "gas": "7"}, agreed="yes",
         defects=["主卧窗扇划痕"])  # fmt: skip
    return moving


@pytest.mark.shows("A15.12", "A15.13", "A15.14")
def test_the_defect_record_has_its_code_and_two_copies_each_where_it_belongs(accepted, who, as_):
    form = catalogue.form_named("收楼/表格3")
    assert form.form == "楼宇遗漏记录表" and catalogue.by_slug("ly") is form
    assert [(copy.name, copy.holder) for copy in form.copies] == [("第一联", "party:requester"), ("第二联", "post:receptionist")]
    sheet = Paper.objects.get(about=f"ticket:{accepted.id}", form="楼宇遗漏记录表")
    li = as_("li")
    html = page(li.get(li.post(f"/papers/{sheet.pk}/print", {"layout": "", "medium": "html"}).url))
    assert html.count('<section class="sheet"') == 2 and "收楼/表格3" in html and "主卧窗扇划痕" in html and "305" in html
    assert sorted(Copy.objects.filter(paper=sheet).values_list("name", "holder")) == [("第一联", "party:requester"), ("第二联", "post:receptionist")]
    with pytest.raises(Refused, match="第二联存放位置"):
        done(who, accepted, "copies", first_to_owner="2026-11-23 09:00")
    done(who, accepted, "copies", second_kept="档案柜 3-12")
    answers = store.load(accepted.id).state.answers
    assert (answers["first_to_owner"], answers["second_kept"]) == ("2026-11-23 09:00", "档案柜 3-12")
    assert sheet in papers.papers(who("li")) and sheet.number == "" or papers.papers(who("li")).filter(pk=sheet.pk).exists()


@pytest.mark.shows("D2.23")
def test_the_move_makes_the_unit_lived_in_and_keeps_the_day_and_who_did_it(accepted, who):
    done(who, accepted, "copies", second_kept="档案柜")
    with pytest.raises(Refused, match="钥匙"):
        done(who, accepted, "done", moved_in_on="2026-11-23")
    done(who, accepted, "done", keys_given="yes")
    row = store.load(accepted.id)
    assert Unit.objects.get(code=OWNER["unit"]).state == "occupied" and row.state.status == "closed"
    assert row.state.answers["moved_in_on"] == "2026-11-23"
    last = Event.objects.filter(ticket_id=row.id).latest("seq")
    assert (last.by_name, last.at) == ("李静", MONDAY)


@pytest.mark.shows("D2.24")
def test_renovation_is_taken_up_only_for_those_who_have_moved_in(world, who):
    asked = OWNER | {"content": "换地板", "papers": ["application"]}
    with pytest.raises(Refused, match="二次装修手续只为已入住的业户办理"):
        actions.file_ticket(who("li"), world.liyuan, procedure="renovation_intake", answers=asked, at=MONDAY)
    row = actions.file_ticket(who("li"), world.liyuan, procedure="renovation_intake", answers=asked | {"unit": "3-1-1201"}, at=MONDAY)
    assert [t.step for t in row.state.open_tasks] == ["review"]


@pytest.mark.shows("D2.03")
def test_my_page_lists_what_my_post_does_every_day_and_what_is_open(world, as_, who, clock):
    clock.at = MONDAY - timedelta(minutes=30)  # 08:30: the check and the review are open, the afternoon's check is to come
    schedules.open_due(clock.at)
    part = page(as_("li").get("/mine")).partition('id="standing"')[2]
    assert part.count("还没办完") >= 2 and "前台当班自查" in part and "值班查看报修" in part and "未到时间" in part
    assert 'id="standing"' not in page(as_("wang").get("/mine"))
    run = schedules.ScheduleRun.objects.filter(procedure="desk_shift_check", community_id=world.liyuan.pk).latest("due_at")  # 08:20
    actions.finish(who("li"), store.load(run.ticket_id), task=1, answers={"items_tidy": "yes", "desk_clean": "yes", "phone_kept": "yes"}, at=clock.at)
    again = page(as_("li").get("/mine")).partition('id="standing"')[2]
    assert again.count("还没办完") == part.count("还没办完") - 1 and "已办完" in again


@pytest.mark.shows("D2.25")
def test_yesterdays_repairs_stand_on_the_page_before_anybody_types(world, as_, who, clock):
    given = {"channel": "phone", "unit": "3-1-1201", "caller": "王秀英", "phone": "13800000001", "place": "厨房", "content": "漏水", "fault": "plumbing", "class": "daily"}
    for _ in range(2):
        actions.file_ticket(who("li"), world.liyuan, procedure="repair", answers=given, at=MONDAY - timedelta(days=1))
    clock.at = MONDAY - timedelta(minutes=30)
    schedules.open_due(clock.at)
    ticket = schedules.ScheduleRun.objects.get(procedure="repair_review", community_id=world.liyuan.pk).ticket_id
    html = page(as_("li").get(f"/tickets/{ticket}"))
    assert 'value="2"' in html and "由系统算出" in html
    assert as_("li").post(f"/tickets/{ticket}/tasks/1/finish", {"t1-received": "77"}).status_code == 302
    answers = store.load(ticket).state.answers
    assert (answers["received"], answers["completed"]) == ("2", "0")
    seen = Event.objects.filter(ticket_id=ticket).latest("seq")
    assert (seen.by_name, seen.at) == ("李静", clock.at)


@pytest.mark.shows("D1.03")
def test_the_rules_beside_the_desk_say_that_the_telephone_is_lent_to_nobody(world, as_):
    said = [row for row in phrases.standard() if "D1.03" in row["basis"]]
    assert said and said[0]["kind"] == "avoid" and "desk_shift_check/look" in said[0]["steps"]
    assert "座机" in page(as_("li").get("/counter/phrases", {"phrase": "座机"}))


def test_an_amended_bill_takes_its_excess_along(world, who):
    row = actions.file_ticket(who("lin"), world.liyuan, procedure="phone_bill", answers={"month": "2026-11-01", "bill": "120"}, at=MONDAY)
    assert row.state.answers["over"] == "20.00"
    actions.amend(who("lin"), store.load(row.id), answers={"bill": "130.50"}, reason="账单看错", at=MONDAY)
    assert store.load(row.id).state.answers["over"] == "30.50"
    with pytest.raises(Refused, match="无法变更"):
        actions.amend(who("lin"), store.load(row.id), answers={"over": "1"}, reason="少付一点", at=MONDAY)
    assert Entry.objects.filter(code="ticket.amended").count() == 1


@pytest.mark.parametrize(("text", "answers", "found"), [
    ("bill - quota", {"bill": "120.00", "quota": "100.00"}, "20.00"), ("bill - quota", {"bill": "80.00", "quota": "100.00"}, "0"),
    ("a + b + c", {"a": "1", "b": "0", "c": "2"}, "3"), ("b - a", {"b": "2026-11-24 00:05", "a": "2026-11-23 23:50"}, "15"),
    ("b - a", {"b": "3"}, ""),
])  # fmt: skip
def test_sums_that_nobody_types(text, answers, found):
    assert reckoned.count(text) is None and reckoned.summed(text, answers) == found


@pytest.mark.parametrize(("part", "whole", "found"), [
    ("2", "3", "66.6"), ("7", "10", "70"), ("69", "100", "69"), ("1999", "2856", "69.9"), ("0", "5", "0"), ("5", "5", "100"), ("0", "0", ""), ("", "3", ""), (None, None, ""),
])  # fmt: skip
@pytest.mark.shows("D2.78")
def test_a_share_never_reaches_a_limit_by_rounding_and_of_nothing_there_is_none(part, whole, found):
    assert reckoned.shared(part, whole) == found


SURVEY = (LIBRARY / "satisfaction_survey.yaml").read_text("utf-8")


@pytest.mark.shows("D2.78")
def test_answers_are_counted_over_all_households_that_are_still_asked():
    rules = read_procedure(SURVEY)
    given = {"households": ["1", "2", "3"], "overall/1": "very", "overall/2": "fair", "overall/9": "very", "weak/2": ["repair", "fees"], "returned/1": "yes", "returned/2": "yes", "returned/3": "absent"}
    assert [reckoned.from_answers(rules, f"answers of {what}", given) for what in (
        "households", "returned", "returned is yes", "overall is very", "overall is unhappy", "weak is repair", "weak is greening or fees",
    )] == ["3", "3", "2", "1", "0", "1", "1"]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "words"), [
    ("answers of overall is very", "answers of overall is delighted", "没有「delighted」这一项"), ("answers of overall is very", "answers of mood is very", "没有哪一步问过"),
    ("pleased in percent of collected", "pleased in percent of nothing", "没有哪一步问过"), ("pleased in percent of collected", "pleased percent collected", "看不懂的算法"),
])  # fmt: skip
def test_a_count_of_answers_that_cannot_be_is_refused(before, after, words):
    assert before in SURVEY
    with pytest.raises(Faulty, match=words):
        read_procedure(SURVEY.replace(before, after))


@pytest.mark.parametrize(("says", "words"), [
    ("kind: number, reckoned: tickets of repair opened today", "看不懂的算法"), ("kind: number, reckoned: tickets of repair filed", "看不懂的算法"),
    ("kind: text, reckoned: a + a", "kind 应是"), ("kind: number, reckoned: a - nothing", "没有哪一步问过"), ("kind: number, reckoned: b - a", "没有哪一步问过"),
])  # fmt: skip
def test_a_reckoning_that_cannot_be_is_refused_with_its_line(says, words):
    text = f"""procedure: x
title: 试
edition: 2026-11
people: {{desk: {{title: 前台, on_duty: receptionist}}}}
steps:
  one:
    title: 办
    who: desk
    asks:
      a: {{title: 甲, kind: number}}
      b: {{title: 乙, {says}}}
"""
    with pytest.raises(Faulty, match=words):
        read_procedure(text)


@pytest.mark.parametrize(("slot", "quiet", "touches"), [
    ("07:30–08:30", "21:00-07:30", False), ("07:29-08:30", "21:00-07:30", True), ("20:30–21:00", "21:00-07:30", False), ("20:30–21:01", "21:00-07:30", True),
    ("11:30–12:01", "12:00-14:30", True), ("14:30–15:00", "12:00-14:30", False), ("00:10–00:20", "21:00-07:30", True),
])  # fmt: skip
@pytest.mark.shows("E18.06")
def test_music_keeps_off_the_quiet_hours_to_the_minute(slot, quiet, touches):
    assert music.hours_in("早间 07:30–08:30、傍晚 17:30–19:00") == [(time(7, 30), time(8, 30)), (time(17, 30), time(19))]
    try:
        music.check_plan(SYSTEM, 1, ticket=1, at=MONDAY, slots=slot, quiet=f"12:00-14:30 {quiet}")
    except Refused:
        assert touches
    else:
        assert not touches


@pytest.mark.shows("E20.01")
def test_an_hour_without_anybody_in_the_control_room_is_named_on_the_roster(world, as_, who):
    assert "监控室值班员有空档" not in page(as_("chen").get("/duty/roster/plan"))
    night = Roster.objects.get(user_id=who("yin").id, post="control-room")
    duty.end_roster(SYSTEM, night, ends_on=date(2026, 11, 24), knowing=True)
    assert "监控室值班员有空档：11-25 00:00 至 11-25 08:00" in page(as_("chen").get("/duty/roster/plan"))


def test_a_signature_that_belongs_to_an_answer_says_so_to_the_browser(world, as_):
    """Also what is no single input: pictures, signatures, lists of ticks, lines of prices."""
    html = page(as_("lin").get("/counter?procedure=conduct_record"))
    box = next(part for part in html.split('<div class="upload"')[1:] if 'data-name="signature"' in part.partition(">")[0])
    assert "data-only-if" in box.partition(">")[0] and "&quot;signed&quot;" in box.partition(">")[0]


@pytest.mark.shows("E18.01")
def test_background_music_is_said_to_be_proposed_wherever_its_name_stands(world, as_):
    for slug in ("background_music_plan", "background_music", "background_music_archive"):
        assert "（提议）" in page(as_("chen").get(f"/procedures/{slug}")).partition("</h1>")[0].rpartition("<h1")[2], slug
