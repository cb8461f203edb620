"""The seal on everything that is never altered: one hash chain, and signed checkpoints outside the database.

The worker seals new lines in batches: hash(n) = sha256(hash(n-1) + bytes of line n). Triggers keep honest programs
from changing lines; the chain shows what somebody with the database in hand changed. Such a person could also rewrite
the whole chain or cut its tail: that is found by a checkpoint kept elsewhere (`CHECKPOINT_FILE`, printed handover
sheets), as far as the checkpoint reaches. docs/operating.md ("The journal") says what this proves and what not.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.apps import apps
from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.utils.timezone import localtime

from .journal import bookkeeping
from .models import Checkpoint, Seal
from .secrets import signing_key

GENESIS: Final = "0" * 64
BATCH: Final = 1000
OVERLAP: Final = 300_000
"""How many lines back a sealer looks when it starts, for writers that committed late."""

LATEST: Final = timedelta(minutes=15)
"""No transaction of ours lasts so long: a line whose number is older than this when it first appears was slipped in."""


@dataclass(frozen=True, slots=True)
class Book:
    """A table whose lines are sealed. `fields` are fixed for good: a column added later is not part of old lines."""

    name: str
    title: str
    model: str
    fields: tuple[str, ...]


JOURNAL: Final = Book(
    "journal", "操作日志", "kernel.Entry",
    ("id", "at", "actor_id", "actor_name", "actor_post", "channel", "community_id", "code", "subject", "text", "data"),
)
BOOKS: Final[dict[str, Book]] = {"journal": JOURNAL}
"""The sealed books. config/chores.py adds those of the areas above: the duty books and the tickets' events."""


def add_book(book: Book) -> None:
    """Have another append-only table sealed in the same chain."""
    BOOKS[book.name] = book


