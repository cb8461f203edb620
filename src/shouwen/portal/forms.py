"""The simplified form of residents: only what the procedure marks `public`, in their words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django import forms

from shouwen.procedures.calendars import local
from shouwen.procedures.engine import Procedure, Step
from shouwen.procedures.engine.procedure import Ask

YES_NO = (("yes", "是"), ("no", "否"))


class PublicForm(forms.Form):
    """The public asks of one step. `units`: rooms to choose among; `known`: what need not be asked (a phone proven)."""

    use_required_attribute = False

    def __init__(
        self, rules: Procedure, step: Step, *args: Any, at: datetime, units: Iterable[str] = (), known: Iterable[str] = (),
        given: Mapping[str, str] | None = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(*args, **kwargs)
        self.rules, self.step = rules, step
        for ask in step.asks.values():
            if ask.public and ask.name not in known and ask.kind not in ("photo", "file", "signature"):
                self.fields[ask.name] = _field(ask, list(units), (given or {}).get(ask.name, ""), at)

    def answers(self) -> dict[str, Any]:
        """What was filled in; what is right or wrong the engine decides."""
        found: dict[str, Any] = {}
        for name in self.fields:
            many = self.step.asks[name].many
            value = [v for v in self.data.getlist(self.add_prefix(name)) if v] if many else self.data.get(self.add_prefix(name), "").strip()
            if value:
                found[name] = value
        return found

    def blame(self, problems: Mapping[str, str], message: str) -> None:
        """Put refusals beside their fields; what belongs to none stands above the form."""
        self.is_valid()
        self.errors.clear()
        for name, text in problems.items():
            known = name in self.fields
            self.add_error(name if known else None, _plain(text if known else message or text, self.step))
        if not problems and message:
            self.add_error(None, message)


def _plain(text: str, step: Step) -> str:
    """A refusal with the names that residents know."""
    for ask in step.asks.values():
        if ask.public and ask.plain != ask.title:
            text = text.replace(f"「{ask.title}」", f"「{ask.plain}」")
    return text


def _field(ask: Ask, units: list[str], given: str, at: datetime) -> forms.Field:
    needed = not ask.optional and ask.only_if is None and not (ask.kind == "unit" and not units)
    initial: Any = given or (ask.default if ask.default != "now" else local(at).strftime("%Y-%m-%dT%H:%M" if ask.kind == "datetime" else "%Y-%m-%d"))
    common: dict[str, Any] = {"label": ask.plain, "required": needed, "help_text": ask.help if not ask.classes else "", "initial": initial or None}
    match ask.kind:
        case "unit" if len(units) == 1:
            return forms.CharField(widget=forms.TextInput(attrs={"readonly": ""}), **common | {"initial": units[0]})
        case "unit" if units:
            return forms.ChoiceField(choices=[(code, code) for code in units], **common)
        case "unit":
            return forms.Field(widget=forms.TextInput(attrs={"placeholder": "例如 3-1-1201，公共区域可不填", "maxlength": 40}), **common)
        case "pick" | "yes_no":
            options = list(ask.pick.items()) if ask.kind == "pick" else list(YES_NO)
            if ask.many:
                return forms.MultipleChoiceField(choices=options, widget=forms.CheckboxSelectMultiple, **common)
            return forms.ChoiceField(choices=options, widget=forms.RadioSelect, **common)
        case "rating":
            return forms.ChoiceField(choices=[(str(n), f"{n} 分") for n in (5, 4, 3, 2, 1)], widget=forms.RadioSelect, **common)
        case "note":
            widget: forms.Widget = forms.Textarea(attrs={"rows": 4, "maxlength": 1000})
        case "phone":
            widget = forms.TextInput(attrs={"type": "tel", "inputmode": "tel", "maxlength": 20, "autocomplete": "tel"})
        case "date":
            widget = forms.DateInput(attrs={"type": "date"})
        case "time":
            widget = forms.TimeInput(attrs={"type": "time"})
        case "datetime":
            widget = forms.DateTimeInput(attrs={"type": "datetime-local"})
        case "number" | "money" | "minutes":
            widget = forms.TextInput(attrs={"inputmode": "decimal", "maxlength": 20})
        case _:
            widget = forms.TextInput(attrs={"maxlength": 100, "autocomplete": "name" if ask.private else "off"})
    return forms.Field(widget=widget, **common)
