"""How a notice leaves the house: mail by Django, chat groups by apprise. Nothing else is ever called."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.validators import validate_email

from shouwen.kernel.prefix import outward
from shouwen.kernel.refusals import Refused

from .models import Notice

ROBOTS: Final = {
    "wecom": ("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=", "wecombot"),
    "dingtalk": ("https://oapi.dingtalk.com/robot/send?access_token=", "dingtalk"),
    "feishu": ("https://open.feishu.cn/open-apis/bot/v2/hook/", "feishu"),
}
"""How the address of a group's robot begins, and apprise's name for its kind: no other machine is ever contacted."""

_TOKEN: Final = re.compile(r"[A-Za-z0-9-]{8,128}")


class NotSent(Exception):
    """The other side did not take it; worth trying again later."""


def checked_address(kind: str, address: str) -> str:
    """A mail address, or the https address of a group's robot exactly as its chat shows it. Raises Refused."""
    address = address.strip()
    if kind == "email":
        try:
            validate_email(address)
        except ValidationError:
            raise Refused("邮箱地址不对，请核对。", {"address": "邮箱地址不对"}) from None
        return address
    start, _ = ROBOTS[kind]
    if not address.startswith(start) or not _TOKEN.fullmatch(address.removeprefix(start)):
        raise Refused(f"机器人地址应以 {start} 开头，请从群设置里原样复制。", {"address": "机器人地址不对"})
    return address


def send_mail(address: str, notice: Notice, key: str) -> None:
    """A personal mail: title, words, link. The Message-ID is made from the key, so a doubled mail is one in most programs."""
    message = EmailMessage(
        subject=re.sub(r"\s+", " ", notice.title),
        body=f"{notice.title}\n\n{notice.body}\n\n{link_of(notice)}\n",
        to=[address],
        headers={"Message-ID": f"<{key}@shouwen>", "Auto-Submitted": "auto-generated"},
    )
    if not message.send():
        raise NotSent("邮件服务器没有接收")


def send_chat(address: str, notice: Notice, key: str) -> None:
    """A line to a group: only the title and a link, because a group has many readers."""
    import apprise  # half a second to load, which only the worker that sends should pay

    start, scheme = next(robot for robot in ROBOTS.values() if address.startswith(robot[0]))
    robots = apprise.Apprise()
    robots.add(f"{scheme}://{address.removeprefix(start)}/?cto=5&rto=8")
    if not robots.notify(title="", body=f"{notice.title}\n{link_of(notice)}\n（{key}）"):
        raise NotSent("群机器人没有接收")


def link_of(notice: Notice) -> str:
    return outward(notice.url) if notice.url else ""


SENDERS: dict[str, Callable[[str, Notice, str], None]] = {
    "email": send_mail, "wecom": send_chat, "dingtalk": send_chat, "feishu": send_chat,
}  # fmt: skip
"""By kind of channel: send(address, notice, idempotency key), raising anything when it was not taken."""
