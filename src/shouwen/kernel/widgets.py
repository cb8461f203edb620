"""Form controls drawn in Python. What Django's own little templates would draw, letter for letter, at a tenth of the cost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.forms.renderers import DjangoTemplates
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString


def attributes(widget: dict[str, Any]) -> str:
    """attrs.html: nothing for False, the bare name for True, else the value as text."""
    return "".join(
        f" {conditional_escape(name)}" if value is True else f' {conditional_escape(name)}="{_text(value)}"'
        for name, value in widget["attrs"].items() if value is not False
    )  # fmt: skip


def _text(value: Any) -> str:
    """A value as |stringformat:'s' leaves it: text, escaped unless it was safe already."""
    return conditional_escape(value if isinstance(value, str) else str(value))


def _input(widget: dict[str, Any]) -> str:
    value = widget["value"]
    given = "" if value is None else f' value="{_text(value)}"'
    return f'<input type="{widget["type"]}" name="{conditional_escape(widget["name"])}"{given}{attributes(widget)}>'


def _textarea(widget: dict[str, Any]) -> str:
    value = conditional_escape(widget["value"]) if widget["value"] else ""
    return f'<textarea name="{conditional_escape(widget["name"])}"{attributes(widget)}>\n{value}</textarea>'


def _option(widget: dict[str, Any]) -> str:
    return f'<option value="{_text(widget["value"])}"{attributes(widget)}>{conditional_escape(widget["label"])}</option>'


def _select(widget: dict[str, Any]) -> str:
    parts = [f'<select name="{conditional_escape(widget["name"])}"{attributes(widget)}>']
    for title, options, _ in widget["optgroups"]:
        if title:
            parts.append(f'\n  <optgroup label="{conditional_escape(title)}">')
        parts += [f"\n{_option(option)}" for option in options]
        if title:
            parts.append("\n  </optgroup>")
    parts.append("\n</select>")
    return "".join(parts)


def _choice(widget: dict[str, Any]) -> str:
    """One radio button or tick box of several, in its label where the widget wants one."""
    drawn = _input(widget)
    if not widget.get("wrap_label"):
        return drawn
    names = f' for="{conditional_escape(own)}"' if (own := widget["attrs"].get("id")) else ""
    return f"<label{names}>{drawn} {conditional_escape(widget['label'])}</label>"


_FOLDER: Final = "django/forms/widgets/"
_INPUTS: Final = ("text", "number", "email", "url", "tel", "search", "color", "password", "hidden", "date", "time", "datetime", "checkbox", "input")
DRAWN: Final[dict[str, Callable[[dict[str, Any]], str]]] = {
    **{f"{_FOLDER}{name}.html": _input for name in _INPUTS}, f"{_FOLDER}textarea.html": _textarea,
    f"{_FOLDER}select.html": _select, f"{_FOLDER}select_option.html": _option, f"{_FOLDER}radio_option.html": _choice,
    f"{_FOLDER}checkbox_option.html": _choice,
}  # fmt: skip
"""Template of Django → what draws it here. A widget with a template of its own is drawn by that, as before."""


class Renderer(DjangoTemplates):
    """FORM_RENDERER of the project."""

    def render(self, template_name: str, context: dict[str, Any], request: Any = None) -> str:
        if (draw := DRAWN.get(template_name)) and "widget" in context:
            return SafeString(draw(context["widget"]))
        return super().render(template_name, context, request)
