"""Who is on duty, what is written in a post's book, and how a post passes from one shift to the next."""

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

    community = models.ForeignKey(Community, models.PROTECT, verbose_name="小区", db_index=False)  # logline_book begins with it
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


class Volume(models.Model):
    """封册: a book of a post is full (or its year is over). Its lines are settled, and the volume is kept by the service desk. D2.37."""

    community = models.ForeignKey(Community, models.PROTECT, verbose_name="小区")
    post = models.CharField("岗位代号", max_length=40)
    number = models.PositiveIntegerField("册号")
    after = models.BigIntegerField("上一册末行")
    upto = models.BigIntegerField("末行")
    lines = models.PositiveIntegerField("行数")
    by_id = models.BigIntegerField("封册人编号")
    by_name = models.CharField("封册人", max_length=60)
    at = models.DateTimeField("封册时间")

    class Meta:
        verbose_name = "日志册"
        constraints = [models.UniqueConstraint(fields=["community", "post", "number"], name="volume_once")]


class SignOff(models.Model):
    """签阅: somebody answerable has read one day of a book and signed it. What is written later is marked so. D2.53."""

    community = models.ForeignKey(Community, models.PROTECT, verbose_name="小区")
    book = models.CharField("簿册", max_length=20)
    day = models.DateField("日期")
    by_id = models.BigIntegerField("签阅人编号")
    by_name = models.CharField("签阅人", max_length=60)
    at = models.DateTimeField("签阅时间")
    upto = models.BigIntegerField("读至", default=0)
    """The last line of the books when it was signed."""
    lines = models.PositiveIntegerField("条数", default=0)
    remark = models.CharField("批注", max_length=300, blank=True)

    class Meta:
        verbose_name = "签阅"
        constraints = [models.UniqueConstraint(fields=["community", "book", "day"], name="signoff_once")]


class Presence(models.Model):
    """到岗: somebody came to a shift of theirs, and left it. A shift without one is an absence. D5.13–D5.16."""

    community = models.ForeignKey(Community, models.PROTECT, verbose_name="小区")
    post = models.CharField("岗位代号", max_length=40)
    user = models.ForeignKey(User, models.PROTECT, verbose_name="员工", related_name="presences")
    shift = models.CharField("班次", max_length=40)
    starts_at = models.DateTimeField("班次开始")
    ends_at = models.DateTimeField("班次结束")
    arrived_at = models.DateTimeField("到岗时间")
    due_at = models.DateTimeField("应到时间")
    """Ten minutes before the shift where somebody is relieved, else its beginning. D2.38."""
    left_at = models.DateTimeField("离岗时间", null=True)
    reason = models.CharField("说明", max_length=200, blank=True)

    class Meta:
        verbose_name = "到岗记录"
        constraints = [models.UniqueConstraint(fields=["user", "post", "starts_at"], name="presence_once")]
        indexes = [models.Index(fields=["community", "starts_at"], name="presence_day")]


class Closing(models.Model):
    """收班: what is done, in this order, when nobody follows on the post. D1.17, D1.18, D1.20."""

    presence = models.OneToOneField(Presence, models.PROTECT, related_name="closing", verbose_name="到岗")
    stored_at = models.DateTimeField("物品已入柜", null=True)
    locked_at = models.DateTimeField("柜已上锁", null=True)
    key_at = models.DateTimeField("钥匙已放到存放点", null=True)

    class Meta:
        verbose_name = "收班"


class Muster(models.Model):
    """集合: the guards of a shift before they are led to their posts. E22.01–E22.05, E22.15."""

    community = models.ForeignKey(Community, models.PROTECT, verbose_name="小区")
    shift = models.CharField("班次", max_length=40)
    starts_at = models.DateTimeField("班次开始")
    leader_id = models.BigIntegerField("班长编号")
    leader = models.CharField("班长", max_length=60)
    opened_at = models.DateTimeField("开始集合")
    led_at = models.DateTimeField("带队上岗", null=True)
    closed_at = models.DateTimeField("整队带回", null=True)
    remark = models.CharField("缺勤安排", max_length=200, blank=True)

    class Meta:
        verbose_name = "护卫集合"
        constraints = [models.UniqueConstraint(fields=["community", "starts_at"], name="muster_once")]
        indexes = [models.Index(fields=["community", "-starts_at"], name="muster_register")]


