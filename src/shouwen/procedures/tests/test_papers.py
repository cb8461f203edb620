"""Papers from real tickets: printed in copies, printed again, brought back with a photo, checked, exported; and who sees them."""

import io
import re
import zipfile
from datetime import datetime, timedelta
from importlib.util import find_spec
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from python_calamine import CalamineWorkbook

import shouwen.config.wiring as wiring
from shouwen.duty.models import Handover, HandoverLine
from shouwen.kernel.journal import bookkeeping
from shouwen.kernel.models import Entry
from shouwen.notices.models import Notice
from shouwen.org import queries as org
from shouwen.papers import actions as papers
from shouwen.papers import queries as paper_queries
from shouwen.papers import records
from shouwen.papers.models import Copy, Paper, Printing, WordTemplate
from shouwen.procedures import actions, store
from shouwen.procedures.models import Attachment, Ticket

from .conftest import MONDAY

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
CHINA = ZoneInfo("Asia/Shanghai")


@pytest.fixture(autouse=True)
def _files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def row(world, who):
    """A complaint that was sent to engineering and security: 《工作联系单》 waits to be printed."""
    found = actions.file_ticket(who("li"), world.liyuan, procedure="complaint", at=MONDAY, answers={
        "channel": "phone", "unit": "3-1-1201", "caller": "王秀英", "phone": "13800000001", "content": "=楼道灯<b>三天</b>没亮",
    })  # fmt: skip
    actions.finish(who("li"), found, task=2, at=MONDAY, answers={
        "in_commitment": "yes", "valid_for": "quality", "class": "I", "level": "minor", "difficult": "no",
        "departments": ["engineering", "security"],
    })  # fmt: skip
    found = store.load(found.id)
    task = next(t for t in found.state.open_tasks if t.step == "dispatch")
    actions.finish(who("li"), found, task=task.id, at=MONDAY, answers={"responsible_person": str(org.user_id_of("wu")), "instruction": "今天修好"})
    return store.load(found.id)


@pytest.fixture
def sheet(row):
    return Paper.objects.get(about=f"ticket:{row.id}", form="工作联系单")


@pytest.fixture
def order(row, who, clock):
    """A 派工单 opened by hand of the complaint's sister: here of an appointment filed for it."""
    found = actions.file_ticket(who("li"), row.community_id, procedure="special_service", at=MONDAY, answers={
        "channel": "phone", "unit": "3-1-1201", "caller": "王秀英", "phone": "13800000001", "content": "擦玻璃",
    })  # fmt: skip
    return papers.add(who("li"), row.community_id, about=f"ticket:{found.id}", form="派工单", at=MONDAY)


def page(response):
    return response.content.decode()


def print_(client, paper, **given):
    return client.post(f"/papers/{paper.pk}/print", {"layout": "", "medium": "html"} | given)


@pytest.mark.shows("B6.05", "B6.06", "B9.07", "B9.08")
def test_the_contact_sheet_is_printed_from_the_complaint(as_, sheet, row):
    html = page(as_("li").get(f"/papers/{sheet.pk}"))
    for text in ("工作联系单", row.number, "今天修好", "吴刚", "工程部、安保部", "王**", "一类", "预览", "编号在打印时生成"):
        assert text in html
    assert re.search(r"办理时限</th><td>2026-11-23 1\d:\d\d", html), "class 1: four hours"
    assert "王秀英" not in html and "13800000001" not in html and "<b>三天" not in html and "&lt;b&gt;三天" in html
    to = print_(as_("li"), sheet)
    html = page(as_("li").get(to.url))
    assert to.status_code == 302 and html.count('<section class="sheet"') == 3
    for copy in ("第一联 原件</strong>客户接待员留存", "第二联 附件</strong>工程部留存", "第三联 附件</strong>安保部留存", "共 3 联", "No. LX-20261123-001"):
        assert copy in html
    assert "data-print-now" in html and 'src="data:image/svg+xml' in html and "重印" not in html and "查阅件" not in html


