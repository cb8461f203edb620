"""Drafts of new editions: one person's for one place, kept on the server, until adopted or thrown away.

A draft is nobody's business but its author's; only beginning, adopting and dropping it stand in the journal.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction

from shouwen.kernel.access import Actor
from shouwen.kernel.journal import Done, action, bookkeeping, community_of
from shouwen.kernel.pinyin import lazy_pinyin
from shouwen.kernel.refusals import Conflict, Forbidden, NotFound, Refused

from . import adoption, revising
from .calendars import local
from .editions import procedure_of
from .engine import Faulty, Procedure, read
from .engine.difference import difference
from .laxness import Lax, laxer, reasoned
from .models import Draft, DraftStep, Edition
from .revising import NoSuchPlace, Path

LONGEST: Final = 400_000
"""Characters of a procedure file; the longest of the library has a tenth of that."""

FINDERS: Final = ("on_duty", "post", "heads", "member")
"""How a role may be found by hand: a post on duty, whoever holds it, the head of a department, its members on duty."""

STEPS: Final = 100
"""Changes that can be gone back; older ones are let go."""
TYPING: Final = timedelta(seconds=60)
"""What is typed into the file without a longer pause is one change."""
IN_THE_FILE: Final = "改原文"

_MONTH = re.compile(r"(\d{4}-\d{2})(?:[-.]?(\d{1,4}))?")


def mine(actor: Actor, community_id: int | None, slug: str) -> Draft | None:
    """This person's draft of a procedure for a place."""
    return Draft.objects.filter(user_id=actor.id, community_id=community_id, procedure=slug).select_related("base", "community").first()


def drafts(actor: Actor) -> list[Draft]:
    """Every draft of this person, the latest first, without its text."""
    rows = Draft.objects.filter(user_id=actor.id).select_related("base", "community").defer("text").order_by("-saved_at")
    return [row for row in rows if actor.may("procedures.adopt", row.community_id)]


def owned(actor: Actor, pk: int) -> Draft:
    """A draft by its number, if it is this person's and they may still adopt there."""
    found = Draft.objects.filter(pk=pk, user_id=actor.id).select_related("base", "community").first()
    if found is None or not actor.may("procedures.adopt", found.community_id):
        raise NotFound("没有这份草稿，或它不是您的。请从规程页面打开。")
    return found


@action("procedure.drafted", may="procedures.adopt", says="开始修改规程《{title}》{edition}")
def begin(actor: Actor, community: Any, /, *, base: Edition, at: datetime) -> Done:
    """Begin a draft from an edition, under the next free name; one that is there already goes on. Returns the Draft."""
    place = community_of(community)
    found = mine(actor, place, base.procedure)
    if found is None:
        text = revising.put(base.text, ("edition",), next_name(base, at))
        found = Draft.objects.create(
            user_id=actor.id, community_id=place, procedure=base.procedure, base=base, text=text, saved_at=at
        )
    return Done(found, {"title": base.title, "edition": base.edition})


def next_name(base: Edition, at: datetime) -> str:
    """The month it is, and a number behind it when that month has an edition already: 2026-12, 2026-12.2."""
    taken = set(Edition.objects.filter(procedure=base.procedure).values_list("edition", flat=True))
    month = f"{local(at):%Y-%m}"
    newest = max([month, *(m[1] for name in taken if (m := _MONTH.fullmatch(name)))])
    number = 1
    while (name := newest if number == 1 else f"{newest}.{number}") in taken:
        number += 1
    return name


def save(draft: Draft, text: str, at: datetime, said: str = IN_THE_FILE) -> None:
    """Keep another text, whatever is wrong with it: a draft may be unfinished. Conflict when it changed meanwhile.

    `said` is what was changed, in words; the text before stays as the step one can go back to.
    """
    text = text.replace("\r\n", "\n").lstrip("\ufeff")
    if len(text) > LONGEST:
        raise Refused("内容太长。规程文件一般不到 50 KB，请核对是否选错。", {"text": "太长。"})
    if "\x00" in text:
        raise Refused("内容中含有不可用的字符（空字符）。请删除后重试。", {"text": "含有不可用的字符。"})
    if text == draft.text:
        return
    kept = DraftStep.objects.filter(draft=draft)
    last = kept.filter(number=draft.step).defer("text").first()
    typing = said == IN_THE_FILE and last is not None and last.said == said and at - last.at < TYPING
    here, before = draft.step, draft.text
    with bookkeeping("a draft is nobody else's yet"), transaction.atomic():
        _moved(draft, text, here if typing else here + 1, at)
        if last is None:
            DraftStep.objects.create(draft=draft, number=here, at=at, text=before)
        kept.filter(number__gt=here).delete()  # what was gone back from is over
        kept.filter(number__lte=draft.step - STEPS).delete()
        DraftStep.objects.update_or_create(draft=draft, number=draft.step, defaults={"at": at, "said": said[:300], "text": text})


def _moved(draft: Draft, text: str, step: int, at: datetime) -> None:
    """The draft is this text from now on. Conflict when it changed meanwhile."""
    done = Draft.objects.filter(pk=draft.pk, revision=draft.revision).update(text=text, step=step, revision=draft.revision + 1, saved_at=at)
    if not done:
        raise Conflict("这份草稿刚在别处改过（另一个窗口或另一台设备）。请刷新页面，看到最新内容后再改。")
    draft.text, draft.step, draft.revision, draft.saved_at = text, step, draft.revision + 1, at


def go(draft: Draft, number: int, at: datetime) -> None:
    """Back or forward to a step; the others stay, until something else is changed."""
    found = DraftStep.objects.filter(draft=draft, number=number).first()
    if found is None:
        raise Refused("没有可以撤销的改动了。" if number < draft.step else "没有可以重做的改动了。")
    with bookkeeping("a draft is nobody else's yet"):
        _moved(draft, found.text, number, at)


