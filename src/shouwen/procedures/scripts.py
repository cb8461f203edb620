"""Rehearsal files as written (docs/writing-procedures.md §6): read into lines, every scalar as text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings

from .calendars import CHINA

_TRIES = re.compile(r"^(\s*- )(\w+ tries [\w.]+) (\{.*\}):\s*(.*)$")
_MOMENT = re.compile(r"(?:(\d{4})-(\d\d?)-(\d\d?) )?(\d\d?):(\d\d)(?::(\d\d))?")


class BadScript(Exception):
    """The file cannot be played; the message is Chinese and names the line."""


@dataclass(frozen=True, slots=True)
class Line:
    number: int
    words: str
    value: Any


@dataclass(frozen=True, slots=True)
class Rehearsal:
    path: str
    title: str
    shows: tuple[str, ...]
    starts: datetime
    lines: tuple[Line, ...]

    @property
    def named(self) -> frozenset[str]:
        """Every word of the script in ASCII letters: procedures are among them."""
        return frozenset(word for line in self.lines for word in re.findall("[a-z_]+", f"{line.words} {line.value}"))


def parse(path: Path) -> Rehearsal:
    """Read a rehearsal file; every scalar is text. Raises BadScript with the line."""
    try:
        text = "\n".join(_spelled(line) for line in path.read_text("utf-8-sig").split("\n"))
    except UnicodeDecodeError:
        raise BadScript(f"{path.name}：不是 UTF-8 文字文件，请另存为 UTF-8 编码。") from None
    try:
        node = yaml.compose(text, getattr(yaml, "CBaseLoader", yaml.BaseLoader))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"第 {mark.line + 1} 行：" if mark else ""
        raise BadScript(f"{path.name} {where}写法不对，请检查缩进、冒号和引号。") from None
    if not isinstance(node, yaml.MappingNode) or not all(isinstance(key, yaml.ScalarNode) for key, _ in node.value):
        raise BadScript(f"{path.name}：应以 rehearsal: 开头。")
    parts = {key.value: value for key, value in node.value}
    for needed in ("rehearsal", "starts", "script"):
        if needed not in parts:
            raise BadScript(f"{path.name}：缺少 {needed}。")
    script = parts["script"]
    if not isinstance(script, yaml.SequenceNode):
        raise BadScript(f"{path.name} 第 {script.start_mark.line + 1} 行：script 下面应逐行以「- 」开头。")
    lines = []
    for item in script.value:
        number = item.start_mark.line + 1
        if isinstance(item, yaml.ScalarNode):
            lines.append(Line(number, item.value.strip(), None))
        elif isinstance(item, yaml.MappingNode) and len(item.value) == 1 and isinstance(item.value[0][0], yaml.ScalarNode):
            key, value = item.value[0]
            lines.append(Line(number, key.value.strip(), _plain(value)))
        else:
            raise BadScript(f"{path.name} 第 {number} 行：每一行只能写一件事。")
    shows = _plain(parts["shows"]) if "shows" in parts else []
    return Rehearsal(
        str(path), _plain(parts["rehearsal"]), tuple(shows if isinstance(shows, list) else [shows]),
        moment(_plain(parts["starts"]), None), tuple(lines),
    )  # fmt: skip


def _spelled(line: str) -> str:
    """`WHO tries ACTION {…}: refused` is the one line that YAML would not take as it stands."""
    found = _TRIES.match(line)
    return f"{found[1]}{found[2]}: {{args: {found[3]}, refused: {found[4] or 'refused'}}}" if found else line


def _plain(node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return {key.value: _plain(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item) for item in node.value]
    return node.value


def moment(text: str, today: datetime | None) -> datetime:
    """`2026-11-25 09:22`, or `09:22` on the day of `today`; local time."""
    found = _MOMENT.fullmatch(str(text).strip())
    if not found or (found[1] is None and today is None):
        raise BadScript(f"看不懂的时间「{text}」，应写作 2026-11-25 09:22 或 09:22。")
    try:
        clock = time(int(found[4]), int(found[5]), int(found[6] or 0))
        if found[1]:
            return datetime.combine(date(int(found[1]), int(found[2]), int(found[3])), clock, CHINA)
    except ValueError:
        raise BadScript(f"没有「{text}」这个时间。") from None
    assert today is not None
    return datetime.combine(today.astimezone(CHINA).date(), clock, CHINA)


def every() -> list[Path]:
    """Every scripted day: those that come with the program, and this installation's own in `rehearsals` of its data folder."""
    package = Path(__file__).parents[1] / "rehearsals"  # in a wheel; in a checkout they stand beside src
    shipped = package if package.is_dir() else Path(__file__).parents[3] / "rehearsals"
    own = Path(settings.DATA_DIR) / "rehearsals"
    return [path for folder in dict.fromkeys((shipped, own)) if folder.is_dir() for path in sorted(folder.rglob("*.yaml"))]


def files(paths: list[Path]) -> Iterator[Path]:
    """The rehearsal files behind files and folders, in order."""
    for path in paths:
        if path.is_dir():
            yield from sorted(path.rglob("*.yaml"))
        elif path.exists():
            yield path
        else:
            raise BadScript(f"没有「{path}」这个文件或文件夹。")