def test_a_reprint_is_marked_on_the_paper_with_who_when_and_why(as_, sheet, clock):
    li = as_("li")
    print_(li, sheet)
    no = print_(li, sheet)
    assert no.status_code == 422 and "重印要写明原因" in page(no)
    clock.at = MONDAY + timedelta(minutes=3)
    html = page(li.get(print_(li, sheet, reason="卡纸").url))
    assert "重印 第 2 次 · 李静 2026-11-23 09:03 · 卡纸" in html and "LX-20261123-001" in html


def test_who_looks_later_sees_a_file_copy(as_, sheet, clock):
    print_(as_("li"), sheet)
    made = Printing.objects.get()
    assert "查阅件" not in page(as_("li").get(f"/papers/printings/{made.pk}"))
    assert "查阅件" in page(as_("chen").get(f"/papers/printings/{made.pk}"))
    clock.at = MONDAY + timedelta(minutes=11)
    assert "查阅件" in page(as_("li").get(f"/papers/printings/{made.pk}"))


@pytest.mark.shows("A5.03", "A5.04", "A5.05")
def test_the_second_copy_comes_back_signed_with_its_photo_on_the_ticket(as_, order, clock):
    li = as_("li")
    print_(li, order)
    back = Copy.objects.get(paper=order, returns=True)
    assert back.name == "回联" and back.due_at.astimezone(CHINA) > MONDAY
    html = page(li.get("/papers/outstanding"))
    assert "PG-20261123-001" in html and "第二联 回联" in html and f"/papers/copies/{back.pk}/return" in html
    clock.at = MONDAY + timedelta(hours=3)
    assert as_("wang").post(f"/papers/copies/{back.pk}/return", {"signed_by": "王秀英", "signed_at": "2026-11-23T11:50"}).status_code == 403
    no = li.post(f"/papers/copies/{back.pk}/return", {"signed_by": "", "signed_at": "2026-11-23T11:50"})
    assert no.status_code == 422 and Copy.objects.get(pk=back.pk).returned_at is None
    bad = SimpleUploadedFile("a.html", b"<script>", "text/html")
    no = li.post(f"/papers/copies/{back.pk}/return", {"signed_by": "王秀英", "signed_at": "2026-11-23T11:50", "photo": bad})
    assert no.status_code == 422 and "不能上传这种文件" in page(no) and not Attachment.objects.exists()
    photo = SimpleUploadedFile("IMG_1.PNG", PNG, "image/png")
    to = li.post(f"/papers/copies/{back.pk}/return", {"signed_by": "王秀英", "signed_at": "2026-11-23T11:50", "photo": photo})
    assert to.status_code == 302 and to.url == f"/papers/{order.pk}"
    kept = Attachment.objects.get()
    assert kept.name == "派工单-PG-20261123-001-第二联.png" and f"ticket:{kept.ticket_id}" == order.about
    assert "没有待交回的联" in page(li.get("/papers/outstanding"))
    html = page(li.get(f"/papers/{order.pk}"))
    assert re.search(r"王\*\* <time[^>]*>2026-11-23 11:50</time> 签字", html) and "王秀英" not in html
    assert li.get(f"/attachments/{kept.key}").status_code == 200, "A5.04: there for the service centre, and nothing takes it away"


@pytest.mark.shows("A5.02")
def test_a_copy_is_due_when_its_department_goes_off_work_and_then_asked_for(as_, sheet, row, order, who, clock):
    end = wiring.shift_end(row.community_id, "dept:engineering", MONDAY)
    assert end.astimezone(CHINA).strftime("%H:%M") in ("16:00", "17:30"), "early shift or office hours"
    print_(as_("li"), order)
    back = Copy.objects.get(paper=order, returns=True)
    clock.at = back.due_at + timedelta(minutes=1)
    assert papers.remind(clock.at) == 1
    told = Notice.objects.filter(key__startswith=f"copy{back.pk}.late")
    assert told.exists() and "还没有签字交回" in told[0].body and told[0].url == f"/papers/{order.pk}"
    html = page(as_("he").get("/papers/outstanding?show=late"))
    assert "过时限" in html and back.holder_name in html and "PG-20261123-001" in html


