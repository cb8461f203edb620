"""Papers: asked for by a procedure, printed by people, each printing counted."""

from __future__ import annotations

import hashlib
from datetime import datetime

from shouwen.kernel.access import Actor
from shouwen.kernel.journal import Done, action
from shouwen.kernel.refusals import Conflict

from .models import Paper


def ask(*, community_id: int, form: str, number: str, about: str, by: str, at: datetime) -> Paper:
    """A procedure `prints`: the paper now waits to be printed. Only inside an action."""
    return Paper.objects.create(
        community_id=community_id, form=form[:60], number=number[:40], about=about[:80], asked_at=at, asked_by=by[:60]
    )


@action("paper.printed", may="tickets.work", says="打印《{form}》{number}，第 {times} 次")
def printed(actor: Actor, paper: Paper, /, *, content: str, at: datetime) -> Done:
    """Note a printing and the digest of what stood on the paper; a reprint raises the count printed beside the number."""
    digest = hashlib.sha256(content.encode()).hexdigest()
    changed = Paper.objects.filter(pk=paper.pk, printed=paper.printed).update(printed=paper.printed + 1, digest=digest)
    if not changed:
        raise Conflict("这张单据刚被别人打印过，请刷新后再试。")
    paper.printed, paper.digest = paper.printed + 1, digest
    return Done(paper, {"form": paper.form, "number": paper.number, "times": paper.printed, "digest": digest})
