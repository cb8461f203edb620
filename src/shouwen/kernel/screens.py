"""What every page needs: one way to render, to turn pages by key, to put refusals beside fields, and to say what has just been done."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from django.conf import settings
from django.core import signing
from django.db.models import F, Model, Q, QuerySet
from django.db.models.expressions import OrderBy
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.template import Context, loader
from django.template.base import Template
from django.template.context import make_context
from django.template.loader_tags import BlockNode, ExtendsNode
from django.utils.cache import patch_vary_headers

from .prefix import root
from .refusals import Refused
from .secrets import open_text, seal_text

# --- rendering ---------------------------------------------------------------------------------------------------


def render(
    request: HttpRequest, template: str, context: dict[str, Any] | None = None, *,
    part: str | None = None, status: int = 200,
) -> HttpResponse:
    """The page, or, when htmx asks, only its block named `part`.

    The server chooses the part; a request cannot. A page restored from history or boosted is always whole.
    Use status 422 for a form shown again with its mistakes (htmx swaps it in).
    """
    page: Template = loader.get_template(template).template
    told = take_flash(request)
    partial = part is not None and wants_part(request)
    filled = make_context({**(context or {}), "flash": None if partial else told}, request)
    html = _block(page, part, filled) if partial and part else page.render(filled)
    response = HttpResponse(html, status=status)
    patch_vary_headers(response, ("HX-Request",))
    if told:
        response.delete_cookie(FLASH_COOKIE, path=root())
        if partial:
            _tell_now(response, told)
    return response


def wants_part(request: HttpRequest) -> bool:
    """Whether htmx asks for a part of a page rather than a page."""
    headers = request.headers
    return "HX-Request" in headers and not ("HX-Boosted" in headers or "HX-History-Restore-Request" in headers)


def _block(page: Template, name: str, context: Context) -> str:
    """The block as the page, or the nearest page it extends, writes it; a page without it is a mistake of its author."""
    with context.bind_template(page), context.render_context.push_state(page):
        level: Template | None = page
        while level is not None:
            for node in level.nodelist.get_nodes_by_type(BlockNode):
                if getattr(node, "name", "") == name:
                    return str(node.render(context))
            extends = next((node for node in level.nodelist if isinstance(node, ExtendsNode)), None)
            level = extends.get_parent(context) if extends else None
    raise LookupError(f"template {page.name} has no block named {name}")


# --- saying what was done ------------------------------------------------------------------------------------------

FLASH_COOKIE: Final = "flash"
KINDS: Final = frozenset({"success", "info", "warning", "danger"})


@dataclass(frozen=True, slots=True)
class Flash:
    """One sentence for the person who has just done something, shown once."""

    text: str
    kind: str = "success"


def blame(form: BaseForm, refused: Refused) -> None:
    """Put a refusal where it belongs: at its fields if the form has them, else above the form."""
    known = {name: text for name, text in refused.fields.items() if name in form.fields}
    for name, text in known.items():
        form.add_error(name, text)
    if not known:
        form.add_error(None, refused.message)


def flash(response: HttpResponse, text: str, kind: str = "success") -> HttpResponse:
    """Say `text` to the person once: on the page this answer leads to, or at once if it answers htmx in place.

    A redirect carries it in a signed cookie that lives for a minute; no table, no session row.
    """
    if kind not in KINDS:
        raise ValueError(f"unknown kind of flash: {kind}")
    told = Flash(text, kind)
    leads_on = 300 <= response.status_code < 400 or "HX-Redirect" in response or "HX-Location" in response
    if leads_on:
        value = signing.dumps([text, kind], salt=FLASH_COOKIE)
        response.set_cookie(FLASH_COOKIE, value, max_age=60, httponly=True, samesite="Lax", path=root(), secure=settings.HTTPS)
    else:
        _tell_now(response, told)
    return response


def take_flash(request: HttpRequest) -> Flash | None:
    """What the answer before this one left to be said. `render` takes it and forgets it; pages need not call this."""
    if not (value := request.COOKIES.get(FLASH_COOKIE)):
        return None
    try:
        text, kind = signing.loads(value, salt=FLASH_COOKIE, max_age=60)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return Flash(text, kind)


def _tell_now(response: HttpResponse, told: Flash) -> None:
    """As an event that app.js hears; a header must be ASCII, and json.dumps escapes everything else."""
    response["HX-Trigger"] = json.dumps({"flash": {"text": told.text, "kind": told.kind}})


# --- turning pages by key ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of a longer list, with the keys of the pages before and after it (None = there is none)."""

    rows: list[Any]
    next: str | None = None
    previous: str | None = None

    def __iter__(self) -> Iterator[Any]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True, slots=True)
class _Key:
    """One column that the list is ordered by."""

    name: str
    falling: bool = False
    empty_last: bool | None = None  # where NULL stands; None = the column has no NULL

    @property
    def reversed(self) -> _Key:
        return _Key(self.name, not self.falling, None if self.empty_last is None else not self.empty_last)

    @property
    def ordering(self) -> OrderBy:
        return OrderBy(F(self.name), descending=self.falling,
                       nulls_last=True if self.empty_last is True else None,
                       nulls_first=True if self.empty_last is False else None)

    def beyond(self, value: Any) -> Q | None:
        """Rows that stand after `value` in this column; None = there can be none."""
        if value is None:
            return Q(**{f"{self.name}__isnull": False}) if self.empty_last is False else None
        after = Q(**{f"{self.name}__{'lt' if self.falling else 'gt'}": value})
        return after | Q(**{f"{self.name}__isnull": True}) if self.empty_last else after

    def equal(self, value: Any) -> Q:
        return Q(**{f"{self.name}__isnull": True}) if value is None else Q(**{self.name: value})


