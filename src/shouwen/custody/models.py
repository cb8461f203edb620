"""Where things of others stand, in whose hands they are, and everything that ever happened to them.

Names of people outside the company stand here masked; in full only encrypted, in `private`, shown by the rule of all
private values.
"""

from __future__ import annotations

from django.db import models

from shouwen.estate.models import Community, PrefixField, Unit
from shouwen.org.models import User

from .kinds import CLASSES, KINDS, ORDERS, SERIES, SIDES


class Store(models.Model):
    """存放处: a cabinet, a shelf. Holds things of one class only (D4.08, D4.53, D4.69); hooks 1 to `hooks`, 0 = none."""

    community = models.ForeignKey(Community, models.PROTECT, verbose_name="小区", db_index=False)
    title = models.CharField("名称", max_length=40)
    holds = models.CharField("存放类别", max_length=12, choices=list(CLASSES.items()))
    hooks = models.PositiveSmallIntegerField("挂钩数", default=0)

    class Meta:
        verbose_name = "存放处"
        constraints = [models.UniqueConstraint(fields=["community", "title"], name="store_once")]

    def __str__(self) -> str:
        return self.title


class Keeping(models.Model):
    """保管人: who answers for a store, from when to when. Exactly one at a time. D4.10, D4.12, D4.50, D4.52, D4.68."""

    store = models.ForeignKey(Store, models.PROTECT, verbose_name="存放处", related_name="keepings", db_index=False)
    user = models.ForeignKey(User, models.PROTECT, verbose_name="保管人", related_name="+")
    starts_at = models.DateTimeField("开始")
    ends_at = models.DateTimeField("结束", null=True)
    by_name = models.CharField("指定人", max_length=60)
    counted = models.PositiveIntegerField("交接点数", null=True)
    """How many were counted when it passed; null = nothing was there yet."""
    reason = models.CharField("事由", max_length=200, blank=True)

    class Meta:
        verbose_name = "保管人"
        constraints = [models.UniqueConstraint(fields=["store"], condition=models.Q(ends_at__isnull=True), name="keeper_once")]
        indexes = [models.Index(fields=["store", "-starts_at"], name="keeping_history")]

    @property
    def community_id(self) -> int:
        return self.store.community_id


