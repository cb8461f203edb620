"""Tables that belong to no area: the journal and its seals, counters, keys of requests, the calendar, heartbeats."""

from __future__ import annotations

from django.db import models


class Entry(models.Model):
    """One line of the journal: somebody did something. Never changed, never deleted (database triggers).

    People and posts are named by value, so the evidence outlives the account. `data` is JSON text exactly as
    written, because the seal is computed over its bytes.
    """

    at = models.DateTimeField("时间")
    actor_id = models.BigIntegerField("操作人编号", null=True)
    actor_name = models.CharField("操作人", max_length=60)
    actor_post = models.CharField("岗位", max_length=60, blank=True)
    channel = models.CharField("渠道", max_length=20, blank=True)
    community_id = models.BigIntegerField("小区编号", null=True)
    code = models.CharField("操作", max_length=60)
    subject = models.CharField("对象", max_length=80)
    text = models.TextField("内容")
    data = models.TextField("数据", default="{}")

    class Meta:
        verbose_name = "操作日志"
        indexes = [
            models.Index(fields=["community_id", "-id"], name="entry_community"),
            models.Index(fields=["subject", "-id"], name="entry_subject"),
        ]


class PrivateFact(models.Model):
    """Private values of one journal line, apart from it and erasable, encrypted."""

    entry = models.OneToOneField(Entry, models.PROTECT, related_name="private", verbose_name="操作日志")
    sealed = models.BinaryField("密文")

    class Meta:
        verbose_name = "日志隐私数据"


class Seal(models.Model):
    """The seal of one line in the hash chain: sha256(previous hash + the line's bytes); see sealing.py.

    `book` says whose line it is: the journal, the duty books, the tickets' events.
    """

    seq = models.BigIntegerField("序号", primary_key=True)
    book = models.CharField("簿册", max_length=20)
    line = models.BigIntegerField("行号")
    hash = models.CharField("封印", max_length=64)
    at = models.DateTimeField("封存时间")

    class Meta:
        verbose_name = "日志封印"
        constraints = [models.UniqueConstraint(fields=["book", "line"], name="seal_once")]


class Checkpoint(models.Model):
    """Size and head of the chain at a moment, signed with a key that the database does not hold."""

    at = models.DateTimeField("时间")
    size = models.BigIntegerField("行数")
    head = models.CharField("链头", max_length=64)
    signature = models.CharField("签名", max_length=200)

    class Meta:
        verbose_name = "日志检查点"


class Counter(models.Model):
    """The last number given out for a prefix in a community on a day; rises inside the writer's transaction."""

    community_id = models.BigIntegerField("小区编号")
    prefix = models.CharField("字头", max_length=12)
    day = models.DateField("日期")
    last = models.PositiveIntegerField("最后号")

    class Meta:
        verbose_name = "编号"
        constraints = [models.UniqueConstraint(fields=["community_id", "prefix", "day"], name="counter_once")]


class RequestKey(models.Model):
    """The key of an unsafe request with the answer it got, written in the same transaction as its effects."""

    key = models.CharField("请求键", max_length=120, primary_key=True)
    fingerprint = models.CharField("请求指纹", max_length=64)
    status = models.PositiveSmallIntegerField("状态码")
    headers = models.TextField("响应头", default="{}")
    body = models.BinaryField("结果密文", blank=True, default=b"")
    at = models.DateTimeField("时间", db_index=True)

    class Meta:
        verbose_name = "请求键"


class CalendarDay(models.Model):
    """A date that differs from the ordinary week: a holiday, or a 调休 workday. `community_id` null = everywhere."""

    community_id = models.BigIntegerField("小区编号", null=True, blank=True)
    day = models.DateField("日期")
    works = models.BooleanField("上班")
    name = models.CharField("名称", max_length=40, blank=True)

    class Meta:
        verbose_name = "日历例外日"
        constraints = [
            models.UniqueConstraint(fields=["community_id", "day"], name="calendar_day_once", nulls_distinct=False),
        ]


class CalendarYear(models.Model):
    """A year whose holidays somebody confirmed; the calendar refuses to count workdays in any other."""

    year = models.PositiveSmallIntegerField("年份", primary_key=True)
    confirmed_by = models.CharField("确认人", max_length=60)
    confirmed_at = models.DateTimeField("确认时间")

    class Meta:
        verbose_name = "已确认年份"


class ServiceWindow(models.Model):
    """Opening hours on a weekday (0 = Monday); `closes` at or before `opens` crosses midnight."""

    community_id = models.BigIntegerField("小区编号", null=True, blank=True)
    weekday = models.PositiveSmallIntegerField("星期")
    opens = models.TimeField("开始")
    closes = models.TimeField("结束")

    class Meta:
        verbose_name = "服务时间"


class Heartbeat(models.Model):
    """The last sign of life of a worker; the red banner and `doctor` read it."""

    worker = models.CharField("进程", max_length=80, primary_key=True)
    at = models.DateTimeField("时间")
    note = models.TextField("备注", blank=True)

    class Meta:
        verbose_name = "心跳"


class Setting(models.Model):
    """A figure the community may set: the minutes of 及时, the cool-down of 催单… `community_id` null = everywhere."""

    community_id = models.BigIntegerField("小区编号", null=True, blank=True)
    name = models.CharField("名称", max_length=60)
    value = models.CharField("值", max_length=200)

    class Meta:
        verbose_name = "参数"
        constraints = [
            models.UniqueConstraint(fields=["community_id", "name"], name="setting_once", nulls_distinct=False),
        ]
