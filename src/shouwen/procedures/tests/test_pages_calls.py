"""Several calls at the counter: kept as one types, sealed, nobody else's; resumed, filed, given up, erased. Like matters are linked."""

import re
from datetime import timedelta

import pytest
from django.db import connection

from shouwen.estate.models import Unit
from shouwen.kernel.models import Entry
from shouwen.procedures import actions, held
from shouwen.procedures.models import HeldCall, Link, Ticket

from .conftest import MONDAY

HTMX = {"headers": {"HX-Request": "true"}}
COMPLAINT = {
    "procedure": "complaint", "channel": "phone", "heard": "direct", "source": "centre", "obtained_at": "2026-11-23T09:00",
    "unit": "3-1-1201", "caller": "王秀英", "phone": "13800000001", "content": "楼道灯三天没亮",
}  # fmt: skip


def page(response):
    return response.content.decode()


def keep(client, **fields):
    answer = client.post("/counter/keep", fields, **HTMX)
    if answer.status_code != 200:
        return answer, "", ""
    found = re.search(r'id="calls"[^>]*data-call="(\d+)" data-revision="(\d+)"', page(answer))
    return answer, found[1], found[2]


def unit(world, code="3-1-1201"):
    return Unit.objects.get(community=world.liyuan, code=code).pk


def test_a_call_is_kept_and_comes_back_as_it_was_typed(as_, world):
    li = as_("li")
    _, call, _ = keep(li, at_unit=unit(world), **{**COMPLAINT, "phone": "1380000"})
    html = page(li.get(f"/counter?call={call}"))
    assert 'value="1380000"' in html and "楼道灯三天没亮" in html and 'value="王秀英"' in html
    assert 'class="form-errors"' not in html and "is-invalid" not in html  # half filled in is no mistake
    assert re.search(rf'<a href="/counter\?call={call}" aria-current="page"[^>]*><span class="mono">09:00</span> 3-1-1201 · 投诉处理', html)


def test_several_calls_stand_side_by_side_and_one_is_filed(as_, world):
    li = as_("li")
    _, first, _ = keep(li, at_unit=unit(world), **COMPLAINT)
    _, second, _ = keep(li, at_unit=unit(world, "5-2-0301"), procedure="repair", content="水管滴水")
    html = page(li.get(f"/counter?call={second}"))
    assert "3-1-1201 · 投诉处理" in html and "5-2-0301 · 报修" in html and "水管滴水" in html
    assert li.post("/counter", COMPLAINT | {"call": first}).status_code == 302
    assert list(HeldCall.objects.values_list("pk", flat=True)) == [int(second)]
    assert keep(li, call=first, revision=1, **COMPLAINT)[0].status_code == 409  # a draft late on its way does not come back


def test_a_call_that_could_not_be_filed_is_still_kept(as_, world):
    li = as_("li")
    _, call, _ = keep(li, **COMPLAINT)
    assert li.post("/counter", {**COMPLAINT, "phone": "", "call": call}, **HTMX).status_code == 422
    assert HeldCall.objects.filter(pk=call).exists() and not Ticket.objects.exists()


@pytest.mark.shows("D1.06")
def test_what_is_kept_is_sealed_and_nobody_elses(as_, world):
    _, call, _ = keep(as_("li"), **COMPLAINT)
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM procedures_heldcall")
        row = repr(cursor.fetchall())
    assert "王秀英" not in row and "13800000001" not in row and "楼道灯" not in row
    html = page(as_("he").get(f"/counter?call={call}"))
    assert "楼道灯" not in html and "13800000001" not in html and "投诉处理</a>" not in html
    as_("he").post("/counter/drop", {"call": call})
    assert HeldCall.objects.filter(pk=call).exists()


def test_two_windows_lose_nothing_of_each_other(as_, world):
    li = as_("li")
    _, call, revision = keep(li, **COMPLAINT)
    _, same, later = keep(li, call=call, revision=revision, window="a", **COMPLAINT | {"content": "第一个窗口"})
    _, other, _ = keep(li, call=call, revision=revision, window="b", **COMPLAINT | {"content": "第二个窗口"})
    assert same == call and int(later) == int(revision) + 1 and other != call
    kept = {one.content.fields["content"][0] for one in held.calls(_actor("li"), world.liyuan.pk, MONDAY)}
    assert kept == {"第一个窗口", "第二个窗口"}


def _actor(name):
    from shouwen.org import queries as org

    return org.actor_for(org.user_id_of(name))


def test_it_is_erased_half_an_hour_after_the_shift(as_, world, clock):
    _, call, _ = keep(as_("li"), **COMPLAINT)
    row = HeldCall.objects.get(pk=call)
    assert row.erase_at == MONDAY.replace(hour=16, minute=30)  # the early shift ends at 16:00
    assert held.erase(row.erase_at - timedelta(seconds=1)) == 0
    clock.at = row.erase_at
    assert "投诉处理</a>" not in page(as_("li").get("/counter"))  # gone from the tabs at once
    assert held.erase(row.erase_at) == 1


