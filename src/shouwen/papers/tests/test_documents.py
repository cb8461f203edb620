"""Controlled documents: one number for ever, nothing issued without its cover, levels, and the fee standard under its manual."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.template.loader import render_to_string

from shouwen.kernel.access import EVERYWHERE, Actor
from shouwen.kernel.refusals import Conflict, Forbidden, NotFound, Refused
from shouwen.papers import queries
from shouwen.papers.actions import documents
from shouwen.papers.actions.documents import Words
from shouwen.papers.models import Document, Reading
from shouwen.papers.pages.documents import paragraphs
from shouwen.papers.tests.test_papers import NINE

DENG = Actor(id=8, name="邓凯", grants=dict.fromkeys(("documents.view", "documents.edit"), frozenset({EVERYWHERE})))
LI = Actor(id=1, name="李静", grants={"documents.view": frozenset({1})}, community=1)
MEI = Actor(id=2, name="梅兰", grants={"documents.view": frozenset({2})}, community=2)
COVER = Words("A/0", "王工", "邓凯", "企业管理部", "一、目的\n规范投诉处理。\n1 范围\n（1）全体员工。")


def draft(number="QC/RE-KA 1964", words=COVER, place=None, **given):
    given = {"title": "投诉及建议管理作业指导书", "level": 3} | given
    return documents.draft(DENG, place, number=number, words=words, at=NINE, **given)


def issued(*args, **kwargs):
    edition = draft(*args, **kwargs)
    documents.issue(DENG, edition.document, edition=edition, at=NINE)
    return edition.document


@pytest.mark.shows("B1.01")
def test_a_control_number_is_needed_and_used_once(db):
    with pytest.raises(Refused, match="须有文号"):
        draft(number="  ")
    draft()
    with pytest.raises(Refused, match="已经用过"):
        draft(number="qc/re-ka 1964")


@pytest.mark.shows("B1.01", "B1.02")
def test_the_number_stands_in_the_head_that_repeats_on_every_page_and_the_cover_names_its_makers(db):
    edition = draft(words=replace(COVER, text="\n".join(f"第{n}条 内容" for n in range(1, 200))))
    page = render_to_string("papers/document_pdf.html", {"edition": edition, "document": edition.document, "paragraphs": paragraphs(edition.text)})
    head = page.partition("<thead>")[2].partition("</thead>")[0]
    assert "QC/RE-KA 1964" in head and "QC/RE-KA 1964" in page.partition('class="control-head"')[2].partition("</p>")[0]
    cover = page.partition('class="cover"')[2].partition("</div>")[0]
    assert all(one in cover for one in ("编订", "王工", "审批", "邓凯", "工作单位", "企业管理部"))


@pytest.mark.shows("B1.02")
@pytest.mark.parametrize("name,said", [("author", "编订"), ("approver", "审批"), ("unit", "工作单位")])
def test_nothing_is_issued_while_the_cover_is_not_whole(db, name, said):
    edition = draft(words=replace(COVER, **{name: " "}))
    with pytest.raises(Refused, match=said):
        documents.issue(DENG, edition.document, edition=edition, at=NINE)
    assert Document.objects.get().state == "draft"
    documents.edit(DENG, edition.document, edition=edition, words=COVER, at=NINE)
    edition.refresh_from_db()
    documents.issue(DENG, edition.document, edition=edition, at=NINE)
    assert Document.objects.get().state == "issued"


@pytest.mark.shows("B1.03")
def test_every_document_has_a_level_and_the_list_narrows_to_it(db):
    with pytest.raises(Refused, match="级别"):
        draft(level=4)
    issued()
    issued("M-1", title="质量手册", level=1)
    assert [one.number for one in queries.documents(LI).filter(level=3)] == ["QC/RE-KA 1964"]


@pytest.mark.shows("C17.08")
def test_the_fee_standard_is_found_under_the_repair_manual(db):
    manual = issued("GC-01", title="工程维修服务手册", level=2)
    fees = issued("GC-01-3", title="有偿服务收费标准", parent=manual)
    assert list(queries.documents(LI).filter(parent=manual)) == [fees]
    assert list(queries.documents(LI).filter(parent__title__icontains="维修服务手册")) == [fees]


def test_a_new_edition_takes_the_place_of_the_old_and_nothing_issued_changes(db):
    found = issued()
    old = found.editions.get()
    with pytest.raises(Conflict, match="已经发布"):
        documents.edit(DENG, found, edition=old, words=replace(COVER, text="改"), at=NINE)
    with pytest.raises(Refused, match="修订了什么"):
        documents.revise(DENG, found, words=replace(COVER, edition="A/1"), at=NINE)
    new = documents.revise(DENG, found, words=replace(COVER, edition="A/1", change="时限改为 20 分钟"), at=NINE)
    with pytest.raises(Conflict, match="在起草"):
        documents.revise(DENG, found, words=replace(COVER, edition="A/2", change="x"), at=NINE)
    with pytest.raises(NotFound):
        queries.edition(LI, new.pk)
    documents.issue(DENG, found, edition=new, at=NINE + timedelta(days=1))
    old.refresh_from_db()
    assert old.superseded_at == NINE + timedelta(days=1) and queries.edition(LI, new.pk) == new
    documents.withdraw(DENG, found, reason="并入新文件", at=NINE + timedelta(days=2))
    with pytest.raises(Refused, match="已废止"):
        documents.revise(DENG, found, words=replace(COVER, edition="B/0", change="x"), at=NINE)


def test_drafts_and_other_communities_documents_are_not_seen(db):
    draft()
    own = issued("LY-1", place=1)
    assert list(queries.documents(LI)) == [own] and not queries.documents(MEI).exists() and queries.documents(DENG).count() == 2
    with pytest.raises(Forbidden):
        documents.withdraw(LI, own, reason="x", at=NINE)


def test_reading_is_signed_once_for_the_edition_in_force(db):
    found = issued(must_read=True)
    edition = found.editions.get()
    assert queries.unread(LI, NINE) == 1
    for _ in range(2):
        documents.sign_read(LI, 1, edition=edition, at=NINE)
    assert Reading.objects.count() == 1 and queries.unread(LI, NINE) == 0
    new = documents.revise(DENG, found, words=replace(COVER, edition="A/1", change="时限改为 20 分钟"), at=NINE)
    documents.issue(DENG, found, edition=new, at=NINE)
    assert queries.unread(LI, NINE) == 1, "who has read the old edition has not read the new one"


@pytest.mark.parametrize("name,content", [("a.html", b"<html>"), ("a.pdf", b"<html>"), ("a.docx", b"MZ"), ("a.exe", b"MZ")])
def test_only_documents_are_attached(db, name, content):
    with pytest.raises(Refused, match="附件只能是"):
        draft(words=replace(COVER, file=(name, content)))


def test_lines_become_headings_items_and_paragraphs():
    assert [kind for kind, _ in paragraphs(COVER.text)] == ["heading", "text", "heading", "item"]
