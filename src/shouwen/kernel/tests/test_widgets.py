"""Controls drawn in Python are letter for letter what Django's own templates draw."""

from __future__ import annotations

import html

import pytest
from django import forms
from django.forms.renderers import DjangoTemplates
from django.utils.safestring import mark_safe

from shouwen.kernel.widgets import DRAWN, Renderer

ODD = '<b class="x">&\'"'
CHOICES = [("", "请选择"), ("a", "甲"), ("楼栋", [("1", "一栋"), ("2", ODD)]), (ODD, mark_safe("<i>安全</i>"))]  # noqa: S308
WIDGETS = {
    "text": (forms.TextInput, [None, "", "王", ODD, 0]), "number": (forms.NumberInput, [None, 0, 12, "1.5"]),
    "hidden": (forms.HiddenInput, ["x", None]), "password": (forms.PasswordInput, ["geheim"]), "email": (forms.EmailInput, [ODD]),
    "url": (forms.URLInput, ["https://example.cn/?a=1&b=2"]), "date": (forms.DateInput, ["2026-11-21", None]),
    "time": (forms.TimeInput, ["08:30"]), "moment": (forms.DateTimeInput, ["2026-11-21 08:30"]), "area": (forms.Textarea, [None, "", ODD, "一\n二"]),
    "tick": (forms.CheckboxInput, [True, False, None, "yes"]), "select": (forms.Select, ["", "a", "2", ODD, None]),
    "several": (forms.SelectMultiple, [[], ["a", "1"], None]), "radio": (forms.RadioSelect, ["a", "2", None]),
    "ticks": (forms.CheckboxSelectMultiple, [["a", ODD], None]),
}  # fmt: skip


@pytest.mark.parametrize("name", WIDGETS)
def test_a_control_is_drawn_as_django_draws_it(name: str) -> None:
    kind, values = WIDGETS[name]
    for attrs in ({}, {"class": "form-control", "id": "id_x", "required": True, "disabled": False, "data-x": ODD, "rows": 3}):
        widget = kind(attrs=attrs)
        if hasattr(widget, "choices"):
            widget.choices = CHOICES
        for value in values:
            ours, theirs = (widget.render(f"n{ODD}", value, renderer=renderer) for renderer in (Renderer(), DjangoTemplates()))
            assert _plain(ours) == _plain(theirs), (attrs, value)
            assert hasattr(ours, "__html__")


def _plain(drawn: str) -> str:
    return "\n".join(filter(None, map(str.strip, drawn.splitlines())))


def test_what_is_drawn_here_is_known_and_escaped() -> None:
    class Form(forms.Form):
        name = forms.CharField(initial=ODD)
        pick = forms.ChoiceField(choices=CHOICES)
        files = forms.FileField()

    drawn = "".join(str(field.as_widget(attrs={"title": ODD})) for field in Form(renderer=Renderer()))
    assert '<b class="x">' not in drawn and html.escape(ODD, quote=True) in drawn and "<i>安全</i>" in drawn
    assert 'type="file"' in drawn, "other controls keep their templates"
    assert all(name.startswith("django/forms/widgets/") for name in DRAWN)
