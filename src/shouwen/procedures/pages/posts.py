"""The posts above the board: who is on each now, since when, who relieves them when. Drawn once for all who look within some seconds."""

from __future__ import annotations

from datetime import datetime
from html import escape as e
from typing import Final

from django.urls import get_script_prefix, reverse
from django.utils.safestring import SafeString

from shouwen.duty.directory import Directory
from shouwen.duty.queries.standing import Standing, standing
from shouwen.kernel.access import Actor
from shouwen.kernel.kept import Kept
from shouwen.kernel.templatetags.ui import clock_time, icon

_drawn: Final[Kept[SafeString]] = Kept(20, 500)


def strip(actor: Actor, people: Directory, at: datetime) -> SafeString:
    """The strip of one community, "" where nobody is rostered or this person may not see the duty."""
    if not actor.may("duty.view", people.community):
        return SafeString("")
    minute = int(at.timestamp()) // 60
    key = (people.community, people.version, minute, get_script_prefix())
    return _drawn.get(key, lambda: _strip(standing(people.community, at, here=people)))


def _strip(posts: list[Standing]) -> SafeString:
    if not posts:
        return SafeString("")
    url = reverse("duty:attendance")
    return SafeString(f'<ul class="board-posts" aria-label="岗位现在">{"".join(_post(one, url) for one in posts)}</ul>')


def _post(one: Standing, url: str) -> str:
    since = f"{clock_time(one.since)} 起" if one.since and one.state == "here" else one.said
    after = ""
    if one.until is not None:
        ends = clock_time(one.until)
        after = f"{ends} {e(one.next_name)}接" if one.next_name else f"{ends} 开始" if one.state == "empty" else f"{ends} 下班"
    sign = icon("user-check" if one.state in ("here", "rostered") else "alert-triangle")
    words = " · ".join(part for part in (since, after) if part)
    return (
        f'<li class="tone-{one.tone}"><a href="{url}">{sign}<span><b>{e(one.title)}</b> {e(one.name) or "没有人"}'
        f"<small>{words}</small></span></a></li>"
    )