def test_giving_up_erases_and_leaves_no_line(as_, world):
    li = as_("li")
    _, call, _ = keep(li, **COMPLAINT)
    lines = Entry.objects.count()
    assert li.post("/counter/drop", {"call": call}).headers["Location"] == "/counter"
    assert not HeldCall.objects.exists() and Entry.objects.count() == lines


def test_there_is_an_end_to_what_is_kept(as_, world):
    li = as_("li")
    for n in range(held.MOST):
        keep(li, **COMPLAINT | {"content": f"第{n}件"})
    answer, *_ = keep(li, **COMPLAINT)
    assert answer.status_code == 422 and "暂存的来电已有 12 个" in page(answer)
    assert keep(li, procedure="complaint", content="长" * 40_000)[0].status_code == 422


def test_who_may_not_file_keeps_nothing(as_, world):
    assert as_("mo").post("/counter/keep", COMPLAINT).status_code == 404
    assert as_("mo").post("/counter/drop", {"call": 1}).status_code == 404


# --- like matters ---


def filed(who, world, at=MONDAY, **more):
    answers = {k: v for k, v in (COMPLAINT | more).items() if k != "procedure"}
    return actions.file_ticket(who("li"), world.liyuan, procedure="complaint", answers=answers, at=at)


def test_the_same_matter_of_thirty_days_is_offered_and_linked(as_, who, world):
    own = filed(who, world, content="邻居装修")
    neighbour = filed(who, world, unit="5-2-0301", content="三单元楼道灯三天不亮了")
    old = filed(who, world, content="去年的事", at=MONDAY - timedelta(days=31))
    other = filed(who, world, unit="5-2-0301", content="垃圾没有清运")
    html = page(as_("li").post("/counter/preview", COMPLAINT, **HTMX))
    assert own.number in html and "同一户" in html
    assert neighbour.number in html and "说的像同一件事" in html
    assert old.number not in html and other.number not in html
    as_("li").post("/counter", COMPLAINT | {"same": [own.id, 10**9]})
    new = Ticket.objects.order_by("-id").first()
    assert Link.objects.get(ticket=new).to_id == own.id and Link.objects.get(ticket=new).kind == "same"


def test_another_community_is_neither_offered_nor_linked(as_, who, world):
    theirs = actions.file_ticket(
        who("mei"), world.yunxi, procedure="complaint", at=MONDAY,
        answers={k: v for k, v in COMPLAINT.items() if k != "procedure"} | {"unit": "1-1-0101"},
    )
    assert theirs.number not in page(as_("li").post("/counter/preview", COMPLAINT, **HTMX))
    as_("li").post("/counter", COMPLAINT | {"same": [theirs.id]})
    assert Ticket.objects.filter(community=world.liyuan).count() == 1 and not Link.objects.exists()


def test_what_will_happen_is_said_in_one_line(as_, world):
    html = page(as_("li").post("/counter/preview", COMPLAINT, **HTMX))
    assert re.search(r'id="ahead-says"[^>]*>.*保存后：受理识别交给李静，11-23 09:20 以前；同时告知林芳。', html, re.S)
    html = page(as_("li").post("/counter/preview", {**COMPLAINT, "phone": "", "content": ""}, **HTMX))
    assert "还差：联系电话、投诉内容" in html


# --- beside the caller ---


def test_what_other_areas_know_stands_beside_the_caller(as_, world, monkeypatch):
    from shouwen.estate import cards

    monkeypatch.setattr(cards, "_known", [lambda actor, unit, at: cards.Card("欠费", f"{unit.code} 欠 2 个月", "danger", "cash")])
    html = page(as_("li").get(f"/counter/caller?at_unit={unit(world)}"))
    assert "欠费" in html and "3-1-1201 欠 2 个月" in html


@pytest.mark.shows("D1.07")
def test_dialling_is_for_who_may_see_the_number_and_is_written_down(as_, world):
    person = Unit.objects.get(pk=unit(world)).occupancies.get().person_id
    where = {"at_unit": unit(world), "at_person": person, "dial": "1"}
    html = page(as_("lin").post("/counter/phone", where, **HTMX))
    assert 'href="tel:13800000001"' in html
    assert Entry.objects.filter(code="estate.revealed", text__contains="联系来电人").exists()
    html = page(as_("li").post("/counter/phone", where, **HTMX))
    assert "13800000001" not in html and "已向主管申请" in html


# --- cost ---


def test_the_counter_costs_the_same_with_many_calls(as_, world, django_assert_max_num_queries):
    li = as_("li")
    for n in range(8):
        _, call, _ = keep(li, at_unit=unit(world), **COMPLAINT | {"content": f"第{n}件"})
    li.get("/counter")
    with django_assert_max_num_queries(26):
        li.get(f"/counter?call={call}")
    with django_assert_max_num_queries(14):
        keep(li, call=call, revision=1, at_unit=unit(world), **COMPLAINT)
