"""Every field of every form, every parameter of every list, every value of the interface gets what nobody should type.

The forms are read from the pages themselves, so that a new field is thrown at the day it appears. Whatever is answered
with 4xx must be Chinese and must have written nothing; what can never be stored must never be accepted.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, quote_from_bytes, urlsplit

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from shouwen.kernel.journal import now
from shouwen.org import queries as org
from shouwen.procedures import queries
from shouwen.procedures.editions import edition_in_force
from shouwen.procedures.models import Ticket

from ..house.test_routes import ROUTES
from .conftest import House, cases, chinese, rows, thrown, undone
from .test_api import SCHEMA, wrong_with

HUGE = "长" * 100_000
NEVER = {
    "NUL": "甲\x00乙", "right to left": "a\u202egnp.exe", "isolate": "\u2067甲\u2069", "bell": "\x07响", "10^5": HUGE,
}  # fmt: skip
"""What can never be stored in any field."""

ODD = {
    "surrogate": "\ud800甲", "outside the BMP": "𠮷田", "combining": "e" + "\u0301" * 50, "far day": "9999-12-31", "no day": "2026-02-30",
    "far moment": "9999-12-31T23:59", "negative": "-0.01", "3 decimals": "12.345", "NaN": "NaN", "infinite": "Infinity",
    "exponent": "1e400", "big": "9" * 30, "int64": str(2**63), "zero": "0", "minus one": "-1", "full width": "１２３", "json": '{"a":[1]}',
    "quote": "'; DROP TABLE x;--", "markup": "<script>alert(1)</script>", "formula": '=HYPERLINK("x")', "spaces": "   ", "empty": "",
    "percent": "%s%(a)s{0}{x.__class__}", "path": "../../etc/passwd",
}  # fmt: skip
SKIP = {"org:logout", "switch", "csrfmiddlewaretoken", "idempotency_key"}
PEOPLE = ("chen", "li", "kang", "lin")


@dataclass(frozen=True)
class Form:
    who: str
    page: str
    method: str
    action: str
    fields: tuple[tuple[str, str], ...]
    ticks: frozenset[str] = frozenset()
    """Fields that are one box: whatever is sent, they are ticked."""


class _Forms(HTMLParser):
    """Forms of a page with their fields and a plausible value for each; links with their parameters."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.page, self.forms, self.links = page, list[dict[str, Any]](), set[str]()
        self.form: dict[str, Any] | None = None
        self.select = ""

    def handle_starttag(self, tag: str, given: list[tuple[str, str | None]]) -> None:
        a = {name: value or "" for name, value in given}
        if tag in ("a", "button", "tr", "div"):
            self.links |= {a[name] for name in ("href", "data-href", "hx-get") if a.get(name, "").startswith(("/", "?"))}
        if tag == "form":
            self.form = {"method": a.get("method", "get").lower(), "action": a.get("action") or a.get("hx-post") or "", "fields": {}, "boxes": Counter(), "asked_if": set()}
            self.forms.append(self.form)
        name, kind = a.get("name", ""), a.get("type", "text")
        if self.form is None:
            return
        fields = self.form["fields"]
        if name and "data-only-if" in a:
            self.form["asked_if"].add(name)
        if tag == "select":
            self.select = name
            fields.setdefault(name, "")
        elif tag == "option" and self.select and not fields.get(self.select):
            fields[self.select] = a.get("value", "")
        elif name and tag == "textarea":
            fields.setdefault(name, "试一试")
        elif name and tag == "input" and kind in ("checkbox", "radio"):
            self.form["boxes"][name] += 1 if kind == "checkbox" else 2
            if not fields.get(name):
                fields[name] = a.get("value", "on") if kind == "radio" or "checked" in a else ""
        elif name and tag in ("input", "button") and kind != "file":  # files do not come as text
            plausible = {"date": "2026-11-24", "datetime-local": "2026-11-24T10:00", "time": "10:00", "number": a.get("min", "1"), "tel": "13800000009"}
            fields.setdefault(name, a.get("value") or plausible.get(kind, "" if tag == "button" else "3-1-1201" if "data-unit" in a else "试一试"))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.form = None
        elif tag == "select":
            self.select = ""


