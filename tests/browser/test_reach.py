"""Every page within everybody's reach: nothing serious for axe, no sideways scrolling on a phone or at 200 %, nothing that the policy stops.

The pages are read off the addresses, so a page that is new tomorrow is looked at tomorrow.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver
from playwright.sync_api import Page

from shouwen.kernel.assets import tool
from shouwen.procedures.models import Ticket

from .conftest import Site

PARTS = 2
"""Tests into which the pages are divided, so that two workers share them."""

NOT_PAGES = ("api/", "static/", "healthz", "readyz")
AXE = """async (whole) => {
  const found = await axe.run(whole ? document : document.querySelector("main") || document, {preload: false, resultTypes: ["violations"], runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]});
  return found.violations.filter(v => ["serious", "critical"].includes(v.impact))
    .map(v => `${v.id}: ${v.nodes.length} × ${v.nodes[0].html.slice(0, 160)} ${(v.nodes[0].any[0] || {}).message || ""}`);
}"""
WIDER = """() => {
  const wide = document.documentElement.scrollWidth, seen = document.documentElement.clientWidth;
  if (wide <= seen) return "";
  const out = [...document.querySelectorAll("main *")].filter(e => e.getBoundingClientRect().right > seen + 1 && !e.closest(".table-box, pre, .scrolls"))[0];
  return `${wide} > ${seen}: ${(out || document.body).outerHTML.slice(0, 160)}`;
}"""
JUMPS = """() => new Promise(done => {
  let sum = 0;
  new PerformanceObserver(list => { for (const one of list.getEntries()) if (!one.hadRecentInput) sum += one.value; })
    .observe({type: "layout-shift", buffered: true});
  setTimeout(() => done(sum), 60);
})"""


def addresses(patterns: Any = None, prefix: str = "") -> Iterator[str]:
    """Every address without a part that varies."""
    for each in get_resolver().url_patterns if patterns is None else patterns:
        part = prefix + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from addresses(each.url_patterns, part)
        elif isinstance(each, URLPattern) and "<" not in part and "(" not in part and not part.startswith(NOT_PAGES):
            yield "/" + part


def is_page(page: Page, url: str) -> bool:
    """Not a file to save, not a part of a page that is fetched by one, not an address that only takes in."""
    answer = page.request.get(url, max_redirects=0)
    return answer.status == 200 and "text/html" in answer.headers.get("content-type", "") and answer.text().lstrip()[:9].lower() == "<!doctype"


def look(page: Page, url: str, wrong: list[str], whole: bool) -> None:
    """`whole`: with the frame around `main`, which is the same on all pages of one person."""
    page.goto(url, wait_until="load")
    here = url.split("/", 3)[3]
    if (jump := page.evaluate(JUMPS)) > 0.1:
        wrong.append(f"/{here} moves while it loads: {jump:.2f}")
    for width in (720, 390):  # 1440 at 200 %, and a phone
        page.set_viewport_size({"width": width, "height": 844})
        if too_wide := page.evaluate(WIDER):
            wrong.append(f"/{here} at {width}: {too_wide}")
    page.set_viewport_size({"width": 1440, "height": 900})
    wrong += [f"/{here} {each}" for each in page.evaluate(AXE, whole)]


@pytest.mark.parametrize("part", range(PARTS))
def test_every_page_is_within_reach(lived: Site, part: int) -> None:
    """Each part looks at every so-manieth address; the director sees most, then come the pages that only others have."""
    axe = tool("axe-core", "axe.min.js").read_text("utf-8")
    ticket = Ticket.objects.order_by("-pk").values_list("pk", flat=True)[0]
    more = [f"/tickets/{ticket}", "/procedures/complaint", "/procedures/repair", "/counter?procedure=repair", "/counter?procedure=complaint"]
    mine = list(dict.fromkeys([*more, *sorted(addresses())]))[part::PARTS]
    wrong, seen = lived.broken, set[str]()
    for who in ("zhao", "li", "wang"):
        page = lived.at_desk(who)
        page.context.add_init_script(script=axe)
        for address in [address for address in mine if address not in seen and is_page(page, lived.url + address)]:
            before = len(wrong)
            look(page, lived.url + address, wrong, whole=len(seen) < 3)
            seen.add(address)
            if len(wrong) > before + 8:
                del wrong[before + 8 :]
        page.context.close()
    assert len(seen) >= 100 // PARTS
    assert not wrong, "\n".join(wrong)
