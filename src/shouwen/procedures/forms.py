"""Forms made from a step's `asks`: the file says what is asked, this says how it looks in a browser.

Only shape is decided here. What is right or wrong is decided by the engine (answers.settled), so that pages, API and
rehearsals refuse the same things with the same words.
"""

from __future__ import annotations

from typing import Any

from django import forms

from shouwen.org import queries as org

from .engine import Procedure
from .engine.procedure import Ask

YES_NO = (("yes", "是"), ("no", "否"))
FEW = 6
"""Up to so many options are shown side by side; more become a list."""


class StepForm(forms.Form):
    """The form of one step. `only_if` conditions stand on the widgets as data, for the page to show and hide by."""

    def __init__(
        self, procedure: Procedure, step: str, *args: Any, community_id: int, colleagues: list[tuple[str, str]],
        earlier: dict[str, Any] | None = None, **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.step = procedure.every_step[step]
        for ask in self.step.asks.values():
            field = _field(ask, community_id, colleagues, earlier or {})
            if ask.only_if:
                field.widget.attrs["data-only-if"] = _condition(ask)
            self.fields[ask.name] = field

    def answers(self) -> dict[str, Any]:
        """What was filled in, ready for the action; fields left empty are left out."""
        given: dict[str, Any] = {}
        for ask in self.step.asks.values():
            name = self.add_prefix(ask.name)
            if ask.kind in ("checklist", "readings"):
                value: Any = {
                    key: self.data[f"{name}.{key}"] for key in ask.items if self.data.get(f"{name}.{key}")
                }
            elif ask.many and hasattr(self.data, "getlist"):
                value = [v for v in self.data.getlist(name) if v]
                if ask.kind in ("unit", "text", "person"):
                    value = [part.strip() for text in value for part in text.replace("，", ",").split(",") if part.strip()]
            else:
                value = self.data.get(name, "")
            if value not in ("", [], {}):
                given[ask.name] = value
        return given

    def blame(self, problems: dict[str, str], message: str) -> None:
        """Put the engine's refusals beside their fields; what belongs to none stands above the form."""
        self.is_valid()
        self.errors.clear()
        for name, text in problems.items():
            self.add_error(name if name in self.fields else None, text)
        if not problems:
            self.add_error(None, message)


class Items(forms.Widget):
    """Several named entries under one title: ticks (yes/no/not applicable) or readings."""

    template_name = "procedures/items.html"

    def __init__(self, items: dict[str, str], ticks: bool) -> None:
        super().__init__()
        self.items, self.ticks = items, ticks

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        known = value if isinstance(value, dict) else {}
        context["items"] = [(f"{name}.{key}", title, known.get(key, "")) for key, title in self.items.items()]
        context["ticks"] = self.ticks
        return context

    def value_from_datadict(self, data: Any, files: Any, name: str) -> dict[str, str]:
        return {key: data[f"{name}.{key}"] for key in self.items if data.get(f"{name}.{key}")}


def _condition(ask: Ask) -> str:
    """`name=a|b;other=c` as the page's script reads it."""
    assert ask.only_if is not None
    return ";".join(f"{name}={'|'.join(values)}" for name, values in ask.only_if.equals)


def _field(ask: Ask, community_id: int, colleagues: list[tuple[str, str]], earlier: dict[str, Any]) -> forms.Field:
    common: dict[str, Any] = {
        "label": ask.title, "required": not ask.optional and ask.only_if is None, "help_text": ask.help,
        "initial": earlier.get(ask.name) or (ask.default if ask.default != "now" else None),
    }  # fmt: skip
    match ask.kind:
        case "pick" | "yes_no" | "department" | "staff":
            options = {
                "pick": tuple(ask.pick.items()), "yes_no": YES_NO, "department": tuple(org.departments(community_id)),
                "staff": tuple(colleagues),
            }[ask.kind]  # fmt: skip
            return _choice(ask, options, common)
        case "rating":
            return _choice(ask, tuple((str(n), f"{n} 分") for n in (5, 4, 3, 2, 1)), common)
        case "note":
            widget: forms.Widget = forms.Textarea(attrs={"rows": 3, "maxlength": 4000})
        case "date":
            widget = forms.DateInput(attrs={"type": "date"})
        case "time":
            widget = forms.TimeInput(attrs={"type": "time"})
        case "datetime":
            widget = forms.DateTimeInput(attrs={"type": "datetime-local", **({"data-now": ""} if ask.default == "now" else {})})
        case "minutes" | "number":
            widget = forms.NumberInput(attrs={"inputmode": "decimal", "step": "any"})
        case "money":
            widget = forms.TextInput(attrs={"inputmode": "decimal", "data-prefix": "¥"})
        case "phone":
            widget = forms.TextInput(attrs={"inputmode": "tel", "maxlength": 30})
        case "photo" | "file" | "signature":
            widget = forms.HiddenInput(attrs={"data-upload": ask.kind})
        case "checklist" | "readings":
            widget = Items(ask.items, ask.kind == "checklist")
        case "unit":
            widget = forms.TextInput(attrs={"placeholder": "3-1-1201", "maxlength": 200, "data-unit": ""})
        case _:
            widget = forms.TextInput(attrs={"maxlength": 200})
    if ask.private:
        widget.attrs |= {"data-private": "", "autocomplete": "off"}
    return forms.Field(widget=widget, **common)


def _choice(ask: Ask, options: tuple[tuple[str, str], ...], common: dict[str, Any]) -> forms.Field:
    if ask.many:
        return forms.MultipleChoiceField(choices=options, widget=forms.CheckboxSelectMultiple, **common)
    if len(options) <= FEW:
        return forms.ChoiceField(choices=options, widget=forms.RadioSelect, **common)
    return forms.ChoiceField(choices=(("", "请选择"), *options), widget=forms.Select, **common)
