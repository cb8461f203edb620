"""What people are told, and how it reached them. Rows are written in the transaction that caused them."""

from __future__ import annotations

from django.db import models

from shouwen.org.models import User


class Notice(models.Model):
    """通知: one person (or one resident's address) is told one thing once; `key` makes it once."""

    key = models.CharField("唯一键", max_length=120, unique=True)
    community_id = models.BigIntegerField("小区编号", null=True)
    user = models.ForeignKey(User, models.CASCADE, null=True, blank=True, verbose_name="收件人", db_index=False)  # notice_inbox begins with it
    party = models.CharField("外部收件人", max_length=60, blank=True)
    why = models.CharField("缘由", max_length=20)
    title = models.CharField("标题", max_length=200)
    body = models.TextField("内容", blank=True)
    about = models.CharField("相关", max_length=80, blank=True)
    subject = models.CharField("事项", max_length=120, blank=True)
    """What the inbox gathers under one line: `about` without its step, or the key of what stands alone."""

    url = models.CharField("链接", max_length=200, blank=True)
    urgent = models.BooleanField("紧急", default=False)
    due_at = models.DateTimeField("须办时间", null=True)
    at = models.DateTimeField("时间")
    read_at = models.DateTimeField("已读时间", null=True)

    class Meta:
        verbose_name = "通知"
        indexes = [
            models.Index(fields=["user", "-id"], name="notice_inbox"),
            models.Index(fields=["user", "subject", "-id"], name="notice_thread"),
            models.Index(fields=["user"], name="notice_unread", condition=models.Q(read_at__isnull=True)),
            models.Index(fields=["about"], name="notice_about"),
        ]


class Quiet(models.Model):
    """免打扰: from when to when nothing is sent to this person outside the inbox, unless it cannot wait (quiet.py)."""

    user = models.OneToOneField(User, models.CASCADE, related_name="quiet", verbose_name="员工")
    starts = models.TimeField("开始")
    ends = models.TimeField("结束")

    class Meta:
        verbose_name = "免打扰时段"


class Channel(models.Model):
    """通知渠道: a chat group or mail address that hears about a community. The address is a secret, kept encrypted."""

    class Kind(models.TextChoices):
        EMAIL = "email", "电子邮件"
        WECOM = "wecom", "企业微信群"
        DINGTALK = "dingtalk", "钉钉群"
        FEISHU = "feishu", "飞书群"

    community_id = models.BigIntegerField("小区编号", null=True)
    user = models.ForeignKey(User, models.CASCADE, null=True, blank=True, verbose_name="个人渠道的员工")
    kind = models.CharField("种类", max_length=10, choices=Kind.choices)
    title = models.CharField("名称", max_length=60)
    address_sealed = models.BinaryField("地址密文")
    whys = models.JSONField("接收的缘由", default=list)
    is_active = models.BooleanField("启用", default=True)

    class Meta:
        verbose_name = "通知渠道"


class Delivery(models.Model):
    """投递: one notice over one channel outside the inbox; retried with back-off until sent or given up."""

    notice = models.ForeignKey(Notice, models.CASCADE, verbose_name="通知", related_name="deliveries")
    channel = models.ForeignKey(Channel, models.CASCADE, null=True, verbose_name="渠道")
    state = models.CharField("状态", max_length=10, default="pending")
    attempts = models.PositiveSmallIntegerField("次数", default=0)
    next_at = models.DateTimeField("下次时间", null=True)
    lease_until = models.DateTimeField("占用至", null=True)
    error = models.CharField("错误", max_length=300, blank=True)

    class Meta:
        verbose_name = "投递"
        constraints = [models.UniqueConstraint(fields=["notice", "channel"], name="delivery_once")]
        indexes = [
            models.Index(fields=["next_at"], name="delivery_due", condition=models.Q(next_at__isnull=False)),
        ]
