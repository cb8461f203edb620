"""Many rows of one table in few statements, without building an object for each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import islice
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Model

T = TypeVar("T")
M = TypeVar("M", bound=Model)
ROWS = 1000


def batches(values: Iterable[T], size: int = 800) -> Iterator[list[T]]:
    """Pieces small enough for the bound parameters of any engine."""
    source = iter(values)
    while some := list(islice(source, size)):
        yield some


def create(records: Sequence[M]) -> list[M]:
    """INSERT new records of one model as they stand and give them their ids, like bulk_create at a third of its cost."""
    if records:
        fields = [field for field in records[0]._meta.concrete_fields if not field.primary_key]
        names = [field.attname for field in fields]
        columns = [field.column for field in fields]
        ids = _insert(type(records[0]), columns, ([getattr(record, name) for name in names] for record in records), True)
        for record, pk in zip(records, ids, strict=True):
            record.pk = pk
            record._state.adding = False
    return list(records)


def insert(model: type[Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """INSERT rows of column values as the database takes them (ids, text, bytes, dates, Decimal); returns how many."""
    return len(_insert(model, columns, rows, False))


def _insert(model: type[Model], columns: Sequence[str], rows: Iterable[Sequence[Any]], wants_ids: bool) -> list[int]:
    """The ids of the new rows in order, or as many zeros.

    PostgreSQL takes one array a column, because thousands of placeholders cost more than the rows themselves.
    """
    head = f"INSERT INTO {model._meta.db_table} ({', '.join(map(connection.ops.quote_name, columns))})"
    tail = " RETURNING id" if wants_ids else ""
    kinds = {field.column: field.db_type(connection).split("(")[0] for field in model._meta.concrete_fields}
    arrays = ", ".join(f"%s::{kinds[column]}[]" for column in columns)
    one = f"({', '.join(['%s'] * len(columns))})"
    ids: list[int] = []
    with connection.cursor() as cursor:
        for some in batches(rows, ROWS):
            if connection.vendor == "postgresql":
                cursor.execute(f"{head} SELECT * FROM unnest({arrays}){tail}", [list(values) for values in zip(*some, strict=True)])
            else:
                plain = [str(value) if isinstance(value, Decimal) else value for row in some for value in row]
                cursor.execute(f"{head} VALUES {', '.join([one] * len(some))}{tail}", plain)
            ids += [row[0] for row in cursor.fetchall()] if wants_ids else [0] * len(some)
    return ids
