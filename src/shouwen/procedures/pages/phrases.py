"""Phrases and knowledge: looked up at the counter by a key, read whole on a page of their own, mended by who adopts procedures."""

from __future__ import annotations

from datetime import datetime
from itertools import groupby
from typing import Any

from django import forms
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from shouwen.estate import queries as estate
from shouwen.estate.models import Community
from shouwen.kernel.access import Actor
from shouwen.kernel.exports import export
from shouwen.kernel.journal import now
from shouwen.kernel.refusals import NotFound, Refused
from shouwen.kernel.screens import flash, render
from shouwen.kernel.web import here

from .. import actions, phrases, queries
from ..models import Phrase


class PhraseForm(forms.Form):
    use_required_attribute = False
    kind = forms.ChoiceField(label="种类", choices=Phrase.Kind.choices, widget=forms.RadioSelect, initial="say")
    topic = forms.CharField(label="主题", max_length=40, help_text="如：报修、致歉、服务忌语")
    situation = forms.CharField(label="场合", max_length=80, help_text="什么时候用，如：没听清楚，请对方再说一遍")
    words = forms.CharField(
        label="内容", max_length=1000, widget=forms.Textarea(attrs={"rows": 4}),
        help_text="可写 {greeting} 早上好／下午好、{community} 小区名、{name} 接待人姓名",
    )  # fmt: skip
    basis = forms.CharField(label="条款", max_length=120, required=False, help_text="如 A15.02 D6.38；没有就不填")
    steps = forms.MultipleChoiceField(label="用在", required=False, widget=forms.CheckboxSelectMultiple, help_text="办到这一步时自动显示在旁边")
    everywhere = forms.BooleanField(label="全公司各小区通用", required=False)
    revision = forms.CharField(required=False, widget=forms.HiddenInput)


@require_safe
def book(request: HttpRequest) -> HttpResponseBase:
    """All of them by topic, or those that match."""
    actor, place = request.actor, _place(request, "procedures.view")  # type: ignore[attr-defined]
    words, topic = " ".join(request.GET.get("q", "").split())[:40], request.GET.get("topic", "")[:40]
    every = list(phrases.here(actor, place.pk))
    topics = list(dict.fromkeys(one.topic for one in every))
    rows = list(phrases.search(phrases.here(actor, place.pk), words)) if words else every
    rows = [one for one in rows if not topic or one.topic == topic]
    rows.sort(key=lambda one: topics.index(one.topic))
    if request.GET.get("format") == "xlsx":
        return _workbook(actor, place, rows, {"关键词": words, "主题": topic})
    return render(request, "procedures/phrases.html", {
        "groups": [(title, _said(actor, place, list(found))) for title, found in groupby(rows, key=lambda one: one.topic)],
        "topics": topics, "topic": topic, "q": words, "place": place,
        "may_edit": actor.may("procedures.adopt", place.pk), "everywhere": actor.may("procedures.adopt", None),
    }, part="list")  # fmt: skip


def _workbook(actor: Actor, place: Community, rows: list[Phrase], filters: dict[str, str]) -> FileResponse:
    def log(_: object, **facts: Any) -> None:
        actions.export_tickets(actor, place.pk, at=now(), **facts)

    heads = ["主题", "种类", "场合", "内容", "条款", "用于"]
    lines = [[one.topic, one.get_kind_display(), one.situation, one.words, one.basis, one.community.name if one.community else "各小区通用"] for one in rows]
    return export(actor, title="话术与知识", heads=heads, rows=lines, filters=filters, log=log)


@require_safe
def panel(request: HttpRequest) -> HttpResponse:
    """What the counter's help shows: those of the step at hand, or those that match what is typed."""
    actor, place = request.actor, _place(request, "tickets.file")  # type: ignore[attr-defined]
    words = " ".join(request.GET.get("phrase", "").split())[:40]
    if words:
        found = list(phrases.search(phrases.here(actor, place.pk), words)[: phrases.HITS])
    else:
        slug = request.GET.get("procedure", "")[:40]
        rules = next((p for p in queries.fileable(actor, place.pk, now()) if p.procedure == slug), None) if slug else None
        found = phrases.shown_at(actor, place.pk, "counter/greet", f"{slug}/{rules.first}" if rules else "", slug if rules else "")
    return render(request, "procedures/phrase_hits.html", {"found": _said(actor, place, found), "q": words, "panel": True})


def beside(actor: Actor, place: Community, *places: str) -> list[tuple[Phrase, str]]:
    """Phrases for these places, as this person would say them now; for the aside of a form."""
    return _said(actor, place, phrases.shown_at(actor, place.pk, *places))