class Thing(models.Model):
    """保管物: a key, a letter, a parcel, something left with us."""

    class State(models.TextChoices):
        IN = "in", "在位"
        OUT = "out", "借出"
        LOST = "lost", "遗失、损坏处理中"
        GONE = "gone", "已交还"

    community = models.ForeignKey(Community, models.PROTECT, verbose_name="小区", db_index=False)
    kind = models.CharField("类别", max_length=12, choices=[(slug, kind.title) for slug, kind in KINDS.items()])
    number = models.CharField("编号", max_length=20)
    code = models.CharField("码", max_length=12, unique=True)
    """What its label says to a scanner."""
    title = models.CharField("名称", max_length=80)
    store = models.ForeignKey(Store, models.PROTECT, verbose_name="存放处", db_index=False)
    hook = models.PositiveSmallIntegerField("挂钩", null=True)
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, verbose_name="房屋", db_index=False)
    quantity = models.PositiveIntegerField("数量", default=1)
    measure = models.CharField("单位", max_length=6, blank=True)
    """What a quantity counts, where things of the kind differ (grams, bottles); else the kind says."""
    state = models.CharField("状态", max_length=6, choices=State.choices, default=State.IN)
    whose = models.CharField("寄存人、收件人", max_length=60, blank=True)
    private = models.BinaryField("隐私密文", blank=True, default=b"")
    purpose = models.CharField("用途", max_length=100, blank=True)
    recipient = models.CharField("代存转交给", max_length=60, blank=True)
    """A temporary deposit is for somebody, masked. D4.47."""
    valid_until = models.DateTimeField("有效至", null=True)
    envelope = models.CharField("信封编号", max_length=20, blank=True)
    sealed_at = models.DateTimeField("封存时间", null=True)
    """Null on a sealed key: its seal is open, and waits for the owner. D4.104."""
    permit = models.CharField("批准人", max_length=60, blank=True)
    came_at = models.DateTimeField("收存时间")
    came_by = models.CharField("收存人", max_length=60)
    gone_at = models.DateTimeField("离开时间", null=True)
    spelled = PrefixField("检索词", max_length=160, blank=True)

    class Meta:
        verbose_name = "保管物"
        constraints = [
            models.UniqueConstraint(fields=["community", "number"], name="thing_once"),
            models.UniqueConstraint(fields=["store", "hook"], condition=models.Q(gone_at__isnull=True, hook__isnull=False), name="hook_once"),
        ]
        indexes = [
            models.Index(fields=["community", "number"], name="thing_here", condition=models.Q(gone_at__isnull=True)),
            models.Index(fields=["community", "-gone_at", "-id"], name="thing_gone", condition=models.Q(gone_at__isnull=False)),
            models.Index(fields=["store", "hook"], name="thing_store", condition=models.Q(gone_at__isnull=True)),
            models.Index(fields=["community", "-came_at"], name="thing_came"),
            models.Index(fields=["unit", "-id"], name="thing_unit", condition=models.Q(unit__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"


class Loan(models.Model):
    """借用、领取: a thing is asked for, goes out, comes back. One of them is open for a thing, or none: the database says so."""

    class State(models.TextChoices):
        ASKED = "asked", "待批准"
        OUT = "out", "借出"
        BACK = "back", "已还，手续未完"
        CLOSED = "closed", "已结"
        GONE = "gone", "已领走"
        DROPPED = "dropped", "未借出"

    community = models.ForeignKey(Community, models.PROTECT, verbose_name="小区", db_index=False)
    thing = models.ForeignKey(Thing, models.PROTECT, verbose_name="保管物", related_name="loans", db_index=False)
    way = models.CharField("方式", max_length=12)
    state = models.CharField("状态", max_length=8, choices=State.choices)
    quantity = models.PositiveIntegerField("借出数量", default=1)
    returned = models.PositiveIntegerField("收回数量", default=0)
    used = models.PositiveIntegerField("用去数量", default=0)
    """Of what is used up: drawn = used + returned, or it stays open. D8.16."""
    user = models.ForeignKey(User, models.PROTECT, null=True, verbose_name="借用人", related_name="+", db_index=False)
    who = models.CharField("在谁手里", max_length=120)
    private = models.BinaryField("隐私密文", blank=True, default=b"")
    relation = models.CharField("身份", max_length=12, blank=True)
    paper = models.CharField("凭证", max_length=12, blank=True)
    kept = models.CharField("留存处", max_length=60, blank=True)
    """Where the copy or the original lies. D4.33."""
    signature = models.CharField("签名", max_length=40, blank=True)
    """Key of the attachment in which the taker signed. D4.73, D4.110."""
    purpose = models.CharField("用途", max_length=200)
    emergency = models.BooleanField("紧急动用", default=False)
    papers_due = models.BooleanField("手续待补", default=False)
    """Approvals were given by telephone; those who gave them confirm it themselves afterwards. D4.23."""
    asked_at = models.DateTimeField("申请时间")
    asked_by = models.CharField("申请人", max_length=60)
    out_at = models.DateTimeField("借出时间", null=True)
    out_by = models.CharField("发放人", max_length=60, blank=True)
    due_at = models.DateTimeField("应还时间", null=True)
    remind_at = models.DateTimeField("下次催还", null=True)
    lease_until = models.DateTimeField("占用至", null=True)
    reminded = models.PositiveSmallIntegerField("催还次数", default=0)
    back_at = models.DateTimeField("归还时间", null=True)
    back_by = models.CharField("点收人", max_length=60, blank=True)
    counted_by = models.CharField("保管人复核", max_length=60, blank=True)
    closed_at = models.DateTimeField("办结时间", null=True)

    class Meta:
        verbose_name = "借用"
        constraints = [
            models.UniqueConstraint(fields=["thing"], condition=models.Q(state__in=["out", "gone"]), name="loan_open_once"),
        ]
        indexes = [
            models.Index(fields=["thing", "-id"], name="loan_history"),
            models.Index(fields=["community", "due_at"], name="loan_open", condition=models.Q(state__in=["asked", "out", "back"])),
            models.Index(fields=["remind_at"], name="loan_remind", condition=models.Q(remind_at__isnull=False)),
            models.Index(fields=["user"], name="loan_user", condition=models.Q(state="out")),
            models.Index(fields=["community", "-asked_at"], name="loan_book"),
        ]


class Consent(models.Model):
    """同意: whose word it went out on, when to the minute, how. Never altered; a colleague confirms a telephoned one later."""

    class Answer(models.TextChoices):
        YES = "yes", "同意"
        NO = "no", "不同意"
        NONE = "none", "没有联系上"

    loan = models.ForeignKey(Loan, models.PROTECT, verbose_name="借用", related_name="consents")
    side = models.CharField("一方", max_length=20, choices=list(SIDES.items()))
    answer = models.CharField("答复", max_length=6, choices=Answer.choices)
    name = models.CharField("姓名", max_length=60)
    user_id = models.BigIntegerField("员工编号", null=True)
    how = models.CharField("方式", max_length=20)
    at = models.DateTimeField("时间")
    by_name = models.CharField("记录人", max_length=60)
    note = models.CharField("说明", max_length=200, blank=True)
    confirmed_at = models.DateTimeField("本人补签", null=True)

    class Meta:
        verbose_name = "同意"

    @property
    def community_id(self) -> int:
        return self.loan.community_id


class Move(models.Model):
    """流水: everything that happened to a thing. Only ever added to."""

    community = models.ForeignKey(Community, models.PROTECT, verbose_name="小区", db_index=False)
    thing = models.ForeignKey(Thing, models.PROTECT, verbose_name="保管物", related_name="moves", db_index=False)
    loan = models.ForeignKey(Loan, models.PROTECT, null=True, verbose_name="借用", related_name="moves")
    kind = models.CharField("事项", max_length=12)
    at = models.DateTimeField("发生时间")
    recorded_at = models.DateTimeField("记录时间")
    by_id = models.BigIntegerField("记录人编号", null=True)
    by_name = models.CharField("记录人", max_length=60)
    quantity = models.IntegerField("数量", default=0)
    """What it added to the cabinet: the stock is always the sum. D4.108."""
    text = models.CharField("内容", max_length=600)

    class Meta:
        verbose_name = "保管流水"
        indexes = [models.Index(fields=["thing", "-id"], name="move_history"), models.Index(fields=["community", "-id"], name="move_book")]


class Count(models.Model):
    """清点: what stood in a store, counted by somebody. A difference waits until the head has seen it. D4.39, D4.40."""

    store = models.ForeignKey(Store, models.PROTECT, verbose_name="存放处", related_name="counts", db_index=False)
    at = models.DateTimeField("清点时间")
    by_id = models.BigIntegerField("清点人编号", null=True)
    by_name = models.CharField("清点人", max_length=60)
    locked = models.BooleanField("柜已上锁")
    present = models.PositiveIntegerField("在位")
    out = models.PositiveIntegerField("借出")
    differing = models.PositiveIntegerField("不符", default=0)
    note = models.CharField("说明", max_length=300, blank=True)
    seen_at = models.DateTimeField("负责人处理时间", null=True)
    seen_by = models.CharField("负责人", max_length=60, null=True)  # noqa: DJ001 - filled in once, see 0002
    seen_note = models.CharField("处理意见", max_length=300, null=True)  # noqa: DJ001

    class Meta:
        verbose_name = "清点"
        indexes = [
            models.Index(fields=["store", "-at"], name="count_store"),
            models.Index(fields=["store"], name="count_open", condition=models.Q(differing__gt=0, seen_at__isnull=True)),
        ]

    @property
    def community_id(self) -> int:
        return self.store.community_id


class Difference(models.Model):
    """不符: one thing of a count that was not as the book says."""

    count = models.ForeignKey(Count, models.PROTECT, verbose_name="清点", related_name="differences")
    thing = models.ForeignKey(Thing, models.PROTECT, verbose_name="保管物", related_name="+")
    expected = models.PositiveIntegerField("应有")
    found = models.PositiveIntegerField("实有")
    note = models.CharField("说明", max_length=200, blank=True)

    class Meta:
        verbose_name = "清点不符"


class Cash(models.Model):
    """票款: what somebody holds for tickets sold. Sold and taken over add, handed on and remitted take away. D10.02, D10.07, D10.15.

    A remittance counts only once the cashier has confirmed it. Otherwise never altered.
    """

    class Kind(models.TextChoices):
        SOLD = "sold", "售票"
        HANDED = "handed", "交给同事"
        TAKEN = "taken", "同事交来"
        REMITTED = "remitted", "上交财务"

    community = models.ForeignKey(Community, models.PROTECT, verbose_name="小区", db_index=False)
    user = models.ForeignKey(User, models.PROTECT, verbose_name="持有人", related_name="+", db_index=False)
    kind = models.CharField("事项", max_length=10, choices=Kind.choices)
    thing = models.ForeignKey(Thing, models.PROTECT, null=True, verbose_name="票", related_name="+", db_index=False)
    count = models.PositiveIntegerField("张数", default=0)
    amount = models.DecimalField("金额", max_digits=12, decimal_places=2)
    """Signed: what it added to what this person holds."""
    at = models.DateTimeField("时间")
    by_name = models.CharField("记录人", max_length=60)
    confirmed_at = models.DateTimeField("财务收讫", null=True)
    confirmed_by = models.CharField("出纳", max_length=60, null=True)  # noqa: DJ001 - filled in once, see 0002

    class Meta:
        verbose_name = "票款"
        indexes = [
            models.Index(fields=["community", "-id"], name="cash_book"),
            models.Index(fields=["community", "user"], name="cash_holder"),
            models.Index(fields=["community"], name="cash_waiting", condition=models.Q(kind="remitted", confirmed_at__isnull=True)),
        ]


class Folder(models.Model):
    """档案夹: papers kept together in one order, which stands on it. D14.32, D14.33."""

    community = models.ForeignKey(Community, models.PROTECT, verbose_name="小区", db_index=False)
    title = models.CharField("名称", max_length=40)
    order = models.CharField("分类方式", max_length=8, choices=list(ORDERS.items()))
    department = models.CharField("部门", max_length=40, blank=True)
    store = models.ForeignKey(Store, models.PROTECT, verbose_name="存放处", related_name="+", db_index=False)

    class Meta:
        verbose_name = "档案夹"
        constraints = [models.UniqueConstraint(fields=["community", "title"], name="folder_once")]

    def __str__(self) -> str:
        return self.title


class Filing(models.Model):
    """归档: what the archive knows of a document besides the thing itself. Without a folder it waits to be filed.

    Stays when the document is destroyed, so that its number is never a gap (DO3).
    """

    thing = models.OneToOneField(Thing, models.PROTECT, primary_key=True, verbose_name="文件", related_name="filing")
    community = models.ForeignKey(Community, models.PROTECT, verbose_name="小区", db_index=False)
    letters = models.CharField("字母顺序", max_length=160, blank=True)
    department = models.CharField("部门", max_length=40, blank=True)
    written_on = models.DateField("成文日期", null=True)
    party = models.CharField("来往单位", max_length=80, blank=True)
    series = models.CharField("文号类别", max_length=8, choices=list(SERIES.items()), blank=True)
    year = models.PositiveSmallIntegerField("年份", null=True)
    serial = models.PositiveIntegerField("顺序号", null=True)
    reference = models.CharField("文号", max_length=60, blank=True)
    sent_at = models.DateTimeField("外发时间", null=True)
    means = models.CharField("送法", max_length=20, blank=True)
    ticket = models.BigIntegerField("工单", null=True)
    folder = models.ForeignKey(Folder, models.PROTECT, null=True, verbose_name="档案夹", related_name="filings", db_index=False)
    filed_at = models.DateTimeField("归档时间", null=True)
    filed_by = models.CharField("归档人", max_length=60, blank=True)
    pages = models.PositiveSmallIntegerField("应有页数", null=True)
    found = models.PositiveSmallIntegerField("实有页数", null=True)
    missing = models.CharField("缺少的附件", max_length=200, blank=True)
    expires_on = models.DateField("保存到", null=True)

    class Meta:
        verbose_name = "归档"
        constraints = [
            models.UniqueConstraint(fields=["community", "series", "year", "serial"], condition=models.Q(series__in=["received", "sent"]), name="reference_once"),
            models.UniqueConstraint(fields=["community", "department", "year", "serial"], condition=models.Q(series="internal"), name="internal_once"),
        ]
        indexes = [
            models.Index(fields=["community", "-thing"], name="filing_here"),
            models.Index(fields=["folder", "letters"], name="filing_folder", condition=models.Q(folder__isnull=False)),
            models.Index(fields=["community", "thing"], name="filing_waiting", condition=models.Q(folder__isnull=True)),
            models.Index(fields=["community", "expires_on"], name="filing_expires", condition=models.Q(expires_on__isnull=False)),
            models.Index(fields=["ticket"], name="filing_ticket", condition=models.Q(ticket__isnull=False)),
        ]

    @property
    def incomplete(self) -> str:
        """What is not there, in words. D14.65."""
        short = (self.pages or 0) - self.found if self.found is not None and self.pages else 0
        return "；".join(each for each in (f"缺 {short} 页" if short > 0 else "", f"缺附件：{self.missing}" if self.missing else "") if each)
