"""The forms of this area: a new channel, one's own settings."""

from __future__ import annotations

from datetime import time
from typing import Any

from django import forms

from .models import Channel

HOURS = [("", "不设")] + [(f"{hour:02d}:{half}", f"{hour:02d}:{half}") for hour in range(24) for half in ("00", "30")]


class ChannelForm(forms.Form):
    kind = forms.ChoiceField(label="种类", choices=Channel.Kind.choices)
    title = forms.CharField(label="名称", max_length=60, help_text="如：荔园值班经理群")
    address = forms.CharField(
        label="地址", max_length=500, help_text="邮箱地址，或群机器人的 Webhook 地址（从群设置里原样复制）。保存后加密，不再显示。"
    )
    late_only = forms.BooleanField(label="只接收超时与催单", required=False)


class OwnForm(forms.Form):
    """One's own notices outside the inbox."""

    mail = forms.BooleanField(label="同时发到我的邮箱", required=False)
    late_only = forms.BooleanField(label="邮箱只接收超时、即将到时与催单", required=False)
    quiet_from = forms.ChoiceField(label="免打扰从", choices=HOURS, required=False)
    quiet_to = forms.ChoiceField(label="到", choices=HOURS, required=False)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if bool(given.get("quiet_from")) != bool(given.get("quiet_to")):
            self.add_error("quiet_to" if given.get("quiet_from") else "quiet_from", "免打扰的开始和结束要一起选，或都选“不设”。")
        return given

    @property
    def quiet(self) -> tuple[time, time] | None:
        start, end = self.cleaned_data["quiet_from"], self.cleaned_data["quiet_to"]
        return (time.fromisoformat(start), time.fromisoformat(end)) if start and end else None
