"""Who answers for which building."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction

from shouwen.duty import queries as duty
from shouwen.estate.models import Building
from shouwen.kernel.access import Actor
from shouwen.kernel.journal import Done, action
from shouwen.kernel.refusals import Conflict
from shouwen.org.models import User

from ..models import Charge
from .words import no


@action("charge.given", may="premises.edit", says="{building}由 {name} 负责（此前：{before}）")
def give_charge(actor: Actor, building: Building, /, *, user: User, at: datetime) -> Done:
    """From now on this colleague answers for the building; whoever did before keeps the row with its end."""
    here = duty.current_directory(building.community_id)
    if user.pk not in here.active or "steward" not in {held.post for held in here.held if held.user == user.pk}:
        raise no("user", "责任区只能交给本小区的物业助理（管理员），请重新选择。")
    before = Charge.objects.select_for_update().filter(building=building, ends_at=None).first()
    if before is not None and before.user_id == user.pk:
        raise no("user", f"{building.name}本来就由{here.name(user.pk)}负责。")
    try:
        with transaction.atomic():
            if before is not None:
                Charge.objects.filter(pk=before.pk).update(ends_at=at)
            made = Charge.objects.create(community_id=building.community_id, building=building, user=user, starts_at=at, by_name=actor.name[:60])
    except IntegrityError:
        raise Conflict("这一栋刚才已由别人指定，请刷新后核对。") from None
    said = {"building": building.name, "name": here.name(user.pk), "before": here.name(before.user_id) if before else "无"}
    return Done(made, said, community=building.community_id)
