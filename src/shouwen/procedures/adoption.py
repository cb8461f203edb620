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

from . import editions
from .calendars import local
from .engine import Faulty, Procedure, read
from .models import Edition, Recall
from .slots import SLOTS

OPENERS = {"staff", "public", "schedule", "system"}


@action("procedure.adopted", may="procedures.adopt", says="启用规程《{title}》{edition}，自 {starts} 起")
def adopt(
    actor: Actor, community: Any, /, *, text: str, starts_at: datetime, at: datetime, remark: str = "",
    reasons: Sequence[tuple[str, str]] = (),
) -> Done:  # fmt: skip
    """Store an edition of a procedure for a community (None = for all). Tickets under way finish under their own.

    `reasons`: (what, why) of every limit that it makes laxer. Refused when the text has faults, names a post or an effect that this installation lacks, or when the same
    edition was adopted with another text.
    """
    try:
        rules = read(text)
    except Faulty as faulty:
        raise Refused(f"规程文件有 {len(faulty.faults)} 处问题：\n{faulty}") from None
    if lacking := unknown_here(rules):
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


def unknown_here(rules: Procedure) -> list[str]:
    """Posts and effects that the file names and this installation does not know, as Chinese sentences."""
    known = {post.slug for post in org.posts()}
    named = {p.on_duty or p.post for p in rules.people.values()} - {""}
    lacking = [f"没有岗位「{slug}」，请先在「岗位」里登记。" for slug in sorted(named - known)]
    lacking += [
        f"opened_by 里的「{slug}」不是岗位。" for slug in sorted(set(rules.opened_by) - known - OPENERS)
    ]
    slots = {d.slot for s in rules.every_step.values() for d in s.does}
    return lacking + [f"没有名为「{slot}」的联动。" for slot in sorted(slots - set(SLOTS))]


def community_named(slug: str) -> Any:
    """The community of this slug, None for "" (all of them); Refused when unknown."""
    return estate.community_by_slug(slug) if slug else None
