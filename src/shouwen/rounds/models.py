"""What must be looked at, when, by whom; and what was seen there. A reading is never altered; a run is one due occurrence."""

from __future__ import annotations

from django.db import models

from shouwen.estate.models import Community, Unit


class Point(models.Model):
    """点位: a place to be looked at. `key` is what its QR code and NFC tag hold, `number` what is typed where neither can be read."""

    class Scope(models.TextChoices):
        PUBLIC = "public", "公共部位"
        LEADERS = "leaders", "领导办公处"
        FINANCE = "finance", "财务及金融类办公室"
        POWER = "power", "配电室"
        HIDDEN = "hidden", "围墙边、阴暗角落"
        FIRE = "fire", "消防器材"
        SIGN = "sign", "标识"
        VACANT = "vacant", "空置房"
        EQUIPMENT = "equipment", "设备设施"
        POST = "post", "岗位"

    community = models.ForeignKey(Community, models.PROTECT, verbose_name="小区")
    number = models.CharField("点位编号", max_length=20)
    key = models.CharField("点位码", max_length=24, unique=True)
    title = models.CharField("名称", max_length=60)
    place = models.CharField("位置", max_length=120, blank=True)
    scope = models.CharField("范围", max_length=10, choices=Scope.choices, default=Scope.PUBLIC)
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, blank=True, verbose_name="房屋")
    tag = models.CharField("NFC 标签号", max_length=40, blank=True)
    made_at = models.DateTimeField("登记时间")
    retired_at = models.DateTimeField("停用时间", null=True, blank=True)

    class Meta:
        verbose_name = "点位"
        constraints = [models.UniqueConstraint(fields=["community", "number"], name="point_once")]

    def __str__(self) -> str:
        return self.title


class Route(models.Model):
    """路线: points in the order in which they are walked."""

    community = models.ForeignKey(Community, models.PROTECT, verbose_name="小区")
    title = models.CharField("名称", max_length=60)
    ordered = models.BooleanField("须按次序", default=False)
    retired_at = models.DateTimeField("停用时间", null=True, blank=True)

    class Meta:
        verbose_name = "路线"
        constraints = [models.UniqueConstraint(fields=["community", "title"], name="route_once")]

    def __str__(self) -> str:
        return self.title


class Stop(models.Model):
    """路线点位: one point of a route."""

    route = models.ForeignKey(Route, models.CASCADE, verbose_name="路线", related_name="stops")
    point = models.ForeignKey(Point, models.PROTECT, verbose_name="点位", related_name="stops")
    position = models.PositiveSmallIntegerField("次序")

    class Meta:
        verbose_name = "路线点位"
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["route", "point"], name="stop_once")]


class Plan(models.Model):
    """巡查计划: a route (or, without one, a report) that falls due again and again for whoever is on a post.

    `next_at` is when the worker looks at it next; null = switched off, with the reason beside it, or waiting for its last run.
    """

    class Kind(models.TextChoices):
        PATROL = "patrol", "治安巡更"
        BUILDING = "building", "楼宇巡查"
        FIRE = "fire", "防火巡查"
        EQUIPMENT = "equipment", "设备设施巡视"
        SIGNS = "signs", "标识检查"
        VACANT = "vacant", "空置房巡查"
        CLEANING = "cleaning", "环境巡查"
        REPORT = "report", "岗位报告"

    class Rhythm(models.TextChoices):
        EVERY = "every", "每隔若干分钟"
        DAILY = "daily", "每天定时"
        WEEKLY = "weekly", "每周"
        MONTHLY = "monthly", "每月"
        AFTER = "after", "上次完成后若干天"

    class Days(models.TextChoices):
        ALL = "all", "每天"
        WORKDAYS = "workdays", "仅工作日（含调休上班）"
        HOLIDAYS = "holidays", "仅休息日（含调休放假）"

    community = models.ForeignKey(Community, models.PROTECT, verbose_name="小区")
    title = models.CharField("名称", max_length=60)
    kind = models.CharField("类别", max_length=10, choices=Kind.choices)
    route = models.ForeignKey(Route, models.PROTECT, null=True, blank=True, verbose_name="路线")
    post = models.CharField("岗位代号", max_length=40)
    rhythm = models.CharField("周期", max_length=10, choices=Rhythm.choices)
    minutes = models.PositiveSmallIntegerField("间隔分钟", default=0)
    starts = models.TimeField("从", null=True, blank=True)
    ends = models.TimeField("到", null=True, blank=True)
    times = models.CharField("钟点", max_length=120, blank=True)
    weekdays = models.CharField("星期", max_length=7, default="1234567")
    monthday = models.PositiveSmallIntegerField("每月几日", default=1)
    after_days = models.PositiveSmallIntegerField("间隔天数", default=0)
    days = models.CharField("日子", max_length=10, choices=Days.choices, default=Days.ALL)
    lasts = models.PositiveIntegerField("须在几分钟内完成", default=30)
    grace = models.PositiveSmallIntegerField("宽限分钟", default=5)
    tells = models.CharField("漏巡另报岗位", max_length=40, blank=True)
    basis = models.CharField("依据", max_length=80, blank=True)
    since = models.DateTimeField("起用时间")
    next_at = models.DateTimeField("下次", null=True)
    lease_until = models.DateTimeField("占用至", null=True)
    off_at = models.DateTimeField("停用时间", null=True, blank=True)
    off_by = models.CharField("停用人", max_length=60, blank=True)
    off_reason = models.CharField("停用原因", max_length=200, blank=True)

    class Meta:
        verbose_name = "巡查计划"
        constraints = [models.UniqueConstraint(fields=["community", "title"], name="plan_once")]
        indexes = [models.Index(fields=["next_at"], name="plan_due", condition=models.Q(next_at__isnull=False))]

    def __str__(self) -> str:
        return self.title


