"""How the house says no, and the headers on every answer."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import DataError, OperationalError
from django.http import Http404, HttpResponse
from django.test import Client
from django.urls import path

from shouwen.kernel.access import EVERYWHERE, Actor
from shouwen.kernel.refusals import Conflict, Forbidden, NotFound, Refused, TooMany
from shouwen.kernel.web import here, sees

RAISED: dict[str, Exception] = {
    "refused": Refused("房号不存在，请核对。", {"unit": "房号不存在"}),
    "conflict": Conflict("已被别人处理。"),
    "forbidden": Forbidden("没有权限。"),
    "missing": NotFound(),
    "toomany": TooMany("请稍后再试。"),
    "http404": Http404(),
    "denied": PermissionDenied(),
    "big": RequestDataTooBig(),
    "odd": SuspiciousOperation(),
    "data": DataError("integer out of range"),
    "surrogate": UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed"),
    "nul": ValueError("A string literal cannot contain NUL (0x00) characters."),
    "down": OperationalError("server closed the connection"),
    "crash": ZeroDivisionError("secret detail"),
}
STATUS = {
    "refused": 422, "conflict": 409, "forbidden": 403, "missing": 404, "toomany": 429, "http404": 404, "denied": 403, "big": 413,
    "odd": 400, "data": 422, "surrogate": 422, "nul": 400, "down": 503, "crash": 500,
}


def fail(request, name):
    raise RAISED[name]


def fine(request):
    return HttpResponse("好")


urlpatterns = [path("fail/<name>", fail), path("api/fail/<name>", fail), path("fine", fine)]
handler400 = handler403 = handler404 = "shouwen.kernel.web.failed"
handler500 = "shouwen.kernel.web.crashed"


def actor_fails(get_response):
    """An actor's middleware that refuses, as for a token used too often."""
    def middleware(request):
        if request.headers.get("X-Token") == "worn":
            raise TooMany("令牌用得太频繁，请稍后再试。")
        if request.headers.get("X-Token") == "broken":
            raise ZeroDivisionError
        request.actor = Actor(id=1, name="李静") if request.headers.get("X-Token") else None
        return get_response(request)
    return middleware


@pytest.fixture(autouse=True)
def _site(settings):
    settings.ROOT_URLCONF = __name__
    settings.MIDDLEWARE = ["shouwen.kernel.web.headers", "shouwen.kernel.web.refusals", f"{__name__}.actor_fails"]
    settings.TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "OPTIONS": {}}]


@pytest.fixture
def browser():
    return Client(raise_request_exception=False)


@pytest.mark.parametrize("name", RAISED)
def test_every_failure_has_its_status_and_a_chinese_page(browser, name):
    answer = browser.get(f"/fail/{name}")
    text = answer.content.decode()
    assert answer.status_code == STATUS[name]
    assert "<html lang=\"zh-CN\">" in text and any("\u4e00" <= letter <= "\u9fff" for letter in text)
    for leak in ("Traceback", "secret", "ZeroDivision", "integer out of range", "closed the connection", "NUL"):
        assert leak not in text


@pytest.mark.parametrize("name", RAISED)
def test_programs_get_one_shape(browser, name):
    answer = browser.get(f"/api/fail/{name}")
    error = answer.json()["error"]
    assert answer.status_code == STATUS[name]
    assert error["code"].isidentifier() and error["message"] and isinstance(error["fields"], dict)


def test_fields_are_named(browser):
    assert browser.get("/api/fail/refused").json()["error"]["fields"] == {"unit": "房号不存在"}


def test_htmx_gets_a_fragment_and_a_boosted_link_a_page(browser):
    fragment = browser.get("/fail/refused", headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in fragment and "房号不存在，请核对。" in fragment
    assert "<html" in browser.get("/fail/refused", headers={"HX-Request": "true", "HX-Boosted": "true"}).content.decode()


def test_an_unexpected_error_is_logged_under_the_number_shown(browser, caplog):
    number = browser.get("/api/fail/crash").json()["error"]["log_id"]
    assert any(number in record.getMessage() and record.exc_info for record in caplog.records)


def test_what_a_middleware_refuses_is_answered_alike(browser):
    worn = browser.get("/fine", headers={"X-Token": "worn"})
    assert worn.status_code == 429 and "令牌用得太频繁" in worn.content.decode()
    assert browser.get("/fine", headers={"X-Token": "broken"}).status_code == 500


@pytest.mark.parametrize("address", ["/fine?q=%00", "/fi%00ne"])
def test_nul_in_the_address_is_refused(browser, address):
    answer = browser.get(address)
    assert answer.status_code == 400 and "不可用的字符" in answer.content.decode()


def test_a_foreign_host_name_is_refused(browser):
    assert browser.get("/fine", headers={"Host": "evil.example"}).status_code == 400
    assert browser.get("/fine").status_code == 200


def test_headers_on_every_answer(browser):
    for answer in (browser.get("/fine"), browser.get("/nowhere"), browser.get("/fail/crash")):
        policy = answer["Content-Security-Policy"]
        for part in ("default-src 'self'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"):
            assert part in policy
        assert "unsafe" not in policy
        assert answer["X-Content-Type-Options"] == "nosniff" and answer["Referrer-Policy"] == "same-origin"
    assert "Cache-Control" not in browser.get("/fine")
    assert browser.get("/fine", headers={"X-Token": "good"})["Cache-Control"] == "no-store"


def test_the_chosen_community_counts_only_where_one_may_look(rf):
    request = rf.get("/")
    request.actor = Actor(id=1, name="李静", grants={"tickets.view": frozenset({1, 2})}, community=1)
    assert here(request) == 1
    request.COOKIES["community"] = "2"
    assert here(request) == 2
    for foreign in ("3", "x", "²", "99999999999999999999"):
        request.COOKIES["community"] = foreign
        assert here(request) == 1
    assert sees(Actor(id=1, name="郭志远", grants={"tickets.view": frozenset({EVERYWHERE})}), 3)
