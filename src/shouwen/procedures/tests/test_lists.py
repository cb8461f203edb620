"""The board, one's own tasks, the register and the pages of procedures, as people see them."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shouwen.kernel.access import SYSTEM
from shouwen.kernel.models import Entry
from shouwen.procedures import actions, store
from shouwen.procedures.editions import LIBRARY
from shouwen.procedures.models import Clock, Edition, Task

from .conftest import MONDAY

HTMX = {"HX-Request": "true"}
HOSTILE = ("x", "-1", "²", "9" * 40, "' OR 1=1 --", "../..", "<script>", "𝟙", "1e9", "\ufeff", "%", "me me")


def complain(who, world, at=MONDAY, content="楼上凌晨装修", unit="3-1-1201"):
    given = {
        "channel": "phone", "source": "centre", "heard": "direct", "obtained_at": at.isoformat(timespec="minutes"), "unit": unit,
        "caller": "王秀英", "phone": "13800000001", "content": content,
    }  # fmt: skip
    return actions.file_ticket(who("li"), world.liyuan, procedure="complaint", answers=given, at=at)


def page(client, address, **headers):
    answer = client.get(address, headers=headers or None)
    assert answer.status_code == 200, answer.content.decode()[:400]
    return answer.content.decode()


def asked(client, address, **headers):
    """How many statements a page costs when everything that is remembered is remembered."""
    client.get(address, headers=headers or None)
    with CaptureQueriesContext(connection) as caught:
        assert client.get(address, headers=headers or None).status_code in (200, 204)
    return len(caught)


# --- addresses ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bad", HOSTILE)
def test_nonsense_in_an_address_is_ignored_or_refused_never_a_crash(world, as_, bad):
    client = as_("chen")
    for name in ("department", "holder", "procedure", "building", "lane", "seen"):
        assert client.get("/board", {name: bad}).status_code == 200
    for path, name in (
        ("/mine", "whose"), ("/mine", "after"), ("/tickets", "q"), ("/tickets", "procedure"), ("/tickets", "status"),
        ("/tickets", "filed_at_from"), ("/tickets", "after"), ("/tickets", "community_id"), ("/procedures", "q"),
        ("/procedures/complaint", "edition"), ("/procedures/complaint", "against"), ("/procedures/adopt", "from"), ("/journal", "q"),
        ("/journal", "code"), ("/journal", "subject"), ("/journal", "actor_id"), ("/journal", "at_from"),
    ):  # fmt: skip
        assert client.get(path, {name: bad}).status_code in (200, 400, 404, 422), (path, name, bad)


def test_nobody_sees_another_community_or_what_is_confidential(world, who, as_):
    row = complain(who, world)
    given = {"mode": "oral", "caller": "王秀英", "content": "咨询保密事", "confidential": "yes", "at_once": "no", "phone": "13800000001"}
    secret = actions.file_ticket(who("li"), world.liyuan, procedure="consultation", answers=given, at=MONDAY)
    mei = as_("mei")
    for address in ("/board", "/tickets"):
        said = page(mei, address)
        assert row.number not in said and secret.number not in said
    engineer = as_("wang")
    assert row.number in page(engineer, "/tickets") and secret.number not in page(engineer, "/tickets")
    assert secret.number in page(as_("li"), "/tickets"), "who took it sees it"


# --- my tasks --------------------------------------------------------------------------------------------------------


@pytest.mark.shows("A7.06")
def test_who_is_responsible_has_the_matter_in_the_list_until_it_is_closed(world, who, as_):
    """While it lies with another department, and after the shift: until somebody else follows it, or it has ended."""
    row, other = complain(who, world), complain(who, world, content="垃圾清运")
    li, followed = as_("li"), "/mine?whose=followed"
    assert row.number not in page(li, followed), "it lies with the desk itself"
    for one in (row, other):
        for answers in ({"in_commitment": "yes", "valid_for": "quality", "class": "I", "level": "minor", "departments": ["engineering"]}, {"responsible_person": "wu"}):
            here = store.load(one.id)
            actions.finish(who("li"), here, task=here.state.open_tasks[0].id, answers=answers, at=MONDAY)
    here = store.load(row.id)
    actions.take(who("wu"), here, task=here.state.open_tasks[0].id, at=MONDAY)
    said = page(li, followed)
    assert row.number in said and other.number in said and "在吴刚手上" in said and "工程部负责人 · 待接单" in said and f'href="/tickets/{row.id}"' in said
    assert "/mine/take" not in said, "it is not for the desk to take"
    assert row.number not in page(li, "/mine") and row.number not in page(as_("he"), followed) and row.number not in page(as_("wu"), followed)
    few = asked(li, followed)
    actions.hand(who("li"), store.load(row.id), task=0, to=who("he").id, reason="交班", at=MONDAY)
    assert row.number not in page(li, followed) and row.number in page(as_("he"), followed)
    actions.withdraw(who("lin"), store.load(other.id), reason="重复登记", at=MONDAY)
    assert other.number not in page(li, followed) and "没有在别人手上的事" in page(li, followed) and few <= 10


def test_a_task_is_taken_in_the_list_once(world, who, as_):
    row = complain(who, world)
    number = Task.objects.get(ticket=row.id, done_at=None).number
    client = as_("li")
    said = page(client, "/mine")
    assert row.number in said and "接单" in said
    key = said.split('name="idempotency_key" value="')[1].split('"')[0]
    given = {"task": f"{row.id}-{number}", "idempotency_key": key}
    first, again = client.post("/mine/take", given), client.post("/mine/take", given)
    assert first.status_code == again.status_code == 302 and first["Location"] == "/mine"
    assert Task.objects.get(ticket=row.id, number=number).taken_at == MONDAY
    assert Entry.objects.filter(code="task.taken", subject=f"procedures.ticket:{row.id}").count() == 1
    assert row.number in page(client, "/mine?whose=held") and row.number not in page(client, "/mine?whose=open")


def test_taking_answers_htmx_with_the_list_and_refuses_what_one_may_not(world, who, as_):
    row = complain(who, world)
    number = Task.objects.get(ticket=row.id, done_at=None).number
    assert as_("mei").post("/mine/take", {"task": f"{row.id}-{number}"}).status_code == 404
    assert as_("shen").post("/mine/take", {"task": f"{row.id}-{number}"}).status_code in (403, 422)
    for bad in ("", "1", "x-1", f"{row.id}-99", "9" * 30 + "-1"):
        assert as_("li").post("/mine/take", {"task": bad}).status_code in (404, 422)
    done = as_("li").post("/mine/take", {"task": f"{row.id}-{number}"}, headers=HTMX)
    assert done.status_code == 200 and done.content.lstrip().startswith(b'<div id="mine"') and "flash" in done["HX-Trigger"]


def test_my_tasks_cost_the_same_with_one_and_with_forty(world, who, as_):
    complain(who, world)
    client = as_("li")
    few = asked(client, "/mine")
    for number in range(40):
        complain(who, world, content=f"第 {number} 件")
    assert asked(client, "/mine") == few <= 10


# --- the register ------------------------------------------------------------------------------------------------------


def test_the_register_finds_by_number_and_by_room(world, who, as_):
    one, two = complain(who, world), complain(who, world, unit="5-2-0301")
    client = as_("zhang")
    for words, found, lost in (
        (one.number, one, two), (two.number.lower(), two, one), ("5-2-0301", two, one), ("３栋１单元１２０１", one, two), ("3-1", one, two),
    ):  # fmt: skip
        said = page(client, f"/tickets?q={words}")
        assert found.number in said and lost.number not in said, words
    assert one.number in page(client, "/tickets?q=TS-2026") and "没有符合条件的记录" in page(client, "/tickets?q=BX-2026")
    assert "没有符合条件的记录" in page(client, "/tickets?status=closed")
    assert one.number in page(client, "/tickets?procedure=complaint&filed_at_from=2026-11-23&filed_at_to=2026-11-23")
    assert "没有符合条件的记录" in page(client, "/tickets?filed_at_to=2026-11-22")


def test_the_register_is_exported_as_listed_and_the_journal_knows(world, who, as_):
    row = complain(who, world)
    answer = as_("zhang").get("/tickets?format=xlsx&status=open")
    book = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))
    text = "".join(book.read(name).decode() for name in book.namelist() if name.endswith(".xml"))
    assert row.number in text and "楼上凌晨装修" in text and "13800000001" not in text and "王秀英" not in text
    line = Entry.objects.get(code="ticket.exported")
    assert "1 行" in line.text and "状态：办理中" in line.text and line.community_id == world.liyuan.pk


def test_the_register_costs_the_same_with_one_ticket_and_with_fifty(world, who, as_):
    complain(who, world)
    client = as_("zhang")
    few = asked(client, "/tickets"), asked(client, "/tickets", **HTMX)
    for number in range(60):
        complain(who, world, content=f"第 {number} 件")
    assert (asked(client, "/tickets"), asked(client, "/tickets", **HTMX)) == few and few[0] <= 9
    part = client.get("/tickets", headers=HTMX).content
    assert part.lstrip().startswith(b'<section id="list"') and b"<html" not in part


# --- procedures --------------------------------------------------------------------------------------------------------


def test_every_procedure_of_the_library_can_be_read(world, as_):
    client = as_("chen")
    listed = page(client, "/procedures")
    for path in sorted(LIBRARY.glob("*.yaml")):
        assert f'href="/procedures/{path.stem}"' in listed
        said = page(client, f"/procedures/{path.stem}")
        assert '<svg xmlns="http://www.w3.org/2000/svg" class="flow"' in said and "现行" in said


def test_a_step_tells_who_what_until_when_what_then_and_why(world, as_):
    said = page(as_("li"), "/procedures/complaint")
    step = said.split('id="step-classify"')[1].split('id="step-')[0]
    for words in (
        "受理识别", "客户接待员", "「受理」后 20 分钟", "到时前 5 分钟", "超时 30 分钟", "告知服务中心经理", "A7.05", "填写 12 项", "投诉类别",
    ):  # fmt: skip
        assert words in step, words
    assert "启用新版本" not in page(as_("li"), "/procedures") and "改成新版本" not in said


def test_clauses_stand_in_full_sentences_behind_a_limit(world, as_):
    from shouwen.procedures.clauses import sentence

    assert sentence("A7.05") and sentence("A7.05") in page(as_("li"), "/procedures/complaint")


def test_procedures_are_found_by_clause(world, as_):
    said = page(as_("li"), "/procedures?q=a7.05")
    assert "投诉处理" in said and "急病人求助" not in said


def test_downloads_are_files(world, as_):
    client = as_("li")
    answer = client.get("/procedures/complaint/bpmn")
    assert answer.status_code == 200 and b"http://www.omg.org/spec/BPMN" in answer.content and "attachment" in answer["Content-Disposition"]
    answer = client.get("/procedures/complaint/text")
    assert answer.content.decode() == Edition.objects.get(procedure="complaint").text
    for path in ("/procedures/nothing", "/procedures/nothing/bpmn", "/procedures/nothing/text"):
        assert client.get(path).status_code == 404


def test_the_list_of_procedures_asks_once_for_all(world, as_):
    client = as_("chen")
    assert asked(client, "/procedures") <= 6
    assert asked(client, "/procedures/complaint") <= 9


NEWER = re.sub(r"(?m)^(edition: +).*$", r"\g<1>2026-12", (LIBRARY / "complaint.yaml").read_text("utf-8")).replace(
    "within: 20 minutes from filed", "within: 15 minutes from filed"
)


def test_an_edition_is_checked_compared_and_adopted(world, as_, clock):
    client, place = as_("chen"), str(world.liyuan.pk)
    given = {"text": NEWER, "community": place, "act": "check"}
    said = client.post("/procedures/adopt", given)
    assert said.status_code == 200 and "「受理」后 20 分钟 → 「受理」后 15 分钟" in said.content.decode()
    assert not Edition.objects.filter(edition="2026-12").exists(), "checking writes nothing"
    done = client.post("/procedures/adopt", given | {"act": "adopt", "remark": "提速"})
    assert done.status_code == 302
    edition = Edition.objects.get(edition="2026-12")
    assert (edition.community_id, edition.text, edition.starts_at, edition.remark) == (world.liyuan.pk, NEWER.strip("\n") + "\n", MONDAY, "提速")
    old = Edition.objects.get(procedure="complaint", edition="2026-11")
    said = page(client, f"/procedures/complaint?against={old.pk}")
    assert "2026-12" in said and "「受理」后 20 分钟 → 「受理」后 15 分钟" in said and "仅荔园" not in said
    assert page(client, f"/procedures/complaint?edition={old.pk}").count("旧版本") == 1
    assert "2026-12" not in page(as_("mei"), "/procedures/complaint"), "another community keeps its own"
    assert Entry.objects.filter(code="procedure.adopted", community_id=world.liyuan.pk).count() == 1


def test_faults_are_shown_by_line_and_nothing_is_stored(world, as_):
    client, place = as_("chen"), str(world.liyuan.pk)
    before = Edition.objects.count()
    broken = NEWER.replace("    who:    reception\n    do: >-\n      投诉统一", "    who:    nobody\n    do: >-\n      投诉统一").replace(
        "within: 15 minutes from filed", "within: soon", 1
    )
    line = broken[: broken.index("within: soon")].count("\n") + 1
    said = client.post("/procedures/adopt", {"text": broken, "community": place, "act": "adopt"})
    assert said.status_code == 422
    text = said.content.decode()
    assert f'data-label="行">{line}</td>' in text and "看不懂的时限「soon」" in text and "nobody" in text
    for bad in ("", "{", "- 1\n- 2", "title: x", "\x00", "a: &a [*a]", "x" * 400_001):
        answer = client.post("/procedures/adopt", {"text": bad, "community": place, "act": "adopt"})
        assert answer.status_code in (400, 422), bad[:20]
    assert Edition.objects.count() == before


def test_an_uploaded_file_that_asks_less_says_why(world, as_):
    """As the editor does: a wider limit, a ladder that tells fewer, a check that is dropped."""
    client, place = as_("chen"), str(world.liyuan.pk)
    wider = NEWER.replace("within: 15 minutes from filed", "within: 40 minutes from filed")
    assert wider != NEWER
    given = {"text": wider, "community": place}
    said = client.post("/procedures/adopt", given | {"act": "check"}).content.decode()
    keys = re.findall(r'name="(reason:[^"]+)"', said)
    assert keys and "为什么放宽" in said and "20 分钟" in said
    answer = client.post("/procedures/adopt", given | {"act": "adopt", keys[0]: " "})
    assert answer.status_code == 422 and "放宽了，请写明理由" in answer.content.decode() and not Edition.objects.filter(edition="2026-12").exists()
    assert client.post("/procedures/adopt", given | {"act": "adopt"} | dict.fromkeys(keys, "夜里人少，先试一个月")).status_code == 302
    edition = Edition.objects.get(edition="2026-12")
    assert len(edition.reasons) == len(keys) and all(why == "夜里人少，先试一个月" for _, why in edition.reasons)
    assert "夜里人少" in str(Entry.objects.get(code="procedure.adopted", community_id=world.liyuan.pk).data)


def test_a_file_is_taken_as_it_is_and_odd_files_are_refused(world, as_):
    client, place = as_("chen"), str(world.liyuan.pk)
    windows = NEWER.replace("\n", "\r\n").encode("utf-8-sig")
    done = client.post("/procedures/adopt", {"file": SimpleUploadedFile("c.yaml", windows), "community": place, "act": "adopt"})
    assert done.status_code == 302 and Edition.objects.get(edition="2026-12").text == NEWER
    for content in (NEWER.encode("gbk", "ignore"), b"\xff\xfe\x00", b"PK\x03\x04" + b"\x00" * 50):
        answer = client.post("/procedures/adopt", {"file": SimpleUploadedFile("c.yaml", content), "community": place, "act": "adopt"})
        assert answer.status_code in (400, 422)


def test_only_who_may_adopt_adopts_and_only_where(world, as_):
    given = {"text": NEWER, "act": "adopt"}
    assert as_("li").get("/procedures/adopt").status_code == 404
    assert as_("li").post("/procedures/adopt", given).status_code == 404
    refused = as_("chen").post("/procedures/adopt", given | {"community": str(world.yunxi.pk)})
    assert refused.status_code == 422
    assert as_("chen").post("/procedures/adopt", given).status_code in (403, 422), "one community's manager does not decide for all"
    assert not Edition.objects.filter(edition="2026-12").exists()
    assert as_("deng").post("/procedures/adopt", given | {"community": ""}).status_code == 302
    assert Edition.objects.get(edition="2026-12").community_id is None


def test_a_start_in_the_past_and_the_same_edition_twice_are_refused(world, as_, clock):
    client, place = as_("chen"), str(world.liyuan.pk)
    past = client.post("/procedures/adopt", {"text": NEWER, "community": place, "act": "adopt", "starts_at": "2026-11-01T08:00"})
    assert past.status_code == 422 and "已经过去" in past.content.decode()
    later = client.post("/procedures/adopt", {"text": NEWER, "community": place, "act": "adopt", "starts_at": "2026-12-01T00:00"})
    assert later.status_code == 302
    edition = Edition.objects.get(edition="2026-12")
    assert "尚未启用" in page(client, f"/procedures/complaint?edition={edition.pk}")
    assert edition.starts_at.astimezone(MONDAY.tzinfo).isoformat() == "2026-12-01T00:00:00+08:00"
    other = NEWER.replace("15 minutes", "10 minutes")
    twice = client.post("/procedures/adopt", {"text": other, "community": place, "act": "adopt"})
    assert twice.status_code == 409 and "内容不同" in twice.content.decode()


def test_what_is_escalated_counts_only_rungs_after_the_limit(world, who, as_, clock):
    row = complain(who, world)
    clock.at = MONDAY + timedelta(minutes=16)  # the reminder five minutes ahead
    actions.pass_time(SYSTEM, store.load(row.id), at=clock.at)
    assert Clock.objects.filter(ticket=row.id, kind="step", rung__gt=0).exists()
    assert "已升级" not in page(as_("zhang"), "/board")
