"""The price list of paid services. A price is never changed: a new one is a new row from its day (C17.07)."""

from __future__ import annotations

from decimal import Decimal

from django.db import models

from shouwen.estate.models import Community


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
