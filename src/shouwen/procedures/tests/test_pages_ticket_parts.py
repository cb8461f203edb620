"""The parts of the ticket's page: what may be done and why not, departments side by side, evidence, story, print, overtaken forms."""

import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from shouwen.kernel.journal import bookkeeping
from shouwen.notices.models import Notice
from shouwen.procedures import actions, store
from shouwen.procedures.models import Attachment, Event

from .conftest import MONDAY
from .test_pages_ticket import CLASSIFIED, HTMX, _files, form, fresh, page, repair, row, upload  # noqa: F401
from .test_pictures import exif, jpeg


@pytest.fixture
def two(row, who):  # noqa: F811
    """The complaint, dispatched to two departments at once."""
    actions.finish(who("li"), row, task=2, answers={**CLASSIFIED, "departments": ["engineering", "security"]}, at=MONDAY)
    _finish(who("li"), row, "dispatch", {"responsible_person": str(who("wu").id)})
    for _ in range(6):
        now = fresh(row).state
        if sum(t.step == "handle" for t in now.open_tasks) > 1:
            return fresh(row)
        for task in now.open_tasks:
            if task.step not in ("handle", "follow_up"):
                _finish(who("li"), row, task.step, {}, evidence={"scan": ["x"]})
    return fresh(row)


def _finish(who, row, step, answers, evidence=None):  # noqa: F811
    now = fresh(row)
    task = next(t.id for t in now.state.open_tasks if t.step == step)
    return actions.finish(who, now, task=task, answers=answers, at=MONDAY + timedelta(minutes=5), evidence=evidence)


@pytest.mark.shows("D7.04")
def test_how_long_the_first_answer_took_stands_on_the_ticket(as_, who, world):
    given = {"content": "班车几点发车", "caller": "王秀英", "phone": "13800000001", "unit": "3-1-1201", "rings": "2"}
    call = actions.file_ticket(who("li"), world.liyuan, procedure="call_intake", answers=given, at=MONDAY)
    promise = lambda: page(as_("li").get(f"/tickets/{call.id}")).partition("首次答复")[2].partition("</li>")[0]  # noqa: E731
    assert "用时" not in promise()
    now = fresh(call)
    actions.finish(who("li"), now, task=now.state.open_tasks[0].id, answers={"nature": "answered", "reply": "早七点起"}, at=MONDAY + timedelta(minutes=12))
    assert "做到了" in promise() and "用时 12 分钟" in promise()


# --- what may be done, and why the rest may not ---


def test_every_verb_stands_there_and_what_is_closed_says_why(as_, row):  # noqa: F811
    html = page(as_("li").get(f"/tickets/{row.id}"))
    able, closed = html.split("现在不能做的，为什么")
    for title in ("催单", "转交跟进人", "关联另一张工单", "撤销工单"):
        assert title in able
    why = dict(re.findall(r"<dt>([^<]+)</dt><dd>([^<]+)</dd>", closed.split("</dl>")[0]))
    assert "重新打开" in why and "清除隐私内容" in why and all(why.values())
    assert "住户资料" in why["清除隐私内容"]


def test_forms_of_verbs_come_when_opened_and_only_to_who_may(as_, row):  # noqa: F811
    for name, words in (("urge", "办理人和其上级"), ("follow", "何敏"), ("withdraw", "撤销工单"), ("hand-2", "何敏"), ("link", "工单编号")):
        part = page(as_("li").get(f"/tickets/{row.id}/do/{name}", **HTMX))
        assert words in part and "<html" not in part
        assert as_("mo").get(f"/tickets/{row.id}/do/{name}").status_code == 404
        assert as_("mei").get(f"/tickets/{row.id}/do/{name}").status_code == 404
    assert as_("li").get(f"/tickets/{row.id}/do/nothing").status_code == 404
    assert "<html" in page(as_("li").get(f"/tickets/{row.id}/do/urge"))  # also without scripts


