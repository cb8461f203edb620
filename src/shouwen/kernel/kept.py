"""Values read from the database and kept for seconds in this process, never beyond what was committed."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from time import monotonic
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction

V = TypeVar("V")

_stores: list[Kept] = []


class Kept(Generic[V]):
    """A store of values by key, each good for `seconds`; with more than `most` of them it starts anew.

    What is read inside a transaction waits in that transaction's list of things to do after commit: its own later
    reads find it there, a rollback (of a savepoint too) drops it, and only a commit shares it with other requests.
    So a rehearsal or a refused action leaves nothing behind.
    """

    def __init__(self, seconds: float, most: int = 5000) -> None:
        self.seconds, self.most = seconds, most
        self.shared: dict[Hashable, tuple[float, V]] = {}
        _stores.append(self)

    def get(self, key: Hashable, load: Callable[[], V]) -> V:
        """The value under the key, from the store or by `load`."""
        db = connections[DEFAULT_DB_ALIAS]
        waits = db.run_on_commit if db.in_atomic_block else ()
        found = self._waiting(key, waits) if waits else None
        if found is None and (held := self.shared.get(key)) and held[0] > monotonic():
            return held[1]
        if isinstance(found, _Read) and found.until > monotonic():
            return found.value
        read = _Read(self, key, monotonic() + self.seconds, load())
        if db.in_atomic_block:
            transaction.on_commit(read)
        else:
            read()
        return read.value

    def forget(self, key: Hashable | None = None) -> None:
        """Drop one value, or all: now, and again after commit. Other processes forget by time alone."""
        gone = _Gone(self, key)
        gone()
        if connection.in_atomic_block:
            transaction.on_commit(gone)

    def _waiting(self, key: Hashable, waits: Sequence[tuple[Any, ...]]) -> _Read | _Gone | None:
        for _, done, *_ in reversed(waits):
            if isinstance(done, (_Read, _Gone)) and done.store is self and done.key in (key, None):
                return done
        return None


class _Read:
    def __init__(self, store: Kept, key: Hashable, until: float, value: object) -> None:
        self.store, self.key, self.until, self.value = store, key, until, value

    def __call__(self) -> None:
        if len(self.store.shared) >= self.store.most:
            self.store.shared.clear()
        self.store.shared[self.key] = (self.until, self.value)


class _Gone:
    def __init__(self, store: Kept, key: Hashable | None) -> None:
        self.store, self.key = store, key

    def __call__(self) -> None:
        if self.key is None:
            self.store.shared.clear()
        else:
            self.store.shared.pop(self.key, None)


def forget() -> None:
    """Empty every store of this process (tests begin with it)."""
    for store in _stores:
        store.shared.clear()
