"""Forms of the pages of settings."""

from __future__ import annotations

import re
from datetime import time
from typing import Any

from django import forms

from shouwen.kernel import calendars


class CommunityForm(forms.Form):
    name = forms.CharField(label="小区名称", max_length=60)
    address = forms.CharField(label="地址", max_length=200, required=False)
    phone = forms.CharField(label="服务电话", max_length=30, required=False, help_text="住户自助页上给住户看的电话，全天有人接。", widget=forms.TextInput(attrs={"inputmode": "tel"}))


class LastForm(forms.Form):
    last = forms.TypedChoiceField(
        label="找不到人时由谁接收", coerce=int, empty_value=None, required=False,
        help_text="任务和提醒按岗位、上级一级一级找人，都找不到时交给这个人。",
    )

    def __init__(self, *args: Any, people: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["last"].choices = [("", "按岗位：管理处主任，没有时服务中心经理"), *people]  # type: ignore[attr-defined]


class NewCommunityForm(CommunityForm):
    slug = forms.CharField(label="小区代号", max_length=40, help_text="小写字母、数字或 -，如 liyuan；以后不能改。")
    field_order = ("slug", "name")


class FiguresForm(forms.Form):
    """One number per figure of kernel.calendars.FIGURES."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, (title, default, least, most) in calendars.FIGURES.items():
            self.fields[name] = forms.IntegerField(label=title, min_value=least, max_value=most, help_text=f"默认 {default}")


class DayForm(forms.Form):
    day = forms.DateField(label="日期", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    works = forms.ChoiceField(label="这一天", choices=[("0", "休息"), ("1", "上班")])
    name = forms.CharField(label="名称", max_length=40, required=False, help_text="如：春节、春节调休上班")


class WindowsForm(forms.Form):
    """Service hours as people write them, a line per weekday: 周一 08:00-12:00 14:00-18:00."""

    windows = forms.CharField(
        label="服务时间", required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 7}),
        help_text="每行一天，如「周一 08:00-12:00 14:00-18:00」；跨午夜写「周六 22:00-06:00」；不写的那天不服务；全部留空恢复默认。",
    )

    def clean_windows(self) -> list[tuple[int, time, time]]:
        found: list[tuple[int, time, time]] = []
        for number, line in enumerate(self.cleaned_data["windows"].splitlines(), 1):
            if not line.strip():
                continue
            weekday, *spans = line.replace("，", " ").replace("：", ":").replace("–", "-").split()
            if weekday not in calendars.WEEKDAYS or not spans:
                raise forms.ValidationError(f"第 {number} 行应以「周一」至「周日」开头，后面写时段。")
            for span in spans:
                parts = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)-([01]?\d|2[0-3]):([0-5]\d)", span)
                if parts is None:
                    raise forms.ValidationError(f"第 {number} 行的「{span[:20]}」应写成 08:00-12:00。")
                a, b, c, d = map(int, parts.groups())
                found.append((calendars.WEEKDAYS.index(weekday), time(a, b), time(c, d)))
        return found


def as_lines(weekly: tuple[calendars.Windows, ...]) -> str:
    """The other way round: windows as the lines of the form."""
    return "\n".join(
        f"{name} " + " ".join(f"{a // 60:02d}:{a % 60:02d}-{b // 60 % 24:02d}:{b % 60:02d}" for a, b in windows)
        for name, windows in zip(calendars.WEEKDAYS, weekly, strict=True) if windows
    )
