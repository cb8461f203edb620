"""Logging in and out, locks, one-time codes, sessions: what an attacker would try first."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from unittest import mock

import pyotp
import pytest
import time_machine
from django.conf import settings
from django.http import HttpResponse
from django.test import Client

from shouwen.kernel import journal, kept
from shouwen.kernel.access import SYSTEM
from shouwen.kernel.models import Entry
from shouwen.kernel.refusals import Forbidden, NotFound, Refused
from shouwen.org import actions
from shouwen.org.actions import accounts
from shouwen.org.middleware import COOKIE, actor
from shouwen.org.models import Session, User
from shouwen.org.tests.world import PASSWORD, World

pytestmark = pytest.mark.both


@pytest.fixture
def clock() -> Iterator[time_machine.Coordinates]:
    with time_machine.travel(datetime.fromisoformat("2026-11-23T10:00:00+08:00"), tick=False) as coordinates:
        yield coordinates


def enter(client: Client, username: str, password: str = PASSWORD, code: str = "", **more: str):
    return client.post("/org/login", {"username": username, "password": password, "code": code, **more})


def sign_in(world: World, username: str) -> Client:
    client = Client()
    client.cookies[COOKIE] = actions.log_in(world.people[username], agent="测试", address="127.0.0.1", at=journal.now())
    return client


def inside(client: Client) -> bool:
    return client.get("/org/account").status_code == 200


def test_the_right_password_opens_and_the_cookie_is_protected(world: World, client: Client) -> None:
    answer = enter(client, " LI ", next="/org/staff?q=1")
    assert (answer.status_code, answer["Location"]) == (302, "/org/staff?q=1")
    cookie = answer.cookies[COOKIE]
    assert cookie["httponly"] and cookie["samesite"] == "Lax" and cookie["path"] == "/" and not cookie["secure"]
    assert cookie.value not in str(list(Session.objects.values()))  # only the digest is stored
    assert inside(client)
    assert Entry.objects.filter(code="session.started", actor_name="李静").exists()


def test_the_cookie_is_secure_over_https(world: World, client: Client, settings) -> None:
    settings.HTTPS = True
    assert enter(client, "li").cookies[COOKIE]["secure"]


@pytest.mark.parametrize(
    "evil", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "\\\\evil", "/a\nb", "evil"]
)
def test_the_way_on_stays_in_the_house(world: World, client: Client, evil: str) -> None:
    assert enter(client, "li", next=evil)["Location"] == "/"


def test_wrong_name_wrong_password_stopped_account_sound_the_same(world: World, client: Client) -> None:
    actions.stop_user(SYSTEM, None, user=world.people["he"], reason="离职")
    said = []
    for username, password in (("li", "wrong-password-1"), ("nobody", PASSWORD), ("he", PASSWORD), ("li\u0000", PASSWORD)):
        answer = enter(client, username, password)
        assert answer.status_code == 422 and COOKIE not in answer.cookies
        said.append(answer.content.decode())
    assert all("用户名、密码或动态口令不正确" in text for text in said[:3])


def test_unknown_names_cost_the_same_work(world: World, client: Client) -> None:
    """The password is hashed once whether the name exists or not, so time tells nothing."""
    hasher = "django.contrib.auth.hashers.MD5PasswordHasher.encode"
    counts = []
    for username in ("li", "nobody"):
        with mock.patch(hasher, return_value="md5$x$y") as encode:
            enter(client, username, "wrong-password-1")
            counts.append(encode.call_count)
    assert counts[0] == counts[1] > 0


@pytest.mark.parametrize("bad", ["", "x" * 41, "\u202eli", "li'; DROP TABLE org_user;--", "李静", "<script>"])
def test_strange_input_is_refused_politely(world: World, client: Client, bad: str) -> None:
    answer = client.post("/org/login", {"username": bad, "password": "y" * 5000})
    assert answer.status_code in (400, 422)
    assert b"<script>alert" not in answer.content and "Traceback" not in answer.content.decode()


def test_five_wrong_tries_lock_and_the_time_left_is_told(world: World, client: Client, clock) -> None:
    for n in range(settings.AXES_FAILURE_LIMIT):
        answer = enter(client, "LI" if n % 2 else "li", "wrong-password-1")  # another spelling is no way round
    assert answer.status_code == 429 and "15 分钟后再试" in answer.content.decode()
    clock.shift(timedelta(minutes=5))
    answer = enter(client, "li")
    assert answer.status_code == 429 and "10 分钟后再试" in answer.content.decode() and COOKIE not in answer.cookies
    assert Entry.objects.filter(code="session.locked").count() == 1
    clock.shift(timedelta(minutes=11))
    assert enter(client, "li").status_code == 302


def test_unknown_names_are_locked_like_known_ones(world: World, client: Client) -> None:
    texts = {}
    for username in ("nobody", "li"):
        for _ in range(6):
            answer = enter(client, username, "wrong-password-1")
        texts[username] = (answer.status_code, "已暂时锁定" in answer.content.decode())
    assert texts["nobody"] == texts["li"] == (429, True)


def test_a_lock_concerns_one_user_from_one_address_and_can_be_lifted(world: World, client: Client) -> None:
    for _ in range(6):
        enter(client, "li", "wrong-password-1")
    assert enter(client, "he").status_code == 302
    elsewhere = Client(REMOTE_ADDR="10.0.0.9", HTTP_X_FORWARDED_FOR="1.2.3.4")
    assert enter(elsewhere, "li").status_code == 302
    spoofing = Client(HTTP_X_FORWARDED_FOR="9.9.9.9")
    assert enter(spoofing, "li").status_code == 429
    actions.unlock(world.actor("kang"), None, user=world.people["li"])
    assert enter(Client(), "li").status_code == 302


def test_the_login_form_needs_the_csrf_token(world: World) -> None:
    assert enter(Client(enforce_csrf_checks=True), "li").status_code == 403


# --- sessions ------------------------------------------------------------------------------------------------------


def test_logging_out_kills_the_key_not_only_the_cookie(world: World) -> None:
    client = sign_in(world, "li")
    thief = Client()
    thief.cookies[COOKIE] = client.cookies[COOKIE].value
    assert inside(client) and inside(thief)
    assert client.get("/org/logout").status_code == 405
    assert client.post("/org/logout").status_code == 302
    assert not inside(thief) and not inside(client)


def test_ending_another_session_of_mine_and_nobody_elses(world: World) -> None:
    mine, other = sign_in(world, "li"), sign_in(world, "li")
    stranger = sign_in(world, "he")
    rows = list(Session.objects.filter(user=world.people["li"]).order_by("pk"))
    assert stranger.post(f"/org/account/sessions/{rows[1].pk}/end").status_code == 404 and inside(other)
    assert mine.post(f"/org/account/sessions/{rows[1].pk}/end").status_code == 302
    assert not inside(other) and inside(mine)
    third = sign_in(world, "li")
    mine.post("/org/account/sessions/others/end")
    assert not inside(third) and inside(mine) and inside(stranger)


def test_idle_and_absolute_limits(world: World, clock) -> None:
    idle = timedelta(minutes=settings.SHOUWEN["SESSION_IDLE_MINUTES"])
    client = sign_in(world, "li")
    clock.shift(idle - timedelta(minutes=1))
    assert inside(client)
    clock.shift(timedelta(minutes=2))
    assert inside(client)  # was seen a moment ago
    clock.shift(idle + timedelta(minutes=2))
    assert not inside(client)
    fresh = sign_in(world, "li")
    for _ in range(settings.SHOUWEN["SESSION_MAX_HOURS"]):
        assert inside(fresh)
        clock.shift(timedelta(hours=1))
    clock.shift(timedelta(minutes=1))
    assert not inside(fresh)


def test_a_stopped_account_is_out_at_once(world: World) -> None:
    client = sign_in(world, "li")
    assert inside(client)
    actions.stop_user(SYSTEM, None, user=world.people["li"], reason="离职")
    assert not inside(client)


@pytest.mark.django_db(transaction=True)
def test_a_change_elsewhere_is_noticed_within_five_seconds(world: World) -> None:
    """Another process ends the session: this one hears of it only by time."""
    client = sign_in(world, "li")
    assert inside(client)
    with journal.bookkeeping("as another process would"):
        Session.objects.update(ended_at=journal.now())
    assert inside(client)
    with mock.patch.object(kept, "monotonic", side_effect=lambda real=kept.monotonic: real() + 5):
        assert not inside(client)


@pytest.mark.django_db(transaction=True)
def test_a_busy_desk_costs_no_query_for_who_asks(world: World, django_assert_num_queries) -> None:
    client = sign_in(world, "li")
    request = client.get("/org/account").wsgi_request
    with django_assert_num_queries(0):
        actor(lambda r: HttpResponse(r.actor.name + r.community.name))(request)


def test_anonymous_pages_parts_and_programs(world: World, client: Client) -> None:
    page = client.get("/org/staff", {"q": "李"})
    assert page.status_code == 302 and page["Location"] == "/org/login?next=/org/staff%3Fq%3D%25E6%259D%258E"
    part = client.get("/org/staff", headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/org/staff?q=1"})
    assert part.status_code == 401 and part["HX-Redirect"] == "/org/login?next=/org/staff%3Fq%3D1"
    sent = client.post("/org/leave", headers={"HX-Request": "true"})
    assert sent.status_code == 401 and "HX-Redirect" not in sent  # what was typed stays on the screen
    program = client.get("/api/v1/org/me")
    assert program.status_code == 401 and set(program.json()["error"]) == {"code", "message", "fields"}
    assert client.get("/healthz").status_code == 200
    client.cookies[COOKIE] = "made-up"
    assert client.get("/org/staff").cookies[COOKIE]["max-age"] == 0


# --- passwords and one-time codes ----------------------------------------------------------------------------------


def test_changing_the_password_ends_every_other_session_and_token(world: World) -> None:
    client, other = sign_in(world, "chen"), sign_in(world, "chen")
    actor = world.actor("chen")
    _, key = actions.create_token(
        actor, world.places["liyuan"], user=world.people["chen"], name="报表", scope=["org.view"], days=9, at=journal.now()
    )
    assert client.get("/api/v1/org/me", headers={"Authorization": f"Bearer {key}"}).status_code == 200
    for bad in (
        {"old": "wrong", "new": "neu-Drachen-99-x", "again": "neu-Drachen-99-x"}, {"old": PASSWORD, "new": "short1", "again": "short1"},
        {"old": PASSWORD, "new": "password12345", "again": "password1234"}, {"old": PASSWORD, "new": PASSWORD, "again": PASSWORD},
        {"old": PASSWORD, "new": "q1w2e3r4t5y6", "again": "q1w2e3r4t5y6"},
    ):  # fmt: skip
        assert client.post("/org/account/password", bad).status_code == 422
    assert inside(other)
    good = {"old": PASSWORD, "new": "neu-Drachen-99-x", "again": "neu-Drachen-99-x"}
    assert client.post("/org/account/password", good).status_code == 302
    assert inside(client) and not inside(other)
    assert Client().get("/api/v1/org/me", headers={"Authorization": f"Bearer {key}"}).status_code == 401


def test_a_password_given_by_an_administrator_must_be_changed_first(world: World) -> None:
    actions.reset_password(world.actor("kang"), None, user=world.people["li"], password="erst-Mal-4711-ab")
    client = Client()
    assert enter(client, "li", "erst-Mal-4711-ab")["Location"] == "/org/account/password"
    assert client.get("/org/staff")["Location"] == "/org/account/password"
    assert client.get("/api/v1/org/me").status_code == 403
    client.post("/org/account/password", {"old": "erst-Mal-4711-ab", "new": "neu-Drachen-99-x", "again": "neu-Drachen-99-x"})
    assert client.get("/org/staff").status_code == 200


def test_a_local_manager_cannot_take_over_a_head_office_account(world: World) -> None:
    chen = world.actor("chen")
    with pytest.raises(Forbidden):
        actions.reset_password(chen, world.places["liyuan"], user=world.people["kang"], password="mine-now-12345-x")
    with pytest.raises(Forbidden):
        actions.reset_password(chen, world.places["liyuan"], user=world.people["mei"], password="mine-now-12345-x")
    actions.reset_password(chen, world.places["liyuan"], user=world.people["li"], password="grün-Drachen-99-x")


def turn_on(world: World, username: str, at: datetime) -> pyotp.TOTP:
    totp = pyotp.TOTP(pyotp.random_base32())
    user = User.objects.get(username=username)
    actions.enable_totp(world.actor(username), user, secret=totp.secret, code=totp.at(at), at=at)
    return totp


def test_a_one_time_code_is_needed_and_used_once(world: World, clock) -> None:
    totp = turn_on(world, "li", journal.now())
    assert enter(Client(), "li").status_code == 422
    assert enter(Client(), "li", code="000000").status_code == 422
    assert enter(Client(), "li", code=totp.at(journal.now())).status_code == 422  # used when it was turned on
    clock.shift(timedelta(seconds=30))
    code = totp.at(journal.now())
    assert enter(Client(), "li", code=f" {code[:3]} {code[3:]} ").status_code == 302
    assert enter(Client(), "li", code=code).status_code == 422  # somebody looked over the shoulder
    clock.shift(timedelta(minutes=5))
    assert enter(Client(), "li", code=code).status_code == 422


def test_guessing_codes_locks_like_guessing_passwords(world: World, clock) -> None:
    turn_on(world, "li", journal.now())
    answers = [enter(Client(), "li", code=f"{n:06}").status_code for n in range(6)]
    assert answers[-1] == 429


def test_turning_codes_on_and_off_in_the_browser(world: World, clock) -> None:
    client = sign_in(world, "li")
    page = client.get("/org/account/totp").content.decode()
    secret = page.split("<code>")[1].split("</code>")[0]
    signed = page.split('name="secret" value="')[1].split('"')[0]
    assert "data:image/png" in page
    assert client.post("/org/account/totp", {"secret": signed, "code": "123"}).status_code == 422
    assert client.post("/org/account/totp", {"secret": signed, "code": pyotp.TOTP(secret).at(journal.now())}).status_code == 302
    assert secret.encode() not in bytes(User.objects.get(username="li").totp_sealed)
    assert client.post("/org/account/totp", {"password": "wrong"}).status_code == 422
    assert client.post("/org/account/totp", {"password": PASSWORD}).status_code == 302
    assert not User.objects.get(username="li").totp_sealed


def test_a_lost_phone_is_helped_by_an_administrator_with_a_reason(world: World) -> None:
    turn_on(world, "li", journal.now())
    client = sign_in(world, "li")
    with pytest.raises(Refused, match="原因"):
        actions.clear_totp(world.actor("kang"), None, user=world.people["li"], reason=" ")
    with pytest.raises(Forbidden):
        actions.clear_totp(world.actor("he"), world.places["liyuan"], user=world.people["li"], reason="手机丢失")
    actions.clear_totp(world.actor("kang"), None, user=User.objects.get(username="li"), reason="手机丢失")
    assert not inside(client) and enter(Client(), "li").status_code == 302


def test_nobody_acts_on_an_account_as_if_it_were_their_own(world: World) -> None:
    he, li = world.actor("he"), world.people["li"]
    with pytest.raises(NotFound):
        actions.change_password(he, li, old=PASSWORD, new="neu-Drachen-99-x", at=journal.now())
    with pytest.raises(NotFound):
        accounts.disable_totp(he, li, password=PASSWORD, at=journal.now())
