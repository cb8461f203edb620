"""Spreadsheets: checked and kept sealed, then applied whole or not at all."""

from __future__ import annotations

from base64 import b64decode, b64encode
from datetime import datetime, timedelta
from typing import Final

from django.utils.timezone import localdate

from shouwen.kernel.access import Actor
from shouwen.kernel.journal import Done, action
from shouwen.kernel.refusals import Conflict, Refused
from shouwen.kernel.secrets import open_text, seal_text
from shouwen.kernel.words import clean_text

from .. import imports
from ..models import Community, Import
from .intake import in_words, put_lines

KEPT_FOR: Final = timedelta(days=1)
"""How long an unapplied file lies sealed before its content is dropped."""


@action("estate.import_planned", may="estate.import", says="上传表格「{filename}」检查：{rows} 行，{problems} 处问题")
def plan_import(actor: Actor, community: Community, /, *, filename: str, content: bytes, at: datetime) -> Done:
    """Check a file and keep it sealed with its problems; nothing of it is registered yet."""
    name = clean_text(filename.replace("\\", "/").rsplit("/", 1)[-1], "文件名", 120)
    plan = imports.plan(community.pk, content, name)
    Import.objects.filter(planned_at__lt=at - KEPT_FOR).exclude(sealed=b"").update(sealed=b"", problems=[])
    found = plan.problems
    run = Import(
        community=community, filename=name, sealed=seal_text(b64encode(content).decode()), rows=len(plan.lines),
        counts=plan.counts, problems=found, planned_by_id=actor.id, planned_by=actor.name, planned_at=at,
    )
    run.save(force_insert=True)
    return Done(run, {"filename": name, "rows": run.rows, "problems": len(found)})


@action("estate.imported", may="estate.import", says="导入表格「{filename}」：{summary}")
def apply_import(actor: Actor, run: Import, /, *, at: datetime) -> Done:
    """Take in the whole file, checked again against what is there now; on any problem nothing is written."""
    claimed = Import.objects.filter(pk=run.pk, applied_at=None).update(applied_at=at)
    if not claimed:
        raise Conflict("这个文件已经导入过，请勿重复导入。")
    content = content_of(run)
    plan = imports.plan(run.community_id, content, run.filename)
    imports.require(plan)
    counts = put_lines(run.community, plan.lines, plan.ground, localdate(at))
    Import.objects.filter(pk=run.pk).update(sealed=b"", counts=counts)
    run.refresh_from_db()
    return Done(run, {"filename": run.filename, "rows": run.rows, "summary": in_words(counts), **counts}, result=counts)


def content_of(run: Import) -> bytes:
    """The file as it was uploaded; Refused once it has been dropped."""
    if not run.sealed:
        raise Refused("文件内容已按规定清除（上传超过一天或已导入），请重新上传。")
    return b64decode(open_text(run.sealed))
