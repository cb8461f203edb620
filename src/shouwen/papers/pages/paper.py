"""One paper: looked at before it is printed, printed, its copies followed; and what was printed, kept."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST, require_safe

from shouwen.kernel.journal import now
from shouwen.kernel.refusals import NotFound, Refused
from shouwen.kernel.screens import flash, render
from shouwen.kernel.templatetags.ui import when_text
from shouwen.kernel.words import clean_text
from shouwen.kernel.zone import CHINA
from shouwen.org import queries as org

from .. import actions, drawing, queries, records, sheets, word
from ..catalogue import LAYOUTS, form_named
from ..forms import ReturnForm, blame
from ..models import Copy, Paper, Printing
from .register import TONES

FRESH = timedelta(minutes=10)
"""For so long whoever printed gets the original again (a window closed by mistake); afterwards it is marked as a file copy."""

LARGEST = 2**63 - 1
PHOTO = 10 * 1024 * 1024


@require_safe
def paper(request: HttpRequest, pk: int) -> HttpResponse:
    return _page(request, paper_of(request, pk))


def _page(request: HttpRequest, found: Paper, status: int = 200, trouble: str = "") -> HttpResponse:
    actor = request.actor  # type: ignore[attr-defined]
    record = records.read(actor, found.about)
    form = form_named(found.form)
    chosen = queries.layout_of(found.community_id, form.form) or form.layout
    layout = request.GET.get("layout", "") if request.GET.get("layout") in LAYOUTS else chosen
    copies = list(found.copies.order_by("seq"))
    shown = copies or [Copy(seq=n, name=rule.name, holder_name=name, returns=bool(rule.returns), fixed=rule.fixed)
                       for n, (rule, _, name) in enumerate(sheets.copies_of(form, record), 1)]
    content = sheets.sheet(form, record, found.number, [
        {"seq": c.seq, "ordinal": sheets.ordinal(c.seq), "name": c.name, "holder": c.holder_name, "returns": c.returns} for c in shown])
    verdicts = queries.verdicts(found)
    works = actor.may("tickets.work", found.community_id) and found.state != Paper.State.VOID
    masked = sheets.masked_on(form, record) if works and actor.may("estate.reveal", found.community_id) else []
    return render(request, "papers/paper.html", drawing.drawn(content, layout) | {
        "paper": found, "record": record, "tone": TONES[found.state], "layouts": [(key, title) for key, (title, _) in LAYOUTS.items()],
        "chosen": chosen, "copies": [(c, sheets.ordinal(c.seq), bool(c.due_at and c.due_at < now() and not c.returned_at)) for c in copies],
        "planned": [] if copies else [(c, sheets.ordinal(c.seq)) for c in shown],
        "verdicts": [(v, drawing.code_of(v.printing.digest), actions.MEDIA.get(v.printing.medium, "")) for v in verdicts],
        "changed": sheets.differences(json.loads(verdicts[0].printing.content), content) if verdicts else [],
        "works": works, "word": queries.template_in_use(found.community_id, form.form) is not None, "trouble": trouble,
        "masked": masked, "asked": queries.clear_asked(actor, found, now()) if masked else None,
        "at_once": bool(masked) and actor.may("estate.approve_reveal", found.community_id),
        "departments": org.departments(found.community_id) if works else [],
    }, status=status)  # fmt: skip


@require_POST
def print_out(request: HttpRequest, pk: int) -> HttpResponse:
    """Print, and lead to what was printed: a page for the printer, a PDF, or the company's Word form."""
    found, given = paper_of(request, pk), request.POST
    medium = given.get("medium", "html")
    if medium == "docx" and queries.template_in_use(found.community_id, form_named(found.form).form) is None:
        raise Refused("这张单据没有启用的 Word 模板。请在“版式与模板”上传并启用，或改用网页打印。")
    made = actions.print_out(
        request.actor, found, layout=given.get("layout", ""), medium=medium, reason=given.get("reason", ""), at=now()  # type: ignore[attr-defined]
    )
    more = "&carbon=1" if given.get("carbon") else ""
    go = "&go=1" if medium == "html" else ""
    if any(shift := drawing.shift_of(given)):
        more += "&dx={:g}&dy={:g}".format(*shift)
    return redirect(f"{reverse('papers:printing', args=[made.pk])}?as={medium}{more}{go}")


@require_safe
def printing(request: HttpRequest, pk: int) -> HttpResponse:
    """What was printed, as it was printed. For others, or later, it is a file copy and says so across the page."""
    if pk > LARGEST:
        raise NotFound
    actor = request.actor  # type: ignore[attr-defined]
    made, record = queries.printing(actor, pk)
    looked_at = not (made.by_id == actor.id and now() - made.at < FRESH) or made.paper.state == Paper.State.VOID
    carbon = request.GET.get("carbon") == "1"
    context = drawing.drawn(json.loads(made.content), made.layout, printing=made, carbon=carbon, looked_at=looked_at)
    name = f"{made.paper.form}-{made.paper.number}".replace("/", "或")
    match request.GET.get("as", "html"):
        case "pdf":
            return file_answer(drawing.pdf(context, drawing.shift_of(request.GET)), "application/pdf", f"{name}.pdf")
        case "docx":
            return file_answer(filled(made, context, context["clear_mark"]), word.DOCX, f"{name}.docx")
    page_css = f"shouwen/paper/page-{made.layout}.css"
    return render(request, "papers/print.html", context | {
        "page_css": page_css, "carbon": carbon, "goes": request.GET.get("go") == "1", "layout_title": LAYOUTS[made.layout][0], "record": record,
    })  # fmt: skip


