"""Who is not meant gets nothing: guesses, foreign links, old links, other homes, floods of codes."""

from __future__ import annotations

import re
import secrets
from datetime import timedelta

import pytest
from django.test import Client

from shouwen.estate.models import Occupancy
from shouwen.kernel.access import SYSTEM
from shouwen.kernel.journal import bookkeeping
from shouwen.kernel.models import Entry, RequestKey
from shouwen.portal import limits, links, residents
from shouwen.portal.models import Message, PlaceCode, ResidentSession, SmsCode, TicketLink
from shouwen.procedures import actions, store
from shouwen.procedures.models import Attachment, Ticket

from .test_residents import LEAK, LI, PNG, WANG, leak, page, uuid4

LETTERS = "abcdefghijklmnopqrstuvwxyz234567"


@pytest.fixture
def hers(resident, door):
    """王秀英's browser, her link, her ticket."""
    client = resident(WANG)
    from django.core.files.uploadedfile import SimpleUploadedFile

    where, ticket = leak(client, door, photos=[SimpleUploadedFile("a.png", PNG, "image/png")])
    return client, where, ticket


def test_sixty_four_guesses_find_nothing_and_are_stopped(hers):
    _, where, ticket = hers
    stranger, answers = Client(REMOTE_ADDR="10.9.9.9"), []
    for _ in range(64):
        response = stranger.get("/r/t/" + "".join(secrets.choice(LETTERS) for _ in range(24)))
        assert "漏水" not in page(response) and ticket.number not in page(response)
        answers.append(response.status_code)
    assert set(answers) == {404, 429} and answers.count(404) == limits.LIMITS["guess-address"][0]
    assert stranger.get(where).status_code == 429  # not even the right one, for a while
    assert Client(REMOTE_ADDR="10.9.9.8").get(where).status_code == 200


def test_guesses_that_send_something_count_as_well(hers):
    stranger = Client(REMOTE_ADDR="10.9.9.7")
    form = lambda: {"act": "urge", "idempotency_key": str(uuid4())}  # noqa: E731
    answers = [stranger.post("/r/t/" + "".join(secrets.choice(LETTERS) for _ in range(24)), form()).status_code for _ in range(24)]
    assert answers == [404] * 20 + [429] * 4
    guesser = Client(REMOTE_ADDR="10.9.9.6")
    answers = [guesser.post(f"/r/p/{n:08d}/repair", form()).status_code for n in range(24)]
    assert answers == [404] * 20 + [429] * 4


@pytest.mark.parametrize("bent", [
    lambda t: t[:-1], lambda t: t + "a", lambda t: t.upper(), lambda t: t[:-1] + ("a" if t[-1] != "a" else "b"), lambda t: "x" * 24,
    lambda t: t + "/../x", lambda t: "%00", lambda t: "' OR 1=1 --", lambda t: "１" * 24,
])
def test_a_bent_link_is_not_found(bent, hers):
    token = hers[1].rpartition("/")[2]
    response = Client().get(f"/r/t/{bent(token)}")
    assert response.status_code in (400, 404) and "漏水" not in page(response)


def test_the_database_holds_no_token(hers):
    token = hers[1].rpartition("/")[2]
    link = TicketLink.objects.get()
    hers[0].post(hers[1], {"act": "urge", "idempotency_key": str(uuid4())})
    assert RequestKey.objects.count() >= 2
    assert token not in str(list(RequestKey.objects.values())) + str(list(Entry.objects.values())) + str(list(Message.objects.values()))
    assert token not in (link.digest, str(link.pk)) and link.digest == links.digest_of(token)


def test_a_link_ends_thirty_days_after_closing_and_when_made_anew(hers, clock):
    _client, where, ticket = hers
    actions.withdraw(SYSTEM, store.load(ticket.pk), reason="重复", at=clock.at)
    clock.at += timedelta(days=29)
    assert Client().get(where).status_code == 200
    clock.at += timedelta(days=2)
    assert Client().get(where).status_code == 404
    clock.at -= timedelta(days=20)
    with bookkeeping("a link is made anew"):
        TicketLink.objects.update(serial=2, digest=links.digest_of(links.token_of(ticket.pk, 2)))
    assert Client().get(where).status_code == 404


def test_another_home_sees_nothing_of_it(hers, resident):
    _, _where, ticket = hers
    neighbour = resident(LI)
    assert "漏水" not in page(neighbour.get("/r/")) and ticket.number not in page(neighbour.get("/r/"))
    key = Attachment.objects.get(ticket=ticket).key
    for address in (f"/r/mine/{ticket.pk}", f"/r/mine/{ticket.pk}/photo/{key}", f"/r/t/{'a' * 24}/photo/{key}", f"/r/mine/{2**63}"):
        assert neighbour.get(address).status_code == 404
    assert neighbour.post(f"/r/mine/{ticket.pk}", {"act": "urge"}).status_code == 404
    assert store.load(ticket.pk).state.urges == 0