class MusterGuard(models.Model):
    """One guard of a muster: there or not, dressed, with the equipment of the post."""

    muster = models.ForeignKey(Muster, models.PROTECT, related_name="guards", verbose_name="集合")
    user = models.ForeignKey(User, models.PROTECT, verbose_name="护卫员")
    name = models.CharField("姓名", max_length=60)
    post = models.CharField("岗位代号", max_length=40)
    arrived_at = models.DateTimeField("到场", null=True)
    dressed = models.BooleanField("着装整齐", default=False)
    gear = models.CharField("装备", max_length=10, blank=True)
    """"" = not looked at, ok, missing."""
    missing = models.CharField("缺什么", max_length=100, blank=True)

    class Meta:
        verbose_name = "集合名单"
        constraints = [models.UniqueConstraint(fields=["muster", "user", "post"], name="muster_guard_once")]


class ShiftChange(models.Model):
    """调班、顶班: one shift of somebody goes to a colleague, for one of theirs (`back_at`) or for none. D5.17–D5.19."""

    class State(models.TextChoices):
        ASKED = "asked", "待对方同意"
        AGREED = "agreed", "待上级批准"
        APPROVED = "approved", "已批准"
        REFUSED = "refused", "未同意"
        WITHDRAWN = "withdrawn", "已撤回"

    community = models.ForeignKey(Community, models.PROTECT, verbose_name="小区")
    post = models.CharField("岗位代号", max_length=40)
    user = models.ForeignKey(User, models.PROTECT, verbose_name="申请人", related_name="shift_changes")
    to = models.ForeignKey(User, models.PROTECT, verbose_name="顶班人", related_name="shift_offers")
    shift = models.CharField("班次", max_length=40)
    starts_at = models.DateTimeField("班次开始")
    ends_at = models.DateTimeField("班次结束")
    back_shift = models.CharField("换回班次", max_length=40, blank=True)
    back_at = models.DateTimeField("换回班次开始", null=True)
    """The shift of `to` that `user` takes in exchange; null = they only stand in."""
    reason = models.CharField("事由", max_length=200)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.ASKED)
    asked_at = models.DateTimeField("申请时间")
    agreed_at = models.DateTimeField("对方同意时间", null=True)
    decided_at = models.DateTimeField("批准时间", null=True)
    decided_by = models.CharField("批准人", max_length=60, blank=True)
    remark = models.CharField("意见", max_length=200, blank=True)

    class Meta:
        verbose_name = "调班"
        constraints = [
            models.UniqueConstraint(
                fields=["user", "post", "starts_at"], name="shift_change_once",
                condition=models.Q(state__in=["asked", "agreed", "approved"]),
            ),
        ]
        indexes = [models.Index(fields=["community", "-id"], name="shift_change_register")]


class HandoverItem(models.Model):
    """交接清单: what is counted, shown, checked or prepared whenever this post is handed over."""

    community = models.ForeignKey(Community, models.PROTECT, verbose_name="小区")
    post = models.CharField("岗位代号", max_length=40)
    kind = models.CharField("类别", max_length=10)
    title = models.CharField("名称", max_length=80)
    count = models.PositiveIntegerField("应有数量", null=True)
    position = models.PositiveSmallIntegerField("次序", default=0)

    class Meta:
        verbose_name = "交接清单"
        constraints = [models.UniqueConstraint(fields=["community", "post", "kind", "title"], name="handover_item_once")]


