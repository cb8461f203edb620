"""Changing a procedure without its file: a draft, its boxes, the drawing and the difference beside them, and adopting it."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST, require_safe

from shouwen.estate import queries as estate
from shouwen.kernel.access import Actor
from shouwen.kernel.journal import now
from shouwen.kernel.refusals import NotFound, Refused
from shouwen.kernel.screens import flash, render
from shouwen.kernel.words import number_in
from shouwen.org import queries as org

from .. import adoption, drafting, queries, trials
from ..calendars import local
from ..engine import Faulty, Procedure, read
from ..engine.diagram import diagram, svg
from ..engine.difference import difference
from ..laxness import laxer
from ..models import Draft
from .editing import UNITS, editing, span_of
from .procedure import may_adopt, places, titles_of


@require_POST
def begin(request: HttpRequest, slug: str) -> HttpResponse:
    """Begin a draft of what holds in a place, or go on with one's own."""
    actor, at = request.actor, now()  # type: ignore[attr-defined]
    chosen = number_in(request.POST.get("place"))
    if (chosen or "") not in [pk for pk, _ in places(actor)]:
        raise NotFound
    community = estate.community(actor, chosen) if chosen else None
    where = chosen or actor.community
    found = next((pk for pk, rules in queries.procedures(actor, where, at) if rules.procedure == slug), None)
    if found is None:
        raise NotFound("这项规程在那里没有现行版本。请先上传规程文件启用。")
    draft = drafting.begin(actor, community, base=queries.edition(actor, found)[0], at=at)
    return redirect("procedures:draft", draft.pk)


@require_safe
def drafts(request: HttpRequest) -> HttpResponse:
    """One's own drafts."""
    actor = request.actor  # type: ignore[attr-defined]
    if not may_adopt(actor):
        raise NotFound
    return render(request, "procedures/drafts.html", {"rows": drafting.drafts(actor)})


@require_safe
def draft(request: HttpRequest, pk: int) -> HttpResponse:
    """The draft as boxes, or (?tab=text) as the file itself."""
    found = drafting.owned(request.actor, pk)  # type: ignore[attr-defined]
    context = _panel(request.actor, found)  # type: ignore[attr-defined]
    if request.GET.get("tab") == "text" or context["rules"] is None:
        return render(request, "procedures/draft_text.html", context)
    return render(request, "procedures/draft.html", context | _boxes(request.actor, found, context["rules"]))  # type: ignore[attr-defined]


@require_POST
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """One change: kept, and answered with the panel anew, and with the boxes that it moved."""
    actor = request.actor  # type: ignore[attr-defined]
    found = drafting.owned(actor, pk)
    path = tuple(part for part in request.POST.get("path", "")[:400].split("/") if part)
    deed, value, was = request.POST.get("deed", "put"), _json(request, "value"), _json(request, "was")
    if isinstance(value, dict) and set(value) == {"amount", "unit", "from"}:
        try:
            value = span_of(str(value["amount"]), str(value["unit"]), str(value["from"]))
        except ValueError as no:
            raise Refused(str(no)) from None
    rules = drafting.change(found, deed, path, _clean(value), was, now())
    context = _panel(actor, found)
    moved = deed != "put" or path[-1] in ("within", "late", "remind")
    if moved:
        context |= _boxes(actor, found, rules) | {"moved": _box_of(path, rules)}
    elif "within" in path:
        kind, key = _box_of(path, rules)
        boxes = _boxes(actor, found, rules)["boxes"]
        context["limited"] = next(one for one in (boxes.promises if kind == "promises" else boxes.steps) if one.key == key)
    context["said"] = value if isinstance(value, str) else ""
    return render(request, "procedures/draft_changed.html", context)


@require_POST
def go(request: HttpRequest, pk: int) -> HttpResponse:
    """Back or forward to a step of the draft (撤销, 重做)."""
    found = drafting.owned(request.actor, pk)  # type: ignore[attr-defined]
    number = number_in(request.POST.get("step"))
    if number is None:
        raise Refused("没有可以撤销或重做的改动了。")
    drafting.go(found, number, now())
    return redirect(reverse("procedures:draft", args=[pk]) + ("?tab=text" if request.POST.get("tab") == "text" else ""))


