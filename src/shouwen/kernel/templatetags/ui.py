"""The parts that pages are made of. Loaded everywhere (TEMPLATES builtins); docs/screens.md lists them for authors.

Everything a tag shows is escaped; colour is never the only sign.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import uuid4

from django import forms, template
from django.forms import BoundField
from django.template import Context
from django.template.base import Node, Parser, Token
from django.template.defaulttags import url as django_url
from django.template.loader import get_template
from django.templatetags.static import static
from django.utils.html import conditional_escape, escape, format_html, format_html_join
from django.utils.safestring import SafeString

from ..assets import ICONS
from ..journal import now as the_moment
from ..money import yuan
from ..nodes import Address, Once, remembered
from ..zone import CHINA as SHANGHAI

register = template.Library()

TONES: Final = frozenset({"neutral", "info", "success", "warning", "danger"})

# --- small marks ---------------------------------------------------------------------------------------------------


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """A line icon from the sprite. With `label` it is read aloud; without, it is decoration beside words."""
    if label:
        return SafeString(f'<svg class="icon" role="img" aria-label="{escape(label)}"><use href="{_sprite()}#{_known(name)}"/></svg>')
    if (drawn := _drawn.get(name)) is None:
        drawn = _drawn[name] = SafeString(f'<svg class="icon" aria-hidden="true"><use href="{_sprite()}#{_known(name)}"/></svg>')
    return drawn


_icon: Final = icon
_drawn: Final[dict[str, SafeString]] = {}
"""Icons without a label by name: every row of every list has some."""


def _known(name: str) -> str:
    if name not in ICONS:
        raise LookupError(f"no icon named {name}: add it to kernel/assets.py ICONS")
    return name


def _sprite() -> str:
    return escape(static("vendor/icons.svg"))


@register.simple_tag
def badge(text: Any, tone: str = "neutral", icon_name: str = "") -> SafeString:
    """A short state in words. Tones: neutral, info, success, warning, danger."""
    if tone not in TONES:
        raise LookupError(f"no tone named {tone}")
    return SafeString(f'<span class="mark tone-{tone}">{icon(icon_name) if icon_name else ""}{conditional_escape(text)}</span>')


# --- time ----------------------------------------------------------------------------------------------------------


def span_words(seconds: float) -> str:
    """A span as people say it, always two units at most: 不到 1 分钟, 12 分钟, 1 小时 5 分, 3 天 4 小时."""
    minutes = int(abs(seconds) // 60)
    if minutes < 1:
        return "不到 1 分钟"
    if minutes < 60:
        return f"{minutes} 分钟"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} 小时" + (f" {minutes} 分" if minutes else "")
    days, hours = divmod(hours, 24)
    return f"{days} 天" + (f" {hours} 小时" if hours else "")


@register.simple_tag
def countdown(
    limit: datetime | None, now: datetime | None = None, soon: int = 30, paused: bool = False, done: datetime | None = None,
) -> SafeString:
    """Time left to `limit` or over it, ticking in the browser. `soon` = minutes before it from which it warns.

    `paused` shows that the clock stands; `done` (when it was finished) tells whether that was in time.
    """
    if limit is None:
        return SafeString('<span class="text-secondary">不限时</span>')
    end = limit.replace(second=0, microsecond=0) + timedelta(minutes=1)  # the minute of the limit is still on time
    if done is not None:
        if done >= end:
            return badge(f"迟 {span_words((done - limit).total_seconds())}", "warning", "alert-circle")
        return badge("按时完成", "success", "check")
    if paused:
        return badge("已暂停", "neutral", "clock-pause")
    moment = now or the_moment()
    over, left = moment >= end, (limit - moment).total_seconds()
    state, sign = ("over", "alert-triangle") if over else ("soon", "clock") if left <= soon * 60 else ("calm", "clock")
    words = f"超时 {span_words(left)}" if over else f"剩 {span_words(max(left, 0))}"
    return SafeString(  # nothing here comes from people: numbers, moments and our own words
        f'<time class="countdown is-{state}" datetime="{limit.isoformat()}" data-limit="{int(end.timestamp()) - 60}"'
        f' data-soon="{int(soon) * 60}" title="时限 {when_text(limit)}">{icon(sign)}<span>{words}</span></time>'
    )


def when_text(value: datetime | date | None) -> str:
    """2026-11-21 14:05, Shanghai time; a date alone: 2026-11-21; nothing: an em dash."""
    if value is None:
        return "—"
    if isinstance(value, datetime):
        return (value.astimezone(SHANGHAI) if value.tzinfo else value).strftime("%Y-%m-%d %H:%M")
    return value.isoformat()


@register.filter
def when(value: datetime | date | None) -> str | SafeString:
    """A moment, absolute; the reader may switch all of a page to 「5 分钟前」 (key t, or the user menu)."""
    if not isinstance(value, datetime):
        return when_text(value)
    return SafeString(f'<time class="when" datetime="{value.isoformat()}" data-when="{int(value.timestamp())}">{when_text(value)}</time>')


@register.filter
def clock_time(value: datetime | None) -> str:
    """Only 14:05, for lists whose day is clear from their heading."""
    return when_text(value)[-5:] if value else "—"


# --- what is the same on every page --------------------------------------------------------------------------------


def forget() -> None:
    """Drop the icons that this process has drawn (tests change the settings they were drawn with)."""
    _drawn.clear()
    _menus.clear()


@register.tag
def once(parser: Parser, token: Token) -> Once:
    """`{% once %}…{% endonce %}`: drawn at the first page and kept by the process. Nothing in it may differ between two
    people, two pages or two moments: addresses of files, dialogs, icons."""
    inside = parser.parse(("endonce",))
    parser.delete_first_token()
    return Once(inside)


@register.tag
def url(parser: Parser, token: Token) -> Node:
    """Django's, remembered by the process; one that names its arguments is left to Django."""
    plain = django_url(parser, token)
    return plain if plain.kwargs else Address(plain.view_name, plain.args, {}, plain.asvar)


