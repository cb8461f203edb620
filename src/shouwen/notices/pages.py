"""The inbox, one's own settings, and the channels by which notices leave the house."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from shouwen.kernel.exports import export
from shouwen.kernel.journal import now
from shouwen.kernel.prefix import inward
from shouwen.kernel.refusals import Forbidden, Refused
from shouwen.kernel.registers import EXPORT_LIMIT
from shouwen.kernel.screens import flash, page_of, render
from shouwen.kernel.words import number_in

from . import actions, queries
from .forms import ChannelForm, OwnForm
from .models import Notice

WHY = {"late": ("超时", "danger"), "urged": ("催单", "warning"), "remind": ("将到时", "warning"), "approve": ("待批准", "info")}
"""Reasons that the inbox marks, with their tone; the others speak by their title."""

SHOWS = (("", "全部"), ("unread", "未读"), ("urgent", "紧急"))


@dataclass(frozen=True, slots=True)
class Thread:
    """One matter in the inbox: the newest notice about it, and how many there are."""

    latest: Notice
    many: int
    unread: int


@require_safe
def inbox(request: HttpRequest) -> HttpResponseBase:
    """What one was told, a line for each matter."""
    show = request.GET.get("show", "")
    show = show if show in dict(SHOWS) else ""
    if request.GET.get("format") == "xlsx":
        return _workbook(request, show)
    page = page_of(queries.threads(request.actor, show), request.GET.get("after"), size=30)
    counts = queries.counts(request.actor, [row.subject for row in page])
    threads = [Thread(row, *counts.get(row.subject, (1, 0))) for row in page]
    return render(
        request, "notices/inbox.html", {"page": page, "threads": threads, "show": show, "shows": SHOWS, "why": WHY}, part="list"
    )


def _workbook(request: HttpRequest, show: str) -> FileResponse:
    """One's own notices as listed: a line for each matter."""
    actor = request.actor
    rows = list(queries.threads(actor, show)[: EXPORT_LIMIT + 1])
    lines = [[row.at, WHY.get(row.why, ("", ""))[0], "是" if row.urgent else "", row.title, row.body, row.read_at] for row in rows]

    def log(_: object, **facts: object) -> None:
        actions.export_own(actor, actor.community, at=now(), **facts)

    heads = ["时间", "缘由", "紧急", "标题", "内容", "已读时间"]
    return export(actor, title="通知", heads=heads, rows=lines, filters={"范围": dict(SHOWS)[show]}, log=log)


@require_safe
def fresh(request: HttpRequest) -> JsonResponse:
    """For the open pages: the number of unread notices, and those newer than `after` to be shown by the browser."""
    at_least = number_in(request.GET.get("after"))
    last, rows = queries.fresh(request.actor, 2**63 - 1 if at_least is None else at_least, now())
    return JsonResponse({
        "last": last, "unread": queries.unread(request.actor),
        "news": [{"id": row.pk, "title": row.title, "url": reverse("notices:opened", args=[row.pk]), "urgent": row.urgent} for row in rows],
    })  # fmt: skip


@require_safe
def opened(request: HttpRequest, pk: int) -> HttpResponse:
    """Where a notification of the browser leads: the matter itself; the inbox shows it as read when it is left from there."""
    found = queries.notice(request.actor, pk)
    return redirect(_inside(found.url))


@require_POST
def open_notice(request: HttpRequest, pk: int) -> HttpResponse:
    """Mark everything about the matter as read and go to it."""
    found = queries.notice(request.actor, pk)
    actions.mark_read(request.actor, now(), subject=found.subject)
    return redirect(_inside(found.url))


def _inside(url: str) -> str:
    ours = url.startswith("/") and url_has_allowed_host_and_scheme(url, allowed_hosts=None)
    return inward(url) if ours else reverse("notices:inbox")


def own(request: HttpRequest) -> HttpResponse:
    """One's own settings: mail, quiet hours; whether this browser shows notifications is kept in the browser."""
    hours, mail = queries.quiet_hours(request.actor), queries.own_mail(request.actor)
    form = OwnForm(request.POST or None, initial={
        "mail": mail is not None, "late_only": bool(mail and mail.whys),
        "quiet_from": f"{hours[0]:%H:%M}" if hours else "", "quiet_to": f"{hours[1]:%H:%M}" if hours else "",
    })  # fmt: skip
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            actions.set_own(
                request.actor, request.actor.community, mail=given["mail"], late_only=given["late_only"], quiet=form.quiet, at=now()
            )
            return flash(redirect("notices:own"), "已保存通知设置。")
        except Forbidden:
            raise
        except Refused as refused:
            for name, text in (refused.fields or {"": refused.message}).items():
                form.add_error(name if name in form.fields else None, text)
    return render(request, "notices/own.html", {"form": form}, status=422 if form.errors else 200)


@require_POST
def read_all(request: HttpRequest) -> HttpResponse:
    count = actions.mark_read(request.actor, now())
    return flash(redirect("notices:inbox"), f"已将 {count} 条标为已读。" if count else "没有未读通知。")


def channels(request: HttpRequest) -> HttpResponse:
    """List and add; only for those who may change settings somewhere."""
    if not request.actor.places("settings.edit") and request.actor.places("settings.edit") is not None:
        raise Forbidden("您没有「修改系统设置」权限。如工作需要，请联系上级或系统管理员开通。")
    form = ChannelForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            actions.add_channel(
                request.actor, request.community, kind=given["kind"], title=given["title"], address=given["address"],
                whys=actions.LATE if given["late_only"] else (), at=now(),
            )
            return flash(redirect("notices:channels"), f"已增加渠道「{given['title']}」。")
        except Forbidden:
            raise
        except Refused as refused:
            for name, text in (refused.fields or {"": refused.message}).items():
                form.add_error(name if name in form.fields else None, text)
    page = page_of(queries.channels(request.actor).order_by("id"), request.GET.get("after"))
    troubled = list(queries.troubled(request.actor)[:20])
    last = queries.last_deliveries(page.rows)
    return render(
        request, "notices/channels.html", {"form": form, "page": page, "lines": [(row, last.get(row.pk)) for row in page.rows], "troubled": troubled},
        status=422 if form.errors else 200,
    )  # fmt: skip


@require_POST
def switch(request: HttpRequest, pk: int) -> HttpResponse:
    found = queries.channel(request.actor, pk)
    actions.switch_channel(
        request.actor, found.community_id, channel=found.pk, active=not found.is_active, at=now()
    )
    return redirect("notices:channels")


@require_POST
def try_channel(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a test message; what came of it stands beside the channel a few seconds later."""
    found = queries.channel(request.actor, pk)
    actions.test_channel(request.actor, found.community_id, channel=found.pk, at=now())
    return flash(redirect("notices:channels"), f"测试消息已交给「{found.title}」，几秒后刷新可看到结果。", "info")
