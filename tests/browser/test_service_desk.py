"""Three calls from the first word to the archive, as people work them: in a browser, each person at their own desk."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from shouwen.kernel.journal import now
from shouwen.procedures.calendars import local

from .conftest import Site

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000 1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)
"""A picture of one pixel: what people sign with here."""

SIGNED = {"name": "签名.png", "mimeType": "image/png", "buffer": PNG}
CALLER = {"caller": "王秀英", "phone": "13800000001"}
Answers = dict[str, Any]


class Staff:
    """Everybody at their own browser, signed in when first needed."""

    def __init__(self, site: Site) -> None:
        self.site, self.url, self.broken = site, site.url, site.broken
        self.pages: dict[str, Page] = {}
        self.fresh = ("", "")
        """Who has which ticket before them just as it is: whoever touched one last, until somebody touches another."""

    def __getitem__(self, who: str) -> Page:
        if who not in self.pages:
            self.pages[who] = self.site.at_desk(who)
        return self.pages[who]

    def files(self, who: str, search: str, matter: str, answers: Answers) -> str:
        """At the counter, by keyboard: find the caller, choose the matter, write it down, save. Returns the ticket's path."""
        page = self[who]
        page.goto(f"{self.url}/counter")
        expect(page.locator("#find")).to_be_focused()
        page.keyboard.type(search)
        expect(page.locator("#hits [role=option]").first).to_be_visible()
        page.keyboard.press("Enter")
        expect(page.locator("#caller")).to_contain_text("王")
        expect(page.locator("#matter-find")).to_be_focused()
        page.keyboard.type(matter)
        page.keyboard.press("Enter")
        form = page.locator("#file-form")
        expect(form).to_be_visible()
        expect(form.locator("[name=unit]")).to_have_value("3-1-1201")
        for name, value in answers.items():
            _fill(form, name, value)
        expect(page.locator("#outlook .ahead li").first).to_be_visible()
        page.keyboard.press("Control+Enter")
        filed = page.locator(".filed a").first
        expect(filed).to_be_visible()
        expect(page.locator("#find")).to_be_focused()
        return str(filed.get_attribute("href"))

    def works(self, who: str, ticket: str, title: str, answers: Answers) -> None:
        """Finish a task on the page of its ticket."""
        page = self[who]
        if self.fresh != (who, ticket):
            page.goto(self.url + ticket)
        task = page.locator("article.task", has=page.get_by_role("heading", name=title, exact=True))
        expect(task).to_have_count(1)
        work = task.locator(".task-work")
        if work.get_attribute("open") is None:
            work.locator("summary").first.click()
        form = task.locator("form.step-form")
        for name, value in answers.items():
            _fill(form, name, value)
        form.locator("button[type=submit]").click()
        expect(page.locator("#toasts")).to_contain_text("已办结「")
        expect(page.locator("#done-title + .table-box")).to_contain_text(title.partition("（")[0])
        page.locator("#toasts [data-dismiss]").first.click()
        self.fresh = (who, ticket)

    def child(self, who: str, ticket: str) -> str:
        """The path of the newest ticket linked to this one."""
        page = self[who]
        page.goto(self.url + ticket)
        return str(page.locator(".linked a").last.get_attribute("href"))

    def archived(self, who: str, ticket: str) -> None:
        page = self[who]
        page.goto(self.url + ticket)
        expect(page.locator(".ticket-marks")).to_contain_text("已办结")
        expect(page.locator("#tasks")).to_contain_text("全部办完，已归档")
        assert self.broken == []


def _fill(form: Locator, name: str, value: Any) -> None:
    """Answer one question as a person would: choose, tick, write, or hand in a picture."""
    if isinstance(value, dict) and "buffer" not in value:
        for key, tick in value.items():
            form.locator(f'[name$="{name}.{key}"][value="{tick}"]').check()
        return
    if isinstance(value, dict):
        box = form.locator(f'.upload[data-name$="{name}"]')
        box.locator("input[type=file]").set_input_files([value])
        expect(box.locator("input[type=hidden]")).to_have_count(1)
        return
    field = form.locator(f'[name$="{name}"]:not([type=hidden])')
    kind = field.first.evaluate("field => field.tagName === 'SELECT' ? 'select' : field.type")
    if kind == "checkbox" and value is True:
        field.check()
    elif kind in ("radio", "checkbox"):
        for one in value if isinstance(value, list) else [value]:
            form.locator(f'[name$="{name}"][value="{one}"]').check()
    elif kind == "select":
        option = field.locator("option", has_text=value) if re.search("[一-龥]", value) else None
        field.select_option(option.first.get_attribute("value") if option else value)
    else:
        field.fill(value)


@pytest.fixture
def staff(site: Site) -> Staff:
    """The demo community at work."""
    return Staff(site)


