"""Words to say, words to avoid, things to know: a small register, looked up while somebody is on the line (A15, C, D6, D9).

The standard ones come with the program (phrases.yaml) and are the company's own from then on.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml
from django.db.models import Q, QuerySet

from shouwen.kernel.access import Actor
from shouwen.kernel.journal import Done, action
from shouwen.kernel.kept import Kept
from shouwen.kernel.pinyin import Style, lazy_pinyin
from shouwen.kernel.refusals import Conflict, NotFound, Refused
from shouwen.kernel.words import clean_text
from shouwen.org import queries as org

from .calendars import local
from .models import Phrase

FILE: Final = Path(__file__).parent / "phrases.yaml"
PLACES: Final = {
    "counter/greet": "受理台：还没选事项时", "counter/hold": "受理台：保留来电前", "counter/resume": "受理台：回到保留的来电",
    "counter/saved": "受理台：保存以后",
}  # fmt: skip
"""Where phrases are shown besides the steps of procedures."""
STEP: Final = re.compile(r"[a-z][a-z0-9_]{0,39}(/[a-z][a-z0-9_]{0,39})?")
GREETINGS: Final = ((11, "早上好"), (13, "中午好"), (18, "下午好"), (24, "晚上好"))
"""Hour before which each is said; before five in the morning it is still 晚上好 (A15.02)."""
HITS: Final = 8
OURS: Final = "随系统"
"""Who last changed a standard phrase that the company has not touched; such a one follows the program's versions."""
COMPARED: Final = ("kind", "topic", "situation", "words", "basis", "steps", "order", "spelled")


# --- reading ---


def phrases(actor: Actor) -> QuerySet[Phrase]:
    """Every phrase in use where this person works, by topic as the company orders them."""
    places = actor.places("procedures.view")
    rows = Phrase.objects.filter(retired_at__isnull=True).select_related("community").order_by("order", "id")
    if places is None:
        return rows
    return rows.filter(Q(community__isnull=True) | Q(community__in=places)) if places else rows.none()


def here(actor: Actor, community_id: int) -> QuerySet[Phrase]:
    return phrases(actor).filter(Q(community__isnull=True) | Q(community_id=community_id))


def phrase(actor: Actor, pk: Any) -> Phrase:
    found = phrases(actor).filter(pk=pk).first()
    if found is None:
        raise NotFound("没有这条话术，或已停用。")
    return found


def search(rows: QuerySet[Phrase], text: str) -> QuerySet[Phrase]:
    """Those in which every word stands: in the words themselves, their topic, their clause, or as pinyin initials."""
    for word in text.lower().split()[:6]:
        rows = rows.filter(spelled__contains=word[:30])
    return rows


def shown_at(actor: Actor, community_id: int, *places: str) -> list[Phrase]:
    """What is shown by itself at these places: a step `complaint/intake` or a place of the counter. Kept for seconds."""
    wanted = [f" {place} " for place in places if place]
    held = actor.places("procedures.view")
    if not wanted or (held is not None and not held):
        return []
    may = held is None or community_id in held
    return [
        one for one in _placed.get("all", _marked)
        if any(place in one.steps for place in wanted) and (one.community_id is None or (may and one.community_id == community_id))
    ]


def beside_step(actor: Actor, community_id: int, procedure: str, step: str, *, at: datetime) -> list[tuple[Phrase, str]]:
    """What is said, avoided or known at a step, in the words of this person; for whoever works on it."""
    return said(actor, community_id, shown_at(actor, community_id, f"{procedure}/{step}", procedure), at=at)


def said(actor: Actor, community_id: int, found: Iterable[Phrase], *, at: datetime) -> list[tuple[Phrase, str]]:
    """Each with its words as this person would say them now."""
    named = next((one.name for one in org.all_communities() if one.pk == community_id), "")
    return [(one, spoken(one.words, community=named, name=actor.name, at=at)) for one in found]


def spoken(words: str, *, community: str, name: str, at: datetime) -> str:
    """The words as this person would say them now: {greeting} by the clock, {community}, {name}."""
    for hole, said in (("{greeting}", greeting(at)), ("{community}", community), ("{name}", name)):
        words = words.replace(hole, said)
    return words


def greeting(at: datetime) -> str:
    """早上好, 中午好, 下午好 or 晚上好, by the clock of the desk (A15.02)."""
    hour = local(at).hour
    return "晚上好" if hour < 5 else next(said for until, said in GREETINGS if hour < until)


_placed: Final[Kept[tuple[Phrase, ...]]] = Kept(20)
"""Every phrase that stands beside something, under "all"; every form of every step asks for them."""


def _marked() -> tuple[Phrase, ...]:
    return tuple(Phrase.objects.filter(retired_at__isnull=True).exclude(steps="").order_by("order", "id"))


# --- writing ---


