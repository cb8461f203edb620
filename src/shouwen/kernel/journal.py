"""Every change is an action, and every action is written down or undone.

`@action` holds permission, transaction and journal line together and has no off-switch. In tests and in
development the write guard (see kernel/db) refuses any write to our tables outside an action.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

import msgspec
from django.db import connection, transaction

from . import batch
from .access import PERMISSIONS, Actor
from .batch import Unwritten, running
from .refusals import Forbidden, Refused
from .secrets import seal_text

in_request: ContextVar[bool] = ContextVar("in_request", default=False)
"""True inside a keyed request, whose own transaction is rolled back whole when anything is refused."""

spoilt: ContextVar[Exception | None] = ContextVar("spoilt", default=None)
"""The first refusal inside a keyed request. The page may still read, to show the form again; nothing will be kept."""

clock: ContextVar[Callable[[], datetime] | None] = ContextVar("clock", default=None)
"""Rehearsals and tests put their own clock here."""


def now() -> datetime:
    """The moment, in UTC. Pages and chores read it once and pass it on; actions take it as an argument."""
    own = clock.get()
    return own() if own else datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Done:
    """What an action returns: the thing it concerned and the facts of its line.

    `subject` needs `pk` and `_meta.label_lower`, or is already text such as ``procedures.ticket:7``.
    `facts` fill the action's sentence and are kept as data; `private` values are kept apart, encrypted, erasable.
    `result` is handed back to the caller (the subject when not given).
    """

    subject: Any
    facts: dict[str, Any] = field(default_factory=dict)
    private: dict[str, Any] = field(default_factory=dict)
    result: Any = None
    community: int | None = None


@dataclass(frozen=True, slots=True)
class Act:
    """A registered action: its code, who may, its sentence."""

    code: str
    may: str
    says: str
    run: Callable[..., Any]


ACTIONS: dict[str, Act] = {}
"""Every action by its code."""

P = ParamSpec("P")
R = TypeVar("R")
_IN_ERROR = 3
"""psycopg.pq.TransactionStatus.INERROR, without importing psycopg where only SQLite serves."""

encoder = msgspec.json.Encoder(order="deterministic")
_INSERT = (
    "INSERT INTO kernel_entry (at, actor_id, actor_name, actor_post, channel, community_id, code, subject, text, data)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
)


def action(
    code: str, *, may: str, says: str
) -> Callable[[Callable[Concatenate[Actor, Any, P], Done]], Callable[Concatenate[Actor, Any, P], Any]]:
    """Make a function the one way to do something.

    The function takes the actor and the place (anything with `community_id`, a Community, or None for what
    concerns the whole company), positional, then keywords. `at` may be given; it is the moment of the act.
    """
    if may not in PERMISSIONS:
        raise KeyError(f"{code}: unknown permission {may}")

    def decorate(fn: Callable[Concatenate[Actor, Any, P], Done]) -> Callable[Concatenate[Actor, Any, P], Any]:
        @wraps(fn)
        def run(actor: Actor, place: Any, /, *args: P.args, **kwargs: P.kwargs) -> Any:
            community = community_of(place)
            if not actor.may(may, community):
                raise Forbidden(f"{actor.name}没有「{PERMISSIONS[may]}」权限。如工作需要，请联系上级或系统管理员开通。")
            outermost = not running.get()
            nested = not outermost or in_request.get()
            if outermost:
                batch.flush()  # what an earlier action of this request has held back
            token = running.set(code)
            try:
                with _Within() if nested and connection.in_atomic_block else transaction.atomic(savepoint=not nested):
                    done = fn(actor, place, *args, **kwargs)
                    if not isinstance(done, Done):
                        raise Unwritten(code)
                    at = kwargs.get("at")
                    _write(actor, code, says, done, community, at if isinstance(at, datetime) else now())
                    if not (outermost and batch.held.get() and in_request.get()):
                        batch.flush()
            except BaseException as error:
                batch.drop()
                if outermost and in_request.get():
                    _spoil(error)
                raise
            finally:
                running.reset(token)
            return done.subject if done.result is None else done.result

        if code in ACTIONS:
            raise KeyError(f"action {code} is registered twice")
        ACTIONS[code] = Act(code, may, says, run)
        return run

    return decorate


class _Within:
    """Inside a transaction that an error must undo whole: what `atomic(savepoint=False)` does there, without its ceremony."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if error is not None:
            connection.needs_rollback = True


def _spoil(error: BaseException) -> None:
    """Note that this keyed request will be rolled back whole, and let it read on if the database still can."""
    if isinstance(error, Exception) and spoilt.get() is None:
        spoilt.set(error)
    if isinstance(error, Refused) and connection.in_atomic_block:
        broken = connection.vendor == "postgresql" and connection.connection.info.transaction_status == _IN_ERROR
        connection.needs_rollback = broken


@contextmanager
def separately() -> Any:
    """Inside a keyed request: each action stands for itself (a list of tickets, some of which may be refused)."""
    token = in_request.set(False)
    try:
        yield
    finally:
        in_request.reset(token)


def community_of(place: Any) -> int | None:
    """The community a place belongs to: its own id if it is one, its `community_id`, or None."""
    if place is None or isinstance(place, int):
        return place
    if hasattr(place, "community_id"):
        return place.community_id  # type: ignore[no-any-return]
    return int(place.pk) if place._meta.label_lower == "estate.community" else None


def _write(actor: Actor, code: str, says: str, done: Done, community: int | None, at: datetime) -> None:
    subject = done.subject if isinstance(done.subject, str) else f"{done.subject._meta.label_lower}:{done.subject.pk}"
    shown = done.facts | dict.fromkeys(done.private, "（隐私）")
    values = (
        at, actor.id, actor.name, actor.post, actor.channel,
        community if done.community is None else done.community,
        code, subject, says.format_map(_Facts(shown)), encoder.encode(done.facts).decode(),
    )
    if not done.private:
        batch.later(_INSERT, values)
        return
    entry_id = batch.ask(_INSERT + " RETURNING id", values)[0][0]
    batch.later(
        "INSERT INTO kernel_privatefact (entry_id, sealed) VALUES (%s, %s)",
        (entry_id, seal_text(encoder.encode(done.private).decode())),
    )


class _Facts(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return ""


@contextmanager
def bookkeeping(reason: str) -> Any:
    """Technical writes that are nobody's act (heartbeats, leases, delivery attempts, seals). The reason is for readers."""
    outermost = not running.get()
    if outermost:
        batch.flush()
    token = running.set(f"bookkeeping: {reason}")
    try:
        yield
        if outermost:
            batch.flush()
    except BaseException:
        if outermost:
            batch.drop()
        raise
    finally:
        running.reset(token)
