"""A list that is no register as .xlsx: what the page lists, as it is narrowed, masked as it is shown, with its line in the journal."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from tempfile import TemporaryFile
from typing import Any

from django.http import FileResponse

from .access import Actor
from .journal import now
from .refusals import Refused
from .registers import EXPORT_LIMIT, write_workbook
from .templatetags.ui import when_text


def export(
    actor: Actor, *, title: str, heads: Sequence[str], rows: Sequence[list[Any]], filters: Mapping[str, str], log: Callable[..., Any],
    note: str = "",
) -> FileResponse:  # fmt: skip
    """The file to be saved. `log(actor, title=…, rows=…, filters=…)` writes the line; an empty filter is not said.

    `rows` may be cut by the caller one row beyond EXPORT_LIMIT; more is refused with the advice to narrow.
    """
    if len(rows) > EXPORT_LIMIT:
        raise Refused(f"符合条件的记录超过 {EXPORT_LIMIT:,} 行，一次导不完。请先筛选，分几次导出。")
    at = now()
    said = "，".join(f"{name}：{value}" for name, value in filters.items() if value) or "未筛选"
    log(actor, title=title, rows=len(rows), filters=said)
    file = TemporaryFile()  # noqa: SIM115 - FileResponse closes it
    write_workbook(file, title, heads, rows, "；".join(filter(None, (f"{actor.name} 于 {when_text(at)} 导出，共 {len(rows)} 行", said, note))))
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=f"{title}-{when_text(at)[:10]}.xlsx")
