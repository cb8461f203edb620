"""The import in three steps: fill in the template, see every problem, take in the whole."""

from __future__ import annotations

from urllib.parse import quote

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from shouwen.kernel.journal import now
from shouwen.kernel.refusals import Refused
from shouwen.kernel.screens import blame, flash, render

from .. import actions, queries, spreadsheets
from .. import imports as reading
from ..actions.imports import content_of
from ..forms import ImportForm
from .registers import place

SHOWN = 200
"""Problems on the page; the annotated file has them all."""


def imports(request: HttpRequest) -> HttpResponse:
    """Upload a file; what was uploaded before."""
    actor, community = request.actor, place(request, "estate.import")
    form = ImportForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        upload = form.cleaned_data["file"]
        try:
            if upload.size > spreadsheets.MOST_BYTES:
                raise Refused(f"文件太大（上限 {spreadsheets.MOST_BYTES // 1024 // 1024} MB）。请拆成几个文件。")
            run = actions.plan_import(actor, community, filename=upload.name, content=upload.read(), at=now())
            return redirect("estate:import_run", run.pk)
        except Refused as refused:
            if refused.status != 422:
                raise
            blame(form, refused)
    return render(request, "estate/imports.html", {
        "form": form, "place": community, "runs": queries.imports(actor)[:20], "columns": reading.COLUMNS, "most": spreadsheets.MOST_ROWS,
    }, status=422 if form.errors else 200)  # fmt: skip


@require_safe
def run(request: HttpRequest, pk: int) -> HttpResponse:
    """What a file would do, or everything that is wrong with it."""
    found = queries.import_run(request.actor, pk)
    return render(request, "estate/import_run.html", {
        "run": found, "problems": found.problems[:SHOWN], "more": max(len(found.problems) - SHOWN, 0), "dropped": not found.sealed,
    })  # fmt: skip


@require_POST
def apply(request: HttpRequest, pk: int) -> HttpResponse:
    found = queries.import_run(request.actor, pk)
    counts = actions.apply_import(request.actor, found, at=now())
    return flash(redirect("estate:import_run", found.pk), f"导入完成，{actions.in_words(counts)}。")


@require_safe
def annotated(request: HttpRequest, pk: int) -> HttpResponse:
    """The uploaded file again, with the column 错误原因."""
    found = queries.import_run(request.actor, pk)
    sheet = spreadsheets.read(content_of(found), found.filename)
    content, kind, suffix = reading.annotated(sheet, found.problems)
    return _download(content, kind, f"{found.filename.rsplit('.', 1)[0]}-错误.{suffix}")


@require_safe
def template(request: HttpRequest) -> HttpResponse:
    """The empty form to fill in."""
    place(request, "estate.import")
    return _download(reading.template(), spreadsheets.XLSX, "房产住户导入模板.xlsx")


def _download(content: bytes, kind: str, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type=kind)
    response["Content-Disposition"] = f"attachment; filename=\"import\"; filename*=UTF-8''{quote(name, safe='')}"
    response["Cache-Control"] = "no-store"
    return response
