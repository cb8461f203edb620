"""Where each copy of a form is: handed on, brought back signed."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.timezone import localdate

from shouwen.estate.queries import mask_name
from shouwen.kernel.access import SYSTEM, Actor
from shouwen.kernel.journal import Done, action
from shouwen.kernel.refusals import Conflict, Forbidden, Refused
from shouwen.kernel.words import clean_text
from shouwen.org import queries as org

from .. import queries
from ..catalogue import DESK
from ..models import Copy, Paper
from ..records import NEIGHBOURS, Reminder, read
from ..sheets import ordinal


@action("paper.handed_on", may="tickets.work", says="《{form}》{number} {copy}由{before}转交{after}")
def hand_on(actor: Actor, copy: Copy, /, *, holder: str, at: datetime) -> Done:
    """Another department keeps a copy from now on. What the receptionist keeps (the original) stays there. B9.07."""
    read(actor, copy.paper.about)
    if copy.fixed:
        raise Refused(f"{ordinal(copy.seq)}（{copy.name}）由{copy.holder_name}保存，部门不能更改。", {"holder": "不能更改"})
    if copy.returned_at:
        raise Refused("这一联已经交回，不能再转交。")
    departments = dict(org.departments(copy.community_id))
    slug = holder.removeprefix("dept:")
    if slug not in departments:
        raise Refused("没有这个部门，请重新选择。", {"holder": "请选择部门"})
    changed = Copy.objects.filter(pk=copy.pk, holder=copy.holder, returned_at=None).update(holder=f"dept:{slug}", holder_name=departments[slug])
    if not changed:
        raise Conflict("这一联刚被别人处理过，请刷新后再试。")
    facts = {
        "form": copy.paper.form, "number": copy.paper.number, "copy": ordinal(copy.seq), "before": copy.holder_name,
        "after": departments[slug],
    }  # fmt: skip
    return Done(copy.paper, facts)


@action("paper.returned", may="tickets.work", says="收回《{form}》{number} {copy}，签字人 {signed_by}{photo}")
def returned(
    actor: Actor, copy: Copy, /, *, signed_by: str, signed_at: datetime | None, photo: tuple[str, bytes] | None = None,
    remark: str = "", at: datetime,
) -> Done:  # fmt: skip
    """The signed copy is back at the service centre: who signed and when are needed, a photo of it joins the record. A5.03, A5.04.

    Whatever waits for it there goes on; returns that in words.
    """
    record = read(actor, copy.paper.about)
    if actor.id is not None and not actor.posts & set(DESK):
        raise Forbidden("交回的单据由服务中心签收，请交给前台登记。")
    if copy.paper.state == Paper.State.VOID or not copy.returns:
        raise Refused("这一联不用交回。")
    if copy.returned_at:
        raise Conflict("这一联已经登记交回。")
    signer = clean_text(signed_by, "签字人", 20, field="signed_by")
    if not signer:
        raise Refused("没有业主（用户）签字不能收联，请填写签字人。", {"signed_by": "请填写签字人"})
    if signed_at is None:
        raise Refused("请填写签字时间。", {"signed_at": "请填写签字时间"})
    if signed_at > at + timedelta(minutes=1):
        raise Refused("签字时间不能晚于现在，请核对。", {"signed_at": "晚于现在"})
    made = copy.paper.asked_at  # the day alone: a sheet filled in by hand on the way is made here afterwards
    if localdate(signed_at) < localdate(made):
        raise Refused(f"签字日期早于这张单据生成的日期（{localdate(made):%Y-%m-%d}），请核对。", {"signed_at": "早于单据生成的日期"})
    remark = clean_text(remark, "备注", 200, field="remark")
    shown = mask_name(signer)
    changed = Copy.objects.filter(pk=copy.pk, returned_at=None).update(
        returned_at=at, returned_to=actor.name, signed_by=shown, signed_at=signed_at, remark=remark
    )
    if not changed:
        raise Conflict("这一联刚被别人登记交回，请刷新后再看。")
    key = ""
    if photo:
        name, content = photo
        extension = name.rpartition(".")[2].lower()[:5]
        key = NEIGHBOURS.keep_photo(actor, copy.paper.about, f"{copy.paper.form.replace('/', '或')}-{copy.paper.number}-{ordinal(copy.seq)}.{extension}", content, at)
        Copy.objects.filter(pk=copy.pk).update(photo=key)
    if not copy.paper.copies.filter(returns=True, returned_at=None).exists():
        Paper.objects.filter(pk=copy.paper_id).exclude(state=Paper.State.VOID).update(state=Paper.State.BACK)
    copy.returned_at, copy.returned_to, copy.signed_by, copy.photo = at, actor.name, shown, key
    said = _goes_on(actor, copy, at)
    facts = {
        "form": copy.paper.form, "number": copy.paper.number, "copy": ordinal(copy.seq), "signed_by": shown,
        "photo": "，附签字件照片" if photo else "", "record": record.number,
    }  # fmt: skip
    return Done(copy.paper, facts | ({"brings": said} if said else {}), private={"signer": signer}, result=said)


def _goes_on(actor: Actor, copy: Copy, at: datetime) -> str:
    """Tell the record that the copy is back, once every other copy of the same name in the same hands is."""
    paper = copy.paper
    same = Copy.objects.filter(paper__about=paper.about, paper__form=paper.form, name=copy.name, returns=True, returned_at=None)
    if same.exists():
        left = same.count()
        return f"还有 {left} 份同样的联没有交回，都交回后工单才往下走。"
    return NEIGHBOURS.came_back(actor, queries.back_of(copy, at))


def remind(at: datetime, most: int = 200) -> int:
    """Chore: tell the holders of copies whose time is over, and the desk that waits for them; once for each copy."""
    late = list(
        Copy.objects.filter(returns=True, returned_at=None, due_at__lt=at, reminded_at=None)
        .select_related("paper").order_by("due_at", "id")[:most]
    )  # fmt: skip
    for copy in late:
        _remind(SYSTEM, copy, at=at)
    return len(late)


@action("paper.reminded", may="system", says="催交《{form}》{number} {copy}（{holder}）")
def _remind(actor: Actor, copy: Copy, /, *, at: datetime) -> Done:
    Copy.objects.filter(pk=copy.pk).update(reminded_at=at)
    paper = copy.paper
    NEIGHBOURS.tell(Reminder(
        copy.community_id, copy.holder, f"催交：{paper.form}{ordinal(copy.seq)}",
        f"{paper.form} {paper.number}（{paper.record}）的{ordinal(copy.seq)}还没有签字交回，请交到服务中心前台。",
        f"/papers/{paper.pk}", f"copy{copy.pk}.late", at,
    ))  # fmt: skip
    return Done(paper, {"form": paper.form, "number": paper.number, "copy": ordinal(copy.seq), "holder": copy.holder_name})
