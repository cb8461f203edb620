"""Pages turned by key, parts of pages, and the one sentence said after an action."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from axes.models import AccessLog
from django.db.models import F, QuerySet
from django.http import HttpResponse, HttpResponseRedirect
from django.template import engines
from django.test import RequestFactory

from shouwen.kernel import screens
from shouwen.kernel.refusals import Refused
from shouwen.kernel.screens import flash, page_of, render

DAY = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)


@pytest.fixture
def _rows(db: None) -> None:
    """23 rows of a table that is not ours: equal names, and every third without an end."""
    AccessLog.objects.bulk_create(
        AccessLog(username=f"n{number % 4}", logout_time=None if number % 3 == 0 else DAY + timedelta(microseconds=number // 2))
        for number in range(23)
    )


ORDERINGS = [
    ["pk"], ["-pk"], ["username"], ["-username", "pk"], ["logout_time"], ["-logout_time"], ["username", "-logout_time"],
    ["-logout_time", "username", "-pk"], [F("logout_time").desc(nulls_last=True)], [F("logout_time").asc(nulls_first=True), "-username"],
]


def walk(rows: QuerySet[AccessLog], size: int) -> list[list[int]]:
    pages, after = [], None
    for _ in range(40):
        page = page_of(rows, after, size)
        pages.append([row.pk for row in page])
        after = page.next
        if after is None:
            return pages
    raise AssertionError("the pages never end")


def every(rows: QuerySet[AccessLog]) -> list[AccessLog]:
    found = AccessLog.objects.in_bulk()
    return [found[pk] for page in walk(rows, 4) for pk in page]


@pytest.mark.both
@pytest.mark.usefixtures("_rows")
@pytest.mark.parametrize("ordering", ORDERINGS, ids=str)
@pytest.mark.parametrize("size", [1, 5, 23, 50])
def test_every_row_comes_once_in_order(ordering: list[object], size: int) -> None:
    rows = AccessLog.objects.order_by(*ordering)
    pages = walk(rows, size)
    whole = [row.pk for row in page_of(rows, None, 100)]
    assert [pk for page in pages for pk in page] == whole
    assert sorted(whole) == sorted(AccessLog.objects.values_list("pk", flat=True))


@pytest.mark.both
@pytest.mark.usefixtures("_rows")
@pytest.mark.parametrize(("ordering", "empty_first"), [
    ("logout_time", False), ("-logout_time", True), (F("logout_time").desc(nulls_last=True), False),
])
def test_the_empty_stand_where_the_ordering_puts_them_on_either_database(ordering: object, empty_first: bool) -> None:
    ends = [row.logout_time for row in every(AccessLog.objects.order_by(ordering))]
    filled = [end for end in ends if end]
    assert ends == ([None] * 8 + filled if empty_first else filled + [None] * 8)
    assert filled == sorted(filled, reverse=ordering != "logout_time")


@pytest.mark.both
@pytest.mark.usefixtures("_rows")
@pytest.mark.parametrize("ordering", ORDERINGS, ids=str)
def test_the_way_back_is_the_way_here(ordering: list[object]) -> None:
    rows = AccessLog.objects.order_by(*ordering)
    first = page_of(rows, None, 5)
    second = page_of(rows, first.next, 5)
    third = page_of(rows, second.next, 5)
    assert page_of(rows, third.previous, 5).rows == second.rows
    assert page_of(rows, page_of(rows, third.previous, 5).previous, 5).rows == first.rows
    assert first.previous is None


@pytest.mark.usefixtures("_rows")
def test_rows_that_arrive_meanwhile_move_nothing() -> None:
    rows = AccessLog.objects.order_by("-pk")
    first = page_of(rows, None, 5)
    AccessLog.objects.create(username="late")
    seen = {row.pk for row in first} & {row.pk for row in page_of(rows, first.next, 5)}
    assert not seen


@pytest.mark.usefixtures("_rows")
def test_rows_deleted_meanwhile_leave_a_way_back() -> None:
    rows = AccessLog.objects.order_by("pk")
    first = page_of(rows, None, 20)
    AccessLog.objects.filter(pk__gt=first.rows[-1].pk).delete()
    beyond = page_of(rows, first.next, 20)
    assert len(beyond) == 0
    assert page_of(rows, beyond.previous, 20).rows == first.rows


@pytest.mark.usefixtures("_rows")
def test_a_key_altered_or_of_another_ordering_is_refused() -> None:
    token = page_of(AccessLog.objects.order_by("pk"), None, 5).next
    assert token
    with pytest.raises(Refused, match="第一页"):
        page_of(AccessLog.objects.order_by("pk"), token[:-2] + "xx", 5)
    with pytest.raises(Refused, match="第一页"):
        page_of(AccessLog.objects.order_by("pk"), "不是", 5)
    with pytest.raises(Refused, match="排序"):
        page_of(AccessLog.objects.order_by("-pk"), token, 5)


@pytest.mark.usefixtures("_rows")
def test_no_value_of_a_row_stands_in_the_address() -> None:
    token = page_of(AccessLog.objects.order_by("username"), None, 5).next
    assert token
    assert b"n0" not in urlsafe_b64decode(token + "==")


@pytest.mark.usefixtures("_rows")
def test_a_page_costs_one_query(django_assert_num_queries: object) -> None:
    token = page_of(AccessLog.objects.order_by("username"), None, 5).next
    with django_assert_num_queries(1):  # type: ignore[operator]
        page_of(AccessLog.objects.order_by("username"), token, 5)


# --- parts and flashes ---------------------------------------------------------------------------------------------

PAGE = "{% extends base %}{% block content %}头{% block rows %}[{{ name }}]{% block one %}一{% endblock %}{% endblock %}尾{% endblock %}"
HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def show(monkeypatch: pytest.MonkeyPatch) -> Callable[..., HttpResponse]:
    """Renders a small page that extends another."""
    base = engines["django"].from_string("<main>{% block content %}{% endblock %}|{{ flash.text }}</main>")
    page = engines["django"].from_string(PAGE)
    monkeypatch.setattr(screens.loader, "get_template", lambda name: page)

    def run(part: str | None = None, cookie: str = "", **headers: str) -> HttpResponse:
        request = RequestFactory().get("/", **headers)
        if cookie:
            request.COOKIES["flash"] = cookie
        return render(request, "page.html", {"base": base.template, "name": "甲"}, part=part)

    return run


def test_htmx_gets_the_part_that_the_server_chose(show: Callable[..., HttpResponse]) -> None:
    assert show("rows", **HTMX).content.decode() == "[甲]一"
    assert show("one", **HTMX).content.decode() == "一"
    assert show("rows").content.decode() == "<main>头[甲]一尾|</main>"
    assert show(None, **HTMX).content.decode().startswith("<main>")


@pytest.mark.parametrize("header", ["HTTP_HX_BOOSTED", "HTTP_HX_HISTORY_RESTORE_REQUEST"])
def test_a_page_boosted_or_restored_is_whole(show: Callable[..., HttpResponse], header: str) -> None:
    assert show("rows", **HTMX, **{header: "true"}).content.decode().startswith("<main>")


def test_page_and_part_are_kept_apart_by_caches(show: Callable[..., HttpResponse]) -> None:
    assert "HX-Request" in show("rows")["Vary"]


def test_a_part_that_the_page_lacks_is_a_loud_mistake(show: Callable[..., HttpResponse]) -> None:
    with pytest.raises(LookupError, match="nowhere"):
        show("nowhere", **HTMX)


def test_what_was_done_is_said_once_on_the_page_it_leads_to(show: Callable[..., HttpResponse]) -> None:
    cookie = flash(HttpResponseRedirect("/"), "已受理：TS-001").cookies["flash"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    answer = show(cookie=cookie.value)
    assert "已受理：TS-001" in answer.content.decode()
    assert answer.cookies["flash"]["max-age"] == 0


def test_after_a_redirect_inside_htmx_it_is_said_by_event(show: Callable[..., HttpResponse]) -> None:
    cookie = flash(HttpResponseRedirect("/"), "已派单").cookies["flash"].value
    answer = show("rows", cookie=cookie, **HTMX)
    assert json.loads(answer["HX-Trigger"])["flash"] == {"text": "已派单", "kind": "success"}


def test_an_answer_in_place_says_it_at_once() -> None:
    answer = flash(HttpResponse("ok"), "已催办", "info")
    assert "flash" not in answer.cookies
    assert answer["HX-Trigger"].isascii()
    assert json.loads(answer["HX-Trigger"])["flash"]["text"] == "已催办"


def test_a_forged_or_old_flash_says_nothing(show: Callable[..., HttpResponse]) -> None:
    cookie = flash(HttpResponseRedirect("/"), "真的").cookies["flash"].value
    assert "真的" not in show(cookie=cookie[:-3] + "abc").content.decode()
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=2), tick=False):
        assert "真的" not in show(cookie=cookie).content.decode()


def test_a_flash_of_unknown_kind_is_a_loud_mistake() -> None:
    with pytest.raises(ValueError, match="pink"):
        flash(HttpResponse(), "好", "pink")
