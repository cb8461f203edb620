"""A plain register is a declaration: what it lists, by which columns, and how it is narrowed. Anything odd is a page.

    PARKING = Register("estate:parking", queries.parking_spaces, title="车位台账",
                       columns=["number", Column("kind"), Column("until", "date")],
                       filters=["kind"], search=["number", "holder__name"], may="estate.view")
    urlpatterns = [path("parking", PARKING.page, name="parking")]

The page has a filter bar, a list turned by key, an empty state, and an .xlsx of exactly what is listed.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import reduce
from operator import or_
from tempfile import TemporaryFile
from typing import Any, Final
from urllib.parse import quote

import xlsxwriter
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models import Model, Q, QuerySet
from django.http import FileResponse, HttpRequest, HttpResponseBase
from django.utils.html import conditional_escape, escape
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from .access import Actor
from .journal import now
from .prefix import inward
from .refusals import NotFound, Refused
from .screens import page_of, render
from .templatetags.ui import SHANGHAI, badge, masked, money, when, when_text

EXPORT_LIMIT: Final = 20_000
"""Rows of one .xlsx; more is refused with the advice to narrow, never cut silently."""

KINDS: Final = frozenset({"text", "number", "money", "date", "when", "badge", "yes", "phone", "name", "id", "bank", "plate"})
_MASKS: Final = frozenset({"phone", "name", "id", "bank", "plate"})


@dataclass(frozen=True)
class Column:
    """One column. `name` is an attribute or path (``holder__name``); kinds see KINDS, the last five are masked.

    `value(row)` replaces the attribute; `tones` maps a value of kind badge to its tone; `sort` lets people order by it
    (only where an index helps).
    """

    name: str
    kind: str = ""
    title: str = ""
    value: Callable[[Any], Any] | None = None
    tones: dict[Any, str] = field(default_factory=dict)
    sort: bool = False

    def raw(self, row: Any) -> Any:
        if self.value:
            return self.value(row)
        for name in self.name.split("__"):
            if row is None:
                return None
            row = getattr(row, name)
        return row

    def words(self, row: Any) -> Any:
        """The value, with the words of its choices."""
        if not self.value and "__" not in self.name and hasattr(row, label := f"get_{self.name}_display"):
            return getattr(row, label)()
        return self.raw(row)

    def cell(self, row: Any) -> Any:
        """As shown on the page."""
        value = self.words(row)
        if value is None or value == "":
            return "—" if self.kind in ("date", "when", "money") else ""
        match self.kind:
            case "money":
                return money(value)
            case "when":
                return when(value)
            case "date":
                return when_text(value)[:10]
            case "badge":
                return badge(value, self.tones.get(self.raw(row), "neutral"))
            case "yes":
                return "是" if value else "否"
            case kind if kind in _MASKS:
                return masked(value, kind)
        return value

    @property
    def numeric(self) -> bool:
        return self.kind in ("number", "money")


@dataclass(frozen=True)
class Filter:
    """One narrowing. Without `choices` it is drawn from the field: its choices, yes/no, or a range of days.

    `choices` is a list of (value, label), or a function of the actor giving one (for other tables' rows).
    """

    name: str
    title: str = ""
    choices: Sequence[tuple[Any, str]] | Callable[[Actor], Sequence[tuple[Any, str]]] | None = None


@dataclass
class Register:
    """See the module. `query(actor)` is the area's own read, ordered; it decides which rows this person may see.

    `may` / `may_export`: permissions for the page (else 404) and for the .xlsx (default: as the page; "" = no export).
    `opens(row)` gives the address of a row; `new` = (title, address, permission) of the button at the top.
    `exported(actor, title=…, rows=…, filters=…)` is an action that writes the journal line of an export.
    `leaves(rows)` keeps back rows that may be seen but not exported.
    """

    route: str
    query: Callable[[Actor], QuerySet[Any]]
    title: str
    columns: Sequence[str | Column]
    filters: Sequence[str | Filter] = ()
    search: Sequence[str] = ()
    search_hint: str = "搜索"
    may: str = ""
    may_export: str | None = None
    opens: Callable[[Any], str] | None = None
    new: tuple[str, str, str] | None = None
    empty: tuple[str, str] = ("还没有记录", "")
    size: int = 50
    exported: Callable[..., Any] | None = None
    leaves: Callable[[QuerySet[Any]], QuerySet[Any]] | None = None
    template: str = "ui/register.html"

    def __post_init__(self) -> None:
        for column in self.columns:
            if isinstance(column, Column) and column.kind and column.kind not in KINDS:
                raise LookupError(f"{self.title}: no kind of column named {column.kind}")

    @property
    def page(self) -> Callable[[HttpRequest], HttpResponseBase]:
        """The view; put it into urls.py."""
        return require_safe(self._page)

    def _page(self, request: HttpRequest) -> HttpResponseBase:
        actor: Actor = request.actor
        if self.may and not _may(actor, self.may):
            raise NotFound
        rows = self.query(actor)
        columns = [_complete(column, rows.model) for column in self.columns]
        controls = [self._control(each, rows.model, actor, request) for each in self.filters]
        words = " ".join(unicodedata.normalize("NFKC", request.GET.get("q", "")).replace("\x00", "").split())[:64]
        for control in controls:
            rows = rows.filter(control.narrows)
        rows = self._sorted(self._searched(rows, words), columns, request)
        can_export = self.may_export != "" and _may(actor, self.may_export or self.may)
        if request.GET.get("format") == "xlsx":
            if not can_export:
                raise NotFound
            said = {control.title: control.says for control in controls if control.says}
            return self._xlsx(actor, self.leaves(rows) if self.leaves else rows, columns, ({"关键词": words} if words else {}) | said)
        page = page_of(rows, request.GET.get("after"), self.size)
        kept = request.GET.copy()
        kept.pop("after", None)
        heads = [_Head(column, _sort_link(kept, column), _direction(request, column)) for column in columns]
        ways = _ways(columns)
        shown = [_line(self.opens(row) if self.opens else "", row, ways) for row in page]
        new = (self.new[0], inward(self.new[1])) if self.new and _may(actor, self.new[2]) else None
        return render(request, self.template, {
            "register": self, "heads": heads, "lines": shown, "rows": SafeString("".join(shown)), "page": page, "controls": controls, "q": words, "new": new,
            "filtered": (filtered := any(control.says for control in controls)), "narrowed": bool(words or filtered),
            "export": f"?{_with(kept, format='xlsx')}" if can_export and page.rows else "",
        }, part="list")

    def _searched(self, rows: QuerySet[Any], words: str) -> QuerySet[Any]:
        """Every word must be found in one of the searched columns."""
        for word in words.split():
            if self.search:
                rows = rows.filter(reduce(or_, (Q(**{f"{name}__icontains": word}) for name in self.search)))
        return rows

    def _sorted(self, rows: QuerySet[Any], columns: list[Column], request: HttpRequest) -> QuerySet[Any]:
        wanted = request.GET.get("sort", "")
        known = {sign + column.name for column in columns if column.sort for sign in ("", "-")}
        return rows.order_by(wanted) if wanted in known else rows

    def _control(self, each: str | Filter, model: type[Model], actor: Actor, request: HttpRequest) -> _Control:
        narrow = Filter(each) if isinstance(each, str) else each
        known = _field(model, narrow.name)
        title = narrow.title or str(getattr(known, "verbose_name", narrow.name))
        if narrow.choices is None and isinstance(known, models.DateField):
            return _days(narrow.name, title, isinstance(known, models.DateTimeField), request)
        if narrow.choices is not None:
            choices = narrow.choices(actor) if callable(narrow.choices) else narrow.choices
        elif isinstance(known, models.BooleanField):
            choices = ((True, "是"), (False, "否"))
        elif getattr(known, "flatchoices", None):
            choices = known.flatchoices
        else:
            raise TypeError(f"{self.title}: the filter {narrow.name} needs choices")
        given = request.GET.get(narrow.name, "")
        chosen = next(((value, label) for value, label in choices if str(value) == given), None)
        if given and chosen is None:
            raise Refused(f"「{title}」没有这个选项，请重新选择。")
        return _Control(narrow.name, title, options=[(str(value), label, str(value) == given) for value, label in choices],
                        narrows=Q(**{narrow.name: chosen[0]}) if chosen else Q(), says=str(chosen[1]) if chosen else "")

    def _xlsx(self, actor: Actor, rows: QuerySet[Any], columns: list[Column], filters: dict[str, str]) -> FileResponse:
        count = rows[: EXPORT_LIMIT + 1].count()
        if count > EXPORT_LIMIT:
            raise Refused(f"符合条件的记录超过 {EXPORT_LIMIT:,} 行，一次导不完。请先筛选，分几次导出。")
        moment = now()
        if self.exported:
            self.exported(actor, title=self.title, rows=count, filters=filters)
        note = f"{actor.name} 于 {when_text(moment)} 导出，共 {count} 行；" + (
            "，".join(f"{title}：{value}" for title, value in filters.items()) or "未筛选")
        file = TemporaryFile()  # noqa: SIM115 - FileResponse closes it
        write_workbook(file, self.title, [column.title for column in columns], (
            [_cell_value(column, row) for column in columns] for row in rows[:EXPORT_LIMIT].iterator(chunk_size=1000)), note,
            money_columns=[at for at, column in enumerate(columns) if column.kind == "money"])
        file.seek(0)
        name = f"{self.title}-{when_text(moment)[:10]}.xlsx"
        response = FileResponse(file, content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
        response["Content-Disposition"] = f"attachment; filename=\"export.xlsx\"; filename*=UTF-8''{quote(name)}"
        return response


@dataclass(frozen=True)
class _Control:
    """A filter as it is drawn, and what it does to the rows."""

    name: str
    title: str
    options: list[tuple[str, str, bool]] = field(default_factory=list)
    days: tuple[str, str] | None = None
    narrows: Q = field(default_factory=Q)
    says: str = ""


    @property
    def drawn(self) -> SafeString:
        """The options as HTML."""
        return SafeString("".join(
            f'<option value="{escape(value)}"{" selected" if chosen else ""}>{escape(label)}</option>' for value, label, chosen in self.options
        ))


@dataclass(frozen=True)
class _Head:
    column: Column
    link: str
    direction: str


Way = tuple[Column, Callable[[Any], Any], str, str]
"""A column, how its value is shown, the class of its cells and how they name it."""


def _ways(columns: list[Column]) -> list[Way]:
    """How each column is shown, worked out once for all rows of a page."""
    ways = []
    for at, column in enumerate(columns):
        css = "lead" if at == 0 else "corner" if column.kind == "badge" else "num" if column.numeric else ""
        ways.append((column, column.cell, f' class="{css}"' if css else "", f' data-label="{escape(column.title)}"'))
    return ways


def _line(opens: str, row: Any, ways: list[Way]) -> SafeString:
    """One row, drawn in Python: most of a list page is its cells. Whatever is not safe already is escaped."""
    cells = []
    for column, cell, css, label in ways:
        shown = conditional_escape(cell(row))
        if opens and column is ways[0][0]:
            shown = f'<a href="{escape(opens)}">{shown}</a>'
        cells.append(f"<td{css}{label}>{shown}</td>")
    leads = f' data-href="{escape(opens)}"' if opens else ""
    return SafeString(f"<tr{leads}>{''.join(cells)}</tr>")


def write_workbook(file: Any, title: str, heads: Sequence[str], rows: Iterator[list[Any]] | Sequence[list[Any]], note: str = "",
                   money_columns: Sequence[int] = ()) -> None:
    """One sheet: a bold frozen heading, then rows; text always as text, so that nothing typed becomes a formula.

    Text that begins like a formula also gets Excel's own "this is text" mark, which survives editing the cell.
    Moments are Shanghai time. `note` (who exported what, when) stands in the page footer and the file's properties.
    """
    book = xlsxwriter.Workbook(file, {
        "constant_memory": True, "in_memory": False, "strings_to_formulas": False, "strings_to_urls": False,
        "strings_to_numbers": False,
    })
    book.set_properties({"title": title, "comments": note})
    sheet = book.add_worksheet("".join(letter for letter in title if letter not in "[]:*?/\\'")[:31] or "Sheet")
    head, text = book.add_format({"bold": True, "bg_color": "#EEF1F5", "bottom": 1}), book.add_format({"num_format": "@"})
    quoted = book.add_format({"num_format": "@", "quote_prefix": True})
    moment, day = book.add_format({"num_format": "yyyy-mm-dd hh:mm"}), book.add_format({"num_format": "yyyy-mm-dd"})
    yuan = book.add_format({"num_format": "#,##0.00"})
    for at, name in enumerate(heads):
        sheet.set_column(at, at, max(10, min(40, 2 * len(name) + 6)))
        sheet.write_string(0, at, name, head)
    sheet.freeze_panes(1, 0)
    sheet.set_footer(f"&L{note.replace('&', '&&')[:200]}&R第 &P 页")
    sheet.repeat_rows(0)
    for down, row in enumerate(rows, start=1):
        for at, value in enumerate(row):
            match value:
                case None | "":
                    continue
                case bool():
                    sheet.write_string(down, at, "是" if value else "否", text)
                case datetime():
                    local = value.astimezone(SHANGHAI).replace(tzinfo=None) if value.tzinfo else value
                    sheet.write_datetime(down, at, local, moment)
                case date():
                    sheet.write_datetime(down, at, value, day)
                case int() | float() | Decimal():
                    sheet.write_number(down, at, float(value), yuan if at in money_columns else None)
                case _:
                    words = str(value)
                    sheet.write_string(down, at, words, quoted if words[:1] in "=+-@\t\r" else text)
    book.close()


def _cell_value(column: Column, row: Any) -> Any:
    value = column.words(row)
    return masked(value, column.kind) if column.kind in _MASKS and value else value


def _complete(column: str | Column, model: type[Model]) -> Column:
    """Title and kind from the field, where the declaration does not say."""
    given = Column(column) if isinstance(column, str) else column
    known = _field(model, given.name)
    kind = given.kind or {
        models.DateTimeField: "when", models.DateField: "date", models.BooleanField: "yes", models.DecimalField: "number",
        models.IntegerField: "number", models.BigIntegerField: "number", models.PositiveIntegerField: "number",
    }.get(type(known), "text") if not getattr(known, "flatchoices", None) else given.kind or "text"
    title = given.title or str(getattr(known, "verbose_name", given.name))
    return Column(given.name, kind, title, given.value, given.tones, given.sort)


def _field(model: type[Model], path: str) -> models.Field[Any, Any] | None:
    found: Any = None
    for name in path.split("__"):
        try:
            found = model._meta.get_field(name)
        except FieldDoesNotExist:
            return None
        model = found.related_model or model
    return found


def _days(name: str, title: str, moments: bool, request: HttpRequest) -> _Control:
    """From … to …, both days included."""
    given = [request.GET.get(f"{name}_from", ""), request.GET.get(f"{name}_to", "")]
    try:
        first, last = (date.fromisoformat(text) if text else None for text in given)
    except ValueError as error:
        raise Refused(f"「{title}」的日期应写成 2026-11-21 这样，请重新选择。") from error
    narrows = Q()
    if first:
        narrows &= Q(**{f"{name}__gte": _midnight(first) if moments else first})
    if last:
        narrows &= Q(**{f"{name}__lt": _midnight(last + timedelta(days=1))}) if moments else Q(**{f"{name}__lte": last})
    says = f"{given[0] or '…'} 至 {given[1] or '…'}" if first or last else ""
    return _Control(name, title, days=(given[0], given[1]), narrows=narrows, says=says)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=SHANGHAI)


def _may(actor: Actor, permission: str) -> bool:
    """Whether the permission holds anywhere; which rows it opens is the query's business."""
    return not permission or actor.places(permission) != frozenset()


def _with(query: Any, **changes: str) -> str:
    query = query.copy()
    for name, value in changes.items():
        query[name] = value
    return str(query.urlencode())


def _direction(request: HttpRequest, column: Column) -> str:
    wanted = request.GET.get("sort", "")
    return {column.name: "up", f"-{column.name}": "down"}.get(wanted, "") if column.sort else ""


def _sort_link(kept: Any, column: Column) -> str:
    if not column.sort:
        return ""
    return "?" + _with(kept, sort=f"-{column.name}" if kept.get("sort") == column.name else column.name)
