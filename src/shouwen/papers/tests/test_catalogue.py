"""The catalogue of forms: every form the clauses name is in it, says where its words come from, fits its paper."""

from __future__ import annotations

import json
import re

import pytest

from shouwen.papers import drawing, sheets
from shouwen.papers.catalogue import HEAD, LAYOUTS, Table, catalogue, form_named
from shouwen.papers.tests.test_papers import NINE, record
from shouwen.procedures import clauses, editions
from shouwen.procedures.engine import read

SECTIONS = ("E10", "E11", "E12", "E16", "E17", "E39")
NOT_FORMS = {
    "《质量缺陷责任期内工程维修流程》": "a procedure (B8.03)", "《投诉处理工作规程》": "a procedure (C17.01)", "《报修管理工作规程》": "a procedure",
    "安全管理相关工作规程": "a procedure", "《突发事件处理工作规程》": "a procedure", "《火警火灾处理工作规程》": "a procedure",
    "绩效考核(原文未命名)": "a figure of performance, read from 满意度反馈 (C8.09)",
}
OTHER_NAMES = {
    "求助记录(原文未命名)": "客户求助记录", "满意度反馈(原文未命名)": "满意度反馈", "书面报告": "保修办书面报告", "咨询登记(原文未命名)": "住户咨询记录表",
    "客户求助统计(原文未命名)": "客户求助统计",
}
"""What a clause calls it → what the catalogue calls it."""


def plain(name: str) -> str:
    """《派工单(第二联)》 → 派工单: without brackets, copies and remarks of the catalogue of clauses."""
    name = OTHER_NAMES.get(name, name).strip("《》")
    name = re.sub(r"[(（](原件|附件|第.联|推知|推断|隐含|原文[^)）]*|收楼/表格3)[)）]", "", name).strip("《》")
    return name.replace("(", "（").replace(")", "）")


def procedures():
    return {rules.procedure: rules for _, text in editions.library_files() for rules in [read(text)]}


def test_every_form_that_the_clauses_name_is_in_the_catalogue():
    known = set(catalogue()) | {alias for form in catalogue().values() for alias in form.aliases}
    named = {
        clause.form: clause.id for clause in clauses.catalog().values()
        if clause.form and (clause.seed in "ABC" or clause.section in SECTIONS)
    }
    missing = {plain(form): clause for form, clause in named.items() if form not in NOT_FORMS and plain(form) not in known}
    assert missing == {}
    assert NOT_FORMS.keys() <= named.keys(), "an exception that no clause needs any more"


def test_every_form_that_a_procedure_prints_is_in_the_catalogue():
    for rules in procedures().values():
        for step in rules.every_step.values():
            for name in step.prints:
                form = catalogue().get(name)
                assert form is not None and rules.procedure in form.of, f"{rules.procedure}.{step.name} prints {name}"


def test_every_word_on_a_form_comes_from_somewhere():
    known = procedures()
    for form in catalogue().values():
        if set(form.of) & {"log", "handover"}:
            continue
        if form.later:
            assert not form.of and not form.rows, f"{form.form} is said to come later"
            continue
        assert form.of and form.rows, form.form
        assert set(form.of) <= set(known), f"{form.form} is a view of no procedure"
        asks = {name for slug in form.of for name in known[slug].asks}
        steps = {name for slug in form.of for name in known[slug].every_step}
        for cell in form.cells:
            for source in cell.source:
                if source.startswith("@"):
                    assert source[1:] in {*HEAD, "title"}, f"{form.form} {cell.label}: {source}"
                elif "." in source:
                    assert source.partition(".")[0] in steps and source.partition(".")[2] in ("by", "at"), f"{form.form}: {source}"
                else:
                    assert source in asks, f"{form.form} {cell.label}: no answer named {source}"
            assert not cell.step or cell.step in steps, f"{form.form} {cell.label}: no step {cell.step}"


def test_clauses_of_the_catalogue_exist():
    known = clauses.catalog()
    assert [(form.form, one) for form in catalogue().values() for one in form.clauses if one not in known] == []


def test_a_form_nobody_declared_prints_the_course_of_its_record():
    form = form_named("没人声明过的表")
    assert form.prefix == "DJ" and any(isinstance(row, Table) for row in form.rows)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_style_of_a_layout_is_the_file_the_browser_loads(layout):
    assert drawing.style(layout).endswith(drawing.page_style(layout))


def test_every_form_prints_from_its_record():
    """Each answer that a form asks for stands on it, whichever of the form's procedures the record is of."""
    for form in catalogue().values():
        for kind in form.of if not form.later else ():
            facts = {source: type(record().facts["content"])(source, f"〔{source}〕") for cell in form.cells for source in cell.source}
            made = sheets.sheet(form, record(kind=kind, facts=facts), "X-1", [])
            said = json.dumps(made, ensure_ascii=False)
            first = [cell.source[0] for cell in form.cells if cell.source and not cell.source[0].startswith("@") and "." not in cell.source[0]]
            assert [name for name in first if f"〔{name}〕" not in said] == [], form.form


def test_what_changed_since_is_named():
    form = form_named("工作联系单")
    before = sheets.sheet(form, record(), "LX-1", [])
    after = sheets.sheet(form, record(status="已办结", finished=NINE, facts={}), "LX-1", [])
    changed = {label: (old, new) for label, old, new in sheets.differences(before, after)}
    assert changed["办理状态"] == ("办理中", "已办结") and changed["投诉内容"] == ("楼道灯三天未修", "") and "房号" not in changed
    assert sheets.differences(before, before) == []
