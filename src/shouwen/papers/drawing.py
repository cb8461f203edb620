"""A sheet drawn: one page for each copy, as HTML for the printer on the desk and as PDF."""

from __future__ import annotations

from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import segno
from django.template.loader import render_to_string
from django.urls import reverse

from shouwen.kernel.prefix import outward
from shouwen.kernel.templatetags.ui import when_text

from . import renderer
from .catalogue import LAYOUTS
from .models import Printing
from .sheets import Sheet, code_of

_STATIC = Path(__file__).parent / "static" / "shouwen" / "paper"


def drawn(content: Sheet, layout: str, *, printing: Printing | None = None, carbon: bool = False, looked_at: bool = False) -> dict[str, Any]:
    """The context of papers/sheets.html.

    `carbon`: one page for paper whose copies write through; else a page for each copy. `looked_at`: a file copy, no
    original. Without a `printing` it is a preview: no number was given, nothing can be checked.
    """
    copies = content["copies"]
    pages = [None] if carbon or len(copies) < 2 or printing is None else copies
    code = code_of(printing.digest) if printing else ""
    mark = ""
    if printing and printing.turn > 1:
        mark = f"重印 第 {printing.turn} 次 · {printing.by_name} {when_text(printing.at)} · {printing.reason}"
    return {
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


def pdf(context: dict[str, Any]) -> bytes:
    """The same sheets as PDF."""
    layout = context["layout"]
    return renderer.pdf(render_to_string("papers/pdf.html", context), style(layout))


@cache
def style(layout: str) -> str:
    """The style of a layout in one piece: the files that the browser loads."""
    return "\n".join((_STATIC / name).read_text("utf-8") for name in ("sheet.css", f"page-{layout}.css"))


def page_style(layout: str) -> str:
    """What static/shouwen/paper/page-<layout>.css must hold (a test compares)."""
    margins = {"a4": "13mm 14mm 14mm", "a4-landscape": "12mm 14mm"}.get(layout, "6mm 18mm 5mm")
    return f"@page {{ size: {LAYOUTS[layout][1]}; margin: {margins}; }}\n"
