"""Every place where areas meet without knowing each other, read top to bottom.

A procedure file names an effect on another area (`does: {estate.set_state: …}`); the name is a slot, and here is what
fills it. Imported wherever actions run (addresses, command line), so that the slots are there before the first ticket.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from shouwen.custody import actions as custody
from shouwen.custody import cards as custody_cards
from shouwen.custody.played import Custody
from shouwen.custody.played_documents import Documents
from shouwen.duty import handover
from shouwen.duty import queries as duty_queries
from shouwen.duty import records as duty_records
from shouwen.estate import actions as estate
from shouwen.estate import cards as estate_cards
from shouwen.estate import queries as estate_queries
from shouwen.estate.models import Reveal
from shouwen.fees import cards as fees_cards
from shouwen.fees import queries as fees
from shouwen.kernel.access import SYSTEM, Actor
from shouwen.kernel.prefix import inward
from shouwen.kernel.refusals import Refused
from shouwen.notices import actions as notices
from shouwen.org import queries as org
from shouwen.papers import records as papers
from shouwen.portal import hearing
from shouwen.portal import queries as portal_queries
from shouwen.premises import effects as premises
from shouwen.procedures import handing, music, papered, parts, slots
from shouwen.procedures import records as procedures_records
from shouwen.procedures.played_duty import Shifts
from shouwen.rounds import actions as rounds_actions
from shouwen.rounds import cards as rounds_cards
from shouwen.rounds.played import Rounds


def set_state(actor: Actor, community_id: int, *, ticket: int, at: datetime, unit: str, state: str) -> None:
    """`estate.set_state: {unit: "{unit}", state: renovating}`: the unit's state in the register follows the ticket."""
    found = estate_queries.unit_by_code(community_id, unit)
    if found is None:
        raise Refused(f"本小区没有房号「{unit[:40]}」，无法更新房屋状态。")
    estate.edit_unit(SYSTEM, found, state=state, at=at)


def require_state(actor: Actor, community_id: int, *, ticket: int, at: datetime, unit: str, states: str, otherwise: str) -> None:
    """`estate.require: {unit: "{unit}", states: occupied renovating, otherwise: 只为已入住的业户办理}`: refused in any other state. D2.22, D2.24."""
    found = estate_queries.unit_by_code(community_id, unit)
    if found is None or found.state not in states.split():
        where = f"{found.code} 现在是「{found.get_state_display()}」" if found else f"本小区没有房号「{unit[:40]}」"
        raise Refused(f"{where}，{otherwise}。", {"unit": otherwise})


def settle_key(actor: Actor, community_id: int, *, ticket: int, at: datetime, key: str, how: str, note: str) -> None:
    """`custody.settle: {key: "{key}", how: "{measure}", note: "{done}"}`: the key is found, cut anew, or its lock changed. D4.43, D4.65."""
    custody.settle_by_number(SYSTEM, community_id, number=key, how=how, remark=note, at=at)


def lock_changed(actor: Actor, community_id: int, *, ticket: int, at: datetime, unit: str, new: str, old: str = "") -> None:
    """`custody.lock_changed: {unit: "{unit}", new: "{new_key}", old: "{old_key}"}`: the new key is kept, the old one is with its owner. D4.13, D4.14."""
    custody.lock_changed(actor, community_id, unit=unit, new=new, old=old, at=at)


def price_list(community_id: int, at: datetime) -> dict[str, slots.Offer]:
    """What asks of kind `priced` may quote: the community's price list of that day (C17.07)."""
    return {one.code: slots.Offer(one.code, one.title, one.unit, one.amount) for one in fees.price_list(community_id, at)}


def tell_of_reveal(actor: Actor, reveal: Reveal, at: datetime) -> None:
    """Somebody asks to see a private value: the nearest superior who may agree hears of it, or everybody who may. D1.07."""
    directory = duty_queries.current_directory(reveal.community_id)
    if not directory.held:  # nobody works here yet: there is nobody to tell
        return
    above: tuple[int, ...] = (actor.id,) if actor.id is not None else ()
    approvers: list[int] = []
    for _ in range(8):
        above = tuple(dict.fromkeys(up for user in above for up in directory.superior_of(user, at) if up != actor.id))
        approvers = [user for user in above if org.actor_for(user).may("estate.approve_reveal", reveal.community_id)]
        if approvers or not above:
            break
    approvers = approvers or [user for user in org.holders_of("estate.approve_reveal", reveal.community_id) if user != actor.id]
    notices.tell([
        notices.News(
            key=f"reveal.{reveal.pk}.{user}", community_id=reveal.community_id, user_id=user, why="task", at=at, url="/estate/reveals",
            title=f"{actor.name}申请查看{reveal.title or '住户隐私信息'}，等您批准"[:200], body=f"理由：{reveal.reason}",
        )
        for user in approvers
    ])  # fmt: skip


