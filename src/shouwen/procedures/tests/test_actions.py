"""Tickets through their one door: who may, what is kept, what is hidden, what is refused whole."""

import msgspec
import pytest

from shouwen.duty import queries as duty
from shouwen.estate import actions as estate_actions
from shouwen.kernel.models import Entry
from shouwen.kernel.refusals import Conflict, Forbidden, NotFound, Refused, TooMany
from shouwen.notices.models import Notice
from shouwen.procedures import actions, adoption, editions, privacy, queries, store
from shouwen.procedures.calendars import calendar_for
from shouwen.procedures.models import Edition, Event, PrivateAnswers, Task, Ticket

from .conftest import MONDAY

pytestmark = pytest.mark.both

COMPLAINT = {"channel": "phone", "unit": "3-1-1201", "caller": "王秀英", "phone": "13800000001", "content": "楼道灯三天未修"}


@pytest.fixture
def row(world, who):
    return actions.file_ticket(who("li"), world.liyuan, procedure="complaint", answers=COMPLAINT, at=MONDAY)


def task_of(row, step):
    return next(t.id for t in row.state.open_tasks if t.step == step)


CLASSIFY = {"in_commitment": "yes", "valid_for": "quality", "class": "I", "level": "minor", "departments": ["engineering"]}


def test_numbers_run_without_gaps_within_community_and_day(world, who):
    rows = [actions.file_ticket(who("li"), world.liyuan, procedure="complaint", answers=COMPLAINT, at=MONDAY) for _ in range(3)]
    with pytest.raises(Refused):
        actions.file_ticket(who("li"), world.liyuan, procedure="complaint", answers={"channel": "phone"}, at=MONDAY)
    last = actions.file_ticket(who("li"), world.liyuan, procedure="complaint", answers=COMPLAINT, at=MONDAY)
    assert [r.number for r in (*rows, last)] == [f"TS-20261123-{n:03}" for n in (1, 2, 3, 4)]


def test_lists_call_a_ticket_by_its_procedure_where_what_was_said_is_private(world, who):
    call = {"caller": "王秀英", "phone": "13800000001", "unit": "3-1-1201", "address": "三号楼 1201 客厅", "content": "老人胸口疼"}
    row = actions.file_ticket(who("li"), world.liyuan, procedure="medical_emergency", answers=call, at=MONDAY)
    assert row.summary == Ticket.objects.get(pk=row.id).summary == "急病人求助"
    actions.amend(who("li"), row, answers={"content": "老人胸口疼，出冷汗"}, reason="补充", at=MONDAY)
    assert Ticket.objects.get(pk=row.id).summary == "急病人求助" and privacy.revealed(row.id)["content"] == "老人胸口疼，出冷汗"


def test_a_number_is_corrected_also_where_its_mask_stays_the_same(row, who):
    """The four digits that the mask hides are as easily misheard as the others."""
    for given, shown in (("13855550001", "138****0001（已更正）"), ("13866660001", "138****0001"), ("13866660002", "138****0002")):
        actions.amend(who("li"), row, answers={"phone": given}, reason="听错了", at=MONDAY)
        row = store.load(row.id)
        assert row.state.answers["phone"] == shown and privacy.revealed(row.id) == {"caller": "王秀英", "phone": given}
    with pytest.raises(Refused, match="和原来一样"):
        actions.amend(who("li"), row, answers={"phone": "13866660002"}, reason="再核对", at=MONDAY)


def test_private_answers_are_masked_everywhere_and_whole_in_one_sealed_place(row):
    everywhere = [
        Ticket.objects.get(pk=row.id).state,
        *Event.objects.filter(ticket_id=row.id).values_list("payload", flat=True),
        *Event.objects.filter(ticket_id=row.id).values_list("text", flat=True),
        *(f"{e.text}{e.data}" for e in Entry.objects.all()),
        *(f"{n.title}{n.body}" for n in Notice.objects.filter(about__startswith=f"ticket:{row.id}")),
    ]
    assert not [text for text in everywhere if "13800000001" in text or "王秀英" in text]
    assert "138****0001" in everywhere[0]
    assert b"13800000001" not in bytes(PrivateAnswers.objects.get(ticket_id=row.id).sealed)
    assert privacy.revealed(row.id)["phone"] == "13800000001"