def _json(request: HttpRequest, name: str) -> Any:
    given = request.POST.get(name)
    if given is None:
        return None
    try:
        return json.loads(given[:100_000])
    except (ValueError, RecursionError):
        raise Refused("这个改动没有看懂。请刷新页面后重试。") from None


def _clean(value: Any) -> Any:
    """Texts, lists of texts, or a mapping of them: nothing else goes into a file."""
    if isinstance(value, str):
        if any(ord(c) < 32 and c not in "\n\t" for c in value):
            raise Refused("内容里有不能保存的特殊字符，请删去后重新填写。")
        return value.strip()
    if isinstance(value, list) and len(value) <= 60:
        return [_clean(v) for v in value if isinstance(v, str)]
    if isinstance(value, dict) and len(value) <= 20:
        return {str(k): _clean(v) for k, v in value.items()}
    raise Refused("这个改动没有看懂。请刷新页面后重试。")


def _box_of(path: tuple[str, ...], rules: Procedure) -> tuple[str, str]:
    """(kind, key) of the box that holds a path."""
    if path[0] == "steps":
        return ("step", path[3] if len(path) > 3 and path[2] == "together" else path[1])
    return (path[0], path[1] if path[0] == "promises" and len(path) > 1 else "")


@require_POST
def text(request: HttpRequest, pk: int) -> HttpResponse:
    """The file itself, kept as typed; what is wrong with it is said line by line."""
    found = drafting.owned(request.actor, pk)  # type: ignore[attr-defined]
    given, seen = request.POST.get("text", ""), number_in(request.POST.get("revision"))
    if seen is not None:
        found.revision = seen
    drafting.save(found, given, now())
    return render(request, "procedures/draft_checked.html", _panel(request.actor, found))  # type: ignore[attr-defined]


@require_POST
def reason(request: HttpRequest, pk: int) -> HttpResponse:
    found = drafting.owned(request.actor, pk)  # type: ignore[attr-defined]
    drafting.set_reason(found, request.POST.get("key", ""), request.POST.get("reason", ""), now())
    return render(request, "procedures/draft_panel.html", _panel(request.actor, found))  # type: ignore[attr-defined]