def test_the_papers_of_a_ticket_stand_beside_it(as_, sheet, row, order):
    assert f'hx-get="/papers/of?about=ticket:{row.id}"' in page(as_("li").get(f"/tickets/{row.id}"))
    html = page(as_("li").get(f"/papers/of?about=ticket:{row.id}"))
    assert "工作联系单" in html and "待打印" in html and "<option>住户投诉意见表</option>" in html and "派工单" not in html
    to = as_("li").post("/papers/add", {"about": f"ticket:{row.id}", "form": "住户投诉意见表"})
    assert to.status_code == 302 and Paper.objects.filter(form="住户投诉意见表", about=f"ticket:{row.id}").count() == 1
    assert as_("li").post("/papers/add", {"about": f"ticket:{row.id}", "form": "派工单"}).status_code == 422


def test_a_paper_is_checked_by_number_and_code(as_, sheet, row, who):
    print_(as_("li"), sheet)
    code = re.search(r"校验码 ([0-9A-F-]{14})", page(as_("li").get(f"/papers/printings/{Printing.objects.get().pk}")))[1]
    html = page(as_("zhang").get("/papers/check", {"number": "lx-20261123-001", "code": code}))
    assert "校验码相符" in html and "内容完好" in html and "打印以后记录没有变化" in html
    assert "校验码不符" in page(as_("zhang").get("/papers/check", {"number": "LX-20261123-001", "code": "0000-0000-0000"}))
    actions.withdraw(who("chen"), row, reason="误登记", at=MONDAY)
    html = page(as_("zhang").get("/papers/check", {"number": "LX-20261123-001"}))
    assert "打印以后记录有变化：" in html and "办理状态" in html
    for nonsense in ("\x00", "\u202e", "%", "x" * 999):
        assert as_("zhang").get("/papers/check", {"number": nonsense}).status_code in (200, 400, 422)
    assert "没有这个编号" in page(as_("mei").get("/papers/check", {"number": "LX-20261123-001"}))


def test_the_neighbours_see_and_do_nothing(as_, sheet, order, row):
    print_(as_("li"), order)
    made, back = Printing.objects.get(), Copy.objects.get(returns=True)
    mei = as_("mei")
    for address in (f"/papers/{sheet.pk}", f"/papers/printings/{made.pk}", f"/papers/copies/{back.pk}/return", f"/papers/of?about=ticket:{row.id}"):
        assert mei.get(address).status_code == 404
    for address in (f"/papers/{sheet.pk}/print", f"/papers/{sheet.pk}/void", f"/papers/copies/{back.pk}/hand-on"):
        assert mei.post(address, {"reason": "x"}).status_code == 404


def test_papers_of_a_confidential_ticket_are_seen_by_who_may_see_the_ticket(as_, row, sheet, who):
    with bookkeeping("test"):
        Ticket.objects.filter(pk=row.id).update(confidential=True)
    assert as_("wang").get(f"/papers/{sheet.pk}").status_code == 404 and as_("lin").get(f"/papers/{sheet.pk}").status_code == 200


def test_the_register_is_exported_as_filtered_and_the_journal_says_so(as_, sheet, order):
    print_(as_("li"), sheet)
    answer = as_("li").get("/papers/?state=printed&format=xlsx")
    rows = CalamineWorkbook.from_filelike(io.BytesIO(b"".join(answer.streaming_content))).get_sheet_by_index(0).to_python()
    assert [row[:3] for row in rows[1:]] == [["LX-20261123-001", "工作联系单", sheet.record]]
    line = Entry.objects.filter(code="paper.exported").latest("id")
    assert line.text == "导出单据（1 行；状态：已打印）" and line.actor_name == "李静"


