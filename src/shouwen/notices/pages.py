"""The inbox, and the channels by which notices leave the house."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from shouwen.kernel.journal import now
from shouwen.kernel.refusals import Forbidden, Refused
from shouwen.kernel.screens import flash, page_of, render

from . import actions, queries
from .forms import ChannelForm

LATE = ("late", "urged", "remind")


@require_safe
def inbox(request: HttpRequest) -> HttpResponse:
    unread_only = request.GET.get("show") == "unread"
    page = page_of(queries.inbox(request.actor, unread_only), request.GET.get("after"), size=30)
    return render(request, "notices/inbox.html", {"page": page, "unread_only": unread_only}, part="list")


@require_POST
def open_notice(request: HttpRequest, pk: int) -> HttpResponse:
    """Mark one as read and go to what it is about."""
    found = queries.notice(request.actor, pk)
    actions.mark_read(request.actor, now(), [found.pk])
    inside = found.url.startswith("/") and url_has_allowed_host_and_scheme(found.url, allowed_hosts=None)
    return redirect(found.url if inside else reverse("notices:inbox"))


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
                whys=LATE if given["late_only"] else (), at=now(),
            )
            return flash(redirect("notices:channels"), f"已增加渠道「{given['title']}」。")
        except Forbidden:
            raise
        except Refused as refused:
            for name, text in (refused.fields or {"": refused.message}).items():
                form.add_error(name if name in form.fields else None, text)
    page = page_of(queries.channels(request.actor).order_by("id"), request.GET.get("after"))
    troubled = list(queries.troubled(request.actor)[:20])
    return render(
        request, "notices/channels.html", {"form": form, "page": page, "troubled": troubled},
        status=422 if form.errors else 200,
    )


@require_POST
def switch(request: HttpRequest, pk: int) -> HttpResponse:
    found = queries.channel(request.actor, pk)
    actions.switch_channel(
        request.actor, found.community_id, channel=found.pk, active=not found.is_active, at=now()
    )
    return redirect("notices:channels")
