"""The printed forms, as they stand in library/*.yaml: what each shows, on which paper, in how many copies, who signs.

A row is one cell or a list of up to four; a cell says `label` and where its words come `from`: an answer's name (or several,
the first given counts), `@place` and the like from the record's head, or nothing (written by hand). `step` adds who
entered it and when; `lines` is its height in lines at least. `table: story` is the course of the record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from shouwen.kernel.refusals import NotFound

FOLDER: Final = Path(__file__).parent / "library"

LAYOUTS: Final = {
    "a4": ("A4 竖排", "210mm 297mm"), "a4-landscape": ("A4 横排", "297mm 210mm"), "241x280": ("241×280 连续纸（整页）", "241mm 280mm"),
    "241x140": ("241×140 连续纸（二等分）", "241mm 140mm"), "241x93": ("241×93 连续纸（三等分）", "241mm 93mm"),
}  # fmt: skip
"""Layout → its name and the size of its page."""

HEAD: Final = {
    "number": "记录编号", "place": "房号（地点）", "summary": "摘要", "grade": "类别", "status": "办理状态", "finished": "办结时间",
    "filed_at": "受理时间", "first_asked": "首问人", "tracker": "跟进人", "due_at": "时限", "departments": "责任部门",
    "edition": "规程版本", "community": "小区",
}  # fmt: skip
"""What may stand after @."""

ORDINALS: Final = "一二三四五六七八九"
DESK: Final = ("receptionist", "club-receptionist", "steward", "cs-supervisor", "duty-manager", "service-manager", "clerk")
"""Posts that take a signed copy back for the service centre."""


@dataclass(frozen=True, slots=True)
class Cell:
    label: str
    source: tuple[str, ...] = ()
    step: str = ""
    lines: int = 1


@dataclass(frozen=True, slots=True)
class Table:
    """`story`: when, who, what."""

    table: str
    label: str


@dataclass(frozen=True, slots=True)
class CopyRule:
    """One copy: `holder` is `post:…`, `party:…` or `dept` (one copy for each department concerned).

    `returns`: "" or `shift` (before the holder's shift ends) or `1d`, `3d`. `fixed`: nobody may hand it on. `signed`: the
    roles of procedures whose signature stands on it when it is back; its photo is then their `signature of …`.
    """

    name: str
    holder: str
    title: str = ""
    returns: str = ""
    fixed: bool = False
    signed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Form:
    form: str
    prefix: str
    clauses: tuple[str, ...]
    of: tuple[str, ...]
    layout: str
    copies: tuple[CopyRule, ...]
    rows: tuple[tuple[Cell, ...] | Table, ...]
    signs: tuple[str, ...]
    note: str = ""
    aliases: tuple[str, ...] = ()
    later: str = ""
    """Named by the SOP, and printed once the work it belongs to is here: why not yet. Such a form has no rows."""

    @property
    def slug(self) -> str:
        return self.prefix.lower()

    @property
    def cells(self) -> tuple[Cell, ...]:
        return tuple(cell for row in self.rows if not isinstance(row, Table) for cell in row)


@cache
def catalogue() -> Mapping[str, Form]:
    """Every form by its name, in the order of the files."""
    found: dict[str, Form] = {}
    for path in sorted(FOLDER.glob("*.yaml")):
        for row in yaml.load(path.read_text("utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            form = _form(row)
            if form.form in found or any(form.prefix == other.prefix for other in found.values()):
                raise ValueError(f"{path.name}: {form.form} {form.prefix} stands twice")
            found[form.form] = form
    return found


def form_named(name: str) -> Form:
    """A form by its name or another name of it; one that nobody declared prints as the record's course."""
    known = catalogue()
    if name in known:
        return known[name]
    for form in known.values():
        if name in form.aliases:
            return form
    return Form(
        name, "DJ", (), (), "a4", (CopyRule("存根", "post:receptionist", "前台"),),
        ((Cell("记录编号", ("@number",)), Cell("房号（地点）", ("@place",))), (Cell("摘要", ("@summary",), lines=3),), Table("story", "办理经过")),
        ("经办人签字",),
    )  # fmt: skip


def by_slug(slug: str) -> Form:
    for form in catalogue().values():
        if form.slug == slug and not form.later:
            return form
    raise NotFound


def forms_of(kind: str) -> list[Form]:
    """The forms that a record of this kind prints as."""
    return [form for form in catalogue().values() if kind in form.of and not form.later]


def _form(row: dict[str, Any]) -> Form:
    unknown = set(row) - {"form", "prefix", "clauses", "of", "layout", "copies", "rows", "signs", "note", "aliases", "later"}
    if unknown or row.get("layout", "a4") not in LAYOUTS:
        raise ValueError(f"{row.get('form')}: {unknown or row['layout']}")
    return Form(
        form=row["form"], prefix=row["prefix"], clauses=tuple(row.get("clauses", ())), of=tuple(row.get("of", ())),
        layout=row.get("layout", "a4"), copies=tuple(_rule(copy) for copy in row.get("copies", ())) or (CopyRule("存档", "post:receptionist", "前台"),),
        rows=tuple(_row(one) for one in row.get("rows", ())), signs=tuple(row.get("signs", ())), note=row.get("note", ""),
        aliases=tuple(row.get("aliases", ())), later=row.get("later", ""),
    )  # fmt: skip


def _rule(given: dict[str, Any]) -> CopyRule:
    signed = given.get("signed", ())
    return CopyRule(**given | {"signed": (signed,) if isinstance(signed, str) else tuple(signed)})


def _row(row: Any) -> tuple[Cell, ...] | Table:
    if isinstance(row, dict) and "table" in row:
        return Table(**row)
    return tuple(_cell(one) for one in (row if isinstance(row, list) else [row]))


def _cell(given: Any) -> Cell:
    """`{label, from, step, lines}`, or in short `label=source` (`label=` is written by hand)."""
    if isinstance(given, str):
        label, _, source = given.partition("=")
        return Cell(label, (source,) if source else ())
    source = given.pop("from", ())
    return Cell(source=(source,) if isinstance(source, str) else tuple(source), **given)