def new(request: HttpRequest) -> HttpResponse:
    """One of one's own; ?of= begins with the words of another."""
    return _edit(request, None)


def edit(request: HttpRequest, pk: int) -> HttpResponse:
    return _edit(request, phrases.phrase(request.actor, pk))  # type: ignore[attr-defined]


@require_POST
def retire(request: HttpRequest, pk: int) -> HttpResponse:
    actor = request.actor  # type: ignore[attr-defined]
    phrase = phrases.phrase(actor, pk)
    if not actor.may("procedures.adopt", phrase.community_id):
        raise NotFound("这条话术全公司通用，请由公司的规程管理人员停用。")
    phrases.retire(actor, phrase, at=now())
    return flash(redirect("procedures:phrases"), f"已停用「{phrase}」。")


def _edit(request: HttpRequest, phrase: Phrase | None) -> HttpResponse:
    actor, at = request.actor, now()  # type: ignore[attr-defined]
    place = _place(request, "procedures.adopt")
    if phrase is not None and not actor.may("procedures.adopt", phrase.community_id):
        raise NotFound("这条话术全公司通用，请由公司的规程管理人员修改。")
    everywhere = actor.may("procedures.adopt", None)
    initial: dict[str, Any] = {}
    of = request.GET.get("of", "")[:18]
    if model := phrase or (phrases.phrase(actor, of) if of.isascii() and of.isdigit() else None):
        initial = {name: getattr(model, name) for name in ("kind", "topic", "situation", "words", "basis")}
        initial |= {"steps": model.steps.split(), "revision": phrases.stamp(phrase) if phrase else ""}
    form = PhraseForm(request.POST or None, initial=initial)
    steps: Any = form.fields["steps"]
    places = _places(actor, place, at, model)
    steps.choices = [choice for _, choices in places for choice in choices]
    if phrase is not None or not everywhere:
        del form.fields["everywhere"]
    for field in form.fields.values():
        field.error_messages["required"] = f"请填写「{field.label}」。"
    if request.method == "POST" and form.is_valid():
        data = dict(form.cleaned_data)
        scope = phrase.community if phrase else None if data.pop("everywhere", False) else place
        try:
            kept = phrases.write(actor, scope, phrase=phrase, **data, at=at)
            return flash(redirect("procedures:phrases"), f"已保存「{kept}」。")
        except Refused as no:
            if no.status not in (409, 422):
                raise
            for name, text in (no.fields or {"": str(no)}).items():
                form.add_error(name if name in form.fields else None, text)
    return render(request, "procedures/phrase_edit.html", {
        "form": form, "phrase": phrase, "place": place, "places": _ticked(places, set(form["steps"].value() or ())),
    }, status=422 if form.errors else 200)  # fmt: skip


def _places(actor: Actor, place: Community, at: datetime, phrase: Phrase | None) -> list[tuple[str, list[tuple[str, str]]]]:
    """The places of the counter, the steps of every procedure under its title, and whatever else the phrase stands at already."""
    found = [("受理台", list(phrases.PLACES.items()))]
    for _, rules in queries.procedures(actor, place.pk, at):
        steps = [(f"{rules.procedure}/{step.name}", step.title) for step in rules.every_step.values()]
        found.append((rules.title, [(rules.procedure, "每一步"), *steps]))
    known = {value for _, choices in found for value, _ in choices}
    others = [(step, step) for step in (phrase.steps.split() if phrase else ()) if step not in known]
    return [*found, ("其他", others)] if others else found


def _ticked(places: list[tuple[str, list[tuple[str, str]]]], chosen: set[str]) -> list[tuple[str, int, list[tuple[str, str, bool]]]]:
    """Each group with how many of it are ticked."""
    rows = [(title, [(value, label, value in chosen) for value, label in choices]) for title, choices in places]
    return [(title, sum(ticked for *_, ticked in found), found) for title, found in rows]


def _said(actor: Actor, place: Community, found: list[Phrase]) -> list[tuple[Phrase, str]]:
    return phrases.said(actor, place.pk, found, at=now())


def _place(request: HttpRequest, permission: str) -> Community:
    """The community one is looking at, where this is permitted; otherwise the first where it is."""
    actor, chosen = request.actor, here(request)  # type: ignore[attr-defined]
    for community in sorted(estate.communities(actor), key=lambda one: one.pk != chosen):
        if actor.may(permission, community.pk):
            return community
    raise NotFound