def test_a_link_opens_one_ticket_and_no_other(hers, resident, door):
    client, where, ticket = hers
    other, _second = leak(client, door, content="第二件")
    key = Attachment.objects.get(ticket=ticket).key
    assert client.get(f"{where}/photo/{key}").status_code == 200
    assert client.get(f"{other}/photo/{key}").status_code == 404


def test_only_pictures_of_residents_are_shown(hers, who, clock):
    from shouwen.procedures import attachments

    client, where, ticket = hers
    inside = attachments.attach(who("li"), store.load(ticket.pk), name="内部.png", content=PNG, at=clock.at)
    assert inside.key not in page(client.get(where)) and client.get(f"{where}/photo/{inside.key}").status_code == 404


def test_a_home_is_lost_on_moving_out_and_before_moving_in_it_was_not_theirs(hers, resident, clock, world):
    client, _, ticket = hers
    with bookkeeping("moved in later"):
        Occupancy.objects.filter(person__name="王秀英").update(starts_on=clock.at.date() + timedelta(days=1))
        TicketLink.objects.update(phone_digest="")
    clock.at += timedelta(days=2)
    client.cookies.pop("flash", None)
    assert ticket.number not in page(client.get("/r/"))  # filed before they lived there
    with bookkeeping("moved out"):
        Occupancy.objects.filter(person__name="王秀英").update(ends_on=clock.at.date() + timedelta(days=1))
    clock.at += timedelta(days=3)
    assert client.get(f"/r/mine/{ticket.pk}").status_code == 404
    assert "报修" not in page(client.get("/r/"))


def test_what_is_confidential_is_seen_by_who_filed_it_only(hers, resident, world):
    client, _, ticket = hers
    with bookkeeping("confidential"):
        Ticket.objects.filter(pk=ticket.pk).update(confidential=True)
    assert ticket.number in page(client.get("/r/"))
    client.cookies.pop("flash", None)
    with bookkeeping("filed by another"):
        TicketLink.objects.update(phone_digest="0" * 64)
    assert ticket.number not in page(client.get("/r/")) and client.get(f"/r/mine/{ticket.pk}").status_code == 404


def test_a_proven_phone_files_for_its_own_home_only(resident, lift):
    _, ticket = leak(resident(WANG), lift, unit="3-1-1202")
    assert ticket.place == "3-1-1201"


def test_a_retired_or_unknown_code_leads_nowhere(lift, world, clock):
    from shouwen.portal.actions import retire_code

    assert Client().get(f"/r/p/{lift.code.upper()}").status_code == 200
    retire_code(SYSTEM, lift, at=clock.at)
    for code in (lift.code, "nosuch00", "x" * 40, "a-b"):
        assert Client().get(f"/r/p/{code}").status_code == 404
        assert Client().get(f"/r/p/{code}/repair").status_code == 404


def test_what_is_not_for_the_public_cannot_be_filed(lift):
    for slug in ("major_emergency", "complaint_escalated", "improvement", "no_such", "home_repair"):
        assert Client().get(f"/r/p/{lift.code}/{slug}").status_code == 404
        assert Client().post(f"/r/p/{lift.code}/{slug}", LEAK | {"idempotency_key": str(uuid4())}).status_code == 404
    assert not Ticket.objects.exists()


# --- codes by SMS ---


def test_the_answer_is_the_same_for_a_number_nobody_knows(world, sent):
    known, unknown = Client(REMOTE_ADDR="10.1.1.1"), Client(REMOTE_ADDR="10.1.1.2")
    one, two = known.post("/r/login", {"phone": WANG}), unknown.post("/r/login", {"phone": "13911112222"})
    assert (one.status_code, one["Location"]) == (two.status_code, two["Location"]) == (302, "/r/code?next=/r/")
    tidy = lambda text: re.sub(r'csrf[^>]*value="[^"]*"|content="[A-Za-z0-9]{64}"|value="[A-Za-z0-9]{64}"|content="\d+"', "", text)  # noqa: E731
    assert tidy(page(known.get(one["Location"]))) == tidy(page(unknown.get(two["Location"])))
    assert [phone for phone, _ in sent()] == [WANG]
    assert page(unknown.post("/r/code", {"code": "000000"})).count("验证码不对或已失效") == 1


def code_of(sent):
    return re.search(r"验证码 (\d{6})", sent()[-1][1])[1]


