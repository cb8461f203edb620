"""A style sheet without the rules that none of our pages can use. Standard library only: it runs while a wheel is made.

Careful rather than small: a rule goes only if it needs a class that stands nowhere in our templates, code and scripts,
neither as a word nor behind a stem that a template finishes (`tone-{{ tone }}`). Colours and measures of `:root` that no
rule reads go as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_READ: Final = (".html", ".py", ".js", ".yaml")
_BLOCKS: Final = ("@media", "@supports", "@layer", "@container")
_NEEDED: Final = re.compile(r"\.((?:[\w-]|\\.)+)|\[(data-bs-[\w-]+)")
_INNER: Final = re.compile(r"\([^()]*\)")
_COMMENT: Final = re.compile(r"/\*.*?\*/", re.DOTALL)
_VALUE: Final = r"(?:\"[^\"]*\"|'[^']*'|\([^()]*(?:\([^()]*(?:\([^()]*\)[^()]*)*\)[^()]*)*\)|[^;{}\"'()])*"
_DECLARED: Final = re.compile(rf"(?<=[{{;])(--[\w-]+):{_VALUE}(?:;|(?=\}}))")
_FRAMES: Final = re.compile(r"@keyframes ([\w-]+)\{(?:[^{}]*\{[^{}]*\})*\}")
_HOLLOW: Final = re.compile(r"(?<=[}{;])[^{};]*\{\}")


@dataclass(frozen=True)
class Words:
    """What our files say: whole words, beginnings of words that are finished elsewhere, and names of style variables."""

    whole: Set[str]
    stems: tuple[str, ...]
    variables: Set[str]

    def say(self, name: str) -> bool:
        return name in self.whole or name.startswith(self.stems)


def words(root: Path) -> Words:
    """Read every template, program and script below `root`, except tests and the files of others."""
    whole: set[str] = set()
    stems: set[str] = set()
    variables: set[str] = set()
    for path in sorted(root.rglob("*.*")):
        if path.suffix not in (*_READ, ".css") or not {"vendor", "tests"}.isdisjoint(path.parts):
            continue
        text = path.read_text("utf-8")
        variables |= set(re.findall(r"--[\w-]+", text))
        if path.suffix != ".css":
            whole |= set(re.findall(r"[A-Za-z][\w-]*", text))
            stems |= set(re.findall(r"([A-Za-z][\w-]*-)(?=\$?\{|[\"'`])", text))
    return Words(whole, tuple(sorted(stems)), variables)


def without_unused(css: str, said: Words) -> str:
    """The sheet with what can be used, in its order."""
    css = _kept(_COMMENT.sub("", css), said)
    while True:
        read = set(re.findall(r"var\(\s*(--[\w-]+)", css)) | said.variables
        frames = set(re.findall(r"animation[\w-]*:([^;}]+)", css))
        played = {word for value in frames for word in re.findall(r"[\w-]+", value)} | said.whole
        less = _DECLARED.sub(lambda found: found[0] if found[1] in read else "", css)  # noqa: B023 - used at once
        less = _FRAMES.sub(lambda found: found[0] if found[1] in played else "", less)  # noqa: B023
        less = _HOLLOW.sub("", less)
        if less == css:
            return css
        css = less


def _kept(css: str, said: Words) -> str:
    out = []
    for head, body in _rules(css):
        if body is None:
            out.append(f"{head};")
        elif head.startswith(_BLOCKS):
            if inner := _kept(body, said):
                out.append(f"{head}{{{inner}}}")
        elif head.startswith("@"):
            out.append(f"{head}{{{body}}}")
        elif body and (selectors := [one for one in _parts(head) if _may_match(one, said)]):
            out.append(f"{','.join(selectors)}{{{body}}}")
    return "".join(out)


def _may_match(selector: str, said: Words) -> bool:
    """Whether every class that it needs is said somewhere; what stands in brackets, as in `:not(.x)`, is no need."""
    while (outer := _INNER.sub("", selector)) != selector:
        selector = outer
    return all(said.say((name or attribute).replace("\\", "")) for name, attribute in _NEEDED.findall(selector))


def _rules(css: str) -> Iterator[tuple[str, str | None]]:
    """Heads and bodies of the outermost rules; a statement like `@charset "utf-8"` has no body."""
    at = begin = 0
    while at < len(css):
        if css[at] in "\"'":
            at = _string_end(css, at)
        elif css[at] == ";":
            yield css[begin:at].strip(), None
            begin = at + 1
        elif css[at] == "{":
            end = _body_end(css, at)
            yield css[begin:at].strip(), css[at + 1 : end]
            at, begin = end, end + 1
        at += 1


def _string_end(css: str, at: int) -> int:
    quote = css[at]
    at += 1
    while css[at] != quote:
        at += 2 if css[at] == "\\" else 1
    return at


def _body_end(css: str, at: int) -> int:
    """Where the brace that opens at `at` is closed."""
    depth = 0
    while True:
        if css[at] in "\"'":
            at = _string_end(css, at)
        elif css[at] == "{":
            depth += 1
        elif css[at] == "}":
            depth -= 1
            if depth == 0:
                return at
        at += 1


def _parts(selector: str) -> Iterator[str]:
    """A list of selectors, parted at the commas that stand outside of brackets and quotation marks."""
    depth, begin, quote = 0, 0, ""
    for at, sign in enumerate(selector):
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "\"'":
            quote = sign
        elif sign in "([":
            depth += 1
        elif sign in ")]":
            depth -= 1
        elif sign == "," and depth == 0:
            yield selector[begin:at]
            begin = at + 1
    yield selector[begin:]
