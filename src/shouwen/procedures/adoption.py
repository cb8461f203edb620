"""Adopting editions of procedures: read, checked against this installation, stored for ever."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q

from shouwen.estate import queries as estate
from shouwen.kernel.access import Actor
from shouwen.kernel.journal import Done, action, community_of
from shouwen.kernel.refusals import Conflict, NotFound, Refused
from shouwen.kernel.words import clean_text
from shouwen.org import queries as org

from . import editions, slots
from .calendars import local
from .engine import Faulty, Procedure, Step, read
from .models import Edition, Recall

OPENERS = {"staff", "public", "schedule", "system"}


@action("procedure.adopted", may="procedures.adopt", says="启用规程《{title}》{edition}，自 {starts} 起")
def adopt(
    actor: Actor, community: Any, /, *, text: str, starts_at: datetime, at: datetime, remark: str = "",
    reasons: Sequence[tuple[str, str]] = (), trial: bool = False,
) -> Done:  # fmt: skip
    """Store an edition of a procedure for a community (None = for all). Tickets under way finish under their own.

    `reasons`: (what, why) of every limit that it makes laxer. Refused when the text has faults, names what this installation lacks (a post, a department, an
    effect or an argument of one, a procedure to open), or when the same edition was adopted with another text. `trial`: on a scratch copy, which knows
    neither the departments nor the other procedures of the real installation.
    """
    try:
        rules = read(text)
    except Faulty as faulty:
        raise Refused(f"规程文件有 {len(faulty.faults)} 处问题：\n{faulty}") from None
    if lacking := unknown_here(rules, trial=trial):
        raise Refused("这份规程在本系统还不能启用：\n" + "\n".join(lacking))
    digest = editions.digest_of(text)
    place = Q(community=community) if community is not None else Q(community__isnull=True)
    existing = Edition.objects.filter(place, procedure=rules.procedure, edition=rules.edition).first()
    if existing is not None:
        if existing.digest != digest:
            raise Conflict(f"《{rules.title}》{rules.edition} 已经启用过，内容不同。版本启用后不能修改，请改版本号再启用。")
        return Done(existing, {"title": rules.title, "edition": rules.edition, "starts": "（已启用）"})
    edition = Edition.objects.create(
        procedure=rules.procedure, edition=rules.edition, community=community, title=rules.title, text=text,
        digest=digest, starts_at=starts_at, adopted_at=at, adopted_by=actor.name, remark=remark[:200],
        reasons=[list(pair) for pair in reasons],
    )  # fmt: skip
    editions.forget()
    facts: dict[str, Any] = {"title": rules.title, "edition": rules.edition, "starts": f"{local(starts_at):%Y-%m-%d %H:%M}", "remark": remark[:200]}
    if reasons:
        facts["laxer"] = [f"{what}：{why}" for what, why in reasons]
    return Done(edition, facts)


@action("procedure.recalled", may="procedures.adopt", says="撤回尚未启用的规程《{title}》{edition}：{reason}")
def recall(actor: Actor, community: Any, /, *, edition: Edition, reason: str, at: datetime) -> Done:
    """Call an edition off before it begins: it will never hold, and what is in force goes on. Returns the Recall."""
    reason = clean_text(reason, "原因", 200, field="reason")
    if edition.community_id != community_of(community):
        raise NotFound
    if not reason:
        raise Refused("请写明为什么撤回。", {"reason": "请写明原因。"})
    if edition.starts_at <= at:
        raise Conflict("这个版本已经启用，不能撤回。要改回去，请从旧版本另出一个新版本。")
    if Recall.objects.filter(edition=edition).exists():
        raise Conflict("这个版本已经撤回。")
    row = Recall.objects.create(edition=edition, at=at, by_name=actor.name, reason=reason)
    editions.forget()
    return Done(row, {"title": edition.title, "edition": edition.edition, "reason": reason})


def unknown_here(rules: Procedure, *, trial: bool = False) -> list[str]:
    """What the file names and this installation does not know, as Chinese sentences (see `adopt`)."""
    known = {post.slug for post in org.posts()}
    named = {p.on_duty or p.post for p in rules.people.values()} - {""}
    lacking = [f"没有岗位「{slug}」，请先在「岗位与部门」里登记。" for slug in sorted(named - known)]
    lacking += [
        f"opened_by 里的「{slug}」不是岗位。" for slug in sorted(set(rules.opened_by) - known - OPENERS)
    ]
    steps = rules.every_step.values()
    lacking += dict.fromkeys(said for step in steps for doing in step.does for said in slots.lacks(doing.slot, doing.args))
    if trial:
        return lacking
    departments = {p.heads or p.member for p in rules.people.values()} - {"", "branch"}
    lacking += [f"没有部门「{slug}」，请先在「岗位与部门」里登记。" for slug in sorted(departments and departments - org.department_slugs())]
    rungs = [rung for limited in (*steps, *rules.promises.values()) for rung in limited.ladder]
    opened = {opening.procedure for holder in (*steps, *rungs) for opening in (holder.opens if isinstance(holder, Step) else holder.open)}
    unshipped = opened - {rules.procedure} - {path.stem for path in editions.LIBRARY.glob("*.yaml")}
    adopted = set(Edition.objects.filter(procedure__in=unshipped).values_list("procedure", flat=True)) if unshipped else set()
    return lacking + [f"要开的子规程「{slug}」还没有启用，请先启用它。" for slug in sorted(unshipped - adopted)]


def community_named(slug: str) -> Any:
    """The community of this slug, None for "" (all of them); Refused when unknown."""
    return estate.community_by_slug(slug) if slug else None