def test_a_private_answer_is_looked_at_once_with_a_reason_and_approval(row, who):
    """D1.06, D1.07: the rule of the register holds for tickets too."""
    with pytest.raises(Refused, match="理由"):
        actions.ask_reveal(who("li"), row, field="phone", reason=" ", at=MONDAY)
    asked = actions.ask_reveal(who("li"), row, field="phone", reason="回访客户", at=MONDAY)
    with pytest.raises(Refused, match="还未批准"):
        actions.reveal(who("li"), row, request=asked, at=MONDAY)
    with pytest.raises(Refused, match="等待批准"):
        actions.ask_reveal(who("li"), row, field="phone", reason="再问一次", at=MONDAY)
    estate_actions.decide_reveal(who("lin"), asked, approve=True, at=MONDAY)
    with pytest.raises(Refused):
        actions.reveal(who("he"), row, request=asked, at=MONDAY)  # somebody else's approval
    assert actions.reveal(who("li"), row, request=asked, at=MONDAY) == "13800000001"
    with pytest.raises(Refused, match="已经用过"):
        actions.reveal(who("li"), row, request=asked, at=MONDAY)
    line = Entry.objects.get(code="ticket.revealed")
    assert "回访" in line.text and "批准人：林芳" in line.text and "13800000001" not in line.text
    assert "批准李静查看TS-20261123-001 的联系电话" in Entry.objects.get(code="estate.reveal_decided").text


def test_looks_at_tickets_and_at_people_share_one_limit(row, who):
    for n in range(10):
        asked = actions.ask_reveal(who("lin"), row, field="phone", reason=f"核对资料 {n}", at=MONDAY)
        actions.reveal(who("lin"), row, request=asked, at=MONDAY)
    with pytest.raises(TooMany):
        actions.ask_reveal(who("lin"), row, field="phone", reason="再看一次", at=MONDAY)


def test_private_answers_are_erased_for_ever_and_the_mask_stays(row, who):
    with pytest.raises(Refused):
        actions.erase_private(who("li"), row, reason="本人书面要求删除", at=MONDAY)  # not the reception's to do
    with pytest.raises(Refused, match="清除原因"):
        actions.erase_private(who("lin"), row, reason="删", at=MONDAY)
    after = actions.erase_private(who("lin"), row, reason="本人书面要求删除", at=MONDAY)
    assert not PrivateAnswers.objects.filter(ticket_id=row.id).exists()
    assert after.state.answers["phone"] == "138****0001"
    assert "清除隐私内容：本人书面要求删除" in Event.objects.filter(ticket_id=row.id).last().text
    assert Entry.objects.filter(code="ticket.private_erased", text__contains="本人书面要求删除").exists()
    with pytest.raises(Refused):
        actions.ask_reveal(who("lin"), after, field="phone", reason="回访客户", at=MONDAY)
    with pytest.raises(Refused, match="已经清除过"):
        actions.erase_private(who("lin"), after, reason="再删一次看看", at=MONDAY)


def test_a_task_may_be_done_only_by_whom_it_lies_with_or_their_superior(row, who):
    classify = task_of(row, "classify")
    with pytest.raises(Forbidden, match="由客户接待员办理"):
        actions.finish(who("wang"), row, task=classify, answers=CLASSIFY, at=MONDAY)
    with pytest.raises(Refused, match="上级身份代客户接待员办，请写明代办原因"):
        actions.finish(who("lin"), store.load(row.id), task=classify, answers=CLASSIFY, at=MONDAY)  # 客服部主管
    done = actions.finish(who("lin"), store.load(row.id), task=classify, answers=CLASSIFY, at=MONDAY, on_behalf="前台在接待")
    assert done.state.open_tasks[0].step == "dispatch"
    event = Event.objects.get(ticket_id=row.id, kind="finished")
    assert event.text == "林芳 代客户接待员办结「受理识别」，代办原因：前台在接待" and '"on_behalf":"前台在接待"' in event.payload
    assert "代客户接待员办结「受理识别」，代办原因：前台在接待" in Entry.objects.get(code="task.finished").text


