"""Forms made from a step's `asks`: the file says what is asked, this says how it looks in a browser.

Only shape is decided here. What is right or wrong is decided by the engine (answers.settled), so that pages, API and
rehearsals refuse the same things with the same words.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from itertools import zip_longest
from typing import Any

from django import forms

from shouwen.duty.directory import Directory
from shouwen.org import queries as org

from .calendars import local
from .engine import Procedure
from .engine.answers import holds
from .engine.procedure import OWN_CLASS, Ask, Condition
from .reckoning import worked_out
from .slots import Offer, prices

YES_NO = (("yes", "是"), ("no", "否"))
FEW = 5
"""Up to so many options are shown side by side; more become a list."""

UPLOADS = ("photo", "file", "signature")
Choices = list[tuple[str, Any]]


class StepForm(forms.Form):
    """The form of one step, with the evidence it needs. What depends on other answers of the form stands on the widgets
    as data (`data-only-if`, `data-default-by`) for steps.js; what depends on earlier answers is settled here.
    """

    use_required_attribute = False

    def __init__(
        self, procedure: Procedure, step: str, *args: Any, community_id: int, colleagues: Choices, at: datetime,
        earlier: Mapping[str, Any] | None = None, given: Mapping[str, Any] | None = None, amending: bool = False,
        **kwargs: Any,
    ) -> None:  # fmt: skip
        """`earlier`: the ticket's answers, for conditions. `given`: answers to begin with. `amending`: every given answer,
        whatever its condition, and no evidence."""
        kwargs.setdefault("prefix", "")
        super().__init__(*args, **kwargs)
        self.procedure, self.step = procedure, procedure.every_step[step]
        given = given or {}
        known = {**(earlier or {}), **given}
        for ask in self.step.asks.values():
            if amending and (ask.name not in given or ask.reckoned) or not amending and not self._possible(ask, earlier or {}):
                continue
            field = _field(ask, community_id, colleagues, given.get(ask.name), at, self._purpose(ask.kind))
            if ask.only_if and not amending:
                field.widget.attrs["data-only-if"] = self._inside(ask.only_if)
            if ask.default_by:
                field.widget.attrs["data-default-by"] = json.dumps([self._name(ask.default_by), ask.defaults])
            self.fields[ask.name] = field
            if ask.reckoned and not amending:
                known[ask.name] = worked_out(procedure, ask, known, community_id, at)
                _reckon(field, known[ask.name])
        for index, need in enumerate(() if amending else self.step.needs):
            self.fields[f"need-{index}"] = _need(procedure, need, self._purpose(need))

    def answers(self) -> dict[str, Any]:
        """What was filled in, ready for the action; fields left empty are left out."""
        given: dict[str, Any] = {}
        for ask in self.step.asks.values():
            if ask.name not in self.fields or ask.reckoned:
                continue
            value = self._answer(ask, self.add_prefix(ask.name))
            if value not in ("", [], {}):
                given[ask.name] = value
        return given

    def evidence(self) -> dict[str, Any]:
        """What was handed in for the step's `needs`: attachment keys, or 已收 for a paper."""
        found: dict[str, Any] = {}
        for index, need in enumerate(self.step.needs):
            values = [v for v in self.data.getlist(self.add_prefix(f"need-{index}")) if v]
            if values:
                found[need] = "已收到" if need.startswith("paper ") else values
        return found

    def uploads(self) -> list[str]:
        """Every attachment key in the form as sent."""
        names = [a.name for a in self.step.asks.values() if a.kind in UPLOADS]
        names += [f"need-{i}" for i, need in enumerate(self.step.needs) if not need.startswith("paper ")]
        return [v for name in names for v in self.data.getlist(self.add_prefix(name)) if v]

    def blame(self, problems: Mapping[str, str], message: str) -> None:
        """Put the engine's refusals beside their fields; what belongs to none stands above the form."""
        self.is_valid()
        self.errors.clear()
        for name, text in problems.items():
            self.add_error(name if name in self.fields else None, text)
        if not problems:
            self.add_error(None, message)

    def _answer(self, ask: Ask, name: str) -> Any:
        if ask.kind in ("checklist", "readings"):
            return {key: self.data[f"{name}.{key}"] for key in ask.items if self.data.get(f"{name}.{key}")}
        if ask.kind == "priced":
            return lines_of(self.data, name)
        if not ask.many:
            return self.data.get(name, "")
        values = [v for v in self.data.getlist(name) if v]
        if ask.kind in ("unit", "text", "person"):
            values = [part.strip() for text in values for part in text.replace("，", ",").split(",") if part.strip()]
        return values

    def _purpose(self, kind: str) -> str:
        """What a picture taken in this step shows: a signature, or the place before or after the work."""
        return "signature" if kind.startswith("signature") else "before" if self.step.name == self.procedure.first else "after"

    def _name(self, name: str) -> str:
        """The field that gives an answer: the class of the ticket may be asked under another name."""
        if name == OWN_CLASS and name not in self.step.asks:
            name = next((a.name for a in self.step.asks.values() if a.classes), name)
        return self.add_prefix(name)

    def _own(self, name: str) -> bool:
        return name in self.step.asks or name == OWN_CLASS and any(a.classes for a in self.step.asks.values())

    def _possible(self, ask: Ask, earlier: Mapping[str, Any]) -> bool:
        """Whether the part of the condition that rests on earlier steps holds."""
        if ask.only_if is None:
            return True
        before = Condition(
            tuple(pair for pair in ask.only_if.equals if not self._own(pair[0])),
            tuple(pair for pair in ask.only_if.at_least if not self._own(pair[0])),
        )
        return holds(self.procedure, before, earlier)

    def _inside(self, condition: Condition) -> str:
        """The part that rests on this form, as JSON: [[field, [values]], …, [field, least]]."""
        parts: list[Any] = [[self._name(n), list(values)] for n, values in condition.equals if self._own(n)]
        parts += [[self._name(n), float(least)] for n, least in condition.at_least if self._own(n)]
        return json.dumps(parts) if parts else ""


