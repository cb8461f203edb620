"""Work for the worker: messages leave the house, old codes are forgotten.

A message is claimed with a lease, worded and sent outside any transaction, then marked: at least once, never lost.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from shouwen.estate.models import Community
from shouwen.estate.queries import mask_phone
from shouwen.kernel import leases
from shouwen.kernel.access import SYSTEM, Actor
from shouwen.kernel.journal import Done, action, bookkeeping
from shouwen.kernel.secrets import open_text, seal_text
from shouwen.procedures import privacy, store
from shouwen.procedures.editions import procedure_of

from . import limits, links, phones, sms
from .actions import link_for
from .hearing import EVENTS, apology, for_resident
from .models import Message, PartyContact, ResidentSession, SmsCode, TicketLink
from .words import matter_of, moment

log = logging.getLogger("shouwen.sms")
LEASE: Final = timedelta(minutes=5)
WAITS: Final = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 5, 10, 30, 60, 60))
"""After the n-th failure a message waits so long; after the last it is given up. A code is given up after two minutes."""


def deliver(now: datetime, most: int = 20) -> int:
    """Send what is due, at most `most`; returns how many were tried."""
    provider = sms.provider()
    if provider is None:
        return 0
    claimed = leases.claim("portal_message", "next_at", now, LEASE, most, first="urgent DESC")
    for message in Message.objects.filter(pk__in=claimed).order_by("pk"):
        try:
            phone, text = _worded(message, now)
        except LookupError as none:
            _mark(message, now, state="dropped", error=str(none))
            continue
        except Exception as error:  # what cannot be worded (its key is lost, its ticket cannot be read) must not hold up the others
            _failed(message, now, sms.NotSent("这条短信写不出来，工单或号码读不出"))
            log.warning("message %s cannot be worded (%s)", message.pk, type(error).__name__)
            continue
        try:
            provider.send(phone, text, f"{message.key}.{message.pk}")
        except Exception as error:
            _failed(message, now, error if isinstance(error, sms.NotSent) else sms.NotSent(type(error).__name__))
        else:
            shown = seal_text(text) if sms.chosen() == "console" else b""
            _mark(message, now, state="sent", sealed=shown, phone_masked=mask_phone(phone), sent_at=now)
    return len(claimed)


def tidy(now: datetime) -> int:
    """Forget codes, sessions, tallies and numbers that are over."""
    with bookkeeping("what is over is forgotten"):
        codes = SmsCode.objects.filter(expires_at__lt=now - timedelta(days=1)).delete()[0]
        sessions = ResidentSession.objects.filter(started_at__lt=now - timedelta(days=60)).delete()[0]
    return codes + sessions + phones.tidy(now) + limits.tidy(now)


def _worded(message: Message, now: datetime) -> tuple[str, str]:
    """(phone, text); LookupError with the reason when there is nobody to write to."""
    if message.event == "code":
        if not message.sealed:
            raise LookupError("验证码已经发出过")
        if now - message.at > timedelta(minutes=10):
            raise LookupError("验证码已过期")
        kept = msgspec.json.decode(open_text(message.sealed))
        return kept["phone"], f"【服务中心】{kept['text']}"
    facts = msgspec.json.decode(message.facts)
    name = Community.objects.filter(pk=message.community_id).values_list("name", flat=True).first() or ""
    sign = f"【{name}服务中心】"
    if message.party != "requester":
        contact = PartyContact.objects.filter(community_id=message.community_id, party=message.party).first()
        if contact is None:
            raise LookupError("没有登记这一方的联系方式，请在「短信」页登记")
        return open_text(contact.phone_sealed), f"{sign}{facts['text']}"
    row = store.load(message.ticket_id)
    phone = phone_of(row)
    if not phone:
        raise LookupError("工单上没有住户的手机号")
    return phone, sign + _text(message.event, facts, row, now)


def phone_of(row: store.Row) -> str:
    """The number the resident gave: by self-service, or to whoever filed."""
    sealed = TicketLink.objects.filter(ticket_id=row.id).exclude(phone_digest="").values_list("phone_sealed", flat=True).first()
    if sealed:
        return open_text(sealed)
    kinds = procedure_of(row.edition_id).asks
    return next((str(v) for name, v in privacy.revealed(row.id).items() if name in kinds and kinds[name].kind == "phone"), "")


def _text(event: str, facts: dict[str, Any], row: store.Row, now: datetime) -> str:
    what = matter_of(procedure_of(row.edition_id))
    if row.confidential:  # the phone may be in another's hand
        facts = {key: value for key, value in facts.items() if key != "text"}
    if because := _over(event, row):
        raise LookupError(because)
    link = links.address_of(link_for(row, now))
    times = f"，{'，'.join(facts['moments'])}" if facts.get("moments") else ""
    match event:
        case "filed":
            return f"您反映的事项（{what}，{row.number}）我们已经收到，马上安排。进度和催办：{link}"
        case "assigned":
            return f"您的{what}已安排{facts.get('who') or '工作人员'}处理{times}。进度和改约：{link}"
        case "moved":
            return f"您的{what}改期了{times}。如不方便，可在这里改约：{link}"
        case "paused":
            until = moment(datetime.fromisoformat(facts["until"]), now)
            return f"您的{what}因“{facts['why']}”暂缓，最迟{until}继续办理。详情：{link}"
        case "late":
            if (late := apology(row.state, now)) is None:
                raise LookupError("已经办好，或新的时间也已过，不再发")
            due, ahead = (moment(datetime.fromisoformat(late[name]), now) for name in ("due", "ahead"))
            return f"对不起，您的{what}没能按说好的时间（{due}前）做到。新的时间是{ahead}前，我们会盯紧。进度和催办：{link}"
        case "asked":
            return f"您的{what}需要您确认，请打开链接办理：{link}"
        case "told":
            return f"{facts.get('text') or f'您的{what}有新的答复。'} 详情：{link}"
        case "closed":
            return f"您的{what}已经办完，请您评价；如果没有解决，可以在链接里要求重新办理：{link}"
        case _:
            return f"您的{what}（{row.number}）已撤销。如有疑问请联系服务中心。详情：{link}"


def _over(event: str, row: store.Row) -> str:
    """Why a message that waited (for the morning, for the gateway) would say what is no longer so, or ""."""
    ticket = row.state
    if event in ("assigned", "moved", "paused", "asked") and ticket.status in ("closed", "withdrawn"):
        return "已经办结或撤销，不必再发"
    if event == "paused" and ticket.status != "paused":
        return "已经继续办理，不必再发"
    if event == "asked" and not any(for_resident(procedure_of(row.edition_id), task) for task in ticket.open_tasks):
        return "已经确认，不必再发"
    return ""


def _mark(message: Message, now: datetime, *, state: str, error: str = "", next_at: datetime | None = None, **more: Any) -> None:
    values = {"sealed": b""} if state in ("failed", "dropped") else {}
    with bookkeeping("a message was tried"):
        Message.objects.filter(pk=message.pk).update(
            state=state, attempts=message.attempts + 1, next_at=next_at, lease_until=None, error=error[:300], **values, **more
        )


def _failed(message: Message, now: datetime, error: sms.NotSent) -> None:
    waits = WAITS[:2] if message.event == "code" else WAITS
    if message.attempts < len(waits):
        log.warning("message %s failed, again later", message.pk)
        _mark(message, now, state="pending", error=str(error), next_at=now + waits[message.attempts])
        return
    log.error("message %s given up after %s attempts", message.pk, message.attempts + 1)
    give_up(SYSTEM, message.community_id, message=message, because=str(error), at=now)


@action("message.given_up", may="system", says="短信「{event}」发送 {attempts} 次均失败，已放弃：{because}")
def give_up(actor: Actor, place: int | None, /, *, message: Message, because: str, at: datetime) -> Done:
    """The last attempt failed: the journal says so, the manager's page shows it."""
    _mark(message, at, state="failed", error=because)
    facts = {"event": EVENTS.get(message.event, message.event), "attempts": message.attempts + 1, "because": because[:200]}
    return Done(message, facts)
