"""One matter, as its resident follows it: by the link's own token, or signed in, from 我的报事. Everything is done on this page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from shouwen.estate.models import Community
from shouwen.kernel.access import Actor
from shouwen.kernel.journal import now
from shouwen.kernel.refusals import NotFound, Refused
from shouwen.kernel.requests import once, unkeyed
from shouwen.kernel.screens import flash
from shouwen.procedures import actions as procedures
from shouwen.procedures import attachments, store
from shouwen.procedures.calendars import local
from shouwen.procedures.editions import procedure_of
from shouwen.procedures.models import Attachment, Ticket
from shouwen.procedures.store import Row

from .. import actions, limits, links, queries, residents
from ..forms import PublicForm
from ..progress import Progress, Wanted, progress
from .frame import draw, for_residents, secretly, who

FARTHEST: Final = timedelta(days=60)
"""So far an appointment may be moved without speaking to somebody: what is promised then still runs."""


def _linked(token: str) -> Ticket:
    found = links.find(token, now())
    if found is None:
        raise NotFound("这个链接打不开：可能抄漏了，或办结已久、已经失效。请用短信里的原链接，或致电服务中心。")
    return found.ticket


def _own(request: HttpRequest, pk: int) -> Ticket:
    resident = who(request)
    if resident is None:
        raise NotFound("没有这件事，或它不是您家的。请先登录，再从「我的报事」里打开。")
    return queries.own_ticket(resident, pk, now())


@for_residents
@unkeyed
def by_link(request: HttpRequest, token: str) -> HttpResponse:
    return _page(request, _linked(token))


@for_residents
@unkeyed
def by_home(request: HttpRequest, pk: int) -> HttpResponse:
    return _page(request, _own(request, pk))


@require_safe
@for_residents
def photo_by_link(request: HttpRequest, token: str, key: str) -> HttpResponse:
    return _photo(_linked(token), key)


@require_safe
@for_residents
def photo_by_home(request: HttpRequest, pk: int, key: str) -> HttpResponse:
    return _photo(_own(request, pk), key)


def _photos(ticket_id: int) -> list[Attachment]:
    """Pictures that residents have given; those of the staff are theirs to show."""
    rows = Attachment.objects.filter(ticket_id=ticket_id, by_id=None, kind__in=attachments.IMAGES, by_name__startswith="住户")
    return list(rows.order_by("id")[:24])


def _photo(ticket: Ticket, key: str) -> HttpResponse:
    found = next((one for one in _photos(ticket.pk) if one.key == key), None)
    if found is None:
        raise NotFound
    response = HttpResponse(attachments.shown_of(found), content_type=found.kind)
    response["Content-Disposition"] = "inline"
    return response


def _page(request: HttpRequest, ticket: Ticket) -> HttpResponse:
    if request.method != "POST":
        return _shown(request, ticket)
    return once(request, f"ticket-{ticket.pk}", lambda: _shown(request, ticket))  # type: ignore[return-value]


def _shown(request: HttpRequest, ticket: Ticket, status: int = 200) -> HttpResponse:
    at, row = now(), store.load(ticket.pk)
    seen = progress(ticket, row, at)
    failed: dict[str, Any] = {}
    if request.method == "POST":
        try:
            return _act(request, row, seen, at)
        except Refused as no:
            if no.status not in (409, 422):
                raise
            row = store.load(ticket.pk)
            seen, status = progress(ticket, row, at), no.status
            failed = {"message": no.message, "fields": no.fields, "act": request.POST.get("act", ""), "data": request.POST}
    community = Community.objects.get(pk=row.community_id)
    forms = [(one, _wanted_form(one, at, failed)) for one in seen.wanted]
    context = {"seen": seen, "community": community, "wanted": forms, "photos": _photos(row.id), "failed": failed, "now": at, "path": request.path}
    return draw(request, "portal/ticket.html", context, status=status)


def _wanted_form(one: Wanted, at: datetime, failed: dict[str, Any]) -> PublicForm:
    """What is asked for a confirmation; refused a moment ago, with what was filled in and what is wrong with it."""
    again = failed.get("act") == "confirm" and failed["data"].get("wanted") == f"{one.row.id}.{one.task.id}"
    form = PublicForm(procedure_of(one.row.edition_id), one.step, failed["data"] if again else None, at=at, prefix=f"w{one.task.id}")
    if again:
        form.blame({name: text for name, text in failed["fields"].items() if name in form.fields}, "")
    return form


def _act(request: HttpRequest, row: Row, seen: Progress, at: datetime) -> HttpResponse:
    limits.hit("write-link", str(row.id), at)
    do = ACTS.get(request.POST.get("act", ""))
    if do is None:
        raise Refused("没有这个操作，请刷新页面。")
    name = str(row.state.answers.get("caller", ""))
    said = do(residents.actor(row.community_id, name if "*" in name else ""), row, seen, request, at)
    return secretly(flash(redirect(request.path), said))


def _urge(actor: Actor, row: Row, seen: Progress, request: HttpRequest, at: datetime) -> str:
    procedures.urge(actor, row, reason=request.POST.get("reason", ""), at=at)
    return "已经替您催办，经办人和他的上级都收到了。"


def _write(actor: Actor, row: Row, seen: Progress, request: HttpRequest, at: datetime) -> str:
    actions.write(actor, row, text=request.POST.get("text", ""), photos=actions.photos_of(request.FILES.getlist("photos")), at=at)
    return "留言已送到服务中心。"


def _move(actor: Actor, row: Row, seen: Progress, request: HttpRequest, at: datetime) -> str:
    name = request.POST.get("answer", "")
    if name not in {one for one, _, _ in seen.movable} or "move" not in seen.may:
        raise Refused("这个时间现在不能改，请致电服务中心。", {"moment": "现在不能改"})
    given = request.POST.get("moment", "")
    if given and given.replace("T", " ") < f"{local(at):%Y-%m-%d %H:%M}":
        raise Refused("请选择以后的时间。", {"moment": "请选择以后的时间"})
    if given and given[:10] > f"{local(at + FARTHEST):%Y-%m-%d}":
        raise Refused(f"最远可以改到 {FARTHEST.days} 天以内。要再往后，请致电服务中心。", {"moment": "太远了"})
    procedures.amend(actor, row, answers={name: given}, reason=request.POST.get("reason", "") or "住户改约", at=at)
    return "已经改约，师傅收到了新的时间。"


def _confirm(actor: Actor, row: Row, seen: Progress, request: HttpRequest, at: datetime) -> str:
    wanted = next((one for one in seen.wanted if f"{one.row.id}.{one.task.id}" == request.POST.get("wanted")), None)
    if wanted is None or not wanted.possible:
        raise Refused("这一项已经确认过，或需要当面办理。请刷新页面。")
    form = PublicForm(procedure_of(wanted.row.edition_id), wanted.step, request.POST, at=at, prefix=f"w{wanted.task.id}")
    pictures = actions.photos_of(request.FILES.getlist("signature"))
    actions.confirm(
        actor, store.load(wanted.row.id), task=wanted.task.id, answers=form.answers(), signature=pictures[0] if pictures else None, at=at
    )
    return "已确认，谢谢！"


def _rate(actor: Actor, row: Row, seen: Progress, request: HttpRequest, at: datetime) -> str:
    stars = request.POST.get("stars", "")
    actions.rate(actor, row, stars=int(stars) if stars in ("1", "2", "3", "4", "5") else 0, words=request.POST.get("words", ""), at=at)
    return "谢谢您的评价！"


def _reopen(actor: Actor, row: Row, seen: Progress, request: HttpRequest, at: datetime) -> str:
    procedures.reopen(actor, row, reason=request.POST.get("reason", ""), at=at)
    return "已重新办理，服务中心马上跟进。"


ACTS: Final[dict[str, Callable[[Actor, Row, Progress, HttpRequest, datetime], str]]] = {
    "urge": _urge, "write": _write, "move": _move, "confirm": _confirm, "rate": _rate, "reopen": _reopen,
}  # fmt: skip
