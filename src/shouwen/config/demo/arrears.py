"""Who is in arrears in the demo: a whole list of 荔园 as of the end of last week; 云溪 has not brought one yet."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from django.utils.timezone import localdate

from shouwen.estate import queries as estate
from shouwen.estate.models import Community
from shouwen.fees import actions
from shouwen.fees.lists import Owing
from shouwen.kernel.access import SYSTEM

OWING = {
    "3-1-1202": "1284.50", "3-2-0501": "642.25", "5-1-1803": "3853.50", "6-2-0904": "321.00", "7-1-1102": "1926.75",
    "9-2-2001": "642.25", "10-1-0603": "2569.00", "12-2-0802": "963.40",
}  # fmt: skip


def listed(liyuan: Community, at: datetime) -> None:
    """Two lists, so that some are in arrears longer than others."""
    units = estate.unit_ids(liyuan.pk, OWING)
    for days, some in ((35, list(OWING)[:5]), (3, list(OWING))):
        day = localdate(at) - timedelta(days=days)
        lines = [Owing(units[code], True, Decimal(OWING[code]), day) for code in some if code in units]
        actions.take_list(SYSTEM, liyuan, filename=f"物业费欠费名单 {day:%Y-%m}.xlsx", lines=lines, as_of=day, whole=True, at=at - timedelta(days=days - 1))
