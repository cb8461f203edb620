"""Parts of the page of a ticket, drawn in Python: opened all day by everybody, and a cell of a template costs ten times as much.

Whatever comes from people passes through `e`; what is put together here is ours. `keys` draws what every form begins with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from html import escape as e
from typing import Any, Final

from django.utils.html import normalize_newlines
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from shouwen.kernel.routes import route
from shouwen.kernel.templatetags.ui import badge, countdown, icon, when

from .sheet import Finished, Group, Promised
from .story import SHOWS, Day, Moment, Story
from .verbs import Verb

Keys = Callable[[], str]


def lines(text: object) -> str:
    """Escaped, with its line breaks kept."""
    return e(normalize_newlines(str(text))).replace("\n", "<br>")


def cut(text: str, most: int) -> str:
    """Escaped, and no longer than that."""
    return e(text if len(text) <= most else Truncator(text).chars(most))


# --- the story ------------------------------------------------------------------------------------------------------


def story_box(story: Story, ticket: int, *, part: bool = False) -> SafeString:
    """The story with its choices; `part` = the days before those on the page."""
    base = e(route("procedures:timeline", ticket))
    days = "".join(map(_day, story.days)) or f'<p class="caller-none">{"没有这一类经过。" if story.show else "还没有经过。"}</p>'
    earlier = f"{base}?before={story.earlier}&amp;show={e(story.show)}"
    more = (
        f'<p class="story-earlier"><a class="btn btn-sm" href="{earlier}" hx-get="{earlier}" hx-target="closest .story-earlier"'
        f' hx-swap="outerHTML">{icon("chevron-up")}更早的经过</a></p>'
    ) if story.earlier else ""  # fmt: skip
    shows = "" if part else f'<p class="story-shows" role="group" aria-label="看哪些">{"".join(_shows(base, story.show))}</p>'
    return SafeString(f'<div class="story" id="{"earlier" if part else "story"}">\n{shows}\n{more}\n{days}\n</div>\n')


def _shows(base: str, shown: str) -> Iterable[str]:
    for key, title in SHOWS.items():
        on, current = (" is-on", ' aria-current="true"') if key == shown else ("", "")
        yield (
            f'<a class="btn btn-sm{on}"{current} href="{base}?show={key}" hx-get="{base}?show={key}" hx-target="closest .story"'
            f' hx-swap="outerHTML">{title}</a>'
        )


def _day(day: Day) -> str:
    return f'<h3 class="story-day">{e(day.title)}</h3><ol class="timeline-log">{"".join(map(_moment, day.moments))}</ol>'


def _moment(one: Moment) -> str:
    over = f"{badge('超时', 'danger', 'alert-triangle')} " if one.tone == "danger" else ""
    who = f"<b>{e(one.who)}</b> " if one.who else ""
    late = f"，迟 {one.late_by}" if one.late_by else ""
    took = f' <span class="sub">用时 {one.took}{late}</span>' if one.took else ""
    out = [
        f'<li class="tone-{one.tone}"><time title="{one.exact}">{one.clock}</time>'
        f"<div><p>{icon(one.icon)} {over}{who}{lines(one.text)}{took}</p>"
    ]
    if one.received:
        out.append(f'<p class="sub">{icon("wifi-off")} 当时没有信号，{when(one.received)} 收到</p>')
    for title, old, new in one.changes:
        out.append(f'<p class="change"><span class="sub">{e(title)}</span> <del>{e(old)}</del> {icon("arrow-right")} <ins>{e(new)}</ins></p>')
    for told in one.told:
        out.append(f'<p class="sub{" is-late" if told.late else ""}">{icon("send" if told.party else "bell")} {e(told.said)}</p>')
    if one.files:
        out.append(f'<p class="story-files">{"".join(_file(file, "story") for file in one.files)}</p>')
    out.append("</div></li>")
    return "".join(out)


def _file(file: Any, view: str) -> str:
    looked = f' data-view="{view}"' if file.kind.startswith("image/") else ""
    return f'<a href="{e(route("procedures:attach"))}/{file.key}"{looked}>{cut(file.name, 20)}</a>'


# --- what was done, promised and answered ---------------------------------------------------------------------------


def promises_list(promises: Iterable[Promised], now: Any, *, paused: bool) -> SafeString:
    """The promises of the procedure, each with how it stands."""
    rows = []
    for one in promises:
        if one.stopped:
            state = badge("没有做到", "danger", "alert-circle") if one.verdict == "breached" else badge("做到了", "success", "check")
            state += SafeString(f' <span class="sub">用时 {one.took}</span>')
        else:
            state = countdown(one.due, now, paused=paused)
        rule = f" · {e(one.rule)}" if one.rule else ""
        rows.append(
            f'<li><span class="promise-title">{icon("hourglass")} {e(one.title)}</span>{state}'
            f'<span class="sub">{when(one.due)}{rule}</span>{one.why}</li>'
        )
    return SafeString(f'<ul class="promises">{"".join(rows)}</ul>' if rows else "")


_DONE_HEAD: Final = "".join(f'<th scope="col">{title}</th>' for title in ("任务", "办理人", "完成", "用时", "结论"))


def done_table(finished: Sequence[Finished]) -> SafeString:
    """The tasks that are over."""
    if not finished:
        return SafeString("")
    rows = "".join(
        f'<tr><td class="lead">{e(one.title)}</td><td data-label="办理人">{e(one.by)}</td>'
        f'<td class="nowrap" data-label="完成">{when(one.at)}</td><td class="nowrap" data-label="用时">{one.took}</td>'
        f'<td class="corner">{_verdict(one)}</td></tr>'
        for one in finished
    )
    return SafeString(
        '<section aria-labelledby="done-title"><h2 class="section-title" id="done-title">已办的'
        f' <span class="count">{len(finished)}</span></h2>\n  <div class="table-box"><table class="table table-cards">'
        f"<thead><tr>{_DONE_HEAD}</tr></thead><tbody>{rows}</tbody></table></div></section>"
    )


def _verdict(one: Finished) -> str:
    if one.outcome:
        return badge(one.outcome, "neutral")
    if one.verdict == "breached":
        mark = badge("过建议时间", "warning", "clock") if one.soft else badge("超时", "danger", "alert-circle")
        return f'{mark} <span class="sub">{one.late_by}</span>'
    return badge("按时", "success", "check") if one.verdict == "met" else '<span class="sub">不限时</span>'


def answers_card(groups: Iterable[Group], ticket: int, base: str, keys: Keys, *, amends: bool, may_reveal: bool, at_once: bool) -> SafeString:
    """What was filled in, step by step; private answers masked, with the way to see them."""
    drawn = []
    for group in groups:
        rows = []
        for one in group.answers:
            if one.field:
                said = f"{private_cell(ticket, one.field, one.text, keys, asked=one.asked, may_reveal=may_reveal, at_once=at_once)}\n"
            else:
                said = lines(one.text) + "".join(
                    f'<a class="file" href="{e(route("procedures:attach"))}/{file.key}" data-view="answer">{e(file.name)}</a>' for file in one.files
                )
            rows.append(f"<dt>{e(one.title)}</dt><dd>{said}</dd>")
        amend = f'<a class="sub" href="{base}/amend/{e(group.step)}">更正</a>' if amends else ""
        drawn.append(
            f'<div class="answer-group"><div class="answer-head"><h3>{e(group.title)}</h3>{amend}</div>'
            f'<dl class="facts">{"".join(rows)}</dl></div>'
        )
    return SafeString(f'<div class="card answers">{"".join(drawn) or _NO_ANSWERS}</div>')


_NO_ANSWERS: Final = '<p class="caller-none card-body">还没有填写内容。</p>'


def private_cell(
    ticket: int, field: str, mask: object, keys: Keys, *, asked: Any = None, may_reveal: bool = False, at_once: bool = False,
    value: object = None, kind: str = "",
) -> SafeString:  # fmt: skip
    """A private answer: masked, or for half a minute in the clear (`value`); `asked` is one's latest request to see it."""
    name = e(field)
    if value:
        shown = f'<a href="tel:{e(str(value))}">{e(str(value))}</a>' if kind == "phone" else lines(value)
        return SafeString(
            f'<span class="private" id="private-{name}" hx-get="{e(route("procedures:masked", ticket, field))}"'
            f' hx-trigger="load delay:30s" hx-swap="outerHTML"><strong>{shown}</strong>'
            ' <span class="sub">30 秒后重新隐藏，请勿转告他人</span></span>'
        )
    way = f" {_way_to_see(ticket, name, keys, asked, at_once)}" if may_reveal else ""
    return SafeString(f'<span class="private" id="private-{name}"><span>{e(str(mask))}</span>{way}</span>')


