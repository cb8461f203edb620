"""The steward's registers: who answers for which building, signs, vacant units, visits to households, parking permits.

What was seen at a sign or in a vacant unit is a reading of rounds at its point; nothing of it is kept twice.
"""

from __future__ import annotations

from django.db import models

from shouwen.estate.models import Building, Community, Unit
from shouwen.org.models import User
from shouwen.rounds.models import Point

from .kinds import CATEGORIES, MET, TARGETS


class Charge(models.Model):
    """责任区: which steward answers for a building, from when to when. One at a time. D3.02, D3.08."""

    community = models.ForeignKey(Community, models.PROTECT, verbose_name="小区")
    building = models.ForeignKey(Building, models.PROTECT, verbose_name="楼栋", related_name="charges", db_index=False)
    user = models.ForeignKey(User, models.PROTECT, verbose_name="管理员", related_name="+", db_index=False)
    starts_at = models.DateTimeField("开始")
    ends_at = models.DateTimeField("结束", null=True)
    by_name = models.CharField("指定人", max_length=60)

    class Meta:
        verbose_name = "责任区"
        constraints = [models.UniqueConstraint(fields=["building"], condition=models.Q(ends_at__isnull=True), name="charge_once")]
        indexes = [models.Index(fields=["building", "-starts_at"], name="charge_history")]


class Sign(models.Model):
    """标识: one entry of the register. Up only with an approved 《标识使用清单》: the database says so. D3.82, D3.84, D3.86."""

    class State(models.TextChoices):
        STANDBY = "standby", "备用"
        UP = "up", "使用中"
        REMOVED = "removed", "已撤除"

    community = models.ForeignKey(Community, models.PROTECT, verbose_name="小区", db_index=False)
    number = models.CharField("编号", max_length=20)
    category = models.CharField("类别", max_length=10, choices=list(CATEGORIES.items()))
    target = models.CharField("使用对象", max_length=10, choices=list(TARGETS.items()))
    words = models.CharField("内容", max_length=200)
    building = models.ForeignKey(Building, models.PROTECT, null=True, verbose_name="楼栋")
    place = models.CharField("位置", max_length=120)
    quantity = models.PositiveSmallIntegerField("数量", default=1)
    standing = models.BooleanField("常备", default=False)
    """A temporary or emergency sign whose kind was approved once: it goes up when it is needed."""
    state = models.CharField("状态", max_length=8, choices=State.choices)
    list_number = models.CharField("清单编号", max_length=40)
    ticket_id = models.BigIntegerField("清单工单", null=True)
    """Null: put up before this register began, on paper."""
    drafted_by = models.CharField("拟定人", max_length=60)
    reviewed_by = models.CharField("审核人", max_length=60)
    reviewed_on = models.DateField("审核日期")
    placed_by = models.CharField("放置人", max_length=60, blank=True)
    placed_at = models.DateTimeField("放置时间", null=True)
    removed_at = models.DateTimeField("撤除时间", null=True)
    removed_why = models.CharField("撤除原因", max_length=200, blank=True)
    point = models.ForeignKey(Point, models.PROTECT, null=True, verbose_name="点位", related_name="+")

    class Meta:
        verbose_name = "标识"
        constraints = [
            models.UniqueConstraint(fields=["community", "number"], name="sign_once"),
            models.UniqueConstraint(fields=["ticket_id"], condition=models.Q(ticket_id__isnull=False), name="sign_of_list"),
            models.CheckConstraint(
                condition=~models.Q(state="up") | (models.Q(placed_at__isnull=False) & ~models.Q(list_number="") & ~models.Q(reviewed_by="")),
                name="sign_up_approved",
            ),
        ]
        indexes = [models.Index(fields=["community", "state", "number"], name="sign_here")]

    def __str__(self) -> str:
        return f"{self.number} {self.words}"


class Vacancy(models.Model):
    """空置房: a unit nobody lives in, from when until when. One open row a unit. D3.113, D3.143."""

    community = models.ForeignKey(Community, models.PROTECT, verbose_name="小区", db_index=False)
    unit = models.ForeignKey(Unit, models.PROTECT, verbose_name="房屋", related_name="vacancies", db_index=False)
    since = models.DateField("空置起")
    condition = models.CharField("房屋状况", max_length=200, blank=True)
    found_at = models.DateTimeField("登记时间")
    ended_at = models.DateTimeField("销记时间", null=True)
    point = models.ForeignKey(Point, models.PROTECT, verbose_name="点位", related_name="+")

    class Meta:
        verbose_name = "空置房"
        constraints = [models.UniqueConstraint(fields=["unit"], condition=models.Q(ended_at__isnull=True), name="vacancy_once")]
        indexes = [models.Index(fields=["community", "ended_at", "id"], name="vacancy_here"), models.Index(fields=["unit", "-id"], name="vacancy_unit")]

    def __str__(self) -> str:
        return self.unit.code