estate.reveal_asked.append(tell_of_reveal)
slots.fill("estate.set_state", set_state)
slots.fill("custody.settle", settle_key)
slots.fill("premises.place_sign", premises.place_sign)
slots.fill("premises.sum_up", premises.sum_up)
slots.fill("premises.receive_summary", premises.receive_summary)
slots.fill("custody.lock_changed", lock_changed)
slots.fill("custody.register", custody.register_document)
slots.fill("custody.carry", custody.carry)
slots.fill("custody.file", custody.file_by_ticket)
slots.fill("custody.may_destroy", custody.may_destroy)
slots.fill("custody.destroy", custody.destroy)
slots.fill("estate.require", require_state)
slots.fill("music.plan", music.check_plan)
slots.fill("music.start", music.check_start)
slots.hear(music.cut_off)
slots.offer_prices(price_list)
slots.offer_ratings(portal_queries.ratings)
estate_cards.show(fees_cards.arrears)
estate_cards.show(custody_cards.keys)
estate_cards.show(custody_cards.mail)
estate_cards.show(custody_cards.lock)

# Tickets stand on the hand-over sheet of a shift, and pass on with it; rounds that were missed in it too.
handover.fill(handing.open_items, handing.pass_on)
handover.count_too(custody_cards.stock)
handover.fill(rounds_cards.missed_items, rounds_cards.pass_on)


# --- what papers are filled in from, and what others do for them --------------------------------------------------------


def shift_end(community_id: int, holder: str, at: datetime) -> datetime:
    """When the holder of a copy (`post:…`, `dept:…`) goes off work: the last of those on duty now, or the end of the day."""
    directory = duty_queries.current_directory(community_id)
    kind, _, slug = holder.partition(":")
    people = directory.members(slug, at) if kind == "dept" else directory.on_duty(slug, at)
    ends = [end for user in people if (end := directory.shift_end(user, at))]
    evening = at.astimezone(directory.zone).replace(hour=23, minute=59, second=0, microsecond=0)
    soon = [end for end in ends if end - at < timedelta(hours=24)]
    return max(soon, default=evening)


def remind_of_copy(reminder: papers.Reminder) -> None:
    """A copy that did not come back: its department's head and members on duty hear of it, and the desk that waits for it."""
    directory = duty_queries.current_directory(reminder.community_id)
    kind, _, slug = reminder.holder.partition(":")
    people = (*directory.members(slug, reminder.at), *directory.head_of(slug, reminder.at)) if kind == "dept" else ()
    people += directory.on_duty("receptionist", reminder.at)
    notices.tell([
        notices.News(
            key=f"{reminder.key}.{user}", community_id=reminder.community_id, user_id=user, why="remind", title=reminder.title,
            body=reminder.body, url=reminder.url, at=reminder.at,
        )
        for user in dict.fromkeys(people or (directory.guaranteed(),))
    ])  # fmt: skip


def photo_url(key: str) -> str:
    """Where a kept photo of a signed copy is looked at."""
    return inward(f"/attachments/{key}")


papers.SOURCES["ticket"] = procedures_records.ticket_record
papers.SOURCES["log"] = duty_records.log_record
papers.SOURCES["handover"] = duty_records.handover_record
papers.NEIGHBOURS.shift_end = shift_end
papers.NEIGHBOURS.tell = remind_of_copy
papers.NEIGHBOURS.keep_photo = procedures_records.keep_photo
papers.NEIGHBOURS.came_back = papered.came_back
papers.CLEAR["ticket"] = papered.private_facts
papers.NEIGHBOURS.photo_url = photo_url
slots.hear(hearing.hear)
rounds_actions.FOUND_AT.append(premises.to_steward)
slots.hear(papered.hear)

# What rehearsals play besides tickets.
parts.cast(Shifts, Custody, Documents, Rounds)