class Check(models.Model):
    """检查项: what is answered at a point, or once for the whole run of a plan."""

    class Kind(models.TextChoices):
        PASS = "pass", "正常 / 异常"
        NUMBER = "number", "读数（有上下限）"
        METER = "meter", "抄表（只增不减）"
        PHOTO = "photo", "拍照"
        NOTE = "note", "文字"

    point = models.ForeignKey(Point, models.CASCADE, null=True, blank=True, verbose_name="点位", related_name="checks")
    plan = models.ForeignKey(Plan, models.CASCADE, null=True, blank=True, verbose_name="巡查计划", related_name="checks")
    title = models.CharField("检查项", max_length=80)
    kind = models.CharField("种类", max_length=10, choices=Kind.choices, default=Kind.PASS)
    unit = models.CharField("单位", max_length=10, blank=True)
    least = models.DecimalField("下限", max_digits=14, decimal_places=3, null=True, blank=True)
    most = models.DecimalField("上限", max_digits=14, decimal_places=3, null=True, blank=True)
    position = models.PositiveSmallIntegerField("次序", default=0)

    class Meta:
        verbose_name = "检查项"
        ordering = ["position", "id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(point__isnull=True, plan__isnull=False) | models.Q(point__isnull=False, plan__isnull=True),
                name="check_of_one",
            ),
        ]


class Run(models.Model):
    """一次巡查: one due occurrence of a plan. `points` are the ids asked for when it was made; later changes of the route do not touch it."""

    class State(models.TextChoices):
        OPEN = "open", "待巡"
        DONE = "done", "已完成"
        PARTIAL = "partial", "有漏点"
        MISSED = "missed", "漏巡"
        EXCUSED = "excused", "中断（有记录）"

    community = models.ForeignKey(Community, models.PROTECT, verbose_name="小区", db_index=False)
    plan = models.ForeignKey(Plan, models.PROTECT, verbose_name="巡查计划", db_index=False)
    post = models.CharField("岗位代号", max_length=40)
    due_at = models.DateTimeField("应巡时间")
    ends_at = models.DateTimeField("应完成时间")
    close_at = models.DateTimeField("关闭时间", null=True)
    """End and grace; null once it is closed."""
    lease_until = models.DateTimeField("占用至", null=True)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.OPEN)
    points = models.JSONField("应巡点位", default=list)
    seen = models.PositiveSmallIntegerField("已巡点数", default=0)
    missed = models.JSONField("漏巡点位", default=list)
    faults = models.PositiveSmallIntegerField("异常数", default=0)
    began_at = models.DateTimeField("开始时间", null=True)
    done_at = models.DateTimeField("完成时间", null=True)
    by_name = models.CharField("巡查人", max_length=60, blank=True)
    late = models.BooleanField("迟", default=False)
    """Finished after its end but within the grace, or told by a phone after it had been closed."""
    caught_up = models.BooleanField("补生成", default=False)
    """Made after its time, because no worker ran then."""
    excuse = models.CharField("说明", max_length=200, blank=True)

    class Meta:
        verbose_name = "巡查"
        constraints = [models.UniqueConstraint(fields=["plan", "due_at"], name="run_once")]
        indexes = [
            models.Index(fields=["close_at"], name="run_closing", condition=models.Q(close_at__isnull=False)),
            models.Index(fields=["community", "due_at", "id"], name="run_day"),
            models.Index(fields=["community", "post"], name="run_open", condition=models.Q(state="open")),
            models.Index(
                fields=["community", "-due_at", "-id"], name="run_missing", condition=models.Q(state__in=["partial", "missed"])
            ),
        ]