def seen_by(house: House, who: str) -> tuple[list[Form], dict[str, set[str]]]:
    """(forms, page → names of parameters) of every page this person reaches, some pages with real ids."""
    client = house.client(who)
    forms: dict[tuple[str, str, tuple[str, ...]], Form] = {}
    asked: dict[str, set[str]] = {}
    things = {"int": [*house.tickets[:3], 1], "slug": ["complaint", "li", "receptionist", "phone"]}
    for route in ROUTES:
        if route.name in SKIP or route.pattern.startswith("api/") or len(route.kinds) > 1:
            continue
        kinds = [(name, kind) for name, kind in route.kinds]
        for thing in things.get(kinds[0][1], ["x"]) if kinds else [""]:
            page = route.address({kinds[0][0]: thing} if kinds else {})
            answer = client.get(page)
            if answer.status_code != 200 or answer.streaming or "html" not in answer.headers["Content-Type"]:
                continue
            asked.setdefault(page, set())
            found = _Forms(page)
            found.feed(answer.content.decode())
            for link in found.links:
                parts = urlsplit(link)
                asked.setdefault(parts.path or page, set()).update(name for name, _ in parse_qsl(parts.query))
            for one in found.forms:
                action = urlsplit(one["action"]).path or page
                fields = tuple((n, v) for n, v in one["fields"].items() if n)
                ticks = frozenset(n for n, boxes in one["boxes"].items() if boxes == 1) | one["asked_if"]
                if one["method"] == "get":
                    asked.setdefault(action, set()).update(n for n, _ in fields)
                elif not action.endswith(("/logout", "/community", "/login")):
                    shape = re.sub(r"\d+", "#", action)
                    forms.setdefault((shape, one["method"], tuple(n for n, _ in fields)), Form(who, page, one["method"], action, fields, ticks))
    return list(forms.values()), {page: names | {"after", "q", "page", "format"} for page, names in asked.items()}


@dataclass
class Thrown:
    """One house with what was read from its pages, kept for all cases of a test."""

    house: House
    forms: list[Form]
    asked: list[tuple[str, str, str]]
    clients: dict[str, Client]
    before: dict[str, int]


@pytest.fixture(scope="module")
def read(built: House, django_db_blocker: Any) -> tuple[list[Form], list[tuple[str, str, str]]]:
    """Every form and every parameter that somebody of PEOPLE finds."""
    forms, asked = [], []
    for who in PEOPLE:
        with django_db_blocker.unblock():
            found, pages = seen_by(built, who)
        known = {(re.sub(r"\d+", "#", f.action), tuple(n for n, _ in f.fields)) for f in forms}
        forms += [f for f in found if (re.sub(r"\d+", "#", f.action), tuple(n for n, _ in f.fields)) not in known]
        asked += [(who, page, name) for page, names in sorted(pages.items()) for name in sorted(names)]
    return forms, asked


@pytest.fixture
def field_of_fire(house: House, read: tuple[list[Form], list[tuple[str, str, str]]]) -> Thrown:
    return Thrown(house, *read, {who: house.client(who) for who in PEOPLE}, rows())


def foreign_of(house: House) -> dict[str, str]:
    return {f"foreign {name}": str(value) for name, value in house.foreign.items()}


def page_wrong(answer: Any, written: list[str], what: str, never: bool) -> str:
    """What does not fit the promise about pages, or ""."""
    status = answer.status_code
    if status >= 500:
        return f"status {status}"
    if status >= 400:
        text = b"" if answer.streaming else answer.content
        if not chinese(text.decode("utf-8", "replace")):
            return f"{status} says nothing in Chinese: {text[:60]!r}"
        return f"{status} but wrote {written}" if written else ""
    if never and written:
        return f"{what} was accepted ({status}), wrote {written}"
    return ""


