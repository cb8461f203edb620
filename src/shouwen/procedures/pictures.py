"""What a picture tells about itself (EXIF), and the same picture without it.

The original is kept as it came, by its digest: it is the evidence. What a page shows is a copy of the same pixels without the place,
the device and whatever else a telephone writes beside them; only how the picture is to be turned stays.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any, Final

from shouwen.kernel.zone import CHINA

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_PRIVATE_CHUNKS: Final = frozenset({b"eXIf", b"tEXt", b"zTXt", b"iTXt", b"tIME"})
_SIZES: Final = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1, 9: 4, 10: 8}
_ORIENTATION, _EXIF, _GPS, _TAKEN = 0x0112, 0x8769, 0x8825, 0x9003


@dataclass(frozen=True, slots=True)
class Told:
    """When and where a picture says it was taken (`spot`: latitude,longitude in degrees, or ""), and how it is to be turned (1–8)."""

    at: datetime | None = None
    spot: str = ""
    turned: int = 1


def told(content: bytes) -> Told:
    """What the EXIF of a JPEG says; of anything else, and of what cannot be read, nothing."""
    for marker, body in _segments(content):
        if marker == 0xE1 and body.startswith(b"Exif\0\0"):
            try:
                return _read(body[6:])
            except (struct.error, ValueError, ZeroDivisionError, IndexError, KeyError, UnicodeDecodeError, OverflowError):
                return Told()
    return Told()


def without_remarks(content: bytes) -> bytes:
    """The same picture without what stands beside the pixels; what is neither JPEG, PNG nor WebP stays as it is."""
    if content.startswith(_PNG):
        return _PNG + b"".join(chunk for kind, chunk in _chunks(content) if kind not in _PRIVATE_CHUNKS)
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return _webp([(kind, body) for kind, body in _parts(content) if kind not in (b"EXIF", b"XMP ")])
    if not content.startswith(b"\xff\xd8\xff"):
        return content
    turned = told(content).turned
    kept, place = [b"\xff\xd8", _turning(turned) if turned != 1 else b""], 2
    for marker, body in _segments(content):
        if marker not in (0xE1, 0xED, 0xFE):  # EXIF and XMP, Photoshop's, comments
            kept.append(struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body)
        place += len(body) + 4
    return b"".join([*kept, content[place:]])


def _parts(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """(name, body) of the parts of a WebP."""
    place = 12
    while place + 8 <= len(content):
        size = int.from_bytes(content[place + 4:place + 8], "little")
        yield content[place:place + 4], content[place + 8:place + 8 + size]
        place += 8 + size + size % 2


def _webp(parts: list[tuple[bytes, bytes]]) -> bytes:
    """A WebP of these parts; its head no longer announces what has gone."""
    said = b"".join(
        kind + len(body).to_bytes(4, "little") + (bytes([body[0] & ~0x0C]) + body[1:] if kind == b"VP8X" and body else body) + b"\0" * (len(body) % 2)
        for kind, body in parts
    )
    return b"RIFF" + (len(said) + 4).to_bytes(4, "little") + b"WEBP" + said


def _segments(content: bytes) -> Iterator[tuple[int, bytes]]:
    """(marker, body) of what stands before the pixels of a JPEG."""
    place = 2
    while content.startswith(b"\xff\xd8") and place + 4 <= len(content) and content[place] == 0xFF:
        marker, size = content[place + 1], int.from_bytes(content[place + 2:place + 4], "big")
        if not 0xC0 <= marker <= 0xFE or marker == 0xDA or size < 2 or place + 2 + size > len(content):
            return
        yield marker, content[place + 4:place + 2 + size]
        place += 2 + size


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = len(_PNG)
    while place < len(content):
        size = int.from_bytes(content[place:place + 4], "big") + 12
        yield content[place + 4:place + 8], content[place:place + size]
        place += size


def _turning(turned: int) -> bytes:
    """A segment that says only how the picture is to be turned."""
    tiff = b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, _ORIENTATION, 3, 1, turned, 0, 0)
    body = b"Exif\0\0" + tiff
    return struct.pack(">BBH", 0xFF, 0xE1, len(body) + 2) + body


def _read(tiff: bytes) -> Told:
    order = {b"II": "<", b"MM": ">"}[tiff[:2]]
    first = _directory(tiff, order, struct.unpack_from(order + "I", tiff, 4)[0])
    exif = _directory(tiff, order, first[_EXIF][0]) if _EXIF in first else {}
    gps = _directory(tiff, order, first[_GPS][0]) if _GPS in first else {}
    turned = first.get(_ORIENTATION, (1,))[0]
    return Told(_moment(exif.get(_TAKEN)), _spot(gps), turned if turned in range(1, 9) else 1)


def _directory(tiff: bytes, order: str, place: int) -> dict[int, Any]:
    """Tag → its values: whole numbers, fractions, or bytes."""
    found: dict[int, Any] = {}
    for n in range(min(struct.unpack_from(order + "H", tiff, place)[0], 200)):
        tag, kind, count = struct.unpack_from(order + "HHI", tiff, place + 2 + 12 * n)
        size = _SIZES.get(kind, 0) * count
        if not size or size > 1000:
            continue
        at = place + 10 + 12 * n if size <= 4 else struct.unpack_from(order + "I", tiff, place + 10 + 12 * n)[0]
        if kind in (1, 2, 7):
            found[tag] = tiff[at:at + size]
        elif kind in (5, 10):
            numbers = struct.unpack_from(f"{order}{2 * count}{'I' if kind == 5 else 'i'}", tiff, at)
            found[tag] = tuple(Fraction(a, b) for a, b in zip(numbers[::2], numbers[1::2], strict=True))
        else:
            found[tag] = struct.unpack_from(f"{order}{count}{ {3: 'H', 4: 'I', 9: 'i'}[kind] }", tiff, at)
    return found


def _moment(value: bytes | None) -> datetime | None:
    if value is None:
        return None
    found = datetime.strptime(value.rstrip(b"\0 ").decode("ascii"), "%Y:%m:%d %H:%M:%S").replace(tzinfo=CHINA)
    return found if 2000 <= found.year <= 2100 else None


def _spot(gps: dict[int, Any]) -> str:
    """Degrees, minutes and seconds as 22.543096,114.057865; south and west are below zero."""
    if not {1, 2, 3, 4} <= gps.keys():
        return ""
    degrees = []
    for side, parts, below, most in ((gps[1], gps[2], b"S", 90), (gps[3], gps[4], b"W", 180)):
        value = float(sum(part / 60**n for n, part in enumerate(parts[:3])))
        if not 0 <= value <= most:
            return ""
        degrees.append(-value if side.startswith(below) else value)
    return f"{degrees[0]:.6f},{degrees[1]:.6f}"
