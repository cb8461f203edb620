"""Phrases: every courtesy clause of the seeds has one, found as people type, shown where it is needed, mended by who may."""

import re

import pytest

from shouwen.kernel.access import SYSTEM
from shouwen.kernel.journal import bookkeeping
from shouwen.kernel.refusals import Conflict
from shouwen.procedures import actions, phrases
from shouwen.procedures.clauses import catalog
from shouwen.procedures.models import Phrase

from .conftest import MONDAY

OF_THE_CODE = re.compile(r"D[69]\.|A15\.0[237]|C1\.02|C8\.0[12]|C16\.(08|09|10)|C12\.08|C14\.04|D2\.(05|06|07|12|15|17|19)|D7\.(23|30|35)|D3\.(38|100|119)|A3\.0[27]|A4\.(07|12)|A14\.06")
NOT_HERE = {*(f"{seed}.{n:02}" for seed in ("D6", "D9") for n in (*range(6, 10), 11, 12, 13, 14, 30, 31, 32))}
"""Clauses of D6 and D9 that are no words: who answers to whom, records, what is counted."""


SICK = {"caller": "王秀英", "phone": "13800000001", "address": "三号楼 1201", "content": "说不出话"}


def page(response):
    return response.content.decode()


def shown(client, **query):
    return page(client.get("/counter/phrases", query))


def test_every_clause_of_courtesy_and_conduct_has_its_words_and_only_one(world):
    cited = [clause for row in phrases.standard() for clause in row.get("basis", ())]
    wanted = {clause for clause in catalog() if OF_THE_CODE.match(clause)} - NOT_HERE
    assert wanted - set(cited) == set()
    assert set(cited) - set(catalog()) == set()
    for n in range(1, 46):  # the second set says the same as the first: one item cites both
        if f"D6.{n:02}" not in NOT_HERE:
            items = [row["code"] for row in phrases.standard() if f"D6.{n:02}" in row["basis"]]
            assert items == [row["code"] for row in phrases.standard() if f"D9.{n:02}" in row["basis"]], n


def test_places_of_the_standard_phrases_exist(world, who):
    from shouwen.procedures import queries

    known = {f"{p.procedure}/{step}" for _, p in queries.procedures(who("chen"), world.liyuan.pk, MONDAY) for step in p.every_step}
    named = {step for row in phrases.standard() for step in row.get("steps", ())}
    assert named - known - set(phrases.PLACES) == set()


@pytest.mark.parametrize(("text", "words"), [
    ("zq", "给您添麻烦了"), ("致歉", "给您添麻烦了"), ("d6.44", "给您添麻烦了"), ("稍等", "请您稍等一下"), ("等候 对不起", "让您久等了"),
    ("fwjy", "这不归我管"), ("zhizhenjing", "没有找到"),
])  # fmt: skip
def test_found_by_words_initials_and_clause(as_, world, text, words):
    assert words in shown(as_("li"), phrase=text)


@pytest.mark.parametrize(("hour", "said"), [(4, "晚上好"), (6, "早上好"), (12, "中午好"), (15, "下午好"), (20, "晚上好")])
@pytest.mark.shows("A15.02", "A15.03")
def test_the_desk_greets_by_the_clock(as_, world, clock, hour, said):
    clock.at = MONDAY.replace(hour=hour)
    assert f"{said}，荔园服务中心，我是李静。请问有什么可以帮您？" in page(as_("li").get("/counter"))


@pytest.mark.shows("C11.13", "C4.03")
def test_what_is_said_at_a_matter_stands_beside_its_form(as_, world):
    html = page(as_("li").get("/counter/matter?procedure=help_request"))
    assert "您的事我们正在办" in html and "这不归我管" in html and "C11.13" in html
    html = page(as_("li").get("/counter/matter?procedure=complaint"))
    assert "我跟您核对一下" in html and "给您添麻烦了" in html


@pytest.mark.shows("D6.18", "D9.18")
def test_every_question_gets_an_answer_is_said_where_questions_come_in(as_, world):
    html = page(as_("li").get("/counter/matter?procedure=consultation"))
    assert "有问必予回答" in html and "D6.18 D9.18" in html


@pytest.mark.shows("C12.08", "C14.04", "E39.04", "E39.05", "A4.12", "D6.44", "D9.44")
def test_what_is_said_at_a_later_step_stands_beside_it_on_the_ticket_and_on_the_phone(as_, who, world, django_assert_num_queries):
    xu = who("xu")
    sick = actions.file_ticket(xu, world.liyuan, procedure="medical_emergency", answers=SICK, at=MONDAY)
    html = page(as_("xu").get(f"/tickets/{sick.id}"))
    assert "您别着急，慢慢说" in html and "对不起，让您久等了。" in html  # at `choose`
    assert "您别着急，慢慢说" not in page(as_("wang").get(f"/tickets/{sick.id}"))  # another's step
    assert "您别着急，慢慢说" in page(as_("xu").get(f"/mine/{sick.id}/2"))
    beside = phrases.beside_step(who("qian"), world.liyuan.pk, "medical_emergency", "care_start", at=MONDAY)
    assert [words for _, words in beside] == ["您好，我们是服务中心的，接到您家的电话，来帮忙照顾（送医）的。"]
    wang = who("wang")
    with django_assert_num_queries(0):  # kept: every form of every step asks
        visit = phrases.beside_step(wang, world.liyuan.pk, "home_repair", "visit", at=MONDAY)
    assert "轻叩三下" in visit[0][1] and "鞋套" in visit[0][1]
    assert "维修师傅正在处理前面一户" in said_at(who("li"), world, "repair/tell_wait")
    for step in ("complaint/visit", "repair/defer", "help_request/reply_stuck", "special_service/make_good", "home_repair/postpone"):
        assert "给您添麻烦了，我们一定改进" in said_at(who("li"), world, step), step


