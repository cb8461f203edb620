"""Every address is walked: by a stranger, by the neighbouring community, and with nonsense. A new page is tested the day it is born.

Canaries: the names, numbers and words of 荔园 are planted nowhere else. Whatever answer a person of 云溪 gets, it
must not hold one; whatever they send, the journal must hold nothing they did in 荔园.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from shouwen.config.demo import found
from shouwen.estate.models import Occupancy, Person, Vehicle
from shouwen.kernel.journal import bookkeeping, now
from shouwen.kernel.models import Entry
from shouwen.org.actions.accounts import log_in
from shouwen.org.middleware import COOKIE
from shouwen.org.models import User

OPEN: dict[str, str] = {
    "healthz": "asked by machines: the process lives",
    "readyz": "asked by machines: says ready or names what is missing, no data",
    "org:login": "the way in",
    "procedures:worker": "the service worker: code and names of public files, the same for everybody",
    "procedures:manifest": "name and icons of the app",
    "procedures:onsite_shell": "what a phone opens without a signal: empty, the same for everybody",
}
"""The only pages that answer a stranger with 200, each with its reason."""

RESIDENTS = {
    "portal:mine": "the front page: how to sign in, where to scan", "portal:login": "asks for a code, says the same to all",
    "portal:code": "the six digits", "portal:logout": "ends a session", "portal:size": "the size of letters", "portal:place": "where a code hangs",
    "portal:from_place": "the form at a public place", "portal:from_home": "the form, for who has proven a phone",
    "portal:link": "one ticket, by its own token", "portal:link_photo": "its pictures", "portal:home": "one ticket of one's own home",
    "portal:home_photo": "its pictures",
}  # fmt: skip
"""Pages for people who are not staff: open to all, they show nothing without a token or a proven phone, and lead to their own only."""

CONTENT = "金丝雀灯不亮"
CARE = "金丝雀独居"


@dataclass(frozen=True)
class Route:
    """An address of ours: its name, its pattern with {name} for what varies, and the kinds of what varies."""

    name: str
    pattern: str
    kinds: tuple[tuple[str, str], ...]

    def address(self, given: dict[str, object]) -> str:
        made = self.pattern
        for name, _ in self.kinds:
            made = made.replace("{" + name + "}", str(given[name]))
        return "/" + made


def routes(patterns=None, prefix="", space="") -> Iterator[Route]:
    for each in get_resolver().url_patterns if patterns is None else patterns:
        part = str(each.pattern)
        if isinstance(each, URLResolver):
            inner = f"{space}{each.namespace}:" if each.namespace else space
            yield from routes(each.url_patterns, prefix + part, inner)
        elif isinstance(each, URLPattern):
            pattern, kinds = prefix + part, []
            for name, inside in re.findall(r"\(\?P<(\w+)>([^)]*)\)", part):  # a re_path
                kinds.append((name, "int" if "\\d" in inside else f"one:{inside.split('|')[0]}"))
                pattern = pattern.replace(f"(?P<{name}>{inside})", "{" + name + "}").replace("^", "").removesuffix("$")
            for name, converter in each.pattern.converters.items():
                kind = type(converter).__name__.removesuffix("Converter").lower()
                kinds.append((name, kind))
                for written in (f"<{kind}:{name}>", f"<{name}>", f"<str:{name}>"):
                    pattern = pattern.replace(written, "{" + name + "}")
            yield Route(space + (each.name or part), pattern, tuple(kinds))


ROUTES = list({route.pattern: route for route in routes()}.values())
NONSENSE = {"int": 987654321, "slug": "no-such-thing", "string": "no-such-thing", "path": "no/such", "uuid": "00000000-0000-0000-0000-000000000000"}


def nonsense(kind: str) -> object:
    return kind.removeprefix("one:") if kind.startswith("one:") else NONSENSE.get(kind, "x")


@pytest.fixture(scope="module")
def house(in_demo, django_db_blocker):
    """The demo communities with one ticket, in a transaction around all tests of this file."""
    from shouwen.procedures import actions as procedures

    with django_db_blocker.unblock(), transaction.atomic():
        made = found()
        with bookkeeping("canaries"):
            person = Person.objects.filter(community=made.liyuan).first()
            Person.objects.filter(pk=person.pk).update(name="金丝雀", care=CARE)
            unit = Occupancy.objects.filter(person=person).first().unit
            Vehicle.objects.create(community=made.liyuan, plate="粤B金丝雀", person=person, unit=unit)
        li = org_actor("li")
        row = procedures.file_ticket(
            li, made.liyuan, procedure="complaint", at=now(),
            answers={"channel": "phone", "unit": unit.code, "caller": "金丝雀", "phone": "13800000001", "content": CONTENT},
        )
        yield made, row, unit, person
        transaction.set_rollback(True)


def org_actor(username):
    from shouwen.org.queries import actor_for

    return actor_for(User.objects.get(username=username).pk)


@pytest.fixture
def browse(house, db):
    def as_(username=None):
        client = Client(raise_request_exception=False)
        if username:
            user = User.objects.get(username=username)
            org_changed = User.objects.filter(pk=user.pk)
            with bookkeeping("test"):
                org_changed.update(must_change_password=False)
            client.cookies[COOKIE] = log_in(user, agent="test", address="127.0.0.1", at=now())
        return client

    return as_


def planted(house) -> dict[str, list[object]]:
    """What belongs to 荔园, by the kind of thing that stands in an address."""
    made, row, unit, person = house
    from django.apps import apps

    numbers = {made.liyuan.pk, row.id, unit.pk, person.pk, unit.building_id}
    for model in apps.get_models():
        if model._meta.app_label in ("estate", "duty", "papers", "notices", "procedures", "org", "portal", "rounds", "premises", "fees") and any(
            field.name in ("community", "community_id", "ticket") for field in model._meta.fields
        ):
            names = {field.name for field in model._meta.fields}
            rows = model._default_manager.filter(**({"ticket": row.id} if "ticket" in names else {"community_id": made.liyuan.pk}))
            numbers |= set(rows.order_by("pk").values_list("pk", flat=True)[:2])
    numbers |= set(User.objects.filter(username__in=("li", "zhao")).values_list("pk", flat=True))
    words = ["li", "liyuan", unit.code, "complaint", "receptionist", str(row.id), getattr(row, "number", "x")]
    return {"int": sorted(numbers), "slug": words, "string": words, "path": words}


def spread(route: Route, things: dict[str, list[object]]) -> Iterator[str]:
    """Addresses with planted things: every thing in the first place, its like in the others."""
    if not route.kinds:
        yield route.address({})
        return
    name, kind = route.kinds[0]
    for thing in things.get(kind, [nonsense(kind)]):
        rest = {other: (things.get(k) or [nonsense(k)])[0] for other, k in route.kinds[1:]}
        yield route.address({name: thing} | rest)


CANARIES = (CONTENT, CARE, "金丝雀", "13800000001")


def holds_canary(response) -> list[str]:
    body = b"".join(response.streaming_content) if response.streaming else response.content
    text = body.decode("utf-8", "replace") + str(dict(response.headers))
    return [canary for canary in CANARIES if canary in text or json.dumps(canary).strip('"') in text]


def test_there_are_routes_of_every_area():
    spaces = {route.name.split(":")[0] for route in ROUTES if ":" in route.name}
    assert {"api", "org", "estate", "notices", "papers", "duty", "procedures", "portal", "fees", "custody", "rounds", "premises"} <= spaces
    assert all("<" not in route.pattern for route in ROUTES), "an address with a kind of part this test does not know"


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_a_stranger_gets_nothing(route, browse, house):
    stranger = browse()
    address = route.address({name: nonsense(kind) for name, kind in route.kinds})
    for method in ("get", "post", "put", "patch", "delete"):
        response = getattr(stranger, method)(address)
        allowed = {200, 405} if route.name in OPEN else {301, 302, 401, 403, 404, 405}
        if route.name in OPEN and method == "post":
            allowed |= {422, 429}
        if route.name in RESIDENTS:
            allowed = {200, 302, 404, 405, 422, 429}
        assert response.status_code in allowed, f"{method} {address}: {response.status_code}"
        if response.status_code in (301, 302) and route.name in RESIDENTS:
            assert response["Location"].startswith("/r/"), f"{method} {address} leads a stranger to {response['Location']}"
        elif response.status_code in (301, 302):
            assert "/login" in response["Location"], f"{method} {address} leads a stranger to {response['Location']}"
        assert not holds_canary(response)


@pytest.mark.parametrize("username", ["li", "chen", "kang"])
def test_nonsense_is_never_a_crash(username, browse, house):
    client, broken = browse(username), []
    for route in ROUTES:
        if route.name == "org:logout":
            continue
        address = route.address({name: nonsense(kind) for name, kind in route.kinds})
        for query in ("", "?after=x&q=%F0%A0%AE%B7%E2%80%AE&page=-1&unit=x&community=abc&from=2026-99-99&until=9999-12-31&limit=1e9"):
            response = client.get(address + query)
            broken += [f"GET {address}{query}: {response.status_code}"] if response.status_code >= 500 else []
            if response.status_code == 405:  # whatever is asked
                break
        for body, kind in (({}, None), ('{"a":[]}', "application/json"), ("\ud800".encode("utf-8", "surrogatepass"), "application/json")):
            response = client.post(address, body, **({"content_type": kind} if kind else {}))
            broken += [f"POST {address} {body!r}: {response.status_code}"] if response.status_code >= 500 else []
            if response.status_code == 405:  # whatever is sent
                break
    assert broken == []


@pytest.mark.parametrize("username", ["mei", "lu"])
def test_the_neighbour_sees_nothing(username, browse, house):
    """Reading everything of 荔园 by its numbers, as staff and as manager of 云溪."""
    client, things = browse(username), planted(house)
    leaks = []
    for route in ROUTES:
        for address in spread(route, things):
            for query in ("", f"?community={house[0].liyuan.pk}&community_id={house[0].liyuan.pk}&q=金丝雀&unit={house[2].pk}&about=ticket:{house[1].id}"):
                response = client.get(address + query)
                leaks += [f"{address}{query}: {response.status_code}"] if response.status_code >= 500 else []
                told = holds_canary(response)
                if query and told == ["金丝雀"]:
                    told = [] if "金丝雀" in query and "q=" in query and _only_echo(response) else told
                leaks += [f"{address}{query}: {told}"] if told else []
                if response.status_code == 405:
                    break
    assert leaks == []


def _only_echo(response) -> bool:
    """The words searched for stand in the search field again; nowhere else."""
    text = response.content.decode("utf-8", "replace")
    return text.count("金丝雀") == text.count('value="金丝雀"') + text.count("「金丝雀」") + text.count("q=金丝雀")


@pytest.mark.parametrize("username", ["mei", "lu"])
def test_the_neighbour_changes_nothing(username, browse, house):
    """Sending to every address with the numbers of 荔园 leaves no line there, and nothing of it in the answers."""
    client, things, made, wrong = browse(username), planted(house), house[0], []
    user = User.objects.get(username=username)
    start = Entry.objects.order_by("-id").values_list("id", flat=True).first()
    form = {
        "community": made.liyuan.pk, "community_id": made.liyuan.pk, "unit": house[2].code, "reason": "试试", "content": "试试",
        "title": "试试", "text": "试试", "channel": "phone", "caller": "某人", "phone": "13900000000", "person": house[3].pk,
        "user": User.objects.get(username="li").pk, "to": "mei", "field": "phone",
    }
    for route in ROUTES:
        if route.name in ("org:logout", "switch"):
            continue
        for address in spread(route, things):
            for body, kind in ((form, None), (json.dumps(form, ensure_ascii=False), "application/json")):
                response = client.post(address, body, **({"content_type": kind} if kind else {}))
                wrong += [f"POST {address}: {response.status_code}"] if response.status_code >= 500 else []
                told = [canary for canary in holds_canary(response) if canary not in str(form)]
                wrong += [f"POST {address}: {told}"] if told else []
                if response.status_code == 405:
                    break
    done = Entry.objects.filter(id__gt=start, actor_id=user.pk, community_id=made.liyuan.pk)
    assert list(done.values_list("code", "subject")) == [] and wrong == []


def test_what_is_there_is_seen_by_its_own(browse, house):
    """The control: if nobody saw the canaries, the tests above would prove nothing."""
    client, things = browse("chen"), planted(house)
    seen = set()
    for route in ROUTES:
        for address in spread(route, things):
            response = client.get(address)
            if response.status_code == 200 and not response.streaming:
                seen |= {(route.name.split(":")[0], canary) for canary in holds_canary(response)}
    assert {CONTENT, "金丝雀"} <= {canary for _, canary in seen}, seen
