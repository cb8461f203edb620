"""Tickets and what belongs to them.

A ticket's truth is its events; `Ticket.state` is the engine's snapshot after the last of them, and tasks and
clocks are projections of it for lists and for the worker. All of them are written by procedures/store.py alone.
"""

from __future__ import annotations

from django.db import models

from shouwen.estate.models import Community, Unit


class Edition(models.Model):
    """规程版本: the text of a procedure file as adopted, for one community or (null) for all. Never changed."""

    procedure = models.CharField("规程", max_length=40)
    edition = models.CharField("版本", max_length=40)
    community = models.ForeignKey(Community, models.PROTECT, null=True, blank=True, verbose_name="小区")
    title = models.CharField("名称", max_length=60)
    text = models.TextField("原文")
    digest = models.CharField("摘要", max_length=64)
    starts_at = models.DateTimeField("启用时间")
    adopted_at = models.DateTimeField("通过时间")
    adopted_by = models.CharField("通过人", max_length=60)
    remark = models.CharField("说明", max_length=200, blank=True)
    reasons = models.JSONField("放宽要求的理由", default=list)
    """[(what, reason)] of everything that this edition made laxer than the one before or than its clause."""

    class Meta:
        verbose_name = "规程版本"
        constraints = [
            models.UniqueConstraint(
                fields=["procedure", "edition", "community"], name="edition_once", nulls_distinct=False
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} {self.edition}"


class Recall(models.Model):
    """撤回: an edition called off before it began; it never holds. The edition itself stays as it was adopted."""

    edition = models.OneToOneField(Edition, models.PROTECT, related_name="recall", verbose_name="规程版本")
    at = models.DateTimeField("撤回时间")
    by_name = models.CharField("撤回人", max_length=60)
    reason = models.CharField("原因", max_length=200)

    class Meta:
        verbose_name = "版本撤回"


class Draft(models.Model):
    """规程草稿: a new edition somebody is writing for a place; kept until adopted or thrown away. `reasons`: why something got laxer."""

    user_id = models.BigIntegerField("起草人编号")
    community = models.ForeignKey(Community, models.PROTECT, null=True, blank=True, verbose_name="小区")
    procedure = models.CharField("规程", max_length=60)
    base = models.ForeignKey(Edition, models.PROTECT, verbose_name="改自")
    text = models.TextField("原文")
    reasons = models.JSONField("放宽要求的理由", default=dict)
    revision = models.PositiveIntegerField("修订", default=1)
    step = models.PositiveIntegerField("所在改动", default=0)
    """The number of the DraftStep that `text` is; lower ones can be gone back to, higher ones forward again."""

    saved_at = models.DateTimeField("保存时间")

    class Meta:
        verbose_name = "规程草稿"
        constraints = [
            models.UniqueConstraint(fields=["user_id", "procedure", "community"], name="draft_once", nulls_distinct=False),
        ]


class DraftStep(models.Model):
    """草稿改动: the text of a draft after one change, and what the change was, in words; 0 is the text it began with."""

    draft = models.ForeignKey(Draft, models.CASCADE, related_name="steps", verbose_name="规程草稿", db_index=False)
    number = models.PositiveIntegerField("第几步")
    at = models.DateTimeField("时间")
    said = models.CharField("改了什么", max_length=300, blank=True)
    text = models.TextField("原文")

    class Meta:
        verbose_name = "草稿改动"
        constraints = [models.UniqueConstraint(fields=["draft", "number"], name="draft_step_once")]


class Trial(models.Model):
    """试演: the scripted days of a procedure played on one text of a draft, on a scratch copy, by the worker."""

    draft = models.ForeignKey(Draft, models.CASCADE, related_name="trials", verbose_name="规程草稿")
    digest = models.CharField("摘要", max_length=64)
    asked_at = models.DateTimeField("发起时间")
    lease_until = models.DateTimeField("占用至", null=True)
    finished_at = models.DateTimeField("完成时间", null=True)
    total = models.PositiveSmallIntegerField("剧本数", default=0)
    played = models.PositiveSmallIntegerField("已演", default=0)
    results = models.JSONField("结果", default=list)
    error = models.CharField("错误", max_length=300, blank=True)

    class Meta:
        verbose_name = "草稿试演"
        indexes = [
            models.Index(fields=["asked_at"], name="trial_waiting", condition=models.Q(finished_at__isnull=True)),
        ]


class Ticket(models.Model):
    """工单: one run of a procedure."""

    class Status(models.TextChoices):
        OPEN = "open", "办理中"
        PAUSED = "paused", "已挂起"
        CLOSED = "closed", "已办结"
        WITHDRAWN = "withdrawn", "已撤销"

    number = models.CharField("编号", max_length=40)
    community = models.ForeignKey(Community, models.PROTECT, verbose_name="小区", db_index=False)  # an index below begins with it
    edition = models.ForeignKey(Edition, models.PROTECT, verbose_name="规程版本", db_index=False)  # an edition is never deleted
    procedure = models.CharField("规程", max_length=40)
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, blank=True, verbose_name="房屋", db_index=False)
    place = models.CharField("地点", max_length=60, blank=True)
    summary = models.CharField("摘要", max_length=200, blank=True)
    grade = models.CharField("类别", max_length=40, blank=True)
    status = models.CharField("状态", max_length=10, choices=Status.choices, default=Status.OPEN)
    first_asked_id = models.BigIntegerField("首问人编号", null=True)
    first_asked = models.CharField("首问人", max_length=60)
    tracker_id = models.BigIntegerField("跟进人编号", null=True)
    confidential = models.BooleanField("保密", default=False)
    waits = models.BooleanField("在等待", default=False, db_default=False)
    """It is paused, or its path stands still until tickets that it opened are closed."""
    filed_at = models.DateTimeField("受理时间")
    due_at = models.DateTimeField("最近时限", null=True)
    closed_at = models.DateTimeField("办结时间", null=True)
    revision = models.PositiveIntegerField("修订", default=0)
    state = models.TextField("引擎状态")

    class Meta:
        verbose_name = "工单"
        constraints = [models.UniqueConstraint(fields=["community", "number"], name="ticket_number_once")]
        indexes = [
            models.Index(fields=["community", "-id"], name="ticket_register"),
            # No index holds `due_at`: it changes with nearly every step, and each entry of this row would be written anew.
            models.Index(fields=["community", "id"], name="ticket_open", condition=models.Q(status__in=["open", "paused"])),
            models.Index(fields=["unit", "-id"], name="ticket_unit"),
            models.Index(fields=["procedure", "community", "-id"], name="ticket_procedure"),
            models.Index(fields=["community", "filed_at"], name="ticket_filed"),
            models.Index(
                fields=["community", "closed_at"], name="ticket_closed", condition=models.Q(closed_at__isnull=False)
            ),
            models.Index(fields=["community", "id"], name="ticket_waits", condition=models.Q(waits=True, closed_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return self.number


class PrivateAnswers(models.Model):
    """The private answers of a ticket (caller, phone, …), encrypted, apart from it, erasable."""

    ticket = models.OneToOneField(Ticket, models.CASCADE, related_name="private", verbose_name="工单")
    sealed = models.BinaryField("密文")

    class Meta:
        verbose_name = "工单隐私内容"


class Event(models.Model):
    """What happened to a ticket, in order. Never changed; replaying them gives the ticket back exactly."""

    ticket = models.ForeignKey(Ticket, models.PROTECT, verbose_name="工单", related_name="events", db_index=False)
    seq = models.PositiveIntegerField("序号")
    at = models.DateTimeField("时间")
    by_id = models.BigIntegerField("操作人编号", null=True)
    by_name = models.CharField("操作人", max_length=60)
    kind = models.CharField("种类", max_length=20)
    text = models.TextField("经过")
    payload = models.TextField("事件")
    received_at = models.DateTimeField("送达时间", null=True)
    """When the server heard of what was done on a phone without a signal; null = at once, as `at` says."""

    class Meta:
        verbose_name = "工单事件"
        constraints = [models.UniqueConstraint(fields=["ticket", "seq"], name="event_once")]


class Task(models.Model):
    """任务: a step somebody has to do. `pool` says to whom it lies open (`post:receptionist`, `dept:engineering`)."""

    ticket = models.ForeignKey(Ticket, models.PROTECT, verbose_name="工单", related_name="tasks", db_index=False)
    number = models.PositiveSmallIntegerField("序号")
    community_id = models.BigIntegerField("小区编号")
    step = models.CharField("步骤", max_length=40)
    title = models.CharField("任务", max_length=60)
    branch = models.CharField("部门", max_length=60, blank=True)
    role = models.CharField("角色", max_length=40)
    pool = models.CharField("待办范围", max_length=60, blank=True)
    department = models.CharField("部门代号", max_length=40, blank=True)
    holder_id = models.BigIntegerField("办理人编号", null=True)
    holder_name = models.CharField("办理人", max_length=60, blank=True)
    opened_at = models.DateTimeField("开始时间")
    taken_at = models.DateTimeField("接单时间", null=True)
    due_at = models.DateTimeField("时限", null=True)
    done_at = models.DateTimeField("完成时间", null=True)
    done_by = models.CharField("完成人", max_length=60, blank=True)
    priority = models.PositiveSmallIntegerField("优先次序", default=99)
    """Place among the options of the answer `priority`, the last of which is the ordinary; 99 = ordinary."""

    class Meta:
        verbose_name = "任务"
        constraints = [models.UniqueConstraint(fields=["ticket", "number"], name="task_once")]
        indexes = [
            models.Index(
                fields=["community_id", "due_at", "id"], name="task_board", condition=models.Q(done_at__isnull=True)
            ),
            models.Index(fields=["holder_id", "due_at"], name="task_mine", condition=models.Q(done_at__isnull=True)),
            models.Index(
                fields=["community_id", "pool", "due_at"], name="task_pool",
                condition=models.Q(done_at__isnull=True, holder_id__isnull=True),
            ),
        ]


class Clock(models.Model):
    """时钟: a limit that runs. `wake_at` is the next moment of attention; the verdict is frozen when it stops."""

    ticket = models.ForeignKey(Ticket, models.PROTECT, verbose_name="工单", related_name="clocks", db_index=False)
    number = models.PositiveSmallIntegerField("序号")
    community_id = models.BigIntegerField("小区编号")
    name = models.CharField("名称", max_length=40)
    kind = models.CharField("种类", max_length=10)
    task = models.PositiveSmallIntegerField("任务序号", default=0)
    rule = models.CharField("规则", max_length=120)
    start_at = models.DateTimeField("起算")
    due_at = models.DateTimeField("时限", null=True)
    wake_at = models.DateTimeField("下次关注", null=True)
    rung = models.PositiveSmallIntegerField("已升级次数", default=0)
    stopped_at = models.DateTimeField("停止时间", null=True)
    verdict = models.CharField("结论", max_length=10, blank=True)
    lease_until = models.DateTimeField("占用至", null=True)
    failures = models.PositiveSmallIntegerField("失败次数", default=0)
    error = models.CharField("错误", max_length=300, blank=True)

    class Meta:
        verbose_name = "时钟"
        constraints = [models.UniqueConstraint(fields=["ticket", "number"], name="clock_once")]
        indexes = [
            models.Index(fields=["wake_at"], name="clock_asleep", condition=models.Q(wake_at__isnull=False)),
        ]


class Link(models.Model):
    """关联: same, part_of or caused_by. `key` is how the parent `to` knows a child that it opened itself."""

    ticket = models.ForeignKey(Ticket, models.PROTECT, verbose_name="工单", related_name="links_out", db_index=False)
    to = models.ForeignKey(Ticket, models.PROTECT, verbose_name="关联工单", related_name="links_in")
    kind = models.CharField("关系", max_length=12)
    key = models.CharField("子工单键", max_length=20, blank=True)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "工单关联"
        constraints = [models.UniqueConstraint(fields=["ticket", "to", "kind"], name="link_once")]


class Attachment(models.Model):
    """附件: a file given as evidence; stored by digest, outside any web folder, never executed. Given to a ticket once and
    never changed after, except that its content may be erased."""

    class Purpose(models.TextChoices):
        BEFORE = "before", "处理前"
        AFTER = "after", "处理后"
        SIGNATURE = "signature", "签名"

    ticket = models.ForeignKey(Ticket, models.PROTECT, null=True, verbose_name="工单", related_name="attachments")
    community_id = models.BigIntegerField("小区编号")
    key = models.CharField("引用", max_length=40, unique=True)
    name = models.CharField("文件名", max_length=200)
    kind = models.CharField("类型", max_length=60)
    size = models.PositiveIntegerField("字节")
    digest = models.CharField("摘要", max_length=64)
    by_id = models.BigIntegerField("上传人编号", null=True)
    by_name = models.CharField("上传人", max_length=60)
    at = models.DateTimeField("时间")
    purpose = models.CharField("用途", max_length=10, choices=Purpose.choices, blank=True)
    taken_at = models.DateTimeField("拍摄时间", null=True)
    spot = models.CharField("拍摄位置", max_length=60, blank=True)
    """Latitude,longitude in degrees, as the phone or the picture itself told: 22.543096,114.057865."""
    about = models.CharField("相关", max_length=80, null=True)
    """What it belongs to where that is no ticket (``rounds.reading:7``); null = to a ticket, or to nothing yet."""
    erased_at = models.DateTimeField("清除时间", null=True)

    class Meta:
        verbose_name = "附件"


class ScheduleRun(models.Model):
    """One moment at which a recurring procedure was (or should have been) opened; opened once, never doubled."""

    community_id = models.BigIntegerField("小区编号")
    procedure = models.CharField("规程", max_length=40)
    rule = models.CharField("规则", max_length=120)
    due_at = models.DateTimeField("应开时间")
    ticket = models.ForeignKey(Ticket, models.PROTECT, null=True, verbose_name="工单")
    opened_at = models.DateTimeField("实开时间")

    class Meta:
        verbose_name = "定期开单"
        constraints = [
            models.UniqueConstraint(fields=["community_id", "procedure", "rule", "due_at"], name="schedule_once"),
        ]


class HeldCall(models.Model):
    """来电草稿: a call half filled in at the counter; sealed, for its own user alone, erased when filed or after the shift."""

    user_id = models.BigIntegerField("人员编号")
    community = models.ForeignKey(Community, models.PROTECT, verbose_name="小区", db_index=False)
    sealed = models.BinaryField("密文")
    revision = models.PositiveIntegerField("修订", default=1)
    begun_at = models.DateTimeField("来电时间")
    kept_at = models.DateTimeField("保存时间")
    erase_at = models.DateTimeField("清除时间")

    class Meta:
        verbose_name = "来电草稿"
        indexes = [
            models.Index(fields=["user_id", "community", "id"], name="held_mine"),
            models.Index(fields=["erase_at"], name="held_erase"),
        ]


class Phrase(models.Model):
    """话术: words to say, words to avoid, or what one must know, for a situation; looked up while somebody is on the line."""

    class Kind(models.TextChoices):
        SAY = "say", "这样说"
        AVOID = "avoid", "不要说"
        KNOW = "know", "要知道"

    community = models.ForeignKey(Community, models.PROTECT, null=True, blank=True, verbose_name="小区")
    code = models.CharField("代号", max_length=60, blank=True)
    """The key of a standard phrase in procedures/phrases.yaml; "" for the company's own."""
    kind = models.CharField("种类", max_length=8, choices=Kind.choices, default=Kind.SAY)
    topic = models.CharField("主题", max_length=40)
    situation = models.CharField("场合", max_length=80)
    words = models.TextField("内容")
    basis = models.CharField("条款", max_length=120, blank=True)
    steps = models.CharField("用在", max_length=400, blank=True)
    """Where it is shown by itself: procedures and steps, `complaint repair/intake`, parted by blanks."""
    spelled = models.TextField("检索词")
    order = models.PositiveSmallIntegerField("次序", default=500)
    changed_at = models.DateTimeField("修改时间")
    changed_by = models.CharField("修改人", max_length=60)
    retired_at = models.DateTimeField("停用时间", null=True, blank=True)

    class Meta:
        verbose_name = "话术"
        constraints = [
            models.UniqueConstraint(fields=["code"], condition=~models.Q(code=""), name="phrase_standard_once"),
        ]

    def __str__(self) -> str:
        return f"{self.topic}·{self.situation}"


class BoardView(models.Model):
    """常用视图: filters and grouping of the board under a name of one's own. `query` is the address after the question mark."""

    user_id = models.BigIntegerField("人员编号")
    community = models.ForeignKey(Community, models.CASCADE, verbose_name="小区", db_index=False)
    name = models.CharField("名称", max_length=20)
    query = models.CharField("条件", max_length=300)
    saved_at = models.DateTimeField("保存时间")

    class Meta:
        verbose_name = "常用视图"
        constraints = [models.UniqueConstraint(fields=["user_id", "community", "name"], name="view_once")]

    def __str__(self) -> str:
        return self.name


class Wall(models.Model):
    """大屏: a screen on a wall that shows one community's board without names. Of its link only the digest is kept."""

    community = models.ForeignKey(Community, models.PROTECT, verbose_name="小区")
    name = models.CharField("位置", max_length=40)
    digest = models.CharField("摘要", max_length=64, unique=True)
    made_at = models.DateTimeField("生成时间")
    made_by = models.CharField("生成人", max_length=60)
    expires_at = models.DateTimeField("有效期至")
    seen_at = models.DateTimeField("最近访问", null=True)
    revoked_at = models.DateTimeField("停用时间", null=True)
    revoked_by = models.CharField("停用人", max_length=60, blank=True)

    class Meta:
        verbose_name = "大屏"

    def __str__(self) -> str:
        return self.name