def test_who_holds_the_task_needs_no_reason_and_none_is_kept(row, who):
    actions.finish(who("li"), row, task=task_of(row, "classify"), answers=CLASSIFY, at=MONDAY, on_behalf="多余的话")
    event = Event.objects.get(ticket_id=row.id, kind="finished")
    assert event.text == "李静 办结「受理识别」" and "多余" not in event.payload


def test_what_belongs_to_another_community_is_not_there(row, who):
    with pytest.raises(NotFound):
        queries.row(who("mei"), row.id)
    with pytest.raises(NotFound):
        queries.ticket(who("mei"), row.id)
    assert not queries.tickets(who("mei")).filter(pk=row.id).exists()
    with pytest.raises(Forbidden):
        actions.note(who("mei"), row, text="看看", at=MONDAY)


def test_two_at_the_same_moment_the_second_is_told_and_nothing_of_it_is_kept(row, who):
    first, second = store.load(row.id), store.load(row.id)
    actions.note(who("li"), first, text="第一句", at=MONDAY)
    with pytest.raises(Conflict, match="刷新"):
        actions.note(who("he"), second, text="第二句", at=MONDAY)
    assert not Event.objects.filter(ticket_id=row.id, payload__contains="第二句").exists()
    assert not Entry.objects.filter(text__contains="第二句").exists()


def test_a_refusal_leaves_no_trace(world, who):
    before = (Ticket.objects.count(), Event.objects.count(), Entry.objects.count(), Notice.objects.count())
    for answers, words in (
        (COMPLAINT | {"phone": "12"}, "电话"),
        (COMPLAINT | {"unit": "99-9-9999"}, "房号"),
        (COMPLAINT | {"content": "a\x00b"}, "字符"),
        (COMPLAINT | {"nonsense": "x"}, "不问"),
        (COMPLAINT | {"phone": "138****0001"}, "\\*"),
        ({k: v for k, v in COMPLAINT.items() if k != "content"}, "还没有填"),
    ):
        with pytest.raises(Refused, match=words):
            actions.file_ticket(who("li"), world.liyuan, procedure="complaint", answers=answers, at=MONDAY)
    assert before == (Ticket.objects.count(), Event.objects.count(), Entry.objects.count(), Notice.objects.count())


def test_the_stored_ticket_is_what_its_events_say(row, who, world):
    row = actions.finish(who("li"), row, task=task_of(row, "classify"), answers=CLASSIFY, at=MONDAY)
    actions.hand(who("li"), row, task=task_of(row, "dispatch"), to=who("he").id, reason="我去接待", at=MONDAY)
    fresh = store.load(row.id)
    directory = duty.directory(fresh.community_id, fresh.people_version)
    replayed = store.replayed(fresh, calendar_for(fresh.community_id, directory, MONDAY), editions.procedure_of(fresh.edition_id))
    assert msgspec.json.encode(replayed) == msgspec.json.encode(fresh.state)
    assert Task.objects.get(ticket_id=row.id, step="dispatch").holder_name == "何敏"


def test_a_corrected_room_moves_the_ticket_in_lists_too(row, who):
    actions.amend(who("li"), row, answers={"unit": "3-1-1202", "content": "楼道灯五天未修"}, reason="听错了", at=MONDAY)
    found = Ticket.objects.get(pk=row.id)
    assert (found.place, found.unit.code, found.summary) == ("3-1-1202", "3-1-1202", "楼道灯五天未修")


def test_what_has_no_room_is_listed_by_its_place_in_words_and_moves_when_that_is_corrected(world, who):
    call = {"kind": "fight", "caller": "王秀英", "phone": "13800000001", "spot": "中心花园凉亭东侧", "content": "有人打架"}
    row = actions.file_ticket(who("li"), world.liyuan, procedure="emergency_notice", answers=call, at=MONDAY)
    assert Ticket.objects.get(pk=row.id).place == "中心花园凉亭东侧"
    actions.amend(who("li"), row, answers={"spot": "南门岗亭旁"}, reason="来电人更正", at=MONDAY)
    assert Ticket.objects.get(pk=row.id).place == "南门岗亭旁"


