"""The forms of this area. They turn text into values; what a value must look like, the actions say."""

from __future__ import annotations

from typing import Any

from django import forms

from .models import Occupancy, Reveal, Unit


def _day(label: str, *, required: bool = True) -> forms.DateField:
    return forms.DateField(label=label, required=required, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))


def _words(label: str, length: int, *, required: bool = False, **attrs: Any) -> forms.CharField:
    return forms.CharField(label=label, max_length=length, required=required, widget=forms.TextInput(attrs=attrs))


def _phone() -> forms.CharField:
    return _words("手机", 40, inputmode="tel")


def _number(label: str, **limits: Any) -> forms.DecimalField:
    return forms.DecimalField(label=label, required=False, decimal_places=2, widget=forms.NumberInput(attrs={"step": "0.01"}), **limits)


class UnitForm(forms.Form):
    kind = forms.ChoiceField(label="用途", choices=Unit.Kind.choices)
    state = forms.ChoiceField(label="状态", choices=Unit.State.choices)
    area = _number("建筑面积", max_digits=9)
    delivered_on = _day("交付日期", required=False)
    structure = _words("房屋结构", 40)
    condition = forms.CharField(label="质量状况", max_length=200, required=False, widget=forms.Textarea(attrs={"rows": 2}))


class NewUnitForm(UnitForm):
    code = _words("房号", 40, required=True)
    field_order = ("code",)


class BuildingForm(forms.Form):
    code = _words("栋号", 20, required=True)
    name = _words("名称", 60)


class PersonForm(forms.Form):
    name = _words("姓名", 60, required=True)
    care = _words("特别关照", 200)
    speciality = _words("特长", 60)
    hobby = _words("爱好", 60)
    occupation = _words("职业", 60)
    employer = _words("工作单位", 60)


class ResidentForm(forms.Form):
    name = _words("姓名", 60, required=True)
    kind = forms.ChoiceField(label="身份", choices=Occupancy.Kind.choices)
    relation = _words("与户主关系", 20)
    phone = _phone()
    id_number = _words("证件号码", 20)
    starts_on = _day("开始日期")
    rent = _number("月租金", max_digits=10)
    care = _words("特别关照", 200)


class MoveOutForm(forms.Form):
    ends_on = _day("结束日期")


class PhoneForm(forms.Form):
    phone = _phone()


class PaperForm(forms.Form):
    id_number = _words("证件号码", 20)


class VehicleForm(forms.Form):
    plate = _words("车牌", 20, required=True)


class ReasonForm(forms.Form):
    reason = _words("理由", 200, required=True)


class RevealForm(ReasonForm):
    field = forms.ChoiceField(label="项目", choices=Reveal.Field.choices)


class ImportForm(forms.Form):
    file = forms.FileField(label="表格文件", widget=forms.FileInput(attrs={"accept": ".xlsx,.xls,.csv"}))
