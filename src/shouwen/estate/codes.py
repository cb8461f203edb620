"""Room codes, plates and search spellings, as people write them and as they are kept. Pure."""

from __future__ import annotations

import re
import unicodedata
from typing import Final, NamedTuple

TERM_LENGTH: Final = 60
_DASHES: Final = re.compile(r"[\s\-‐‑‒–—―−－_/\\.．·、~～]+")
_BUILDING: Final = re.compile(r"(?:号楼|号栋|栋|幢|座|楼|#)")
_ENTRANCE: Final = re.compile(r"(?:单元|门洞|门|梯)")
_ROOM_END: Final = re.compile(r"(?:号房|室|房|号|户)$")
_CHINESE_NUMBER: Final = re.compile(r"[一二三四五六七八九十]+")
_CODE: Final = re.compile(r"[0-9A-Z\u3400-\u9fff]+(?:-[0-9A-Z\u3400-\u9fff]+)*")
_DIGITS: Final = {char: value for value, char in enumerate("一二三四五六七八九", 1)}

PROVINCES: Final = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_PLATE: Final = re.compile(
    rf"[{PROVINCES}][A-Z](?:"
    r"[DABCEFGHJK][A-HJ-NP-Z0-9]\d{4}"  # 新能源小型车，8 位
    r"|\d{5}[DABCEFGHJK]"  # 新能源大型车，8 位
    r"|[A-HJ-NP-Z0-9]{4}[A-HJ-NP-Z0-9学警港澳挂领超临]"  # 普通与专用号牌，7 位
    r"|[A-HJ-NP-Z0-9]{5}临"  # 临时号牌
    r")"
    r"|使\d{6}|\d{6}使"  # 使馆
    rf"|WJ[{PROVINCES}]?\d{{4}}[0-9A-Z]"  # 武警
    r"|[A-Z]{2}\d{5}"  # 军用
)


class RoomParts(NamedTuple):
    """A room code taken apart. `entrance` is empty where the building has none; `floor` is None where it cannot be told."""

    building: str
    entrance: str
    room: str
    floor: int | None


def visible(text: str) -> str:
    """Without control, formatting (zero-width, right-to-left) and surrogate characters; runs of blanks become one."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    kept = "".join(" " if char in "\t\r\n" else char for char in text if char in "\t\r\n" or _is_visible(char))
    return " ".join(kept.split())


def _is_visible(char: str) -> bool:
    return char.isprintable() or unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Cn", "Co")


def fold(text: str) -> str:
    """The spelling under which something is filed and looked up: half-width, lower case, without blanks or dots."""
    plain = unicodedata.normalize("NFKC", visible(text[: TERM_LENGTH * 4])).lower()
    return re.sub(r"[\s·.．]+", "", plain)[:TERM_LENGTH]


def room_code(text: str) -> str:
    """`3-1-1201` from 3栋1单元1201室, ３－１－１２０１, 3#1-1201, 三栋一单元1201; '' if it is not like a room at all."""
    plain = unicodedata.normalize("NFKC", visible(text[:200])).upper().strip(" -")
    plain = _ROOM_END.sub("", plain)
    plain = _BUILDING.sub("-", plain, count=1)
    plain = _ENTRANCE.sub("-", plain, count=1)
    parts = [_arabic(part) for part in _DASHES.split(plain) if part]
    code = "-".join(parts)
    return code if len(code) <= 40 and _CODE.fullmatch(code) else ""


def room_parts(code: str) -> RoomParts | None:
    """Building, entrance and room of a normal code; None without at least a building and a room."""
    parts = code.split("-")
    if len(parts) < 2 or any(len(part) > 20 for part in parts):
        return None
    entrance = "-".join(parts[1:-1])
    return RoomParts(parts[0], entrance, parts[-1], _floor(parts[-1])) if len(entrance) <= 20 else None


def sort_key(code: str) -> str:
    """The code with each number padded to six digits: people expect 3 before 12 and 201 before 1201."""
    return re.sub(r"\d+", lambda found: found[0].zfill(6), code)[:80]


def without_zeros(code: str) -> str:
    """`5-2-301` for 5-2-0301: people leave leading zeros out when they type."""
    return "-".join(part.lstrip("0") or part for part in code.split("-"))


def room_terms(code: str) -> list[tuple[str, str]]:
    """(kind, spelling) pairs under which a unit is found: the whole code, with and without zeros, and the bare room."""
    whole, room = fold(code), fold(code.rsplit("-", 1)[-1])
    pairs = [("room", whole), ("number", room)]
    if (short := without_zeros(whole)) != whole:
        pairs.append(("room", short))
    if (short_room := without_zeros(room)) != room:
        pairs.append(("number", short_room))
    return pairs


def plate_number(text: str) -> str:
    """`粤B12345` from 粤B·12345, 粤b 12345; '' if it is no plate of the mainland (新能源 has 8 characters)."""
    plain = unicodedata.normalize("NFKC", visible(text[:40])).upper()
    plate = re.sub(r"[\s·•.\-]+", "", plain)
    return plate if _PLATE.fullmatch(plate) else ""


def plate_terms(plate: str) -> list[tuple[str, str]]:
    """The plate whole, without its province and without its city letter: 粤b12345, b12345, 12345."""
    whole = fold(plate)
    return [("plate", whole[start:]) for start in range(3 if whole[:1] in PROVINCES else 1)]


def _floor(room: str) -> int | None:
    if not (room.isascii() and room.isdigit() and 3 <= len(room) <= 5):
        return None
    return int(room[:-2]) or None


def _arabic(part: str) -> str:
    """三 → 3, 十二 → 12, 二十 → 20; anything else stays."""
    if not _CHINESE_NUMBER.fullmatch(part):
        return part
    tens, ten, ones = part.rpartition("十")
    if any(len(piece) > 1 for piece in (tens, ones)) or "十" in tens:
        return part
    if not ten:
        return str(_DIGITS[ones])
    return str((_DIGITS[tens] if tens else 1) * 10 + (_DIGITS[ones] if ones else 0))
