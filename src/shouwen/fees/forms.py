"""What is asked on the pages of this area."""

from __future__ import annotations

from django import forms

from shouwen.kernel.refusals import Refused


class PriceForm(forms.Form):
    """A price from a day on."""

    use_required_attribute = False
    code = forms.CharField(label="项目编号", max_length=20, help_text="同一编号再定新价，旧价自动用到前一天", error_messages={"required": "请填写项目编号，如 SD-01。"})
    title = forms.CharField(label="服务项目", max_length=60, error_messages={"required": "请填写服务项目。"})
    unit = forms.CharField(label="计价单位", max_length=10, initial="次", help_text="次、个、米、小时……", error_messages={"required": "请填写计价单位。"})
    labour = forms.CharField(label="人工费", max_length=20, required=False)
    material = forms.CharField(label="材料费", max_length=20, required=False, help_text="不含材料的留空")
    starts_on = forms.DateField(label="起用日期", widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}), error_messages={"required": "请选择起用日期。", "invalid": "起用日期应写成 2026-11-21 这样。"})
    remark = forms.CharField(label="说明", max_length=200, required=False, help_text="如：材料由业主自备；超过两小时另计")
    everywhere = forms.BooleanField(label="全公司各小区通用", required=False)


class EndForm(forms.Form):
    use_required_attribute = False
    ends_on = forms.DateField(label="最后一天", widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}), error_messages={"required": "请选择最后一天。", "invalid": "日期应写成 2026-11-21 这样。"})


def blame(form: forms.Form, refused: Refused) -> None:
    """Put an action's refusals beside their fields."""
    for name, text in refused.fields.items():
        form.add_error(name if name in form.fields else None, text)
    if not refused.fields:
        form.add_error(None, str(refused))


class ArrearsForm(forms.Form):
    """A list of the billing system."""

    use_required_attribute = False
    file = forms.FileField(label="欠费名单", widget=forms.FileInput(attrs={"accept": ".xlsx,.xls,.csv"}), error_messages={"required": "请选择要上传的名单。", "empty": "文件是空的，请选择填好的名单。"})
    as_of = forms.DateField(label="截至日期", widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}), help_text="这份名单是哪天的账", error_messages={"required": "请选择截至日期。", "invalid": "日期应写成 2026-11-21 这样。"})
    scope = forms.ChoiceField(label="这份名单", choices=[("whole", "是全部欠费户：没列的都不欠"), ("some", "只改列出的房屋，别的不动")], initial="whole", widget=forms.RadioSelect, error_messages={"required": "请选择名单的范围。", "invalid_choice": "请选择名单的范围。"})
    sure = forms.BooleanField(label="确认消除大部分标记", required=False)


class ClearForm(forms.Form):
    use_required_attribute = False
    remark = forms.CharField(label="凭据", max_length=100, help_text="收据号、收款日期", error_messages={"required": "请写明凭据，如收据号或收款日期。"})
