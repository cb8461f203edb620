"""打印机对位: multi-part paper never lies quite straight, so each desk keeps in its browser by how much its printer is off."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from shouwen.kernel.refusals import NotFound
from shouwen.kernel.screens import render

from .. import drawing
from ..catalogue import LAYOUTS, catalogue

CROSS: Final = (40, 20)
"""Where the middle of the cross on the test sheet must lie: millimetres from the left and the upper edge of the paper."""


@require_safe
def printer(request: HttpRequest) -> HttpResponse:
    """Print the test sheet, measure, keep: for a layout, or for one form alone. What is kept stays in this browser."""
    _seen(request)
    forms = [(f"form:{form.slug}", form.form, form.layout) for form in catalogue().values() if not form.later]
    return render(request, "papers/printer.html", {
        "layouts": [(key, title) for key, (title, _) in LAYOUTS.items()], "forms": forms, "cross": CROSS,
        "chosen": request.GET.get("for", "241x140")[:40], "most": int(drawing.MOST_SHIFTED),
    })  # fmt: skip


@require_safe
def test_sheet(request: HttpRequest) -> HttpResponse:
    """A cross and two rulers, on the paper and with the margins of a layout."""
    _seen(request)
    layout = request.GET.get("layout", "")
    if layout not in LAYOUTS:
        raise NotFound
    return render(request, "papers/printer_test.html", _drawn(layout) | {
        "layout": layout, "layout_title": LAYOUTS[layout][0], "margins": " ".join(map(str, drawing.margins(layout))),
        "page_css": f"shouwen/paper/page-{layout}.css", "cross": CROSS, "form_slug": request.GET.get("form", "")[:40],
    })  # fmt: skip


def _drawn(layout: str) -> dict[str, Any]:
    """Sizes in millimetres within the margins, and the ticks of the rulers: (place, its figure every ten)."""
    width, height = (int(side.removesuffix("mm")) for side in LAYOUTS[layout][1].split())
    top, right, bottom, left = drawing.margins(layout)
    inner = (width - left - right, height - top - bottom - 2)
    across = [(x - left, x if x % 10 == 0 else "", 5 if x % 10 == 0 else 2.5) for x in range(left, width - right + 1)]
    down = [(y - top, y if y % 10 == 0 else "", 5 if y % 10 == 0 else 2.5) for y in range(top, height - bottom - 1)]
    return {"width": inner[0], "height": inner[1], "across": across, "down": down, "x": CROSS[0] - left, "y": CROSS[1] - top}


def _seen(request: HttpRequest) -> None:
    actor, community = request.actor, request.community  # type: ignore[attr-defined]
    if community is None or not actor.may("tickets.view", community.pk):
        raise NotFound