def test_copies_that_are_out_are_exported_as_listed(as_, order, clock):
    print_(as_("li"), order)
    for show, count in (("", 1), ("show=late&", 0)):
        answer = as_("li").get(f"/papers/outstanding?{show}format=xlsx")
        rows = CalamineWorkbook.from_filelike(io.BytesIO(b"".join(answer.streaming_content))).get_sheet_by_index(0).to_python()
        assert len(rows) == 1 + count
    assert Entry.objects.filter(code="paper.exported").latest("id").text == "导出待回联（0 行；范围：已过时限）"


@pytest.mark.shows("A5.14")
def test_the_book_of_a_shift_prints_from_its_lines(as_, row, who):
    about = f"log:{row.community_id}/receptionist/2026-11-23/early"
    found = records.read(who("li"), about)
    assert found.kind == "log" and found.head["shift"] == "早班" and any("投诉受理" in line.text for line in found.story)
    paper = papers.add(who("li"), row.community_id, about=about, form="服务中心值班记录表", at=MONDAY)
    html = page(as_("li").get(print_(as_("li"), paper).url))
    assert "服务中心值班记录表" in html and "ZB1-20261123-001" in html and "投诉受理" in html
    assert as_("li").get("/papers/of?about=log:1/receptionist/nonsense/early").status_code == 404


@pytest.mark.shows("A5.15")
def test_a_hand_over_prints_with_both_names_and_what_was_handed_over(as_, world, who):
    with bookkeeping("test"):
        sheet = Handover.objects.create(
            community=world.liyuan, post="receptionist", to_post="receptionist", from_shift="早班", to_shift="中班", began_at=MONDAY,
            due_at=MONDAY + timedelta(hours=7), giver_id=who("li").id, giver_name="李静", receiver_name="何敏", opened_at=MONDAY,
        )  # fmt: skip
        HandoverLine.objects.create(handover=sheet, kind="work", number="TS-1", title="楼道灯", note="等配件", told_at=MONDAY)
        HandoverLine.objects.create(handover=sheet, kind="key", title="门禁卡", expected=3, given=3, received=2)
    paper = papers.add(who("li"), world.liyuan.pk, about=f"handover:{sheet.pk}", form="服务中心交接班记录表", at=MONDAY)
    html = page(as_("he").get(print_(as_("he"), paper).url))
    for text in ("JJB-20261123-001", "李静", "何敏", "TS-1 楼道灯；等配件；讲清√", "门禁卡；应有 3，交 3，接 2"):
        assert text in html
    assert as_("mei").get(f"/papers/{paper.pk}").status_code == 404


def test_what_a_page_costs_is_pinned(as_, sheet, order):
    li = as_("li")
    for address, most in ((f"/papers/{sheet.pk}", 24), ("/papers/", 9), ("/papers/outstanding", 9), (f"/papers/of?about={sheet.about}", 16)):
        li.get(address)
        with CaptureQueriesContext(connection) as seen:
            assert li.get(address).status_code == 200
        assert len(seen) <= most, (address, len(seen), [query["sql"][:90] for query in seen.captured_queries])


@pytest.mark.skipif(find_spec("docxtpl") is None, reason="docxtpl is not installed")
def test_the_company_s_own_word_form_is_filled(as_, sheet, world):
    li, chen = as_("li"), as_("chen")
    assert print_(li, sheet, medium="docx").status_code == 422, "no template is in use"
    assert Paper.objects.get(pk=sheet.pk).number == "", "a refusal gives no number away"
    sample = chen.get("/papers/forms/lx/placeholders")
    chen.post("/papers/forms/lx/template", {"file": SimpleUploadedFile("联系单.docx", sample.content)})
    template = WordTemplate.objects.get()
    chen.post(f"/papers/templates/{template.pk}/use", {"use": "yes"})
    answer = li.get(print_(li, sheet, medium="docx").url)
    text = zipfile.ZipFile(io.BytesIO(answer.content)).read("word/document.xml").decode()
    assert answer["Content-Disposition"].startswith("attachment") and "LX-20261123-001" in text and "=楼道灯&lt;b&gt;三天" in text
    assert "王秀英" not in text and "{{" not in text
    assert as_("li").get(f"/papers/templates/{template.pk}/file").status_code == 404


