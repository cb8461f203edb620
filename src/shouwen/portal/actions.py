"""What only residents and their codes bring about; what they do to a ticket are the actions of procedures, done as them."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from shouwen.estate.models import Building, Community, Unit
from shouwen.estate.queries import mask_phone, phone_digest
from shouwen.kernel.access import Actor
from shouwen.kernel.journal import Done, action, bookkeeping, community_of
from shouwen.kernel.refusals import NotFound, Refused
from shouwen.kernel.secrets import seal_text
from shouwen.kernel.words import clean_text
from shouwen.procedures import actions as procedures
from shouwen.procedures import attachments, engine
from shouwen.procedures.editions import edition_in_force, procedure_of
from shouwen.procedures.store import Row

from . import links
from .models import Message, PartyContact, PlaceCode, Rating, TicketLink

LETTERS: Final = "23456789abcdefghjkmnpqrstuvwxyz"
MOST_PHOTOS: Final = 6
Photo = tuple[str, bytes]


def link_for(row: Row, at: datetime) -> str:
    """The token of a ticket's link; made the first time it is needed."""
    found = TicketLink.objects.filter(ticket_id=row.id).values_list("serial", flat=True).first()
    if found is None:
        with bookkeeping("a ticket gets its link"):
            TicketLink.objects.bulk_create([_link(row, at)], ignore_conflicts=True)
        found = 1
    return links.token_of(row.id, found)


def _link(row: Row, at: datetime, *, phone: str = "", self_service: bool = False) -> TicketLink:
    return TicketLink(
        ticket_id=row.id, serial=1, digest=links.digest_of(links.token_of(row.id, 1)), made_at=at, self_service=self_service,
        phone_digest=phone_digest(phone), phone_sealed=seal_text(phone) if phone else b"",
    )  # fmt: skip


@action("link.filed", may="tickets.file", says="{number} 由住户自助提交（{where}，照片 {photos} 张）")
def file(
    actor: Actor, community: Community, /, *, procedure: str, answers: dict[str, Any], photos: Sequence[Photo] = (), phone: str = "",
    code: PlaceCode | None = None, claimed: str = "", at: datetime,
) -> Done:  # fmt: skip
    """File for a resident: whole if their answers and the defaults suffice, else with the first step open for the desk.

    Returns (Row, token). `phone` is where they are told, `code` the place code by which they came,
    `claimed` a room that they say is theirs and that nobody has proven.
    """
    _, rules = edition_in_force(procedure, community.pk, at)
    asks = rules.steps[rules.first].asks
    missing = {
        name: f"请填写「{ask.plain}」" for name, ask in asks.items()
        if ask.public and not ask.optional and ask.only_if is None and not answers.get(name) and not ask.default
        and not (ask.kind == "unit" and (claimed or not (code and code.unit_id)))
    }  # fmt: skip
    if missing:
        raise Refused("还有没填的内容，请补上。", missing)
    given = {name: value for name, value in answers.items() if name in asks and (asks[name].public or name == "phone")}
    if own := _channel(rules):
        given["channel"] = own
    try:
        engine.check_answers(rules, rules.first, given, {}, at)
        whole = not rules.steps[rules.first].needs
    except engine.Refused:
        whole = False
    row: Row = procedures.file_ticket(actor, community, procedure=procedure, answers=given, at=at, opened=not whole)
    _attach(actor, row, photos, at)
    where = [f"扫码位置：{code.place}"] if code is not None and not code.unit_id else []
    where += [f"自述房号：{clean_text(claimed, '房号', 40)}（未核实）"] if claimed else []
    if where:
        procedures.note(actor, row, text="；".join(where), at=at)
    _link(row, at, phone=phone, self_service=True).save(force_insert=True)
    facts = {"number": row.number, "where": f"扫码：{code.place}" if code else "链接", "photos": len(photos)}
    return Done(f"procedures.ticket:{row.id}", facts, result=(row, links.token_of(row.id, 1)), community=row.community_id)


