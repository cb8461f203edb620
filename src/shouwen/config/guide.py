"""The guided first hour (guide.yaml): what somebody new does first, by kind of work, with the page to do it on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml
from django.http import HttpRequest, HttpResponse
from django.urls import NoReverseMatch, reverse
from django.views.decorators.http import require_safe

from shouwen.kernel.screens import render

from .menus import ENTRIES, holds

FILE = Path(__file__).with_name("guide.yaml")


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to try; `minutes` is what it takes, `page` the name of an address ("" = not in the browser)."""

    title: str
    text: str
    minutes: int
    page: str = ""

    @property
    def url(self) -> str:
        try:
            return reverse(self.page) if self.page else ""
        except NoReverseMatch:
            return ""


@dataclass(frozen=True, slots=True)
class Guide:
    """The first hour of one kind of work; `posts` are the slugs of those it is meant for."""

    slug: str
    title: str
    intro: str
    posts: frozenset[str]
    steps: tuple[Step, ...]

    @property
    def minutes(self) -> int:
        return sum(step.minutes for step in self.steps)


@cache
def guides() -> tuple[Guide, ...]:
    """All of them, in order."""
    found = yaml.safe_load(FILE.read_text("utf-8"))
    return tuple(
        Guide(slug, one["title"], one["intro"], frozenset(one["posts"]), tuple(Step(**step) for step in one["steps"]))
        for slug, one in found.items()
    )


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """使用指南: one's own kind of work first; the others for whoever is curious."""
    actor = request.actor  # type: ignore[attr-defined]
    mine = next((one for one in guides() if one.posts & actor.posts), None)
    if mine is None and holds(actor, "settings.edit"):
        mine = guides()[-1]
    wanted = next((one for one in guides() if one.slug == request.GET.get("for")), None) or mine or guides()[0]
    allowed = {entry.page: not entry.may or holds(actor, entry.may) for entry in ENTRIES}
    steps = [(step, step.url if allowed.get(step.page, True) else "") for step in wanted.steps]
    return render(request, "config/guide.html", {"guides": guides(), "guide": wanted, "steps": steps})
