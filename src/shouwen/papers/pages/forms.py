"""How a community prints: every form with its layout, its copies and its clauses; the company's own Word templates."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST, require_safe

from shouwen.kernel.journal import now
from shouwen.kernel.refusals import NotFound, Refused
from shouwen.kernel.screens import flash, render

from .. import actions, drawing, queries, renderer, sheets, word
from ..catalogue import LAYOUTS, Form, by_slug, catalogue
from ..records import Record
from .paper import LARGEST


@require_safe
def forms(request: HttpRequest) -> HttpResponse:
    """Every printed form, for everybody who sees tickets; those of work that is not here yet are named with the reason."""
    actor, community = request.actor, request.community  # type: ignore[attr-defined]
    if community is None or not actor.may("tickets.view", community.pk):
        raise NotFound
    chosen = queries.layouts(community.pk)
    edits = actor.may("settings.edit", community.pk)
    own = queries.forms_with_template(community.pk)
    rows = [
        (form, LAYOUTS[chosen.get(form.form, form.layout)][0], form.form in own, _clauses(form))
        for form in catalogue().values() if not form.later
    ]  # fmt: skip
    return render(request, "papers/forms.html", {"rows": rows, "later": [form for form in catalogue().values() if form.later], "edits": edits})


@require_safe
def form(request: HttpRequest, slug: str) -> HttpResponse:
    return _page(request, by_slug(slug))


def _page(request: HttpRequest, found: Form, trouble: str = "") -> HttpResponse:
    community = _place(request)
    chosen = queries.layouts(community).get(found.form, found.layout)
    shown = request.GET.get("layout", "") if request.GET.get("layout") in LAYOUTS else chosen
    return render(request, "papers/form.html", drawing.drawn(_blank(found, request.community.name), shown) | {  # type: ignore[attr-defined]
        "form": found, "layouts": [(key, title) for key, (title, _) in LAYOUTS.items()], "clauses": _clauses(found),
        "chosen": chosen, "shown": shown, "trouble": trouble,
        "templates": list(queries.templates(request.actor, community, found.form)[:20]),  # type: ignore[attr-defined]
        "names": [(f"{{{{ {name} }}}}", says) for name, says in word.names_for(found).items()],
    }, status=422 if trouble else 200)  # fmt: skip


def _blank(found: Form, community: str) -> sheets.Sheet:
    """The form as it is before anything stands in it: what a layout looks like."""
    record = Record(about="", community_id=0, community=community, kind="", number="", title="", url="", status="", finished=None,
                    departments=(("", "责任部门"),))
    copies = [
        {"seq": seq, "ordinal": sheets.ordinal(seq), "name": rule.name, "holder": name, "returns": bool(rule.returns)}
        for seq, (rule, _, name) in enumerate(sheets.copies_of(found, record), 1)
    ]  # fmt: skip
    return sheets.sheet(found, record, "", copies)


@require_POST
def layout(request: HttpRequest, slug: str) -> HttpResponse:
    found = by_slug(slug)
    actions.choose_layout(request.actor, _place(request), form=found, layout=request.POST.get("layout", ""), at=now())  # type: ignore[attr-defined]
    return flash(redirect("papers:form", found.slug), f"《{found.form}》以后按这个版式打印。")


@require_POST
def upload(request: HttpRequest, slug: str) -> HttpResponse:
    """Check and keep a template; what is wrong with it is said on the page."""
    found, file = by_slug(slug), request.FILES.get("file")
    try:
        if file is None:
            raise Refused("没有收到文件，请选择 Word 模板（.docx）。", {"file": "请选择文件"})
        if (file.size or 0) > word.LARGEST:
            raise Refused("模板太大（上限 2 MB）。请压缩模板里的图片后再上传。", {"file": "文件太大"})
        made = actions.upload_template(request.actor, _place(request), form=found, name=file.name or "", content=file.read(), at=now())  # type: ignore[attr-defined]
    except Refused as no:
        if no.status != 422:
            raise
        return _page(request, found, no.message)
    return flash(redirect("papers:form", found.slug), f"模板检查通过，用到 {made.placeholders} 个占位符。点“启用”后打印 Word 时就用它。")


@require_POST
def use(request: HttpRequest, pk: int) -> HttpResponse:
    found = _template(request, pk)
    on = request.POST.get("use") == "yes"
    actions.use_template(request.actor, found, use=on, at=now())  # type: ignore[attr-defined]
    return flash(redirect(_form_address(found.form)), "已启用这个模板。" if on else "已停用，Word 打印暂不可用。")


@require_POST
def drop(request: HttpRequest, pk: int) -> HttpResponse:
    found = _template(request, pk)
    form_name = found.form
    actions.drop_template(request.actor, found, at=now())  # type: ignore[attr-defined]
    return flash(redirect(_form_address(form_name)), "模板已删除。")


@require_safe
def template_file(request: HttpRequest, pk: int) -> HttpResponse:
    """The template as it was uploaded, only ever to be saved."""
    found = _template(request, pk)
    return _docx(bytes(found.content), found.name)


@require_safe
def placeholders(request: HttpRequest, slug: str) -> HttpResponse:
    """A Word document with every placeholder of the form: to copy from, or to make the template of."""
    found = by_slug(slug)
    _place(request)
    rows = [[f"{{{{ {name} }}}}", says] for name, says in word.names_for(found).items() if name != "经过"]
    return _docx(renderer.sample(f"《{found.form}》模板样张", rows), f"{found.form.replace('/', '或')}-占位符样张.docx")


def _docx(content: bytes, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type=word.DOCX)
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    return response


def _template(request: HttpRequest, pk: int) -> Any:
    if pk > LARGEST:
        raise NotFound
    return queries.template(request.actor, pk)  # type: ignore[attr-defined]


def _form_address(name: str) -> str:
    known = catalogue().get(name)
    return reverse("papers:form", args=[known.slug]) if known else reverse("papers:forms")


def _place(request: HttpRequest) -> int:
    """The community before the person, if they may change its settings; else nothing is here."""
    community = request.community  # type: ignore[attr-defined]
    if community is None or not request.actor.may("settings.edit", community.pk):  # type: ignore[attr-defined]
        raise NotFound
    return int(community.pk)


def _clauses(form: Form) -> str:
    """A5.02、A5.03… as 「A5.02 等 8 条」."""
    return "" if not form.clauses else f"{form.clauses[0]} 等 {len(form.clauses)} 条" if len(form.clauses) > 1 else form.clauses[0]