for _name in ("icon", "badge"):
    register.tag(_name, remembered(register.tags[_name]))


@register.simple_tag
def side_menu(groups: Any) -> SafeString:
    """The menu at the side: groups of entries, see docs/screens.md. The same groups, if they can be told apart, are drawn once."""
    try:
        key = tuple(groups)
        if (found := _menus.get(key)) is None:
            if len(_menus) >= _MOST_MENUS:
                _menus.clear()
            found = _menus[key] = _side(key)
        return found
    except TypeError:  # groups of another make, which cannot be a key
        return _side(groups)


_MOST_MENUS: Final = 500
_menus: Final[dict[Any, SafeString]] = {}


def _side(groups: Any) -> SafeString:
    drawn = []
    for group in groups:
        entries = f"<ul>{''.join(map(_side_entry, group.entries))}</ul>"
        if fold := getattr(group, "fold", ""):
            shown = " open" if group.open else ""
            title = f'<summary class="side-group">{escape(group.title)}{icon("chevron-down")}</summary>'
            drawn.append(f'<details class="side-fold" data-fold="{escape(fold)}"{shown}>{title}{entries}</details>')
            continue
        title = f'<p class="side-group">{escape(group.title)}</p>' if group.title else ""
        drawn.append(title + entries)
    return SafeString("".join(drawn))


def _side_entry(entry: Any) -> str:
    here = ' active" aria-current="page"' if entry.current else '"'
    key = f' data-key="{escape(given)}" data-key-title="{escape(entry.title)}"' if (given := getattr(entry, "key", "")) else ""
    count = getattr(entry, "count", 0)
    waiting = f'<b class="count">{int(count)}<span class="visually-hidden">项待办</span></b>' if count else ""
    return (
        f'<li><a class="side-item{here} href="{escape(entry.url)}"{key}>{icon(entry.icon)}'
        f"<span>{escape(entry.title)}</span>{waiting}</a></li>"
    )


@register.simple_tag
def bottom_bar(groups: Any) -> SafeString:
    """The first four entries of the first group, at the bottom of a phone."""
    drawn = []
    for entry in [entry for group in groups[:1] for entry in group.entries[:4]]:
        here = ' class="active" aria-current="page"' if entry.current else ""
        count = getattr(entry, "count", 0)
        waiting = f'<b class="dot">{"99+" if count > 99 else int(count)}</b>' if count else ""
        drawn.append(f'<a href="{escape(entry.url)}"{here}>{icon(entry.icon)}<span>{escape(entry.title)}</span>{waiting}</a>')
    return SafeString("".join(drawn))


