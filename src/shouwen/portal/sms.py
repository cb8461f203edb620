"""How a message leaves for a phone: one protocol, a provider that prints, and one that calls a web address.

Chosen by SHOUWEN_SMS: `console` (development and demonstrations), `http`, or `off`.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Final, Protocol
from urllib.error import URLError
from urllib.parse import SplitResult, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from django.conf import settings

log = logging.getLogger("shouwen.sms")
TIMEOUT: Final = 8
"""Seconds to wait for the gateway."""


class NotSent(Exception):
    """The gateway did not take it; worth trying again later. The message holds no phone, no text and no secret."""


class Provider(Protocol):
    """Sends one message. `key` is the same at every attempt, so that a gateway can drop what it has had."""

    def send(self, phone: str, text: str, key: str) -> None: ...


class Console:
    """Prints to the log of the server. For development and demonstrations only: the text holds codes and links."""

    def send(self, phone: str, text: str, key: str) -> None:
        log.info("短信 → %s：%s", phone, text)


class _NoRedirects(HTTPRedirectHandler):
    def redirect_request(self, *args: object) -> None:
        return None


def safe(url: SplitResult) -> bool:
    """Whether a message may go there: over HTTPS, or not beyond this machine."""
    return bool(url.hostname) and (url.scheme == "https" or url.scheme == "http" and url.hostname in ("127.0.0.1", "localhost"))


class Http:
    """Calls a gateway of the operator's own: POST {"phone", "text", "key"} with `Authorization: Bearer …`; 2xx is taken."""

    def send(self, phone: str, text: str, key: str) -> None:
        url = settings.SHOUWEN["SMS_URL"]
        if not safe(urlsplit(url)):
            raise NotSent("短信网关地址（SHOUWEN_SMS_URL）应以 https:// 开头")
        body = json.dumps({"phone": phone, "text": text, "key": key}, ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {settings.SHOUWEN['SMS_TOKEN']}", "Idempotency-Key": key}
        request = Request(url, body, headers, method="POST")  # noqa: S310 - the scheme was looked at above
        try:
            with build_opener(_NoRedirects).open(request, timeout=TIMEOUT) as response:
                status = response.status
        except (URLError, OSError, ValueError) as error:
            raise NotSent(f"短信网关没有接收（{getattr(error, 'code', type(error).__name__)}）") from None
        if not 200 <= status < 300:
            raise NotSent(f"短信网关没有接收（{status}）")


PROVIDERS: Final[dict[str, Callable[[], Provider]]] = {"console": Console, "http": Http}


def chosen() -> str:
    """The name of the provider in use; `off` when messages are not sent."""
    name = str(settings.SHOUWEN["SMS"])
    return name if name in PROVIDERS else "off"


def provider() -> Provider | None:
    make = PROVIDERS.get(chosen())
    return make() if make else None
