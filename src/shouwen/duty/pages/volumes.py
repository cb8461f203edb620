"""封册: the volumes of the books, kept by the service desk."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from shouwen.kernel.journal import now
from shouwen.kernel.refusals import Refused
from shouwen.kernel.screens import flash, page_of, render

from .. import actions, queries
from .desk import here_of


def volumes(request: HttpRequest) -> HttpResponse:
    """The closed volumes; the one being written is closed here."""
    actor, at = request.actor, now()  # type: ignore[attr-defined]
    community = here_of(request)
    known = {slug: info.title for slug, info in queries.current_directory(community).posts.items()}
    if request.method == "POST":
        if request.POST.get("post", "") not in known:
            raise Refused("请选择岗位。", {"post": "请重新选择。"})
        row = actions.close_volume(actor, community, post=request.POST["post"], at=at)
        return flash(redirect("duty:volumes"), f"第 {row.number} 册已封存（{row.lines} 行），以后的记录写入新册。")
    post = request.GET.get("post", "")
    post = post if post in known else ""
    page = page_of(queries.volumes(actor, community.pk, post), request.GET.get("after"), 50)
    return render(request, "duty/volumes.html", {
        "page": page, "rows": [(row, known.get(row.post, row.post)) for row in page], "post": post,
        "posts": sorted(known.items(), key=lambda pair: (pair[0] not in queries.BOOK_POSTS, pair[1])),
        "may_edit": actor.may("duty.edit", community.pk),
    }, part="list")  # fmt: skip
