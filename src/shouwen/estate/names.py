"""Names of people: how they are spelt by pinyin initials. Pure."""

from __future__ import annotations

from functools import lru_cache
from itertools import product
from typing import Final

from shouwen.kernel.pinyin import Style, pinyin

from .codes import fold

SURNAMES: Final = {
    "单": "s", "解": "x", "仇": "q", "曾": "z", "查": "z", "朴": "p", "区": "o", "盖": "g", "尉": "y", "乐": "y",
    "任": "r", "覃": "q", "缪": "m", "翟": "z", "种": "c", "折": "s", "繁": "p", "召": "s", "冼": "x", "黑": "h",
    "句": "g", "员": "y", "秘": "b", "重": "c", "祭": "z", "哈": "h", "都": "d", "隗": "k", "洗": "x", "么": "y",
}
"""Surnames that are read otherwise than the everyday character: 单 shan, 解 xie, 仇 qiu, 曾 zeng, 查 zha…"""

GIVEN: Final = {
    "长": "c", "朝": "z", "晟": "s", "茜": "x", "行": "x", "重": "c", "隽": "j", "盛": "s", "乐": "l", "曾": "z", "会": "h",
    "大": "d", "秘": "m", "褚": "c", "单": "d", "石": "s", "藏": "c", "传": "c", "调": "t", "降": "j", "强": "q", "宿": "s",
    "娜": "n", "呈": "c", "参": "c", "省": "s", "亲": "q", "合": "h", "阿": "a", "莎": "s", "解": "j", "都": "d", "珏": "j",
}  # fmt: skip
"""Characters of given names with the reading that names mostly have: 长江 cj, 朝霞 zx, 晟 s, 珏 j."""

MOST_SPELLINGS: Final = 6
"""A name of rare characters has dozens of readings; beyond these nobody types them."""


@lru_cache(maxsize=8192)
def _letters(char: str) -> tuple[str, ...]:
    """Initials of every reading of one character, the commonest first; a letter or digit stands for itself."""
    if char.isascii():
        return (char,) if char.isalnum() else ()
    found = pinyin(char, style=Style.FIRST_LETTER, heteronym=True, errors="ignore")
    letters = [letter for letter in (found[0] if found else []) if letter.isascii() and letter.isalpha()]
    return tuple(dict.fromkeys(letters))


def spellings(name: str) -> list[str]:
    """Pinyin initials of a name, the likeliest first, at most six: 单雄信 → sxx, dxx, cxx."""
    folded = fold(name)
    if not folded:
        return []
    choices = [_letters(char) for char in folded]
    if folded[0] in SURNAMES:
        choices[0] = tuple(dict.fromkeys((SURNAMES[folded[0]], *choices[0])))
    for place, char in enumerate(folded[1:], start=1):
        if char in GIVEN:
            choices[place] = tuple(dict.fromkeys((GIVEN[char], *choices[place])))
    choices = [letters for letters in choices if letters][:30]
    if not choices:
        return []
    found: dict[str, None] = {}
    for letters in product(*choices[:6]):  # later characters of long (foreign, company) names keep their first reading
        found["".join(letters) + "".join(rest[0] for rest in choices[6:])] = None
        if len(found) == MOST_SPELLINGS * 4:
            break
    # readings that differ from the likeliest in the surname come before those that differ elsewhere
    first = next(iter(found))
    return sorted(found, key=lambda spelling: sum(a != b for a, b in zip(spelling[1:], first[1:], strict=True)))[:MOST_SPELLINGS]


def initials(name: str) -> str:
    """The likeliest spelling, '' if the name has no pinyin."""
    return next(iter(spellings(name)), "")


def name_terms(name: str) -> list[tuple[str, str]]:
    """(kind, spelling) pairs under which a person is found."""
    folded = fold(name)
    return [("name", folded)] * bool(folded) + [("initials", spelling) for spelling in spellings(name)]
