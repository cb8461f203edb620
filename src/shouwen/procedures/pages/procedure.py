"""The procedures in force, each in words with its clauses; their editions; and how a new edition is adopted."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from shouwen.estate import queries as estate
from shouwen.estate.models import Community
from shouwen.kernel.access import Actor
from shouwen.kernel.journal import now
from shouwen.kernel.refusals import NotFound, Refused
from shouwen.kernel.screens import flash, render
from shouwen.kernel.words import number_in
from shouwen.org import queries as org

from .. import adoption, queries
from ..engine import Faulty, Procedure, read
from ..engine.bpmn import to_bpmn
from ..engine.diagram import diagram, svg
from ..engine.difference import difference
from ..laxness import laxer, reasoned
from ..models import Edition
from .explain import every_said, explained

LONGEST = 400_000
"""Characters of a procedure file; the longest of the library has a tenth of that."""


@require_safe
def procedures(request: HttpRequest) -> HttpResponse:
    """What is in force in the community one is looking at."""
    actor, community, at = request.actor, _here(request), now()  # type: ignore[attr-defined]
    found = queries.procedures(actor, community.pk, at)
    words = " ".join(request.GET.get("q", "").split())[:40]
    rows = [
        {"rules": p, "every": "；".join(every_said(rule) for rule in p.every), "steps": len(p.every_step), "clauses": len(_clauses(p))}
        for _, p in found if words in p.title or words.lower() in p.procedure or words.upper() in _clauses(p)
    ]  # fmt: skip
    return render(request, "procedures/procedures.html", {
        "rows": rows, "q": words, "any": bool(found), "may_adopt": may_adopt(actor),
    }, part="list")  # fmt: skip


@require_safe
def procedure(request: HttpRequest, slug: str) -> HttpResponse:
    """One edition in words: the one in force, or ?edition=; ?against= another says what differs."""
    actor, community, at = request.actor, _here(request), now()  # type: ignore[attr-defined]
    editions, current, shown, rules = _edition(request, slug)
    against = _known(editions, request.GET.get("against"))
    other = queries.edition(actor, against.pk)[1] if against and against.pk != shown.pk else None
    names = dict(queries.titles(actor, community.pk))
    for at_, one in enumerate(editions):  # newest first: what an edition changed is said against the one before it in its place
        one.before = next((old for old in editions[at_ + 1 :] if old.community_id in (one.community_id, None)), None)  # type: ignore[attr-defined]
    return render(request, "procedures/procedure.html", {
        "rules": rules, "said": explained(rules, names, {post.slug: post.title for post in org.posts()}), "shown": shown,
        "current": current, "editions": editions, "against": against if other else None,
        "changes": difference(other, rules, titles_of(community.pk)) if other else None, "flow": SafeString(svg(diagram(rules))), "now": at,
        "may_adopt": may_adopt(actor), "text": shown.text, "places": places(actor),
    })  # fmt: skip


@require_safe
def bpmn(request: HttpRequest, slug: str) -> HttpResponse:
    """The edition as BPMN 2.0, to be saved."""
    *_, shown, rules = _edition(request, slug)
    return _download(to_bpmn(rules), f"{slug}-{shown.edition}.bpmn", "application/xml; charset=utf-8")


@require_safe
def text(request: HttpRequest, slug: str) -> HttpResponse:
    """The file as it was adopted, byte for byte, to be saved."""
    *_, shown, _ = _edition(request, slug)
    return _download(shown.text, f"{slug}-{shown.edition}.yaml", "application/yaml; charset=utf-8")


class AdoptForm(forms.Form):
    """A file, or its text; from when, and where it is to hold."""

    file = forms.FileField(label="规程文件", required=False, max_length=200, help_text="UTF-8 编码的 .yaml 文件；也可以直接粘贴到下面。")
    text = forms.CharField(label="规程原文", required=False, max_length=LONGEST, strip=False, widget=forms.Textarea)
    community = forms.TypedChoiceField(label="用于", required=False, coerce=int, empty_value=None)
    starts_at = forms.DateTimeField(
        label="启用时间", required=False, help_text="不填就是立即启用。在办工单仍按受理时的版本办完。",
        widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )  # fmt: skip
    remark = forms.CharField(label="说明", required=False, max_length=200)

    def __init__(self, *args: Any, places: list[tuple[Any, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["community"].choices = places  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        upload: UploadedFile | None = given.get("file")
        if upload is not None:
            if (upload.size or 0) > LONGEST:
                self.add_error("file", "文件太大。规程文件一般不到 50 KB，请核对是否选错。")
                return given
            try:
                given["text"] = upload.read().decode("utf-8-sig").replace("\r\n", "\n")
            except UnicodeDecodeError:
                self.add_error("file", "文件不是 UTF-8 编码的文字。请用文本编辑器另存为 UTF-8 后再上传。")
                return given
            self.data = self.data.copy()
            self.data["text"] = given["text"]  # the text stays in the page, whatever is said about it
        given["text"] = (given.get("text") or "").replace("\r\n", "\n")
        if not given["text"].strip() and not self.errors:
            self.add_error("text", "请上传规程文件，或把原文粘贴在这里。")
        starts = given.get("starts_at")
        if starts is not None and starts < now():
            self.add_error("starts_at", "启用时间已经过去。请改为以后的时间，或不填（立即启用）。")
        return given


def adopt(request: HttpRequest) -> HttpResponse:
    """Check a file (what is wrong on which line, what changes), then adopt it."""
    actor, at = request.actor, now()  # type: ignore[attr-defined]
    where = places(actor)
    if not where:
        raise NotFound("没有这个页面，或您无权启用规程。")
    data = request.POST if request.method == "POST" else None
    form = AdoptForm(data, request.FILES or None, places=where, initial=_begun(request))
    if data is None:
        return render(request, "procedures/adopt.html", {"form": form})
    status, context = 422, {"form": form, "faults": [], "lacking": [], "rules": None}
    if form.is_valid():
        given = form.cleaned_data
        try:
            rules = read(given["text"])
        except Faulty as faulty:
            lines = given["text"].split("\n")
            context["faults"] = [(n, said, lines[n - 1][:160] if 0 < n <= len(lines) else "") for n, said in faulty.faults]
        else:
            context |= {"rules": rules, "lacking": adoption.unknown_here(rules), **_compared(actor, rules, given["community"], at)}
            context["reasons"] = {one.key: data.get(f"reason:{one.key}", "") for one in context.get("lax", ())}
            context["unreasoned"] = {key for key, said in context["reasons"].items() if not said.strip()} if data.get("act") == "adopt" else set()
            if data.get("act") == "adopt" and not context["lacking"]:
                return _adopted(request, form, rules, at, context)
            status = 422 if context["lacking"] else 200
    return render(request, "procedures/adopt.html", context, status=status)


def _adopted(request: HttpRequest, form: AdoptForm, rules: Procedure, at: datetime, context: dict[str, Any]) -> HttpResponse:
    actor, given = request.actor, form.cleaned_data  # type: ignore[attr-defined]
    place = estate.community(actor, given["community"]) if given["community"] else None
    try:
        edition = adoption.adopt(
            actor, place, text=given["text"], starts_at=given["starts_at"] or at, at=at, remark=given["remark"],
            reasons=reasoned(context.get("lax", ()), context.get("reasons", {})),
        )
    except Refused as no:
        form.add_error(None, no.message)
        return render(request, "procedures/adopt.html", context, status=no.status)
    url = reverse("procedures:procedure", args=[rules.procedure]) + f"?edition={edition.pk}"
    return flash(redirect(url), f"已启用《{rules.title}》{rules.edition}")


def _compared(actor: Actor, rules: Procedure, community_id: int | None, at: datetime) -> dict[str, Any]:
    """What the new file changes, against what is in force where it is to hold."""
    where = community_id if community_id is not None else actor.community
    if where is None:
        return {}
    for _, old in queries.procedures(actor, where, at):
        if old.procedure == rules.procedure:
            return {"old": old, "changes": difference(old, rules, titles_of(where)), "lax": laxer(old, rules)}
    return {"old": None}


def _begun(request: HttpRequest) -> dict[str, str]:
    """A new edition is mostly an old one changed: ?from= fills in its text."""
    if (pk := number_in(request.GET.get("from"))) is None:
        return {}
    try:
        return {"text": queries.edition(request.actor, pk)[0].text}  # type: ignore[attr-defined]
    except NotFound:
        return {}


def titles_of(community_id: int | None) -> dict[str, str]:
    """Titles of posts and departments by slug, for people who know no slugs."""
    departments = dict(org.departments(community_id)) if community_id else {}
    return {"branch": "（所派的部门）"} | departments | {post.slug: post.title for post in org.posts()}


def places(actor: Actor) -> list[tuple[Any, str]]:
    """Where this person may adopt: each community, and everywhere."""
    own = [(one.pk, f"仅{one.name}") for one in org.places_of(actor) if actor.may("procedures.adopt", one.pk)]
    return ([("", "全部小区")] if actor.may("procedures.adopt", None) else []) + own


def may_adopt(actor: Actor) -> bool:
    return actor.places("procedures.adopt") != frozenset()


def _here(request: HttpRequest) -> Community:
    community = request.community  # type: ignore[attr-defined]
    if community is None or not request.actor.may("procedures.view", community.pk):  # type: ignore[attr-defined]
        raise NotFound
    found: Community = community
    return found


def _edition(request: HttpRequest, slug: str) -> tuple[list[Edition], int | None, Edition, Procedure]:
    """(all editions here, id of the one in force, the one asked for, its rules)."""
    actor, community, at = request.actor, _here(request), now()  # type: ignore[attr-defined]
    editions = list(queries.editions(actor, community.pk, slug))
    if not editions:
        raise NotFound("没有这个规程，或您无权查看。请从规程列表打开。")
    current = next((pk for pk, p in queries.procedures(actor, community.pk, at) if p.procedure == slug), None)
    asked = _known(editions, request.GET.get("edition")) or _known(editions, str(current)) or editions[0]
    return editions, current, *queries.edition(actor, asked.pk)


def _known(editions: list[Edition], pk: str | None) -> Edition | None:
    return next((one for one in editions if str(one.pk) == pk), None)


def _clauses(p: Procedure) -> set[str]:
    steps = [b for s in p.every_step.values() for b in (*s.basis, *s.within_basis, *(x for a in s.asks.values() for x in a.basis))]
    return {*p.basis, *steps, *(b for x in p.promises.values() for b in x.basis)}


def _download(content: str, name: str, kind: str) -> HttpResponse:
    response = HttpResponse(content, content_type=kind)
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    return response
