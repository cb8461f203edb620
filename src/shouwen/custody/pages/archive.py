"""Documents: the register of what was filed, folders in their order, and what waits."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from shouwen.duty import queries as duty
from shouwen.estate import queries as estate
from shouwen.kernel.access import Actor
from shouwen.kernel.journal import now
from shouwen.kernel.refusals import NotFound, Refused
from shouwen.kernel.registers import Column, Filter, Register
from shouwen.kernel.screens import blame, flash, page_of, render
from shouwen.kernel.words import number_in

from .. import actions, archive, queries
from ..forms import FolderForm
from ..kinds import ORDERS, SECRET, TYPES
from ..models import Filing, Folder
from .desk import address, here_of
from .registers import exported


def _departments(actor: Actor) -> list[tuple[str, str]]:
    places = [one.pk for one in estate.communities(actor)]
    return list(dict.fromkeys(pair for place in places for pair in duty.current_directory(place).departments.items()))


def _communities(actor: Actor) -> list[tuple[int, str]]:
    return [(one.pk, one.name) for one in estate.communities(actor)]


def _department(filing: Filing) -> str:
    return duty.current_directory(filing.community_id).departments.get(filing.department, filing.department)


def _state(filing: Filing) -> str:
    return "待归档" if filing.folder_id is None else "不完整" if filing.incomplete else "已归档"


def _sent(filing: Filing) -> str:
    return f"{filing.sent_at.astimezone(queries.CHINA):%m-%d %H:%M} {filing.means}" if filing.sent_at else ""


FILES = Register(
    "custody:files", archive.filings, title="文件资料",
    columns=[
        Column("number", title="编号", value=lambda one: one.thing.number), Column("letters", title="名称", value=lambda one: one.thing.title, sort=True),
        Column("thing__purpose", title="种类", sort=True), Column("secret", "badge", title="密级", value=lambda one: "秘密" if one.thing.kind in SECRET else "", tones={"秘密": "danger"}), Column("reference"), Column("party"), Column("sent_at", title="外发", value=_sent), Column("department", title="部门", value=_department),
        Column("written_on", "date", sort=True), Column("folder", title="档案夹", value=lambda one: one.folder.title if one.folder else ""),
        Column("state", "badge", title="状态", value=_state, tones={"待归档": "warning", "不完整": "danger", "已归档": "success"}),
    ],
    filters=[Filter("thing__purpose", "种类", [(one, one) for one in TYPES.values()]), Filter("department", "部门", _departments), "series", "written_on", Filter("community_id", "小区", _communities)],
    search=["thing__spelled", "letters", "reference", "party"], search_hint="名称、文号、往来单位或拼音", may="custody.view", exported=exported, leaves=lambda rows: rows.exclude(thing__kind__in=SECRET),
    template="custody/files.html", opens=lambda one: address(one.thing), new=("收存文件", "/custody/new?kind=document", "custody.work"),
    empty=("还没有文件资料", "收文、发文、内部文件办理时自动登记；其他文件资料在这里收存、归档。"),
)  # fmt: skip


def folders(request: HttpRequest) -> HttpResponse:
    """Every folder with the order that stands on it; a new one."""
    actor, at = request.actor, now()  # type: ignore[attr-defined]
    place = here_of(request)
    may_work = actor.may("custody.work", place.pk)
    stores = [one for one in queries.stores(actor, place.pk) if one.holds == "archive" or (one.holds == "safe" and actor.may("custody.secret", place.pk))]
    departments = duty.current_directory(place.pk).departments
    form = FolderForm(request.POST or None, stores=stores, departments=list(departments.items()))
    if request.method == "POST":
        if not may_work:
            raise NotFound
        if form.is_valid():
            data = dict(form.cleaned_data)
            store = next((one for one in stores if str(one.pk) == data.pop("store")), None)
            try:
                made = actions.put_folder(actor, place, store=store, at=at, **data)
                return flash(redirect("custody:folder", made.pk), f"已设档案夹「{made.title}」，{made.get_order_display()}排列。")
            except Refused as no:
                if no.status == 404:
                    raise
                blame(form, no)
    page = page_of(archive.folders(actor, place.pk), request.GET.get("after"))
    return render(request, "custody/folders.html", {
        "page": page, "form": form, "stores": stores, "may_work": may_work, "departments": departments, "place": place,
    }, status=422 if form.errors else 200)  # fmt: skip


@require_safe
def folder(request: HttpRequest, pk: int) -> HttpResponse:
    """What is in a folder, in the order that stands on it; the two other orders a tap away."""
    actor = request.actor  # type: ignore[attr-defined]
    found: Folder = archive.folder(actor, pk)
    by = request.GET.get("by", "") if request.GET.get("by") in ORDERS else found.order
    rows = list(archive.inside(actor, found, by)[: archive.MOST + 1])
    return render(request, "custody/folder.html", {"folder": found, "rows": [(one, _department(one)) for one in rows[: archive.MOST]], "more": len(rows) > archive.MOST, "by": by, "orders": ORDERS.items()})


@require_safe
def waiting(request: HttpRequest) -> HttpResponse:
    """What is to be done: not filed, past its time, not whole, numbers not there."""
    actor, at = request.actor, now()  # type: ignore[attr-defined]
    place = here_of(request)
    today, late = at.astimezone(queries.CHINA).date(), archive.overdue(place.pk, at)
    unfiled = list(archive.unfiled(actor, place.pk)[: archive.MOST])
    return render(request, "custody/archive.html", {
        "unfiled": [(one, _department(one), (at - one.thing.came_at).days, one.thing.came_at < late) for one in unfiled], "expired": list(archive.expired(actor, place.pk, today)[: archive.MOST]),
        "lacking": archive.lacking(actor, place.pk), "gaps": archive.gaps(actor, place.pk, today), "place": place, "days": (at - late).days,
    })  # fmt: skip


def filing_of(actor: Actor, thing: Any) -> dict[str, Any]:
    """What the page of a document says of its filing."""
    filing = Filing.objects.filter(pk=thing.pk).select_related("folder").first()
    if filing is None:
        return {}
    secret = thing.kind in SECRET
    folders = [one for one in archive.folders(actor, thing.community_id)[: archive.MOST] if (one.store.holds == "safe") == secret]
    return {"filing": filing, "filing_department": _department(filing), "folders": folders, "departments": duty.current_directory(thing.community_id).departments, "secret": secret}


def file(actor: Actor, found: Any, given: Any, at: Any) -> str:
    """The form of filing on the page of a document."""
    pk = number_in(given.get("folder", ""))
    folder = Folder.objects.filter(pk=pk, community=found.community_id).select_related("store").first() if pk is not None else None
    dates: dict[str, Any] = {}
    for name, title in (("written_on", "成文日期"), ("expires_on", "保存到")):
        dates[name] = _date(given.get(name, ""), name, title)
    numbers: dict[str, Any] = {}
    for name in ("pages", "found"):
        text = given.get(name, "").strip()
        numbers[name] = number_in(text) if text else None
        if text and numbers[name] is None:
            raise Refused("页数应为整数。", {name: "应为整数。"})
    actions.file_away(actor, found, folder=folder, department=given.get("department", "")[:40], missing=given.get("missing", ""), at=at, **dates, **numbers)
    return f"{found.number} 已归入「{folder.title if folder else ''}」。"


def _date(text: str, name: str, title: str) -> Any:
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise Refused(f"「{title}」应写成 2026-11-21 这样。", {name: "日期不对。"}) from None
