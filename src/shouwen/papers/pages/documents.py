"""Controlled documents: one of them with its editions, how it is drafted, issued, revised, withdrawn, printed and read."""

from __future__ import annotations

import re
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST, require_safe

from shouwen.kernel.access import Actor
from shouwen.kernel.journal import now
from shouwen.kernel.refusals import Forbidden, NotFound, Refused
from shouwen.kernel.screens import flash, render

from .. import drawing, queries, renderer
from ..actions import documents as actions
from ..catalogue import LAYOUTS
from ..forms import DocumentForm, EditionForm, RevisionForm, blame
from ..models import Document, DocumentEdition
from .paper import LARGEST

_HEADING = re.compile(r"^(第[一二三四五六七八九十百\d]+[章条节]|[一二三四五六七八九十]+、|\d+(\.\d+)*[\s、.])")
_ITEM = re.compile(r"^([（(]?[一二三四五六七八九十\d]+[）)]|[a-z][)）]|[·•-])")


@require_safe
def document(request: HttpRequest, pk: int) -> HttpResponse:
    actor = request.actor  # type: ignore[attr-defined]
    found = _document(request, pk)
    edits = actor.may("documents.edit", found.community_id)
    editions = [one for one in queries.editions(found) if one.issued_at or edits]
    present = next((one for one in editions if one.issued_at and not one.superseded_at), None)
    readers = list(present.readings.order_by("at")[:200]) if present else []
    return render(request, "papers/document.html", {
        "document": found, "editions": editions, "present": present, "edits": edits, "readers": readers,
        "draft": next((one for one in editions if one.issued_at is None), None), "read": bool(present) and present.readings.filter(user_id=actor.id).exists(), "read_by": present.readings.count() if present else 0,
        "parts": list(queries.documents(actor).filter(parent=found)),
    })  # fmt: skip


def new(request: HttpRequest) -> HttpResponse:
    """Draft a document: its control number, its cover, its first edition."""
    actor, community = request.actor, request.community  # type: ignore[attr-defined]
    everywhere = actor.may("documents.edit", None)
    if not everywhere and not (community and actor.may("documents.edit", community.pk)):
        raise Forbidden("您没有「编订受控文件」权限。如工作需要，请联系上级或系统管理员开通。")
    parents = [(one.pk, str(one)) for one in queries.documents(actor).exclude(state=Document.State.WITHDRAWN)[:500]]
    form = DocumentForm(request.POST or None, request.FILES or None, parents=parents, company=everywhere)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        place = None if everywhere and given.get("company") or community is None else community.pk
        parent = queries.document(actor, given["parent"]) if given["parent"] else None
        try:
            made = actions.draft(
                actor, place, number=given["number"], title=given["title"], level=given["level"], words=_words(form), parent=parent,
                must_read=given["must_read"], at=now(),
            )  # fmt: skip
            return flash(redirect("papers:document", made.document_id), "草稿已保存，核对后发布。")
        except Refused as no:
            _put(form, no)
    return render(request, "papers/document_form.html", {"form": form, "title": "起草受控文件"}, status=422 if form.errors else 200)


def revise(request: HttpRequest, pk: int) -> HttpResponse:
    """A new edition, begun from the present one."""
    found = _edited(request, _document(request, pk))
    present = found.editions.filter(issued_at__isnull=False).order_by("-issued_at").first()
    begun = {name: getattr(present, name) for name in ("author", "approver", "unit", "text")} if present else {}
    form = RevisionForm(request.POST or None, request.FILES or None, initial=begun)
    if request.method == "POST" and form.is_valid():
        try:
            actions.revise(request.actor, found, words=_words(form), at=now())  # type: ignore[attr-defined]
            return flash(redirect("papers:document", found.pk), "新版草稿已保存，发布后替代现行版。")
        except Refused as no:
            _put(form, no)
    return render(request, "papers/document_form.html", {"form": form, "document": found, "title": "修订"}, status=422 if form.errors else 200)


