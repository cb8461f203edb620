"""YAML, tamed: composed into nodes that keep their line, with every scalar left as the text the author typed.

References (& and *), tags, repeated keys, deep nesting and large files are refused, so a file costs what it looks like.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from difflib import get_close_matches

import yaml

from .refusals import Faulty
from .spans import Span, parse

LARGEST = 256 * 1024  # bytes
DEEPEST = 16
LONGEST = 4000  # characters of one scalar
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# `{answer}` in running text, which YAML would take for a mapping; no mapping of ours is written so
HOLE = re.compile(r"\{([a-z][a-z0-9_]*)\}")
SHELTERED = re.compile("\ue000([a-z0-9_]*)\ue001")
YES = {"yes": True, "true": True, "no": False, "false": False}

Path = tuple[str, ...]


def compose(text: str) -> yaml.MappingNode:
    """The root mapping of the file, or Faulty."""
    try:
        size = len(text.encode("utf-8"))
    except UnicodeEncodeError:
        raise Faulty([(0, "文件里有不成字的字符（残缺的代理项），请用 UTF-8 重新保存")]) from None
    if size > LARGEST:
        raise Faulty([(0, f"文件有 {size // 1024} KB，超过 {LARGEST // 1024} KB，请拆成几份规程")])
    text = HOLE.sub("\ue000\\1\ue001", text)
    try:
        _survey(text)
        node = yaml.compose(text, Loader=LOADER)
    except yaml.MarkedYAMLError as e:
        mark = e.problem_mark
        line = mark.line + 1 if mark is not None else 0
        raise Faulty([(line, "这里不合 YAML 的写法，请检查缩进、冒号后的空格、引号和括号是否成对")]) from None
    except yaml.YAMLError:
        raise Faulty([(0, "文件里有不能使用的控制字符，请用 UTF-8 重新保存")]) from None
    if not isinstance(node, yaml.MappingNode):
        raise Faulty([(1, "规程文件应由「键: 值」组成，以 procedure: 开头")])
    return node


def _survey(text: str) -> None:
    """Walk the events without building anything, so that no trick of the notation can cost memory."""
    depth = 0
    for event in yaml.parse(text, Loader=LOADER):
        line = event.start_mark.line + 1 if event.start_mark is not None else 0
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise Faulty([(line, "不能用 & 和 * 引用，请把内容写全")])
        if getattr(event, "tag", None):
            raise Faulty([(line, "不能用 ! 标签，请直接写文字")])
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > DEEPEST:
                raise Faulty([(line, f"套了超过 {DEEPEST} 层，请写得平一些")])
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


class Reader:
    """Reads nodes into plain values, noting where each thing stands and every fault met on the way."""

    def __init__(self) -> None:
        self.lines: dict[Path, int] = {}
        self.faults: list[tuple[int, str]] = []
        self.asked: dict[str, str] = {}  # answers met so far, and the step that asks each

    def fault(self, node: yaml.Node, text: str) -> None:
        self.faults.append((node.start_mark.line + 1, text))

    def line_of(self, path: Path) -> int:
        """The line of a path, or of the nearest thing around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def entries(self, node: yaml.Node, path: Path, what: str) -> list[tuple[str, yaml.Node]]:
        """The pairs of a mapping whose keys the author chooses."""
        if not isinstance(node, yaml.MappingNode):
            self.fault(node, f"{what}应写成「键: 值」")
            return []
        found: dict[str, yaml.Node] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self.fault(key, f"{what}的键应是文字")
            elif key.value in found:
                self.fault(key, f"重复的键「{key.value}」")
            else:
                found[key.value] = value
                self.lines[(*path, key.value)] = key.start_mark.line + 1
        return list(found.items())

    def fields(self, node: yaml.Node, path: Path, what: str, known: Iterable[str], required: Iterable[str] = ()) -> dict[str, yaml.Node]:
        """The pairs of a mapping whose keys are the language's."""
        found = dict(self.entries(node, path, what))
        known = list(known)
        for key in [k for k in found if k not in known]:
            guess = get_close_matches(key, known, 1)
            hint = f"，是不是想写「{guess[0]}」" if guess else f"，可用的有：{'、'.join(known)}"
            self.faults.append((self.lines[(*path, key)], f"{what}不认识「{key}」{hint}"))
            del found[key]
        for key in required:
            if key not in found and isinstance(node, yaml.MappingNode):
                self.fault(node, f"{what}缺少「{key}」")
        return found

    def text(self, node: yaml.Node | None, what: str) -> str:
        if node is None:
            return ""
        if not isinstance(node, yaml.ScalarNode):
            self.fault(node, f"{what}应是一段文字")
            return ""
        value: str = SHELTERED.sub(r"{\1}", node.value).strip()
        if not value:
            self.fault(node, f"{what}是空的，请写上内容或删去这一行")
        if len(value) > LONGEST:
            self.fault(node, f"{what}超过 {LONGEST} 字")
        return value

    def flag(self, node: yaml.Node | None, what: str) -> bool:
        if node is None:
            return False
        value = self.text(node, what)
        if value not in YES:
            self.fault(node, f"{what}应写 yes 或 no，不能是「{value}」")
        return YES.get(value, False)

    def count(self, node: yaml.Node | None, what: str) -> int:
        if node is None:
            return 0
        value = self.text(node, what)
        if not (value.isascii() and value.isdigit() and 1 <= int(value[:6]) <= 10000):
            self.fault(node, f"{what}应是 1 以上的整数，不能是「{value}」")
            return 0
        return int(value)

    def amount(self, node: yaml.Node, what: str) -> int | Decimal:
        """A whole number from 1, or an amount with two decimals such as 0.01."""
        value = self.text(node, what)
        if re.fullmatch(r"\d{1,5}\.\d{1,2}", value) and Decimal(value):
            return Decimal(value)
        return self.count(node, what)

    def choice(self, node: yaml.Node | None, what: str, known: Iterable[str], default: str = "") -> str:
        if node is None:
            return default
        value = self.text(node, what)
        if value not in known:
            self.fault(node, f"{what}不能是「{value}」，可用的有：{'、'.join(k for k in known if k)}")
            return default
        return value

    def items(self, node: yaml.Node | None) -> list[yaml.Node]:
        """The elements of a list, or the one thing where a list of one is meant."""
        if node is None:
            return []
        return list(node.value) if isinstance(node, yaml.SequenceNode) else [node]

    def words(self, node: yaml.Node | None, what: str) -> tuple[str, ...]:
        """A list of texts; one text stands for a list of one."""
        found = [self.text(item, what) for item in self.items(node)]
        for word in {w for w in found if found.count(w) > 1 and w}:
            assert node is not None
            self.fault(node, f"{what}里「{word}」写了两次")
        return tuple(dict.fromkeys(w for w in found if w))

    def span(self, node: yaml.Node | None, what: str, *, anchored: bool = False) -> Span | None:
        if node is None or not (value := self.text(node, what)):
            return None
        try:
            span = parse(value)
        except ValueError as e:
            self.fault(node, f"{what}：{e}")
            return None
        if span.anchor and not anchored:
            self.fault(node, f"{what}只写多久，不写 from 或 before")
            return None
        return span

    def table(self, node: yaml.Node | None, path: Path, what: str) -> dict[str, str]:
        """Key to text."""
        return {} if node is None else {k: self.text(v, f"{what}的「{k}」") for k, v in self.entries(node, path, what)}
