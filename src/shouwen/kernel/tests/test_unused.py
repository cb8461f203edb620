"""Tabler's styles without what no page can use: what is wanted stays, and nothing of the sheet is torn."""

from __future__ import annotations

from pathlib import Path

from shouwen.kernel.unused import without_unused, words

SHEET = """@charset "utf-8";/* a note */:root{--seen:1;--hidden:2;--through:var(--seen)}
.btn,.never{color:var(--through)}.never{color:red}.tone-danger{color:red}.btn:not(.never):hover{content:";}"}
@media (min-width:768px){.never{color:red}}@media print{.never{color:red}.btn{margin:0}}
.never:is(.btn,.other){color:red}[data-bs-popper]{top:0}a[href^="x,y"]{color:red}
@keyframes spin{0%{top:0}}@keyframes lost{0%{top:0}}.btn{animation:spin 1s}"""


def test_only_what_a_page_can_use_stays(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text('<a class="btn tone-{{ tone }}">')
    (tmp_path / "vendor").mkdir()
    (tmp_path / "vendor" / "theirs.js").write_text("never")
    kept = without_unused(SHEET, words(tmp_path))
    assert "never{" not in kept and ",.never" not in kept and "lost" not in kept and "popper" not in kept and "--hidden" not in kept
    for wanted in (
        '@charset "utf-8";', "--seen:1", "--through:var(--seen)", ".btn{color:var(--through)}", ".tone-danger{", '.btn:not(.never):hover{content:";}"}',
        "@media print{.btn{margin:0}}", 'a[href^="x,y"]{', "@keyframes spin",
    ):  # fmt: skip
        assert wanted in kept, wanted
    assert "768px" not in kept
    assert kept.count("}") == kept.count("{") + 1  # one stands in quotation marks


def test_what_is_served_still_has_what_pages_wear() -> None:
    served = (Path(__file__).parents[1] / "static" / "vendor" / "tabler.min.css").read_text("utf-8")
    assert len(served) < 250_000
    for name in ("btn-primary", "form-control", "is-invalid", "badge", "alert-danger", "visually-hidden", "form-check-input", "btn-close"):
        assert f".{name}" in served, name
