"""The JSON interface at /api/v1: OpenAPI 3.1, one shape for every refusal, every message Chinese.

A refusal is ``{"error": {"code": "refused", "message": "…", "fields": {"name": "…"}}}`` with its HTTP status.
Unsafe requests may carry `Idempotency-Key`; then they count once (kernel/requests.py).
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final, get_args

import msgspec
import pydantic
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.template.response import TemplateResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, AuthorizationError, HttpError, ValidationError, ValidationErrorContext
from ninja.openapi.docs import DocsBase
from ninja.renderers import BaseRenderer
from ninja.responses import NinjaJSONEncoder

from shouwen import __version__
from shouwen.kernel.access import Actor
from shouwen.kernel.refusals import Forbidden, NotFound, Refused
from shouwen.kernel.requests import SAFE
from shouwen.kernel.web import Refusal, answer, say

AREAS: Final = {
    "procedures": "规程与工单", "estate": "房产与住户", "org": "组织与人员", "notices": "通知", "papers": "单据", "duty": "值班", "custody": "保管", "rounds": "巡查",
}
"""The areas with an interface of their own, in the order of the documentation (and of the search for an address): prefix → tag."""


class Api(NinjaAPI):
    """NinjaAPI whose validation errors name the field by its Chinese title."""

    def validation_error_from_error_contexts(self, error_contexts: list[ValidationErrorContext[Any]]) -> ValidationError:
        errors = []
        for context in error_contexts:
            for error in context.pydantic_validation_error.errors(include_url=False, include_input=False):
                place = tuple(context.model.__ninja_flatten_map_reverse__.get(error["loc"], error["loc"]))
                name = ".".join(str(part) for part in place if part not in ("payload", "data", "body")) or "body"
                title = _title(context.model, error["loc"]) or name
                errors.append({"name": name, "message": f"{title}：{_say(error['type'], error.get('ctx') or {}, error['msg'])}"})
        return ValidationError(errors)


class Json(BaseRenderer):
    """Answers as UTF-8 JSON; what msgspec does not know by itself is written as the framework would."""

    media_type = "application/json"
    _encode = msgspec.json.Encoder(enc_hook=NinjaJSONEncoder().default).encode

    def render(self, request: HttpRequest, data: Any, *, response_status: int) -> bytes:
        return self._encode(data)


class Docs(DocsBase):
    """A plain page made from the OpenAPI document: no script, nothing from elsewhere."""

    def render_page(self, request: HttpRequest, api: NinjaAPI, **kwargs: Any) -> HttpResponse:
        schema = api.get_openapi_schema()
        operations = [
            {"method": method.upper(), "path": path, **operation}
            for path, methods in schema["paths"].items() for method, operation in methods.items()
        ]
        return TemplateResponse(request, "config/api.html", {"schema": schema, "operations": operations})


def _title(model: type[pydantic.BaseModel] | None, place: tuple[Any, ...]) -> str:
    """The `title` of the field at this place of a model, or ""."""
    title = ""
    for part in place:
        field = getattr(model, "model_fields", {}).get(part) if isinstance(part, str) else None
        if field is None:
            continue
        title = field.title or title
        model = next((kind for kind in _parts(field.annotation) if hasattr(kind, "model_fields")), None)
    return title


def _parts(annotation: Any) -> list[Any]:
    inner = get_args(annotation)
    return [annotation] + [part for kind in inner for part in _parts(kind)]


_SAYINGS: Final[dict[str, str]] = {
    "missing": "必须填写。",
    "string_too_short": "至少要 {min_length} 个字。",
    "string_too_long": "最多 {max_length} 个字。",
    "string_type": "应为文字。",
    "string_pattern_mismatch": "格式不对。",
    "too_short": "至少要 {min_length} 项。",
    "too_long": "最多 {max_length} 项。",
    "int_parsing": "应为整数。", "int_type": "应为整数。", "int_from_float": "应为整数。", "int_parsing_size": "数值太大。",
    "float_parsing": "应为数字。", "float_type": "应为数字。", "finite_number": "应为有限的数字。",
    "decimal_parsing": "应为数字。", "decimal_type": "应为数字。", "decimal_max_places": "最多 {decimal_places} 位小数。",
    "decimal_max_digits": "数值太大。", "decimal_whole_digits": "数值太大。",
    "bool_parsing": "应为 true 或 false。", "bool_type": "应为 true 或 false。",
    "greater_than": "应大于 {gt}。", "greater_than_equal": "不得小于 {ge}。",
    "less_than": "应小于 {lt}。", "less_than_equal": "不得大于 {le}。",
    "date_parsing": "应为日期，如 2026-11-23。", "date_from_datetime_parsing": "应为日期，如 2026-11-23。",
    "date_type": "应为日期，如 2026-11-23。", "date_from_datetime_inexact": "应为日期，不带时间。",
    "datetime_parsing": "应为时间，如 2026-11-23T09:00:00+08:00。", "datetime_type": "应为时间，如 2026-11-23T09:00:00+08:00。",
    "datetime_from_date_parsing": "应为时间，如 2026-11-23T09:00:00+08:00。",
    "timezone_aware": "时间应带时区，如 +08:00。", "time_parsing": "应为钟点，如 09:30。",
    "literal_error": "只能是 {expected} 之一。", "enum": "只能是 {expected} 之一。",
    "list_type": "应为列表。", "dict_type": "应为对象。", "model_type": "应为对象。", "model_attributes_type": "应为对象。",
    "extra_forbidden": "没有这个字段，请删去。", "json_invalid": "不是有效的 JSON。", "none_required": "应为空。",
    "string_unicode": "含有不可用的字符。", "uuid_parsing": "编号格式不对。", "url_parsing": "网址格式不对。",
}
"""What is wrong, by pydantic's error type."""