def page_of(queryset: QuerySet[Any], after: str | None = None, size: int = 50) -> Page:
    """One page of an ordered queryset, found by key: it costs the same at row one as at row ten million.

    `after` is the key from a link made by `{% pager %}` (usually ``request.GET.get("after")``); it is sealed, and one
    that was altered or belongs to another ordering is a 400. Order by columns that an index covers; the primary
    key is added at the end to make the order strict. There is no count and no page number, on purpose.
    """
    keys = _keys(queryset)
    if not after:
        rows = list(queryset.order_by(*(key.ordering for key in keys))[: size + 1])
        return Page(rows[:size], next=_token(keys, rows[size - 1]) if len(rows) > size else None)
    values, back = _read(after, keys)
    way = [key.reversed for key in keys] if back else keys
    rows = list(queryset.filter(_past(way, values)).order_by(*(key.ordering for key in way))[: size + 1])
    more, rows = len(rows) > size, rows[:size]
    if not back:
        first = _token(keys, rows[0], back=True) if rows else _sign(keys, values, back=True)
        return Page(rows, next=_token(keys, rows[-1]) if more else None, previous=first)
    if not more:  # the way back reached the start: show the first page whole
        return page_of(queryset, None, size)
    rows.reverse()
    return Page(rows, next=_token(keys, rows[-1]), previous=_token(keys, rows[0], back=True))


def _keys(queryset: QuerySet[Any]) -> list[_Key]:
    """The ordering in force, made strict. NULLs stand where PostgreSQL puts them unless the ordering says otherwise."""
    query, model = queryset.query, queryset.model
    ordering = query.order_by or (query.get_meta().ordering if query.default_ordering else ())
    keys: list[_Key] = []
    for item in ordering:
        if isinstance(item, OrderBy):
            if not isinstance(item.expression, F):
                raise TypeError("a list turned by key is ordered by columns; annotate the expression first")
            name, falling, empty_last = item.expression.name, item.descending, None
            if item.nulls_last or item.nulls_first:
                empty_last = bool(item.nulls_last)
        else:
            name, falling, empty_last = str(item).lstrip("-"), str(item).startswith("-"), None
        if empty_last is None and _may_be_empty(model, name):
            empty_last = not falling
        keys.append(_Key("pk" if name == model._meta.pk.name else name, falling, empty_last))
    if not any(key.name == "pk" for key in keys):
        keys.append(_Key("pk", keys[-1].falling if keys else False))
    return keys


def _may_be_empty(model: type[Model], path: str) -> bool:
    """Whether a column path such as ``holder__name`` can be NULL; annotations are taken as never empty."""
    empty, meta = False, model._meta
    for name in path.split("__"):
        if name == "pk":
            return empty
        known = {field.name: field for field in meta.get_fields()} | {
            getattr(field, "attname", field.name): field for field in meta.get_fields()}
        if not (field := known.get(name)):
            return empty
        empty = empty or bool(getattr(field, "null", False))
        if related := getattr(field, "related_model", None):
            meta = related._meta
    return empty


def _past(keys: list[_Key], values: list[Any]) -> Q:
    """(a, b, c) > (x, y, z) spelled out, because directions and NULLs may differ; `a >= x` first, for the index."""
    either, equal = Q(pk__in=()), Q()
    for key, value in zip(keys, values, strict=True):
        if (beyond := key.beyond(value)) is not None:
            either |= equal & beyond
        equal &= key.equal(value)
    first = keys[0]
    if values[0] is None or first.empty_last:
        return either
    return Q(**{f"{first.name}__{'lte' if first.falling else 'gte'}": values[0]}) & either


def _token(keys: list[_Key], row: Any, *, back: bool = False) -> str:
    return _sign(keys, [_value(row, key.name) for key in keys], back=back)


def _value(row: Any, path: str) -> Any:
    for name in path.split("__"):
        row = row.get(name) if isinstance(row, dict) else getattr(row, name, None)
    return row.pk if isinstance(row, Model) else row


_KINDS: Final[dict[str, Any]] = {"t": datetime.fromisoformat, "d": date.fromisoformat, "n": Decimal, "u": UUID}


def _sign(keys: list[_Key], values: list[Any], *, back: bool) -> str:
    packed: list[Any] = []
    for value in values:
        match value:
            case datetime():
                packed.append({"t": value.isoformat()})
            case date():
                packed.append({"d": value.isoformat()})
            case Decimal():
                packed.append({"n": str(value)})
            case UUID():
                packed.append({"u": str(value)})
            case _:
                packed.append(value)
    order = [("-" if key.falling else "") + key.name for key in keys]
    sealed = seal_text(json.dumps(["page", order, packed, int(back)]))  # a name may be ordered by, and must not stand in an address
    return urlsafe_b64encode(sealed).rstrip(b"=").decode()


def _read(token: str, keys: list[_Key]) -> tuple[list[Any], bool]:
    try:
        kind, order, packed, back = json.loads(open_text(urlsafe_b64decode(token.encode() + b"=" * (-len(token) % 4))))
        if kind != "page":
            raise ValueError(kind)
    except (InvalidTag, ValueError, TypeError) as error:
        raise Refused("翻页的位置已失效，请从第一页重新打开。") from error
    if order != [("-" if key.falling else "") + key.name for key in keys]:
        raise Refused("排序方式已改变，请从第一页重新打开。")
    values = []
    for value in packed:
        if isinstance(value, dict):
            (kind, text), = value.items()
            value = _KINDS[kind](text)
        values.append(value)
    return values, bool(back)