def test_layouts_and_templates_are_for_who_may_change_settings(as_, world):
    assert "派工单" in page(as_("li").get("/papers/forms")) and as_("li").get("/papers/forms/pg").status_code == 404
    assert as_("li").post("/papers/forms/pg/layout", {"layout": "a4"}).status_code == 404
    chen = as_("chen")
    html = page(chen.get("/papers/forms"))
    assert "派工单" in html and "施工人员出入证" in html and "随装修管理提供" in html
    assert chen.post("/papers/forms/pg/layout", {"layout": "a4"}).status_code == 302
    assert paper_queries.layout_of(world.liyuan.pk, "派工单") == "a4" and paper_queries.layout_of(world.yunxi.pk, "派工单") == ""
    assert chen.post("/papers/forms/pg/layout", {"layout": "a9"}).status_code == 422
    no = chen.post("/papers/forms/pg/template", {"file": SimpleUploadedFile("a.docm", b"PK")})
    assert no.status_code == 422 and "只能上传 Word 文档" in page(no)


@pytest.mark.shows("B1.01", "B1.02", "B1.03", "C17.08")
def test_a_controlled_document_from_draft_to_reading(as_, world):
    deng, li = as_("deng"), as_("li")
    manual = {"number": "GC-01", "title": "工程维修服务手册", "level": "2", "edition": "A/0", "author": "吴刚", "approver": "", "unit": "工程部",
              "text": "一、目的\n修好。", "company": "on", "must_read": "on"}  # fmt: skip
    to = deng.post("/papers/documents/new", manual)
    assert to.status_code == 302
    pk = int(to.url.rsplit("/", 1)[1])
    assert deng.post("/papers/documents/new", manual).status_code == 422, "the number is taken"
    assert li.get(to.url).status_code == 404, "a draft"
    edition = re.search(r"/papers/editions/(\d+)/issue", page(deng.get(to.url)))[1]
    no = deng.post(f"/papers/editions/{edition}/issue")
    assert no.status_code == 422 and "审批" in page(no)
    deng.post(f"/papers/editions/{edition}/edit", manual | {"approver": "邓凯"})
    assert deng.post(f"/papers/editions/{edition}/issue").status_code == 302
    file = SimpleUploadedFile("收费.pdf", b"%PDF-1.7 x")
    fees = deng.post("/papers/documents/new", manual | {"number": "GC-01-3", "title": "有偿服务收费标准", "level": "3", "parent": pk, "approver": "邓凯", "file": file})
    fee_edition = re.search(r"/papers/editions/(\d+)/issue", page(deng.get(fees.url)))[1]
    deng.post(f"/papers/editions/{fee_edition}/issue")
    html = page(li.get(f"/papers/documents/{pk}"))
    assert "收在本文件里的" in html and "有偿服务收费标准" in html and "您还没有签" in html
    html = page(li.get("/papers/documents/?level=3"))
    assert "GC-01-3" in html and "工程维修服务手册</a>" not in html
    assert li.post(f"/papers/editions/{edition}/read").status_code == 302 and "李静" in page(li.get(f"/papers/documents/{pk}"))
    html = page(li.get(f"/papers/editions/{edition}/print"))
    assert "GC-01" in html.partition("<thead>")[2].partition("</thead>")[0]
    given = li.get(f"/papers/editions/{fee_edition}/file")
    assert given["Content-Type"] == "application/octet-stream" and given["Content-Disposition"].startswith("attachment")
    assert li.get("/papers/documents/new").status_code == 403


def test_numbers_of_the_moment_and_no_other_are_on_the_paper(as_, sheet):
    """A form asked for on Sunday night and printed on Monday has Monday's number."""
    print_(as_("li"), sheet)
    assert Paper.objects.get(pk=sheet.pk).number == f"LX-{datetime(2026, 11, 23, tzinfo=CHINA):%Y%m%d}-001"