class Items(forms.Widget):
    """Several named entries under one title: ticks (yes/no/not applicable) or readings, with the range they should lie in."""

    template_name = "procedures/items.html"
    TICKS = (("yes", "是"), ("no", "否"), ("na", "不适用"))

    def __init__(self, items: dict[str, str], ticks: bool, span: str = "") -> None:
        super().__init__()
        self.items, self.ticks, self.span = items, ticks, span

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        known = value if isinstance(value, dict) else {}
        context["items"] = [(f"{name}.{key}", title, known.get(key, "")) for key, title in self.items.items()]
        return context | {"ticks": self.TICKS if self.ticks else (), "span": self.span}

    def value_from_datadict(self, data: Any, files: Any, name: str) -> dict[str, str]:
        return {key: data[f"{name}.{key}"] for key in self.items if data.get(f"{name}.{key}")}


class Priced(forms.Widget):
    """Lines of a quotation: an item of the price list and how many of it; prices are shown, never typed (C17.07)."""

    template_name = "procedures/priced.html"

    def __init__(self, offers: Mapping[str, Offer]) -> None:
        super().__init__()
        self.offers = offers

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        rows = [_row(text) for text in ([value] if isinstance(value, str) and value else value or ())]
        gone = [code for code, _ in rows if code and code not in self.offers]
        return context | {"rows": [*rows, ("", "")], "offers": list(self.offers.values()), "gone": gone}

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[str]:
        return lines_of(data, name)


def lines_of(data: Any, name: str) -> list[str]:
    """The lines as sent: one item and one quantity each; empty lines are left out."""
    pairs = zip_longest(data.getlist(f"{name}.item"), data.getlist(f"{name}.quantity"), fillvalue="")
    return [f"{item.strip()} × {quantity.strip() or 1}" for item, quantity in pairs if item.strip()]


