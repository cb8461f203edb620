"""What is asked on the pages of this area."""

from __future__ import annotations

from typing import Final

from django import forms

from shouwen.kernel.zone import CHINA

from .actions import Visited
from .kinds import CATEGORIES, MET, TARGETS
from .models import Visit

_DATE: Final = {"type": "date"}
CHOOSE: Final = [("", "请选择")]


class VisitForm(forms.Form):
    """巡访、回访记录表. Name and telephone only when there is an opinion to be answered."""

    use_required_attribute = False
    kind = forms.ChoiceField(label="类别", choices=Visit.Kind.choices, widget=forms.RadioSelect)
    way = forms.ChoiceField(label="方式", choices=Visit.Way.choices, widget=forms.RadioSelect)
    happened_at = forms.DateTimeField(label="时间", widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"), error_messages={"required": "请填写几点去的。", "invalid": "时间没有看懂，请重新选择。"})
    met = forms.ChoiceField(label="见到谁", choices=[*CHOOSE, *MET.items()], error_messages={"required": "请选择见到了谁。"})
    content = forms.CharField(
        label="巡访情况", max_length=500, widget=forms.Textarea(attrs={"rows": 3}), error_messages={"required": "请写一句巡访情况，没有记录不算巡访。"},
        help_text="家里情况、关心的事；请住户参与小区管理，保持好关系。",
    )  # fmt: skip
    service = forms.CharField(label="为孤寡老幼残病住户做了什么", max_length=200, required=False, help_text="如 量血压、代买药、换灯泡")
    opinion = forms.CharField(label="意见和建议", max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2}), help_text="写了就转成业主建议，有人答复、可以跟踪。")
    caller = forms.CharField(label="怎么称呼", max_length=60, required=False)
    phone = forms.CharField(label="联系电话", max_length=30, required=False)
    satisfied = forms.ChoiceField(label="是否满意（回访必填）", choices=[("", "没有问"), ("yes", "满意"), ("no", "不满意")], required=False)

    def given(self, key: str) -> Visited:
        data = dict(self.cleaned_data)
        when = data.pop("happened_at")
        moment = when.replace(tzinfo=CHINA) if when.tzinfo is None else when
        satisfied = {"yes": True, "no": False}.get(data.pop("satisfied"))
        return Visited(happened_at=moment, satisfied=satisfied, key=key, **data)


class SignForm(forms.Form):
    """A sign that hung before: with its list on paper."""

    use_required_attribute = False
    category = forms.ChoiceField(label="类别", choices=[*CHOOSE, *CATEGORIES.items()], error_messages={"required": "请选择标识类别。"})
    target = forms.ChoiceField(label="使用对象", choices=[*CHOOSE, *TARGETS.items()], error_messages={"required": "请选择使用对象。"})
    words = forms.CharField(label="内容", max_length=200, error_messages={"required": "请填写牌上写的字。"})
    building = forms.CharField(label="楼栋", max_length=20, required=False, help_text="不在楼里的留空")
    place = forms.CharField(label="位置", max_length=120, error_messages={"required": "请填写放在哪里。"})
    quantity = forms.IntegerField(label="数量", initial=1, min_value=1, max_value=999)
    list_number = forms.CharField(label="纸质清单编号", max_length=40, error_messages={"required": "没有《标识使用清单》的标识不能算启用，请填清单编号，或按清单重新报批。"})
    drafted_by = forms.CharField(label="拟定人", max_length=60, error_messages={"required": "请填写当时的拟定人。"})
    reviewed_by = forms.CharField(label="审核人", max_length=60, error_messages={"required": "请填写当时的审核人。"})
    reviewed_on = forms.DateField(label="审核日期", widget=forms.DateInput(attrs=_DATE), error_messages={"required": "请填写审核日期。", "invalid": "日期没有看懂。"})


class VacancyForm(forms.Form):
    use_required_attribute = False
    since = forms.DateField(label="空置起", widget=forms.DateInput(attrs=_DATE, format="%Y-%m-%d"), error_messages={"required": "请填写从哪天起空置。", "invalid": "日期没有看懂。"})
    condition = forms.CharField(label="房屋状况", max_length=200, required=False, help_text="如 毛坯、已装修、家具齐全、待维修")


class PermitForm(forms.Form):
    """停车证, to a unit and a vehicle."""

    use_required_attribute = False
    room = forms.CharField(label="房号", max_length=40, error_messages={"required": "请填写哪一户。"}, help_text="如 3-1-1201")
    plate = forms.CharField(label="车牌", max_length=20, error_messages={"required": "请填写车牌。"}, help_text="如 粤B12345；新能源车牌 8 位")
    starts_on = forms.DateField(label="有效期自", widget=forms.DateInput(attrs=_DATE, format="%Y-%m-%d"), error_messages={"required": "请填写从哪天起有效。", "invalid": "日期没有看懂。"})
    ends_on = forms.DateField(label="有效期至", widget=forms.DateInput(attrs=_DATE, format="%Y-%m-%d"), error_messages={"required": "请填写到哪天为止。", "invalid": "日期没有看懂。"})
    remark = forms.CharField(label="备注", max_length=200, required=False)


class PermitChangeForm(forms.Form):
    """Another car, another last day."""

    use_required_attribute = False
    plate = forms.CharField(label="车牌", max_length=20, error_messages={"required": "请填写车牌。"})
    ends_on = forms.DateField(label="有效期至", widget=forms.DateInput(attrs=_DATE, format="%Y-%m-%d"), error_messages={"required": "请填写到哪天为止。", "invalid": "日期没有看懂。"})
    reason = forms.CharField(label="变更原因", max_length=200, error_messages={"required": "请填写变更原因。"}, help_text="如 换车、续期")


class PermitEndForm(forms.Form):
    use_required_attribute = False
    how = forms.ChoiceField(label="收回还是挂失", choices=[("withdrawn", "收回"), ("lost", "挂失（丢失作废）")], widget=forms.RadioSelect, error_messages={"required": "请选收回还是挂失。"})
    reason = forms.CharField(label="原因", max_length=200, error_messages={"required": "请填写原因。"}, help_text="如 搬走、卖车、丢失")


class DaysForm(forms.Form):
    """From … to … of a sheet."""

    use_required_attribute = False
    first = forms.DateField(label="从", widget=forms.DateInput(attrs=_DATE, format="%Y-%m-%d"))
    last = forms.DateField(label="到", widget=forms.DateInput(attrs=_DATE, format="%Y-%m-%d"))
