"""Controlled documents: drafted, issued, revised, withdrawn; read and signed for. B1, C17.08."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shouwen.kernel.access import Actor
from shouwen.kernel.journal import Done, action
from shouwen.kernel.refusals import Conflict, Refused
from shouwen.kernel.words import clean_text

from ..models import Document, DocumentEdition, Reading

LARGEST = 10 * 1024 * 1024
FILES = {
    "pdf": ("application/pdf", b"%PDF-"), "doc": ("application/msword", b"\xd0\xcf\x11\xe0"), "xls": ("application/vnd.ms-excel", b"\xd0\xcf\x11\xe0"),
    "docx": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", b"PK\x03\x04"),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", b"PK\x03\x04"),
}  # fmt: skip
"""Extension → media type and first bytes. Only ever handed out to be saved."""


@dataclass(frozen=True, slots=True)
class Words:
    """What an edition says: cover and text, and a file (name, content) beside or instead of the text."""

    edition: str
    author: str = ""
    approver: str = ""
    unit: str = ""
    text: str = ""
    change: str = ""
    file: tuple[str, bytes] | None = None


@action("document.drafted", may="documents.edit", says="起草受控文件 {number}《{title}》{edition}")
def draft(
    actor: Actor, place: int | None, /, *, number: str, title: str, level: int, words: Words, parent: Document | None = None,
    must_read: bool = False, at: datetime,
) -> Done:  # fmt: skip
    """A new document with its first edition, not yet in force. Its control number is its own for ever. B1.01."""
    number = clean_text(number, "文号", 40, field="number")
    title = clean_text(title, "名称", 100, field="title")
    if not number:
        raise Refused("受控文件须有文号，例如 QC/RE-KA 1964。", {"number": "请填写文号"})
    if not title:
        raise Refused("请填写文件名称。", {"title": "请填写名称"})
    if level not in Document.Level.values:
        raise Refused("请选择文件级别。", {"level": "请选择级别"})
    if Document.objects.filter(number__iexact=number).exists():
        raise Refused(f"文号「{number}」已经用过。每份文件的文号只能用一次，请换一个。", {"number": "文号已用过"})
    row = Document.objects.create(
        community_id=place, number=number, title=title, level=level, parent=parent, must_read=must_read
    )
    made = _edition(actor, row, words, at)
    return Done(row, {"number": number, "title": title, "edition": made.edition}, result=made)


@action("document.revised", may="documents.edit", says="修订受控文件 {number}，起草 {edition}：{change}")
def revise(actor: Actor, document: Document, /, *, words: Words, at: datetime) -> Done:
    """A new edition, not yet in force; the present one stays until it is issued."""
    if document.state == Document.State.WITHDRAWN:
        raise Refused("这份文件已废止，不能修订。请用新的文号起草。")
    if document.editions.filter(issued_at=None).exists():
        raise Conflict("这份文件已有一版在起草，请先发布它或改它。")
    if not words.change.strip():
        raise Refused("请写明修订了什么，发布后大家会看到。", {"change": "请填写修订说明"})
    made = _edition(actor, document, words, at)
    return Done(document, {"number": document.number, "edition": made.edition, "change": made.change}, result=made)


@action("document.edited", may="documents.edit", says="修改受控文件 {number} {edition} 的草稿")
def edit(actor: Actor, document: Document, /, *, edition: DocumentEdition, words: Words, at: datetime) -> Done:
    """Change an edition that is not issued; what was issued is never changed."""
    fields = _checked(document, words, but=edition.pk)
    changed = DocumentEdition.objects.filter(pk=edition.pk, document=document, issued_at=None).update(**fields)
    if not changed:
        raise Conflict("这一版已经发布，不能再改。请起草新的一版。")
    return Done(document, {"number": document.number, "edition": fields["edition"]})


@action("document.issued", may="documents.edit", says="发布受控文件 {number}《{title}》{edition}")
def issue(actor: Actor, document: Document, /, *, edition: DocumentEdition, at: datetime) -> Done:
    """Put an edition in force in place of the one before. Refused while author, approver or unit is blank. B1.02."""
    blank = [title for name, title in (("author", "编订"), ("approver", "审批"), ("unit", "工作单位")) if not getattr(edition, name)]
    if blank:
        raise Refused(f"封面上的{'、'.join(blank)}还没有填写，不能发布。请先补全。", {"author": "请补全封面"})
    if not edition.text and not edition.file_name:
        raise Refused("文件还没有正文，也没有附件，不能发布。", {"text": "请填写正文或上传附件"})
    if document.state == Document.State.WITHDRAWN:
        raise Refused("这份文件已废止，不能再发布。")
    document.editions.filter(issued_at__isnull=False, superseded_at=None).update(superseded_at=at)
    if not DocumentEdition.objects.filter(pk=edition.pk, document=document, issued_at=None).update(issued_at=at, issued_by=actor.name):
        raise Conflict("这一版已经发布。")
    Document.objects.filter(pk=document.pk).update(state=Document.State.ISSUED)
    document.state, edition.issued_at, edition.issued_by = Document.State.ISSUED, at, actor.name
    return Done(document, {"number": document.number, "title": document.title, "edition": edition.edition})


@action("document.withdrawn", may="documents.edit", says="废止受控文件 {number}《{title}》：{reason}")
def withdraw(actor: Actor, document: Document, /, *, reason: str, at: datetime) -> Done:
    reason = clean_text(reason, "废止原因", 200, field="reason")
    if not reason:
        raise Refused("请写明废止的原因。", {"reason": "请填写原因"})
    changed = Document.objects.filter(pk=document.pk).exclude(state=Document.State.WITHDRAWN).update(
        state=Document.State.WITHDRAWN, withdrawn_at=at, withdraw_reason=reason
    )
    if not changed:
        raise Conflict("这份文件已经废止。")
    document.editions.filter(issued_at__isnull=False, superseded_at=None).update(superseded_at=at)
    document.state = Document.State.WITHDRAWN
    return Done(document, {"number": document.number, "title": document.title, "reason": reason})


@action("document.read", may="documents.view", says="签阅受控文件 {number} {edition}")
def sign_read(actor: Actor, place: int | None, /, *, edition: DocumentEdition, at: datetime) -> Done:
    """This person has read the edition in force; saying so twice changes nothing."""
    if edition.issued_at is None or edition.superseded_at:
        raise Refused("这一版不是现行版本，请签阅现行的一版。")
    Reading.objects.get_or_create(edition=edition, user_id=actor.id, defaults={"name": actor.name, "at": at})
    return Done(edition.document, {"number": edition.document.number, "edition": edition.edition})


def _edition(actor: Actor, document: Document, words: Words, at: datetime) -> DocumentEdition:
    fields = _checked(document, words)
    return DocumentEdition.objects.create(document=document, drafted_at=at, drafted_by=actor.name, **fields)


def _checked(document: Document, words: Words, but: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = {
        "edition": clean_text(words.edition, "版次", 20, field="edition"), "author": clean_text(words.author, "编订", 60, field="author"),
        "approver": clean_text(words.approver, "审批", 60, field="approver"), "unit": clean_text(words.unit, "工作单位", 100, field="unit"),
        "text": clean_text(words.text, "正文", 100_000, field="text"), "change": clean_text(words.change, "修订说明", 200, field="change"),
    }  # fmt: skip
    if not found["edition"]:
        raise Refused("请填写版次，例如 A/0。", {"edition": "请填写版次"})
    if document.editions.filter(edition=found["edition"]).exclude(pk=but).exists():
        raise Refused(f"这份文件已有 {found['edition']} 版，请换一个版次。", {"edition": "版次已有"})
    if words.file:
        name, content = words.file
        kind = FILES.get(name.rpartition(".")[2].lower())
        if kind is None or not content.startswith(kind[1]):
            raise Refused("附件只能是 PDF、Word 或 Excel 文件，且内容要与扩展名相符。", {"file": "文件种类不对"})
        if len(content) > LARGEST:
            raise Refused("附件太大（上限 10 MB）。", {"file": "文件太大"})
        name = clean_text(name.replace("\\", "/").rpartition("/")[2], "文件名", 200)
        found |= {"file_name": name, "file_kind": kind[0], "file_content": content, "digest": hashlib.sha256(content).hexdigest()}
    return found
