"""The forms of this area. What they cannot know (rights, overlaps, circles) the actions refuse."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django import forms
from django.forms import ModelChoiceField, ModelMultipleChoiceField

from shouwen.kernel.access import PERMISSIONS, Actor

from . import queries
from .models import Department, Skill, Training, User

_DATE = {"type": "date"}
_MOMENT = {"type": "datetime-local"}


class Person(ModelChoiceField):
    """A choice of people by name and user name."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.name}（{obj.username}）"


def secret(label: str, autocomplete: str, help_text: str = "") -> forms.CharField:
    """A password field; blanks count, and what was typed is never sent back."""
    widget = forms.PasswordInput(attrs={"autocomplete": autocomplete})
    return forms.CharField(label=label, max_length=128, strip=False, help_text=help_text, widget=widget)


class LoginForm(forms.Form):
    username = forms.CharField(
        label="用户名", max_length=40, widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none"})
    )
    password = secret("密码", "current-password")
    code = forms.CharField(
        label="动态口令", max_length=10, required=False, help_text="已启用动态口令的账号必填，其他账号留空。",
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )  # fmt: skip


class PasswordForm(forms.Form):
    old = secret("原密码", "current-password")
    new = secret("新密码", "new-password", "至少 12 个字符，不要用常见密码或自己的姓名。")
    again = secret("再输一遍新密码", "new-password")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("new") != data.get("again"):
            self.add_error("again", "两次输入的新密码不一致。")
        return data


class CodeForm(forms.Form):
    code = forms.CharField(
        label="动态口令", max_length=10, widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"})
    )


class ConfirmForm(forms.Form):
    password = secret("登录密码", "current-password")


