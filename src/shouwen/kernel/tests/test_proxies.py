"""Whose address counts behind proxies."""

from __future__ import annotations

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from shouwen.kernel.web import proxies


@pytest.mark.parametrize(
    ("count", "header", "address"),
    [
        (0, "9.9.9.9", "10.0.0.1"), (1, "", "10.0.0.1"), (1, "203.0.113.7", "203.0.113.7"), (1, "9.9.9.9, 203.0.113.7", "203.0.113.7"),
        (2, "9.9.9.9, 203.0.113.7, 10.0.0.9", "203.0.113.7"), (2, "203.0.113.7", "10.0.0.1"), (1, "nonsense", "10.0.0.1"),
        (1, "203.0.113.7:4711", "203.0.113.7"), (1, "[2001:db8::1]:443", "2001:db8::1"),
    ],
)  # fmt: skip
def test_the_address_is_the_one_our_outermost_proxy_saw(settings, count, header, address):
    settings.PROXIES = count
    request = RequestFactory().get("/", REMOTE_ADDR="10.0.0.1", **({"HTTP_X_FORWARDED_FOR": header} if header else {}))
    proxies(lambda r: HttpResponse())(request)
    assert request.META["REMOTE_ADDR"] == address
