"""Signing in by a code sent to the phone, and what is mine."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import rotate_token
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from shouwen.estate.models import Community
from shouwen.estate.queries import digits, phone_digest
from shouwen.kernel.journal import bookkeeping, now
from shouwen.kernel.requests import unkeyed
from shouwen.kernel.screens import flash, page_of
from shouwen.kernel.secrets import open_text, seal_text

from .. import hearing, limits, queries, residents, sms
from ..models import SmsCode
from ..progress import summaries
from ..words import MATTERS, matter_of
from .frame import LARGE, draw, for_residents, who

ASKING: Final = "shouwen_resident_code"
GOOD_FOR: Final = timedelta(minutes=10)
TRIES: Final = 5
SENT: Final = "如果这个号码在服务中心登记过，验证码已经发出，请查看短信。"
WRONG: Final = "验证码不对或已失效。请核对短信里的六位数字，或重新获取。"


def safe_next(given: str) -> str:
    """A page of residents to go on to, or the front page of theirs."""
    start = reverse("portal:mine")
    plain = given.startswith(start) and "//" not in given and "\\" not in given and len(given) < 300 and given.isprintable()
    return given if plain else start


def _digest(key: str, code: str = "") -> str:
    return hashlib.sha256(f"{key}:{code}".encode()).hexdigest()


@for_residents
@unkeyed
def login(request: HttpRequest) -> HttpResponse:
    """Ask for a code. The answer is the same whether the number is known or not."""
    back = safe_next(request.POST.get("next") or request.GET.get("next") or "")
    if request.method != "POST":
        return draw(request, "portal/login.html", {"next": back, "off": sms.chosen() == "off"})
    at, number = now(), digits(request.POST.get("phone", "")[:30])
    if len(number) != 11 or not number.startswith("1"):
        context = {"next": back, "phone": request.POST.get("phone", "")[:20], "wrong": "请填写 11 位手机号。"}
        return draw(request, "portal/login.html", context, status=422)
    digest, address = phone_digest(number), limits.address_of(request)
    for what, value in (("code-address", address), ("code-phone-once", digest), ("code-phone", digest), ("code-phone-day", digest)):
        limits.hit(what, value, at)
    key, code = secrets.token_urlsafe(24), f"{secrets.randbelow(1_000_000):06d}"
    with bookkeeping("a code for a resident"):
        SmsCode.objects.create(
            phone_digest=digest, phone_sealed=seal_text(number), ask=_digest(key), digest=_digest(key, code), made_at=at,
            expires_at=at + GOOD_FOR,
        )  # fmt: skip
        if residents.known(digest, at) and sms.chosen() != "off":
            hearing.send_code(number, code, _digest(key)[:24], at)
    response = flash(redirect(reverse("portal:code") + f"?next={back}"), SENT, "info")
    residents.set_cookie(response, ASKING, key, GOOD_FOR)
    return response


@for_residents
@unkeyed
def code(request: HttpRequest) -> HttpResponse:
    """Prove the phone with the six digits; five tries, once, only in the browser that asked."""
    back = safe_next(request.POST.get("next") or request.GET.get("next") or "")
    key = request.COOKIES.get(ASKING, "")[:100]
    if not key:
        return redirect(reverse("portal:login") + f"?next={back}")
    demo = sms.chosen() == "console" and settings.DEVELOPMENT
    context = {"next": back, "demo": demo, "said": SENT}
    if request.method != "POST":
        return draw(request, "portal/code.html", context)
    at, given = now(), "".join(c for c in request.POST.get("code", "")[:20] if c.isdigit())
    limits.hit("tries-address", limits.address_of(request), at)
    phone = _proven(key, given, at)
    if phone is None:
        return draw(request, "portal/code.html", context | {"wrong": WRONG}, status=422)
    session = residents.begin(phone, agent=request.headers.get("User-Agent", ""), at=at)
    response = redirect(back)
    residents.set_cookie(response, residents.COOKIE, session, residents.LASTS)
    residents.forget_cookie(response, ASKING)
    rotate_token(request)
    return response


def _proven(key: str, given: str, at: object) -> str | None:
    """The phone whose code this is. Each try counts before it is compared, and the right one uses the code up."""
    with bookkeeping("a try at a code"):
        rows = SmsCode.objects.filter(ask=_digest(key), used_at=None, expires_at__gt=at)
        if not rows.filter(tries__lt=TRIES).update(tries=F("tries") + 1):
            return None
        row = rows.first()
        if row is None or not secrets.compare_digest(row.digest, _digest(key, given)):
            return None
        if not SmsCode.objects.filter(pk=row.pk, used_at=None).update(used_at=at):
            return None
        return open_text(row.phone_sealed)


@require_POST
@for_residents
@unkeyed
def logout(request: HttpRequest) -> HttpResponse:
    """Sign out here, or with `everywhere` on all devices."""
    if resident := who(request):
        residents.end(resident, now(), everywhere=request.POST.get("everywhere") == "1")
    response = flash(redirect("portal:login"), "已退出。")
    residents.forget_cookie(response, residents.COOKIE)
    return response


@require_POST
@for_residents
@unkeyed
def size(request: HttpRequest) -> HttpResponse:
    """Large letters, or ordinary ones."""
    response = redirect(safe_next(request.POST.get("next", "")))
    chosen = "" if request.COOKIES.get("size") == LARGE else LARGE
    response.set_cookie("size", chosen, max_age=31_536_000, path=residents._path(), samesite="Lax", secure=settings.HTTPS)
    return response


@require_safe
@for_residents
def mine(request: HttpRequest) -> HttpResponse:
    """我的报事: what is going on in my homes, and what I may bring."""
    at, resident = now(), who(request)
    if resident is None:
        return draw(request, "portal/welcome.html", {})
    page = page_of(queries.own(resident, at), request.GET.get("after"), size=20)
    places = Community.objects.filter(pk__in={home.community_id for home in resident.homes})
    offers = [
        (place, [(rules.procedure, matter_of(rules), *MATTERS.get(rules.procedure, ("", "", "file-text"))[1:]) for rules in queries.matters(place.pk, at)])
        for place in places
    ]
    context = {"page": page, "rows": summaries(page.rows), "offers": offers, "community": places[0] if len(places) == 1 else None}
    return draw(request, "portal/mine.html", context)