def test_a_step_has_its_card_with_limit_clause_and_what_was_done(as_, row):  # noqa: F811
    card = page(as_("li").get(f"/tickets/{row.id}/steps/classify", **HTMX))
    assert "受理识别" in card and "A7.05" in card and "20分钟内把登记表送到责任部门" in card and "在办" in card and "<html" not in card
    assert "还没有到这一步" in page(as_("li").get(f"/tickets/{row.id}/steps/handle"))
    assert as_("li").get(f"/tickets/{row.id}/steps/nothing").status_code == 404
    assert as_("mei").get(f"/tickets/{row.id}/steps/classify").status_code == 404
    html = page(as_("li").get(f"/tickets/{row.id}"))
    assert f'href="/tickets/{row.id}/steps/classify"' in html and "李静 · 用时" in html  # the flowchart leads there, and says who did it


# --- acting for somebody else ---


def test_a_superior_acts_on_behalf_and_says_why(as_, row):  # noqa: F811
    client = as_("lin")
    html = page(client.get(f"/tickets/{row.id}"))
    assert "代客户接待员办理" in html and 'name="on_behalf"' not in html  # opened on purpose only
    part = page(client.get(f"/tickets/{row.id}/tasks/2", **HTMX))
    assert 'name="on_behalf"' in part and "代客户接待员办结" in part
    refused = client.post(f"/tickets/{row.id}/tasks/2/finish", form(2, CLASSIFIED), **HTMX)
    assert refused.status_code == 422 and "代办原因" in page(refused) and 'value="I"' in page(refused)
    client.post(f"/tickets/{row.id}/tasks/2/finish", {**form(2, CLASSIFIED), "on_behalf": "前台在接待访客"}, **HTMX)
    html = page(client.get(f"/tickets/{row.id}"))
    assert "代客户接待员办结「受理识别」，代办原因：前台在接待访客" in html
    assert 'name="on_behalf"' not in page(as_("li").get(f"/tickets/{row.id}"))


def test_the_form_of_a_task_is_only_for_who_may_do_it(as_, row):  # noqa: F811
    assert 'name="on_behalf"' not in page(as_("li").get(f"/tickets/{row.id}/tasks/2", **HTMX))
    for who in ("wang", "mo", "mei"):
        assert as_(who).get(f"/tickets/{row.id}/tasks/2", **HTMX).status_code == 404


# --- two at once ---


def test_overtaken_by_a_change_one_sees_it_and_submits_again_with_one_click(as_, row, who):  # noqa: F811
    client = as_("li")
    seen = re.search(r'name="seen" value="(\d+)"', page(client.get(f"/tickets/{row.id}")))[1]
    actions.note(who("lin"), fresh(row), text="无关紧要", at=MONDAY)
    actions.amend(who("lin"), fresh(row), answers={"content": "楼道灯五天没亮"}, reason="业主更正", at=MONDAY)
    typed = {**form(2, {**CLASSIFIED, "difficult_reason": "我写的话"}), "seen": seen}
    answer = client.post(f"/tickets/{row.id}/tasks/2/finish", typed, **HTMX)
    html = page(answer)
    assert answer.status_code == 422 and "您填写期间，工单有了变化" in html and "变更投诉内容：业主更正" in html and "无关紧要" not in html
    assert re.search(r'value="I"[^>]*checked', html) and "按现在的情况再提交" in html
    assert not Event.objects.filter(ticket=row.id, kind="finished").exists()
    again = re.search(r'name="seen" value="(\d+)"', html)[1]
    assert client.post(f"/tickets/{row.id}/tasks/2/finish", {**typed, "seen": again}, **HTMX)["HX-Redirect"]
    assert Event.objects.filter(ticket=row.id, kind="finished").count() == 1


def test_notes_and_time_passing_do_not_stand_in_the_way(as_, row, who):  # noqa: F811
    seen = str(row.state.seq)
    actions.note(who("lin"), fresh(row), text="业主又来电", at=MONDAY)
    actions.urge(who("lin"), fresh(row), reason="", at=MONDAY)
    assert "HX-Redirect" in as_("li").post(f"/tickets/{row.id}/tasks/2/finish", {**form(2, CLASSIFIED), "seen": seen}, **HTMX)


