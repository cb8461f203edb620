"""The archive: folders, filing, and the numbers of letters in, letters out and departments' own papers. D14.12, D14.32–D14.35, D14.46–D14.69."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max

from shouwen.duty import queries as duty_queries
from shouwen.estate.models import Community
from shouwen.kernel.access import SYSTEM, Actor
from shouwen.kernel.journal import Done, action
from shouwen.kernel.refusals import Conflict, Forbidden, Refused
from shouwen.kernel.words import clean_text
from shouwen.notices import actions as notices

from .. import queries
from ..kinds import KINDS, ORDERS, SERIES, TYPES
from ..models import Filing, Folder, Store, Thing
from .intake import take_in
from .stores import put_store
from .words import locked, no, note, wanted

COURIERS = frozenset({"文员", "秘书", "内勤"})
"""Titles of the posts through whose hands official papers go."""
MEANS = {"hand": "专人送达", "post": "邮寄", "fax": "传真", "mail": "电子邮件"}
SHELF = "档案柜"
"""Where papers stand in a community that has set up no place for them yet."""


@action("custody.folder_put", may="custody.work", says="设档案夹「{title}」，{order}排列")
def put_folder(actor: Actor, community: Any, /, *, title: str, order: str, store: Store | None, at: datetime, department: str = "") -> Done:
    """A folder with the order that stands on it; the same name again changes the order. D14.32, D14.33."""
    words = wanted(title, "名称", 40, "title")
    if order not in ORDERS:
        raise no("order", "请选择分类方式，并在档案夹上写明：按字母、按内容或按时间。")
    if store is None or store.community_id != community.pk or store.holds not in ("archive", "safe"):
        raise no("store", "请选择档案柜。还没有的，请先在「存放处」设一个。")
    _known(community.pk, department)
    row, _ = Folder.objects.update_or_create(community_id=community.pk, title=words, defaults={"order": order, "store": store, "department": department})
    return Done(row, {"title": words, "order": ORDERS[order]}, community=community.pk)


def _known(community_id: int, department: str) -> None:
    if department and department not in duty_queries.current_directory(community_id).departments:
        raise no("department", "本小区没有这个部门，请重新选择。")


@action("custody.filed", may="custody.work", says="归档 {number} {title}，入「{folder}」{lacks}")
def file_away(
    actor: Actor, thing: Thing, /, *, folder: Folder | None, at: datetime, department: str = "", written_on: date | None = None, pages: int | None = None,
    found: int | None = None, missing: str = "", expires_on: date | None = None,
) -> Done:  # fmt: skip
    """Put a document into its folder; what is not there of it stands in the register. D14.12, D14.32, D14.65."""
    row = locked(thing)
    if KINDS[row.kind].family != "document":
        raise Refused("只有文件资料归档。")
    if row.gone_at is not None:
        raise Conflict(f"{row.number} 已经销毁，不能再归档。")
    if folder is None or folder.community_id != row.community_id:
        raise no("folder", "请选择档案夹。还没有的，请先设一个，写明分类方式。")
    if (folder.store.holds == "safe") != KINDS[row.kind].secret:
        raise no("folder", "秘密文件放保密柜里的档案夹，其他文件放档案柜里的档案夹。")
    for value, field in ((pages, "pages"), (found, "found")):
        if value is not None and not 0 <= value <= 9999:
            raise no(field, "页数应在 0 到 9999 之间。")
    filing = Filing.objects.select_for_update(of=("self",)).get(pk=row.pk)
    if department and filing.series == "internal" and department != filing.department:
        raise no("department", "内部文件按发文部门归档，文号不能改到别的部门。")
    _known(row.community_id, department)
    filing.folder, filing.filed_at, filing.filed_by = folder, at, actor.name[:60]
    filing.department = department or filing.department or folder.department
    filing.written_on = written_on or filing.written_on or row.came_at.astimezone(queries.CHINA).date()
    filing.pages, filing.found = (filing.pages if pages is None else pages), (filing.found if found is None else found)
    filing.missing, filing.expires_on = clean_text(missing, "缺少的附件", 200, field="missing"), expires_on or filing.expires_on
    filing.save()
    row.store, row.hook = folder.store, None
    row.save(update_fields=["store", "hook"])
    lacks = f"（{filing.incomplete}）" if filing.incomplete else ""
    note(actor, row, "filed", f"归入档案夹「{folder.title}」（{folder.get_order_display()}）{lacks}", at, book=False)
    return Done(row, {"number": row.number, "title": row.title, "folder": folder.title, "lacks": lacks})


# --- what procedures do with documents --------------------------------------------------------------------------------


def may_carry(actor: Actor, community_id: int, at: datetime) -> None:
    """Documents pass through the hands of the secretary, the clerk and the back office, and of nobody else. D14.46, D14.59–D14.61, D14.67–D14.69."""
    directory = duty_queries.current_directory(community_id)
    theirs = {slug for slug, post in directory.posts.items() if slug == "clerk" or post.title in COURIERS}
    held = {user for post in theirs for user in directory.held_by(post, at)}
    if actor.id not in held | {directory.acting(user, at) for user in held}:
        raise Forbidden("公文只由秘书、文员、内勤登记、编号、传递和外发，请交给他们办。")


def carry(actor: Actor, community_id: int, *, ticket: int, to: str, at: datetime, by: str = "") -> None:
    """A document is passed on or sent: who did it, to whom, stands in its ledger. D14.61, D14.67–D14.69."""
    may_carry(actor, community_id, at)
    filing = Filing.objects.filter(ticket=ticket, community=community_id).select_related("thing").first()
    if filing is None:
        raise Refused("这份文件还没有登记编号，不能传递。请先登记。")
    means = MEANS.get(by, by)[:20]
    if filing.series == "sent":
        filing.sent_at, filing.means = at, means
        filing.save(update_fields=["sent_at", "means"])
    note(actor, filing.thing, "carried", f"送{to}" + (f"（{means}）" if means else ""), at, book=False)


def register_document(
    actor: Actor, community_id: int, *, ticket: int, series: str, title: str, type: str, at: datetime, department: str = "", party: str = "", pages: str = "",
) -> Filing:  # fmt: skip
    """A document of a procedure enters the register and gets the next number of its year. Plain; only inside an action.

    Numbers have neither gaps nor twins: letters in and out one series a community and year, internal papers one a
    department and year. D14.48, D14.59, D14.60, D14.66. Done again for the same ticket, it is the new version of the
    same document: it keeps its number.
    """
    if series not in SERIES or type not in TYPES:
        raise ValueError(f"no such series or type: {series}, {type}")
    if series != "internal":
        may_carry(actor, community_id, at)
    if (known := Filing.objects.filter(ticket=ticket, community=community_id).select_related("thing").first()) is not None:
        note(actor, known.thing, "revised", f"{known.reference} 换为新版", at, book=False)
        return known
    place = Community.objects.get(pk=community_id)
    thing = take_in(actor if actor.may("custody.work", community_id) else SYSTEM, place, kind="document", title=title.split("\n")[0][:80], store=_shelf(place, at), purpose=TYPES[type], at=at)
    year = at.astimezone(queries.CHINA).year
    owner = department if series == "internal" else ""
    same = Filing.objects.filter(community=community_id, series=series, year=year)
    last = (same.filter(department=owner) if owner else same).aggregate(last=Max("serial"))["last"] or 0
    head = duty_queries.current_directory(community_id).departments.get(owner, owner) if owner else {"received": "收", "sent": "发"}[series]
    filing = Filing.objects.get(pk=thing.pk)
    filing.series, filing.year, filing.serial, filing.reference = series, year, last + 1, f"{head}〔{year}〕{last + 1} 号"[:60]
    filing.department, filing.party, filing.ticket, filing.written_on = department, party[:80], ticket, at.astimezone(queries.CHINA).date()
    filing.pages = int(pages) if pages.isdigit() else None
    try:
        with transaction.atomic():
            filing.save()
    except IntegrityError:
        raise Conflict("刚刚有另一份文件取了这个文号，请再办一次。") from None
    note(actor, thing, "numbered", f"{SERIES[series]}登记，文号 {filing.reference}" + (f"，{filing.party}" if filing.party else ""), at, book=False)
    return filing


def _shelf(place: Community, at: datetime) -> Store:
    found = Store.objects.filter(community=place, holds="archive").order_by("pk").first()
    return found or put_store(SYSTEM, place, title=SHELF, holds="archive", at=at)


def file_by_ticket(actor: Actor, community_id: int, *, ticket: int, folder: str, at: datetime, found: str = "", missing: str = "") -> None:
    """The document of a ticket goes into the folder of this name; a name that is new makes a folder by time. D14.56, D14.58, D14.64."""
    filing = Filing.objects.filter(ticket=ticket, community=community_id).select_related("thing").first()
    if filing is None:
        raise Refused("这份文件还没有登记编号，不能归档。请先登记。")
    place = Community.objects.get(pk=community_id)
    name = wanted(folder, "档案夹", 40, "folder")
    kept = Folder.objects.filter(community=place, title=name).select_related("store").first()
    if kept is None:
        kept = put_folder(SYSTEM, place, title=name, order="time", store=_shelf(place, at), department=filing.department if filing.series == "internal" else "", at=at)
    keeper = actor if actor.may("custody.work", community_id) else SYSTEM
    file_away(keeper, filing.thing, folder=kept, found=int(found) if found.isdigit() else None, missing=missing, at=at)
    Filing.objects.filter(pk=filing.pk).update(filed_by=actor.name[:60])


def may_destroy(actor: Actor, community_id: int, *, ticket: int, papers: str, at: datetime) -> None:
    """Every document of the list stands here, filed, and not secret ones of which this list must not speak. D14.36, DO3."""
    _listed(community_id, papers)


def _listed(community_id: int, papers: str) -> list[Thing]:
    numbers = list(dict.fromkeys(re.findall(r"[A-Z]{2}-\d+", papers.upper())))
    if not numbers:
        raise no("papers", "请写明文件编号，如：WJ-0003、WJ-0011。")
    there = {one.number: one for one in Thing.objects.filter(community=community_id, number__in=numbers, kind="document").select_related("filing")}
    for number in numbers:
        thing = there.get(number)
        if thing is None:
            raise no("papers", f"登记册里没有文件「{number}」，请核对编号。")
        if thing.gone_at is not None:
            raise no("papers", f"{number} 已经销毁。")
        if thing.state != Thing.State.IN:
            raise no("papers", f"{number} 不在柜里（{thing.get_state_display()}），收回后再列。")
        if thing.filing.folder_id is None:
            raise no("papers", f"{number} 还没有归档，办理中的文件不能销毁。")
    return [there[number] for number in numbers]


def destroy(actor: Actor, community_id: int, *, ticket: int, papers: str, at: datetime) -> None:
    """What the chief has agreed to is destroyed by two; the numbers and the ledger stay. Plain; only at the end of its procedure. D14.36."""
    for thing in _listed(community_id, papers):
        row = locked(thing)
        row.state, row.gone_at = Thing.State.GONE, at
        row.save(update_fields=["state", "gone_at"])
        note(actor, row, "destroyed", f"经总经理批准，两人销毁（{actor.name}监督）", at, quantity=-row.quantity, book=False)


@action("custody.unfiled", may="system", says="文件资料待办：{what}")
def raise_unfiled(actor: Actor, community: Any, /, *, unfiled: int, expired: int, at: datetime) -> Done:
    """The worker, in the morning: documents that should have been filed or cleared out. D14.34, D14.35."""
    what = "，".join(each for each in (f"{unfiled} 份超过期限没有归档" if unfiled else "", f"{expired} 份已过保存期" if expired else "") if each)
    day = at.astimezone(queries.CHINA).date()
    notices.tell([
        notices.News(key=f"custody:unfiled:{community.pk}:{day}:{user}", community_id=community.pk, user_id=user, why="late", at=at, url="/custody/archive",
                     title=f"文件资料：{what}"[:200], body="请归档；过期没必要保存的，报总经理批准后销毁。")
        for user in duty_queries.current_directory(community.pk).holders("clerk", at)
    ])  # fmt: skip
    return Done(f"estate.community:{community.pk}", {"what": what}, community=community.pk)
