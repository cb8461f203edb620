"""Changing one thing in a procedure file: the text around it, with its comments and order, stays as its author wrote it.

A path is the keys from the root to a value: ``("steps", "classify", "within")``; list elements by their number as text.
Every function returns the whole new text. Nothing here judges it: `engine.read` does, afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from .engine.nodes import compose

Path = tuple[str, ...]
_FIRST = r"[^\s\-?:,\[\]{}#&*!|>'\"%@`=~]"
_EASY = {True: re.compile(_FIRST + r"[^,\[\]{}#:\"']*"), False: re.compile(_FIRST + r"[^#:\"'{}]*")}
"""Texts that need no quotes, within { } or [ ] and outside."""


class NoSuchPlace(KeyError):
    """The path leads nowhere in this text: somebody changed it meanwhile."""


def find(text: str, path: Path) -> yaml.Node | None:
    """The value at a path; None when there is none. Faulty when the text is no YAML of ours."""
    node: yaml.Node = compose(text)
    for part in path:
        below = _child(node, part)
        if below is None:
            return None
        node = below[1]
    return node


def plain(text: str, path: Path) -> Any:
    """The value at a path as text, lists and mappings; None when there is none."""
    node = find(text, path)
    return None if node is None else _plain(node)


def put(text: str, path: Path, value: Any) -> str:
    """Replace the value at a path, or add its key at the end of the mapping around it."""
    node = find(text, path)
    if node is None:
        return _added(text, path, value)
    start, end = node.start_mark.index, _end(text, node)
    inside = _flowing(text, path[:-1])
    return text[:start] + _written(value, inside, text[start:end], _indent(text, start)) + text[end:]


def rename(text: str, path: Path, key: str) -> str:
    """Give the key at a path another name, its value unchanged."""
    pair = _child(_at(text, path[:-1]), path[-1])
    if pair is None or pair[0] is None:
        raise NoSuchPlace(path)
    old = pair[0]
    return text[: old.start_mark.index] + _scalar(key, True) + text[old.end_mark.index :]


def drop(text: str, path: Path) -> str:
    """Take a key with its value out; the last key of a mapping takes the mapping along."""
    around = _at(text, path[:-1])
    pairs = [(k, v) for k, v in around.value] if isinstance(around, yaml.MappingNode) else [(None, v) for v in around.value]
    index = next((i for i, (k, _) in enumerate(pairs) if (k.value if k is not None else str(i)) == path[-1]), None)
    if index is None:
        raise NoSuchPlace(path)
    if len(pairs) == 1 and len(path) > 1:
        return drop(text, path[:-1])
    key, value = pairs[index]
    start, end = (key if key is not None else value).start_mark.index, _end(text, value)
    if around.flow_style:
        if index + 1 < len(pairs):
            after, follower = pairs[index + 1]
            return text[:start] + text[(after if after is not None else follower).start_mark.index :]
        return text[: _end(text, pairs[index - 1][1])] + text[end:]
    line = text.rfind("\n", 0, start) + 1
    stop = text.find("\n", end)
    return text[:line] + ("" if stop < 0 else text[stop + 1 :])


def _added(text: str, path: Path, value: Any) -> str:
    if not path:
        raise NoSuchPlace(path)
    around = find(text, path[:-1])
    if around is None:
        return _added(text, path[:-1], {path[-1]: value})
    if not isinstance(around, yaml.MappingNode):
        raise NoSuchPlace(path)
    entry = f"{_scalar(path[-1], True)}: "
    if around.flow_style or not around.value:
        entry += _written(value, True)
        if not around.value:
            at = around.start_mark.index + 1
            return text[:at] + entry + text[at:]
        at = _end(text, around.value[-1][1])
        return f"{text[:at]}, {entry}{text[at:]}"
    at = text.find("\n", _end(text, around.value[-1][1]))
    at = len(text) if at < 0 else at
    column = around.value[0][0].start_mark.column
    return f"{text[:at]}\n{' ' * column}{entry}{_written(value, False)}{text[at:]}"


def _at(text: str, path: Path) -> yaml.Node:
    node = find(text, path)
    if not isinstance(node, yaml.MappingNode | yaml.SequenceNode):
        raise NoSuchPlace(path)
    return node


def _child(node: yaml.Node, part: str) -> tuple[yaml.Node | None, yaml.Node] | None:
    """(its key, the value); a list has no keys, and the one thing where a list is meant is its own first element."""
    if isinstance(node, yaml.MappingNode):
        return next(((k, v) for k, v in node.value if k.value == part), None)
    if isinstance(node, yaml.SequenceNode) and part.isascii() and part.isdigit() and int(part[:6]) < len(node.value):
        return None, node.value[int(part)]
    return (None, node) if isinstance(node, yaml.ScalarNode) and part == "0" else None


def _plain(node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return {k.value: _plain(v) for k, v in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [_plain(v) for v in node.value]
    return node.value.replace("\ue000", "{").replace("\ue001", "}")


def _end(text: str, node: yaml.Node) -> int:
    """Where the value ends: what follows it in the file (blank lines, comments) is not part of it."""
    if isinstance(node, yaml.ScalarNode):
        end: int = node.end_mark.index
        return len(text[:end].rstrip()) if node.style in ("|", ">") else end
    if node.flow_style or not node.value:
        return int(node.end_mark.index)
    last = node.value[-1]
    return _end(text, last[1] if isinstance(last, tuple) else last)


def _flowing(text: str, path: Path) -> bool:
    """Whether values here stand within { } or [ ], where commas and brackets need quotes."""
    node: yaml.Node | None = compose(text)
    for part in (*path, ""):
        if node is None or getattr(node, "flow_style", False):
            return node is not None
        below = _child(node, part)
        node = below[1] if below else None
    return False


def _indent(text: str, at: int) -> int:
    """Columns before the first word of the line on which `at` stands."""
    line = text[text.rfind("\n", 0, at) + 1 : at]
    return len(line) - len(line.lstrip())


def _written(value: Any, inside: bool, old: str = "", indent: int = 0) -> str:
    """A value in YAML; a folded text stays folded, with its lines broken where it has blanks."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_scalar(str(k), True)}: {_written(v, True)}" for k, v in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(_written(v, True) for v in value) + "]"
    said = str(value)
    if old.startswith(">") and not inside and not re.search(r"\n|  |^ | $", said) and said:
        return ">-\n" + "\n".join(" " * (indent + 2) + part for part in said.split(" "))
    return _scalar(said, inside)


def _scalar(text: str, inside: bool) -> str:
    """One text, quoted only when YAML would otherwise read something else."""
    bare = re.sub(r"\{[a-z][a-z0-9_]*\}", "x", text)
    if text and text == text.strip() and text.isprintable() and _EASY[inside].fullmatch(bare):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{escaped}"' if escaped.isprintable() else '"' + "".join(c for c in escaped if c.isprintable()) + '"'
