"""Forms are asked for once, numbered when printed, printed again with a reason, seen where one may see their record."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shouwen.kernel.access import SYSTEM, Actor
from shouwen.kernel.journal import bookkeeping
from shouwen.kernel.models import Entry
from shouwen.kernel.refusals import Conflict, Forbidden, NotFound, Refused
from shouwen.papers import actions, drawing, queries, records
from shouwen.papers.models import Copy, Paper, Printing
from shouwen.papers.records import Fact, Line, Record, Step
from shouwen.papers.sheets import digest_of

NINE = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
GRANTS = ("tickets.view", "tickets.work", "settings.edit")
LI = Actor(id=1, name="李静", grants=dict.fromkeys(GRANTS, frozenset({1})), posts=frozenset({"receptionist"}), community=1)
WANG = Actor(id=3, name="王强", grants=dict.fromkeys(GRANTS[:2], frozenset({1})), posts=frozenset({"engineer"}), community=1)
MEI = Actor(id=2, name="梅兰", grants=dict.fromkeys(GRANTS, frozenset({2})), community=2)


def record(**changes):
    given = {
        "about": "thing:7", "community_id": 1, "community": "荔园", "kind": "complaint", "number": "TS-20261123-001", "title": "投诉处理",
        "url": "/tickets/7", "status": "办理中", "finished": None,
        "head": {"number": "TS-20261123-001", "place": "3-1-1201", "departments": "工程部、安保部", "status": "办理中"},
        "facts": {"content": Fact("投诉内容", "楼道灯三天未修"), "caller": Fact("投诉人", "王**"), "opinion": Fact("意见", "换灯")},
        "steps": {"handle": (Step("责任部门办理", "王强", NINE),)}, "story": (Line(NINE, "李静", "受理"),),
        "departments": (("engineering", "工程部"), ("security", "安保部")),
    }  # fmt: skip
    return Record(**given | changes)


@pytest.fixture
def things(db, monkeypatch):
    """The records behind the papers: `things["7"]` is what the neighbour would hand over."""
    found = {"7": record()}
    photos = []

    def read(actor, rest):
        if rest not in found or not actor.may("tickets.view", found[rest].community_id):
            raise NotFound
        return found[rest]

    def keep(actor, about, name, content, at):
        photos.append((about, name, content))
        return "photo-key"

    monkeypatch.setitem(records.SOURCES, "thing", read)
    monkeypatch.setattr(records.NEIGHBOURS, "shift_end", lambda community, holder, at: at + timedelta(hours=7))
    monkeypatch.setattr(records.NEIGHBOURS, "keep_photo", keep)
    found["photos"] = photos
    return found


def ask(form="工作联系单", about="thing:7"):
    with bookkeeping("test"):
        actions.ask(community_id=1, form=form, number="TS-20261123-001", about=about, by="李静", at=NINE)
    return Paper.objects.order_by("-id").first()


@pytest.fixture
def paper(things):
    return ask()


def test_seen_in_its_community_only(paper):
    assert list(queries.papers(LI)) == [paper] and list(queries.about(LI, "thing:7")) == [paper]
    assert not queries.papers(MEI).exists() and not queries.about(MEI, "thing:7").exists()
    assert queries.paper(SYSTEM, paper.pk) == paper
    with pytest.raises(NotFound):
        queries.paper(MEI, paper.pk)


def test_asked_for_twice_it_waits_once(paper):
    ask()
    assert Paper.objects.count() == 1
    actions.print_out(LI, paper, at=NINE)
    ask()
    assert Paper.objects.count() == 2, "what was printed is a paper of its own; the next visit has the next form"


def test_numbers_rise_by_form_and_community_and_only_when_printed(paper):
    other = ask("用户意见受理表")
    assert paper.number == ""
    first = actions.print_out(LI, paper, at=NINE)
    second = actions.print_out(LI, ask(), at=NINE)
    third = actions.print_out(LI, other, at=NINE)
    assert [p.paper.number for p in (first, second, third)] == ["LX-20261123-001", "LX-20261123-002", "YJ-20261123-001"]


def test_a_reprint_says_why_and_is_counted(paper):
    one = actions.print_out(LI, paper, at=NINE)
    with pytest.raises(Refused, match="重印要写明原因"):
        actions.print_out(LI, paper, at=NINE)
    two = actions.print_out(LI, paper, reason="卡纸", at=NINE + timedelta(minutes=5))
    assert (one.turn, two.turn, two.reason, paper.number) == (1, 2, "卡纸", "LX-20261123-001")
    assert Entry.objects.order_by("-id").first().text == "打印《工作联系单》LX-20261123-001，第 2 次（网页打印），原因：卡纸"
    assert Copy.objects.filter(paper=paper).count() == 3, "a reprint gives no new copies to anybody"


def test_two_who_print_at_once_are_told(paper):
    same = queries.paper(LI, paper.pk)
    actions.print_out(LI, paper, at=NINE)
    with pytest.raises(Conflict, match="刚被别人打印"):
        actions.print_out(LI, same, at=NINE)


def test_a_stranger_prints_nothing(paper):
    with pytest.raises(Forbidden):
        actions.print_out(MEI, paper, at=NINE)
    assert queries.paper(LI, paper.pk).printed == 0


def test_what_stood_on_the_paper_is_kept_and_checked(paper, things):
    made = actions.print_out(LI, paper, at=NINE)
    assert made.digest == digest_of(made.content) and "楼道灯三天未修" in made.content
    assert [v.whole for v in queries.verdicts(paper)] == [True]
    from django.db import DatabaseError, transaction

    with bookkeeping("an attack"), pytest.raises(DatabaseError), transaction.atomic():
        Printing.objects.filter(pk=made.pk).update(content="{}")
    things["7"] = record(status="已办结", facts={"content": Fact("投诉内容", "楼道灯已修"), "caller": Fact("投诉人", "王**")})
    assert json.loads(Printing.objects.get(pk=made.pk).content)["status"] == "办理中"


@pytest.mark.shows("B9.06", "B9.01")
def test_the_sheet_shows_status_finishing_time_and_who_wrote_an_opinion(things):
    things["7"] = record(status="已办结", finished=NINE)
    content = json.loads(actions.print_out(LI, ask("业主投诉/建议处理记录表"), at=NINE).content)
    assert (content["status"], content["finished"]) == ("已办结", "2026-11-23 09:00")
    opinion = next(c for row in content["rows"] for c in row.get("cells", ()) if c["label"] == "责任部门处理意见")
    assert (opinion["text"], opinion["by"]) == ("换灯", "王强 2026-11-23 09:00")


@pytest.mark.shows("B9.07", "B9.08", "A5.05")
def test_every_copy_has_its_holder_and_the_original_stays(paper):
    content = json.loads(actions.print_out(LI, paper, at=NINE).content)
    original, first, second = paper.copies.order_by("seq")
    assert (original.name, original.holder_name, first.holder_name, second.holder_name) == ("原件", "客户接待员", "工程部", "安保部")
    assert [(c["ordinal"], c["holder"]) for c in content["copies"]] == [("第一联", "客户接待员"), ("第二联", "工程部"), ("第三联", "安保部")]
    with pytest.raises(Refused, match="部门不能更改"):
        actions.hand_on(WANG, original, holder="dept:engineering", at=NINE)
    original.refresh_from_db()
    assert original.holder == "post:receptionist"


@pytest.mark.shows("A5.03", "A5.04", "A5.05")
def test_a_signed_copy_comes_back_with_its_photo(things):
    order = ask("派工单")
    actions.print_out(LI, order, at=NINE)
    kept, *back = order.copies.order_by("seq")
    assert order.state == "out" and not kept.returns and [c.due_at for c in back] == [NINE + timedelta(hours=7)] * 2
    assert [c.pk for c in queries.copies_out(LI)] == [c.pk for c in back] and not queries.copies_out(MEI).exists()
    late = NINE + timedelta(hours=6)
    with pytest.raises(Forbidden, match="由服务中心签收"):
        actions.returned(WANG, back[0], signed_by="王秀英", signed_at=NINE, at=late)
    for signer, signed, said in (("", NINE, "签字人"), ("王秀英", None, "签字时间"), ("王秀英", late + timedelta(hours=2), "不能晚于现在"),
                                 ("王秀英", NINE - timedelta(days=365), "早于这张单据生成的日期（2026-11-23）")):
        with pytest.raises(Refused, match=re.escape(said)):
            actions.returned(LI, back[0], signed_by=signer, signed_at=signed, at=late)
    for each in back:
        actions.returned(LI, each, signed_by="王秀英", signed_at=NINE, photo=("单.jpg", b"jpg"), at=late)
    found = Copy.objects.get(pk=back[0].pk)
    assert (found.signed_by, found.returned_to, found.photo) == ("王**", "李静", "photo-key")
    assert things["photos"][0][1] == "派工单-PG-20261123-001-第二联.jpg"
    order.refresh_from_db()
    assert order.state == "back" and not queries.copies_out(LI).exists()
    with pytest.raises(Conflict):
        actions.returned(LI, Copy.objects.get(pk=back[0].pk), signed_by="王秀英", signed_at=NINE, at=late)
    with pytest.raises(Refused, match="不能作废"):
        actions.void(LI, order, reason="填错", at=late)
    assert "王秀英" not in Entry.objects.order_by("-id").first().text


def test_a_copy_that_does_not_come_back_is_asked_for_once(things, monkeypatch):
    told = []
    monkeypatch.setattr(records.NEIGHBOURS, "tell", told.append)
    order = ask("派工单")
    actions.print_out(LI, order, at=NINE)
    due = NINE + timedelta(hours=7)
    assert actions.remind(due) == 0 and actions.remind(due + timedelta(seconds=1)) == 2 and actions.remind(due + timedelta(hours=1)) == 0
    assert [(one.holder, "还没有签字交回" in one.body) for one in told] == [("dept:engineering", True), ("dept:security", True)]


def test_a_void_form_keeps_its_number_and_waits_for_nothing(things):
    order = ask("派工单")
    actions.print_out(LI, order, at=NINE)
    with pytest.raises(Refused, match="写明原因"):
        actions.void(LI, order, reason=" ", at=NINE)
    actions.void(LI, order, reason="填错房号", at=NINE)
    assert not queries.copies_out(LI).exists()
    with pytest.raises(Refused, match="已作废"):
        actions.print_out(LI, order, reason="再来", at=NINE)
    assert actions.print_out(LI, ask("派工单"), at=NINE).paper.number == "PG-20261123-002"


def test_a_form_by_hand_must_be_a_view_of_the_record(things):
    made = actions.add(LI, 1, about="thing:7", form="住户投诉意见表", at=NINE)
    assert made.state == "asked" and actions.add(LI, 1, about="thing:7", form="住户投诉意见表", at=NINE) == made
    with pytest.raises(Refused, match="不能打印这张单据"):
        actions.add(LI, 1, about="thing:7", form="派工单", at=NINE)
    with pytest.raises(NotFound):
        actions.add(LI, 1, about="thing:8", form="住户投诉意见表", at=NINE)


def test_a_record_without_private_facts_is_not_printed_in_the_clear(paper):
    li = replace(LI, grants=LI.grants | {"estate.reveal": frozenset({1})})
    with pytest.raises(Refused, match="没有隐去"):
        actions.ask_clear(li, paper, reason="业主要求写全名", at=NINE)
    with pytest.raises(Forbidden):
        actions.ask_clear(LI, paper, reason="业主要求写全名", at=NINE)


def test_copies_of_the_same_name_bring_the_record_on_once_all_are_back(things, monkeypatch):
    heard = []
    monkeypatch.setattr(records.NEIGHBOURS, "came_back", lambda actor, back: heard.append(back) or "随之办结")
    order = ask("派工单")
    actions.print_out(LI, order, at=NINE)
    first, second = order.copies.filter(returns=True).order_by("seq")
    assert "还有 1 份" in actions.returned(LI, first, signed_by="王秀英", signed_at=NINE, at=NINE) and not heard
    assert actions.returned(LI, second, signed_by="王秀英", signed_at=NINE, photo=("单.jpg", b"jpg"), at=NINE) == "随之办结"
    assert "派工单第二联" in heard[0].names and heard[0].signed == ("resident", "requester") and heard[0].photo == "photo-key"


def test_a_printer_that_is_off_is_told_by_how_much():
    assert drawing.shift_of({"dx": "2.5", "dy": "-3"}) == (2.5, -3.0)
    assert drawing.shift_of({"dx": "99", "dy": "x"}) == drawing.shift_of({}) == drawing.shift_of({"dx": "nan"}) == (0.0, 0.0)
    assert drawing.page_style("241x140", (2.5, -3.0)) == "@page { size: 241mm 140mm; margin: 3mm 15.5mm 8mm 20.5mm; }\n"