class Reading(models.Model):
    """巡查记录: somebody was at a point, or reported. `at` is when by our clock, as far as the phone is to be believed;
    what the phone said (`device_at`) and when it arrived (`received_at`) stand beside it. Doubtful is marked, never refused."""

    class Evidence(models.TextChoices):
        SCAN = "scan", "扫码"
        NFC = "nfc", "NFC 感应"
        PHOTO = "photo", "照片"
        HAND = "hand", "手工"

    community = models.ForeignKey(Community, models.PROTECT, verbose_name="小区", db_index=False)
    run = models.ForeignKey(Run, models.PROTECT, null=True, verbose_name="巡查", related_name="readings", db_index=False)
    """Null: looked at without being due."""
    point = models.ForeignKey(Point, models.PROTECT, null=True, verbose_name="点位", db_index=False)
    """Null: the report of the whole run."""
    again = models.BooleanField("重复", default=False)
    """Somebody had been there before in the same run."""
    at = models.DateTimeField("时间")
    device_at = models.DateTimeField("手机时间", null=True)
    received_at = models.DateTimeField("送达时间")
    by_id = models.BigIntegerField("巡查人编号")
    by_name = models.CharField("巡查人", max_length=60)
    evidence = models.CharField("凭据", max_length=10, choices=Evidence.choices)
    doubt = models.CharField("存疑", max_length=200, blank=True)
    good = models.BooleanField("正常")
    answers = models.JSONField("结果", default=list)
    """[{check, title, value, good}]"""
    note = models.CharField("说明", max_length=500, blank=True)
    photos = models.JSONField("照片", default=list)
    spot = models.CharField("位置", max_length=60, blank=True)
    ticket_id = models.BigIntegerField("工单编号", null=True)
    ticket_number = models.CharField("工单号", max_length=40, blank=True)
    key = models.CharField("唯一键", max_length=80, unique=True)

    class Meta:
        verbose_name = "巡查记录"
        constraints = [
            models.UniqueConstraint(fields=["run", "point"], name="round_reading_once", condition=models.Q(again=False, point__isnull=False)),
            models.UniqueConstraint(fields=["run"], name="round_report_once", condition=models.Q(again=False, point__isnull=True)),
        ]
        indexes = [
            models.Index(fields=["run", "id"], name="round_reading_run", condition=models.Q(run__isnull=False)),
            models.Index(fields=["point", "-at"], name="round_reading_point", condition=models.Q(point__isnull=False)),
            models.Index(fields=["community", "-at", "-id"], name="round_reading_register"),
        ]


class Halt(models.Model):
    """中断: a post's rounds stand still while it deals with an emergency, from–to. E25.13."""

    community = models.ForeignKey(Community, models.PROTECT, verbose_name="小区")
    post = models.CharField("岗位代号", max_length=40)
    reason = models.CharField("原因", max_length=200)
    by_id = models.BigIntegerField("登记人编号")
    by_name = models.CharField("登记人", max_length=60)
    starts_at = models.DateTimeField("开始")
    ends_at = models.DateTimeField("恢复", null=True)
    ended_by = models.CharField("恢复登记人", max_length=60, blank=True)
    outcome = models.CharField("结果", max_length=200, blank=True)

    class Meta:
        verbose_name = "巡查中断"
        constraints = [
            models.UniqueConstraint(fields=["community", "post"], name="halt_once", condition=models.Q(ends_at__isnull=True)),
        ]
        indexes = [models.Index(fields=["community", "post", "-starts_at"], name="halt_register")]
