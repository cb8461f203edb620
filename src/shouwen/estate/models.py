"""Communities, buildings, units, the people in them and their vehicles."""

from __future__ import annotations

from django.db import models


class Community(models.Model):
    """小区: where everything happens. `people_version` rises with every change of posts, duty or leave."""

    slug = models.SlugField("代号", max_length=40, unique=True)
    name = models.CharField("名称", max_length=60)
    address = models.CharField("地址", max_length=200, blank=True)
    phone = models.CharField("服务电话", max_length=30, blank=True)
    people_version = models.PositiveIntegerField("人员版本", default=1)

    class Meta:
        verbose_name = "小区"
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name


class Building(models.Model):
    """楼栋."""

    community = models.ForeignKey(Community, models.PROTECT, verbose_name="小区")
    code = models.CharField("栋号", max_length=20)
    name = models.CharField("名称", max_length=60)

    class Meta:
        verbose_name = "楼栋"
        constraints = [models.UniqueConstraint(fields=["community", "code"], name="building_once")]

    def __str__(self) -> str:
        return self.name


class Unit(models.Model):
    """房屋: `code` is building-entrance-room as people write it, 3-1-1201."""

    class Kind(models.TextChoices):
        HOME = "home", "住宅"
        SHOP = "shop", "商铺"
        OFFICE = "office", "办公"
        PARKING = "parking", "车位"
        OTHER = "other", "其他"

    class State(models.TextChoices):
        OCCUPIED = "occupied", "入住"
        VACANT = "vacant", "空置"
        RENOVATING = "renovating", "装修"
        UNDELIVERED = "undelivered", "未交付"

    community = models.ForeignKey(Community, models.PROTECT, verbose_name="小区")
    building = models.ForeignKey(Building, models.PROTECT, verbose_name="楼栋")
    code = models.CharField("房号", max_length=40)
    entrance = models.CharField("单元", max_length=20, blank=True)
    room = models.CharField("室号", max_length=20)
    floor = models.SmallIntegerField("楼层", null=True, blank=True)
    kind = models.CharField("用途", max_length=10, choices=Kind.choices, default=Kind.HOME)
    state = models.CharField("状态", max_length=12, choices=State.choices, default=State.OCCUPIED)
    area = models.DecimalField("建筑面积", max_digits=9, decimal_places=2, null=True, blank=True)
    delivered_on = models.DateField("交付日期", null=True, blank=True)

    class Meta:
        verbose_name = "房屋"
        constraints = [models.UniqueConstraint(fields=["community", "code"], name="unit_once")]

    def __str__(self) -> str:
        return self.code


class Person(models.Model):
    """住户: somebody outside the company. Phone and papers are kept apart in PersonPrivate."""

    community = models.ForeignKey(Community, models.PROTECT, verbose_name="小区")
    name = models.CharField("姓名", max_length=60)
    initials = models.CharField("拼音首字母", max_length=30, blank=True)
    phone_tail = models.CharField("手机尾号", max_length=4, blank=True)
    care = models.CharField("特别关照", max_length=200, blank=True)

    class Meta:
        verbose_name = "住户"

    def __str__(self) -> str:
        return self.name


class PersonPrivate(models.Model):
    """Phone, identity papers and the like, encrypted, apart from the person, erasable."""

    person = models.OneToOneField(Person, models.CASCADE, related_name="private", verbose_name="住户")
    sealed = models.BinaryField("密文")
    phone_digest = models.CharField("手机摘要", max_length=64, blank=True, db_index=True)

    class Meta:
        verbose_name = "住户隐私资料"


class Occupancy(models.Model):
    """Who lives in or owns a unit, from when to when."""

    class Kind(models.TextChoices):
        OWNER = "owner", "业主"
        TENANT = "tenant", "租户"
        FAMILY = "family", "家属"
        AGENT = "agent", "代理人"

    community = models.ForeignKey(Community, models.PROTECT, verbose_name="小区")
    unit = models.ForeignKey(Unit, models.PROTECT, verbose_name="房屋", related_name="occupancies")
    person = models.ForeignKey(Person, models.PROTECT, verbose_name="住户", related_name="occupancies")
    kind = models.CharField("身份", max_length=10, choices=Kind.choices)
    starts_on = models.DateField("开始日期")
    ends_on = models.DateField("结束日期", null=True, blank=True)

    class Meta:
        verbose_name = "居住关系"


class Vehicle(models.Model):
    """车辆."""

    community = models.ForeignKey(Community, models.PROTECT, verbose_name="小区")
    plate = models.CharField("车牌", max_length=12)
    person = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, verbose_name="车主")
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, blank=True, verbose_name="房屋")

    class Meta:
        verbose_name = "车辆"
        constraints = [models.UniqueConstraint(fields=["community", "plate"], name="vehicle_once")]

    def __str__(self) -> str:
        return self.plate


class SearchTerm(models.Model):
    """One spelling under which a unit is found: room, name, pinyin initials, phone tail, plate. Prefix-indexed."""

    community = models.ForeignKey(Community, models.PROTECT, verbose_name="小区")
    term = models.CharField("检索词", max_length=60)
    kind = models.CharField("类别", max_length=10)
    unit = models.ForeignKey(Unit, models.CASCADE, null=True, verbose_name="房屋")
    person = models.ForeignKey(Person, models.CASCADE, null=True, verbose_name="住户")
    vehicle = models.ForeignKey(Vehicle, models.CASCADE, null=True, verbose_name="车辆")

    class Meta:
        verbose_name = "检索词"
        indexes = [
            models.Index(fields=["community", "term"], name="term_lookup"),
            models.Index(fields=["unit"], name="term_unit"),
            models.Index(fields=["person"], name="term_person"),
        ]


class Reveal(models.Model):
    """A request to see private fields: who asked, why, who approved, until when it shows."""

    class State(models.TextChoices):
        ASKED = "asked", "待批准"
        OPEN = "open", "已批准"
        DENIED = "denied", "已拒绝"

    community = models.ForeignKey(Community, models.PROTECT, verbose_name="小区")
    person = models.ForeignKey(Person, models.PROTECT, verbose_name="住户")
    field = models.CharField("项目", max_length=30)
    reason = models.CharField("理由", max_length=200)
    asked_by_id = models.BigIntegerField("申请人编号")
    asked_by = models.CharField("申请人", max_length=60)
    asked_at = models.DateTimeField("申请时间")
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.ASKED)
    decided_by_id = models.BigIntegerField("批准人编号", null=True)
    decided_by = models.CharField("批准人", max_length=60, blank=True)
    decided_at = models.DateTimeField("批准时间", null=True)
    shows_until = models.DateTimeField("显示至", null=True)

    class Meta:
        verbose_name = "隐私查看申请"
