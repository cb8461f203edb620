"""Text as people type it, made safe to keep: pure, used wherever words come in."""

from __future__ import annotations

import unicodedata

from .refusals import Refused

_LINE_BREAKS = "\n\t"
_DIRECTION = {chr(c) for c in (0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))}

BROKEN = "\ufffd"
"""Stands where a form's bytes were no character: half of an emoji, a cut file name."""


def number_in(text: str | None) -> int | None:
    """The id or small number a form, an address or a cookie holds; None for anything else. Always fits a database's bigint."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else None


def clean_text(text: object, title: str, limit: int, *, field: str = "") -> str:
    """Strip and check words: no NUL or control characters, no broken ones, no direction overrides, not too long.

    What shows nothing (zero-width characters alone) is nothing. `title` names the field in the message, `field` its key in a
    form. Raises Refused.
    """
    if text is None:
        return ""
    if not isinstance(text, str):
        raise _no(field, f"「{title}」应为文字，请重新填写。")
    words = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if len(words) > limit:
        raise _no(field, f"「{title}」最多 {limit} 个字，现有 {len(words)} 个，请精简。")
    for char in words:
        if char in _LINE_BREAKS:
            continue
        if char in _DIRECTION or char == BROKEN or unicodedata.category(char) in ("Cc", "Cs"):
            raise _no(field, f"「{title}」里有不能保存的特殊字符（可能来自粘贴），请删去后重新填写。")
    return "" if unseen(words) else words


def unseen(words: str) -> bool:
    """Whether there is something that nobody can see: spaces and zero-width characters only."""
    return not words.isprintable() and all(char.isspace() or unicodedata.category(char) == "Cf" for char in words)


def _no(field: str, message: str) -> Refused:
    return Refused(message, {field: message} if field else None)
