"""明文打印: asked for with a reason; whoever may approve prints at once, others once they were approved; looked at once."""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from shouwen.estate.models import Reveal
from shouwen.kernel.journal import now
from shouwen.kernel.requests import unkeyed
from shouwen.kernel.screens import flash, render

from .. import actions, drawing, queries, word
from ..catalogue import LAYOUTS
from .paper import file_answer, filled, paper_of

SHOWS_FOR: Final = 120
"""Seconds that a sheet stays in the clear on the screen: long enough to choose the printer."""


@require_POST
@unkeyed  # the answer holds private values: it must not be kept with the key of the request
def print_clear(request: HttpRequest, pk: int) -> HttpResponse:
    actor, at, found, given = request.actor, now(), paper_of(request, pk), request.POST  # type: ignore[attr-defined]
    asked = queries.clear_asked(actor, found, at)
    if asked is None or asked.state != Reveal.State.OPEN:
        asked = actions.ask_clear(actor, found, reason=given.get("reason", ""), at=at)
    if asked.state != Reveal.State.OPEN:
        return flash(redirect("papers:paper", found.pk), "已申请明文打印，主管批准后回到这里打印，只能打一次。", "info")
    made, clear = actions.print_clear(actor, found, request=asked, layout=given.get("layout", ""), medium=given.get("medium", "html"), at=at)
    carbon = bool(given.get("carbon"))
    context = drawing.drawn(clear, made.layout, printing=made, carbon=carbon, clear=True)
    if made.medium == "pdf":
        response = file_answer(drawing.pdf(context, drawing.shift_of(given)), "application/pdf", f"{found.form}-{found.number}-明文.pdf".replace("/", "或"))
    elif made.medium == "docx":
        response = file_answer(filled(made, context, context["clear_mark"]), word.DOCX, f"{found.form}-{found.number}-明文.docx".replace("/", "或"))
    else:
        masked = reverse("papers:printing", args=[made.pk])
        response = render(request, "papers/print.html", context | {
            "page_css": f"shouwen/paper/page-{made.layout}.css", "carbon": carbon, "goes": True, "layout_title": LAYOUTS[made.layout][0],
            "masked_url": masked,
        })  # fmt: skip
        response["Refresh"] = f"{SHOWS_FOR}; url={masked}"
    response["Cache-Control"] = "no-store"
    return response
