"""What custody knows of a room, said beside the caller: keys with us, what is out, mail that waits. No names of residents."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse

from shouwen.estate.models import Unit
from shouwen.kernel.access import Actor
from shouwen.procedures.slots import Card

from . import queries
from .kinds import KINDS, MAIL


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
