"""Files given as evidence: checked by their first bytes, kept by digest below MEDIA_ROOT, never in a web folder.

What a file is said to be (its extension) and what it is (its first bytes) must agree, and be on the list.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from django.conf import settings

from shouwen.kernel.access import Actor
from shouwen.kernel.journal import Done, action, community_of
from shouwen.kernel.refusals import NotFound, Refused
from shouwen.kernel.words import clean_text

from .models import Attachment
from .pictures import Told, told, without_remarks
from .store import Row

LARGEST: Final = 10 * 1024 * 1024
IMAGES: Final = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
"""Shown in the page; everything else is only ever handed out to be saved."""

_ZIP, _OLE = (b"PK\x03\x04",), (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",)
_OFFICE = "application/vnd.openxmlformats-officedocument."
KINDS: Final[dict[str, tuple[str, tuple[bytes, ...], int]]] = {
    "jpg": ("image/jpeg", (b"\xff\xd8\xff",), 0), "jpeg": ("image/jpeg", (b"\xff\xd8\xff",), 0),
    "png": ("image/png", (b"\x89PNG\r\n\x1a\n",), 0), "gif": ("image/gif", (b"GIF87a", b"GIF89a"), 0),
    "webp": ("image/webp", (b"WEBP",), 8), "pdf": ("application/pdf", (b"%PDF-",), 0),
    "docx": (_OFFICE + "wordprocessingml.document", _ZIP, 0), "xlsx": (_OFFICE + "spreadsheetml.sheet", _ZIP, 0),
    "pptx": (_OFFICE + "presentationml.presentation", _ZIP, 0), "doc": ("application/msword", _OLE, 0),
    "xls": ("application/vnd.ms-excel", _OLE, 0), "mp4": ("video/mp4", (b"ftyp",), 4), "mov": ("video/quicktime", (b"ftyp",), 4),
    "m4a": ("audio/mp4", (b"ftyp",), 4), "mp3": ("audio/mpeg", (b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2"), 0),
    "wav": ("audio/wav", (b"WAVE",), 8), "amr": ("audio/amr", (b"#!AMR",), 0),
}  # fmt: skip
"""Extension → media type, the bytes it must show, and where. No HTML, no SVG, no archives, no programs."""

ALLOWED: Final = "照片（jpg、png、gif、webp）、PDF、Word、Excel、PPT、录音（mp3、m4a、wav、amr）和录像（mp4、mov）"


def kind_of(name: str, content: bytes) -> str:
    """The media type of a file; Refused when it is not on the list or not what it says it is."""
    extension = name.rpartition(".")[2].lower()
    if extension not in KINDS or "." not in name:
        raise Refused(f"不能上传这种文件：「{name[-60:]}」。可以上传{ALLOWED}。", {"file": "文件种类不对"})
    kind, marks, offset = KINDS[extension]
    if not any(content.startswith(mark, offset) for mark in marks):
        raise Refused(f"「{name[-60:]}」的内容与扩展名不符，请用原来的软件重新导出后再上传。", {"file": "内容与扩展名不符"})
    return kind


@action("ticket.attached", may="tickets.work", says="{number} 上传附件：{name}")
def attach(
    actor: Actor, place: Row | int, /, *, name: str, content: bytes, at: datetime, taken_at: datetime | None = None, spot: str = "",
    purpose: str = "",
) -> Done:  # fmt: skip
    """Keep a file: of a ticket, or (given a community) of one not filed yet. Returns the Attachment.

    `taken_at` and `spot` (see Attachment) are what a phone told of a picture it took itself; else the picture is asked (its EXIF).
    """
    if not content:
        raise Refused("这个文件是空的，请重新选择。", {"file": "文件是空的"})
    if len(content) > LARGEST:
        raise Refused(f"文件太大（上限 {LARGEST // 1024 // 1024} MB），请压缩后再上传。", {"file": "文件太大"})
    name = clean_text(name.replace("\\", "/").rpartition("/")[2], "文件名", 200) or "附件"
    kind = kind_of(name, content)
    digest = hashlib.sha256(content).hexdigest()
    _keep(digest, content)
    row = place if isinstance(place, Row) else None
    said = told(content) if taken_at is None or not spot else Told()
    if taken_at is None and said.at is not None and said.at <= at:
        taken_at = said.at
    found = Attachment.objects.create(
        ticket_id=row.id if row else None, community_id=community_of(place), key=secrets.token_urlsafe(18), name=name, kind=kind,
        size=len(content), digest=digest, by_id=actor.id, by_name=actor.name, at=at, taken_at=taken_at,
        spot=spot or said.spot, purpose=purpose if purpose in Attachment.Purpose.values else "",
    )  # fmt: skip
    subject = f"procedures.ticket:{row.id}" if row else found
    return Done(subject, {"number": row.number if row else "", "name": name}, result=found, community=found.community_id)


def bind(actor: Actor, row: Row, *, keys: Sequence[str], at: datetime) -> None:
    """Give files that were uploaded before the ticket was filed to the ticket."""
    if keys:
        _bound(actor, row, keys=keys, at=at)


@action("ticket.attachments_bound", may="tickets.file", says="{number} 归入附件 {count} 份")
def _bound(actor: Actor, row: Row, /, *, keys: Sequence[str], at: datetime) -> Done:
    loose = Attachment.objects.filter(key__in=keys, ticket=None, by_id=actor.id, community_id=row.community_id)
    count = loose.update(ticket_id=row.id)
    return Done(f"procedures.ticket:{row.id}", {"number": row.number, "count": count}, community=row.community_id)


def keep_for(actor: Actor, keys: Sequence[str], about: str) -> None:
    """Inside an action of another area: these files of this person, of no ticket, belong to `about` from now on (``rounds.reading:7``)."""
    if keys:
        Attachment.objects.filter(key__in=keys, ticket=None, about=None, by_id=actor.id).update(about=about)


def check(actor: Actor, row: Row | None, keys: Sequence[str]) -> None:
    """Refuse answers and evidence that name files which are not of this ticket (or this person's own, not yet of any)."""
    if not keys:
        return
    wanted = set(keys)
    rows = Attachment.objects.filter(key__in=wanted).values_list("key", "ticket_id", "by_id")
    good = {key for key, ticket, by in rows if (row and ticket == row.id) or (ticket is None and by == actor.id)}
    if wanted - good:
        raise Refused("有附件已经失效或不属于这张工单，请移除后重新上传。")


def content_of(attachment: Attachment) -> bytes:
    """The file itself; NotFound when it was erased in time, or storage has lost it."""
    if attachment.erased_at is not None:
        raise NotFound("附件已过保存期限，按规定清除了。")
    try:
        return _path(attachment.digest).read_bytes()
    except OSError:
        raise NotFound("附件的文件已不在存储中，请联系系统管理员从备份恢复。") from None


def shown_of(attachment: Attachment) -> bytes:
    """A picture as pages show it: without the place, the device and other remarks that telephones write into it."""
    return without_remarks(content_of(attachment))


def _path(digest: str) -> Path:
    return Path(settings.MEDIA_ROOT) / digest[:2] / digest


def _keep(digest: str, content: bytes) -> None:
    """Write once, whole or not at all; the same content is kept once. A refused request leaves at most an unused file."""
    path = _path(digest)
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.with_name(f"{digest}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


