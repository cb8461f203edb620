"""Adopting editions of procedures: read, checked against this installation, stored for ever."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Q

from shouwen.estate import queries as estate
from shouwen.kernel.access import Actor
from shouwen.kernel.journal import Done, action
from shouwen.kernel.refusals import Conflict, Refused
from shouwen.org import queries as org

from . import editions
from .engine import Faulty, Procedure, read
from .models import Edition
from .slots import SLOTS

OPENERS = {"staff", "public", "schedule", "system"}


@action("procedure.adopted", may="procedures.adopt", says="启用规程《{title}》{edition}，自 {starts} 起")
def adopt(actor: Actor, community: Any, /, *, text: str, starts_at: datetime, at: datetime, remark: str = "") -> Done:
    """Store an edition of a procedure for a community (None = for all). Tickets under way finish under their own.

    Refused when the text has faults, names a post or an effect that this installation lacks, or when the same
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
    )  # fmt: skip
    editions.forget()
    facts = {"title": rules.title, "edition": rules.edition, "starts": f"{starts_at:%Y-%m-%d %H:%M}"}
    return Done(edition, facts)


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