def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a draft."""
    edition = _edition(request, pk)
    found = _edited(request, edition.document)
    if edition.issued_at:
        raise Refused("这一版已经发布，不能再改。请起草新的一版。")
    kind = RevisionForm if edition.change else EditionForm
    names = ("edition", "author", "approver", "unit", "text", "change")
    form = kind(request.POST or None, request.FILES or None, initial={name: getattr(edition, name) for name in names})
    if request.method == "POST" and form.is_valid():
        try:
            actions.edit(request.actor, found, edition=edition, words=_words(form), at=now())  # type: ignore[attr-defined]
            return flash(redirect("papers:document", found.pk), "草稿已保存。")
        except Refused as no:
            _put(form, no)
    return render(request, "papers/document_form.html", {"form": form, "document": found, "title": f"修改 {edition.edition} 草稿"},
                  status=422 if form.errors else 200)  # fmt: skip


@require_POST
def issue(request: HttpRequest, pk: int) -> HttpResponse:
    edition = _edition(request, pk)
    actions.issue(request.actor, edition.document, edition=edition, at=now())  # type: ignore[attr-defined]
    return flash(redirect("papers:document", edition.document_id), f"{edition.document.number} {edition.edition} 已发布，旧版同时作废。")


@require_POST
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    found = _document(request, pk)
    actions.withdraw(request.actor, found, reason=request.POST.get("reason", ""), at=now())  # type: ignore[attr-defined]
    return flash(redirect("papers:document", found.pk), f"{found.number} 已废止。")


@require_POST
def read(request: HttpRequest, pk: int) -> HttpResponse:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    edition = _edition(request, pk)
    actions.sign_read(actor, edition.document.community_id or actor.community, edition=edition, at=now())
    return flash(redirect("papers:document", edition.document_id), "已签阅。")


@require_safe
def print_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Cover and text with the control number at the head of every page (`as=pdf`: as PDF). B1.01, B1.02."""
    edition = _edition(request, pk)
    state = "草稿" if edition.issued_at is None else "已作废" if edition.superseded_at else ""
    context = {"edition": edition, "document": edition.document, "paragraphs": paragraphs(edition.text), "state": state, "layout": "a4"}
    if request.GET.get("as") == "pdf":
        content = renderer.pdf(render_to_string("papers/document_pdf.html", context), drawing.style("a4"))
        response = HttpResponse(content, content_type="application/pdf")
        name = f"{edition.document.number}-{edition.edition}.pdf".replace("/", "-")
        response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
        return response
    return render(request, "papers/document_print.html", context | {"layout_title": LAYOUTS["a4"][0]})


@require_safe
def edition_file(request: HttpRequest, pk: int) -> HttpResponse:
    """The attached file, only ever to be saved."""
    edition = _edition(request, pk)
    if not edition.file_name:
        raise NotFound
    response = HttpResponse(bytes(edition.file_content), content_type="application/octet-stream")
    response["Content-Disposition"] = content_disposition_header(True, edition.file_name) or "attachment"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def paragraphs(text: str) -> list[tuple[str, str]]:
    """(kind, words) of each line: `heading`, `item` or `text`."""
    found = []
    for line in text.splitlines():
        words = line.strip()
        if words:
            heading = bool(_HEADING.match(words)) and len(words) <= 40 and words[-1] not in "。；;，"
            found.append(("heading" if heading else "item" if _ITEM.match(words) else "text", words))
    return found


def _words(form: Any) -> actions.Words:
    given, upload = form.cleaned_data, form.cleaned_data.get("file")
    if upload and upload.size > actions.LARGEST:
        raise Refused("附件太大（上限 10 MB）。", {"file": "文件太大"})
    return actions.Words(
        given["edition"], given["author"], given["approver"], given["unit"], given["text"], given.get("change", ""),
        (upload.name, upload.read()) if upload else None,
    )  # fmt: skip


def _put(form: Any, no: Refused) -> None:
    if no.status not in (409, 422):
        raise no
    blame(form, no)


def _edited(request: HttpRequest, found: Document) -> Document:
    if not request.actor.may("documents.edit", found.community_id):  # type: ignore[attr-defined]
        raise Forbidden("您没有编订这份文件的权限。如工作需要，请联系上级或系统管理员开通。")
    return found


def _document(request: HttpRequest, pk: int) -> Document:
    if pk > LARGEST:
        raise NotFound
    return queries.document(request.actor, pk)  # type: ignore[attr-defined]


def _edition(request: HttpRequest, pk: int) -> DocumentEdition:
    if pk > LARGEST:
        raise NotFound
    return queries.edition(request.actor, pk)  # type: ignore[attr-defined]
