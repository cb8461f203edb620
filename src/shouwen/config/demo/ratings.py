"""What residents thought of the month: links for what was closed, and ratings by every third, mostly content."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

from shouwen.estate.models import Community
from shouwen.kernel.journal import bookkeeping
from shouwen.portal.links import digest_of, token_of
from shouwen.portal.models import Rating, TicketLink
from shouwen.procedures.models import Ticket

_WORDS = {
    5: ("师傅准时，活也干净。", "很快，谢谢！", "", "", ""), 4: ("不错，就是约的时间改过一次。", "", "修好了，垃圾希望顺手带走。", ""),
    3: ("等得有点久。", "", "说明得不够清楚。"), 2: ("约好上午，下午才来。", "修了两次才好。"), 1: ("打了三次电话才有人来，问题还在。", "没人回访，灯又不亮了。"),
}  # fmt: skip
_ASKED = ("repair", "complaint", "appointment", "help_request", "suggestion", "consultation", "special_service")
_STARS = (5,) * 9 + (4,) * 6 + (3,) * 2 + (2, 1)


def rated(community: Community, until: datetime) -> None:
    dice = Random(20261122)
    closed = Ticket.objects.filter(community=community, closed_at__isnull=False, status="closed", procedure__in=_ASKED, confidential=False)
    wanted = list(closed.exclude(resident_link__isnull=False).order_by("pk").values_list("pk", "closed_at"))
    with bookkeeping("the demo's residents were asked, and some have answered"):
        TicketLink.objects.bulk_create(TicketLink(ticket_id=pk, digest=digest_of(token_of(pk, 1)), made_at=at) for pk, at in wanted)
        found = []
        for pk, at in wanted:
            stars, later = dice.choice(_STARS), at + timedelta(hours=dice.randint(1, 30))
            if dice.random() < 0.36 and later < until:
                found.append(Rating(ticket_id=pk, stars=stars, words=dice.choice(_WORDS[stars]), at=later))
        Rating.objects.bulk_create(found)
