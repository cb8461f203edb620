"""Every unsafe request counts once: its key is stored with its answer in the transaction of its effects.

A page sends a key in the field `idempotency_key`, a program in the header `Idempotency-Key`. The view then runs
in one transaction which ends with one INSERT of the key; for programs, the writes of the view's actions, the key and
the COMMIT are one round trip. Whoever sends the same request again (double click, lost
answer, offline queue) gets the stored answer; nothing happens twice. Refusals roll everything back and store nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from .batch import drop, flush, held, later, running
from .journal import bookkeeping, in_request, now, spoilt
from .models import RequestKey
from .refusals import Conflict, Refused
from .secrets import open_text, seal_text
from .web import Handler, answer, wants_json

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
KEPT: Final = frozenset({"Location", "Content-Type", "HX-Redirect", "HX-Location", "HX-Trigger", "HX-Retarget", "HX-Reswap", "HX-Push-Url"})
"""Headers of an answer that are given again on a replay."""

KEEP_FOR: Final = timedelta(days=3)
"""How long a key is remembered: longer than any offline queue of a shift."""

_FORM: Final = ("application/x-www-form-urlencoded", "multipart/form-data")
_INSERT: Final = (
    "INSERT INTO kernel_requestkey (key, fingerprint, status, headers, body, at) VALUES (%s, %s, %s, %s, %s, %s)"
)
View = TypeVar("View", bound=Callable[..., Any])


def unkeyed(view: View) -> View:
    """Leave a view its own transactions (it must keep something although it refuses, such as failed logins)."""
    view.unkeyed = True  # type: ignore[attr-defined]
    return view


def keyed_for_anyone(view: View) -> View:
    """Keys count on this view even when nobody is signed in (a resident's link). Elsewhere they need an actor."""
    view.keyed_for_anyone = True  # type: ignore[attr-defined]
    return view


def keyed(get_response: Handler) -> Handler:
    """Middleware (after the actor's): runs keyed unsafe requests once. Requests without a key pass untouched."""

    def middleware(request: HttpRequest) -> HttpResponse:
        return get_response(request)

    def process_view(request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponseBase | None:
        if request.method in SAFE or getattr(view, "unkeyed", False):
            return None
        actor = getattr(request, "actor", None)
        if actor is None and not getattr(view, "keyed_for_anyone", False):
            return None
        try:
            given = request.META.get("HTTP_IDEMPOTENCY_KEY") or (request.POST.get("idempotency_key") if _is_form(request) else "")
            if not given:
                return None
            if len(given) > 80 or not given.isascii() or not given.isprintable():
                raise Refused("请求键（Idempotency-Key）应为 1 至 80 个字母、数字或符号。")
            key = f"{'anyone' if actor is None else actor.ref}:{given}"
            return _once(request, key, lambda: view(request, *args, **kwargs))
        except Exception as error:
            return answer(request, error)

    middleware.process_view = process_view  # type: ignore[attr-defined]
    return middleware


def once(request: HttpRequest, owner: str, run: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    """For a view that is `unkeyed` because it must keep something when it refuses (a guess that counts), and has found by now
    that this request is a good one: run the rest once, under the key of the form. `owner` keeps the keys of strangers apart."""
    given = request.POST.get("idempotency_key", "")
    if not given:
        return run()
    if len(given) > 80 or not given.isascii() or not given.isprintable():
        raise Refused("页面已过期，没有保存。请刷新页面后再提交一次。")
    return _once(request, f"{owner}:{given}", run)


class _RolledBack(Exception):
    """Carries an answer out of the transaction that it must not commit."""

    def __init__(self, response: HttpResponseBase) -> None:
        self.response = response


def _once(request: HttpRequest, key: str, run: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    fingerprint = _fingerprint(request)
    inside, refused = in_request.set(True), spoilt.set(None)
    hold = held.set(wants_json(request))  # a page may want to show its form again when a write finds a conflict
    ours = not connection.in_atomic_block
    try:
        with transaction.atomic():
            response = run()
            if spoilt.get() is not None or response.status_code >= 400:
                raise _RolledBack(response)
            if hasattr(response, "render") and not response.is_rendered:
                response.render()
            _remember(key, fingerprint, response, commit=ours)
        return response
    except _RolledBack as rolled:
        drop()
        return _stored(key, fingerprint) or rolled.response
    except Exception as error:  # among them the key itself, when this request has been carried out before
        drop()
        reason = spoilt.get()
        if (stored := _stored(key, fingerprint)) is not None:
            return stored
        raise (reason or error) from None
    finally:
        drop()
        held.reset(hold)
        in_request.reset(inside)
        spoilt.reset(refused)


def _remember(key: str, fingerprint: str, response: HttpResponseBase, *, commit: bool) -> None:
    """The one extra INSERT, with everything held back. A stream or what is not text is not kept: there a replay runs again."""
    kind = response.headers.get("Content-Type", "")
    if response.streaming or not kind.startswith(("text/", "application/json")):
        flush(commit=commit)
        return
    body = response.content.decode()  # type: ignore[attr-defined]
    kept = {name: value for name, value in response.headers.items() if name in KEPT}
    sealed = seal_text(body) if body else b""
    token = running.set("bookkeeping: the key of a request")
    try:
        later(_INSERT, (key, fingerprint, response.status_code, _headers(response, kept), sealed, now()))
        flush(commit=commit)
    finally:
        running.reset(token)


_SEALED: Final = "sealed "


def _headers(response: HttpResponseBase, kept: dict[str, str]) -> str:
    """The headers as they are kept; sealed when the answer leads to a secret address (`response.secret`)."""
    text = json.dumps(kept)
    return _SEALED + seal_text(text).hex() if getattr(response, "secret", False) else text


def _unsealed(text: str) -> str:
    return open_text(bytes.fromhex(text.removeprefix(_SEALED))) if text.startswith(_SEALED) else text


def _stored(key: str, fingerprint: str) -> HttpResponse | None:
    """The answer this key has got, if it was committed; a key used for something else is a conflict."""
    row = RequestKey.objects.filter(pk=key).first()
    if row is None:
        return None
    if row.fingerprint != fingerprint:
        raise Conflict("这个请求键已用于另一次提交。请刷新页面后重新填写，或换一个请求键。")
    response = HttpResponse(open_text(row.body) if row.body else b"", status=row.status)
    for name, value in json.loads(_unsealed(row.headers)).items():
        response.headers[name] = value
    response.headers["Idempotent-Replay"] = "true"
    return response


def _is_form(request: HttpRequest) -> bool:
    return request.content_type in _FORM


def _fingerprint(request: HttpRequest) -> str:
    """Method, address and content. A multipart body is read field by field: its boundary differs each time."""
    digest = hashlib.sha256(f"{request.method} {request.get_full_path()}\n".encode())
    if not _is_form(request):
        digest.update(request.body)
        return digest.hexdigest()
    for name in sorted(request.POST):
        if name != "csrfmiddlewaretoken":
            digest.update(json.dumps([name, request.POST.getlist(name)]).encode())
    for name in sorted(request.FILES):
        for file in request.FILES.getlist(name):
            digest.update(json.dumps([name, file.name, file.size]).encode())
            for chunk in file.chunks():
                digest.update(chunk)
            file.seek(0)
    return digest.hexdigest()


def forget_keys(before: datetime) -> int:
    """Drop keys older than `before` (the worker, once an hour); returns how many."""
    with bookkeeping("old request keys"):
        return RequestKey.objects.filter(at__lt=before).delete()[0]
