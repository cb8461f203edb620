"""The forms of this area."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms

from shouwen.org.models import User

from .actions import WEEKDAYS
from .models import Shift

_DATE = {"type": "date"}
_MOMENT = {"type": "datetime-local"}


class Employee(forms.ModelChoiceField):
    """A choice of people by name and user name."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.name}（{obj.username}）"


class ShiftOf(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.title} {obj.starts:%H:%M}–{obj.ends:%H:%M}" + ("（仅工作日）" if obj.workdays_only else "")


class RosterForm(forms.Form):
    post = forms.ChoiceField(label="岗位")
    user = Employee(User.objects.none(), label="员工", empty_label="请选择", to_field_name="username")
    shift = ShiftOf(Shift.objects.none(), label="班次", empty_label="请选择", to_field_name="slug")
    weekdays = forms.MultipleChoiceField(
        label="星期", choices=[(str(n + 1), f"周{day}") for n, day in enumerate(WEEKDAYS)],
        widget=forms.CheckboxSelectMultiple, initial=list("1234567"),
    )  # fmt: skip
    starts_on = forms.DateField(label="从", widget=forms.DateInput(attrs=_DATE, format="%Y-%m-%d"))
    ends_on = forms.DateField(
        label="至", required=False, help_text="留空表示一直。", widget=forms.DateInput(attrs=_DATE, format="%Y-%m-%d")
    )

    def __init__(self, *args: Any, posts: list[tuple[str, str]], people: Any, shifts: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["post"].choices = [("", "请选择"), *posts]  # type: ignore[attr-defined]
        self.fields["user"].queryset = people  # type: ignore[attr-defined]
        self.fields["shift"].queryset = shifts  # type: ignore[attr-defined]

    def clean_weekdays(self) -> str:
        return "".join(self.cleaned_data["weekdays"])


class ShiftForm(forms.Form):
    slug = forms.CharField(label="班次代号", max_length=20, help_text="小写字母，例如 early；已有代号即修改该班次。")
    title = forms.CharField(label="名称", max_length=40)
    starts = forms.TimeField(label="开始", widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))
    ends = forms.TimeField(
        label="结束", help_text="不晚于开始时间即为次日。", widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    workdays_only = forms.BooleanField(label="仅工作日", required=False)


class EndForm(forms.Form):
    knowing = forms.BooleanField(label="允许空档", required=False)
    ends_on = forms.DateField(label="最后一天", widget=forms.DateInput(attrs=_DATE, format="%Y-%m-%d"))


class LineForm(forms.Form):
    post = forms.ChoiceField(label="岗位")
    event_at = forms.DateTimeField(
        label="发生时间", required=False, help_text="补记时填写实际发生的时间，留空为现在。",
        widget=forms.DateTimeInput(attrs=_MOMENT, format="%Y-%m-%dT%H:%M"),
    )  # fmt: skip
    text = forms.CharField(label="内容", max_length=2000, widget=forms.Textarea(attrs={"rows": 3}))
    matter = forms.BooleanField(label="处理过的事，写明经过和结果", required=False)
    course = forms.CharField(label="处理经过", max_length=600, required=False, widget=forms.Textarea(attrs={"rows": 2}))
    result = forms.CharField(label="结果", max_length=600, required=False, widget=forms.Textarea(attrs={"rows": 2}))
    focus = forms.BooleanField(label="重点工作，要报部门负责人", required=False)

    def __init__(self, *args: Any, posts: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["post"].choices = posts  # type: ignore[attr-defined]


class CorrectionForm(forms.Form):
    event_at = forms.DateTimeField(label="发生时间", required=False, widget=forms.DateTimeInput(attrs=_MOMENT, format="%Y-%m-%dT%H:%M"))
    text = forms.CharField(label="更正后的内容", max_length=2000, widget=forms.Textarea(attrs={"rows": 3}))


def minute(at: datetime) -> datetime:
    """The moment without seconds, as a form shows it."""
    return at.replace(second=0, microsecond=0)
