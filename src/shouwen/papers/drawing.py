"""A sheet drawn: one page for each copy, as HTML for the printer on the desk and as PDF."""

from __future__ import annotations

from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import segno
from django.template.loader import render_to_string
from django.urls import reverse

from shouwen.kernel.prefix import outward
from shouwen.kernel.templatetags.ui import when_text

from . import renderer
from .catalogue import LAYOUTS, form_named
from .models import Printing
from .sheets import Sheet, code_of

Shift = tuple[float, float]
"""Millimetres to the right and down."""

MOST_SHIFTED: Final = 20.0
MARGINS: Final = {"a4": (13, 14, 14, 14), "a4-landscape": (12, 14, 12, 14)}
"""Layout → margins of its page in millimetres: top, right, bottom, left."""
CONTINUOUS: Final = (6, 18, 5, 18)

_STATIC = Path(__file__).parent / "static" / "shouwen" / "paper"


def drawn(
    content: Sheet, layout: str, *, printing: Printing | None = None, carbon: bool = False, looked_at: bool = False, clear: bool = False
) -> dict[str, Any]:
    """The context of papers/sheets.html.

    `carbon`: one page for paper whose copies write through; else a page for each copy. `looked_at`: a file copy, no
    original. Without a `printing` it is a preview: no number was given, nothing can be checked. `clear`: this is the one sheet
    with names and numbers as they are; whatever is looked at later is masked, and says so.
    """
    copies = content["copies"]
    pages = [None] if carbon or len(copies) < 2 or printing is None else copies
    code = code_of(printing.digest) if printing else ""
    mark = ""
    if printing and printing.turn > 1:
        mark = f"重印 第 {printing.turn} 次"
        mark += "" if "clear" in content else f" · {printing.by_name} {when_text(printing.at)} · {printing.reason}"
    said = content.get("clear")
    clear_mark = ""
    if said:
        ends = "用后收回销毁，不得外传" if clear else "留存件，姓名电话已隐去"
        parts = [f"明文 第 {said['copy']} 份", mark, f"{said['by']} {said['at']}", f"事由：{said['reason']}", f"批准：{said['approver']}", ends]
        clear_mark, mark = " · ".join(filter(None, parts)), ""
    return {
        "clear": clear, "clear_mark": clear_mark, "margins": " ".join(map(str, margins(layout))), "form_slug": form_named(content["form"]).slug,
        "sheet": content, "layout": layout, "pages": pages, "code": code, "mark": mark, "looked_at": looked_at, "printing": printing,
        "qr": qr(content["number"], code) if printing else "", "count": len(copies), "printed_at": when_text(printing.at) if printing else "",
        "said": "　".join(f"{copy['ordinal']} {copy['name']}（{copy['holder']}）" for copy in copies),
    }  # fmt: skip


def check_address(number: str, code: str) -> str:
    """Where the code on the paper leads: the page that checks it, and from there to the record."""
    return outward(f"{reverse('papers:check')}?{urlencode({'number': number, 'code': code})}")


def qr(number: str, code: str) -> str:
    return str(segno.make(check_address(number, code), micro=False, error="m").svg_data_uri(border=0, scale=4))


def qr_picture(number: str, code: str) -> bytes:
    out = BytesIO()
    segno.make(check_address(number, code), micro=False, error="m").save(out, kind="png", scale=8, border=1)
    return out.getvalue()


def pdf(context: dict[str, Any], shift: Shift = (0.0, 0.0)) -> bytes:
    """The same sheets as PDF, moved right and down by `shift` for a printer that is off by as much."""
    layout = context["layout"]
    return renderer.pdf(render_to_string("papers/pdf.html", context), style(layout) + (page_style(layout, shift) if any(shift) else ""))


def shift_of(given: Any) -> Shift:
    """`dx` and `dy` (millimetres) of a request; what is no number, or more than a printer is off by, counts as nothing."""
    found = []
    for name in ("dx", "dy"):
        try:
            value = float(str(given.get(name, "") or 0)[:8])
        except ValueError:
            value = 0.0
        found.append(round(value, 1) if abs(value) <= MOST_SHIFTED else 0.0)
    return found[0], found[1]


@cache
def style(layout: str) -> str:
    """The style of a layout in one piece: the files that the browser loads."""
    return "\n".join((_STATIC / name).read_text("utf-8") for name in ("sheet.css", f"page-{layout}.css"))


def margins(layout: str) -> tuple[int, int, int, int]:
    return MARGINS.get(layout, CONTINUOUS)


def page_style(layout: str, shift: Shift = (0.0, 0.0)) -> str:
    """What static/shouwen/paper/page-<layout>.css must hold (a test compares); shifted, what the printer of this desk needs."""
    top, right, bottom, left = margins(layout)
    dx, dy = shift
    sides = (top + dy, right - dx, bottom - dy, left + dx)
    return f"@page {{ size: {LAYOUTS[layout][1]}; margin: {' '.join(f'{max(side, 0):g}mm' for side in sides)}; }}\n"
