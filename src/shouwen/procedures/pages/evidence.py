"""The evidence of a ticket as its page shows it: pictures before and after, signatures, files, each with when, where and by whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..attachments import IMAGES
from ..calendars import local
from ..editions import procedure_of
from ..store import Row
from .reading import File

PURPOSES = {"before": "处理前", "after": "处理后", "signature": "签名", "": "其他照片", "file": "文件"}


@dataclass(frozen=True, slots=True)
class Piece:
    """One file: `said` is by whom and when it was taken or handed in, `place` where."""

    file: File
    image: bool
    said: str
    place: str


@dataclass(frozen=True, slots=True)
class Shelf:
    key: str
    title: str
    pieces: list[Piece]


def evidence(row: Row, files: Mapping[str, File]) -> list[Shelf]:
    """Shelves in the order of PURPOSES, empty ones left out. A picture of unknown purpose is placed by the step that it was given in."""
    rules, state = procedure_of(row.edition_id), row.state
    signed = {key for name, ask in rules.asks.items() if ask.kind == "signature" for key in _keys(state.answers.get(name))}
    by_step: dict[str, str] = {}
    for task in state.tasks:
        for need, given in task.evidence.items():
            for key in _keys(given):
                by_step[key] = task.step
                if need.startswith("signature"):
                    signed.add(key)
    for name, ask in rules.asks.items():
        if ask.kind == "photo":
            by_step |= dict.fromkeys(_keys(state.answers.get(name)), ask.step)
    shelves: dict[str, list[Piece]] = {key: [] for key in PURPOSES}
    for file in files.values():
        image = file.kind in IMAGES
        purpose = file.purpose or ("signature" if file.key in signed else "")
        if not purpose and file.key in by_step:
            purpose = "before" if by_step[file.key] == rules.first else "after"
        shelf = "file" if not image else purpose
        said = f"{file.by_name} {local(file.taken_at or file.at):%Y-%m-%d %H:%M} {'拍摄' if file.taken_at else '上传'}"
        shelves[shelf].append(Piece(file, image, said, file.spot))
    return [Shelf(key, title, shelves[key]) for key, title in PURPOSES.items() if shelves[key]]


def _keys(value: object) -> list[str]:
    return [value] if isinstance(value, str) and value else list(value) if isinstance(value, list) else []
