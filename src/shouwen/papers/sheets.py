"""A form filled in: what stands on the paper, as data that can be kept, digested, compared, and drawn."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from shouwen.kernel.templatetags.ui import when_text

from .catalogue import ORDINALS, Cell, CopyRule, Form, Table
from .records import CLEAR, Record

Sheet = dict[str, Any]
"""form, number, community, record, status, finished, rows, signs, note, copies: JSON and nothing else."""


def sheet(form: Form, record: Record, number: str, copies: Sequence[dict[str, Any]]) -> Sheet:
    """What a form says about a record now. B9.06: its status and when it was finished are always on it."""
    return {
        "form": form.form, "number": number, "community": record.community, "record": record.number, "title": record.title,
        "status": record.status, "finished": when_text(record.finished) if record.finished else "",
        "rows": [_table(row, record) if isinstance(row, Table) else {"cells": [_cell(cell, record) for cell in row]} for row in form.rows],
        "signs": list(form.signs), "note": form.note, "copies": list(copies),
    }  # fmt: skip


def copies_of(form: Form, record: Record) -> list[tuple[CopyRule, str, str]]:
    """(rule, holder, holder's name) of every copy: a `dept` copy stands once for each department concerned. A5.05, B9.08."""
    found = []
    for rule in form.copies:
        if rule.holder != "dept":
            found.append((rule, rule.holder, rule.title))
        else:
            found += [(rule, f"dept:{slug}", title) for slug, title in record.departments] or [(rule, "dept:", rule.title or "责任部门")]
    return found


def masked_on(form: Form, record: Record) -> list[str]:
    """Labels of what is masked on this sheet and may be asked for in the clear."""
    if record.about.partition(":")[0] not in CLEAR:
        return []
    given = [(cell, next((source for source in cell.source if _from(source, record)), "")) for cell in form.cells]
    return [cell.label for cell, source in given if source in record.facts and "*" in record.facts[source].text]


def called(form: Form, name: str) -> tuple[str, ...]:
    """What procedures may call the copy of this name in `needs: [paper …]`: 派工单第二联, 派工单回联; 派工单 if only it comes back."""
    at = next((at for at, rule in enumerate(form.copies, 1) if rule.name == name), 0)
    alone = sum(bool(rule.returns) for rule in form.copies) == 1
    return tuple(f"{one}{part}" for one in (form.form, *form.aliases) for part in (ordinal(at) if at else name, name, *([""] if alone else [])))


def ordinal(seq: int) -> str:
    """第一联, 第二联…"""
    return f"第{ORDINALS[seq - 1] if seq <= len(ORDINALS) else seq}联"


def written(content: Sheet) -> str:
    """The sheet as text, always the same for the same content."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def code_of(digest: str) -> str:
    """The check code printed on the paper: twelve signs of the digest."""
    return "-".join(digest[at : at + 4].upper() for at in (0, 4, 8))


def differences(before: Sheet, after: Sheet) -> list[tuple[str, str, str]]:
    """(label, on the paper, now) of whatever has changed in the record since."""
    old, new = _said(before), _said(after)
    return [(label, old.get(label, ""), new.get(label, "")) for label in {**old, **new} if old.get(label, "") != new.get(label, "")]


def _said(content: Sheet) -> dict[str, str]:
    found: dict[str, str] = {}
    for row in content["rows"]:
        for cell in row.get("cells", ()):
            if cell["text"]:
                found[cell["label"]] = cell["text"]
        if "lines" in row:
            found[row["label"]] = f"{len(row['lines'])} 条"
    return found | {"办理状态": content["status"], "办结时间": content["finished"]}


def _cell(cell: Cell, record: Record) -> dict[str, Any]:
    text = next((found for source in cell.source if (found := _from(source, record))), "")
    done = record.steps.get(cell.step, ())
    return {
        "label": cell.label, "text": text, "lines": cell.lines, "hand": not cell.source,
        "by": "、".join(f"{by} {when_text(at)}" for by, at in {step.by: step.at for step in done[-3:]}.items()) if text else "",
    }  # fmt: skip


def _from(source: str, record: Record) -> str:
    if source.startswith("@"):
        return record.head.get(source[1:], "")
    if "." in source:  # intake.by, intake.at: who did a step, and when
        name, _, what = source.partition(".")
        done = record.steps.get(name, ())
        return "、".join(dict.fromkeys(step.by if what == "by" else when_text(step.at) for step in done))
    fact = record.facts.get(source)
    return fact.text if fact else ""


def _table(table: Table, record: Record) -> dict[str, Any]:
    return {"label": table.label, "lines": [{"at": when_text(line.at), "by": line.by, "text": line.text} for line in record.story]}


def moment(value: datetime | None) -> str:
    return when_text(value) if value else ""
