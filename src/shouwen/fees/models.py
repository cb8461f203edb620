"""The price list of paid services, never changed: a new price is a new row from its day (C17.07). Which units are in arrears, as the billing system said last."""

from __future__ import annotations

from decimal import Decimal

from django.db import models

from shouwen.estate.models import Community, Unit


class Price(models.Model):
    """有偿服务价目: what one `unit` of a service costs from a day on, in yuan; for one community or (null) for all.

    Only `ends_on` is ever written later: by the price that follows, or when the service is no longer offered.
    """

    community = models.ForeignKey(Community, models.PROTECT, null=True, blank=True, verbose_name="小区", db_index=False)
    code = models.CharField("项目编号", max_length=20)
    title = models.CharField("服务项目", max_length=60)
    unit = models.CharField("计价单位", max_length=10)
    labour = models.DecimalField("人工费", max_digits=14, decimal_places=2)
    material = models.DecimalField("材料费", max_digits=14, decimal_places=2, default=Decimal(0))
    remark = models.CharField("说明", max_length=200, blank=True)
    spelled = models.CharField("检索词", max_length=400, blank=True)
    starts_on = models.DateField("起用日期")
    ends_on = models.DateField("止用日期", null=True, blank=True)
    by_name = models.CharField("定价人", max_length=60)
    at = models.DateTimeField("登记时间")

    class Meta:
        verbose_name = "有偿服务价目"
        constraints = [
            models.UniqueConstraint(fields=["community", "code", "starts_on"], name="price_once", nulls_distinct=False),
            models.CheckConstraint(
                condition=models.Q(ends_on__isnull=True) | models.Q(ends_on__gte=models.F("starts_on")), name="price_ends_after"
            ),
        ]
        indexes = [models.Index(fields=["code", "-starts_on", "-id"], name="price_listed")]

    def __str__(self) -> str:
        return f"{self.code} {self.title}"

    @property
    def amount(self) -> Decimal:
        """One unit, labour and material together."""
        return self.labour + self.material

    def holds(self, day: object) -> bool:
        return self.starts_on <= day and (self.ends_on is None or self.ends_on >= day)  # type: ignore[operator]


class ArrearsList(models.Model):
    """欠费名单: a file of the billing system that was taken in. `whole`: whoever is not on it owes nothing."""

    community = models.ForeignKey(Community, models.PROTECT, verbose_name="小区", db_index=False)
    filename = models.CharField("文件名", max_length=120)
    as_of = models.DateField("截至日期")
    whole = models.BooleanField("全部名单")
    rows = models.PositiveIntegerField("行数")
    added = models.PositiveIntegerField("新欠费")
    cleared = models.PositiveIntegerField("已消除")
    owing = models.PositiveIntegerField("登记后欠费户数")
    by_name = models.CharField("登记人", max_length=60)
    at = models.DateTimeField("登记时间")

    class Meta:
        verbose_name = "欠费名单"
        indexes = [models.Index(fields=["community", "-id"], name="arrears_list_here")]


class Arrears(models.Model):
    """欠费标记: a unit that is in arrears now; the row goes when it is not. `since`: the first list of those that named it without a break."""

    community = models.ForeignKey(Community, models.PROTECT, verbose_name="小区", db_index=False)
    unit = models.OneToOneField(Unit, models.CASCADE, related_name="arrears", verbose_name="房屋")
    amount = models.DecimalField("欠费金额", max_digits=14, decimal_places=2, null=True, blank=True)
    as_of = models.DateField("截至日期")
    since = models.DateField("连续欠费自")
    by_name = models.CharField("登记人", max_length=60)
    at = models.DateTimeField("登记时间")

    class Meta:
        verbose_name = "欠费标记"
        constraints = [models.CheckConstraint(condition=models.Q(amount__isnull=True) | models.Q(amount__gt=0), name="arrears_above_zero")]
        indexes = [models.Index(fields=["community", "id"], name="arrears_here")]
