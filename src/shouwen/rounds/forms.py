"""What is asked on the pages of this area; lists of check items and points come as repeated fields."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import zip_longest
from typing import Any, Final

from django import forms
from django.http import QueryDict

from shouwen.kernel.refusals import Refused
from shouwen.kernel.words import number_in

from .actions import Given
from .actions.plans import CheckSpec, PointSpec
from .models import Check, Plan, Point, Route

WEEKDAYS: Final = [(str(n + 1), f"周{day}") for n, day in enumerate("一二三四五六日")]
_CLOCK: Final = {"type": "time"}


class PlanForm(forms.Form):
    """A plan; which fields count depends on the rhythm."""

    use_required_attribute = False
    title = forms.CharField(label="名称", max_length=60, error_messages={"required": "请填写名称，如「一号线巡更」。"})
    kind = forms.ChoiceField(label="类别", choices=Plan.Kind.choices)
    post = forms.ChoiceField(label="由哪个岗位巡", error_messages={"required": "请选择岗位。"})
    route = forms.ChoiceField(label="路线", required=False, help_text="只要报告、不走点位的，选「不走路线」。")
    rhythm = forms.ChoiceField(label="周期", choices=Plan.Rhythm.choices)
    minutes = forms.IntegerField(label="每隔几分钟", required=False, help_text="5 到 1440")
    starts = forms.TimeField(label="从", required=False, widget=forms.TimeInput(attrs=_CLOCK, format="%H:%M"))
    ends = forms.TimeField(label="到", required=False, help_text="早于或等于开始，即到次日；全天填 00:00 到 00:00", widget=forms.TimeInput(attrs=_CLOCK, format="%H:%M"))
    times = forms.CharField(label="钟点", max_length=120, required=False, help_text="几个钟点用空格隔开，如 09:00 16:00")
    weekdays = forms.MultipleChoiceField(label="星期", required=False, choices=WEEKDAYS, widget=forms.CheckboxSelectMultiple, initial=list("1234567"))
    monthday = forms.IntegerField(label="每月几日", required=False, min_value=1, max_value=31, help_text="没有这一日的月份，算月末")
    after_days = forms.IntegerField(label="完成后隔几天", required=False)
    days = forms.ChoiceField(label="日子", choices=Plan.Days.choices)
    lasts = forms.IntegerField(label="须在几分钟内完成", initial=30)
    grace = forms.IntegerField(label="宽限几分钟", initial=5, help_text="过了宽限还没完成，就按名字报给当班人和上级")
    tells = forms.ChoiceField(label="漏巡另报哪个岗位", required=False)
    basis = forms.CharField(label="依据", max_length=80, required=False, help_text="如 E25.01")

    def __init__(self, *args: Any, posts: list[tuple[str, str]], routes: list[Route], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["post"].choices = [("", "请选择"), *posts]  # type: ignore[attr-defined]
        self.fields["tells"].choices = [("", "不另报"), *posts]  # type: ignore[attr-defined]
        self.fields["route"].choices = [("", "不走路线，只要报告"), *((str(one.pk), one.title) for one in routes)]  # type: ignore[attr-defined]

    def given(self) -> dict[str, Any]:
        """As the action takes it, without the route."""
        data = dict(self.cleaned_data)
        data.pop("route")
        data["weekdays"] = "".join(data["weekdays"])
        for name, least in (("minutes", 0), ("monthday", 1), ("after_days", 0)):
            data[name] = data[name] if data[name] is not None else least
            if not 0 <= data[name] <= 32_767:
                raise Refused(f"「{self.fields[name].label}」的数字太大，请更正。", {name: "数字不对。"})
        return data


class PointForm(forms.Form):
    use_required_attribute = False
    title = forms.CharField(label="名称", max_length=60, error_messages={"required": "请填写名称，如「配电房」。"})
    place = forms.CharField(label="位置", max_length=120, required=False)
    scope = forms.ChoiceField(label="范围", choices=Point.Scope.choices)
    unit = forms.CharField(label="房号", max_length=40, required=False, help_text="空置房等在某一户的，写房号")
    tag = forms.CharField(label="NFC 标签号", max_length=40, required=False, help_text="没有贴 NFC 的留空")

    def spec(self, checks: tuple[CheckSpec, ...]) -> PointSpec:
        return PointSpec(**self.cleaned_data, checks=checks)


class ReasonForm(forms.Form):
    use_required_attribute = False
    reason = forms.CharField(label="原因", max_length=200, error_messages={"required": "请写明停用原因。"})


def checks_of(given: QueryDict) -> tuple[CheckSpec, ...]:
    """Check items as a form sends them: equal lists of titles, kinds, units and limits; a line without a title is left out."""
    lists = [given.getlist(f"check_{name}")[:60] for name in ("title", "kind", "unit", "least", "most")]
    rows = [[str(value or "") for value in row] for row in zip_longest(*lists, fillvalue="")]
    return tuple(CheckSpec(title, kind or Check.Kind.PASS, unit, least, most) for title, kind, unit, least, most in rows if title.strip())


def specs_in(checks: Any) -> list[CheckSpec]:
    """Stored check items as a form shows them."""
    said = lambda number: "" if number is None else f"{number.normalize():f}"  # noqa: E731
    return [CheckSpec(one.title, one.kind, one.unit, said(one.least), said(one.most)) for one in checks]


def reading_of(fields: dict[str, list[str]], key: str, *, device_at: datetime | None = None, offset: timedelta = timedelta(0)) -> Given:
    """A reading as a form or a phone sends it: `code`, `note`, `finding`, `spot`, `photo` (many), `check-<id>`."""
    one = lambda name: (fields.get(name) or [""])[0]  # noqa: E731
    answers = {
        pk: values[0] for name, values in fields.items()
        if name.startswith("check-") and values and (pk := number_in(name.removeprefix("check-"))) is not None
    }  # fmt: skip
    return Given(
        key=key, code=one("code")[:200], answers=answers, finding=one("finding")[:20], note=one("note"), photos=fields.get("photo", []),
        device_at=device_at, offset=offset, spot=one("spot")[:60],
    )  # fmt: skip