def said_at(actor, world, step):
    return " ".join(words for _, words in phrases.beside_step(actor, world.liyuan.pk, *step.split("/"), at=MONDAY))


def test_a_phrase_mended_stands_beside_the_step_at_once(as_, who, world):
    assert "轻叩三下" in said_at(who("wang"), world, "home_repair/visit")
    knock = Phrase.objects.get(code="door-knock")
    phrases.write(SYSTEM, None, phrase=knock, kind="know", topic="上门", situation="敲门", words="先按门铃。", steps=["home_repair/visit"], at=MONDAY)
    assert said_at(who("wang"), world, "home_repair/visit") == "先按门铃。"
    phrases.retire(SYSTEM, knock, at=MONDAY)
    assert said_at(who("wang"), world, "home_repair/visit") == ""


def test_closing_words_after_saving_and_sorry_to_who_waited(as_, who, world):
    from .test_pages_calls import COMPLAINT, keep

    li = as_("li")
    assert "谢谢您的来电和配合" in page(li.get(li.post("/counter", COMPLAINT).headers["Location"]))
    _, call, _ = keep(li, **COMPLAINT)
    assert "对不起，让您久等了。" in page(li.get(f"/counter?call={call}"))


# --- keeping them ---


WORDS = {"kind": "say", "topic": "泳池", "situation": "问开放时间", "words": "{greeting}，泳池每天六点到九点开放。", "basis": "", "revision": ""}


def test_the_manager_writes_one_for_the_community_and_the_desk_finds_it(as_, who, world):
    assert as_("chen").post("/phrases/new", WORDS | {"steps": ["consultation/ask"]}).status_code == 302
    assert "早上好，泳池每天六点到九点开放。" in shown(as_("li"), phrase="kfsj")
    assert "泳池" in page(as_("li").get("/counter/matter?procedure=consultation"))
    assert "六点到九点" not in shown(as_("mei"), phrase="泳池")  # another community
    own = Phrase.objects.get(topic="泳池")
    assert as_("chen").post(f"/phrases/{own.pk}", WORDS | {"steps": ["complaint/visit", "suggestion"], "revision": phrases.stamp(own)}).status_code == 302
    html = page(as_("chen").get(f"/phrases/{own.pk}"))
    assert 'value="complaint/visit" checked' in html and 'value="consultation/ask" checked' not in html
    assert "六点到九点" in said_at(who("li"), world, "complaint/visit") and "六点到九点" in said_at(who("li"), world, "suggestion/reply")
    assert "六点到九点" not in said_at(who("mei"), world, "complaint/visit")


def test_mended_and_retired_phrases_stay_so_when_the_standard_is_loaded_again(as_, world):
    sorry, late = Phrase.objects.get(code="sorry"), Phrase.objects.get(code="call-late")
    form = {"kind": "say", "topic": "致歉", "situation": "有失误", "words": "非常抱歉。", "basis": "D6.44", "revision": phrases.stamp(sorry)}
    assert as_("kang").post(f"/phrases/{sorry.pk}", form).status_code == 302
    assert as_("kang").post(f"/phrases/{late.pk}/retire").status_code == 302
    with bookkeeping("as an older version of the program had it"):
        Phrase.objects.filter(code="farewell").update(words="旧版的话")
    assert phrases.load_standard(SYSTEM, None, at=MONDAY) == 1
    assert "您请慢走" in Phrase.objects.get(code="farewell").words
    assert "非常抱歉" in shown(as_("li"), phrase="zq")
    assert "三声才接起" not in page(as_("li").get("/phrases"))


def test_somebody_faster_is_not_overwritten(world, who):
    sorry = Phrase.objects.get(code="sorry")
    before = phrases.stamp(sorry)
    given = {"kind": "say", "topic": "致歉", "situation": "有失误", "revision": before}
    phrases.write(SYSTEM, None, phrase=sorry, words="甲", at=MONDAY, **given)
    with pytest.raises(Conflict, match="刚被别人改过"):
        phrases.write(SYSTEM, None, phrase=sorry, words="乙", at=MONDAY, **given)


def test_who_may_not_finds_no_way_to_change_them(as_, world):
    sorry = Phrase.objects.get(code="sorry")
    assert "写一条" not in page(as_("li").get("/phrases"))
    assert as_("li").get("/phrases/new").status_code == 404
    assert as_("li").post(f"/phrases/{sorry.pk}", WORDS).status_code == 404
    assert as_("chen").post(f"/phrases/{sorry.pk}/retire").status_code == 404  # the company's, not the community's


@pytest.mark.parametrize(("field", "value", "said"), [("words", "", "内容"), ("words", "\x00x", "内容"), ("topic", "长" * 41, "主题"), ("kind", "x", "种类")])
def test_a_mistake_is_named(as_, world, field, value, said):
    answer = as_("chen").post("/phrases/new", WORDS | {field: value})
    assert answer.status_code == 422 and said in page(answer)


def test_the_list_costs_the_same_with_more_rows(as_, world, django_assert_max_num_queries):
    with django_assert_max_num_queries(16):
        as_("chen").get("/phrases", {"q": "bx"})
    with django_assert_max_num_queries(12):
        shown(as_("li"), phrase="bx")