def test_every_field_of_every_form(field_of_fire: Thrown):
    field, answered, found = field_of_fire, Counter[str](), set[str]()
    places = [(form, name) for form in field.forms for name, _ in form.fields if name not in SKIP]
    assert len(field.forms) >= 25 and len(places) >= 100, (len(field.forms), len(places))
    values = {**NEVER, **ODD, **foreign_of(field.house)}

    @thrown(cases(150))
    @given(st.sampled_from(places), st.sampled_from(sorted(values)), st.booleans())
    def throw(place: tuple[Form, str], what: str, htmx: bool) -> None:
        form, name = place
        sent = {n: v for n, v in form.fields if n not in SKIP} | {name: values[what]}
        body = "&".join(f"{_quoted(n)}={_quoted(v)}" for n, v in sent.items())
        extra = {"headers": {"hx-request": "true"}} if htmx else {}
        with undone(field.before) as written:
            answer = field.clients[form.who].post(form.action, body, content_type="application/x-www-form-urlencoded", **extra)
        answered[f"{answer.status_code // 100}xx"] += 1
        if wrong := page_wrong(answer, written, what, what in NEVER and _stored_as_typed(form, name)):
            found.add(f"{form.who} POST {form.action} {name}={what}: {wrong}")

    throw()
    print(len(field.forms), "forms,", len(places), "fields,", dict(answered))
    assert found == set(), "\n".join(sorted(found)[:60])


def _quoted(text: str) -> str:
    return quote_from_bytes(text.encode("utf-8", "surrogatepass"))


def _stored_as_typed(form: Form, name: str) -> bool:
    """Not boxes to tick, nor fields asked only if another answer says so (else dropped unread), nor the fields that are only compared with one word: where to go on, whether for all communities."""
    return name not in form.ticks and name not in ("stay", "next", "back", "what", "ok", "where")


def test_every_parameter_of_every_page(field_of_fire: Thrown):
    field, answered, found = field_of_fire, Counter[str](), set[str]()
    assert len(field.asked) >= 150
    values = {**NEVER, **ODD, **foreign_of(field.house)}

    @thrown(cases(150))
    @given(st.sampled_from(field.asked), st.sampled_from(sorted(values)), st.booleans())
    def throw(place: tuple[str, str, str], what: str, htmx: bool) -> None:
        who, page, name = place
        value = values[what][:3000] if what == "10^5" else values[what]  # a server takes no longer line
        extra = {"headers": {"hx-request": "true"}} if htmx else {}
        with undone(field.before) as written:
            answer = field.clients[who].get(f"{page}?{name}={_quoted(value)}", **extra)
        answered[f"{answer.status_code // 100}xx"] += 1
        if wrong := page_wrong(answer, written, what, False):
            found.add(f"{who} GET {page}?{name}={what}: {wrong}")

    throw()
    print(len(field.asked), "parameters,", dict(answered))
    assert found == set(), "\n".join(sorted(found)[:60])


# The interface ---------------------------------------------------------------------------------------------------

WRONG_TYPES: dict[str, Any] = {
    "null": None, "list": ["甲"], "object": {"甲": {"乙": [1]}}, "true": True, "float": 1.5, "deep": [[[[[[[[]]]]]]]], "negative int": -1,
    "int65": 2**65, "numbers": [1, 2], "key NUL": {"a\x00": "b"}, "surrogate item": ["\ud800"],
}  # fmt: skip


