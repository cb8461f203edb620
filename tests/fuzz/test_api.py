"""Schemathesis throws cases at our own OpenAPI document, fitting and unfitting ones, as the service manager.

No case may crash, hang, or be answered in anything but the documented shape with a Chinese sentence.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from typing import Any

import pytest
import schemathesis
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from schemathesis.generation import GenerationMode

from shouwen.config.api import api
from shouwen.config.wsgi import application

from .conftest import House, cases, chinese, thrown

STATUSES = {200, 201, 204, 400, 401, 403, 404, 405, 409, 413, 415, 422, 429}
SLOWEST = 2.0
"""Seconds of this thread for one answer. Its own time, so that a busy machine does not count."""

SCHEMA = json.loads(json.dumps(api.get_openapi_schema()))
DOCUMENT = schemathesis.openapi.from_dict(SCHEMA)
DOCUMENT.app = application
OPERATIONS = [each.ok() for each in DOCUMENT.get_all_operations()]
CASES = cases(600)


def wrong_with(status: int, kind: str, body: bytes) -> str:
    """What does not fit the promise about answers, or ""."""
    if status not in STATUSES:
        return f"status {status}"
    if status < 400:
        return ""
    try:
        error = json.loads(body)["error"]
        code, message, fields = error["code"], error["message"], error["fields"]
    except (ValueError, KeyError, TypeError):
        return f"shape of {status}: {body[:80]!r}"
    if not kind.startswith("application/json") or not isinstance(code, str) or not all(isinstance(v, str) for v in fields.values()):
        return f"shape of {status}"
    silent = [said for said in (message, *fields.values()) if not chinese(said)]
    return f"{status} not in Chinese: {silent}" if silent else ""


def test_every_operation_is_documented_with_a_chinese_summary():
    told = {(path, method): op.get("summary", "") for path, methods in SCHEMA["paths"].items() for method, op in methods.items()}
    assert len(told) == len(OPERATIONS) >= 36
    assert [place for place, summary in told.items() if not chinese(summary)] == []


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda op: op.label)
def test_no_case_breaks_it(operation: Any, house: House):
    headers = {"Authorization": f"Bearer {house.key('chen')}"}
    found, answered = list[str](), Counter[int]()
    real = [*house.tickets, house.foreign["ticket"], house.foreign["unit"], house.foreign["person"]]
    either = st.one_of(operation.as_strategy(GenerationMode.POSITIVE), operation.as_strategy(GenerationMode.NEGATIVE))

    @thrown(-(-CASES // len(OPERATIONS)))
    @given(either, st.sampled_from([None, *real]), st.sampled_from([None, None, 1, 2]))
    def throw(case: Any, ticket: int | None, task: int | None) -> None:
        for name, value in (("pk", ticket), ("task", task)):
            if value is not None and name in (case.path_parameters or {}):
                case.path_parameters[name] = value
        began = time.thread_time()
        answer = case.call(headers=headers)
        took = time.thread_time() - began
        answered[answer.status_code] += 1
        wrong = wrong_with(answer.status_code, (answer.headers.get("content-type") or [""])[0], answer.content)
        if took > SLOWEST:
            wrong = f"{took:.1f} s"
        if wrong:
            found.append(f"{operation.label} {case.formatted_path} {case.query} {str(case.body)[:300]}: {wrong}")

    throw()
    print(operation.label, dict(answered))
    assert found == [], "\n".join(found[:20])


@pytest.mark.parametrize("path", SCHEMA["paths"])
def test_a_method_that_is_not_there_is_refused_in_our_shape(path: str, house: House):
    client = Client(raise_request_exception=False, headers={"authorization": f"Bearer {house.key('chen')}"})
    address = path.replace("{pk}", "1").replace("{task}", "1").replace("{step}", "x").replace("{slug}", "x")
    for method in {"get", "post", "put", "patch", "delete"} - set(SCHEMA["paths"][path]):
        answer = getattr(client, method)(address)
        assert answer.status_code in (404, 405), (method, path)
        assert wrong_with(answer.status_code, answer.headers["Content-Type"], answer.content) == ""


@pytest.mark.parametrize("address", ["/api/v1/none", "/api/v1/procedures/tickets/0x1", "/api/v1/procedures/tickets/" + "9" * 400, "/api/v1/estate/units/1.5"])
def test_an_address_that_is_not_there_is_refused_in_our_shape(address: str, house: House):
    client = Client(raise_request_exception=False, headers={"authorization": f"Bearer {house.key('chen')}"})
    answer = client.get(address)
    assert answer.status_code in (404, 422)
    assert wrong_with(answer.status_code, answer.headers["Content-Type"], answer.content) == ""
