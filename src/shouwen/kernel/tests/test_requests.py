"""A request with a key counts once, however often and from however many sides it comes."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse, StreamingHttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import path

from shouwen.kernel.access import SYSTEM, Actor
from shouwen.kernel.batch import later
from shouwen.kernel.journal import Done, action, now, separately
from shouwen.kernel.models import Entry, RequestKey, Setting
from shouwen.kernel.refusals import Conflict, Refused
from shouwen.kernel.requests import forget_keys, keyed_for_anyone, unkeyed

RUNS: list[str] = []


@action("test.noted", may="settings.edit", says="记下 {name}")
def note(actor, place, /, *, name, refuse=False):
    row = Setting.objects.create(name=name, value="1")
    if refuse:
        raise Refused("不行", {"name": "不行"})
    return Done(row, {"name": name})


def noted(request):
    RUNS.append(request.method)
    note(request.actor, None, name=f"n{len(RUNS)}", refuse="refuse" in request.POST)
    return HttpResponseRedirect(f"/notes/{len(RUNS)}")


def once_only(request):
    """The same row for everybody: the second comer is refused."""
    if Setting.objects.filter(name="only").exists():
        raise Conflict("已有人处理")
    note(request.actor, None, name="only")
    return HttpResponseRedirect("/done")


def shown_again(request):
    """A form that is shown again with its mistakes, and reads the database to do so."""
    try:
        note(request.actor, None, name="bad", refuse=True)
    except Refused as refused:
        return HttpResponse(f"{refused.message} {Setting.objects.count()} {Entry.objects.count()}")
    raise AssertionError


def several(request):
    said = []
    with separately():
        for name, refuse in (("a", False), ("b", True), ("c", False)):
            try:
                note(request.actor, None, name=name, refuse=refuse)
                said.append(name)
            except Refused:
                said.append("no")
    return HttpResponse(" ".join(said))


def api_note(request):
    RUNS.append("api")
    note(request.actor, None, name=f"n{len(RUNS)}")
    return JsonResponse({"run": len(RUNS)}, status=201)


@action("test.set", may="settings.edit", says="改为 {value}")
def put(actor, place, /, *, name, value, was):
    """A compare-and-set as tickets have it, queued until the end."""
    later("UPDATE kernel_setting SET value = %s WHERE name = %s AND value = %s", (value, name, was), must="已有变化")
    return Done(f"kernel.setting:{name}", {"value": value})


def api_put(request):
    """Two acts, the second on what the first has left; what is read between and after is what was written."""
    data = json.loads(request.body)
    put(request.actor, None, name="x", value="2", was=data["was"])
    read = list(Setting.objects.values_list("value", flat=True)) if data.get("read") else []
    put(request.actor, None, name="x", value="3", was="2")
    if data.get("crash"):
        raise ZeroDivisionError
    return JsonResponse({"read": read})


def api_lone(request):
    put(request.actor, None, name="x", value="2", was="0")
    return JsonResponse({})


@unkeyed
def failed_login(request):
    note(SYSTEM, None, name="attempt")
    return HttpResponse("no", status=403)


@keyed_for_anyone
def by_link(request):
    RUNS.append("link")
    note(SYSTEM, None, name=f"n{len(RUNS)}")
    return HttpResponse("ok")


def crash(request):
    note(request.actor, None, name="half")
    raise ZeroDivisionError


def stream(request):
    note(request.actor, None, name="stream")
    return StreamingHttpResponse(["x"])


urlpatterns = [
    path("note", noted), path("only", once_only), path("again", shown_again), path("several", several),
    path("api/note", api_note), path("api/put", api_put), path("api/lone", api_lone),
    path("login", failed_login), path("link", by_link), path("crash", crash),
    path("stream", stream),
]
handler400 = handler403 = handler404 = "shouwen.kernel.web.failed"
handler500 = "shouwen.kernel.web.crashed"


def as_somebody(get_response):
    """Stands for the actor's middleware: the header says who."""
    def middleware(request):
        who = request.headers.get("X-Who", "1")
        request.actor = None if who == "none" else Actor(id=int(who), name="李静", grants={"settings.edit": frozenset({0})})
        return get_response(request)
    return middleware


@pytest.fixture(autouse=True)
def _site(settings):
    RUNS.clear()
    settings.ROOT_URLCONF = __name__
    settings.MIDDLEWARE = [
        "shouwen.kernel.web.headers", "shouwen.kernel.web.refusals", f"{__name__}.as_somebody", "shouwen.kernel.requests.keyed",
    ]
    settings.TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "OPTIONS": {}}]


@pytest.fixture
def browser():
    return Client(raise_request_exception=False)