def test_two_corrections_at_once(as_, row, who):  # noqa: F811
    client = as_("li")
    html = page(client.get(f"/tickets/{row.id}/amend/intake"))
    assert "data-now" not in html  # a moment once given stays when the form is touched
    given = dict(re.findall(r'name="(amend-\w+|seen)" value="([^"]*)"', html)) | {
        "amend-channel": "phone", "amend-heard": "direct", "amend-source": "centre", "amend-content": "楼道灯三天没亮，很暗", "reason": "补充"}
    actions.amend(who("lin"), fresh(row), answers={"content": "楼道灯五天没亮"}, reason="业主更正", at=MONDAY)
    answer = client.post(f"/tickets/{row.id}/amend/intake", given, **HTMX)
    html = page(answer)
    assert answer.status_code == 422 and "现在是：楼道灯五天没亮" in html and "楼道灯三天没亮，很暗" in html and 'value="补充"' in html
    seen = re.search(r'name="seen" value="(\d+)"', html)[1]
    assert "HX-Redirect" in client.post(f"/tickets/{row.id}/amend/intake", given | {"seen": seen}, **HTMX)
    assert fresh(row).state.answers["content"] == "楼道灯三天没亮，很暗"


# --- departments side by side ---


def test_departments_at_work_stand_side_by_side(as_, two, who):
    html = page(as_("lin").get(f"/tickets/{two.id}"))
    sides = html[html.index('class="side-row"'):]
    assert "同时办理 · 0/2 已办" in html and "工程部" in sides and "安保部" in sides and "统筹" in sides


# --- evidence ---


@pytest.fixture
def shown(as_, row):  # noqa: F811
    client = as_("li")
    files = {"before": jpeg(exif()), "after": jpeg(), "": jpeg(exif(turned=3))}
    return {
        purpose: client.post("/attachments", {"ticket": row.id, "purpose": purpose, "file": SimpleUploadedFile(f"照片{n}.jpg", content)}).json()
        for n, (purpose, content) in enumerate(files.items())
    }


def test_pictures_before_and_after_say_when_and_where(as_, row, shown):  # noqa: F811
    html = page(as_("li").get(f"/tickets/{row.id}"))
    shelves = html[html.index('id="evidence"'):html.index('id="answers-title"')]
    before, after = shelves.index("处理前"), shelves.index("处理后")
    assert before < shelves.index("照片0.jpg") < after < shelves.index("照片1.jpg")
    assert "2026-11-23 09:12" not in shelves  # a moment that lies ahead of the upload is not believed
    assert "22.543083,114.057861" in shelves


def test_the_picture_shown_tells_nothing_the_original_is_whole(as_, row, shown):  # noqa: F811
    kept = Attachment.objects.get(key=shown["before"]["key"])
    assert kept.purpose == "before" and kept.spot == "22.543083,114.057861" and kept.digest
    seen = as_("li").get(f"/attachments/{kept.key}")
    assert seen["Content-Type"] == "image/jpeg" and b"2026:11:23" not in seen.content and len(seen.content) < kept.size
    whole = as_("li").get(f"/attachments/{kept.key}?original")
    assert whole.content == jpeg(exif()) and whole["Content-Disposition"].startswith("attachment")
    assert as_("mei").get(f"/attachments/{kept.key}?original").status_code == 404


def test_evidence_is_written_once(row, shown):  # noqa: F811
    key = shown["before"]["key"]
    for change in ({"digest": "0" * 64}, {"taken_at": MONDAY}, {"ticket_id": None}):
        with bookkeeping("a test tries to forge"), pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            Attachment.objects.filter(key=key).update(**change)
    with bookkeeping("a test tries to forge"), pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Attachment.objects.filter(key=key)._raw_delete("default")
    with bookkeeping("what may be erased"):
        assert Attachment.objects.filter(key=key).update(erased_at=MONDAY) == 1


# --- the story ---