# --- values --------------------------------------------------------------------------------------------------------


@register.filter
def money(value: Decimal | int | str | None) -> str:
    """Yuan: ¥1,234.50, -¥20.00; nothing: an em dash. Put it in a cell of class `num`."""
    if value is None or value == "":
        return "—"
    return yuan(Decimal(value))


@register.filter
def masked(value: Any, kind: str = "phone") -> str:
    """What everybody may see of a private value. Kinds: phone, name, id (identity card), bank, plate."""
    text = str(value or "").strip()
    if not text:
        return ""
    match kind:
        case "name":
            return text[0] + "*" * (len(text) - 1)
        case "phone" if len(text) == 11:
            return f"{text[:3]}****{text[-4:]}"
        case "phone":
            return "*" * max(len(text) - 4, 4) + (text[-4:] if len(text) > 6 else "")
        case "id":
            return text[:4] + "*" * (len(text) - 8) + text[-4:] if len(text) > 10 else "*" * len(text)
        case "bank":
            return "**** " + (text[-4:] if len(text) > 8 else "")
        case "plate":
            plain = re.sub(r"[·\s]", "", text)
            return f"{plain[:2]}·***{plain[-2:]}" if len(plain) > 5 else "*" * len(plain)
    raise LookupError(f"no kind of mask named {kind}")


# --- forms ---------------------------------------------------------------------------------------------------------


@register.simple_tag(takes_context=True)
def form_keys(context: Context) -> SafeString:
    """First thing in every `<form method="post">`: the CSRF token, and the key by which a second sending is known."""
    return SafeString(
        f'<input type="hidden" name="csrfmiddlewaretoken" value="{escape(context.get("csrf_token", ""))}">'
        f'<input type="hidden" name="idempotency_key" value="{uuid4()}">'
    )


@register.simple_tag
def form_errors(form: forms.BaseForm) -> SafeString:
    """Above a form: what does not fit as a whole, and how many fields need another look."""
    if not form.errors:
        return SafeString("")
    given = {"general": form.non_field_errors(), "fields": [form[name] for name in form.errors if name in form.fields]}
    return SafeString(get_template("ui/form_errors.html").render(given))


_NEEDED: Final = '<span class="needed" aria-hidden="true"> *</span><span class="visually-hidden">（必填）</span>'


@register.simple_tag
def field(
    bound: BoundField, label: str = "", help: str = "", prefix: str = "", suffix: str = "", placeholder: str = "",
    private: bool = False, autofocus: bool = False, rows: int = 0, quiet: bool = False,
) -> SafeString:
    """A field with its label, help and mistakes. `private`: never kept as a draft in the browser (names, phones…).

    `prefix`/`suffix` stand inside the box (¥, 元/月); `rows` for a text area; `quiet` keeps the label for readers only.
    """
    widget, errors = bound.field.widget, bound.errors
    choices = isinstance(widget, forms.RadioSelect | forms.CheckboxSelectMultiple)
    tick = isinstance(widget, forms.CheckboxInput)
    css = "form-check-input" if tick or choices else "form-select" if isinstance(widget, forms.Select) else "form-control"
    attrs: dict[str, Any] = {"class": " ".join(filter(None, (widget.attrs.get("class"), css, errors and "is-invalid")))}
    if placeholder:
        attrs["placeholder"] = placeholder
    if private:
        attrs["data-private"] = ""
        attrs.setdefault("autocomplete", "off")
    if autofocus:
        attrs["autofocus"] = True
    if rows:
        attrs["rows"] = rows
    if help and not bound.help_text:
        bound.help_text = help
    said, more, own = conditional_escape(label or bound.label), help or bound.help_text, escape(bound.auto_id)
    hidden, needed = " visually-hidden" if quiet else "", _NEEDED if bound.field.required and not tick else ""
    if tick:
        body = f'<label class="form-check">{bound.as_widget(attrs=attrs)}<span class="form-check-label">{said}</span></label>'
    elif choices:
        invalid = ' aria-invalid="true"' if errors else ""
        body = (
            f'<fieldset{invalid} aria-describedby="{own}_helptext {own}_error"><legend class="form-label{hidden}" id="{own}">{said}{needed}</legend>'
            f'<div class="options">{"".join(_option(choice, attrs) for choice in bound.subwidgets)}</div></fieldset>'
        )
    else:
        control = bound.as_widget(attrs=attrs)
        if prefix or suffix:
            before, after = (f'<span class="input-group-text">{conditional_escape(x)}</span>' if x else "" for x in (prefix, suffix))
            control = f'<div class="input-group input-group-flat">{before}{control}{after}</div>'
        body = f'<label class="form-label{hidden}" for="{escape(bound.id_for_label)}">{said}{needed}</label>\n  {control}'
    wrong = " ".join(map(conditional_escape, _mistakes(bound, label))) if errors else ""
    error = f'\n  <div class="field-error" id="{own}_error">{icon("alert-circle")}<span>{wrong}</span></div>' if errors else ""
    hint = f'\n  <div class="form-hint" id="{own}_helptext">{conditional_escape(more)}</div>' if more else ""
    return SafeString(f'<div class="field{" has-error" if errors else ""}">\n  {body}{error}{hint}\n</div>\n')


