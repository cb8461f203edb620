"""What a picture tells: time, place and how to turn it are read; what is shown carries only the last of them."""

import struct

import pytest

from shouwen.procedures.pictures import Told, told, without_remarks

PIXELS = b"\xff\xda\x00\x08\x01\x01\0\0\x3f\0" + b"\x12\x34" * 20 + b"\xff\xd9"


def exif(order="<", turned=6, taken=b"2026:11:23 09:12:30\0", gps=True):
    """A small TIFF: orientation, the moment, and 22°32'35.1"N 114°3'28.3"E."""
    def entry(tag, kind, count, value):
        return struct.pack(order + "HHI", tag, kind, count) + value

    def long(value):
        return struct.pack(order + "I", value)

    first, sub, gps_at = 8, 8 + 2 + 36 + 4, 8 + 2 + 36 + 4 + 2 + 12 + 4
    data = gps_at + 2 + 48 + 4
    parts = [(b"II*\0" if order == "<" else b"MM\0*") + long(first), struct.pack(order + "H", 3)]
    parts += [entry(0x0112, 3, 1, struct.pack(order + "HH", turned, 0)), entry(0x8769, 4, 1, long(sub)), entry(0x8825, 4, 1, long(gps_at)), long(0)]
    parts += [struct.pack(order + "H", 1), entry(0x9003, 2, 20, long(data)), long(0)]
    parts += [struct.pack(order + "H", 4 if gps else 0)]
    parts += [entry(1, 2, 2, b"N\0\0\0"), entry(2, 5, 3, long(data + 20)), entry(3, 2, 2, b"E\0\0\0"), entry(4, 5, 3, long(data + 44)), long(0)]
    numbers = (22, 1, 32, 1, 351, 10, 114, 1, 3, 1, 283, 10)
    return b"".join([*parts, taken, struct.pack(f"{order}12I", *numbers)])


def jpeg(tiff=None):
    def segment(marker, body):
        return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body

    parts = [segment(0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0")]
    if tiff is not None:
        parts += [segment(0xE1, b"Exif\0\0" + tiff), segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta/>"), segment(0xFE, b"secret remark")]
    return b"\xff\xd8" + b"".join([*parts, segment(0xDB, b"\0" * 65)]) + PIXELS


@pytest.mark.parametrize("order", ["<", ">"])
def test_time_place_and_turn_are_read(order):
    found = told(jpeg(exif(order)))
    assert f"{found.at:%Y-%m-%d %H:%M:%S %z}" == "2026-11-23 09:12:30 +0800"
    assert found.spot == "22.543083,114.057861" and found.turned == 6


def test_what_is_shown_has_the_same_pixels_and_tells_only_how_to_turn_it():
    shown = without_remarks(jpeg(exif()))
    assert told(shown) == Told(turned=6) and shown.endswith(PIXELS) and shown.startswith(b"\xff\xd8\xff\xe1")
    for secret in (b"2026:11:23", b"secret remark", b"xmpmeta", struct.pack("<I", 351)):
        assert secret not in shown
    plain = jpeg()
    assert without_remarks(plain) == plain and without_remarks(jpeg(exif(turned=1))) == plain


def test_a_png_loses_its_remarks_only():
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + b"CRC!"

    bare = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", b"0" * 13) + chunk(b"IDAT", b"xyz") + chunk(b"IEND", b"")
    full = bare.replace(chunk(b"IDAT", b"xyz"), chunk(b"tEXt", b"where") + chunk(b"eXIf", exif()) + chunk(b"IDAT", b"xyz"))
    assert without_remarks(full) == bare and told(full) == Told()


def test_broken_remarks_are_nothing_and_break_nothing():
    whole = jpeg(exif())
    for cut in range(len(whole)):
        told(whole[:cut])
        without_remarks(whole[:cut])
    for at in range(20, 200):
        told(whole[:at] + b"\xff" + whole[at + 1:])
    assert told(b"") == told(b"GIF89a") == Told()
    assert told(jpeg(exif(taken=b"0000:00:00 00:00:00\0"))).at is None


def test_a_webp_loses_its_remarks_only():
    def part(kind, body):
        return kind + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)

    def webp(*parts):
        body = b"WEBP" + b"".join(parts)
        return b"RIFF" + struct.pack("<I", len(body)) + body

    head, pixels = bytes(3) + b"\x07\0\0\x07\0\0", part(b"VP8L", b"\x2f" + b"\x12" * 20)
    whole = webp(part(b"VP8X", b"\x1c" + head), pixels, part(b"EXIF", exif()), part(b"XMP ", b"<x:xmpmeta/>"))
    assert without_remarks(whole) == webp(part(b"VP8X", b"\x10" + head), pixels)  # transparent still, but no word of remarks
    assert without_remarks(webp(pixels)) == webp(pixels)