def try_out(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for the scripted days to be played on the draft as it is now (POST), and how far they are (GET)."""
    found = drafting.owned(request.actor, pk)  # type: ignore[attr-defined]
    if request.method == "POST":
        trials.ask(request.actor, found.community, draft=found, at=now())  # type: ignore[attr-defined]
    return render(request, "procedures/trial.html", _trial(found) | {"draft": found})


class StartForm(forms.Form):
    """From when, and why."""

    starts_at = forms.DateTimeField(
        label="启用时间", help_text="在办的工单仍按受理时的版本办完，只有以后受理的用新版本。",
        widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )  # fmt: skip
    remark = forms.CharField(label="为什么改", max_length=200, help_text="写给以后查的人看，会留在版本记录里。")
    anyway = forms.BooleanField(label="演练没有全部通过，我已看过不符的地方，仍然启用", required=False)

    def clean_starts_at(self) -> datetime:
        at: datetime = self.cleaned_data["starts_at"]
        if at < now() - timedelta(minutes=5):
            raise forms.ValidationError("启用时间已经过去。请改为以后的时间。")
        return at


def adopt(request: HttpRequest, pk: int) -> HttpResponse:
    """The difference once more, the reasons, the trial; then from when."""
    actor, at = request.actor, now()  # type: ignore[attr-defined]
    found = drafting.owned(actor, pk)
    context = _panel(actor, found)
    if context["rules"] is None:
        return flash(redirect(reverse("procedures:draft", args=[pk]) + "?tab=text"), "草稿还有问题，改好后才能启用。", "warning")
    tomorrow = (local(at) + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    form = StartForm(request.POST if request.method == "POST" else None, initial={"starts_at": tomorrow})
    failing = not (context["trial"] and context["trial"].finished_at and context["trial_current"] and not context["trial_failed"])
    if request.method == "POST":
        for one in context["lax"]:
            if (said := request.POST.get(f"reason:{one.key}")) is not None:
                drafting.set_reason(found, one.key, said, at)
        if form.is_valid():
            given = form.cleaned_data
            if failing and not given["anyway"]:
                form.add_error("anyway", "请先演练通过，或勾选确认。")
            else:
                try:
                    edition = drafting.adopt(actor, found, starts_at=max(given["starts_at"], at), remark=given["remark"], at=at)
                except Refused as no:
                    form.add_error(None, no.message)
                else:
                    url = reverse("procedures:procedure", args=[edition.procedure]) + f"?edition={edition.pk}"
                    begins = "已启用" if edition.starts_at <= at else f"{local(edition.starts_at):%m-%d %H:%M} 起启用"
                    return flash(redirect(url), f"《{edition.title}》{edition.edition} {begins}")
        context = _panel(actor, found)
    return render(
        request, "procedures/draft_adopt.html", context | {"form": form, "failing": failing}, status=422 if form.errors else 200
    )


@require_POST
def drop(request: HttpRequest, pk: int) -> HttpResponse:
    found = drafting.owned(request.actor, pk)  # type: ignore[attr-defined]
    slug = found.procedure
    drafting.drop(request.actor, found.community, draft=found, at=now())  # type: ignore[attr-defined]
    return flash(redirect("procedures:procedure", slug), "已放弃修改，现行版本不变。")


@require_POST
def recall(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Call off an edition that has not begun."""
    actor = request.actor  # type: ignore[attr-defined]
    edition, _ = queries.edition(actor, pk)
    adoption.recall(actor, edition.community, edition=edition, reason=request.POST.get("reason", ""), at=now())
    return flash(redirect("procedures:procedure", slug), f"已撤回 {edition.edition}，现行版本不变。")


def _panel(actor: Actor, found: Draft) -> dict[str, Any]:
    """What stands beside the boxes: what changes, what gets laxer, the drawing; or what is wrong, line by line."""
    base = queries.edition(actor, found.base_id)[1]
    context: dict[str, Any] = {"draft": found, "base": base, "faults": [], "rules": None, "changes": [], "lax": [], **_trial(found), **_steps(found)}
    lines = found.text.split("\n")
    try:
        rules = read(found.text)
    except Faulty as faulty:
        context["faults"] = [(n, said, lines[n - 1].strip()[:120] if 0 < n <= len(lines) else "") for n, said in faulty.faults]
        return context
    names = titles_of(found.community_id or actor.community)
    lax = laxer(base, rules)
    changed = {name for name, step in rules.every_step.items() if base.every_step.get(name) != step}
    changes = [said for said in difference(base, rules, names) if not said.startswith("名称：") or base.title != rules.title]
    return context | {
        "rules": rules, "changes": changes, "flow": SafeString(_marked(svg(diagram(rules)), changed)), "lax": lax,
        "reasons": found.reasons, "unreasoned": {one.key for one in drafting.unreasoned(found, lax)}, "lacking": adoption.unknown_here(rules),
    }  # fmt: skip


def _steps(found: Draft) -> dict[str, Any]:
    """What was changed one after another, and what going back or forward would undo or do again."""
    steps = drafting.steps(found)
    return {
        "steps": steps, "undoes": next((one for one in steps if one.number == found.step and one.said), None),
        "redoes": next((one for one in steps if one.number == found.step + 1), None), "step_before": found.step - 1,
    }  # fmt: skip


def _marked(drawing: str, changed: set[str]) -> str:
    return re.sub(
        r'class="(flow-node[^"]*)" data-step="([^"]*)"',
        lambda m: f'class="{m[1]} is-changed" data-step="{m[2]}"' if m[2] in changed else m[0], drawing,
    )  # fmt: skip


def _boxes(actor: Actor, found: Draft, rules: Procedure) -> dict[str, Any]:
    edition, base = queries.edition(actor, found.base_id)
    where = found.community_id or actor.community
    departments = org.departments(where) if where else []
    used = {str(getattr(p, f)) for p in rules.people.values() for f in ("heads", "member")} - {"", "branch", *(s for s, _ in departments)}
    return {
        "boxes": editing(found.text, rules, base, edition.text), "posts": [(p.slug, p.title) for p in org.posts()],
        "departments": [("branch", "（所派的部门）"), *departments, *((slug, slug) for slug in sorted(used))], "units": list(UNITS.items()),
    }  # fmt: skip


def _trial(found: Draft) -> dict[str, Any]:
    last = trials.last(found)
    return {
        "trial": last, "trial_current": bool(last and last.digest == trials.digest_of(found.text)),
        "trial_failed": trials.failed(last) if last else [], "scripts": len(trials.scripts_for(found.procedure)),
    }  # fmt: skip