def _mistakes(bound: BoundField, label: str) -> list[str]:
    """Django says 这个字段是必填项 of every field alike; we say which."""
    verb = "请选择" if isinstance(bound.field, forms.ChoiceField | forms.FileField) else "请填写"
    return [f"{verb}「{label or bound.label}」。" if error.code == "required" else text
            for error, text in zip(bound.errors.as_data(), bound.errors, strict=True)]


def _option(choice: Any, attrs: Mapping[str, Any]) -> str:
    choice.data["attrs"] = {**choice.data["attrs"], **attrs}
    return (
        f'<label class="form-check" for="{escape(choice.id_for_label)}">{choice.tag()}'
        f'<span class="form-check-label">{conditional_escape(choice.choice_label)}</span></label>'
    )


# --- around lists --------------------------------------------------------------------------------------------------


@register.inclusion_tag("ui/empty.html")
def empty(title: str, text: str = "", icon: str = "inbox", url: str = "", action: str = "") -> dict[str, str]:
    """Where a list would stand: why there is nothing, and what one can do about it."""
    return {"title": title, "text": text, "icon": icon, "url": url, "action": action}


@register.inclusion_tag("ui/pager.html", takes_context=True)
def pager(context: Context, page: Any, target: str = "", name: str = "after") -> dict[str, Any]:
    """Previous and next of a `screens.Page`; with `target` (a CSS selector) htmx swaps only that."""
    request = getattr(context, "request", None)

    def link(key: str | None) -> str:
        if not key:
            return ""
        query = request.GET.copy() if request else {}
        query[name] = key
        return "?" + query.urlencode() if request else f"?{name}={key}"

    return {"previous": link(page.previous), "next": link(page.next), "target": target}


@register.simple_tag
def crumbs(*steps: Any) -> SafeString:
    """The way here: title, address, title, address, …; the last title may stand alone (where one is)."""
    pairs = [(steps[at], steps[at + 1] if at + 1 < len(steps) else "") for at in range(0, len(steps), 2)]
    items = format_html_join(
        "", '<li>{}</li>',
        ((format_html('<a href="{}">{}</a>', url, title) if url else format_html('<span aria-current="page">{}</span>', title),)
         for title, url in pairs),
    )
    return format_html('<nav class="crumbs" aria-label="所在位置"><ol>{}</ol></nav>', items)


@register.simple_tag
def stat(title: str, value: Any, tone: str = "neutral", note: str = "", url: str = "", icon: str = "") -> SafeString:
    """One figure of an overview: 超时 3, with where it leads."""
    tag, to = ("a", f' href="{escape(url)}"') if url else ("div", "")
    sign = _icon(icon) if icon else ""
    more = f'<span class="stat-note">{escape(note)}</span>' if note else ""
    return SafeString(
        f'<{tag}{to} class="stat tone-{escape(tone)}">\n  <span class="stat-title">{sign}{escape(title)}</span>\n'
        f'  <span class="stat-value">{conditional_escape(value)}</span>\n  {more}\n</{tag}>\n'
    )


@register.simple_tag
def server_now() -> int:
    """Seconds since 1970 here, so that a desk whose clock is wrong still counts down rightly."""
    return int(the_moment().timestamp())
