"""Papers of the month: work orders printed when they were sent out, most back with a signature; the controlled documents in force."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from shouwen.kernel.access import Actor
from shouwen.org import queries as org
from shouwen.papers import actions
from shouwen.papers.actions import documents
from shouwen.papers.actions.documents import Words
from shouwen.papers.models import Copy, Document, Paper

from .world import World

SIGNERS: Final = ("王秀英", "李国华", "周文斌", "刘洋")

_REPAIR: Final = """一、目的
让业主（用户）知道有偿服务怎样收费，收费有据可查。
二、范围
入户维修、疏通、安装等有偿服务项目。
三、办法
（1）收费一律按《有偿服务收费标准》，服务人员不得自行定价。
（2）上门先报价，业主同意后施工；材料费凭单据。
（3）完工由业主在派工单第二联签字，当班交回服务中心存档。"""

_COMPLAINTS: Final = """一、目的
规范顾客投诉的处理，做到及时、准确、满意。
二、职责
（1）客户接待员受理、登记、开出工作联系单，保存原件。
（2）责任部门按时限办理，把处理意见写在记录表上，保存附件。
三、时限
一类投诉四小时内处理；二类当天处理；三类三天内处理。
四、记录
业主投诉/建议处理记录表、工作联系单。"""

_DESK: Final = """一、目的
统一服务中心前台的受理、派工、回联、交接班。
二、受理
受理时复述要点，请业主确认；五分钟内通知服务部门。
三、完工
完工三十分钟内电话报服务中心；派工单第二联下班前交回。
四、交接
未了事项逐件写明、当面讲清，双方签字。"""

FILE: Final = (
    ("GC-01", "工程维修服务手册", 2, "", "工程部", _REPAIR, False), ("GC-01-3", "有偿服务收费标准", 3, "GC-01", "工程部", _REPAIR, False),
    ("QC/RE-KA 1964", "投诉及建议管理作业指导书", 3, "", "企业管理部", _COMPLAINTS, True),
    ("FW-02", "服务中心作业指导书", 3, "", "管理处", _DESK, True),
)  # fmt: skip


def print_month(world: World, *, until: datetime, orders: int = 24) -> None:
    """The last work orders, each printed when it was asked for; all but the newest few came back the same day."""
    li = _actor("li")
    waiting = list(Paper.objects.filter(community_id=world.liyuan.pk, form="派工单", state=Paper.State.ASKED).order_by("-id")[:orders])
    for at, paper in enumerate(reversed(waiting)):
        actions.print_out(li, paper, at=paper.asked_at)
        if at >= len(waiting) - 3:
            continue
        for copy in Copy.objects.filter(paper=paper, returns=True).select_related("paper"):
            back = min(paper.asked_at + timedelta(hours=3), until)
            actions.returned(li, copy, signed_by=SIGNERS[at % 4], signed_at=back - timedelta(minutes=20), at=back)
    if waiting:
        actions.print_out(li, waiting[0], reason="业主要求补一份", at=until)
    for paper in Paper.objects.filter(community_id=world.liyuan.pk, form="工作联系单", state=Paper.State.ASKED).order_by("-id")[:6]:
        actions.print_out(li, paper, at=paper.asked_at)


def issue_documents(world: World, *, at: datetime) -> None:
    """The controlled documents of the company, one of them in revision."""
    deng, li = _actor("deng"), _actor("li")
    for number, title, level, parent, unit, text, must_read in FILE:
        above = Document.objects.filter(number=parent).first() if parent else None
        words = Words("A/0", "吴刚" if unit == "工程部" else "韩梅", "朱明哲", unit, text)
        made = documents.draft(deng, None, number=number, title=title, level=level, words=words, parent=above, must_read=must_read, at=at)
        documents.issue(deng, made.document, edition=made, at=at + timedelta(hours=2))
        if number == "FW-02":
            documents.sign_read(li, world.liyuan.pk, edition=made, at=at + timedelta(days=1))
            words = Words("A/1", "韩梅", "", "管理处", text + "\n五、夜间\n夜班受理的急修，同样五分钟内通知工程部值班人员。", "增加夜间急修的通知时限")
            documents.revise(deng, made.document, words=words, at=at + timedelta(days=20))


def _actor(username: str) -> Actor:
    found = org.user_id_of(username)
    assert found is not None
    return org.actor_for(found)
