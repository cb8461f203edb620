"""The forms of this area. What they cannot know the actions refuse."""

from __future__ import annotations

from typing import Any

from django import forms

from shouwen.kernel.refusals import Refused

from .models import Document


def blame(form: forms.BaseForm, no: Refused) -> None:
    """Put a refusal where it belongs: at its fields if the form has them, else above the form."""
    known = {name: text for name, text in no.fields.items() if name in form.fields}
    for name, _ in known.items():
        form.add_error(name, no.message)
    if not known:
        form.add_error(None, no.message)


class ReturnForm(forms.Form):
    """The signed copy comes back."""

    use_required_attribute = False
    signed_by = forms.CharField(label="签字人", max_length=20, help_text="签在联上的姓名；登记后只显示姓。")
    signed_at = forms.DateTimeField(
        label="签字时间", widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
    )  # fmt: skip
    photo = forms.FileField(label="签字件照片", required=False, help_text="用手机拍下签好字的那一联，会附在工单上。", widget=forms.FileInput(
        attrs={"accept": "image/jpeg,image/png,image/webp,application/pdf"}))  # fmt: skip
    remark = forms.CharField(label="备注", max_length=200, required=False)


class EditionForm(forms.Form):
    """Cover, text and file of an edition."""

    use_required_attribute = False
    edition = forms.CharField(label="版次", max_length=20, help_text="如 A/0、A/1、2026-01。")
    author = forms.CharField(label="编订", max_length=60, required=False)
    approver = forms.CharField(label="审批", max_length=60, required=False)
    unit = forms.CharField(label="工作单位", max_length=100, required=False)
    text = forms.CharField(
        label="正文", max_length=100_000, required=False, widget=forms.Textarea(attrs={"rows": 12}),
        help_text="一段一行；以“一、”“第一章”或“1 ”开头的短行按标题排版。打印时每页页眉都有文号。",
    )  # fmt: skip
    file = forms.FileField(label="附件", required=False, help_text="PDF、Word 或 Excel，10 MB 以内。")


class DocumentForm(EditionForm):
    """A new document, with its first edition."""

    number = forms.CharField(label="文号", max_length=40, help_text="全公司唯一，定了不能改。如 QC/RE-KA 1964。")
    title = forms.CharField(label="名称", max_length=100)
    level = forms.TypedChoiceField(label="级别", choices=[("", "请选择"), *Document.Level.choices], coerce=int)
    parent = forms.TypedChoiceField(label="收在哪份文件里", required=False, coerce=int, empty_value=None, help_text="如收费标准收在工程维修服务手册里。")
    company = forms.BooleanField(label="全公司适用", required=False, help_text="不勾选则只用于当前小区。")
    must_read = forms.BooleanField(label="要求员工签阅", required=False)
    field_order = ("number", "title", "level", "parent", "company", "must_read", "edition", "author", "approver", "unit", "text", "file")

    def __init__(self, *args: Any, parents: list[tuple[int, str]], company: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["parent"].choices = [("", "不收在别的文件里"), *parents]  # type: ignore[attr-defined]
        if not company:
            del self.fields["company"]


class RevisionForm(EditionForm):
    change = forms.CharField(label="修订说明", max_length=200, help_text="这一版改了什么，发布后大家都看得到。")
    field_order = ("edition", "change", "author", "approver", "unit", "text", "file")
