"""Private values: how they are masked, compared without being known, and kept sealed.

Masked is the ordinary form; the whole value leaves this module only towards a reveal (actions.show) or towards
encryption. D1.06, D2.18.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import unicodedata
from functools import cache
from typing import Final

import msgspec
from django.conf import settings

from shouwen.kernel.secrets import key_file, open_text, seal_text

_COMPOUND: Final = frozenset(
    "欧阳 太史 上官 端木 司马 东方 独孤 南宫 万俟 闻人 夏侯 诸葛 尉迟 公羊 赫连 澹台 皇甫 宗政 濮阳 公冶 太叔 申屠"
    " 公孙 慕容 仲孙 钟离 长孙 宇文 司徒 鲜于 司空 令狐 百里 呼延 东郭 南门 西门 第五".split()
)
_COMPANY: Final = re.compile(r"公司|商行|超市|中心|银行|集团|酒店|餐厅|诊所|学校|幼儿园|工作室|事务所|委员会|管理处|店$|厂$")


_MOBILE: Final = re.compile(r"1[3-9]\d{9}")


def mask_name(name: str) -> str:
    """王秀英 → 王**, 李静 → 李*, 欧阳修 → 欧阳*. A company is nobody's private name and stays."""
    if len(name) >= 4 and _COMPANY.search(name):
        return name
    shown = 2 if name[:2] in _COMPOUND and len(name) > 2 else 1
    return name[:shown] + "*" * min(len(name) - shown, 2)


def mask_phone(phone: str) -> str:
    """13800138000 → 138****8000; a landline keeps its last four; what is shorter than seven digits shows nothing."""
    number = digits(phone)
    if len(number) < 7:
        return "*" * min(len(number), 6)
    return (number[:3] if _MOBILE.fullmatch(number) else "") + "****" + number[-4:]


def mask_id(number: str) -> str:
    """First four and last four of an 18-digit card; of shorter papers only the first and the last."""
    if len(number) < 12:
        return number[:1] + "*" * max(len(number) - 2, 0) + number[-1:] if len(number) > 2 else "*" * len(number)
    return number[:4] + "*" * (len(number) - 8) + number[-4:]


def digits(phone: str) -> str:
    """Only the digits, without extension and country code 86, for comparison. The raw text is what is kept."""
    if len(phone) == 11 and phone.isascii() and phone.isdigit():
        return phone
    main = re.split(r"[转#xX]|ext", unicodedata.normalize("NFKC", phone), maxsplit=1)[0]
    number = "".join(char for char in main if char in "0123456789")
    bare = re.fullmatch(r"(?:00)?86(1[3-9]\d{9})", number)
    return bare[1] if bare else number


def phone_tail(phone: str) -> str:
    number = digits(phone)
    return number[-4:] if len(number) >= 7 else ""


@cache
def _digest_key(folder: str) -> bytes:
    return key_file("phone-digest.key", os.urandom(32))


def phone_digest(phone: str) -> str:
    """A keyed digest by which the same number is recognised; '' for what is too short to be one."""
    number = digits(phone)
    if len(number) < 7:
        return ""
    return hmac.new(_digest_key(str(settings.KEY_DIR)), number.encode(), hashlib.sha256).hexdigest()


def seal(values: dict[str, str]) -> bytes:
    """Encrypt the private values of one person."""
    return seal_text(msgspec.json.encode({name: value for name, value in values.items() if value}).decode())


def unseal(sealed: bytes | memoryview) -> dict[str, str]:
    return msgspec.json.decode(open_text(sealed), type=dict[str, str])


_ID_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECKS: Final = "10X98765432"


def id_problem(number: str) -> str:
    """What is wrong with a paper's number, in Chinese; '' if nothing. 18 characters must carry a right check digit."""
    if re.fullmatch(r"\d{17}[\dX]", number):
        total = sum(int(digit) * weight for digit, weight in zip(number, _ID_WEIGHTS, strict=False))
        return "" if _ID_CHECKS[total % 11] == number[-1] else "身份证号码的校验位不对，请对照证件核对"
    if re.fullmatch(r"\d{15}", number) or re.fullmatch(r"(?=.*\d)[A-Z0-9()（）]{6,20}", number):
        return ""
    return "证件号码应为 18 位身份证号，或 6 至 20 位的其他证件号（字母和数字）"


def phone_problem(phone: str) -> str:
    """What is wrong with a phone as typed, in Chinese; '' if nothing. Landlines, extensions and short numbers are fine."""
    if re.search(r"[,，;；、|]|\d\s*/\s*\d", phone):
        return "一处只填一个号码，其他号码请另登记一人或写入备注"
    if not re.fullmatch(r"[0-9+()（）\-－— 转#*xXext.]{3,40}", unicodedata.normalize("NFKC", phone)):
        return "电话号码只能有数字、+、-、括号和「转」"
    if not 3 <= len(digits(phone)) <= 20:
        return "电话号码应为 3 至 20 位数字"
    number = digits(phone)
    if number.startswith("1") and len(number) > 8 and not _MOBILE.fullmatch(number):
        return "手机号码应为 11 位，以 13 至 19 开头"
    return ""