def _row(text: str) -> tuple[str, str]:
    """(code, quantity) of a line, whatever state it is in."""
    code, _, rest = str(text).partition(" ")
    return code, rest.rpartition("×")[2].partition("=")[0].strip()


class Upload(forms.Widget):
    """Files already given are hidden keys; steps.js sends a chosen file at once and adds its key. `purpose`: what a picture
    shows unless chosen otherwise (Attachment.Purpose)."""

    template_name = "procedures/upload.html"

    def __init__(self, kind: str, many: bool, purpose: str = "") -> None:
        super().__init__()
        self.kind, self.many, self.purpose = kind, many, purpose

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        context |= {
            "keys": [value] if isinstance(value, str) and value else list(value or ()), "kind": self.kind, "many": self.many,
            "purpose": self.purpose, "purposes": (("before", "处理前"), ("after", "处理后")) if self.kind == "photo" else (),
        }  # fmt: skip
        return context

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[str]:
        return [v for v in data.getlist(name) if v]


def colleagues(directory: Directory, at: datetime) -> Choices:
    """Everybody who works here, in two groups for a list of choices: who is on duty now, and the others. Kept with the directory
    for a minute: every form asks, and sorting everybody costs as much as the form."""
    kept: tuple[int, Choices] | None = directory.__dict__.get("colleagues")
    if kept is None or kept[0] != int(at.timestamp()) // 60:
        kept = directory.__dict__["colleagues"] = (int(at.timestamp()) // 60, _colleagues(directory, at))
    return kept[1]


def _colleagues(directory: Directory, at: datetime) -> Choices:
    on_duty = {directory.acting(span.user, at) for span in directory.running(at)}
    day = local(at).date()
    here = {h.user for h in directory.held if h.on(day) and h.user in directory.active}
    titles = {
        user: max(((directory.posts[p].rank, directory.posts[p].title) for p in directory.posts_of(user, at)), default=(0, ""))[1]
        for user in here
    }  # fmt: skip
    rows = sorted((directory.department_of(u, at), titles[u], directory.name(u), u) for u in here)
    said = [(u, (str(u), f"{name} · {title}" if title else name)) for _, title, name, u in rows]
    groups = [("当班", [row for u, row in said if u in on_duty]), ("其他同事", [row for u, row in said if u not in on_duty])]
    return [(title, people) for title, people in groups if people]


def _reckon(field: forms.Field, value: str) -> None:
    """Shown as it stands now, and not typed; it is worked out anew when the step is finished."""
    field.required, field.disabled, field.initial = False, True, value
    field.widget.attrs["placeholder"] = "交上时由系统算出"
    field.help_text = field.help_text or "由系统算出，不用填"


def _need(procedure: Procedure, need: str, purpose: str) -> forms.Field:
    if need.startswith("paper "):
        return forms.BooleanField(label=f"已收到《{need.removeprefix('paper ')}》", required=False)
    role = need.removeprefix("signature of ")
    title = {"photo": "照片", "scan": "扫描件"}.get(need) or (
        (procedure.people[role].title if role in procedure.people else {"requester": "申请人"}.get(role, "经办人")) + "签名"
    )
    kind = "file" if need == "scan" else "signature" if need.startswith("signature of ") else "photo"
    return forms.Field(label=title, widget=Upload(kind, True, purpose))


def _field(ask: Ask, community_id: int, colleagues: Choices, given: Any, at: datetime, purpose: str) -> forms.Field:
    kept = isinstance(given, str) and ask.private and "*" in given
    common: dict[str, Any] = {
        "label": ask.title, "required": not ask.optional and not kept, "help_text": ask.help or span_of(ask),
        "initial": _initial(ask, None if kept else given, at),
    }  # fmt: skip
    field = _typed(ask, community_id, colleagues, common, at, purpose)
    field.before = "¥" if ask.kind == "money" else ""  # type: ignore[attr-defined]
    field.after = "分钟" if ask.kind == "minutes" else ""  # type: ignore[attr-defined]
    if given:  # what was answered once is not now
        field.widget.attrs.pop("data-now", None)
    if ask.private:
        field.widget.attrs |= {"data-private": "", "autocomplete": "off"}
    if kept:
        field.widget.attrs["placeholder"] = f"已填 {given}，不改请留空"
    return field


def span_of(ask: Ask) -> str:
    """Within what an amount or the length of a text must lie, in words."""
    unit = " 字" if ask.kind in ("text", "note") else ""
    if ask.kind not in ("minutes", "number", "money", "readings", "text", "note") or not (ask.min or ask.max):
        return ""
    if ask.min and ask.max:
        return f"{ask.min} 到 {ask.max}{unit}"
    return f"至少 {ask.min}{unit}" if ask.min else f"最多 {ask.max}{unit}"


def _initial(ask: Ask, given: Any, at: datetime) -> Any:
    """What the field holds at first, as a browser writes it."""
    value = given
    if not value and ask.default == "now":
        value = local(at).strftime({"date": "%Y-%m-%d", "time": "%H:%M"}.get(ask.kind, "%Y-%m-%d %H:%M"))
    elif not value:
        value = ask.default
    if ask.kind == "datetime" and isinstance(value, str):
        return value.replace(" ", "T", 1)
    return "，".join(value) if isinstance(value, list) and ask.kind in ("unit", "text", "person") else value or None


def _typed(ask: Ask, community_id: int, colleagues: Choices, common: dict[str, Any], at: datetime, purpose: str) -> forms.Field:
    now = {"data-now": ""} if ask.default == "now" else {}
    match ask.kind:
        case "pick" | "yes_no" | "department" | "staff" | "rating":
            return _choice(ask, _options(ask, community_id, colleagues), common)
        case "note":
            widget: forms.Widget = forms.Textarea(attrs={"rows": 3, "maxlength": 4000})
        case "date":
            widget = forms.DateInput(attrs={"type": "date", **now})
        case "time":
            widget = forms.TimeInput(attrs={"type": "time", **now})
        case "datetime":
            widget = forms.DateTimeInput(attrs={"type": "datetime-local", "data-moment": "", **now})
        case "minutes" | "number" | "money":
            widget = forms.TextInput(attrs={"inputmode": "decimal", "maxlength": 20})
        case "phone":
            widget = forms.TextInput(attrs={"inputmode": "tel", "maxlength": 30})
        case "photo" | "file" | "signature":
            widget = Upload(ask.kind, ask.many, purpose)
        case "checklist" | "readings":
            widget = Items(ask.items, ask.kind == "checklist", span_of(ask))
        case "priced":
            widget = Priced(prices(community_id, at))
        case "unit":
            widget = forms.TextInput(attrs={"placeholder": "3-1-1201", "maxlength": 200, "data-unit": "", "autocomplete": "off"})
        case _:
            widget = forms.TextInput(attrs={"maxlength": 200, "autocomplete": "off"})
    return forms.Field(widget=widget, **common)


def _options(ask: Ask, community_id: int, colleagues: Choices) -> Choices:
    match ask.kind:
        case "yes_no":
            return list(YES_NO)
        case "department":
            return list(org.departments(community_id))
        case "staff":
            return colleagues
        case "rating":
            return [(str(n), f"{n} 分") for n in (5, 4, 3, 2, 1)]
    return list(ask.pick.items())


def _choice(ask: Ask, options: Choices, common: dict[str, Any]) -> forms.Field:
    if ask.many:
        return forms.MultipleChoiceField(choices=options, widget=forms.CheckboxSelectMultiple, **common)
    if len(options) <= FEW and ask.kind != "staff":
        return forms.ChoiceField(choices=options, widget=forms.RadioSelect(attrs={"data-pick": ask.kind}), **common)
    search = {"data-search": ""} if ask.kind in ("staff", "department") or len(options) > 12 else {}
    return forms.ChoiceField(choices=[("", "请选择"), *options], widget=forms.Select(attrs=search), **common)
