"""The registers: papers, copies that must still come back, controlled documents; and the papers of one record."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from shouwen.kernel.exports import export
from shouwen.kernel.journal import now
from shouwen.kernel.refusals import NotFound, Refused
from shouwen.kernel.registers import EXPORT_LIMIT, Column, Filter, Register
from shouwen.kernel.screens import flash, page_of, render

from .. import actions, queries, records
from ..catalogue import catalogue, forms_of
from ..models import Copy, Document, Paper
from ..sheets import ordinal

TONES = {"asked": "info", "printed": "neutral", "out": "warning", "back": "success", "void": "neutral"}


def _forms(actor: Any) -> list[tuple[str, str]]:
    return [(form.form, form.form) for form in catalogue().values() if not form.later]


PAPERS = Register(
    "papers:papers", queries.papers, title="单据", may="tickets.view",
    columns=[
        Column("number", title="单据编号", value=lambda row: row.number or "未编号"), Column("form", title="单据"), Column("record", title="所属记录"),
        Column("state", "badge", tones=TONES), Column("asked_at"), "asked_by", Column("printed_at"), Column("printed", title="次数"),
    ],
    filters=[Filter("state", choices=Paper.State.choices), Filter("form", title="单据", choices=_forms), "asked_at"],
    search=["number", "record", "form"], search_hint="单据编号、工单编号、单据名称", exported=actions.exported,
    opens=lambda row: reverse("papers:paper", args=[row.pk]), template="papers/papers.html",
    empty=("还没有单据", "规程要求打印派工单、登记表时，单据会登记在这里；也可以在工单页上开单据。"),
)  # fmt: skip
papers = PAPERS.page

DOCUMENTS = Register(
    "papers:documents", queries.documents, title="受控文件", may="documents.view",
    columns=[
        Column("number", title="文号"), Column("title", title="名称"), Column("level"),
        Column("parent", title="收在", value=lambda row: str(row.parent) if row.parent else ""),
        Column("state", "badge", tones={"draft": "info", "issued": "success", "withdrawn": "neutral"}),
    ],
    filters=[Filter("level", choices=Document.Level.choices), Filter("state", choices=Document.State.choices)],
    search=["number", "title", "parent__title"], search_hint="文号、名称", exported=actions.documents_exported,
    opens=lambda row: reverse("papers:document", args=[row.pk]), new=("起草文件", "/papers/documents/new", "documents.edit"),
    empty=("还没有受控文件", "作业指导书、管理规程、收费标准等，起草、审批后在这里发布；每份文件有唯一的文号。"),
)  # fmt: skip
documents = DOCUMENTS.page


@require_safe
def outstanding(request: HttpRequest) -> HttpResponseBase:
    """Copies that must still come back, by their limit; `show=late` for those that are over it."""
    actor, at = request.actor, now()  # type: ignore[attr-defined]
    places = actor.places("tickets.view")
    if places is not None and not places:
        raise NotFound
    rows = queries.copies_out(actor)
    late_only = request.GET.get("show") == "late"
    if late_only:
        rows = rows.filter(due_at__lt=at)
    if request.GET.get("format") == "xlsx":
        return _xlsx(request, rows, "已过时限" if late_only else "", at)
    page = page_of(rows, request.GET.get("after"))
    lines = [(copy, ordinal(copy.seq), bool(copy.due_at and copy.due_at < at), _age(copy.sent_at, at)) for copy in page]
    return render(request, "papers/outstanding.html", {"page": page, "lines": lines, "late_only": late_only}, part="list")


def _xlsx(request: HttpRequest, rows: QuerySet[Copy], narrowed: str, at: datetime) -> HttpResponseBase:
    """The copies that are out, as listed; the journal says who took them away."""
    heads = ["单据编号", "单据", "所属记录", "联次", "在谁手里", "发出", "交回时限", "已发出", "催交"]
    lines = [
        [c.paper.number, c.paper.form, c.paper.record, f"{ordinal(c.seq)} {c.name}", c.holder_name, c.sent_at, c.due_at, _age(c.sent_at, at),
         c.reminded_at] for c in rows[: EXPORT_LIMIT + 1]
    ]  # fmt: skip
    return export(request.actor, title="待回联", heads=heads, rows=lines, filters={"范围": narrowed}, log=actions.exported_as)  # type: ignore[attr-defined]


def _age(since: datetime | None, at: datetime) -> str:
    """How long a copy has been out: 3 天, 5 小时."""
    hours = int((at - since).total_seconds() // 3600) if since else 0
    return f"{hours // 24} 天" if hours >= 24 else f"{hours} 小时" if hours else "不到 1 小时"


@require_safe
def of_record(request: HttpRequest) -> HttpResponse:
    """The papers of one record, as a part of its page (`about=ticket:7`): what waits, what was printed, what may be opened."""
    actor, about = request.actor, request.GET.get("about", "")[:80]  # type: ignore[attr-defined]
    record = records.read(actor, about)
    known = list(queries.about(actor, about))
    more = [form.form for form in forms_of(record.kind)]
    works = actor.may("tickets.work", record.community_id)
    return render(request, "papers/of_record.html", {
        "papers": [(paper, TONES[paper.state]) for paper in known], "more": more, "about": about, "works": works,
    })  # fmt: skip


@require_POST
def add(request: HttpRequest) -> HttpResponse:
    """Open a form of a record by hand and go to it."""
    about, form = request.POST.get("about", "")[:80], request.POST.get("form", "")
    record = records.read(request.actor, about)  # type: ignore[attr-defined]
    if not form:
        raise Refused("请选择要打印的单据。", {"form": "请选择单据"})
    paper = actions.add(request.actor, record.community_id, about=about, form=form, at=now())  # type: ignore[attr-defined]
    return flash(redirect("papers:paper", paper.pk), f"已开《{paper.form}》，核对后打印。")
