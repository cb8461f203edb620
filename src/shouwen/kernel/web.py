"""What every answer of ours has in common: its protective headers, and how the house says no."""

from __future__ import annotations

import logging
import secrets
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import (
    BadRequest,
    DisallowedHost,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from django.core.signals import got_request_exception
from django.db import DataError, InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.http.request import RawPostDataException
from django.template import TemplateDoesNotExist
from django.template.loader import render_to_string
from django.utils.html import format_html, format_html_join

from .access import Actor
from .prefix import inward, root
from .refusals import Forbidden, NotFound, Refused
from .words import number_in

log = logging.getLogger("shouwen.web")
Handler = Callable[[HttpRequest], HttpResponse]

POLICY: Final = (
    "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'self';"
    " frame-ancestors 'none'"
)
"""No inline script, no inline style, nothing from elsewhere. Pictures may be data: (form arrows) and blob: (previews)."""


def headers(get_response: Handler) -> Handler:
    """Middleware: the protective headers, the length, and `no-store` on whatever was made for somebody."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        put = response.headers.setdefault
        put("Content-Security-Policy", POLICY)
        put("Referrer-Policy", "same-origin")
        put("X-Content-Type-Options", "nosniff")
        put("X-Frame-Options", "DENY")
        put("Cross-Origin-Opener-Policy", "same-origin")
        put("Cross-Origin-Resource-Policy", "same-origin")
        put("Permissions-Policy", "geolocation=(self), microphone=(), camera=(self), payment=(), usb=()")
        if settings.HTTPS:
            put("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
        if getattr(request, "actor", None) is not None:
            put("Cache-Control", "no-store")
        if not response.streaming:
            put("Content-Length", str(len(response.content)))
        return response

    return middleware


def proxies(get_response: Handler) -> Handler:
    """Middleware: behind SHOUWEN_PROXIES proxies of ours, the address is the one that the outermost of them saw.

    Each proxy adds to the right of X-Forwarded-For whom it was asked by; what stands further left anybody could have
    written. Locks and limits count by this address. Fewer entries than proxies: the request came round them, its own counts.
    With SHOUWEN_HTTPS the outermost speaks HTTPS, whatever reaches us: what a form says of its origin is held against that.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        if settings.HTTPS:
            request.META["wsgi.url_scheme"] = "https"
        count: int = settings.PROXIES
        if count:
            seen = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()]
            if len(seen) >= count and (address := _address(seen[-count])):
                request.META["REMOTE_ADDR"] = address
        return get_response(request)

    return middleware


