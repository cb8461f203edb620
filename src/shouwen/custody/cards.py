"""What custody says elsewhere: beside the caller the keys and mail of a room (no names of residents), at a hand-over what is to be counted."""

from __future__ import annotations

from datetime import datetime

from django.db.models import F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce
from django.urls import reverse

from shouwen.duty.handover import Stock
from shouwen.estate.cards import Card
from shouwen.estate.models import Unit
from shouwen.kernel.access import Actor
from shouwen.kernel.routes import route
from shouwen.procedures import queries as procedures

from . import queries
from .kinds import KINDS, MAIL
from .models import Loan, Store

LOCK_CHANGE = "lock_change"
"""The procedure that waits for a new key."""


def keys(actor: Actor, unit: Unit, at: datetime) -> Card | None:
    """The key drawer: what hangs here for this room, and in whose hands it is."""
    held = [one for one in queries.of_unit(actor, unit) if one.kind not in MAIL] if actor.may("custody.view", unit.community_id) else []
    if not held:
        return None
    words, tone = [], "neutral"
    for one in held[:4]:
        out = next((loan for loan in one.open if loan.state == "out"), None)  # type: ignore[attr-defined]
        late = bool(out and out.due_at and out.due_at < at)
        words.append(f"{KINDS[one.kind].title} {one.number}" + (f"，{'逾期，' if late else ''}在{out.who}手里" if out else "" if one.state == "in" else f"，{one.get_state_display()}"))
        tone = "danger" if late or one.state == "lost" else "info" if out and tone == "neutral" else tone
    more = f" 等 {len(held)} 件" if len(held) > 4 else ""
    return Card("钥匙", "；".join(words) + more, tone, "key", reverse("custody:register") + f"?q={unit.code}" if len(held) > 1 else reverse("custody:thing", args=[held[0].pk]))


def mail(actor: Actor, unit: Unit, at: datetime) -> Card | None:
    """Mail that waits for this caller."""
    waiting = queries.mail_waiting(actor, unit) if actor.may("custody.view", unit.community_id) else []
    if not waiting:
        return None
    days = (at - min(one.came_at for one in waiting)).days
    text = "、".join(f"{KINDS[one.kind].title} {one.number}" for one in waiting[:4]) + (f" 等 {len(waiting)} 件" if len(waiting) > 4 else "")
    url = reverse("custody:thing", args=[waiting[0].pk]) if len(waiting) == 1 else reverse("custody:register") + f"?q={unit.code}"
    return Card("有信件包裹待领", text + (f"，已放 {days} 天" if days >= 3 else ""), "warning", "mail", url)


def lock(actor: Actor, unit: Unit, at: datetime) -> Card | None:
    """A changed lock whose new key is awaited: whoever takes a matter of this room reads who is liable, and how often we urged. D4.13, D4.15."""
    if not actor.may("tickets.view", unit.community_id):
        return None
    row = procedures.tickets(actor).filter(unit=unit, procedure=LOCK_CHANGE, closed_at__isnull=True).order_by("-id").first()
    if row is None:
        return None
    done = list(procedures.tasks(actor).filter(ticket=row, step="urge", done_at__isnull=False).order_by("done_at").values_list("done_at", flat=True))
    urged = f"已催 {len(done)} 次，最近 {done[-1].astimezone(queries.CHINA):%m-%d %H:%M}" if done else "还没有催过"
    text = f"{row.number} 换锁后新钥匙还没有送来，{urged}。未及时送备用钥匙造成的一切责任由业户承担。"
    return Card("换锁，等新钥匙", text, "warning", "lock-open", route("procedures:ticket", row.pk))


POSTS = {"control-room": ("area",), "receptionist": ("entrusted", "vacant", "repair", "room", "desk", "mail", "article")}
"""Which classes of places are counted when a post passes from one shift to the next."""


def stock(community_id: int, post: str) -> list[Stock]:
    """The keys book of a hand-over: what should be in each place, as the ledger stands now; of what is partly lent, the rest. D1.13–D1.15, D4.106, D5.08, D5.09. One statement."""
    if post not in POSTS:
        return []
    sealed = Q(thing__gone_at__isnull=True, thing__state="in", thing__kind="sealed")
    loose = Q(thing__gone_at__isnull=True, thing__state__in=("in", "out")) & ~Q(thing__kind="sealed")
    lent = Loan.objects.filter(thing__store=OuterRef("pk"), thing__state="out", state="out").exclude(thing__kind="sealed").order_by()
    rows = Store.objects.filter(community=community_id, holds__in=POSTS[post]).order_by("holds", "id").annotate(
        many=Coalesce(Sum("thing__quantity", filter=loose), 0), envelopes=Coalesce(Sum("thing__quantity", filter=sealed), 0),
        away=Coalesce(Subquery(lent.values("thing__store").annotate(sum=Sum(F("quantity") - F("returned"))).values("sum")), 0),
    )  # fmt: skip
    found = []
    for one in rows:
        kind = "mail" if one.holds == "mail" else "article" if one.holds == "article" else "key"
        found.append(Stock(f"custody.store:{one.pk}", kind, f"{one.title}（在位）"[:80], one.many - one.away))
        if one.envelopes:
            found.append(Stock(f"custody.sealed:{one.pk}", "key", f"{one.title} 封存信封"[:80], one.envelopes))
    return found
