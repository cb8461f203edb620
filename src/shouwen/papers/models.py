"""What was printed: number, form, who, when, how often, and the hash of what stood on the paper."""

from __future__ import annotations

from django.db import models


class Paper(models.Model):
    """单据: asked for by a procedure (`prints`), or by hand; `printed` counts the reprints."""

    community_id = models.BigIntegerField("小区编号")
    form = models.CharField("单据名称", max_length=60)
    number = models.CharField("编号", max_length=40)
    about = models.CharField("相关", max_length=80)
    asked_at = models.DateTimeField("生成时间")
    asked_by = models.CharField("生成人", max_length=60)
    printed = models.PositiveSmallIntegerField("打印次数", default=0)
    digest = models.CharField("内容摘要", max_length=64, blank=True)

    class Meta:
        verbose_name = "单据"
        indexes = [models.Index(fields=["about"], name="paper_about")]