def _address(text: str) -> str:
    """An address without its port, or "" when it is none: 10.0.0.7:5123, [2001:db8::1]:443."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        return str(ip_address(text))
    except ValueError:
        return ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """What is said to somebody whose request was not carried out; `code` is for programs, the rest for people."""

    status: int
    code: str
    title: str
    message: str
    fields: dict[str, str] = field(default_factory=dict)
    log_id: str = ""


_TITLES: Final = {
    400: "请求有误", 401: "请先登录", 403: "不能执行此操作", 404: "没有找到", 409: "已有变化", 413: "内容太大", 415: "格式不对",
    422: "请更正后再提交", 429: "操作太频繁", 500: "系统出错", 503: "系统暂时繁忙",
}
_CODES: Final = {
    400: "bad_request", 401: "unauthenticated", 403: "forbidden", 404: "not_found", 409: "conflict", 413: "too_large", 415: "unsupported",
    422: "refused", 429: "too_many", 500: "unexpected", 503: "unavailable",
}


def refusal_of(error: BaseException) -> Refusal:
    """Put any exception into words. Only what nobody foresaw is a 500, and it is logged with the number we show."""
    match error:
        case Refused():
            return _refusal(error.status, error.message, error.fields)
        case Http404():
            return _refusal(404, NotFound().message)
        case PermissionDenied():
            return _refusal(403, "您没有执行此操作的权限。如工作需要，请联系上级或系统管理员开通。")
        case RequestDataTooBig():
            limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE // (1024 * 1024)
            return _refusal(413, f"提交的内容太大（上限 {limit} MB）。请减少内容或压缩文件后重试。")
        case TooManyFieldsSent() | TooManyFilesSent():
            return _refusal(413, "一次提交的项目太多。请分几次提交。")
        case SuspiciousOperation() | BadRequest() | MultiPartParserError() | UnreadablePostError():
            return _refusal(400, "请求不完整或格式不对。请返回上一页，刷新后重试。")
        case UnicodeEncodeError() | DataError() | OverflowError():  # NUL, lone surrogates, numbers out of range
            log.warning("input that cannot be stored", exc_info=error)
            return _refusal(422, "有的内容无法保存：含有不可用的字符，或数值超出范围。请检查后重新填写。")
        case RawPostDataException():  # a program sent a form where JSON is read
            return _refusal(415, "这个接口只接受 JSON。请把内容类型设为 application/json 后重试。")
        case OperationalError() | InterfaceError():
            log.error("the database does not answer", exc_info=error)
            return _refusal(503, "系统暂时繁忙，刚才的操作可能没有保存。请稍等片刻再试一次，重复提交不会重复记录。")
        case ValueError() if "NUL" in str(error) or "null byte" in str(error):
            return _refusal(400, "内容中含有不可用的字符（空字符）。请删除后重试。")
    number = secrets.token_hex(4).upper()
    log.error("unexpected error %s", number, exc_info=error)
    return _refusal(500, f"系统出了意外，刚才的操作没有保存。请稍后重试；如再次出现，请把编号 {number} 告诉系统管理员。", log_id=number)


def _refusal(status: int, message: str, fields: dict[str, str] | None = None, log_id: str = "") -> Refusal:
    return Refusal(status, _CODES.get(status, "refused"), _TITLES.get(status, "不能执行此操作"), message, fields or {}, log_id)


def wants_json(request: HttpRequest) -> bool:
    """Whether a program asks: below /api/, or it accepts JSON and not HTML."""
    if request.path_info.startswith("/api/"):
        return True
    accept = request.headers.get("Accept", "")
    return "application/json" in accept and "text/html" not in accept


def answer(request: HttpRequest, error: BaseException) -> HttpResponse:
    """The answer to a request that failed: JSON for programs, a fragment for htmx, otherwise a page."""
    refusal = refusal_of(error)
    if refusal.status == 500:
        got_request_exception.send(sender=None, request=request)
    response = say(request, refusal)
    if refusal.status == 503:
        response.headers["Retry-After"] = "2"
    return response


def say(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """Put a refusal into the form that the asker can take."""
    if wants_json(request):
        body = {"code": refusal.code, "message": refusal.message, "fields": refusal.fields}
        if refusal.log_id:
            body["log_id"] = refusal.log_id
        return JsonResponse({"error": body}, status=refusal.status, json_dumps_params={"ensure_ascii": False})
    fragment = request.headers.get("HX-Request") == "true" and request.headers.get("HX-Boosted") != "true"
    return HttpResponse(_html(request, refusal, fragment), status=refusal.status)


def _html(request: HttpRequest, refusal: Refusal, fragment: bool) -> str:
    """The page in our frame if it can be drawn; 400, 500 and 503 rest on nothing that may be broken."""
    if refusal.status not in (400, 500, 503):
        template = "ui/refused_fragment.html" if fragment else "ui/refused.html"
        try:
            return render_to_string(template, {"refusal": refusal}, request)
        except TemplateDoesNotExist:
            pass
        except Exception:
            log.exception("the page that says no could not be drawn")
    fields = format_html_join("", "<li>{}</li>", ((text,) for text in refusal.fields.values()))
    inner = format_html(
        '<div class="alert alert-danger" role="alert"><h1 class="h3">{}</h1><p>{}</p><ul>{}</ul></div>',
        refusal.title, refusal.message, fields,
    )
    if fragment:
        return inner
    return format_html(
        '<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport"'
        ' content="width=device-width, initial-scale=1"><title>{} · 首问</title>'
        '<link rel="stylesheet" href="{}vendor/tabler.min.css"></head>'
        '<body><main class="container py-5">{}<p><a class="btn" href="{}">回到首页</a></p></main></body></html>',
        refusal.title, inward(settings.STATIC_URL), inner, root(),
    )


def refusals(get_response: Handler) -> Handler:
    """Middleware: whatever goes wrong inside is answered in Chinese, with the right status and nothing half-written."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if "\x00" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            return answer(request, ValueError("NUL in the address"))
        if request.path_info not in ("/healthz", "/readyz"):  # probes come by address; people and programs by name
            try:
                request.get_host()
            except DisallowedHost as error:
                return answer(request, error)
        response = get_response(request)
        return _not_this_way(request, response) if response.status_code == 405 else response

    middleware.process_exception = answer  # type: ignore[attr-defined]
    return middleware


def _not_this_way(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """The framework says 405 in English or not at all; its list of methods is kept."""
    ours = say(request, Refusal(405, "not_allowed", "不能这样访问", f"这个地址不接受 {request.method} 请求。请从页面上操作，或查阅接口说明。"))
    ours.headers["Allow"] = response.headers.get("Allow", "")
    return ours


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form was not ours, or too old."""
    return answer(request, Forbidden("页面已过期，或登录状态已改变，没有保存。请刷新页面后再提交一次。"))


def failed(request: HttpRequest, exception: Any = None) -> HttpResponse:
    """handler400, handler403, handler404: what failed outside a view (addresses, middleware, parsing)."""
    return answer(request, exception or Http404())


def crashed(request: HttpRequest) -> HttpResponse:
    """handler500: an exception that left a middleware; Django calls this while handling it."""
    error = sys.exc_info()[1]
    return answer(request, error or RuntimeError("unknown"))


COMMUNITY_COOKIE: Final = "community"


def sees(actor: Actor, community: int) -> bool:
    """Whether this person has anything to do with a community."""
    return any(actor.may(permission, community) for permission in actor.grants)


def here(request: HttpRequest) -> int | None:
    """The community this person is looking at: the one chosen in the frame if still allowed, else their own."""
    actor: Actor | None = getattr(request, "actor", None)
    if actor is None:
        return None
    chosen = number_in(request.COOKIES.get(COMMUNITY_COOKIE))
    if chosen is not None and sees(actor, chosen):
        return chosen
    return actor.community
