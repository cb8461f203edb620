"""What must not be forgotten: fire equipment by its last check, and posts by the last visit of a supervisor."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils.timezone import localdate
from django.views.decorators.http import require_safe

from shouwen.kernel.exports import export
from shouwen.kernel.journal import now
from shouwen.kernel.refusals import Refused
from shouwen.kernel.registers import Column, Filter, Register
from shouwen.kernel.screens import render
from shouwen.kernel.zone import CHINA

from .. import gear, patrols
from .phone import here_of
from .today import _communities, _day, _exported

GEAR = Register(
    "rounds:gear", lambda actor: gear.gear(actor, now()), title="消防器材",
    columns=[
        "number", "title", "place", Column("state", "badge", title="状态", value=gear.state, tones={"逾期": "danger", "还没检查": "warning", "有问题": "danger", "正常": "success"}),
        Column("checked_at", "when", title="上次检查"), Column("checked_by", title="检查人"), Column("said", title="结果", value=gear.answers),
        Column("ticket", title="处理工单"), Column("community", title="小区", value=lambda row: row.community.name),
    ],
    filters=[Filter("community_id", "小区", _communities), Filter("overdue", "超过一个月没检查", [(True, "是"), (False, "否")])],
    search=["number", "title", "place"], search_hint="编号、名称、位置", may="rounds.view", exported=_exported, template="rounds/register.html",
    opens=lambda row: reverse("rounds:point", args=[row.pk]), new=("登记器材", "/rounds/points/new", "rounds.edit"),
    empty=("还没有登记消防器材", "登记点位时范围选「消防器材」，每次检查会列在这里，一个月没查的会标出来。"),
)  # fmt: skip

LONGEST: Final = 366


@require_safe
def supervised(request: HttpRequest) -> HttpResponseBase:
    """?from=&to=&post=. Which posts a supervisor has not come to, and every patrol by date and post."""
    actor, at, place = request.actor, now(), here_of(request)  # type: ignore[attr-defined]
    today = localdate(at, CHINA)
    last = _day(request.GET.get("to", "")) or today
    first = _day(request.GET.get("from", "")) or last - timedelta(30)
    if not 0 <= (last - first).days <= LONGEST:
        raise Refused("日期范围不对：开始不能晚于结束，一次最多看一年。请更正。")
    covered = patrols.coverage(actor, place.pk, at)
    post = request.GET.get("post", "")
    if post and post not in {one.post for one in covered}:
        raise Refused("没有这个岗位，请重新选择。")
    rows = patrols.patrols(actor, place.pk, first, last, post)
    if request.GET.get("format") == "xlsx":
        heads = ["巡查时间", "岗位", "地点", "被巡查人", "巡查人", "有无问题", "状态", "单号"]
        lines = [[one.at, one.post, one.where, one.inspected, one.by, "有" if one.problem else "无", "已归档" if one.closed else "办理中", one.number] for one in rows]
        title = next((one.title for one in covered if one.post == post), "全部")
        return export(actor, title="主管巡查", heads=heads, rows=lines, filters={"从": f"{first}", "到": f"{last}", "岗位": title}, log=_logged)
    return render(request, "rounds/supervised.html", {
        "place": place, "covered": covered, "untouched": [one for one in covered if one.untouched], "rows": rows, "first": first, "last": last, "post": post,
        "limit": patrols.UNTOUCHED, "back": patrols.BACK, "query": f"from={first}&to={last}&post={post}",
    }, part="list")  # fmt: skip


def _logged(actor: object, *, title: str, rows: int, filters: str) -> None:
    _exported(actor, title=title, rows=rows, filters={"筛选": filters})  # type: ignore[arg-type]