def test_a_double_click_counts_once(db, browser):
    form = {"idempotency_key": "k1", "text": "灯不亮", "csrfmiddlewaretoken": "a"}
    first = browser.post("/note", form)
    second = browser.post("/note", form | {"csrfmiddlewaretoken": "b"})
    assert (first.status_code, first["Location"]) == (302, "/notes/1")
    assert (second.status_code, second["Location"]) == (302, "/notes/1"), "the replay gets the first answer"
    assert second["Idempotent-Replay"] == "true" and "Idempotent-Replay" not in first
    assert Setting.objects.count() == Entry.objects.count() == RequestKey.objects.count() == 1


def test_without_a_key_every_request_counts(db, browser):
    browser.post("/note"), browser.post("/note")
    assert Setting.objects.count() == 2 and not RequestKey.objects.exists()


def test_another_body_under_the_same_key_is_a_conflict_in_chinese(db, browser):
    browser.post("/note", {"idempotency_key": "k1", "text": "甲"})
    other = browser.post("/note", {"idempotency_key": "k1", "text": "乙"})
    assert other.status_code == 409 and "请求键" in other.content.decode()
    assert Setting.objects.count() == 1


def test_another_address_or_file_under_the_same_key_is_a_conflict(db, browser):
    browser.post("/note", {"idempotency_key": "k1"})
    assert browser.post("/only", {"idempotency_key": "k1"}).status_code == 409
    photo = lambda content: {"idempotency_key": "k2", "photo": SimpleUploadedFile("p.jpg", content)}
    assert browser.post("/note", photo(b"one")).status_code == 302
    assert browser.post("/note", photo(b"one"))["Idempotent-Replay"] == "true", "another boundary, the same content"
    assert browser.post("/note", photo(b"two")).status_code == 409


def test_keys_of_two_people_do_not_meet(db, browser):
    browser.post("/note", {"idempotency_key": "k1"}, headers={"X-Who": "1"})
    assert browser.post("/note", {"idempotency_key": "k1"}, headers={"X-Who": "2"})["Location"] == "/notes/2"


def test_a_refusal_keeps_nothing_and_the_key_stays_free(db, browser):
    refused = browser.post("/note", {"idempotency_key": "k1", "refuse": "1"})
    assert refused.status_code == 422 and "不行" in refused.content.decode()
    assert not Setting.objects.exists() and not Entry.objects.exists() and not RequestKey.objects.exists()
    assert browser.post("/note", {"idempotency_key": "k1"}).status_code == 302


def test_a_page_may_show_the_form_again_but_keeps_nothing(db, browser):
    answer = browser.post("/again", {"idempotency_key": "k1"})
    assert answer.status_code == 200 and answer.content.decode().startswith("不行")
    assert not Setting.objects.exists() and not Entry.objects.exists() and not RequestKey.objects.exists()


def test_a_crash_keeps_nothing(db, browser, caplog):
    answer = browser.post("/crash", {"idempotency_key": "k1"})
    assert answer.status_code == 500 and "编号" in answer.content.decode() and "ZeroDivision" not in answer.content.decode()
    assert not Setting.objects.exists() and not RequestKey.objects.exists()


def test_of_several_acts_the_refused_one_alone_is_undone(db, browser):
    assert browser.post("/several", {"idempotency_key": "k1"}).content == b"a no c"
    assert sorted(Setting.objects.values_list("name", flat=True)) == ["a", "c"]
    assert browser.post("/several", {"idempotency_key": "k1"}).content == b"a no c"
    assert Setting.objects.count() == 2


def test_a_program_gets_the_same_json_again(db, browser):
    send = lambda body: browser.post("/api/note", body, "application/json", headers={"Idempotency-Key": "k1"})
    first, second = send('{"a": 1}'), send('{"a": 1}')
    assert first.status_code == second.status_code == 201 and first.json() == second.json() == {"run": 1}
    clash = send('{"a": 2}')
    assert clash.status_code == 409 and clash.json()["error"]["code"] == "conflict"


@pytest.mark.both
@pytest.mark.django_db(transaction=True)
def test_a_program_reads_what_it_has_just_written(browser):
    note(SYSTEM, None, name="x")
    send = lambda body: browser.post("/api/put", body, "application/json", headers={"Idempotency-Key": json.dumps(body)})
    assert send({"was": "1", "read": True}).json() == {"read": ["2"]}
    assert Setting.objects.get().value == "3" and Entry.objects.count() == 3 and RequestKey.objects.count() == 1


@pytest.mark.both
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("body", "status"), [({"was": "0"}, 409), ({"was": "1", "crash": True}, 500), ({"was": "0", "read": True}, 409)])
def test_what_a_program_fails_at_leaves_nothing(browser, body, status, caplog):
    """Also when the conflict shows only with the COMMIT that travels with the writes."""
    note(SYSTEM, None, name="x")
    answer = browser.post("/api/put", body, "application/json", headers={"Idempotency-Key": "k1"})
    assert answer.status_code == status and answer.json()["error"]["message"]
    assert Setting.objects.get().value == "1" and Entry.objects.count() == 1 and not RequestKey.objects.exists()