def filled(made: Printing, context: dict[str, Any], head: str = "") -> bytes:
    """The company's Word form with what was printed. `head` stands at the top of every page, whatever the template has: the mark of a sheet in the clear."""
    form = form_named(made.paper.form)
    template = queries.template_in_use(made.paper.community_id, form.form)
    if template is None:
        raise Refused("这张单据没有启用的 Word 模板。请在“版式与模板”上传并启用，或改用网页打印。")
    code = context["code"]
    mark = context["mark"] + ("（查阅件）" if context["looked_at"] else "")
    given = {"打印时间": when_text(made.at), "打印人": made.by_name, "重印标记": mark}
    return drawing.renderer.word(
        bytes(template.content), word.values(form, context["sheet"], code, given), drawing.qr_picture(made.paper.number, code), head
    )


@require_POST
def void(request: HttpRequest, pk: int) -> HttpResponse:
    found = paper_of(request, pk)
    actions.void(request.actor, found, reason=request.POST.get("reason", ""), at=now())  # type: ignore[attr-defined]
    return flash(redirect("papers:paper", found.pk), f"《{found.form}》{found.number}已作废，编号保留。")


@require_POST
def hand_on(request: HttpRequest, pk: int) -> HttpResponse:
    copy = _copy(request, pk)
    actions.hand_on(request.actor, copy, holder=request.POST.get("holder", ""), at=now())  # type: ignore[attr-defined]
    return flash(redirect("papers:paper", copy.paper_id), f"{sheets.ordinal(copy.seq)}已改由别的部门保存。")


def returned(request: HttpRequest, pk: int) -> HttpResponse:
    """The signed copy comes back: who signed, when, and a photo of it."""
    copy = _copy(request, pk)
    record = records.read(request.actor, copy.paper.about)  # type: ignore[attr-defined]
    form = ReturnForm(request.POST or None, request.FILES or None, initial={"signed_at": now().astimezone(CHINA).strftime("%Y-%m-%dT%H:%M")})
    if request.method == "POST" and form.is_valid():
        given, upload = form.cleaned_data, form.cleaned_data["photo"]
        try:
            if upload and upload.size > PHOTO:
                raise Refused("照片太大（上限 10 MB），请压缩后再上传。", {"photo": "照片太大"})
            brings = actions.returned(
                request.actor, copy, signed_by=given["signed_by"], signed_at=given["signed_at"],  # type: ignore[attr-defined]
                photo=(upload.name, upload.read()) if upload else None, remark=given["remark"], at=now(),
            )  # fmt: skip
        except Refused as no:
            if no.status != 422:
                raise
            blame(form, Refused(no.message, {"photo": no.message} if "file" in no.fields else no.fields))
        else:
            return flash(redirect("papers:paper", copy.paper_id), f"{copy.paper.form} {copy.paper.number} {sheets.ordinal(copy.seq)}已收回存档。{f'工单：{brings}。' if brings else ''}")
    return render(request, "papers/returned.html", {
        "copy": copy, "ordinal": sheets.ordinal(copy.seq), "record": record, "form": form,
    }, status=422 if form.errors else 200)  # fmt: skip


@require_safe
def check(request: HttpRequest) -> HttpResponse:
    """核对单据: what was printed under a number, when, by whom, and whether the paper in the hand says the same."""
    actor = request.actor  # type: ignore[attr-defined]
    number = clean_text(request.GET.get("number", "")[:40], "单据编号", 40).upper()
    code = clean_text(request.GET.get("code", "")[:20], "校验码", 20).upper()
    found = []
    for one in queries.numbered(actor, number):
        try:
            record = records.read(actor, one.about)
        except Refused:
            continue
        now_ = sheets.sheet(form_named(one.form), record, one.number, [])
        lines = [(v, drawing.code_of(v.printing.digest), bool(code) and drawing.code_of(v.printing.digest) == code) for v in queries.verdicts(one)]
        changed = sheets.differences(json.loads(lines[0][0].printing.content), now_) if lines else []
        found.append((one, TONES[one.state], record, lines, changed))
    matches = any(match for _, _, _, lines, _ in found for _, _, match in lines)
    return render(request, "papers/check.html", {"number": number, "code": code, "found": found, "matches": matches})


def file_answer(content: bytes, kind: str, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type=kind)
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    return response


def paper_of(request: HttpRequest, pk: int) -> Paper:
    if pk > LARGEST:
        raise NotFound
    return queries.paper(request.actor, pk)  # type: ignore[attr-defined]


def _copy(request: HttpRequest, pk: int) -> Copy:
    if pk > LARGEST:
        raise NotFound
    return queries.copy(request.actor, pk)  # type: ignore[attr-defined]
