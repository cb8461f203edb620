"""The list of what a post hands over: articles, keys, papers, places, preparation."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from shouwen.kernel.journal import now
from shouwen.kernel.refusals import Refused
from shouwen.kernel.screens import flash, render

from .. import actions, queries
from .. import handover as rule
from .desk import here_of


def items(request: HttpRequest) -> HttpResponse:
    """The list of one post, as it stands and to be changed."""
    actor, at = request.actor, now()  # type: ignore[attr-defined]
    community = here_of(request)
    here = queries.current_directory(community)
    posts = sorted(((slug, info.title) for slug, info in here.posts.items()), key=lambda pair: (pair[0] not in rule.DEFAULTS, pair[1]))
    post = request.GET.get("post", "") or request.POST.get("post", "")
    post = post if post in here.posts else queries.BOOK_POSTS[0]
    if request.method == "POST":
        given = request.POST
        if given.get("do", "put") not in ("put", "drop", "reset", "lost"):
            raise Refused("没有这个操作。请刷新页面后再试。")
        if given.get("post", post) not in here.posts:
            raise Refused("没有这个岗位。请从列表里选。", {"post": "请重新选择。"})
        if given.get("do") == "drop":
            actions.drop_item(actor, community, post=post, kind=given.get("kind", ""), title=given.get("title", ""), at=at)
            said = "已从清单去掉，下一次交接起不再列出。"
        elif given.get("do") == "lost":
            liable = actions.lose_article(actor, community, post=post, title=given.get("title", ""), at=at)
            said = f"遗失已记入值班日志：{liable}。"
        elif given.get("do") == "reset":
            actions.reset_items(actor, community, post=post, at=at)
            said = "已恢复为标准清单。"
        else:
            actions.put_item(actor, community, post=post, kind=given.get("kind", ""), title=given.get("title", ""), count=given.get("count", ""), at=at)
            said = "已列入清单，下一次交接起生效。"
        return flash(redirect(f"{reverse('duty:items')}?post={post}"), said)
    own = queries.items(actor, community.pk, post).exists()
    rows = queries.item_list(community.pk, post)
    return render(request, "duty/items.html", {
        "post": post, "post_title": here.posts[post].title, "posts": posts, "own": own, "may_edit": actor.may("duty.edit", community.pk), "may_write": actor.may("duty.write", community.pk),
        "groups": [(kind, title, [(name, count) for each, name, count in rows if each == kind]) for kind, title in rule.KINDS.items() if kind in rule.LISTED],
        "kinds": [(kind, rule.KINDS[kind]) for kind in rule.LISTED], "counted": rule.COUNTED,
    })  # fmt: skip