def _way_to_see(ticket: int, name: str, keys: Keys, asked: Any, at_once: bool) -> str:
    state = asked.state if asked else ""
    if state == "asked":
        return badge("等待批准", "info", "hourglass")
    to = e(route("procedures:reveal", ticket, name))
    form = f'action="{to}" hx-post="{to}" hx-target="#private-{name}" hx-swap="outerHTML">{keys()}'
    if state == "open":
        return (
            f'<form method="post" class="reveal-now" {form}<button class="btn btn-primary btn-sm">{icon("eye")}查看 30 秒</button>'
            f' <span class="sub">{e(asked.decided_by)}已批准</span></form>'
        )
    refused = f"{badge('没有获准', 'warning', 'x')} " if state == "denied" else ""
    title, button, hint = (
        ("查看", "查看 30 秒", "理由和查看会记入操作日志。") if at_once else ("申请查看", "申请查看", "须经主管批准；理由会记入操作日志。")
    )
    return (
        f'{refused}<details class="quick reveal"><summary class="btn btn-sm">{icon("eye")}{title}</summary><form method="post" {form}'
        '<input class="form-control" name="reason" maxlength="200" autocomplete="off" aria-label="查看理由" placeholder="理由，如：回访客户">'
        f'<button class="btn btn-primary btn-sm">{button}</button><p class="form-hint">{hint}</p></form></details>'
    )