def _channel(rules: engine.Procedure) -> str:
    """How the procedure says that it came by self-service."""
    ask = rules.steps[rules.first].asks.get("channel")
    return next((key for key in ("self", "online") if ask and key in ask.pick), "")


def _attach(actor: Actor, row: Row, photos: Sequence[Photo], at: datetime) -> None:
    for name, content in photos:
        if not attachments.kind_of(name, content).startswith("image/"):
            raise Refused("这里只能放照片（jpg、png、webp、gif）。", {"photos": "只能放照片"})
        attachments.attach(actor, row, name=name, content=content, at=at)


@action("link.message", may="tickets.work", says="{number} 住户留言（照片 {photos} 张）")
def write(actor: Actor, row: Row, /, *, text: str, photos: Sequence[Photo] = (), at: datetime) -> Done:
    """A message of the resident to the desk, in the timeline; whoever works on the ticket sees it."""
    words = clean_text(text, "留言", 500)
    if not words and not photos:
        raise Refused("请写下您想说的话。", {"text": "请写下您想说的话"})
    procedures.note(actor, row, text=words or "补充照片", at=at)
    _attach(actor, row, photos, at)
    return Done(f"procedures.ticket:{row.id}", {"number": row.number, "photos": len(photos)}, community=row.community_id)


@action("link.signed", may="tickets.work", says="{number} 住户自助确认")
def confirm(
    actor: Actor, row: Row, /, *, task: int, answers: dict[str, Any], signature: Photo | None = None, at: datetime
) -> Done:
    """What the ticket waits for from its resident: a confirmation, with a signature where one is needed."""
    evidence: dict[str, Any] = {}
    rules = procedure_of(row.edition_id)
    one = next((t for t in row.state.open_tasks if t.id == task), None)
    if one is None:
        raise Refused("这一项已经确认过了，请刷新页面。")
    needs = [need for need in rules.every_step[one.step].needs if need.startswith("signature of ")]
    if needs:
        if signature is None:
            raise Refused("请签名后再提交。", {"signature": "请签名"})
        kept = attachments.attach(actor, row, name=signature[0], content=signature[1], at=at)
        evidence = {need: [kept.key] for need in needs}
    procedures.finish(actor, row, task=task, answers=answers, evidence=evidence, at=at)
    return Done(f"procedures.ticket:{row.id}", {"number": row.number}, community=row.community_id)


@action("ticket.rated", may="tickets.work", says="{number} 住户评价 {stars} 分")
def rate(actor: Actor, row: Row, /, *, stars: int, words: str, at: datetime) -> Done:
    """One to five, once for each time it was closed; it stands in the ticket's story."""
    if row.state.status != "closed":
        raise Refused("办完以后才能评价。")
    if not 1 <= stars <= 5:
        raise Refused("请点一下星星，1 到 5 分。", {"stars": "请选择 1 到 5 分"})
    said = clean_text(words, "意见", 500)
    _, fresh = Rating.objects.get_or_create(
        ticket_id=row.id, round=row.state.reopened, defaults={"stars": stars, "words": said, "at": at}
    )
    if not fresh:
        raise Refused("您已经评价过了，谢谢！")
    procedures.note(actor, row, text=f"住户评价：{stars} 分{f'。{said}' if said else ''}", at=at)
    return Done(f"procedures.ticket:{row.id}", {"number": row.number, "stars": stars}, community=row.community_id)


# --- of the staff ----------------------------------------------------------------------------------------------------


