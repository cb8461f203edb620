"""A changed lock: what the procedure asks of the register before it ends, and what an incident meanwhile has to show. D4.13–D4.16."""

from __future__ import annotations

from datetime import datetime

from shouwen.estate import queries as estate
from shouwen.kernel.access import Actor
from shouwen.kernel.refusals import Refused

from ..models import Thing
from .words import no, note


def lock_changed(actor: Actor, community_id: int, *, unit: str, new: str, old: str, at: datetime) -> None:
    """The end of a changed lock, inside an action: the new key is in the register, the old one with its owner. D4.13, D4.14.

    Refused while the new key was not taken in for this room, or while any other entrusted key of the room still hangs here.
    """
    home = estate.unit_by_code(community_id, unit)
    if home is None:
        raise Refused(f"本小区没有房号「{unit[:40]}」。")
    number, former = new.strip().upper(), old.strip().upper()
    held = {one.number: one for one in Thing.objects.filter(unit=home, kind="entrusted", gone_at__isnull=True)}
    fresh = held.get(number)
    if fresh is None or number == former:
        raise no("new_key", f"{home.code} 的新钥匙 {number} 还没有收存登记。请先在「钥匙与保管」收存新钥匙，再填它的编号。")
    if former and former in held:
        raise no("old_key", f"旧钥匙 {former} 还在柜里。请先办「业户本人领用」，选“全部领走，不再寄存”，由业户收回。")
    note(actor, fresh, "newlock", f"{home.code} 换锁后的新钥匙" + (f"，旧钥匙 {former} 已由业户收回" if former else ""), at, book=False)