@pytest.mark.both
@pytest.mark.django_db(transaction=True)
def test_a_lone_compare_and_set_that_misses_is_not_committed(browser):
    """The last statement before key and COMMIT: nothing after it would fail by itself."""
    note(SYSTEM, None, name="x")
    answer = browser.post("/api/lone", "{}", "application/json", headers={"Idempotency-Key": "k1"})
    assert answer.status_code == 409 and answer.json()["error"]["message"] == "已有变化"
    assert Entry.objects.count() == 1 and not RequestKey.objects.exists()


def test_who_is_refused_after_somebody_faster_gets_the_stored_answer_of_the_same_key(db, browser):
    first = browser.post("/only", {"idempotency_key": "k1"})
    again = browser.post("/only", {"idempotency_key": "k1"})
    other = browser.post("/only", {"idempotency_key": "k2"})
    assert first["Location"] == again["Location"] == "/done" and again["Idempotent-Replay"] == "true"
    assert other.status_code == 409 and "已有人处理" in other.content.decode()


@pytest.mark.parametrize("key", ["x" * 81, "键", "a\tb"])
def test_an_odd_key_is_refused_in_chinese(db, browser, key):
    answer = browser.post("/note", {"idempotency_key": key})
    assert answer.status_code == 422 and "请求键" in answer.content.decode() and not Setting.objects.exists()


def test_a_login_keeps_its_failed_attempts(db, browser):
    assert browser.post("/login", {"idempotency_key": "k1"}).status_code == 403
    assert Setting.objects.count() == 1 and not RequestKey.objects.exists()


def test_a_stranger_has_no_keys_except_where_a_page_says_so(db, browser):
    browser.post("/link", {"idempotency_key": "k1"}, headers={"X-Who": "none"})
    browser.post("/link", {"idempotency_key": "k1"}, headers={"X-Who": "none"})
    assert RUNS.count("link") == 2 and Setting.objects.count() == 1


def test_a_stream_is_carried_out_and_not_kept(db, browser):
    assert b"".join(browser.post("/stream", {"idempotency_key": "k1"})) == b"x"
    assert Setting.objects.count() == 1 and not RequestKey.objects.exists()


def test_the_answer_is_kept_encrypted_and_forgotten_in_time(db, browser):
    browser.post("/several", {"idempotency_key": "k1"})
    assert b"a no c" not in bytes(RequestKey.objects.get().body)
    assert forget_keys(RequestKey.objects.get().at) == 0
    assert forget_keys(now()) == 1 and not RequestKey.objects.exists()


def test_a_keyed_request_costs_one_statement_more(db, browser):
    browser.post("/note")  # warm
    with CaptureQueriesContext(connection) as plain:
        browser.post("/note")
    with CaptureQueriesContext(connection) as with_key:
        browser.post("/note", {"idempotency_key": "k9"})
    mine = [q["sql"][:11] for q in with_key.captured_queries if "kernel_requestkey" in q["sql"]]
    seen = [] if connection.vendor == "postgresql" else ["INSERT INTO"]  # there it travels in a pipeline that Django does not see
    assert mine == seen and len(with_key) == len(plain) + len(seen) and RequestKey.objects.count() == 1


@pytest.mark.both
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("page", ["/note", "/only", "/api/note"])
def test_eight_at_once_count_once(browser, page):
    """Eight copies of one request meet at a barrier; the database must show one effect and everybody the same answer."""
    barrier = threading.Barrier(8)

    def send(_):
        barrier.wait(10)
        try:
            client = Client(raise_request_exception=False)
            if page.startswith("/api"):
                answer = client.post(page, "{}", "application/json", headers={"Idempotency-Key": "k1"})
            else:
                answer = client.post(page, {"idempotency_key": "k1"})
            return answer.status_code, answer.headers.get("Location", ""), answer.content
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(send, range(8)))
    assert len(set(answers)) == 1, answers
    assert answers[0][0] in (201, 302)
    assert Setting.objects.count() == Entry.objects.count() == RequestKey.objects.count() == 1


@pytest.mark.both
@pytest.mark.django_db(transaction=True)
def test_the_control_without_a_key_shows_that_the_race_is_real(browser):
    """The same barrier without keys: every copy has its effect. If this fails, the test above proves nothing."""
    barrier = threading.Barrier(8)

    def send(_):
        barrier.wait(10)
        try:
            return Client(raise_request_exception=False).post("/note").status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(send, range(8))) == {302}
    assert Setting.objects.count() == 8


def test_json_shape_of_a_refusal(db, browser):
    answer = browser.post("/again", {"x": 1}, headers={"Accept": "application/json"})
    assert answer.status_code == 200
    missing = browser.get("/nowhere", headers={"Accept": "application/json"})
    assert missing.status_code == 404
    assert json.loads(missing.content) == {
        "error": {"code": "not_found", "message": "没有找到，或您无权查看。请核对后重试。", "fields": {}}
    }