@action("phrases.loaded", may="procedures.adopt", says="装入标准话术 {count} 条")
def load_standard(actor: Actor, place: None, /, *, at: datetime) -> Done:
    """Take in the standard phrases as this version has them; what the company changed or retired stays as it is."""
    known = {one.code: one for one in Phrase.objects.exclude(code="")}
    wanted = [_standard(row, order) | {"changed_at": at, "changed_by": OURS} for order, row in enumerate(standard())]
    missing = [Phrase(**given) for given in wanted if given["code"] not in known]
    older = [(old, given) for given in wanted if (old := known.get(given["code"])) and old.changed_by == OURS and old.retired_at is None]
    stale = [(old, given) for old, given in older if any(getattr(old, name) != given[name] for name in COMPARED)]
    Phrase.objects.bulk_create(missing)
    for old, given in stale:
        Phrase.objects.filter(pk=old.pk).update(**given)
    _placed.forget()
    count = len(missing) + len(stale)
    return Done("procedures.phrase:0", {"count": count}, result=count)


@action("phrase.written", may="procedures.adopt", says="话术「{title}」：{words}")
def write(
    actor: Actor, place: Any, /, *, phrase: Phrase | None, kind: str, topic: str, situation: str, words: str, at: datetime,
    basis: str = "", steps: Iterable[str] = (), revision: str = "",
) -> Done:  # fmt: skip
    """A phrase of one's own (`phrase` None), or another wording of one there is. `place` None = for every community.

    `revision` is when it was last changed as the form was filled in; Conflict when somebody was faster.
    """
    if kind not in Phrase.Kind.values:
        raise Refused("请选择种类。", {"kind": "请选择种类"})
    given = {
        "kind": kind, "topic": _must(topic, "主题", 40, "topic"), "situation": _must(situation, "场合", 80, "situation"),
        "words": _must(words, "内容", 1000, "words"), "basis": " ".join(clean_text(basis, "条款", 120, field="basis").upper().split()),
        "steps": _steps(steps), "changed_at": at, "changed_by": actor.name,
    }  # fmt: skip
    given["spelled"] = _spelled(given["topic"], given["situation"], given["words"], given["basis"])
    if phrase is None:
        phrase = Phrase.objects.create(community=place, **given)
    else:
        if revision and revision != stamp(phrase):
            raise Conflict("这条话术刚被别人改过。请刷新后看过新的内容再改。")
        Phrase.objects.filter(pk=phrase.pk).update(**given)
        phrase.refresh_from_db()
    _placed.forget()
    return Done(phrase, {"title": str(phrase), "words": phrase.words})


@action("phrase.retired", may="procedures.adopt", says="停用话术「{title}」")
def retire(actor: Actor, phrase: Phrase, /, *, at: datetime) -> Done:
    """Show it no longer. It stays in the journal, and a standard one is not loaded again."""
    if not Phrase.objects.filter(pk=phrase.pk, retired_at__isnull=True).update(retired_at=at, changed_at=at, changed_by=actor.name):
        raise Conflict("这条话术已经停用。")
    _placed.forget()
    return Done(phrase, {"title": str(phrase)})


def stamp(phrase: Phrase) -> str:
    return phrase.changed_at.isoformat()


@cache
def standard() -> list[dict[str, Any]]:
    """The phrases that come with the program, in order."""
    found: list[dict[str, Any]] = yaml.safe_load(FILE.read_text("utf-8"))
    return found


def _standard(row: dict[str, Any], order: int) -> dict[str, Any]:
    basis = " ".join(row.get("basis", ()))
    return {
        "code": row["code"], "kind": row.get("kind", "say"), "topic": row["topic"], "situation": row["situation"], "words": row["words"],
        "basis": basis, "steps": _steps(row.get("steps", ())), "order": order,
        "spelled": _spelled(row["topic"], row["situation"], row["words"], basis),
    }  # fmt: skip


def _steps(steps: Iterable[str]) -> str:
    """Kept with a blank on either side, so that a place is found whole."""
    found = [step for step in dict.fromkeys(steps) if step]
    if bad := [step for step in found if not STEP.fullmatch(step)]:
        raise Refused(f"「用在」里没有「{bad[0][:40]}」，请重新选择。", {"steps": "请重新选择"})
    text = f" {' '.join(found)} " if found else ""
    if len(text) > 400:
        raise Refused("「用在」选得太多，请少选几处。", {"steps": "选得太多"})
    return text


def _spelled(topic: str, situation: str, words: str, basis: str) -> str:
    said = f"{topic} {situation}"
    letters = "".join(lazy_pinyin(said.replace(" ", ""), style=Style.FIRST_LETTER))
    return f"{said} {words} {basis} {letters} {''.join(lazy_pinyin(situation, style=Style.FIRST_LETTER))} {''.join(lazy_pinyin(topic))}".lower()


def _must(text: str, title: str, most: int, field: str) -> str:
    if not (words := clean_text(text, title, most, field=field)):
        raise Refused(f"请填写「{title}」。", {field: f"请填写「{title}」"})
    return words
