"""Codes on doors, links to tickets, codes and sessions of residents, and the messages that go to them.

No secret lies here in the clear: links, codes and sessions by digest, phones encrypted.
"""

from __future__ import annotations

from django.db import models

from shouwen.estate.models import Community, Unit
from shouwen.procedures.models import Ticket


class PlaceCode(models.Model):
    """场所码: what a code on a door or in a lift says: where one stands, nothing else. It is public."""

    class Kind(models.TextChoices):
        DOOR = "door", "房门"
        LIFT = "lift", "电梯"
        PUBLIC = "public", "公共区域"

    code = models.CharField("码", max_length=12, unique=True)
    community = models.ForeignKey(Community, models.PROTECT, verbose_name="小区")
    kind = models.CharField("种类", max_length=10, choices=Kind.choices)
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, blank=True, verbose_name="房屋")
    place = models.CharField("位置", max_length=60)
    made_at = models.DateTimeField("生成时间")
    made_by = models.CharField("生成人", max_length=60)
    retired_at = models.DateTimeField("停用时间", null=True, blank=True)

    class Meta:
        verbose_name = "场所码"
        indexes = [models.Index(fields=["community", "-id"], name="place_code_register")]
        constraints = [
            models.UniqueConstraint(fields=["unit"], condition=models.Q(retired_at__isnull=True), name="place_code_unit_once"),
        ]

    def __str__(self) -> str:
        return self.place


class TicketLink(models.Model):
    """工单链接: the secret address under which a resident follows one ticket. `serial` rises when it is made anew."""

    ticket = models.OneToOneField(Ticket, models.CASCADE, verbose_name="工单", related_name="resident_link")
    serial = models.PositiveSmallIntegerField("次序", default=1)
    digest = models.CharField("摘要", max_length=64, unique=True)
    made_at = models.DateTimeField("生成时间")
    self_service = models.BooleanField("自助提交", default=False)
    phone_digest = models.CharField("手机摘要", max_length=64, blank=True)
    phone_sealed = models.BinaryField("手机密文", blank=True, default=b"")
    """Where to write to, when the filer gave a number; otherwise the ticket's own private answers say."""

    class Meta:
        verbose_name = "工单链接"
        indexes = [
            models.Index(fields=["phone_digest", "-id"], name="ticket_link_phone", condition=~models.Q(phone_digest="")),
        ]


class SmsCode(models.Model):
    """短信验证码: six digits by digest, good for a few minutes and a few tries, once."""

    phone_digest = models.CharField("手机摘要", max_length=64)
    phone_sealed = models.BinaryField("手机密文")
    ask = models.CharField("请求摘要", max_length=64, unique=True)
    """Digest of what the browser that asked holds: a code counts only there."""

    digest = models.CharField("摘要", max_length=64)
    tries = models.PositiveSmallIntegerField("已试次数", default=0)
    made_at = models.DateTimeField("生成时间")
    expires_at = models.DateTimeField("失效时间")
    used_at = models.DateTimeField("使用时间", null=True)

    class Meta:
        verbose_name = "短信验证码"
        indexes = [models.Index(fields=["expires_at"], name="sms_code_expiry")]


class ResidentSession(models.Model):
    """住户登录: the cookie holds the key, the database its digest. Whose units it opens follows from the phone at each look."""

    digest = models.CharField("摘要", max_length=64, unique=True)
    phone_digest = models.CharField("手机摘要", max_length=64)
    phone_sealed = models.BinaryField("手机密文")
    started_at = models.DateTimeField("登录时间")
    seen_at = models.DateTimeField("最近活动")
    ended_at = models.DateTimeField("退出时间", null=True)
    agent = models.CharField("设备", max_length=200, blank=True)

    class Meta:
        verbose_name = "住户登录"
        indexes = [models.Index(fields=["phone_digest"], name="resident_session_phone")]


class Tally(models.Model):
    """防刷计数: how often something was done within a span of time; the key holds a digest, never a phone or an address."""

    key = models.CharField("计数键", max_length=100, primary_key=True)
    count = models.PositiveIntegerField("次数", default=0)
    until = models.DateTimeField("计到", db_index=True)

    class Meta:
        verbose_name = "防刷计数"


class Rating(models.Model):
    """住户评价: what a resident thought of a closed ticket, once for each time it was closed."""

    ticket = models.ForeignKey(Ticket, models.PROTECT, verbose_name="工单", related_name="ratings")
    round = models.PositiveSmallIntegerField("第几次办结", default=0)
    stars = models.PositiveSmallIntegerField("评分")
    words = models.CharField("意见", max_length=500, blank=True)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "住户评价"
        constraints = [models.UniqueConstraint(fields=["ticket", "round"], name="rating_once")]


class PartyContact(models.Model):
    """外部联系方式: where developers and contractors are told; residents are told at the number they gave."""

    community = models.ForeignKey(Community, models.PROTECT, verbose_name="小区")
    party = models.CharField("外部收件人", max_length=60)
    title = models.CharField("名称", max_length=60)
    phone_masked = models.CharField("手机", max_length=40)
    phone_sealed = models.BinaryField("手机密文")

    class Meta:
        verbose_name = "外部联系方式"
        constraints = [models.UniqueConstraint(fields=["community", "party"], name="party_contact_once")]


class Message(models.Model):
    """短信: one message to one phone. What it says is made when it is sent, from `event` and `facts`; `key` makes it once."""

    class State(models.TextChoices):
        PENDING = "pending", "待发"
        SENT = "sent", "已发出"
        FAILED = "failed", "已放弃"
        DROPPED = "dropped", "不必发"

    key = models.CharField("唯一键", max_length=80, unique=True)
    community_id = models.BigIntegerField("小区编号", null=True)
    ticket = models.ForeignKey(Ticket, models.CASCADE, null=True, blank=True, verbose_name="工单")
    party = models.CharField("收件人", max_length=60)
    event = models.CharField("事由", max_length=20)
    facts = models.TextField("内容要素", default="{}")
    urgent = models.BooleanField("紧急", default=False)
    phone_masked = models.CharField("手机", max_length=40, blank=True)
    sealed = models.BinaryField("密文", blank=True, default=b"")
    """A code's phone and words before it is sent; afterwards, what a demonstration shows. Empty in earnest."""

    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField("次数", default=0)
    at = models.DateTimeField("时间")
    next_at = models.DateTimeField("下次时间", null=True)
    lease_until = models.DateTimeField("占用至", null=True)
    sent_at = models.DateTimeField("发出时间", null=True)
    error = models.CharField("错误", max_length=300, blank=True)

    class Meta:
        verbose_name = "短信"
        indexes = [
            models.Index(fields=["next_at"], name="message_due", condition=models.Q(next_at__isnull=False)),
            models.Index(fields=["community_id", "-id"], name="message_register"),
            models.Index(fields=["ticket", "id"], name="message_ticket", condition=models.Q(ticket__isnull=False)),
        ]
