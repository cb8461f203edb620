"""The ticket: what is shown to whom, every verb from the page, private answers, attachments, and what it costs."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shouwen.kernel.access import SYSTEM
from shouwen.kernel.models import Entry, RequestKey
from shouwen.procedures import actions, attachments, queries, store
from shouwen.procedures.models import Attachment, Event, Task, Ticket

from .conftest import MONDAY

HTMX = {"headers": {"HX-Request": "true"}}
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
CLASSIFIED = {
    "in_commitment": "yes", "valid_for": "quality", "class": "I", "level": "minor", "difficult": "no", "departments": ["engineering"],
}  # fmt: skip


@pytest.fixture(autouse=True)
def _files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def page(response):
    return response.content.decode()


@pytest.fixture
def row(world, who):
    return actions.file_ticket(who("li"), world.liyuan, procedure="complaint", at=MONDAY, answers={
        "channel": "phone", "unit": "3-1-1201", "caller": "王秀英", "phone": "13800000001", "content": "楼道灯三天没亮",
    })  # fmt: skip


@pytest.fixture
def repair(world, who):
    return actions.file_ticket(who("li"), world.liyuan, procedure="repair", at=MONDAY, answers={
        "channel": "phone", "unit": "3-1-1201", "caller": "王秀英", "phone": "13800000001", "place": "厨房", "content": "水龙头滴水",
        "fault": "plumbing", "class": "daily",
    })  # fmt: skip


def form(task, answers):
    return {f"t{task}-{name}": value for name, value in answers.items()}


def fresh(row):
    return store.load(row.id)


# --- reading ---


def test_a_ticket_says_where_it_stands(as_, row, clock):
    clock.at = MONDAY + timedelta(minutes=5)
    html = page(as_("li").get(f"/tickets/{row.id}"))
    for text in (row.number, "楼道灯三天没亮", "办理中", "3-1-1201", "首问人", "李静", "受理识别", "剩 15 分钟", "「受理」后 20 分钟"):
        assert text in html
    assert "A7.05" in html and "20分钟内把登记表送到责任部门" in html  # the limit's reason
    assert 'class="flow-node flow-step is-open" data-step="classify"' in html
    assert "投诉统一由服务中心前台受理" in html  # the instruction


def test_overdue_is_said_in_words_and_in_the_flowchart(as_, row, clock):
    clock.at = MONDAY + timedelta(minutes=40)
    actions.pass_time(SYSTEM, fresh(row), at=clock.at)
    html = page(as_("li").get(f"/tickets/{row.id}"))
    assert "超时 20 分钟" in html and "is-late" in html
    assert "时限已到，没有办结" in html and re.search(r"已超时「受理识别」：[^<]*张伟", html)  # the duty manager was told


def test_private_answers_are_masked_options_and_people_are_said_in_chinese(as_, row, who):
    actions.finish(who("li"), row, task=2, answers=CLASSIFIED, at=MONDAY)
    dispatch = next(t.id for t in row.state.open_tasks if t.step == "dispatch")
    wu = str(who("wu").id)
    actions.finish(who("li"), row, task=dispatch, answers={"responsible_person": wu}, at=MONDAY)
    html = page(as_("li").get(f"/tickets/{row.id}"))
    assert "王**" in html and "138****0001" in html and "王秀英" not in html and "13800000001" not in html
    for text in ("来电", "一类", "轻微", "工程部", "吴刚"):
        assert text in html


@pytest.mark.parametrize("path", ["", "/timeline", "/masked/phone", "/amend/intake"])
def test_another_community_does_not_see_it(as_, row, path):
    assert as_("mei").get(f"/tickets/{row.id}{path}").status_code == 404


@pytest.mark.parametrize("path", [
    "note", "urge", "pause", "approve", "resume", "withdraw", "reopen", "link", "tasks/2/finish", "tasks/2/take", "start/plan", "reveal/phone",
])  # fmt: skip
def test_nor_can_another_community_do_anything_to_it(as_, row, path):
    events = Event.objects.filter(ticket=row.id).count()
    assert as_("mei").post(f"/tickets/{row.id}/{path}", {"text": "x", "reason": "x", "number": "x"}).status_code == 404
    assert Event.objects.filter(ticket=row.id).count() == events


def test_numbers_that_cannot_be_are_not_found(as_):
    assert as_("li").get("/tickets/99999999").status_code == 404
    assert as_("li").get("/tickets/" + "9" * 30).status_code == 404


def test_a_confidential_ticket_is_only_for_its_people(as_, world, who):
    given = {"mode": "oral", "caller": "王秀英", "content": "家事", "confidential": "yes", "at_once": "no", "phone": "13800000001"}
    one = actions.file_ticket(who("li"), world.liyuan, procedure="consultation", answers=given, at=MONDAY)
    assert as_("li").get(f"/tickets/{one.id}").status_code == 200
    assert as_("lin").get(f"/tickets/{one.id}").status_code == 200
    assert as_("wang").get(f"/tickets/{one.id}").status_code == 404


# --- working ---


def test_a_task_is_finished_from_its_form(as_, row):
    answer = as_("li").post(f"/tickets/{row.id}/tasks/2/finish", form(2, CLASSIFIED), **HTMX)
    assert answer["HX-Redirect"] == f"/tickets/{row.id}"
    assert fresh(row).state.answers["departments"] == ["engineering"]
    html = page(as_("li").get(f"/tickets/{row.id}"))
    assert re.search(r"受理识别</td>.*?不到 1 分钟.*?按时", html, re.S)  # how long it took, and the verdict


def test_a_refused_form_keeps_what_was_typed_and_changes_nothing(as_, row):
    typed = form(2, {**CLASSIFIED, "level": "major", "level_reason": "", "departments": [], "difficult_reason": "说不清 <i>"})
    for more in ({}, HTMX):
        answer = as_("li").post(f"/tickets/{row.id}/tasks/2/finish", typed, **more)
        html = page(answer)
        assert answer.status_code == 422
        assert "还没有填「列为重大的理由」" in html and "还没有填「责任部门」" in html
        assert re.search(r'value="major"[^>]*checked', html) and "说不清 &lt;i&gt;" in html
    assert 'id="tasks"' in html and "<html" not in html
    assert fresh(row).revision == row.revision


def test_sent_twice_it_is_done_once(as_, row):
    client, key = as_("li"), str(uuid4())
    for _ in range(2):
        answer = client.post(f"/tickets/{row.id}/note", {"text": "一次", "idempotency_key": key}, **HTMX)
    assert answer["HX-Redirect"] == f"/tickets/{row.id}"
    assert Event.objects.filter(ticket=row.id, kind="noted").count() == 1


def test_who_does_not_hold_a_task_reads_why_and_cannot_do_it(as_, row):
    html = page(as_("wang").get(f"/tickets/{row.id}"))
    assert "这项任务由客户接待员办理" in html and f"/tickets/{row.id}/tasks/2/finish" not in html
    answer = as_("wang").post(f"/tickets/{row.id}/tasks/2/finish", form(2, CLASSIFIED))
    assert answer.status_code == 403 and "转派给您" in page(answer)
    assert fresh(row).revision == row.revision


def test_who_may_only_look_is_offered_nothing(as_, row):
    html = page(as_("mo").get(f"/tickets/{row.id}"))
    assert row.number in html and f'action="/tickets/{row.id}/' not in html


def test_a_task_done_meanwhile_by_somebody_else_says_so_and_keeps_what_was_typed(as_, row, who):
    actions.finish(who("li"), row, task=2, answers=CLASSIFIED, at=MONDAY)
    answer = as_("xu").post(f"/tickets/{row.id}/tasks/2/finish", form(2, {**CLASSIFIED, "level": "major", "level_reason": "第三次了"}), **HTMX)
    html = page(answer)
    assert answer.status_code == 422 and "已由李静在" in html and "您填的没有提交" in html
    assert "重大" in html and "轻微" in html and "第三次了" in html  # mine beside theirs
    given = re.findall(r'name="(amend-[^"]+|seen|reason)" value="([^"]*)"', html)
    done = as_("xu").post(f"/tickets/{row.id}/amend/classify", {k: [v for n, v in given if n == k] for k, _ in given})
    assert done.status_code == 302 and fresh(row).state.answers["level"] == "major"
    same = as_("xu").post(f"/tickets/{row.id}/tasks/2/finish", form(2, {**CLASSIFIED, "level": "major"}), **HTMX)
    assert "两边填的一样" in page(same)


def test_two_at_once_one_is_told_and_nothing_is_lost(as_, row, who, monkeypatch):
    stale = fresh(row)
    actions.note(who("lin"), row, text="先到一步", at=MONDAY)
    monkeypatch.setattr(queries, "row", lambda actor, pk: stale)
    answer = as_("li").post(f"/tickets/{row.id}/note", {"text": "晚到一步"}, **HTMX)
    assert answer.status_code == 409 and "刷新页面" in page(answer)
    assert not Event.objects.filter(ticket=row.id, text__contains="晚到一步").exists()


def test_taking_and_handing_over(as_, row, who):
    client = as_("li")
    client.post(f"/tickets/{row.id}/tasks/2/take")
    assert fresh(row).state.tasks[1].holder == str(who("li").id)
    refused = client.post(f"/tickets/{row.id}/tasks/2/hand", {"to": who("he").id, "reason": " "})
    assert refused.status_code == 422 and "请写明转派原因" in page(refused)
    assert client.post(f"/tickets/{row.id}/tasks/2/hand", {"to": "", "reason": "x"}).status_code == 422
    client.post(f"/tickets/{row.id}/tasks/2/hand", {"to": who("he").id, "reason": "交班"})
    assert Task.objects.get(ticket=row.id, number=2).holder_name == "何敏"
    client.post(f"/tickets/{row.id}/tasks/0/hand", {"to": who("he").id, "reason": "跟进人休假"})
    assert Ticket.objects.get(pk=row.id).tracker_id == who("he").id


def test_noting_urging_withdrawing_reopening(as_, row):
    client = as_("chen")
    assert client.post(f"/tickets/{row.id}/note", {"text": ""}).status_code == 422
    client.post(f"/tickets/{row.id}/urge", {"reason": "领导关注"})
    again = client.post(f"/tickets/{row.id}/urge", {"reason": "再催"})
    assert again.status_code == 422 and "刚催过" in page(again)
    client.post(f"/tickets/{row.id}/withdraw", {"reason": "误登记"})
    html = page(client.get(f"/tickets/{row.id}"))
    assert "已撤销" in html and "没有要办的任务" in html and "重新打开" in html
    client.post(f"/tickets/{row.id}/reopen", {"reason": "业主又来"})
    assert fresh(row).state.status == "open"


def test_pausing_waits_for_approval_and_goes_on(as_, repair):
    client = as_("li")
    assert client.post(f"/tickets/{repair.id}/pause", {"reason": ""}).status_code == 422
    client.post(f"/tickets/{repair.id}/pause", {"reason": "waiting_parts", "remark": "等阀芯", "until": "2026-11-24T09:00"})
    asked = page(client.get(f"/tickets/{repair.id}"))
    assert "申请挂起，等待批准" in asked and "须由值班经理批准" in asked and "/approve" not in asked
    assert "/approve" in page(as_("zhang").get(f"/tickets/{repair.id}"))
    as_("zhang").post(f"/tickets/{repair.id}/approve", {"ok": "yes"})
    assert fresh(repair).state.status == "paused"
    html = page(as_("wang").get(f"/tickets/{repair.id}"))
    assert "已挂起" in html and "恢复后才能办理" in html
    client.post(f"/tickets/{repair.id}/resume")
    assert fresh(repair).state.status == "open"


def test_offered_steps_are_started(as_, row):
    html = page(as_("li").get(f"/tickets/{row.id}"))
    assert "/start/follow_up" in html and "/start/go_to_top" not in html  # the second only after two days without an answer
    as_("li").post(f"/tickets/{row.id}/start/follow_up")
    assert any(t.step == "follow_up" for t in fresh(row).state.open_tasks)


def test_tickets_are_linked_by_number(as_, row, repair):
    client = as_("li")
    assert "没有编号为" in page(client.post(f"/tickets/{row.id}/link", {"number": "TS-1", "kind": "same"}))
    client.post(f"/tickets/{row.id}/link", {"number": repair.number, "kind": "caused_by"})
    assert f'href="/tickets/{repair.id}"' in page(client.get(f"/tickets/{row.id}"))
    assert "由此引起" in page(client.get(f"/tickets/{repair.id}"))


def test_given_answers_are_corrected_and_only_what_differs_is_an_amendment(as_, row):
    client = as_("li")
    html = page(client.get(f"/tickets/{row.id}/amend/intake"))
    assert 'value="3-1-1201"' in html and "已填 138****0001，不改请留空" in html
    given = dict(re.findall(r'name="amend-(\w+)" value="([^"]*)"', html))
    given |= {"channel": "phone", "heard": "direct", "source": "centre", "content": "楼道灯三天没亮"}
    same = {f"amend-{k}": v for k, v in given.items()}
    unchanged = client.post(f"/tickets/{row.id}/amend/intake", {**same, "reason": "看看"})
    assert unchanged.status_code == 422 and "没有要更改的内容" in page(unchanged)
    wrong = client.post(f"/tickets/{row.id}/amend/intake", {**same, "amend-unit": "99-9-9999", "reason": "房号错"})
    assert wrong.status_code == 422 and "没有房号" in page(wrong) and 'value="房号错"' in page(wrong)
    client.post(f"/tickets/{row.id}/amend/intake", {**same, "amend-unit": "3-1-1202", "reason": "房号错"})
    assert fresh(row).state.answers["unit"] == "3-1-1202"
    assert "变更房号：房号错" in Event.objects.filter(ticket=row.id).last().text


# --- private answers ---


def test_a_private_answer_is_shown_for_a_reason_and_not_kept_anywhere(as_, row):
    client = as_("lin")  # who may approve sees it on that authority
    refused = client.post(f"/tickets/{row.id}/reveal/phone", {"reason": ""}, **HTMX)
    assert refused.status_code == 422 and "查看理由" in page(refused)
    answer = client.post(f"/tickets/{row.id}/reveal/phone", {"reason": "回访客户", "idempotency_key": str(uuid4())}, **HTMX)
    html = page(answer)
    assert "13800000001" in html and "delay:30s" in html and f"/tickets/{row.id}/masked/phone" in html
    assert answer["Cache-Control"] == "no-store"
    assert not RequestKey.objects.exists()
    line = Entry.objects.filter(code="ticket.revealed").last()
    assert "查看联系电话：回访客户，批准人：林芳" in line.text and "13800000001" not in line.text + line.data
    assert "138****0001" in page(client.get(f"/tickets/{row.id}/masked/phone", **HTMX))


@pytest.mark.parametrize("field", ["content", "nothing", "solved"])
def test_only_private_answers_are_revealed(as_, row, field):
    assert as_("li").post(f"/tickets/{row.id}/reveal/{field}", {"reason": "看看"}).status_code == 404
    assert as_("li").get(f"/tickets/{row.id}/masked/{field}").status_code == 404


# --- attachments ---


def upload(client, ticket, name="签名.png", content=PNG):
    return client.post("/attachments", {"ticket": ticket, "file": SimpleUploadedFile(name, content)}, headers={"Accept": "application/json"})


def test_a_picture_is_shown_anything_else_is_only_saved(as_, row):
    client = as_("li")
    kept = upload(client, row.id).json()
    shown = client.get(kept["url"])
    assert shown.content == PNG and shown["Content-Type"] == "image/png"
    assert shown["X-Content-Type-Options"] == "nosniff" and "sandbox" in shown["Content-Security-Policy"]
    assert shown["Content-Disposition"].startswith("inline") and "filename*=utf-8''%E7%AD%BE%E5%90%8D.png" in shown["Content-Disposition"]
    paper = client.get(upload(client, row.id, "方案.pdf", b"%PDF-1.7 x").json()["url"])
    assert paper["Content-Type"] == "application/octet-stream" and paper["Content-Disposition"].startswith("attachment")
    assert "签名.png" in page(client.get(f"/tickets/{row.id}"))
    assert as_("mei").get(kept["url"]).status_code == 404


@pytest.mark.parametrize(("name", "content", "words"), [
    ("x.html", b"<html>", "不能上传这种文件"), ("x.svg", b"<svg/>", "不能上传这种文件"), ("x.exe", b"MZ", "不能上传这种文件"),
    ("noname", PNG, "不能上传这种文件"), ("x.png", b"<html><script>", "扩展名不符"), ("x.pdf", PNG, "扩展名不符"), ("x.jpg", b"", "是空的"),
    ("x.png", PNG + b"0" * attachments.LARGEST, "太大"),
])  # fmt: skip
def test_what_is_not_on_the_list_or_not_what_it_says_is_refused(as_, row, tmp_path, name, content, words):
    answer = upload(as_("li"), row.id, name, content)
    assert answer.status_code == 422 and words in answer.json()["error"]["message"]
    assert not Attachment.objects.exists() and not [p for p in tmp_path.rglob("*") if p.is_file()]


def test_a_name_cannot_lead_out_of_the_folder(as_, row, tmp_path):
    kept = upload(as_("li"), row.id, "..\\..\\秘密.png").json()
    assert kept["name"] == "秘密.png"
    (file,) = [p for p in tmp_path.rglob("*") if p.is_file()]
    assert file.relative_to(tmp_path).as_posix() == f"{file.name[:2]}/{file.name}" and len(file.name) == 64


def test_evidence_is_handed_in_with_the_task(as_, repair):
    sign = next(t.id for t in repair.state.open_tasks if t.step == "sign")
    client = as_("wang")
    key = upload(client, repair.id).json()["key"]
    stolen = form(sign, {"signed_for": "not-a-key", "can_go": "now"})
    answer = client.post(f"/tickets/{repair.id}/tasks/{sign}/finish", stolen)
    assert answer.status_code == 422 and "附件已经失效" in page(answer)
    client.post(f"/tickets/{repair.id}/tasks/{sign}/finish", form(sign, {"signed_for": key, "can_go": "now"}))
    assert fresh(repair).state.answers["signed_for"] == key
    assert f"/attachments/{key}" in page(client.get(f"/tickets/{repair.id}"))


# --- cost ---


def test_the_cost_of_the_page_does_not_grow_with_history(as_, row, who):
    client = as_("li")

    def cost():
        client.get(f"/tickets/{row.id}")
        with CaptureQueriesContext(connection) as seen:
            html = page(client.get(f"/tickets/{row.id}"))
        return len(seen), html

    for n in range(10):
        actions.note(who("li"), fresh(row), text=f"第 {n} 次", at=MONDAY + timedelta(minutes=n))
    few, _ = cost()
    for n in range(10, 200):
        actions.note(who("li"), fresh(row), text=f"第 {n} 次", at=MONDAY + timedelta(minutes=n))
    many, html = cost()
    assert many == few <= 12
    assert html.count("次</p>") <= 20 and "第 199 次" in html and "更早的经过" in html
    before = re.search(r"timeline\?before=(\d+)", html)[1]
    earlier = page(client.get(f"/tickets/{row.id}/timeline?before={before}"))
    assert f"第 {199 - 20} 次" in earlier and "第 199 次" not in earlier