def _say(kind: str, context: dict[str, Any], message: str) -> str:
    if kind in _SAYINGS:
        try:
            return _SAYINGS[kind].format_map({name: str(value).replace(" or ", "、").replace(", ", "、").replace("'", "") for name, value in context.items()})
        except KeyError:
            return "不符合要求。"
    if kind in ("value_error", "assertion_error"):
        said = str(context.get("error", message)).removeprefix("Value error, ").removeprefix("Assertion failed, ")
        return said if any("\u4e00" <= letter <= "\u9fff" for letter in said) else "不符合要求。"
    return "不符合要求。"


_csrf: Final = CsrfViewMiddleware(lambda request: HttpResponse())
"""Among the middlewares it has read the cookie; there it let the interface's views pass, since tokens need no proof."""


def signed_in(request: HttpRequest) -> Actor | None:
    """Who asks, as the actor's middleware found out by token or session. A session needs the CSRF token to write."""
    actor: Actor | None = getattr(request, "actor", None)
    if actor is not None and actor.channel == "web" and request.method not in SAFE and _csrf.process_view(request, signed_in, (), {}) is not None:
        raise Forbidden("页面已过期，或登录状态已改变，没有保存。请刷新页面后再提交一次。")
    return actor


def _make() -> Api:
    made = Api(
        title="首问 API",
        version=__version__,
        description=(
            "一切页面能做的事，接口也能做，规则相同。令牌放在请求头 `Authorization: Bearer …`。\n\n"
            "出错时返回 `{\"error\": {\"code\", \"message\", \"fields\"}}`，`message` 为中文。\n\n"
            "写操作可带请求头 `Idempotency-Key`（1–80 个字符）：同一个键只执行一次，重发得到同样的结果。"
        ),
        auth=signed_in,
        renderer=Json(),
        docs=Docs(),
        docs_url="/docs" if settings.SHOUWEN["API_DOCS"] else None,
        openapi_url="/openapi.json" if settings.SHOUWEN["API_DOCS"] else None,
        urls_namespace="api",
    )
    for area, tag in AREAS.items():
        name = f"shouwen.{area}.api"
        if find_spec(name):
            made.add_router(f"/{area}", import_module(name).router, tags=[tag])
    made.add_router("/replay", import_module("shouwen.procedures.replay").router, tags=[AREAS["procedures"]])
    return made


api = _make()


@api.exception_handler(ValidationError)
def invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    fields = {str(fault["name"]): str(fault["message"]) for fault in error.errors}
    return say(request, Refusal(422, "invalid", "请更正后再提交", "填写有误：" + "".join(fields.values()), fields))


@api.exception_handler(AuthenticationError)
def unauthenticated(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    response = say(request, Refusal(401, "unauthenticated", "请先登录", "请先登录，或在请求头中带上有效的接口令牌。"))
    response.headers["WWW-Authenticate"] = 'Bearer realm="shouwen"'
    return response


@api.exception_handler(AuthorizationError)
def unauthorized(request: HttpRequest, error: AuthorizationError) -> HttpResponse:
    return answer(request, Forbidden("您没有执行此操作的权限。"))


@api.exception_handler(HttpError)
def refused_by_framework(request: HttpRequest, error: HttpError) -> HttpResponse:
    """The framework's own refusals: a body that is not JSON, and the like."""
    if error.status_code == 404:
        return answer(request, NotFound())
    return say(request, Refusal(error.status_code, "bad_request", "请求有误", "请求内容不是有效的 JSON，或格式不对。请检查后重试。"))


@api.exception_handler(Exception)
@api.exception_handler(Http404)
@api.exception_handler(Refused)
def failed(request: HttpRequest, error: Exception) -> HttpResponse:
    return answer(request, error)
