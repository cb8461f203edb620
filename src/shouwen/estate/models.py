"""Communities, buildings, units, the people in them, their vehicles, and who looked at what is private."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import F, Q


class PrefixField(models.CharField):
    """Text that is found by its beginning: compared by code point, so that an ordinary index serves `>= p AND < p…`
    on both engines whatever the language of the cluster."""

    def db_parameters(self, connection: Any) -> dict[str, Any]:
        return super().db_parameters(connection) | {"collation": "C" if connection.vendor == "postgresql" else None}


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

    community = models.ForeignKey(Community, models.PROTECT, verbose_name="小区", db_index=False)
    building = models.ForeignKey(Building, models.PROTECT, verbose_name="楼栋")
    code = PrefixField("房号", max_length=40)
    order = PrefixField("排序", max_length=80, blank=True)
    """The code with its numbers padded, so that 3-1-201 stands before 3-1-1201 and 3 before 12 (codes.sort_key)."""
    entrance = models.CharField("单元", max_length=20, blank=True)
    room = models.CharField("室号", max_length=20)
    floor = models.SmallIntegerField("楼层", null=True, blank=True)
    kind = models.CharField("用途", max_length=10, choices=Kind.choices, default=Kind.HOME)
    state = models.CharField("状态", max_length=12, choices=State.choices, default=State.OCCUPIED)
    area = models.DecimalField("建筑面积", max_digits=9, decimal_places=2, null=True, blank=True)
    delivered_on = models.DateField("交付日期", null=True, blank=True)
    structure = models.CharField("房屋结构", max_length=40, blank=True)
    condition = models.CharField("质量状况", max_length=200, blank=True)

    class Meta:
        verbose_name = "房屋"
        indexes = [models.Index(fields=["community", "order"], name="unit_in_order")]
        constraints = [models.UniqueConstraint(fields=["community", "code"], name="unit_once")]

    def __str__(self) -> str:
        return self.code


class Person(models.Model):
    """住户: somebody outside the company. Phone and papers lie encrypted in PersonPrivate; here only their masked form."""

    community = models.ForeignKey(Community, models.PROTECT, verbose_name="小区")
    name = models.CharField("姓名", max_length=60)
    initials = models.CharField("拼音首字母", max_length=30, blank=True)
    phone_tail = models.CharField("手机尾号", max_length=4, blank=True)
    phone_masked = models.CharField("手机", max_length=40, blank=True)
    id_masked = models.CharField("证件号码", max_length=40, blank=True)
    care = models.CharField("特别关照", max_length=200, blank=True)
    speciality = models.CharField("特长", max_length=60, blank=True)
    hobby = models.CharField("爱好", max_length=60, blank=True)
    occupation = models.CharField("职业", max_length=60, blank=True)
    employer = models.CharField("工作单位", max_length=60, blank=True)
    erased_at = models.DateTimeField("注销时间", null=True, blank=True)

    class Meta:
        verbose_name = "住户"

    def __str__(self) -> str:
        return self.name


class PersonPrivate(models.Model):
    """Phone and identity papers, encrypted, apart from the person, erasable. Read only when revealed or dialled."""

    person = models.OneToOneField(Person, models.CASCADE, related_name="private", verbose_name="住户")
    sealed = models.BinaryField("密文")
    phone_digest = models.CharField("手机摘要", max_length=64, blank=True)

    class Meta:
        verbose_name = "住户隐私资料"
        indexes = [models.Index(fields=["phone_digest"], name="phone_digest", condition=~Q(phone_digest=""))]


class Occupancy(models.Model):
    """Who lives in or owns a unit, from when to when. A former owner or tenant keeps the row with its last day."""

    class Kind(models.TextChoices):
        OWNER = "owner", "业主"
        TENANT = "tenant", "租户"
        FAMILY = "family", "家属"
        AGENT = "agent", "代理人"

    community = models.ForeignKey(Community, models.PROTECT, verbose_name="小区", db_index=False)
    unit = models.ForeignKey(Unit, models.PROTECT, verbose_name="房屋", related_name="occupancies")
    person = models.ForeignKey(Person, models.PROTECT, verbose_name="住户", related_name="occupancies")
    kind = models.CharField("身份", max_length=10, choices=Kind.choices)
    relation = models.CharField("与户主关系", max_length=20, blank=True)
    rent = models.DecimalField("月租金", max_digits=10, decimal_places=2, null=True, blank=True)
    starts_on = models.DateField("开始日期")
    ends_on = models.DateField("结束日期", null=True, blank=True)

    class Meta:
        verbose_name = "居住关系"
        constraints = [
            models.UniqueConstraint(
                fields=["unit", "person", "kind"], condition=Q(ends_on__isnull=True), name="occupancy_open_once"
            ),
            models.CheckConstraint(condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")), name="occupancy_ends_after"),
        ]


class Vehicle(models.Model):
    """车辆."""

    community = models.ForeignKey(Community, models.PROTECT, verbose_name="小区", db_index=False)
    plate = PrefixField("车牌", max_length=12)
    person = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, verbose_name="车主")
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, blank=True, verbose_name="房屋")

    class Meta:
        verbose_name = "车辆"
        constraints = [models.UniqueConstraint(fields=["community", "plate"], name="vehicle_once")]

    def __str__(self) -> str:
        return self.plate


class SearchTerm(models.Model):
    """One spelling under which a unit, a person or a vehicle is found. Folded (codes.fold) and found by its beginning.

    Two indexes, because one box serves both the front desk (one community) and head office (all of them). The rows are
    derived and written only together with what they name, so the database need not check each of their references.
    """

    class Kind(models.TextChoices):
        ROOM = "room", "房号"
        NUMBER = "number", "室号"
        INITIALS = "initials", "拼音首字母"
        NAME = "name", "姓名"
        PHONE = "phone", "手机尾号"
        PLATE = "plate", "车牌"

    community = models.ForeignKey(Community, models.PROTECT, verbose_name="小区", db_index=False, db_constraint=False)
    term = PrefixField("检索词", max_length=60)
    kind = models.CharField("类别", max_length=10, choices=Kind.choices)
    unit = models.ForeignKey(Unit, models.CASCADE, null=True, verbose_name="房屋", db_index=False, db_constraint=False)
    person = models.ForeignKey(Person, models.CASCADE, null=True, verbose_name="住户", db_index=False, db_constraint=False)
    vehicle = models.ForeignKey(Vehicle, models.CASCADE, null=True, verbose_name="车辆", db_index=False, db_constraint=False)

    class Meta:
        verbose_name = "检索词"
        indexes = [
            models.Index(fields=["community", "kind", "term"], name="term_here"),
            models.Index(fields=["kind", "term"], name="term_everywhere"),
            models.Index(fields=["unit"], name="term_unit", condition=Q(unit__isnull=False)),
            models.Index(fields=["person"], name="term_person", condition=Q(person__isnull=False)),
            models.Index(fields=["vehicle"], name="term_vehicle", condition=Q(vehicle__isnull=False)),
        ]


class Reveal(models.Model):
    """One look at one private value: who asked, why, who approved, when it was shown and until when. Never the value."""

    class Field(models.TextChoices):
        PHONE = "phone", "手机号码"
        ID_NUMBER = "id_number", "证件号码"

    class State(models.TextChoices):
        ASKED = "asked", "待批准"
        OPEN = "open", "已批准"
        DENIED = "denied", "已拒绝"
        SHOWN = "shown", "已查看"

    community = models.ForeignKey(Community, models.PROTECT, verbose_name="小区", db_index=False)
    person = models.ForeignKey(Person, models.PROTECT, null=True, verbose_name="住户")
    about = models.CharField("相关", max_length=80, blank=True)
    """What else the value belongs to than a person: ticket:12. `title` says it and the field in words."""

    title = models.CharField("内容", max_length=120, blank=True)
    field = models.CharField("项目", max_length=60, choices=Field.choices)
    reason = models.CharField("理由", max_length=200)
    asked_by_id = models.BigIntegerField("申请人编号")
    asked_by = models.CharField("申请人", max_length=60)
    asked_at = models.DateTimeField("申请时间")
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.ASKED)
    decided_by_id = models.BigIntegerField("批准人编号", null=True)
    decided_by = models.CharField("批准人", max_length=60, blank=True)
    decided_at = models.DateTimeField("批准时间", null=True)
    shown_at = models.DateTimeField("查看时间", null=True)
    shows_until = models.DateTimeField("显示至", null=True)

    class Meta:
        verbose_name = "隐私查看申请"
        indexes = [
            models.Index(fields=["community", "state", "-id"], name="reveal_waiting"),
            models.Index(fields=["asked_by_id", "-asked_at"], name="reveal_by"),
        ]

    @property
    def ticket_id(self) -> str:
        """The ticket it concerns, if it concerns one."""
        kind, _, pk = self.about.partition(":")
        return pk if kind == "ticket" else ""

    @property
    def thing_id(self) -> str:
        """What we keep for somebody, if it concerns that."""
        kind, _, pk = self.about.partition(":")
        return pk if kind == "thing" else ""

    @property
    def paper_id(self) -> str:
        """The paper that is to be printed in the clear, if it concerns one."""
        kind, _, pk = self.about.partition(":")
        return pk if kind == "paper" else ""


class Import(models.Model):
    """A spreadsheet that was checked, with everything wrong in it. The file lies encrypted until applied or a day old."""

    community = models.ForeignKey(Community, models.PROTECT, verbose_name="小区")
    filename = models.CharField("文件名", max_length=120)
    sealed = models.BinaryField("密文", blank=True, default=b"")
    rows = models.PositiveIntegerField("行数")
    counts = models.JSONField("汇总", default=dict)
    problems = models.JSONField("问题", default=list)
    planned_by_id = models.BigIntegerField("上传人编号", null=True)
    planned_by = models.CharField("上传人", max_length=60)
    planned_at = models.DateTimeField("上传时间")
    applied_at = models.DateTimeField("导入时间", null=True)

    class Meta:
        verbose_name = "批量导入"
