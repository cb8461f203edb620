"""What stands on paper: the printed forms and where each of their copies is, and the controlled documents.

A form is a view of a record (a ticket, a book); what it is about is named by text such as ``ticket:7``, because
papers know nobody above them.
"""

from __future__ import annotations

from django.db import models


class Paper(models.Model):
    """单据: one printed form. Asked for by a procedure (`prints`) or by hand; numbered when it is first printed."""

    class State(models.TextChoices):
        ASKED = "asked", "待打印"
        PRINTED = "printed", "已打印"
        OUT = "out", "待回联"
        BACK = "back", "已回联"
        VOID = "void", "已作废"

    community_id = models.BigIntegerField("小区编号")
    form = models.CharField("单据名称", max_length=60)
    number = models.CharField("单据编号", max_length=40, blank=True)
    """Empty until the first printing: a number given to a form that nobody prints would leave a gap in the file."""
    record = models.CharField("所属记录", max_length=40)
    about = models.CharField("相关", max_length=80)
    state = models.CharField("状态", max_length=8, choices=State.choices, default=State.ASKED)
    asked_at = models.DateTimeField("生成时间")
    asked_by = models.CharField("生成人", max_length=60)
    printed = models.PositiveSmallIntegerField("打印次数", default=0)
    printed_at = models.DateTimeField("最近打印", null=True)
    voided_at = models.DateTimeField("作废时间", null=True)
    voided_by = models.CharField("作废人", max_length=60, blank=True)
    void_reason = models.CharField("作废原因", max_length=200, blank=True)

    class Meta:
        verbose_name = "单据"
        constraints = [
            models.UniqueConstraint(
                fields=["about", "form"], condition=models.Q(state="asked"), name="paper_waits_once"
            ),
            models.UniqueConstraint(
                fields=["community_id", "number"], condition=~models.Q(number=""), name="paper_number_once"
            ),
        ]
        indexes = [
            models.Index(fields=["about", "id"], name="paper_about"),
            models.Index(fields=["community_id", "-id"], name="paper_register"),
        ]

    def __str__(self) -> str:
        return self.number or self.form


class Printing(models.Model):
    """打印记录: what stood on the paper, whole, with its digest. Never changed; a reprint is the next of them."""

    paper = models.ForeignKey(Paper, models.PROTECT, verbose_name="单据", related_name="printings")
    turn = models.PositiveSmallIntegerField("次数")
    at = models.DateTimeField("打印时间")
    by_id = models.BigIntegerField("打印人编号", null=True)
    by_name = models.CharField("打印人", max_length=60)
    reason = models.CharField("重印原因", max_length=200, blank=True)
    layout = models.CharField("版式", max_length=20)
    medium = models.CharField("方式", max_length=10)
    digest = models.CharField("内容摘要", max_length=64)
    content = models.TextField("内容")
    """JSON of the sheet; names and numbers of residents masked, as on the paper."""

    class Meta:
        verbose_name = "打印记录"
        constraints = [models.UniqueConstraint(fields=["paper", "turn"], name="printing_once")]


class Copy(models.Model):
    """联: one copy of a printed form, with its own holder; `returns` = must come back signed by `due_at`."""

    paper = models.ForeignKey(Paper, models.PROTECT, verbose_name="单据", related_name="copies")
    community_id = models.BigIntegerField("小区编号")
    seq = models.PositiveSmallIntegerField("联次")
    name = models.CharField("联名", max_length=20)
    holder = models.CharField("持有方", max_length=60)
    """`post:receptionist`, `dept:engineering`, or `party:owner`."""
    holder_name = models.CharField("持有人", max_length=60)
    fixed = models.BooleanField("不得转交", default=False)
    returns = models.BooleanField("须交回", default=False)
    due_at = models.DateTimeField("交回时限", null=True)
    reminded_at = models.DateTimeField("催交时间", null=True)
    returned_at = models.DateTimeField("交回时间", null=True)
    returned_to = models.CharField("收件人", max_length=60, blank=True)
    signed_by = models.CharField("签字人", max_length=60, blank=True)
    signed_at = models.DateTimeField("签字时间", null=True)
    photo = models.CharField("签字件", max_length=40, blank=True)
    remark = models.CharField("备注", max_length=200, blank=True)

    class Meta:
        verbose_name = "联"
        constraints = [models.UniqueConstraint(fields=["paper", "seq"], name="copy_once")]
        indexes = [
            models.Index(
                fields=["community_id", "due_at", "id"], name="copy_out",
                condition=models.Q(returns=True, returned_at__isnull=True),
            ),
        ]