class Visit(models.Model):
    """巡访、回访记录: somebody of ours was with a household, or asked afterwards. Never altered. D3.102, D3.136, D2.75."""

    class Kind(models.TextChoices):
        VISIT = "visit", "巡访"
        FOLLOW_UP = "follow_up", "回访"

    class Way(models.TextChoices):
        HOME = "home", "上门"
        PHONE = "phone", "电话"

    community = models.ForeignKey(Community, models.PROTECT, verbose_name="小区", db_index=False)
    unit = models.ForeignKey(Unit, models.PROTECT, verbose_name="房屋", related_name="visits", db_index=False)
    kind = models.CharField("类别", max_length=10, choices=Kind.choices)
    way = models.CharField("方式", max_length=6, choices=Way.choices)
    at = models.DateTimeField("时间")
    recorded_at = models.DateTimeField("记录时间")
    by_id = models.BigIntegerField("记录人编号")
    by_name = models.CharField("记录人", max_length=60)
    met = models.CharField("见到谁", max_length=8, choices=list(MET.items()))
    content = models.CharField("巡访情况", max_length=500)
    service = models.CharField("为孤寡老幼残病住户做的服务", max_length=200, blank=True)
    opinion = models.CharField("意见和建议", max_length=500, blank=True)
    satisfied = models.BooleanField("满意", null=True)
    ticket_id = models.BigIntegerField("建议工单", null=True)
    ticket_number = models.CharField("建议单号", max_length=40, blank=True)
    key = models.CharField("唯一键", max_length=80, unique=True)

    class Meta:
        verbose_name = "巡访、回访记录"
        indexes = [
            models.Index(fields=["community", "-at", "-id"], name="visit_day"),
            models.Index(fields=["unit", "-at"], name="visit_unit"),
        ]


class Summary(models.Model):
    """回访月度汇总: the figures of a month as they stood when they were summed up, and who received them. D2.76."""

    community = models.ForeignKey(Community, models.PROTECT, verbose_name="小区", db_index=False)
    month = models.DateField("月份")
    figures = models.JSONField("数字")
    """{asked, households, satisfied, dissatisfied, opinions}"""
    analysis = models.CharField("分析", max_length=1000)
    made_by = models.CharField("汇总人", max_length=60)
    made_at = models.DateTimeField("汇总时间")
    ticket_id = models.BigIntegerField("工单编号")
    received_by = models.CharField("签收人", max_length=60, null=True)  # noqa: DJ001 - filled in once, from null
    received_at = models.DateTimeField("签收时间", null=True)

    class Meta:
        verbose_name = "回访月度汇总"
        constraints = [models.UniqueConstraint(fields=["community", "month"], name="summary_once")]


class Permit(models.Model):
    """停车证: issued to a unit for a vehicle, from when to when; what happened to it stands in PermitEvent. D2.81, D2.82."""

    class State(models.TextChoices):
        VALID = "valid", "使用中"
        RENEWED = "renewed", "到期换发"
        WITHDRAWN = "withdrawn", "已收回"
        LOST = "lost", "已挂失"

    community = models.ForeignKey(Community, models.PROTECT, verbose_name="小区", db_index=False)
    number = models.CharField("停车证号", max_length=20)
    unit = models.ForeignKey(Unit, models.PROTECT, verbose_name="房屋", related_name="permits")
    plate = models.CharField("车牌", max_length=12)
    starts_on = models.DateField("有效期自")
    ends_on = models.DateField("有效期至")
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.VALID)
    remark = models.CharField("备注", max_length=200, blank=True)
    issued_by = models.CharField("发证人", max_length=60)
    issued_at = models.DateTimeField("发证时间")

    class Meta:
        verbose_name = "停车证"
        constraints = [
            models.UniqueConstraint(fields=["community", "number"], name="permit_once"),
            models.UniqueConstraint(fields=["community", "plate"], condition=models.Q(state="valid"), name="permit_of_plate"),
            models.CheckConstraint(condition=models.Q(ends_on__gte=models.F("starts_on")), name="permit_ends_after"),
        ]
        indexes = [models.Index(fields=["community", "-id"], name="permit_here")]

    def __str__(self) -> str:
        return self.number


class PermitEvent(models.Model):
    """One change of a parking permit: when, by whom, what. Never altered. D2.82."""

    class Kind(models.TextChoices):
        ISSUED = "issued", "发证"
        CHANGED = "changed", "变更"
        RENEWED = "renewed", "到期换发"
        WITHDRAWN = "withdrawn", "收回"
        LOST = "lost", "挂失"

    permit = models.ForeignKey(Permit, models.PROTECT, verbose_name="停车证", related_name="events")
    kind = models.CharField("变更", max_length=10, choices=Kind.choices)
    words = models.CharField("内容", max_length=400)
    at = models.DateTimeField("时间")
    by_name = models.CharField("经办人", max_length=60)

    class Meta:
        verbose_name = "停车证变更"
