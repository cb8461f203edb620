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
        found = _waiting(db, self, key) if db.in_atomic_block and db.run_on_commit else None
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


class _Newest:
    """The newest of what waits in a transaction, by store and key. Follows the list as it grows: long transactions read often."""

    def __init__(self, waits: Sequence[tuple[Any, ...]]) -> None:
        self.waits, self.seen = waits, 0
        self.by_key: dict[tuple[Kept[Any], Hashable], tuple[int, _Read | _Gone]] = {}

    def of(self, store: Kept[Any], key: Hashable) -> _Read | _Gone | None:
        for place in range(self.seen, len(self.waits)):
            done = self.waits[place][1]
            if isinstance(done, (_Read, _Gone)):
                self.by_key[done.store, done.key] = place, done
        self.seen = len(self.waits)
        found = [held for held in (self.by_key.get((store, key)), self.by_key.get((store, None))) if held]
        return max(found)[1] if found else None


def _waiting(db: Any, store: Kept[Any], key: Hashable) -> _Read | _Gone | None:
    """What this transaction last read or forgot of a key. A rollback (of a savepoint too) gives the connection a new list."""
    newest: _Newest | None = getattr(db, "kept_newest", None)
    if newest is None or newest.waits is not db.run_on_commit:
        newest = db.kept_newest = _Newest(db.run_on_commit)
    return newest.of(store, key)