def complaint(staff: Staff) -> None:
    """A complaint of class I: identified, sent, handled by one department, answered, signed, verified, filed."""
    c = staff.files("li", "3-1-1201", "ts", {**CALLER, "content": "楼道灯三天没亮，老人摸黑上楼"})
    staff.works("li", c, "受理识别", {
        "in_commitment": "yes", "valid_for": "quality", "class": "I", "level": "minor", "departments": ["engineering"],
    })  # fmt: skip
    staff.works("li", c, "送登记表、开《工作联系单》", {"responsible_person": "吴刚", "instruction": "今天修好"})
    staff.works("wu", c, "责任部门办理（工程部）", {
        "inquired_at": _clock(), "findings": "声控开关坏", "opinion": "更换", "process": "已更换", "result": "灯亮了",
        "analysis": "开关老化", "outcome": "solved",
    })  # fmt: skip
    staff.works("li", c, "登记处理经过与结果", {
        "recorded_process": "已更换开关", "recorded_result": "灯亮了", "recorded_analysis": "开关老化",
    })  # fmt: skip
    page = staff["li"]
    expect(page.locator("article.task .says")).to_contain_text("结果是：灯亮了")  # the words carry the answer
    staff.works("li", c, "回复并回访验证", {
        "visit_by": "phone", "spoke_with": "王秀英", "resolved": "yes", "satisfied": "yes", "confirmed_by": "phone",
    })  # fmt: skip
    staff.works("cheng", c, "区域客服签名确认意见", {"area_signature": SIGNED})
    staff.works("wu", c, "部门负责人回访，一类写案例分析（工程部）", {
        "head_visit_note": "业主满意", "case_cause": "开关老化", "case_handling": "更换", "case_lesson": "按季巡检",
        "train_departments": ["engineering"],
    })  # fmt: skip
    staff.works("chen", c, "验证措施是否见效", {"effective": "yes", "verification": "见效"})
    staff.works("su", c, "归入投诉档案", {})
    staff.works("deng", c, "企业管理部存档", {})
    staff.archived("li", c)


def urgent_repair(staff: Staff) -> None:
    """A burst pipe: urgent by itself, signed for, dispatched, mended at home, asked about, filed."""
    r = staff.files("li", "3-1-1201", "2", {**CALLER, "place": "卫生间", "content": "水管爆裂满地水", "fault": "burst_pipe"})
    page = staff["li"]
    page.goto(staff.url + r)
    expect(page.locator(".ticket-marks")).to_contain_text("急修")
    expect(page.locator("article.task.is-others")).to_contain_text("由工程部办理")  # not the receptionist's to sign for
    staff.works("wang", r, "工程部签字领单", {"signed_for": SIGNED, "can_go": "now"})
    staff.works("li", r, "电话告知业主马上有人到", {})
    staff.works("wu", r, "工程主管派工", {"technician": "王强", "skill": "water", "go_at": _clock(), "notice": "WX-01"})
    staff.works("wang", r, "到场", {})
    h = staff.child("wang", r)
    staff.works("wang", h, "备好工具", {"water_kit": {"wrench": "yes", "tape": "yes", "pump": "yes"}})
    staff.works("wang", h, "到户", {
        "manners": {"intercom": "yes", "knock": "yes", "covers": "yes"}, "accompanied": "waived", "waiver": "客服在接电话",
    })  # fmt: skip
    staff.works("wang", h, "了解情况、检查故障", {"diagnosis": "软管破裂", "outcome": "now", "chargeable": "no"})
    staff.works("wang", h, "维修", {"started_at": _clock(), "finished_at": _clock(), "materials": "软管一根"})
    staff.works("wang", h, "清理现场", {"cleaned": "done", "need-0": SIGNED})
    staff.works("wang", h, "住户验收", {"accepted": "pass"})
    staff.works("wang", h, "住户在维修单签名", {"need-0": SIGNED})
    staff.works("wang", h, "维修人员署名", {"technician_signature": SIGNED})
    staff.works("wang", h, "完工维修单交工程部", {"need-0": True})
    staff.works("wu", h, "维修单返行政管理中心和业主服务中心", {
        "admin_receiver": "谢文", "admin_at": _clock(), "desk_receiver": "李静", "desk_at": _clock(),
    })  # fmt: skip
    staff.works("wu", h, "存档", {})
    staff.archived("wu", h)
    staff.works("wu", r, "工程部统计归档", {"repair_result": "fixed", "minutes_used": "30", "charged": "free"})
    tomorrow = local(now()).date() + timedelta(days=1)
    staff.works("li", r, "征求业主意见", {"reached": "reached", "opinion": "来得快", "revisit_on": tomorrow.isoformat()})
    f = staff.child("li", r)
    staff.works("li", f, "回访", {
        "mode": "phone", "satisfaction": "5", "satisfied": "yes", "details": "不再漏水", "visitor_signature": SIGNED,
    })  # fmt: skip
    staff.works("lin", f, "客服主管阅", {"supervisor_note": "已阅"})
    staff.works("chen", f, "服务中心经理阅", {"issue": "no"})
    staff.works("li", f, "资料归档", {})
    staff.works("li", r, "资料归档", {"papers": {"request": "yes", "dispatch": "yes", "acceptance": "yes", "follow_up": "yes"}})
    staff.archived("li", r)


def medical_emergency(staff: Staff) -> None:
    """Somebody is ill: address and phone first, 120 called, the gate ready, the ambulance guided, all written up."""
    m = staff.files("li", "3-1-1201", "3", {**CALLER, "address": "三号楼 1201 客厅", "content": "老人胸口疼"})
    staff.works("li", m, "问明要哪种帮助", {"help": "ambulance", "grade": "ordinary"})
    staff.works("li", m, "问清病情，代拨 120", {"condition": "胸痛出汗", "customer_told": "yes"})
    staff.works("qian", m, "通知入口准备接应", {})
    staff.works("gu", m, "入口确认就绪", {})
    staff.works("gu", m, "引导救护车", {"guided_by": "顾明"})
    staff.works("qian", m, "值班负责人反馈", {"reception_report": "救护车十分钟到"})
    staff.works("li", m, "物业助理记录", {"handling": "已送医"})
    staff.works("li", m, "向客服部主管汇报", {"reported": "已送市一医院"})
    staff.archived("li", m)


def test_three_calls_from_the_first_word_to_the_archive(staff: Staff) -> None:
    """One community for all three: building it costs more than a journey."""
    for journey in (complaint, urgent_repair, medical_emergency):
        journey(staff)


def _clock() -> str:
    """Now, as a field for date and time takes it."""
    return local(now()).strftime("%Y-%m-%dT%H:%M")