@action("place_code.made", may="settings.edit", says="生成场所码 {count} 个（{what}）")
def make_codes(
    actor: Actor, community: Community, /, *, places: Sequence[str] = (), kind: str = "public", building: Building | None = None, at: datetime
) -> Done:
    """Codes for places by name, or for every unit of a building that has none yet; returns them."""
    if building is not None:
        if building.community_id != community.pk:
            raise NotFound
        have = PlaceCode.objects.filter(community=community, unit__building=building, retired_at=None).values("unit_id")
        units = list(Unit.objects.filter(building=building).exclude(pk__in=have).order_by("order"))
        rows = [_code(community, "door", unit.code, actor, at, unit) for unit in units]
        what = f"{building.name} 房门"
    else:
        if kind not in ("lift", "public"):
            raise Refused("请选择种类：电梯或公共区域。", {"kind": "请选择种类"})
        names = list(dict.fromkeys(clean_text(name, "位置", 60, field="places") for name in places))
        known = set(PlaceCode.objects.filter(community=community, retired_at=None, place__in=names).values_list("place", flat=True))
        rows = [_code(community, kind, name, actor, at) for name in names if name and name not in known]
        what = "、".join(row.place for row in rows[:5])
    if not rows:
        raise Refused("没有要生成的：请填写位置，或这些地方都已经有码了。", {"places": "请填写还没有码的位置"})
    if len(rows) > 500:
        raise Refused("一次最多生成 500 个，请分楼栋生成。")
    made = PlaceCode.objects.bulk_create(rows)
    return Done(f"estate.community:{community.pk}", {"count": len(made), "what": what}, result=made)


def _code(community: Community, kind: str, place: str, actor: Actor, at: datetime, unit: Unit | None = None) -> PlaceCode:
    code = "".join(secrets.choice(LETTERS) for _ in range(8))
    return PlaceCode(code=code, community=community, kind=kind, unit=unit, place=place, made_at=at, made_by=actor.name)


@action("place_code.retired", may="settings.edit", says="停用场所码「{place}」")
def retire_code(actor: Actor, code: PlaceCode, /, *, at: datetime) -> Done:
    """The sheet on the wall is torn or moved: the code leads nowhere from now on."""
    if not PlaceCode.objects.filter(pk=code.pk, retired_at=None).update(retired_at=at):
        raise Refused("这个码已经停用了。")
    return Done(code, {"place": code.place})


@action("message.again", may="settings.edit", says="重发短信「{event}」")
def send_again(actor: Actor, message: Message, /, *, at: datetime) -> Done:
    """Try a message that was given up or dropped once more. A code is never sent again: the resident asks anew."""
    again = Message.objects.filter(pk=message.pk, state__in=("failed", "dropped")).exclude(event="code")
    if not again.update(state="pending", attempts=0, next_at=at, error=""):
        raise Refused("这条短信不用重发。")
    return Done(message, {"event": message.event})


@action("party.contact_set", may="settings.edit", says="登记外部联系方式「{title}」")
def set_contact(actor: Actor, community: Community, /, *, party: str, title: str, phone: str, at: datetime) -> Done:
    """Where a developer or contractor of this community is told."""
    title = clean_text(title, "名称", 60, field="title")
    if not title or not phone_digest(phone):
        raise Refused("请填写名称和手机号。", {"phone": "请填写名称和手机号"})
    row, _ = PartyContact.objects.update_or_create(
        community_id=community_of(community), party=party,
        defaults={"title": title, "phone_masked": mask_phone(phone), "phone_sealed": seal_text(phone)},
    )  # fmt: skip
    return Done(row, {"title": title})


def photos_of(files: Sequence[Any]) -> list[Photo]:
    """Uploaded files as (name, content). Too many or too large ones are refused before they fill the memory."""
    if len(files) > MOST_PHOTOS:
        raise Refused(f"一次最多 {MOST_PHOTOS} 张照片。", {"photos": f"最多 {MOST_PHOTOS} 张"})
    if any(file.size > attachments.LARGEST for file in files):
        most = attachments.LARGEST // 1024 // 1024
        raise Refused(f"照片太大（每张上限 {most} MB），请压缩后再传。", {"photos": f"每张最多 {most} MB"})
    return [(str(file.name), file.read()) for file in files if file]