class Handover(models.Model):
    """交接班: a post passes from one person to the next. Information passes always, responsibility when both have signed."""

    class State(models.TextChoices):
        PREPARING = "preparing", "交班准备"
        EXPLAINING = "explaining", "讲解清点"
        SIGNED = "signed", "待接班人签字"
        REFUSED = "refused", "拒绝接班，待上级处理"
        DONE = "done", "已交接"
        STOPPED = "stopped", "已中止"

    OPEN = ("preparing", "explaining", "signed", "refused")

    community = models.ForeignKey(Community, models.PROTECT, verbose_name="小区")
    post = models.CharField("岗位代号", max_length=40)
    to_post = models.CharField("接收岗位代号", max_length=40)
    """The same post, or the one that keeps the book until morning (前台 → 监控室). D13.20, D13.24."""
    from_shift = models.CharField("交班班次", max_length=40)
    to_shift = models.CharField("接班班次", max_length=40)
    began_at = models.DateTimeField("本班开始")
    due_at = models.DateTimeField("应交接时间")
    giver = models.ForeignKey(User, models.PROTECT, verbose_name="交班人", related_name="handovers_given")
    receiver = models.ForeignKey(User, models.PROTECT, null=True, verbose_name="接班人", related_name="handovers_taken")
    giver_name = models.CharField("交班人姓名", max_length=60)
    receiver_name = models.CharField("接班人姓名", max_length=60, blank=True)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.PREPARING)
    round = models.PositiveSmallIntegerField("轮次", default=1)
    """Rises whenever a signature given is void, because something changed after it."""
    opened_at = models.DateTimeField("开始准备")
    arrived_at = models.DateTimeField("接班人到场", null=True)
    read_at = models.DateTimeField("阅读日志", null=True)
    read_upto = models.BigIntegerField("读至", default=0)
    unfit = models.CharField("接班人不宜上岗", max_length=200, blank=True)
    refusal = models.CharField("拒绝理由", max_length=300, blank=True)
    refused_at = models.DateTimeField("拒绝时间", null=True)
    decision = models.CharField("上级决定", max_length=400, blank=True)
    decided_by = models.CharField("决定人", max_length=60, blank=True)
    decided_at = models.DateTimeField("决定时间", null=True)
    special = models.CharField("留有未了事项的特殊情况", max_length=300, blank=True)
    late_cause = models.CharField("未按时交接的原因", max_length=200, blank=True)
    finished_at = models.DateTimeField("交接完成", null=True)
    seal_size = models.BigIntegerField("封存行数", null=True)
    seal_head = models.CharField("封存链头", max_length=64, blank=True)

    class Meta:
        verbose_name = "交接班"
        constraints = [
            models.UniqueConstraint(
                fields=["community", "post", "to_post"], name="handover_open_once",
                condition=models.Q(state__in=["preparing", "explaining", "signed", "refused"]),
            ),
        ]
        indexes = [models.Index(fields=["community", "post", "-due_at"], name="handover_register")]

    def __str__(self) -> str:
        return f"{self.from_shift} → {self.to_shift}"


class HandoverLine(models.Model):
    """One line of a hand-over. Which columns count depends on `kind`; see duty/handover.py."""

    handover = models.ForeignKey(Handover, models.PROTECT, verbose_name="交接班", related_name="lines")
    kind = models.CharField("类别", max_length=10)
    position = models.PositiveSmallIntegerField("次序", default=0)
    title = models.CharField("内容", max_length=300)
    number = models.CharField("编号", max_length=40, blank=True)
    about = models.CharField("相关", max_length=80, blank=True)
    due_at = models.DateTimeField("时限", null=True)
    weight = models.CharField("轻重", max_length=10, default="ordinary")
    cause = models.CharField("原因", max_length=500, blank=True)
    course = models.CharField("经过", max_length=1000, blank=True)
    note = models.CharField("交班说明", max_length=1000, blank=True)
    closed = models.BooleanField("已办结", default=False)
    plan = models.CharField("后续安排", max_length=500, blank=True)
    contained_by = models.CharField("确认已控制", max_length=60, blank=True)
    contained_at = models.DateTimeField("确认控制时间", null=True)
    expected = models.PositiveIntegerField("应有", null=True)
    given = models.PositiveIntegerField("交班人点数", null=True)
    received = models.PositiveIntegerField("接班人点数", null=True)
    answer = models.CharField("检查结果", max_length=10, blank=True)
    explanation = models.CharField("情况说明", max_length=500, blank=True)
    told_at = models.DateTimeField("已讲清", null=True)
    understood_at = models.DateTimeField("已明白", null=True)
    by_name = models.CharField("记录人", max_length=60, blank=True)

    class Meta:
        verbose_name = "交接事项"
        constraints = [
            models.UniqueConstraint(fields=["handover", "kind", "about", "title"], name="handover_line_once"),
        ]

    @property
    def community_id(self) -> int:
        return self.handover.community_id


class Signature(models.Model):
    """签字: one side of a hand-over, with the digest of the sheet that was signed. Never altered; one a side and round."""

    handover = models.ForeignKey(Handover, models.PROTECT, verbose_name="交接班", related_name="signatures")
    side = models.CharField("一方", max_length=10)
    round = models.PositiveSmallIntegerField("轮次")
    user_id = models.BigIntegerField("签字人编号")
    name = models.CharField("签字人", max_length=60)
    how = models.CharField("方式", max_length=20)
    at = models.DateTimeField("签字时间")
    digest = models.CharField("摘要", max_length=64)

    class Meta:
        verbose_name = "交接签字"
        constraints = [models.UniqueConstraint(fields=["handover", "side", "round"], name="handover_signed_once")]
