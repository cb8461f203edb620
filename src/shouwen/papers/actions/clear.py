"""明文打印: a sheet with the names and numbers as they really are. Asked with a reason, approved, printed once, marked, re-masked.

It follows the rule of every private value (estate.actions.asked): D1.06, numbers are told to nobody; D1.07, where truly needed
after the supervisor's approval. What is kept of the printing is the masked sheet with the mark; the clear one is handed out once.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime

from shouwen.estate import actions as estate
from shouwen.estate.models import Reveal
from shouwen.kernel.access import Actor
from shouwen.kernel.journal import Done, action
from shouwen.kernel.refusals import NotFound, Refused
from shouwen.kernel.templatetags.ui import when_text

from .. import queries
from ..catalogue import form_named
from ..models import Paper, Printing
from ..records import CLEAR, Fact, read
from ..sheets import Sheet, masked_on, sheet
from .printing import facts_of, printed

FIELD = "print"


@action("paper.clear_asked", may="estate.reveal", says="申请明文打印《{form}》{number}，理由：{reason}")
def ask_clear(actor: Actor, paper: Paper, /, *, reason: str, at: datetime) -> Done:
    """Ask to print this paper once in the clear. Returns the Reveal: open at once only for who may approve."""
    record = read(actor, paper.about)
    if paper.state == Paper.State.VOID:
        raise Refused("这张单据已作废，不能再打印。如仍需要，请在记录上重新开一张。")
    if not masked_on(form_named(paper.form), record):
        raise Refused("这张单据上没有隐去的姓名和电话，直接打印即可。")
    what = f"《{paper.form}》{paper.number or record.number}"
    wanted = Reveal(community_id=paper.community_id, about=f"paper:{paper.pk}", field=FIELD, title=f"{what}的明文（打印）"[:120])
    made = estate.asked(actor, wanted, reason=reason, at=at)
    return Done(paper, {"form": paper.form, "number": paper.number or record.number, "reason": made.reason}, result=made)


@action("paper.printed_clear", may="estate.reveal", says="明文打印《{form}》{number}，第 {turn} 次（{medium}），明文第 {copy} 份，{reason}，批准人：{approver}")
def print_clear(actor: Actor, paper: Paper, /, *, request: Reveal, layout: str = "", medium: str = "html", at: datetime) -> Done:
    """Print it, once, on a request that was approved. Returns (Printing, the clear sheet): give it to the printer and to nobody else."""
    record = read(actor, paper.about)
    kind, _, rest = paper.about.partition(":")
    if request.about != f"paper:{paper.pk}" or kind not in CLEAR:
        raise NotFound
    if medium == "docx" and queries.template_in_use(paper.community_id, form_named(paper.form).form) is None:
        raise Refused("这张单据没有启用的 Word 模板，批准还没有用掉。请直接打印或存为 PDF。", {"medium": "请重新选择"})
    estate.taken(actor, request, at=at)
    before = Printing.objects.filter(paper=paper, content__contains='"clear":{').count()
    mark = {"copy": before + 1, "by": actor.name, "at": when_text(at), "reason": request.reason, "approver": request.decided_by}
    made = printed(actor, paper, record, layout=layout, medium=medium, reason=f"明文：{request.reason}"[:200], at=at, clear=mark)
    real = CLEAR[kind](actor, rest)
    shown = replace(record, facts=record.facts | {name: Fact(record.facts[name].title, text) for name, text in real.items() if name in record.facts})
    clear: Sheet = sheet(form_named(paper.form), shown, paper.number, json.loads(made.content)["copies"]) | {"clear": mark}
    return Done(paper, facts_of(made) | {"copy": mark["copy"], "approver": request.decided_by}, result=(made, clear))