def _fitting(schema: dict[str, Any]) -> Any:
    """A plausible value of a schema of ours."""
    if "$ref" in schema:
        return _fitting(SCHEMA["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]])
    if "anyOf" in schema:
        return _fitting(schema["anyOf"][0])
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("type") == "object" or "properties" in schema:
        return {name: _fitting(each) for name, each in schema.get("properties", {}).items()}
    if schema.get("type") == "array":
        return [_fitting(schema["items"])]
    if schema.get("format") == "date-time":
        return "2026-11-23T08:00:00+08:00"
    return {"integer": 1, "number": 1, "boolean": True}.get(schema.get("type", ""), "试一试")


def api_places() -> list[tuple[str, str, str, str]]:
    """(method, path, where, name) of every value that the interface takes."""
    found = []
    for path, methods in SCHEMA["paths"].items():
        for method, operation in methods.items():
            found += [(method, path, each["in"], each["name"]) for each in operation.get("parameters", [])]
            if "requestBody" in operation:
                body = operation["requestBody"]["content"]["application/json"]["schema"]
                name = body["$ref"].rsplit("/", 1)[1]
                found += [(method, path, "body", field) for field in SCHEMA["components"]["schemas"][name]["properties"]]
    return found


def test_every_value_of_the_interface(house: House):
    client = Client(raise_request_exception=False, headers={"authorization": f"Bearer {house.key('chen')}"})
    before, found, answered, places = rows(), set[str](), Counter[str](), api_places()
    assert len(places) >= 60
    values: dict[str, Any] = {**NEVER, **ODD, **WRONG_TYPES, **{f"foreign {n}": v for n, v in house.foreign.items()}}

    @thrown(cases(150))
    @given(st.sampled_from(places), st.sampled_from(sorted(values)), st.sampled_from(house.tickets))
    def throw(place: tuple[str, str, str, str], what: str, ticket: int) -> None:
        method, path, where, name = place
        value = values[what]
        if where != "body" and (not isinstance(value, str | int) or what == "10^5"):
            value = json.dumps(value)[:2000]
        address = path
        for part, usual in (("pk", ticket), ("task", 2), ("step", "note"), ("slug", "complaint"), ("username", "li")):
            address = address.replace("{" + part + "}", _quoted(str(value if (where, name) == ("path", part) else usual)).replace("/", "%2F"))
        query = f"?{name}={_quoted(str(value))}" if where == "query" else ""
        operation, sent = SCHEMA["paths"][path][method], None
        if "requestBody" in operation:
            sent = _fitting(operation["requestBody"]["content"]["application/json"]["schema"])
            if where == "body":
                sent[name] = value
        with undone(before) as written:
            if sent is None:
                answer = getattr(client, method)(address + query)
            else:
                answer = getattr(client, method)(address + query, json.dumps(sent), content_type="application/json")
        answered[f"{answer.status_code // 100}xx"] += 1
        wrong = wrong_with(answer.status_code, answer.headers.get("Content-Type", ""), answer.content)
        if not wrong and written and (answer.status_code >= 400 or what in NEVER or what in ("surrogate",)):
            wrong = f"{answer.status_code} and wrote {written}"
        if wrong:
            found.add(f"{method} {address[:80]} {where} {name}={what}: {wrong}")

    throw()
    print(len(places), "values,", dict(answered))
    assert found == set(), "\n".join(sorted(found)[:60])


def test_every_answer_of_every_first_form(house: House):
    """What is asked when a ticket is filed: by field of the procedure, with words and with wrong types."""
    client = Client(raise_request_exception=False, headers={"authorization": f"Bearer {house.key('li')}"})
    li, at = org.actor_for(org.user_id_of("li")), now()
    before, found, answered = rows(), set[str](), Counter[str]()
    places = [
        (rules.procedure, ask.name, ask.kind)
        for rules in queries.fileable(li, house.world.liyuan.pk, at)
        for ask in edition_in_force(rules.procedure, house.world.liyuan.pk, at)[1].every_step[rules.first].asks.values()
    ]
    assert len(places) >= 80
    values: dict[str, Any] = {**NEVER, **ODD, **WRONG_TYPES, **{f"foreign {n}": v for n, v in house.foreign.items()}}
    money = ("negative", "3 decimals", "NaN", "infinite", "exponent", "big")

    @thrown(cases(150))
    @given(st.sampled_from(places), st.sampled_from(sorted(values)))
    def throw(place: tuple[str, str, str], what: str) -> None:
        procedure, name, kind = place
        given_ = {**FILLED.get(procedure, {}), name: values[what]}
        with undone(before) as written:
            answer = client.post(
                "/api/v1/procedures/tickets", json.dumps({"procedure": procedure, "answers": given_}), content_type="application/json"
            )
            stored = answer.status_code < 400 and _kept(answer.json()["id"], name, values[what])
        answered[f"{answer.status_code // 100}xx"] += 1
        wrong = wrong_with(answer.status_code, answer.headers.get("Content-Type", ""), answer.content)
        bad = what in NEVER or what == "surrogate" or kind == "money" and what in money or kind in ("unit", "staff") and "foreign" in what
        if not wrong and answer.status_code >= 400 and written:
            wrong = f"{answer.status_code} and wrote {written}"
        if not wrong and bad and stored:  # an answer to a question that was not asked is left out
            wrong = f"{what} kept as {kind}"
        if wrong:
            found.add(f"{procedure}.{name} ({kind}) = {what}: {wrong}")

    throw()
    print(len(places), "answers,", dict(answered))
    assert found == set(), "\n".join(sorted(found)[:60])


def _kept(ticket: int, name: str, value: Any) -> bool:
    state = json.loads(Ticket.objects.values_list("state", flat=True).get(pk=ticket))
    return name in state["answers"] and json.dumps(value) in json.dumps(state)


FILLED: dict[str, dict[str, Any]] = {
    "complaint": {"channel": "phone", "unit": "3-1-1201", "caller": "王秀英", "phone": "13800000001", "content": "吵"},
    "consultation": {"mode": "oral", "caller": "王秀英", "content": "月卡", "confidential": "no", "at_once": "no", "phone": "13800000001"},
    "repair": {"channel": "phone", "unit": "3-1-1202", "caller": "刘洋", "phone": "13800000003", "place": "厨房", "content": "漏水", "fault": "plumbing", "class": "daily"},
}  # fmt: skip
"""Complete first forms, so that one bad answer is all that is wrong with them."""


# Sent twice ------------------------------------------------------------------------------------------------------


def test_a_replayed_key_does_nothing_twice_and_serves_no_other_request(house: House):
    client = Client(raise_request_exception=False, headers={"authorization": f"Bearer {house.key('chen')}"})
    for path in (f"/api/v1/procedures/tickets/{house.tickets[0]}/notes", f"/api/v1/procedures/tickets/{house.tickets[1]}/notes"):
        key = {"idempotency-key": f"again-{path[-10:]}-{house.tickets.index(int(path.split('/')[-2]))}"}
        first = client.post(path, json.dumps({"text": "第一次"}), content_type="application/json", headers=key)
        assert first.status_code == 200, first.content.decode()
        before = rows()
        again = client.post(path, json.dumps({"text": "第一次"}), content_type="application/json", headers=key)
        assert (again.status_code, again.content, again.headers["Idempotent-Replay"]) == (200, first.content, "true")
        other = client.post(path, json.dumps({"text": "别的事"}), content_type="application/json", headers=key)
        assert other.status_code == 409 and wrong_with(409, other.headers["Content-Type"], other.content) == ""
        assert rows() == before


@pytest.mark.parametrize("key", ["x" * 81, "钥匙", "a\tb", "\u202e"])
def test_a_key_that_is_none_is_refused(house: House, key: str):
    client, before = house.client("chen"), rows()
    answer = client.post(f"/tickets/{house.tickets[0]}/note", {"text": "甲", "idempotency_key": key})
    assert answer.status_code == 422 and "请求键" in answer.content.decode()
    assert rows() == before