def test_a_code_has_five_tries(world, sent):
    client = Client()
    client.post("/r/login", {"phone": WANG})
    right = code_of(sent)
    wrong = f"{(int(right) + 1) % 1_000_000:06d}"
    for _ in range(5):
        assert client.post("/r/code", {"code": wrong}).status_code == 422
    assert client.post("/r/code", {"code": right}).status_code == 422 and not ResidentSession.objects.exists()


def test_a_code_counts_once_in_time_and_only_where_it_was_asked_for(world, sent, clock):
    client = Client()
    client.post("/r/login", {"phone": WANG})
    right, asked = code_of(sent), client.cookies["shouwen_resident_code"].value
    elsewhere = Client()
    elsewhere.cookies["shouwen_resident_code"] = "x" * 32
    assert elsewhere.post("/r/code", {"code": right}).status_code == 422
    assert client.post("/r/code", {"code": right, "next": "https://elsewhere.example/"})["Location"] == "/r/"
    replay = Client()
    replay.cookies["shouwen_resident_code"] = asked
    assert replay.post("/r/code", {"code": right}).status_code == 422
    late = Client()
    clock.at += timedelta(minutes=2)
    late.post("/r/login", {"phone": WANG})
    right = code_of(sent)
    clock.at += timedelta(minutes=11)
    assert late.post("/r/code", {"code": right}).status_code == 422
    assert ResidentSession.objects.count() == 1


def test_codes_are_limited_for_a_phone_whoever_asks(world, sent, clock):
    assert Client(REMOTE_ADDR="10.2.0.1").post("/r/login", {"phone": WANG}).status_code == 302
    assert Client(REMOTE_ADDR="10.2.0.2").post("/r/login", {"phone": WANG}).status_code == 429
    for n in range(4):
        clock.at += timedelta(seconds=61)
        assert Client(REMOTE_ADDR=f"10.2.1.{n}").post("/r/login", {"phone": WANG}).status_code == 302
    clock.at += timedelta(seconds=61)
    assert Client(REMOTE_ADDR="10.2.0.9").post("/r/login", {"phone": WANG}).status_code == 429
    assert len(sent()) == 5


def test_codes_are_limited_for_an_address_whomever_it_asks_for(world, clock):
    client, answers = Client(REMOTE_ADDR="10.3.0.1"), []
    for n in range(22):
        answers.append(client.post("/r/login", {"phone": f"139000000{n:02d}"}).status_code)
    assert answers == [302] * 20 + [429] * 2


def test_filing_is_limited_for_an_address(lift, world):
    client, answers = Client(REMOTE_ADDR="10.4.0.1"), []
    for n in range(21):
        form = LEAK | {"phone": f"139000010{n:02d}", "idempotency_key": str(uuid4())}
        answers.append(client.post(f"/r/p/{lift.code}/repair", form).status_code)
    assert answers == [302] * 20 + [429]


def test_codes_and_phones_are_never_kept_in_the_clear(world, sent):
    client = Client()
    client.post("/r/login", {"phone": WANG})
    right = code_of(sent)
    client.post("/r/code", {"code": right})
    kept = str(list(SmsCode.objects.values())) + str(list(ResidentSession.objects.values())) + str(list(Message.objects.values()))
    assert WANG not in kept and right not in kept and client.cookies["shouwen_resident"].value not in kept


def test_a_session_ends_after_thirty_days_and_by_signing_out_everywhere(resident, clock):
    first, second = resident(WANG), resident(WANG)
    assert "我的报事" in page(second.get("/r/"))
    first.post("/r/logout", {"everywhere": "1"})
    assert "用手机号登录" in page(second.get("/r/"))
    third = resident(WANG)
    clock.at += timedelta(days=31)
    assert "用手机号登录" in page(third.get("/r/"))


def test_a_resident_is_nobody_among_the_staff(hers):
    client = hers[0]
    for address in ("/board", "/tickets", "/r/codes", "/r/messages", "/counter", "/settings"):
        response = client.get(address)
        assert response.status_code in (301, 302, 404) and "login" in response.get("Location", "login")


def test_the_key_of_the_staff_opens_no_residents_page(as_, hers):
    assert as_("li").get(f"/r/mine/{hers[2].pk}").status_code == 404


def test_codes_of_places_are_for_who_changes_settings(as_, lift, world):
    assert as_("wang").get("/r/codes").status_code == 403
    assert as_("chen").get("/r/codes").status_code == 200
    lu = as_("lu")
    assert lift.code not in page(lu.get("/r/codes")) and lu.post(f"/r/codes/{lift.pk}/retire").status_code == 404
    assert PlaceCode.objects.get(pk=lift.pk).retired_at is None


def test_an_actor_of_residents_may_nothing_but_their_own(world):
    actor = residents.actor(world.liyuan.pk, "王**")
    assert actor.ref == "住户" and actor.id is None
    assert set(actor.grants) == {"tickets.file", "tickets.work", "tickets.view"}
