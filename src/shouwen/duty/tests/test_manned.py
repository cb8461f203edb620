"""What is written down by hand, check by check and in the server's time; what is missing is flagged."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.test import Client

from shouwen.duty import actions, queries
from shouwen.duty.models import LogLine, Roster, Shift
from shouwen.kernel.access import SYSTEM
from shouwen.kernel.refusals import Refused
from shouwen.notices.models import Notice
from shouwen.org import actions as org
from shouwen.org.tests.world import MONDAY, START, World

from .test_attendance import at
from .test_handover import AT, Matters, answers, bars, begin, complete, matters, ready
from .test_pages import sign_in

__all__ = ["matters"]
HANDLED = {"post": "receptionist", "text": "3栋1201漏水", "matter": "on", "course": "电话通知工程部，陪同查看", "result": "总阀已关，无损失"}


@pytest.mark.shows("D2.34")
@pytest.mark.parametrize(("part", "words"), [("course", "处理经过"), ("result", "结果"), ("text", "内容")])
def test_a_handled_matter_is_written_with_its_course_and_result(world: World, part: str, words: str) -> None:
    client = sign_in(world, "li")
    answer = client.post("/duty/", HANDLED | {part: "  "})
    assert answer.status_code == 422 and words in answer.content.decode().split('class="alert')[1].split("</div>")[0] and not LogLine.objects.exists()
    assert client.post("/duty/", HANDLED).status_code == 302
    line = LogLine.objects.get()
    assert line.text == "事项：3栋1201漏水\n处理经过：电话通知工程部，陪同查看\n结果：总阀已关，无损失" and line.event_at is not None
    page = client.get("/duty/?view=matters").content.decode()
    assert "处理经过：电话通知工程部" in page and "结果：总阀已关" in page


@pytest.mark.shows("D2.54")
def test_key_work_is_collected_and_reported_to_the_head_of_the_department(world: World) -> None:
    li, place, client = world.actor("li"), world.places["liyuan"], sign_in(world, "li")
    with pytest.raises(Refused, match="没有还没报过的"):
        actions.report_focus(li, place, post="receptionist", at=MONDAY)
    actions.write(li, place, post="receptionist", text="晨间巡查无事", at=MONDAY)
    wrong = actions.write(li, place, post="receptionist", text="市领导周二来访", focus=True, at=MONDAY)
    actions.correct(li, place, line=wrong, text="市领导周三来访", at=MONDAY)
    actions.write(li, place, post="receptionist", text="5栋全栋停水", matter=True, course="已报工程部", result="18 点恢复", focus=True, at=MONDAY)
    assert "有 2 件重点工作还没有报部门负责人" in client.get("/duty/?view=focus&post=receptionist").content.decode()
    with time_machine.travel(MONDAY, tick=False):
        assert sign_in(world, "li").post("/duty/focus", {"post": "receptionist"}).status_code == 302
    news = Notice.objects.get()
    assert news.user == world.people["lin"] and news.title == "前台接待员李静 11-23 10:00 报重点工作 2 件"
    assert "市领导周三来访" in news.body and "结果：18 点恢复" in news.body and "周二" not in news.body and "无事" not in news.body
    with pytest.raises(Refused, match="没有还没报过的"):
        actions.report_focus(li, place, post="receptionist", at=MONDAY + timedelta(hours=1))
    assert "还没有报" not in client.get("/duty/?view=focus&post=receptionist").content.decode()
    assert sign_in(world, "lin").post("/duty/focus", {"post": "nobody"}).status_code == 404


@pytest.mark.shows("D5.01")
def test_the_time_of_a_record_is_the_servers_in_national_standard_time(world: World) -> None:
    """A computer at the desk whose clock is a year off, and that sends its own time along, changes nothing."""
    with time_machine.travel(datetime(2026, 11, 23, 16, 30, tzinfo=UTC), tick=False):
        client: Client = sign_in(world, "li")
        given = {"post": "receptionist", "text": "来客", "recorded_at": "2025-01-01T00:00", "at": "2025-01-01T00:00", "now": "2025-01-01T00:00"}
        assert client.post("/duty/", given, headers={"Date": "Wed, 01 Jan 2025 00:00:00 GMT"}).status_code == 302
        line = LogLine.objects.get()
        assert line.recorded_at == line.event_at == datetime(2026, 11, 23, 16, 30, tzinfo=UTC)
        page = client.get("/duty/?post=receptionist&day=2026-11-24").content.decode()  # half past midnight in China
        assert "来客" in page and "00:30" in page
        assert "来客" not in client.get("/duty/?post=receptionist&day=2026-11-23").content.decode()
        api = client.post("/api/v1/duty/book", {"post": "receptionist", "text": "又来客", "recorded_at": "2025-01-01T00:00:00Z"}, content_type="application/json")
        assert api.status_code in (201, 403, 422)
    assert not LogLine.objects.exclude(recorded_at=datetime(2026, 11, 23, 16, 30, tzinfo=UTC)).exists()


@pytest.mark.shows("D13.13", "D13.14")
def test_each_item_of_the_check_record_has_one_mark_and_a_cross_has_its_remark(world: World, matters: Matters) -> None:
    actions.put_item(world.actor("chen"), world.places["liyuan"], post="receptionist", kind="area", title="消防门", at=MONDAY)
    sheet = begin(world)
    li = world.actor("li")
    actions.arrive(li, sheet, at=AT)
    door = sheet.lines.get(title="消防门")
    given = answers(sheet)
    actions.fill(li, sheet, lines={pk: each for pk, each in given.items() if pk != door.pk}, at=AT)
    actions.explain(li, sheet, at=AT)
    assert "「消防门」还没有检查" in bars(sheet)
    for mark in ("好", "ok", "√√"):
        with pytest.raises(Refused):
            actions.fill(li, sheet, lines={door.pk: {"answer": mark}}, at=AT)
    door.refresh_from_db()
    assert door.answer == ""
    actions.fill(li, sheet, lines={door.pk: {"answer": "abnormal", "told": True, "understood": True}}, at=AT)
    assert "「消防门」有异常，请说明情况" in bars(sheet)
    actions.fill(li, sheet, lines={door.pk: {"explanation": "闭门器坏，已报修"}}, at=AT)
    assert "消防门" not in bars(sheet)
    assert _printed(world, sheet.pk) == "× 闭门器坏，已报修"
    actions.fill(li, sheet, lines={door.pk: {"answer": "normal"}}, at=AT)  # the second mark takes the place of the first
    assert _printed(world, sheet.pk) == "√"


def _printed(world: World, pk: int) -> str:
    """The one mark beside the fire door on the printed record."""
    rows = sign_in(world, "li").get(f"/duty/handovers/{pk}/sheet").content.decode().split("消防门")[1:]
    (row,) = rows
    return row.split("<td>")[1].split("</td>")[0].strip()


@pytest.mark.shows("D13.15")
def test_a_shift_without_a_recorder_or_a_check_record_is_flagged(world: World, matters: Matters) -> None:
    place, chen, today = world.places["liyuan"], world.actor("chen"), (date(2026, 11, 23), date(2026, 11, 24))
    assert queries.unrecorded(chen, place.pk, today, at(16, 1)) == []  # nobody here uses the sheet yet
    sheet = ready(world, begin(world))
    complete(world, sheet, at=at(16))
    assert queries.unrecorded(chen, place.pk, today, at(16, 1)) == []
    night = at(23, 59) + timedelta(minutes=2)
    assert ("前台接待员", "中班", at(0, 0, MONDAY + timedelta(days=1)), "何敏没有交接班检查记录") in queries.unrecorded(chen, place.pk, today, night)
    org.delegate(
        world.actor("lin"), place, user=world.people["he"], starts_at=at(12), ends_at=at(12, 0, MONDAY + timedelta(days=1)), reason="病假", at=at(11)
    )
    assert "没有专人记录" in [why for *_, why in queries.unrecorded(chen, place.pk, today, night)]
    with time_machine.travel(night, tick=False):
        assert "没有专人记录" in sign_in(world, "chen").get("/duty/handover").content.decode()
        assert "没有专人记录" not in sign_in(world, "li").get("/duty/handover").content.decode()


@pytest.mark.shows("D12.38")
def test_hours_in_which_no_manager_is_in_the_office_are_listed(world: World) -> None:
    place, chen = world.places["liyuan"], world.actor("chen")

    def gaps(moment: datetime) -> list[tuple[str, str, str]]:
        found = queries.unmanned(chen, place.pk, date(2026, 11, 23), moment)
        return [(f"{gap.starts_at.astimezone(queries.CHINA):%H:%M}", f"{gap.ends_at.astimezone(queries.CHINA):%H:%M}", gap.why) for gap in found]

    assert gaps(at(12)) == [("08:30", "12:00", "没有排班")]
    org.assign(SYSTEM, place, user=world.people["wang"], post="duty-manager", starts_on=START)
    for turn in Roster.objects.filter(user=world.people["wang"]):
        actions.end_roster(SYSTEM, turn, ends_on=date(2026, 11, 22), knowing=True)
    actions.roster(SYSTEM, place, user=world.people["wang"], post="duty-manager", shift=Shift.objects.get(community=place, slug="early"), starts_on=date(2026, 11, 23))
    assert gaps(at(8)) == [] and gaps(at(9)) == [("08:30", "09:00", "王强没有在岗登记")]
    row = actions.check_in(world.actor("wang"), place, at=at(9))
    assert gaps(at(15)) == [("08:30", "09:00", "王强没有在岗登记")]
    assert gaps(at(17)) == [("08:30", "09:00", "王强没有在岗登记"), ("16:00", "17:00", "没有排班")]  # his shift is over
    for step in actions.STEPS:  # nobody follows: the post is closed before it is left
        actions.close_step(world.actor("wang"), row, step=step, at=at(15))
    actions.check_out(world.actor("wang"), row, reason="家中有事", at=at(15))
    assert gaps(at(18)) == [("08:30", "09:00", "王强没有在岗登记"), ("15:00", "16:00", "王强没有在岗登记"), ("16:00", "17:30", "没有排班")]
    with time_machine.travel(at(18), tick=False):
        page = sign_in(world, "chen").get("/duty/attendance?day=2026-11-23").content.decode()
    assert "办公室无人值守" in page and "15:00–16:00" in page