def test_handing_over_needs_a_colleague_and_a_reason(row, who):
    classify = task_of(row, "classify")
    with pytest.raises(Refused, match="同事"):
        actions.hand(who("li"), row, task=classify, to=who("mei").id, reason="忙", at=MONDAY)
    with pytest.raises(Refused, match="原因"):
        actions.hand(who("li"), row, task=classify, to=who("he").id, reason="  ", at=MONDAY)


def test_a_confidential_ticket_is_hidden_from_colleagues_without_the_right(world, who):
    secret = {"mode": "oral", "caller": "王秀英", "content": "内部价格", "confidential": "yes", "at_once": "no", "phone": "13800000001"}
    row = actions.file_ticket(who("li"), world.liyuan, procedure="consultation", answers=secret, at=MONDAY)
    assert queries.row(who("li"), row.id)
    assert queries.row(who("lin"), row.id)
    with pytest.raises(NotFound):
        queries.row(who("tian"), row.id)
    assert not queries.tickets(who("tian")).filter(pk=row.id).exists()


def test_a_ticket_becomes_confidential_with_the_answer_that_says_so_and_open_again_with_its_correction(world, who):
    plain = {"mode": "oral", "caller": "王秀英", "content": "内部价格", "confidential": "no", "at_once": "no", "phone": "13800000001"}
    row = actions.file_ticket(who("li"), world.liyuan, procedure="consultation", answers=plain, at=MONDAY)
    assert queries.row(who("tian"), row.id)
    actions.amend(who("li"), row, answers={"confidential": "yes"}, reason="涉及底价", at=MONDAY)
    with pytest.raises(NotFound):
        queries.row(who("tian"), row.id)
    actions.amend(who("li"), queries.row(who("li"), row.id), answers={"confidential": "no"}, reason="已公开", at=MONDAY)
    assert queries.row(who("tian"), row.id)


# Editions ------------------------------------------------------------------------------------------------------


def next_edition():
    return Edition.objects.get(procedure="complaint").text.replace("2026-11", "2026-12", 1)


def test_tickets_finish_under_their_own_edition_and_new_ones_begin_under_the_new(row, world, who):
    adoption.adopt(who("chen"), world.liyuan, text=next_edition(), starts_at=MONDAY, at=MONDAY)
    new = actions.file_ticket(who("li"), world.liyuan, procedure="complaint", answers=COMPLAINT, at=MONDAY)
    assert editions.procedure_of(store.load(row.id).edition_id).edition == "2026-11"
    assert editions.procedure_of(new.edition_id).edition == "2026-12"
    actions.finish(who("li"), store.load(row.id), task=task_of(row, "classify"), answers=CLASSIFY, at=MONDAY)


def test_a_community_adopts_for_itself_alone(world, who):
    text = next_edition()
    adoption.adopt(who("chen"), world.liyuan, text=text, starts_at=MONDAY, at=MONDAY)
    assert editions.edition_in_force("complaint", world.liyuan.pk, MONDAY)[1].edition == "2026-12"
    assert editions.edition_in_force("complaint", world.yunxi.pk, MONDAY)[1].edition == "2026-11"
    with pytest.raises(Forbidden):
        adoption.adopt(who("chen"), world.yunxi, text=text, starts_at=MONDAY, at=MONDAY)


def test_an_edition_never_changes(world, who):
    text = Edition.objects.get(procedure="complaint").text
    with pytest.raises(Conflict, match="版本号"):
        adoption.adopt(who("deng"), None, text=text + "\n# 改了一个字\n", starts_at=MONDAY, at=MONDAY)


def test_a_file_that_this_installation_cannot_carry_out_is_refused_with_every_reason(world, who):
    text = """
procedure: odd
title: 怪规程
edition: 2026-01
opened_by: [nobody-post]
people: {a: {title: 甲, post: ghost}}
steps:
  one: {title: 一, who: a, does: {custody.teleport: {key: x}}}
"""
    with pytest.raises(Refused) as no:
        adoption.adopt(who("deng"), None, text=text, starts_at=MONDAY, at=MONDAY)
    assert all(word in no.value.message for word in ("ghost", "nobody-post", "custody.teleport"))
    with pytest.raises(Refused, match="第 4 行"):
        adoption.adopt(who("deng"), None, text="procedure: odd\ntitle: 怪\nedition: '1'\nsteps: {one: {who: x}}\n", starts_at=MONDAY, at=MONDAY)