@dataclass(frozen=True, slots=True)
class Fault:
    """The first thing wrong: `kind` is altered, missing, inserted, reordered, cut or rewritten."""

    kind: str
    seq: int
    book: str
    line: int
    message: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a verification found: lines checked, the head it ended with, lines not yet sealed, and the first fault."""

    size: int
    head: str
    unsealed: int
    checkpoints: int
    fault: Fault | None


def line_bytes(book: str, values: Sequence[Any]) -> bytes:
    """The bytes of a line: JSON of its book and columns, moments in UTC with microseconds."""
    plain = [value.astimezone(UTC).isoformat(timespec="microseconds") if isinstance(value, datetime) else value for value in values]
    return json.dumps([book, *plain], ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def link(previous: str, content: bytes) -> str:
    return hashlib.sha256(previous.encode() + content).hexdigest()


def head() -> tuple[int, str]:
    """How many lines are sealed, and the last seal. The first sixteen digits are what a handover sheet prints."""
    last = Seal.objects.order_by("-seq").values_list("seq", "hash").first()
    return last or (0, GENESIS)


def _model(book: Book) -> type[models.Model]:
    return apps.get_model(book.model)


def _unsealed(book: Book) -> models.QuerySet[Any]:
    sealed = Seal.objects.filter(book=book.name, line=models.OuterRef("pk"))
    return _model(book)._default_manager.filter(~models.Exists(sealed)).order_by("pk")


_seen: dict[str, list[tuple[datetime, int]]] = {}


def forget() -> None:
    """Let this process look back as far as a new one."""
    _seen.clear()


def _floor(book: Book, at: datetime, top: int) -> int:
    """Below this line everything that will ever commit has been seen: the top of more than LATEST ago."""
    seen = _seen.setdefault(book.name, [(at, max(top - OVERLAP, 0))])
    if not LATEST / 2 > at - seen[-1][0] >= timedelta():
        seen.append((at, top))
    while len(seen) > 1 and seen[1][0] <= at - LATEST:
        seen.pop(0)
    return seen[0][1]


def seal(at: datetime, limit: int = BATCH) -> int:
    """Seal lines that are not sealed yet, at most `limit` of each book; returns how many.

    Writers commit out of order, so the sealer looks back over a quarter of an hour. Two workers that seal at once
    meet on the chain's next number: one of them gets nothing and comes again.
    """
    try:
        with transaction.atomic(), bookkeeping("seals"):
            size, previous = head()
            fresh: list[Seal] = []
            for book in BOOKS.values():
                top = Seal.objects.filter(book=book.name).aggregate(top=models.Max("line"))["top"] or 0
                for values in _unsealed(book).filter(pk__gt=_floor(book, at, top)).values_list(*book.fields)[:limit]:
                    size += 1
                    previous = link(previous, line_bytes(book.name, values))
                    fresh.append(Seal(seq=size, book=book.name, line=values[0], hash=previous, at=at))
            Seal.objects.bulk_create(fresh)
            return len(fresh)
    except IntegrityError:
        return 0


# --- checkpoints -----------------------------------------------------------------------------------------------------


def checkpoint(at: datetime) -> Checkpoint | None:
    """Sign size and head and keep them in the database and in a file outside it; None if nothing was sealed since."""
    size, top = head()
    last = Checkpoint.objects.order_by("-id").first()
    if size == 0 or (last is not None and last.size == size and last.head == top):
        return None
    text = _text(size, top, at)
    signature = base64.b64encode(signing_key().sign(text)).decode()
    with bookkeeping("checkpoint"):
        made = Checkpoint.objects.create(at=at, size=size, head=top, signature=signature)
    line = {"size": size, "head": top, "at": at.astimezone(UTC).isoformat(timespec="microseconds"), "signature": signature}
    path = checkpoint_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        file.write(json.dumps(line) + "\n")
        file.flush()
        os.fsync(file.fileno())
    return made


def checkpoint_file() -> Path:
    """Where checkpoints are appended; should lie on another machine or a write-once store."""
    return Path(settings.SHOUWEN["CHECKPOINT_FILE"])


def public_key() -> str:
    """The key that anybody may check signatures with (base64)."""
    return base64.b64encode(signing_key().public_key().public_bytes_raw()).decode()


def _text(size: int, top: str, at: datetime) -> bytes:
    return f"shouwen checkpoint\n{size}\n{top}\n{at.astimezone(UTC).isoformat(timespec='microseconds')}\n".encode()


@dataclass(frozen=True, slots=True)
class Kept:
    """A checkpoint as read back, from the database or a file."""

    size: int
    head: str
    at: datetime
    signature: str
    source: str

    def signed(self, key: Ed25519PublicKey) -> bool:
        try:
            key.verify(base64.b64decode(self.signature, validate=True), _text(self.size, self.head, self.at))
        except (InvalidSignature, ValueError):
            return False
        return True


def kept_in_file(path: Path) -> list[Kept]:
    """Checkpoints of a file, one JSON object a line. Raises ValueError with the line that cannot be read."""
    found = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            found.append(Kept(int(row["size"]), str(row["head"]), datetime.fromisoformat(row["at"]), str(row["signature"]),
                              f"{path.name} 第 {number} 行"))
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"检查点文件 {path.name} 第 {number} 行读不出来") from error
    return found


# --- verification ----------------------------------------------------------------------------------------------------


def verify(kept: Sequence[Kept] = (), key: Ed25519PublicKey | None = None) -> Verdict:
    """Walk the whole chain and name the first altered, missing, inserted or reordered line.

    `kept` are checkpoints from outside; those of the database are always held against the chain too. `key` is the
    public key to trust (by default that of this installation's key file).
    """
    key = key or signing_key().public_key()
    wanted = [*kept, *(Kept(row.size, row.head, row.at, row.signature, "数据库") for row in Checkpoint.objects.order_by("id"))]
    for point in wanted:
        if not point.signed(key):
            return Verdict(0, GENESIS, 0, len(wanted), Fault("rewritten", point.size, "", 0, (
                f"{point.source}的检查点（{point.size} 行，{_local(point.at)}）签名不符：检查点被改过，或签名密钥已换。"
            )))
    at_size = {point.size: "" for point in wanted}
    size, previous, fault = 0, GENESIS, None
    for size, previous, fault in _walk(at_size):
        if fault is not None:
            return Verdict(size, previous, 0, len(wanted), fault)
    for point in sorted(wanted, key=lambda point: point.size):
        if point.size > size:
            return Verdict(size, previous, 0, len(wanted), Fault("cut", size, "", 0, (
                f"尾部被截断或恢复了旧备份：{point.source}的检查点（{_local(point.at)}）记有 {point.size} 行，现在只有 {size} 行。"
            )))
        if at_size[point.size] != point.head:
            return Verdict(size, previous, 0, len(wanted), Fault("rewritten", point.size, "", 0, (
                f"第 {point.size} 行以前的封印与{point.source}的检查点（{_local(point.at)}）不符：整条封印链被重写过。"
            )))
    unsealed = 0
    for book in BOOKS.values():
        unsealed += _unsealed(book).count()
        if (slipped := _slipped_in(book)) is not None:
            return Verdict(size, previous, unsealed, len(wanted), Fault("inserted", size, book.name, slipped, (
                f"{book.title}第 {slipped} 行没有封印，而它之后的行早已封存：这一行是后来插入的。"
            )))
    return Verdict(size, previous, unsealed, len(wanted), None)


def _slipped_in(book: Book) -> int | None:
    """A line without a seal although a later line was sealed long before the chain's last batch, or before the first number of all."""
    last = Seal.objects.order_by("-seq").values_list("at", flat=True).first()
    if last is None:
        return None
    settled = Seal.objects.filter(book=book.name, at__lte=last - LATEST).aggregate(top=models.Max("line"))["top"] or 0
    found = _unsealed(book).filter(pk__lt=max(settled, 1)).values_list("pk", flat=True).first()
    return None if found is None else int(found)


def _walk(at_size: dict[int, str]) -> Iterator[tuple[int, str, Fault | None]]:
    """Recompute the chain in batches; fills `at_size` with the seals where checkpoints look."""
    previous, expected = GENESIS, 1
    order = _Order()
    while True:
        batch = list(Seal.objects.filter(seq__gte=expected).order_by("seq")[: 2 * BATCH])
        if not batch:
            return
        lines = _lines(batch)
        for row in batch:
            if row.seq != expected:
                yield expected - 1, previous, Fault("missing", expected, "", 0, f"第 {expected} 号封印不见了（下一个是第 {row.seq} 号）。")
                return
            book = BOOKS.get(row.book)
            if book is None:
                yield row.seq, previous, Fault("altered", row.seq, row.book, row.line, f"第 {row.seq} 号封印的簿册「{row.book}」不存在。")
                return
            values = lines.get((row.book, row.line))
            if values is None:
                yield row.seq, previous, Fault("missing", row.seq, row.book, row.line, f"{book.title}第 {row.line} 行被删除了（封印第 {row.seq} 号还在）。")
                return
            computed = link(previous, line_bytes(row.book, values))
            if computed != row.hash:
                yield row.seq, previous, _differs(book, row, previous, lines, batch)
                return
            if (settled := order.slipped_in(row)) is not None:
                yield row.seq, previous, Fault("inserted", row.seq, row.book, row.line, (
                    f"{book.title}第 {row.line} 行是后来插入的：它的编号在第 {settled} 行之前，却到 {_local(row.at)} 才出现。"
                ))
                return
            previous = computed
            if row.seq in at_size:
                at_size[row.seq] = computed
            expected += 1
        yield expected - 1, previous, None


class _Order:
    """Tells late writers from slipped-in lines.

    A line is slipped in if an earlier batch did not find it although a higher line of its book had then been sealed
    for LATEST already. A batch that came late itself (the worker stood still) accuses nobody.
    """

    def __init__(self) -> None:
        self.batch: datetime | None = None
        self.waiting: dict[str, list[tuple[datetime, int]]] = {}
        self.settled: dict[str, int] = {}

    def slipped_in(self, row: Seal) -> int | None:
        """The settled line above this one, or None when all is well."""
        if self.batch is not None and row.at != self.batch:
            for name, tops in self.waiting.items():
                while tops and tops[0][0] <= self.batch - LATEST:
                    self.settled[name] = max(self.settled.get(name, 0), tops.pop(0)[1])
        self.batch = row.at
        settled = self.settled.get(row.book, 0)
        if row.line < settled:
            return settled
        tops = self.waiting.setdefault(row.book, [])
        if tops and tops[-1][0] == row.at:
            tops[-1] = (row.at, max(row.line, tops[-1][1]))
        else:
            tops.append((row.at, row.line))
        return None


def _differs(book: Book, row: Seal, previous: str, lines: Mapping[tuple[str, int], tuple[Any, ...]], batch: Sequence[Seal]) -> Fault:
    """Whether the line was changed or the order of two lines: another line of the batch that fits here says so."""
    for other in batch:
        if other.seq > row.seq and (values := lines.get((other.book, other.line))) and link(previous, line_bytes(other.book, values)) == other.hash:
            return Fault("reordered", row.seq, row.book, row.line, (
                f"次序被调换：第 {other.seq} 号封印（{BOOKS[other.book].title}第 {other.line} 行）原来是第 {row.seq} 号。"
            ))
    for (name, number), values in lines.items():
        if (name, number) != (row.book, row.line) and link(previous, line_bytes(name, (*values,))) == row.hash:
            return Fault("reordered", row.seq, row.book, row.line, (
                f"次序被调换：第 {row.seq} 号封印原属{BOOKS[name].title}第 {number} 行，现在指着{book.title}第 {row.line} 行。"
            ))
        if name == row.book and link(previous, line_bytes(name, (row.line, *values[1:]))) == row.hash:
            return Fault("reordered", row.seq, row.book, row.line, (
                f"次序被调换：{book.title}第 {row.line} 行原来的内容现在写在第 {number} 行。"
            ))
    return Fault("altered", row.seq, row.book, row.line, f"{book.title}第 {row.line} 行被改过：内容与第 {row.seq} 号封印不符。")


def _lines(batch: Sequence[Seal]) -> dict[tuple[str, int], tuple[Any, ...]]:
    found: dict[tuple[str, int], tuple[Any, ...]] = {}
    for name, rows in groupby(sorted(batch, key=lambda row: row.book), key=lambda row: row.book):
        if (book := BOOKS.get(name)) is None:
            continue
        numbers = [row.line for row in rows]
        for start in range(0, len(numbers), 500):
            values = _model(book)._default_manager.filter(pk__in=numbers[start : start + 500]).values_list(*book.fields)
            found |= {(name, row[0]): row for row in values}
    return found


def _local(at: datetime) -> str:
    return localtime(at).strftime("%Y-%m-%d %H:%M")
