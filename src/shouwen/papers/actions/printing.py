"""A form is asked for, printed, printed again, made void. What stood on it is kept whole, with its digest."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F

from shouwen.kernel.access import Actor
from shouwen.kernel.journal import Done, action, now
from shouwen.kernel.numbers import next_number
from shouwen.kernel.refusals import Conflict, Refused
from shouwen.kernel.templatetags.ui import SHANGHAI
from shouwen.kernel.words import clean_text

from ..catalogue import LAYOUTS, CopyRule, form_named, forms_of
from ..models import Copy, Paper, Printing
from ..records import NEIGHBOURS, Record, read
from ..sheets import copies_of, digest_of, ordinal, sheet, written

MEDIA = {"html": "网页打印", "pdf": "PDF", "docx": "Word"}


def ask(*, community_id: int, form: str, number: str, about: str, by: str, at: datetime) -> None:
    """A procedure `prints`: the form now waits to be printed (once, however often it is asked for). Only inside an action.

    `number` is the record's own; the form gets its number when it is first printed.
    """
    Paper.objects.bulk_create(
        [Paper(community_id=community_id, form=form[:60], record=number[:40], about=about[:80], asked_at=at, asked_by=by[:60])],
        ignore_conflicts=True,
    )


@action("paper.added", may="tickets.work", says="{record} 开单据《{form}》")
def add(actor: Actor, place: int, /, *, about: str, form: str, at: datetime) -> Done:
    """A form by hand, of a record that it is a view of. Returns the Paper that waits, also when it already did."""
    record = read(actor, about)
    if form not in {one.form for one in forms_of(record.kind)} or record.community_id != place:
        raise Refused("这种记录不能打印这张单据，请重新选择。", {"form": "请重新选择"})
    ask(community_id=place, form=form, number=record.number, about=about, by=actor.name, at=at)
    paper = Paper.objects.get(about=about, form=form, state=Paper.State.ASKED)
    return Done(paper, {"form": form, "record": record.number})


@action("paper.printed", may="tickets.work", says="打印《{form}》{number}，第 {turn} 次（{medium}）{reason}")
def print_out(
    actor: Actor, paper: Paper, /, *, layout: str = "", medium: str = "html", reason: str = "", at: datetime
) -> Done:
    """Print: number it the first time, lay its copies into their holders' hands, keep what stands on it. Returns the Printing.

    A reprint says why; it is marked as the n-th on the paper. A5.05, B9.06–08.
    """
    made = printed(actor, paper, read(actor, paper.about), layout=layout, medium=medium, reason=reason, at=at)
    facts = facts_of(made) | {"reason": f"，原因：{made.reason}" if made.reason else ""}
    return Done(paper, facts, result=made)


def facts_of(made: Printing) -> dict[str, Any]:
    paper = made.paper
    return {
        "form": paper.form, "number": paper.number, "turn": made.turn, "medium": MEDIA[made.medium], "layout": made.layout, "digest": made.digest,
        "reason": made.reason,
    }  # fmt: skip


def printed(
    actor: Actor, paper: Paper, record: Record, *, layout: str, medium: str, reason: str, at: datetime, clear: dict[str, Any] | None = None
) -> Printing:
    """The one way a paper is printed, inside an action. `clear`: the mark of a sheet in the clear, kept on the masked sheet.

    The paper's row is taken by compare-and-set, so two who print at once do not both print the first.
    """
    form = form_named(paper.form)
    if paper.state == Paper.State.VOID:
        raise Refused("这张单据已作废，不能再打印。如仍需要，请在记录上重新开一张。")
    layout = layout or form.layout
    if layout not in LAYOUTS or medium not in MEDIA:
        raise Refused("没有这种版式，请重新选择。", {"layout": "请重新选择"})
    reason = clean_text(reason, "重印原因", 200, field="reason")
    if paper.printed and not reason:
        raise Refused("这张单据已经打印过。重印要写明原因，例如：卡纸、业主要求补一份。", {"reason": "请填写重印原因"})
    first = not paper.printed
    if first:
        paper.number = next_number(paper.community_id, form.prefix, at.astimezone(SHANGHAI).date())
    rules = copies_of(form, record)
    copies = [
        {"seq": seq, "ordinal": ordinal(seq), "name": rule.name, "holder": name, "returns": bool(rule.returns)}
        for seq, (rule, _, name) in enumerate(rules, 1)
    ] if first else [
        {"seq": c.seq, "ordinal": ordinal(c.seq), "name": c.name, "holder": c.holder_name, "returns": c.returns}
        for c in paper.copies.order_by("seq")
    ]  # fmt: skip
    content = written(sheet(form, record, paper.number, copies) | ({"clear": clear} if clear else {}))
    state = paper.state
    if first:
        state = Paper.State.OUT if any(rule.returns for rule, _, _ in rules) else Paper.State.PRINTED
    changed = Paper.objects.filter(pk=paper.pk, printed=paper.printed, state=paper.state).update(
        printed=F("printed") + 1, printed_at=at, number=paper.number, state=state
    )
    if not changed:
        raise Conflict("这张单据刚被别人打印过，请刷新后再试。")
    paper.printed, paper.printed_at, paper.state = paper.printed + 1, at, state
    if first:
        Copy.objects.bulk_create(_copy(paper, seq, rule, holder, name, record, at) for seq, (rule, holder, name) in enumerate(rules, 1))
    return Printing.objects.create(
        paper=paper, turn=paper.printed, at=at, by_id=actor.id, by_name=actor.name, reason=reason, layout=layout, medium=medium,
        digest=digest_of(content), content=content,
    )  # fmt: skip


def _copy(paper: Paper, seq: int, rule: CopyRule, holder: str, name: str, record: Record, at: datetime) -> Copy:
    return Copy(
        paper=paper, community_id=paper.community_id, seq=seq, name=rule.name, holder=holder, holder_name=name, fixed=rule.fixed,
        returns=bool(rule.returns), due_at=_due(paper.community_id, rule.returns, holder, at) if rule.returns else None,
    )  # fmt: skip


def _due(community_id: int, returns: str, holder: str, at: datetime) -> datetime:
    if days := re.fullmatch(r"(\d+)d", returns):
        end = at.astimezone(SHANGHAI) + timedelta(days=int(days[1]))
        return end.replace(hour=23, minute=59, second=0, microsecond=0)
    return NEIGHBOURS.shift_end(community_id, holder, at)


@action("paper.voided", may="tickets.work", says="作废《{form}》{number}：{reason}")
def void(actor: Actor, paper: Paper, /, *, reason: str, at: datetime) -> Done:
    """Make a form void: its number stays used, its copies are no longer waited for."""
    read(actor, paper.about)
    reason = clean_text(reason, "作废原因", 200, field="reason")
    if not reason:
        raise Refused("作废要写明原因，例如：填错房号、重复开单。", {"reason": "请填写作废原因"})
    if paper.state in (Paper.State.VOID, Paper.State.BACK):
        raise Refused(f"这张单据{paper.get_state_display()}，不能作废。")
    changed = Paper.objects.filter(pk=paper.pk, state=paper.state, printed=paper.printed).update(
        state=Paper.State.VOID, voided_at=at, voided_by=actor.name, void_reason=reason
    )
    if not changed:
        raise Conflict("这张单据刚被别人处理过，请刷新后再试。")
    paper.copies.filter(returns=True, returned_at=None).update(returns=False, remark="单据已作废，不用交回")
    paper.state = Paper.State.VOID
    return Done(paper, {"form": paper.form, "number": paper.number or "（未编号）", "reason": reason})


@action("paper.exported", may="tickets.view", says="导出{title}（{rows} 行；{filters}）")
def _exported(actor: Actor, place: None, /, *, title: str, rows: int, filters: str, at: datetime) -> Done:
    return Done(f"papers.paper:{title}", {"title": title, "rows": rows, "filters": filters})


def exported(actor: Actor, *, title: str, rows: int, filters: dict[str, Any]) -> None:
    """The journal line of an export: what was listed, how it was narrowed, how many rows."""
    said = "，".join(f"{name}：{value}" for name, value in filters.items()) or "未筛选"
    _exported(actor, actor.community, title=title, rows=rows, filters=said, at=now())


def exported_as(actor: Actor, *, title: str, rows: int, filters: str) -> None:
    """As `exported`, with the filters in words already (kernel/exports.py)."""
    _exported(actor, actor.community, title=title, rows=rows, filters=filters, at=now())


@action("document.exported", may="documents.view", says="导出{title}（{rows} 行；{filters}）")
def _documents_exported(actor: Actor, place: int | None, /, *, title: str, rows: int, filters: str, at: datetime) -> Done:
    return Done(f"papers.document:{title}", {"title": title, "rows": rows, "filters": filters})


def documents_exported(actor: Actor, *, title: str, rows: int, filters: dict[str, Any]) -> None:
    said = "，".join(f"{name}：{value}" for name, value in filters.items()) or "未筛选"
    _documents_exported(actor, actor.community, title=title, rows=rows, filters=said, at=now())