def test_the_story_is_told_by_day_with_how_long_it_took_and_what_was_corrected(as_, row, who, clock):  # noqa: F811
    actions.amend(who("li"), fresh(row), answers={"content": "楼道灯五天没亮"}, reason="业主更正", at=MONDAY + timedelta(minutes=3))
    actions.finish(who("li"), fresh(row), task=2, answers=CLASSIFIED, at=MONDAY + timedelta(minutes=12))
    clock.at = MONDAY + timedelta(days=1)
    html = page(as_("li").get(f"/tickets/{row.id}"))
    story = html[html.index('id="story"'):]
    assert story.index("受理投诉处理") < story.index("变更投诉内容") < story.index("办结「受理识别」")
    assert "昨天 11 月 23 日 周一" in story and "用时 12 分钟" in story
    assert "<del>楼道灯三天没亮</del>" in story and "<ins>楼道灯五天没亮</ins>" in story


def test_the_story_may_be_read_for_the_customer_or_the_limits_alone(as_, row, who):  # noqa: F811
    actions.note(who("li"), fresh(row), text="业主来电补充", at=MONDAY)
    actions.take(who("li"), fresh(row), task=2, at=MONDAY)
    actions.urge(who("lin"), fresh(row), reason="领导关注", at=MONDAY)
    client = as_("li")
    talk = page(client.get(f"/tickets/{row.id}/timeline?show=talk"))
    limits = page(client.get(f"/tickets/{row.id}/timeline?show=limits"))
    assert "业主来电补充" in talk and "接单" not in talk
    assert "领导关注" in limits and "业主来电补充" not in limits
    assert "接单" in page(client.get(f"/tickets/{row.id}/timeline?show=nonsense"))


# --- print ---


def test_the_sheet_for_printing_is_masked_and_whole(as_, row, shown):  # noqa: F811
    html = page(as_("li").get(f"/tickets/{row.id}/print"))
    for text in (row.number, "楼道灯三天没亮", "138****0001", "受理识别", "处理前", "由李静打印"):
        assert text in html
    assert "13800000001" not in html and "<form" not in html
    assert as_("mei").get(f"/tickets/{row.id}/print").status_code == 404


# --- private answers ---


def test_asking_waiting_and_looking_once(as_, row):  # noqa: F811
    client = as_("li")
    asked = page(client.post(f"/tickets/{row.id}/reveal/phone", {"reason": "回访客户"}, **HTMX))
    assert "等待批准" in asked and "13800000001" not in asked
    assert "等待批准" in page(client.get(f"/tickets/{row.id}"))
    assert Notice.objects.filter(user__username="lin", title=f"李静申请查看{row.number} 的联系电话，等您批准", body="理由：回访客户").count() == 1
    waiting = page(as_("lin").get("/estate/reveals"))
    assert f"{row.number} 的联系电话" in waiting
    decide = re.search(r'action="(/estate/reveals/\d+/\w+)"', waiting)[1]
    as_("lin").post(decide, {"decision": "approve"})
    assert "林芳已批准" in page(client.get(f"/tickets/{row.id}"))
    assert "13800000001" in page(client.post(f"/tickets/{row.id}/reveal/phone", **HTMX))
    assert "13800000001" not in page(client.get(f"/tickets/{row.id}/masked/phone", **HTMX))


def test_erasing_from_the_page(as_, row):  # noqa: F811
    assert "永久删除" in page(as_("lin").get(f"/tickets/{row.id}/do/erase", **HTMX))
    assert as_("li").post(f"/tickets/{row.id}/erase", {"reason": "本人书面要求"}).status_code == 403
    as_("lin").post(f"/tickets/{row.id}/erase", {"reason": "本人书面要求"})
    html = page(as_("lin").get(f"/tickets/{row.id}"))
    assert "138****0001" in html and "reveal/phone" not in html and "清除隐私内容：本人书面要求" in html


# --- cost ---


def test_the_page_of_a_busy_ticket_asks_no_more(as_, two, who):
    client = as_("lin")
    for n in range(6):
        actions.note(who("li"), store.load(two.id), text=f"第 {n} 次", at=MONDAY + timedelta(minutes=20 + n))
    upload(client, two.id)
    client.get(f"/tickets/{two.id}")
    with CaptureQueriesContext(connection) as seen:
        client.get(f"/tickets/{two.id}")
    assert len(seen) <= 12, [q["sql"][:90] for q in seen]
