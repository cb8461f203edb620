"""How often strangers may do something: counted in the database, so that all processes count together.

What is counted for (a phone, an address, a code) stands there only as a keyed digest.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from datetime import datetime, timedelta
from functools import cache
from typing import Final

from django.conf import settings
from django.db import connection
from django.http import HttpRequest

from shouwen.kernel.batch import adapted
from shouwen.kernel.journal import bookkeeping
from shouwen.kernel.refusals import TooMany
from shouwen.kernel.secrets import key_file

from .models import Tally

LIMITS: Final[dict[str, tuple[int, timedelta]]] = {
    "code-phone-once": (1, timedelta(seconds=60)), "code-phone": (5, timedelta(hours=1)), "code-phone-day": (10, timedelta(days=1)),
    "code-address": (20, timedelta(hours=1)), "tries-address": (30, timedelta(hours=1)), "guess-address": (20, timedelta(minutes=10)),
    "file-phone": (10, timedelta(days=1)), "file-address": (20, timedelta(hours=1)), "file-place": (30, timedelta(hours=1)),
    "write-link": (30, timedelta(hours=1)),
}  # fmt: skip
"""What is limited: so many within so long, for each phone, address, place code or link."""

WORDS: Final = {
    "code-phone-once": "验证码刚刚发过，请过一分钟再试。", "code-phone": "这个号码请求验证码太频繁，请一小时后再试，或致电服务中心。",
    "code-phone-day": "这个号码今天请求验证码太多，请明天再试，或致电服务中心。", "code-address": "请求太频繁，请一小时后再试，或致电服务中心。",
    "tries-address": "尝试次数过多，请一小时后再试，或致电服务中心。", "guess-address": "打不开的链接试得太多，请十分钟后再试。请用短信里的原链接。",
    "file-phone": "今天提交得太多了，请致电服务中心。", "file-address": "提交太频繁，请过一会儿再试，急事请致电服务中心。",
    "file-place": "这个二维码短时间内提交太多，请过一会儿再试，急事请致电服务中心。", "write-link": "操作太频繁，请过一会儿再试。",
}  # fmt: skip

_HIT: Final = (
    "INSERT INTO portal_tally (key, count, until) VALUES (%s, 1, %s) ON CONFLICT (key) DO UPDATE SET"
    " count = CASE WHEN portal_tally.until <= %s THEN 1 ELSE portal_tally.count + 1 END,"
    " until = CASE WHEN portal_tally.until <= %s THEN excluded.until ELSE portal_tally.until END RETURNING count"
)


@cache
def _key(folder: str) -> bytes:
    return key_file("portal.key", os.urandom(32))


def keyed(text: str) -> bytes:
    """A digest that only this installation can make: for tokens of links and keys of tallies."""
    return hmac.new(_key(str(settings.KEY_DIR)), text.encode(), hashlib.sha256).digest()


def _name(what: str, value: str) -> str:
    return f"{what}:{keyed(f'tally {what} {value}').hex()[:48]}"


def hit(what: str, value: str, at: datetime) -> None:
    """Count one; TooMany when it is more than allowed. What is too many counts no further than it is."""
    most, span = LIMITS[what]
    with bookkeeping("a stranger's doings are counted"), connection.cursor() as cursor:
        cursor.execute(_HIT, adapted((_name(what, value), at + span, at, at)))
        count = cursor.fetchone()[0]
    if count > most:
        raise TooMany(WORDS[what])


def check(what: str, value: str, at: datetime) -> None:
    """TooMany when the allowance is used up; counts nothing."""
    count = Tally.objects.filter(pk=_name(what, value), until__gt=at).values_list("count", flat=True).first() or 0
    if count >= LIMITS[what][0]:
        raise TooMany(WORDS[what])


def address_of(request: HttpRequest) -> str:
    """The client's address, as the server (or the proxy it trusts) says."""
    return str(request.META.get("REMOTE_ADDR", ""))


def tidy(at: datetime) -> int:
    """Forget tallies whose span is over; the worker, once an hour."""
    with bookkeeping("old tallies are forgotten"):
        return Tally.objects.filter(until__lt=at).delete()[0]
