"""Documents of the demo: three folders, papers that were filed, one that waits too long, one past its time; a letter in that is on its way."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from shouwen.custody import actions
from shouwen.custody.models import Store
from shouwen.custody.queries import CHINA
from shouwen.estate.models import Community
from shouwen.kernel.access import SYSTEM
from shouwen.org import queries as org
from shouwen.org.models import User

FOLDERS: Final = (("2026 年通知、通报", "time", ""), ("制度与手册", "letters", ""), ("工程部图纸、说明书", "content", "engineering"))
PAPERS: Final = (
    ("关于国庆假期值班安排的通知", "通知", 0, 44, "management"), ("三季度客服工作通报", "通报", 0, 38, "customer-service"), ("前台服务礼仪手册", "手册", 1, 200, "customer-service"),
    ("钥匙管理制度", "制度", 1, 120, "customer-service"), ("3 栋给排水竣工图", "技术图纸", 2, 300, "engineering"), ("二次供水泵组说明书", "说明书", 2, 260, "engineering"),
)  # fmt: skip


def live(place: Community, *, until: datetime) -> None:
    """What the clerk has filed and has still to file."""
    clerk = User.objects.get(username="xie")
    xie, store = org.actor_for(clerk.pk), Store.objects.get(community=place, holds="archive")
    began = until - timedelta(days=14)
    folders = [actions.put_folder(SYSTEM, place, title=title, order=order, department=department, store=store, at=began) for title, order, department in FOLDERS]
    for title, type, folder, days, department in PAPERS:
        made = actions.take_in(xie, place, kind="document", title=title, purpose=type, store=store, at=began)
        written = (until - timedelta(days=days)).astimezone(CHINA).date()
        expires = (until - timedelta(days=3)).astimezone(CHINA).date() if type == "通知" else None
        actions.file_away(xie, made, folder=folders[folder], department=department, written_on=written, pages=6, found=5 if type == "技术图纸" else 6, expires_on=expires, at=began)
    actions.take_in(xie, place, kind="document", title="10 月工程例会纪要", purpose="会议纪要", store=store, at=began)
    actions.take_in(xie, place, kind="document", title="供电公司停电检修函", purpose="公函", store=store, at=until - timedelta(days=2))
