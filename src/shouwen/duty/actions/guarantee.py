"""Who gets what nobody else can take, where a community wants somebody else than the director."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from shouwen.kernel.access import Actor
from shouwen.kernel.journal import Done, action
from shouwen.kernel.models import Setting
from shouwen.kernel.refusals import Refused
from shouwen.org.actions import people_changed
from shouwen.org.models import User

from .. import queries


@action("duty.guaranteed_set", may="settings.edit", says="找不到人时由谁接收：{name}")
def set_guaranteed(actor: Actor, community: Any, /, *, user: int | None, at: datetime | None = None) -> Done:
    """Name the last receiver of a community by the id of somebody who works there; None = by post again."""
    name = "按岗位"
    if user is None:
        Setting.objects.filter(community_id=community.pk, name=queries.GUARANTEED).delete()
    else:
        found = User.objects.filter(pk=user, is_active=True).first()
        here = queries.directory(community.pk, community.people_version)
        if found is None or found.pk not in {held.user for held in here.held}:
            raise Refused("此人不在本小区任职，请另选一位。", {"last": "请选择在本小区任职的人。"})
        Setting.objects.update_or_create(community_id=community.pk, name=queries.GUARANTEED, defaults={"value": found.username})
        name = found.name
    people_changed(community.pk)
    return Done(f"estate.community:{community.pk}", {"name": name})
