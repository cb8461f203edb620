"""Who is on duty, and what is written in a post's book."""

from __future__ import annotations

from django.db import models

from shouwen.estate.models import Community
from shouwen.org.models import User


class Shift(models.Model):
    """班次: from `starts` to `ends`; an end at or before the start crosses midnight."""

    community = models.ForeignKey(Community, models.PROTECT, verbose_name="小区")
    slug = models.SlugField("代号", max_length=20)
    title = models.CharField("名称", max_length=40)
    starts = models.TimeField("开始")
    ends = models.TimeField("结束")
    workdays_only = models.BooleanField("仅工作日", default=False)

    class Meta:
        verbose_name = "班次"
        constraints = [models.UniqueConstraint(fields=["community", "slug"], name="shift_once")]

    def __str__(self) -> str:
        return self.title


class Roster(models.Model):
    """排班: this person is on this post in this shift on these weekdays (1 = Monday), from–to."""

    community = models.ForeignKey(Community, models.PROTECT, verbose_name="小区")
    post = models.CharField("岗位代号", max_length=40)
    user = models.ForeignKey(User, models.PROTECT, verbose_name="员工")
    shift = models.ForeignKey(Shift, models.PROTECT, verbose_name="班次")
    weekdays = models.CharField("星期", max_length=7, default="1234567")
    starts_on = models.DateField("开始日期")
    ends_on = models.DateField("结束日期", null=True, blank=True)

    class Meta:
        verbose_name = "排班"


class LogLine(models.Model):
    """值班日志: one line of a post's book. Never altered; a correction is a new line that points at the old."""

    community = models.ForeignKey(Community, models.PROTECT, verbose_name="小区")
    post = models.CharField("岗位代号", max_length=40)
    event_at = models.DateTimeField("发生时间")
    recorded_at = models.DateTimeField("记录时间")
    by_id = models.BigIntegerField("记录人编号", null=True)
    by_name = models.CharField("记录人", max_length=60)
    text = models.TextField("内容")
    about = models.CharField("相关", max_length=80, blank=True)
    corrects = models.OneToOneField("self", models.PROTECT, null=True, blank=True, verbose_name="更正", related_name="corrected_by")
    """At most one correction a line; a correction may be corrected in turn."""

    class Meta:
        verbose_name = "值班日志"
        indexes = [
            models.Index(fields=["community", "post", "-id"], name="logline_book"),
            models.Index(fields=["community", "event_at"], name="logline_day"),
        ]