class TokenForm(forms.Form):
    name = forms.CharField(label="用途", max_length=60, help_text="例如：报表系统读取工单。")
    days = forms.IntegerField(label="有效天数", min_value=1, max_value=365, initial=90)
    per_minute = forms.IntegerField(label="每分钟次数", min_value=1, max_value=6000, initial=120)
    scope = forms.MultipleChoiceField(label="权限范围", widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        held = [(p, title) for p, title in PERMISSIONS.items() if actor.grants.get(p) and p not in ("api.tokens", "system")]
        self.fields["scope"].choices = held  # type: ignore[attr-defined]


class UserForm(forms.Form):
    username = forms.CharField(label="用户名", max_length=40, help_text="小写字母和数字，登录用，建后不能改。")
    name = forms.CharField(label="姓名", max_length=60)
    email = forms.EmailField(label="邮箱", required=False, max_length=254)
    phone = forms.CharField(label="手机", required=False, max_length=30, help_text="加密保存。修改时留空表示不变。")
    password = secret("初始密码", "new-password", "至少 12 个字符；本人首次登录后须修改。")


class ChangeUserForm(UserForm):
    username = None  # type: ignore[assignment]
    password = None  # type: ignore[assignment]


class ResetForm(forms.Form):
    password = secret("临时密码", "new-password", "至少 12 个字符；本人下次登录须修改。")


class ReasonForm(forms.Form):
    reason = forms.CharField(label="原因", max_length=200)


class AssignForm(forms.Form):
    post = forms.ChoiceField(label="岗位")
    place = forms.ChoiceField(label="任职地点")
    department = forms.ChoiceField(label="部门", required=False, help_text="不选则为岗位所属部门。")
    heads = forms.BooleanField(label="部门负责人", required=False)
    starts_on = forms.DateField(label="开始日期", widget=forms.DateInput(attrs=_DATE, format="%Y-%m-%d"))
    ends_on = forms.DateField(label="结束日期", required=False, widget=forms.DateInput(attrs=_DATE, format="%Y-%m-%d"))

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        places = [(str(c.pk), c.name) for c in queries.places_of(actor) if actor.may("org.edit", c.pk)]
        if actor.may("org.edit", None):
            places.insert(0, ("0", "总部（所有小区）"))
        titles = {d.slug: d.title for d in Department.objects.order_by("-community_id", "id")}
        self.fields["post"].choices = [("", "请选择")] + [(p.slug, p.title) for p in queries.posts()]  # type: ignore[attr-defined]
        self.fields["place"].choices = places  # type: ignore[attr-defined]
        self.fields["department"].choices = [("", "按岗位"), *titles.items()]  # type: ignore[attr-defined]


class SkillsForm(forms.Form):
    skills = ModelMultipleChoiceField(Skill.objects.none(), label="会做什么", required=False, widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, skills: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["skills"].queryset = skills  # type: ignore[attr-defined]


class TrainingForm(forms.Form):
    topic = forms.ChoiceField(label="类别", choices=Training.Topic.choices)
    title = forms.CharField(label="培训内容", max_length=100, help_text="如：投诉沟通与语言禁忌。")
    held_on = forms.DateField(label="日期", widget=forms.DateInput(attrs=_DATE, format="%Y-%m-%d"))
    hours = forms.DecimalField(label="课时", required=False, max_digits=5, decimal_places=1)
    outcome = forms.CharField(label="考核结果", required=False, max_length=100)


class EndForm(forms.Form):
    ends_on = forms.DateField(label="最后一天", widget=forms.DateInput(attrs=_DATE, format="%Y-%m-%d"))


class LeaveForm(forms.Form):
    user = Person(User.objects.none(), label="请假人", empty_label="请选择", to_field_name="username")
    to = Person(
        User.objects.none(), label="代理人", required=False, empty_label="不指定（由上级接收）", to_field_name="username",
        help_text="代理期间，代理人接收其任务和提醒，并有同样的权限。",
    )  # fmt: skip
    starts_at = forms.DateTimeField(label="开始时间", widget=forms.DateTimeInput(attrs=_MOMENT, format="%Y-%m-%dT%H:%M"))
    ends_at = forms.DateTimeField(label="结束时间", widget=forms.DateTimeInput(attrs=_MOMENT, format="%Y-%m-%dT%H:%M"))
    reason = forms.CharField(label="事由", max_length=200)

    def __init__(self, *args: Any, people: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["user"].queryset = people  # type: ignore[attr-defined]
        self.fields["to"].queryset = people  # type: ignore[attr-defined]


class DepartmentForm(forms.Form):
    slug = forms.CharField(label="部门代号", max_length=40, help_text="小写字母和连字符，例如 customer-service。")
    title = forms.CharField(label="部门名称", max_length=60)


class PostForm(forms.Form):
    slug = forms.CharField(label="岗位代号", max_length=40, help_text="小写字母和连字符；规程文件用它指人，建后不能改。")
    title = forms.CharField(label="岗位名称", max_length=60)
    rank = forms.IntegerField(label="级别", min_value=0, max_value=1000, help_text="数字越大级别越高；「某级以上」按此比较。")
    superior = forms.ChoiceField(label="上级岗位", required=False)
    department = forms.ChoiceField(label="所属部门", required=False)
    permissions = forms.MultipleChoiceField(label="权限", required=False, widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, fixed: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        titles = {d.slug: d.title for d in Department.objects.order_by("-community_id", "id")}
        self.fields["superior"].choices = [("", "无")] + [(p.slug, p.title) for p in queries.posts()]  # type: ignore[attr-defined]
        self.fields["department"].choices = [("", "无"), *titles.items()]  # type: ignore[attr-defined]
        self.fields["permissions"].choices = [(p, t) for p, t in PERMISSIONS.items() if p != "system"]  # type: ignore[attr-defined]
        if fixed:
            del self.fields["slug"]


class TitleForm(forms.Form):
    title = forms.CharField(label="文件中的称谓", max_length=60)
    post = forms.ChoiceField(label="对应岗位")
    everywhere = forms.BooleanField(label="适用于所有小区", required=False)

    def __init__(self, *args: Any, posts: Iterable[Any], head_office: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["post"].choices = [("", "请选择")] + [(p.slug, p.title) for p in posts]  # type: ignore[attr-defined]
        if not head_office:
            del self.fields["everywhere"]


def local_day(at: datetime) -> date:
    """The day at the service centre."""
    return at.astimezone(queries.CHINA).date()
