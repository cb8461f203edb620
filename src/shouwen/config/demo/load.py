"""`shouwen demo`: build the demo communities and a month of their life, once, in an empty database."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import F

from shouwen.estate.models import Community
from shouwen.kernel.journal import bookkeeping, now
from shouwen.kernel.refusals import Refused
from shouwen.notices.models import Notice

from . import arrears, custody, documents, duty, portal, premises, ratings, rounds, staff
from .history import live
from .papers import issue_documents, print_month
from .world import build

PASSWORD = "liyuan-demo-2026"
"""The password of every demo login; `./run` prints it. Real installations never load the demo."""


def load(*, days: int = 30) -> None:
    """Build everything in one transaction; Refused when the database already has a community."""
    if Community.objects.exists():
        raise Refused("数据库里已有小区，不再装入演示数据。如需演示，请换一个空的数据目录。")
    at = now()
    with transaction.atomic():
        world = build(at - timedelta(days=days), PASSWORD)
        portal.codes(world.liyuan, at - timedelta(days=days))
        live(world, until=at, days=days)
        duty.live(world, until=at)
        issue_documents(world, at=at - timedelta(days=days))
        print_month(world, until=at)
        portal.reported(world.liyuan, at)
        ratings.rated(world.liyuan, at)
        staff.skilled(world, at)
        rounds.live(world, until=at)
        custody.live(world.liyuan, until=at, days=days)
        premises.live(world.liyuan, until=at)
        documents.live(world.liyuan, until=at)
        arrears.listed(world.liyuan, at)
        with bookkeeping("the demo's people have read what they were told until yesterday"):
            Notice.objects.filter(at__lt=at - timedelta(hours=20)).update(read_at=F("at") + timedelta(minutes=12))
