"""Attachments: taken in one at a time while a form is filled in, handed out so that nothing in them can run."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST, require_safe

from shouwen.kernel.journal import now
from shouwen.kernel.refusals import NotFound, Refused
from shouwen.kernel.web import here
from shouwen.kernel.words import number_in

from .. import attachments, queries
from ..offline import told_moment, told_spot


@require_POST
def attach(request: HttpRequest) -> HttpResponse:
    """Take a file of a ticket (field `ticket`), or of one not filed yet; answers with its key as JSON.

    `taken_at` and `spot` are what a phone tells of a picture it has just taken."""
    actor, upload = request.actor, request.FILES.get("file")  # type: ignore[attr-defined]
    if upload is None:
        raise Refused("没有收到文件，请重新选择。", {"file": "请选择文件"})
    if (upload.size or 0) > attachments.LARGEST:
        raise Refused(f"文件太大（上限 {attachments.LARGEST // 1024 // 1024} MB），请压缩后再上传。", {"file": "文件太大"})
    given = request.POST.get("ticket", "")
    pk = number_in(given)
    if given and pk is None:
        raise NotFound
    place = here(request) if pk is None else queries.row(actor, pk)
    if place is None:
        raise NotFound
    at = now()
    kept = attachments.attach(
        actor, place, name=upload.name or "", content=upload.read(), at=at,
        taken_at=told_moment(request.POST.get("taken_at", ""), at), spot=told_spot(request.POST.get("spot", "")),
        purpose=request.POST.get("purpose", ""),
    )  # fmt: skip
    url = reverse("procedures:attachment", args=[kept.key])
    return JsonResponse({"key": kept.key, "name": kept.name, "url": url, "image": kept.kind in attachments.IMAGES}, status=201)


@require_safe
def attachment(request: HttpRequest, key: str) -> HttpResponse:
    """One file: pictures in the page, without what they tell beside their pixels; `?original` is the file as it came, to be saved."""
    found = queries.attachment(request.actor, key)  # type: ignore[attr-defined]
    shown = found.kind in attachments.IMAGES and "original" not in request.GET
    content = attachments.shown_of(found) if shown else attachments.content_of(found)
    response = HttpResponse(content, content_type=found.kind if shown else "application/octet-stream")
    response["Content-Disposition"] = content_disposition_header(not shown, found.name) or "attachment"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["X-Content-Type-Options"] = "nosniff"
    if shown:
        response["Cache-Control"] = "private, max-age=86400, immutable"
    return response
