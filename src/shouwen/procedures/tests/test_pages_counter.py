"""The counter: who may use it, what it shows of the caller, what it says beforehand, and that nothing typed is lost."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shouwen.estate.models import Reveal, Unit
from shouwen.kernel.models import Entry
from shouwen.procedures import actions
from shouwen.procedures.models import Task, Ticket
from shouwen.procedures.pages.counter import spellings

from .conftest import MONDAY

HTMX = {"headers": {"HX-Request": "true"}}
COMPLAINT = {
    "procedure": "complaint", "channel": "phone", "heard": "direct", "source": "centre", "obtained_at": "2026-11-23T09:00",
    "unit": "3-1-1201", "caller": "王秀英", "phone": "13800000001", "content": "楼道灯三天没亮",
}  # fmt: skip


def page(response):
    return response.content.decode()


def unit(world, code):
    return Unit.objects.get(community=world.liyuan, code=code)


def filed(who, world, at=MONDAY, **more):
    answers = {k: v for k, v in (COMPLAINT | more).items() if k != "procedure"}
    return actions.file_ticket(who("li"), world.liyuan, procedure="complaint", answers=answers, at=at)


# --- who may, and what is offered ---


def test_the_desk_offers_what_its_post_may_file_with_fixed_digits(as_):
    html = page(as_("li").get("/counter"))
    offered = re.findall(r'class="matter"[^>]*data-matter="(\w+)"', html)
    assert offered[:3] == ["complaint", "repair", "medical_emergency"]
    assert "home_repair" not in offered and "case_training" not in offered  # the engineer's, and the system's
    assert re.search(r'data-matter="repair"[^>]*data-digit="2"', html)
    assert 'id="find"' in html and "autofocus" in html


def test_who_may_not_file_finds_no_counter(as_):
    assert as_("mo").get("/counter").status_code == 404
    assert as_("mo").get("/counter/find?q=1201").status_code == 404
    assert as_("mo").post("/counter", COMPLAINT).status_code == 404


def test_matters_are_found_by_title_and_pinyin():
    assert spellings("投诉处理") == ("投诉处理", "tscl", "tousuchuli")


def test_a_matter_that_is_not_offered_cannot_be_filed(as_):
    answer = as_("li").post("/counter", {**COMPLAINT, "procedure": "case_training"})
    assert answer.status_code == 422 and "请先选择要受理的事项" in page(answer)
    assert not Ticket.objects.exists()


# --- who is calling ---


@pytest.mark.parametrize("asked", ["3-1-1201", "3栋1单元1201", "王秀英", "wxy", "0001"])
def test_a_caller_is_found_however_they_are_named(as_, world, asked):
    html = page(as_("li").get("/counter/find", {"q": asked}))
    assert f'data-unit="{unit(world, "3-1-1201").pk}"' in html and "3-1-1201" in html


@pytest.mark.shows("D1.06")
def test_names_and_numbers_of_the_household_are_masked(as_, world):
    client = as_("li")
    at = f"at_unit={unit(world, '3-1-1201').pk}"
    for html in (page(client.get(f"/counter/caller?{at}")), page(client.get("/counter/find?q=wxy")), page(client.get(f"/counter?{at}&procedure=complaint"))):
        assert "王**" in html and "138****0001" in html
        assert "王秀英" not in html and "13800000001" not in html


def test_nothing_found_says_what_to_do_and_escapes(as_):
    html = page(as_("li").get("/counter/find", {"q": "<b>无此人</b>"}))
    assert "没有找到" in html and "<b>无此人" not in html and "&lt;b&gt;" in html


def test_special_care_stands_out(as_, world):
    assert "独居老人，行动不便" in page(as_("li").get(f"/counter/caller?at_unit={unit(world, '5-2-0301').pk}"))


def test_another_community_is_not_shown(as_, world):
    html = page(as_("mei").get(f"/counter/caller?at_unit={unit(world, '3-1-1201').pk}"))
    assert "3-1-1201" not in html and "还没有选来电人" in html


def test_open_and_closed_tickets_of_the_unit(as_, who, world):
    one, other = filed(who, world), filed(who, world, content="电梯异响")
    actions.withdraw(who("chen"), other, reason="误登记", at=MONDAY)
    html = page(as_("li").get(f"/counter/caller?at_unit={unit(world, '3-1-1201').pk}"))
    before, after = html.split("最近办结")
    assert one.number in before and "楼道灯三天没亮" in before and other.number not in before
    assert other.number in after


def test_the_same_matter_is_noted_and_urged_without_leaving_the_counter(as_, who, world):
    row = filed(who, world)
    noted = as_("li").post(f"/tickets/{row.id}/note", {"text": "又来电，老人摔了一跤", "stay": "1"}, **HTMX)
    urged = as_("li").post(f"/tickets/{row.id}/urge", {"reason": "来电催问", "stay": "1"}, **HTMX)
    assert noted.status_code == urged.status_code == 204
    assert "flash" in noted["HX-Trigger"] and "HX-Redirect" not in noted
    texts = list(Ticket.objects.get(pk=row.id).events.values_list("text", flat=True))
    assert any("老人摔了一跤" in text for text in texts) and any("催单：来电催问" in text for text in texts)


# --- the form ---


def test_the_form_begins_with_what_is_known(as_, world, who):
    person = unit(world, "3-1-1201").occupancies.get().person_id
    html = page(as_("li").get(f"/counter/matter?procedure=complaint&at_unit={unit(world, '3-1-1201').pk}&at_person={person}"))
    assert re.search(r'name="unit" value="3-1-1201"', html)
    assert re.search(r'<option value="phone" selected', html)  # somebody is on the line
    assert re.search(r'name="caller" value="王秀英"', html)  # chosen by name, by somebody who may know it
    assert re.search(r'name="obtained_at" value="2026-11-23T09:00"[^>]*data-now', html)
    assert "13800000001" not in html and "/counter/phone" not in html  # the number is asked, not taken
    assert "给您添麻烦了" in html and "谁先接到，谁先记下" in html


@pytest.mark.shows("D1.07")
def test_the_whole_number_comes_only_to_who_may_approve_and_is_written_down(as_, world):
    person = unit(world, "3-1-1201").occupancies.get().person_id
    where = {"at_unit": unit(world, "3-1-1201").pk, "at_person": person, "procedure": "complaint"}
    assert as_("li").post("/counter/phone", where).status_code == 404
    assert "/counter/phone" in page(as_("lin").get("/counter/matter", where))
    answer = as_("lin").post("/counter/phone", where)
    assert 'value="13800000001"' in page(answer) and answer["Cache-Control"] == "no-store"
    assert Reveal.objects.filter(person_id=person, asked_by="林芳").count() == 1
    assert Entry.objects.filter(code="estate.revealed").exists()


def test_conditions_and_defaults_go_with_the_form(as_):
    html = page(as_("li").get("/counter/matter?procedure=repair"))
    assert "data-default-by" in html and "burst_pipe" in html
    html = page(as_("li").get("/counter/matter?procedure=complaint"))
    assert "data-only-if" in html and "&quot;solved&quot;, [&quot;yes&quot;]" in html


# --- what would happen ---


def test_the_outlook_names_people_time_and_clause_and_writes_nothing(as_, world):
    client = as_("li")
    before = Entry.objects.count()
    html = page(client.post("/counter/preview", COMPLAINT))
    assert "受理识别" in html and "李静" in html and "2026-11-23 09:20" in html
    assert "A7.05" in html and "20分钟内把登记表送到责任部门" in html
    assert "同时告知" in html and "林芳" in html
    assert not Ticket.objects.exists() and Entry.objects.count() == before


def test_the_outlook_is_what_then_happens(as_, world):
    client = as_("li")
    html = page(client.post("/counter/preview", COMPLAINT))
    client.post("/counter", COMPLAINT)
    task = Task.objects.get(done_at=None)
    assert task.title in html and task.due_at.astimezone(MONDAY.tzinfo).strftime("%Y-%m-%d %H:%M") in html


def test_the_outlook_says_calmly_what_is_missing_and_what_is_wrong(as_):
    html = page(as_("li").post("/counter/preview", {**COMPLAINT, "caller": "", "unit": "99-9-9999", "phone": ""}))
    assert "还差 2 项：投诉人、联系电话" in html
    html = page(as_("li").post("/counter/preview", {**COMPLAINT, "unit": "99-9-9999"}))
    assert "本小区没有房号" in html and "还差" not in html


def test_at_night_it_goes_to_whoever_is_on_then(as_, clock):
    clock.at = MONDAY.replace(hour=2)
    html = page(as_("xu").post("/counter/preview", {**COMPLAINT, "obtained_at": "2026-11-23T02:00"}))
    assert "许倩" in html and "李静" not in html


def test_an_urgent_repair_says_five_minutes(as_):
    html = page(as_("li").post("/counter/preview", {
        "procedure": "repair", "channel": "phone", "unit": "3-1-1201", "caller": "王秀英", "phone": "13800000001", "place": "厨房",
        "content": "水管爆裂", "fault": "burst_pipe", "happened_at": "2026-11-23T08:50",
    }))  # fmt: skip
    assert "急修" in html and "2026-11-23 09:05" in html and "王强" in html


# --- saving ---


def test_saved_the_counter_is_clear_for_the_next_call(as_):
    client = as_("li")
    answer = client.post("/counter", COMPLAINT, **HTMX)
    ticket = Ticket.objects.get()
    assert answer.status_code == 200 and answer["HX-Redirect"] == f"/counter?filed={ticket.pk}"
    html = page(client.get(answer["HX-Redirect"]))
    assert ticket.number in html and f'href="/tickets/{ticket.pk}"' in html
    assert "王秀英" not in html and 'id="file-form"' not in html
    assert page(client.get(answer["HX-Redirect"])).count("toast-line") < html.count("toast-line")  # said once


def test_what_does_not_fit_is_said_beside_its_field_and_nothing_typed_is_lost(as_):
    typed = {**COMPLAINT, "phone": "12", "unit": "99-9-9999", "content": "一段很长的话 <b>", "caller": "王秀英"}
    for more in ({}, HTMX):
        answer = as_("li").post("/counter", typed, **more)
        html = page(answer)
        assert answer.status_code == 422 and not Ticket.objects.exists()
        assert "不像电话号码" in html and 'value="12"' in html and 'value="99-9-9999"' in html
        assert "一段很长的话 &lt;b&gt;" in html and 'value="王秀英"' in html
    assert "<html" not in html  # htmx gets its part only
    answer = as_("li").post("/counter", {**typed, "phone": "13800000001"})
    assert "本小区没有房号" in page(answer)


def test_a_mask_is_not_taken_for_a_number(as_):
    answer = as_("li").post("/counter", {**COMPLAINT, "phone": "138****0001"})
    assert answer.status_code == 422 and "不要带 * 号" in page(answer)


def test_sent_twice_it_is_filed_once(as_):
    client, key = as_("li"), str(uuid4())
    first = client.post("/counter", {**COMPLAINT, "idempotency_key": key}, **HTMX)
    client.post("/counter/preview", {**COMPLAINT, "idempotency_key": key}, **HTMX)  # shares the key and takes nothing from it
    again = client.post("/counter", {**COMPLAINT, "idempotency_key": key}, **HTMX)
    assert Ticket.objects.count() == 1 and first["HX-Redirect"] == again["HX-Redirect"]


def test_without_a_unit_where_the_form_allows_it(as_):
    answer = as_("li").post("/counter", {
        "procedure": "medical_emergency", "caller": "路人", "phone": "13900000000", "address": "北门外", "content": "有人晕倒",
    }, **HTMX)  # fmt: skip
    assert answer.status_code == 200
    assert Ticket.objects.get().unit_id is None


def test_private_answers_are_not_in_the_ticket(as_):
    as_("li").post("/counter", COMPLAINT)
    ticket = Ticket.objects.get()
    assert "王秀英" not in ticket.state and "138****0001" in ticket.state


@pytest.mark.parametrize("query", ["at_unit=x", "at_unit=999999999999999999999", "procedure=%3Cb%3E", "at_person=-1", "filed=99999999", "procedure=" + "a" * 500])
def test_a_strange_address_is_still_a_page(as_, query):
    assert as_("li").get(f"/counter?{query}").status_code == 200


# --- cost ---


def test_the_cost_of_the_counter_does_not_grow_with_the_history_of_the_unit(as_, who, world):
    client = as_("li")
    address = f"/counter?procedure=complaint&at_unit={unit(world, '3-1-1201').pk}"

    def cost():
        client.get(address)
        with CaptureQueriesContext(connection, ) as queries:
            assert client.get(address).status_code == 200
        return len(queries)

    filed(who, world)
    few = cost()
    for n in range(30):
        filed(who, world, at=MONDAY + timedelta(seconds=n))
    assert cost() == few <= 30
