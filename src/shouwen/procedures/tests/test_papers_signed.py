"""A signed copy that is back finishes the step that waits for it; a sheet in the clear is asked for, approved, printed once, marked."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

import shouwen.config.wiring
from shouwen.estate import actions as estate
from shouwen.estate.models import Reveal
from shouwen.kernel.models import Entry
from shouwen.papers import actions as papers
from shouwen.papers.catalogue import form_named
from shouwen.papers.models import Copy, Paper, Printing
from shouwen.papers.sheets import called
from shouwen.procedures import actions, audit, store
from shouwen.procedures.models import Attachment

from .conftest import MONDAY
from .test_clauses_records import PNG, open_task

assert shouwen.config.wiring


@pytest.fixture(autouse=True)
def _files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def visit(world, who, clock):
    """An appointment that was served; its 派工单 is printed, copy 2 is with the engineers, the step that gives it back is open."""
    given = {
        "channel": "phone", "unit": "3-1-1201", "caller": "王秀英", "phone": "13800000001", "content": "装吊灯", "need": "engineering",
        "in_scope": "yes", "read_back": "confirmed",
    }  # fmt: skip
    row = actions.file_ticket(who("li"), world.liyuan, procedure="appointment", answers=given, at=MONDAY)
    for username, step, answers, minutes in [
        ("li", "agree", {"visit_at": "2026-11-23 10:00", "place": "客厅", "repeated": "confirmed"}, 0),
        ("li", "notify", {"call_taker": str(who("wang").id), "can_meet": "yes"}, 0),
        ("wang", "arrange", {"arrangement": "派王强十点到"}, 0), ("li", "precall", {"change": "none"}, 55),
        ("wang", "serve", {"done_by": [str(who("wang").id)], "finished_at": "2026-11-23 10:40", "result": "吊灯装好"}, 100),
    ]:  # fmt: skip
        clock.at = MONDAY + timedelta(minutes=minutes)
        actions.finish(who(username), store.load(row.id), task=open_task(row, step).id, answers=answers, at=clock.at)
    paper = Paper.objects.get(about=f"ticket:{row.id}", form="派工单")
    papers.print_out(who("li"), paper, at=clock.at)
    return row, paper, Copy.objects.get(paper=paper, returns=True)


def give_back(client, copy, *, photo=True):
    given = {"signed_by": "王秀英", "signed_at": "2026-11-23T10:30"}
    if photo:
        given["photo"] = SimpleUploadedFile("IMG_1.PNG", PNG, "image/png")
    return client.post(f"/papers/copies/{copy.pk}/return", given, follow=True).content.decode()


def test_what_procedures_may_call_a_copy_comes_from_the_catalogue():
    assert {"派工单第二联", "派工单回联", "派工单"} <= set(called(form_named("派工单"), "回联"))


def test_the_signed_copy_with_its_photo_finishes_the_step_that_waits_for_it(visit, as_, clock, who):
    row, _, copy = visit
    told = give_back(as_("li"), copy)
    assert "「交回派工单第二联」随之办结" in told
    task = next(one for one in store.load(row.id).state.tasks if one.step == "copy2")
    key = Attachment.objects.get().key
    assert task.done and task.outcome == "done" and task.evidence["signature of resident"] == [key]
    assert "PG-20261123-001" in task.evidence["paper 派工单第二联"] and "王秀英" not in str(task.evidence)
    html = as_("wang").get(f"/tickets/{row.id}").content.decode()
    assert f"/attachments/{key}" in html and "收回《派工单》PG-20261123-001 第二联" in html
    assert audit.examine(clock.at).differing == (), "the ticket follows from its events"


@pytest.fixture
def early(world, who, clock):
    """The same appointment, its 派工单 printed and back signed while the engineer is still at work."""
    given = {
        "channel": "phone", "unit": "3-1-1201", "caller": "王秀英", "phone": "13800000001", "content": "装吊灯", "need": "engineering",
        "in_scope": "yes", "read_back": "confirmed",
    }  # fmt: skip
    row = actions.file_ticket(who("li"), world.liyuan, procedure="appointment", answers=given, at=MONDAY)
    for username, step, answers, minutes in [
        ("li", "agree", {"visit_at": "2026-11-23 10:00", "place": "客厅", "repeated": "confirmed"}, 0),
        ("li", "notify", {"call_taker": str(who("wang").id), "can_meet": "yes"}, 0),
        ("wang", "arrange", {"arrangement": "派王强十点到"}, 0), ("li", "precall", {"change": "none"}, 55),
    ]:  # fmt: skip
        clock.at = MONDAY + timedelta(minutes=minutes)
        actions.finish(who(username), store.load(row.id), task=open_task(row, step).id, answers=answers, at=clock.at)
    clock.at = MONDAY + timedelta(minutes=95)
    paper = papers.add(who("li"), world.liyuan.pk, about=f"ticket:{row.id}", form="派工单", at=clock.at)
    papers.print_out(who("li"), paper, at=clock.at)
    return row, Copy.objects.get(paper=paper, returns=True)


@pytest.mark.parametrize("photo", [True, False])
def test_a_copy_that_came_back_before_its_step_fills_it_as_soon_as_it_opens(early, as_, clock, who, photo):
    row, copy = early
    assert "已收回存档" in give_back(as_("li"), copy, photo=photo) and not any(one.step == "copy2" for one in store.load(row.id).state.tasks)
    clock.at = MONDAY + timedelta(minutes=100)
    served = {"done_by": [str(who("wang").id)], "finished_at": "2026-11-23 10:40", "result": "吊灯装好"}
    actions.finish(who("wang"), store.load(row.id), task=open_task(row, "serve").id, answers=served, at=clock.at)
    task = next(one for one in store.load(row.id).state.tasks if one.step == "copy2")
    assert "李静 收回《派工单》PG-20261123-001 第二联" in task.evidence["paper 派工单第二联"]
    assert bool(task.done) is photo and bool(task.evidence.get("signature of resident")) is photo  # the signature is only there to be seen on a photo
    assert audit.examine(clock.at).differing == (), "the ticket follows from its events"


def test_without_the_photo_the_signature_is_still_wanted(visit, as_):
    row, _, copy = visit
    told = give_back(as_("li"), copy, photo=False)
    assert "已记入「交回派工单第二联」，还缺" in told and "签名" in told
    task = open_task(row, "copy2")
    assert set(task.evidence) == {"paper 派工单第二联"} and not task.done


def test_a_ticket_that_waits_for_nothing_or_is_over_takes_the_copy_back_all_the_same(visit, as_, who, clock):
    row, _, copy = visit
    actions.withdraw(who("chen"), store.load(row.id), reason="业主取消", at=clock.at)
    assert "已收回存档" in give_back(as_("li"), copy)
    assert Copy.objects.get(pk=copy.pk).returned_at is not None


# --- in the clear ------------------------------------------------------------------------------------------------------


WHY = "师傅上门要按电话联系业主"


def clear(client, paper, **given):
    return client.post(f"/papers/{paper.pk}/clear", {"layout": "", "medium": "html", "reason": WHY} | given)


@pytest.mark.shows("D1.07")
def test_the_desk_asks_and_prints_once_after_the_supervisor_has_approved(visit, as_, who, clock):
    _, paper, _ = visit
    li = as_("li")
    assert "13800000001" not in li.get(f"/papers/{paper.pk}").content.decode()
    assert clear(li, paper, reason="看").status_code == 422
    assert clear(li, paper).status_code == 302
    asked = Reveal.objects.get()
    assert asked.state == "asked" and "派工单" in asked.title and Printing.objects.count() == 1
    assert "待批准" in li.get(f"/papers/{paper.pk}").content.decode() and clear(li, paper).status_code == 409
    assert "PG-20261123-001" in as_("lin").get("/estate/reveals").content.decode()
    estate.decide_reveal(who("lin"), asked, approve=True, at=clock.at)
    assert "已批准" in li.get(f"/papers/{paper.pk}").content.decode()
    assert clear(as_("zhang"), paper, reason="x").status_code == 422, "another's approval is nobody else's"
    answer = clear(li, paper)
    html = answer.content.decode()
    assert answer.status_code == 200 and answer["Cache-Control"] == "no-store" and "王秀英" in html and "13800000001" in html
    assert "明文 第 1 份 · 重印 第 2 次 · 李静 2026-11-23" in html and f"事由：{WHY} · 批准：林芳" in html
    made = Printing.objects.latest("id")
    assert made.turn == 2 and "王秀英" not in made.content and "13800000001" not in made.content
    again = li.get(f"/papers/printings/{made.pk}").content.decode()
    assert "138****0001" in again and "13800000001" not in again and "姓名电话已隐去" in again
    line = Entry.objects.filter(code="paper.printed_clear").get()
    assert WHY in line.text and "批准人：林芳" in line.text and "13800000001" not in line.text
    assert clear(li, paper).status_code == 302 and Reveal.objects.count() == 2, "the approval was for one sheet: the next is asked for anew"


def test_who_may_approve_prints_on_that_authority_and_others_cannot_ask(visit, as_):
    _, paper, _ = visit
    html = clear(as_("lin"), paper).content.decode()
    assert "13800000001" in html and "批准：林芳" in html
    assert "明文 第 2 份" in clear(as_("lin"), paper).content.decode()
    wang = as_("wang")
    assert "明文打印" not in wang.get(f"/papers/{paper.pk}").content.decode() and clear(wang, paper).status_code == 403
    assert clear(as_("mei"), paper).status_code == 404


def test_word_in_the_clear_takes_the_companys_form_and_is_marked_on_every_page(visit, as_, who, clock):
    import zipfile
    from io import BytesIO

    from shouwen.papers import renderer

    pytest.importorskip("docxtpl")
    _, paper, _ = visit
    lin = as_("lin")
    answer = clear(lin, paper, medium="docx")
    assert answer.status_code == 422 and "没有启用的 Word 模板" in answer.content.decode() and not Entry.objects.filter(code="paper.printed_clear").exists()
    made = papers.upload_template(who("chen"), visit[0].community_id, form=form_named("派工单"), name="派工单.docx", content=renderer.sample("派工单", [["{{ 单据编号 }}", "编号"]]), at=clock.at)
    papers.use_template(who("chen"), made, use=True, at=clock.at)
    assert "Word" in lin.get(f"/papers/{paper.pk}").content.decode()
    answer = clear(lin, paper, medium="docx")
    assert answer.status_code == 200 and answer["Cache-Control"] == "no-store" and "docx" in answer["Content-Disposition"]
    with zipfile.ZipFile(BytesIO(answer.content)) as packed:
        heads = "".join(packed.read(name).decode() for name in packed.namelist() if name.startswith("word/header"))
    assert "明文 第 1 份" in heads and f"事由：{WHY}" in heads and "批准：林芳" in heads
    kept = Printing.objects.latest("id")
    masked = lin.get(f"/papers/printings/{kept.pk}?as=docx").content
    with zipfile.ZipFile(BytesIO(masked)) as packed:
        assert "姓名电话已隐去" in "".join(packed.read(name).decode() for name in packed.namelist() if name.startswith("word/header"))