def steps(draft: Draft) -> list[DraftStep]:
    """What was changed one after another, the latest first, without the texts."""
    return list(DraftStep.objects.filter(draft=draft).defer("text").order_by("-number"))


def _told(before: str, rules: Procedure) -> str:
    """What one change did, as a sentence; a text that could not be read before has no such."""
    try:
        found = difference(read(before), rules)
    except Faulty:
        return IN_THE_FILE
    return (found[0] if len(found) == 1 else f"{found[0]}（等 {len(found)} 处）") if found else "措辞或排版"


def change(draft: Draft, deed: str, path: Path, value: Any, was: Any, at: datetime) -> Procedure:
    """Change one thing and keep it, if the result is a procedure. `was`: what stood there on the screen.

    Deeds: `put` (a value), `rename` (a key), `drop`, `add` (an option with a title, its key made here), `find` (how the
    person of a role is found: `on_duty receptionist`).
    """
    if was is not None and deed == "put" and _said(revising.plain(draft.text, path)) != _said(was):
        raise Conflict("这一项刚在别处改过（另一个窗口或另一台设备）。请刷新页面，看到最新内容后再改。")
    try:
        match deed:
            case "put":
                text = revising.put(draft.text, path, value)
            case "rename":
                if revising.find(draft.text, (*path[:-1], str(value))) is not None:
                    raise Refused("已经有同样的一档，请改成别的时间。")
                text = revising.rename(draft.text, path, str(value))
            case "drop":
                text = revising.drop(draft.text, path)
            case "find":
                text = _found_by(draft.text, path, str(value))
            case "add":
                text = revising.put(draft.text, (*path, key_for(value, revising.plain(draft.text, path) or {})), value)
            case _:
                raise Refused("不认识这个改动。请刷新页面后重试。")
    except NoSuchPlace:
        raise Conflict("这一项已经不在了。请刷新页面，看到最新内容后再改。") from None
    try:
        rules = read(text)
    except Faulty as faulty:
        raise Refused("这样改不成：" + "；".join(dict.fromkeys(said for _, said in faulty.faults))) from None
    save(draft, text, at, _told(draft.text, rules))
    return rules


def _found_by(text: str, path: Path, value: str) -> str:
    how, _, slug = value.partition(" ")
    if how not in FINDERS or not slug:
        raise Refused("请选择由哪个岗位或部门来办。")
    person = revising.plain(text, path)
    old = next((key for key in person if key in FINDERS), "") if isinstance(person, dict) else ""
    if not old:
        raise NoSuchPlace(path)
    if old != how:
        text = revising.rename(text, (*path, old), how)
    return revising.put(text, (*path, how), slug)


def key_for(title: str, taken: Mapping[str, Any]) -> str:
    """A key for a new option from its title in pinyin: 门岗 → men_gang; numbered when taken."""
    spelled = re.sub(r"[^a-z0-9]+", "_", "_".join(lazy_pinyin(str(title), errors="ignore")).lower()).strip("_")[:30] or "option"
    key, number = spelled, 1
    while key in taken:
        number += 1
        key = f"{spelled}_{number}"
    return key


def _said(value: Any) -> Any:
    """Values compared as people see them: one name and a list of one are the same, and blanks do not matter."""
    if isinstance(value, list):
        return [str(v) for v in value]
    return [" ".join(str(value).split())] if value not in (None, "") else []


def set_reason(draft: Draft, key: str, reason: str, at: datetime) -> None:
    """Why something gets laxer; kept with the draft."""
    kept = dict(draft.reasons) | {key[:120]: " ".join(reason.split())[:200]}
    with bookkeeping("a draft is nobody else's yet"):
        Draft.objects.filter(pk=draft.pk).update(reasons=kept, saved_at=at)
    draft.reasons = kept


def unreasoned(draft: Draft, lax: list[Lax]) -> list[Lax]:
    """What got laxer and still lacks a reason."""
    return [one for one in lax if not str(draft.reasons.get(one.key, "")).strip()]


def adopt(actor: Actor, draft: Draft, *, starts_at: datetime, remark: str, at: datetime) -> Edition:
    """Adopt the draft for its place and throw it away. Refused while it has faults or something laxer lacks its reason."""
    try:
        rules = read(draft.text)
    except Faulty as faulty:
        raise Refused(f"草稿还有 {len(faulty.faults)} 处问题，请先改好。") from None
    reasons = reasoned(laxer(procedure_of(draft.base_id), rules), draft.reasons)
    return _adopt(
        actor, draft.community, draft=draft, starts_at=starts_at, remark=remark, at=at, reasons=reasons,
    )  # type: ignore[no-any-return]  # fmt: skip


@action("procedure.draft_adopted", may="procedures.adopt", says="草稿定稿：《{title}》{edition}")
def _adopt(
    actor: Actor, community: Any, /, *, draft: Draft, starts_at: datetime, remark: str, reasons: list[tuple[str, str]], at: datetime
) -> Done:
    edition = adoption.adopt(actor, community, text=draft.text, starts_at=starts_at, at=at, remark=remark, reasons=reasons)
    draft.delete()
    return Done(edition, {"title": edition.title, "edition": edition.edition})


@action("procedure.draft_dropped", may="procedures.adopt", says="放弃对规程《{title}》的修改")
def drop(actor: Actor, community: Any, /, *, draft: Draft, at: datetime) -> Done:
    """Throw a draft away."""
    if draft.user_id != actor.id:
        raise Forbidden("这份草稿不是您的。")
    done = Done(f"procedures.draft:{draft.pk}", {"title": draft.base.title})
    draft.delete()
    return done