# --- what can be done -----------------------------------------------------------------------------------------------


def verbs_card(verbs: Sequence[Verb], ticket: int, base: str, keys: Keys, *, works: bool) -> SafeString:
    """Everything that can be done now, and of the rest why not."""
    now = "".join(_verb(one, ticket, base, keys) for one in verbs if not one.why_not)
    if works:
        rest = "".join(f"<dt>{e(one.title)}</dt><dd>{e(one.why_not)}</dd>" for one in verbs if one.why_not)
        closed = f'<details class="closed-verbs"><summary>{icon("lock")}现在不能做的，为什么</summary><dl>{rest}</dl></details>'
    else:
        closed = '<p class="verbs-none">您可以查看和打印这张工单，没有办理工单的权限。</p>'
    return SafeString(
        '<section class="card acts" aria-label="可以做的"><div class="card-header"><h2 class="card-title">可以做的</h2></div>\n    '
        f"{now}\n    {closed}\n  </section>"
    )


def _verb(one: Verb, ticket: int, base: str, keys: Keys) -> str:
    title = f"{icon(one.icon)}<span>{e(one.title)}</span>"
    if one.step:
        to = f"{base}/start/{e(one.step)}"
        do = f' title="{e(one.do)}"' if one.do else ""
        return (
            f'<form class="verb-now" method="post" action="{to}" hx-post="{to}" hx-swap="none">{keys()}<button{do}>{title}</button>'
            f'<a href="{base}/steps/{e(one.step)}" data-card aria-label="「{e(one.title)}」是什么">{icon("info-circle")}</a></form>\n    '
        )
    match one.key:
        case "note":
            return f'<button type="button" class="verb-line" data-open="note-box">{title}</button>\n    '
        case "amend":
            return f'<a class="verb-line" href="#answers-title">{title}</a>\n    '
        case "resume":
            to = e(route("procedures:resume", ticket))
            return f'<form class="verb-now" method="post" action="{to}" hx-post="{to}" hx-swap="none">{keys()}<button>{title}</button></form>\n    '
    to = f"{base}/do/{e(one.key)}"
    return (
        f'<details id="verb-{e(one.key)}" hx-get="{to}" hx-trigger="toggle once" hx-target="find .verb-box">'
        f'<summary>{icon(one.icon)}{e(one.title)}</summary><div class="verb-box"><a class="sub" href="{to}">正在打开…</a></div></details>'
    )