class FormSetting(models.Model):
    """How a community prints a form: the layout it chose; empty = as the catalogue says."""

    community_id = models.BigIntegerField("小区编号")
    form = models.CharField("单据名称", max_length=60)
    layout = models.CharField("版式", max_length=20)

    class Meta:
        verbose_name = "单据版式"
        constraints = [models.UniqueConstraint(fields=["community_id", "form"], name="form_setting_once")]


class WordTemplate(models.Model):
    """Word 模板: the company's own look of a form; checked when uploaded, at most one in use for a form and community."""

    community_id = models.BigIntegerField("小区编号")
    form = models.CharField("单据名称", max_length=60)
    name = models.CharField("文件名", max_length=200)
    content = models.BinaryField("文件")
    size = models.PositiveIntegerField("字节")
    digest = models.CharField("摘要", max_length=64)
    placeholders = models.PositiveSmallIntegerField("占位符数", default=0)
    in_use = models.BooleanField("使用中", default=False)
    at = models.DateTimeField("上传时间")
    by_name = models.CharField("上传人", max_length=60)

    class Meta:
        verbose_name = "Word 模板"
        constraints = [
            models.UniqueConstraint(
                fields=["community_id", "form"], condition=models.Q(in_use=True), name="template_in_use_once"
            ),
        ]


class Document(models.Model):
    """受控文件: known by its control number for ever; its text is in the editions. `community_id` null = the whole company."""

    class State(models.TextChoices):
        DRAFT = "draft", "未发布"
        ISSUED = "issued", "有效"
        WITHDRAWN = "withdrawn", "已废止"

    class Level(models.IntegerChoices):
        MANUAL = 1, "一级文件"
        PROCEDURE = 2, "二级文件"
        WORK = 3, "三级文件"

    community_id = models.BigIntegerField("小区编号", null=True, blank=True)
    number = models.CharField("文号", max_length=40, unique=True)
    title = models.CharField("名称", max_length=100)
    level = models.PositiveSmallIntegerField("级别", choices=Level.choices)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, verbose_name="收在", related_name="parts")
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.DRAFT)
    must_read = models.BooleanField("须签阅", default=False)
    withdrawn_at = models.DateTimeField("废止时间", null=True)
    withdraw_reason = models.CharField("废止原因", max_length=200, blank=True)

    class Meta:
        verbose_name = "受控文件"
        indexes = [models.Index(fields=["level", "number"], name="document_level")]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"


class DocumentEdition(models.Model):
    """文件版次: author, approver and unit stand on its cover; issuing it supersedes the one before."""

    document = models.ForeignKey(Document, models.PROTECT, verbose_name="文件", related_name="editions")
    edition = models.CharField("版次", max_length=20)
    author = models.CharField("编订", max_length=60, blank=True)
    approver = models.CharField("审批", max_length=60, blank=True)
    unit = models.CharField("工作单位", max_length=100, blank=True)
    text = models.TextField("正文", blank=True)
    file_name = models.CharField("附件", max_length=200, blank=True)
    file_kind = models.CharField("附件类型", max_length=80, blank=True)
    file_content = models.BinaryField("附件内容", blank=True, default=b"")
    digest = models.CharField("摘要", max_length=64, blank=True)
    change = models.CharField("修订说明", max_length=200, blank=True)
    drafted_at = models.DateTimeField("起草时间")
    drafted_by = models.CharField("起草人", max_length=60)
    issued_at = models.DateTimeField("发布时间", null=True)
    issued_by = models.CharField("发布人", max_length=60, blank=True)
    superseded_at = models.DateTimeField("作废时间", null=True)

    class Meta:
        verbose_name = "文件版次"
        constraints = [models.UniqueConstraint(fields=["document", "edition"], name="document_edition_once")]


class Reading(models.Model):
    """签阅: this person has read this edition."""

    edition = models.ForeignKey(DocumentEdition, models.PROTECT, verbose_name="文件版次", related_name="readings")
    user_id = models.BigIntegerField("员工编号")
    name = models.CharField("姓名", max_length=60)
    at = models.DateTimeField("签阅时间")

    class Meta:
        verbose_name = "签阅"
        constraints = [models.UniqueConstraint(fields=["edition", "user_id"], name="reading_once")]
