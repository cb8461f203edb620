"""The one form of this area: a new channel."""

from __future__ import annotations

from django import forms

from .models import Channel


class ChannelForm(forms.Form):
    kind = forms.ChoiceField(label="种类", choices=Channel.Kind.choices)
    title = forms.CharField(label="名称", max_length=60, help_text="如：荔园值班经理群")
    address = forms.CharField(
        label="地址", max_length=500, help_text="邮箱地址，或群机器人的 Webhook 地址（从群设置里原样复制）。保存后加密，不再显示。"
    )
    late_only = forms.BooleanField(label="只接收超时与催单", required=False)
