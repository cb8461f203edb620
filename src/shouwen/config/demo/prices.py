"""The price list of the demo: what paid repairs and services cost in every community, and two prices of 荔园's own."""

from __future__ import annotations

from datetime import date, datetime

from shouwen.estate.models import Community
from shouwen.fees import actions as fees
from shouwen.kernel.access import SYSTEM

SINCE = date(2026, 1, 1)
PRICES = """
SD-01 疏通洗手盆、地漏|次|40|0|
SD-02 疏通坐便器|次|60|0|
SD-03 更换水龙头|个|25|0|龙头由业主自备
SD-04 更换角阀|个|20|18|
SD-05 更换软管|根|15|12|
SD-06 更换灯具|盏|20|0|灯具由业主自备
SD-07 更换开关、插座面板|个|15|10|
SD-08 检查户内断电、跳闸|次|50|0|
SD-09 更换空气开关|个|40|35|
SD-10 加装户内水阀|处|60|38.50|
MC-01 更换门锁锁芯|个|50|0|锁芯由业主自备
MC-02 调整门窗铰链、滑轮|扇|30|0|
MC-03 更换纱窗|扇|35|25|
MC-04 安装窗帘杆、挂画|处|30|5|
QT-01 空调加固、移位|台|120|0|高处作业另行报价
QT-02 墙面打孔|个|15|0|
QT-03 家具搬移|小时|60|0|每人每小时
JZ-01 家政保洁|小时|45|0|两小时起
JZ-02 油烟机清洗|台|150|0|
JZ-03 玻璃清洗|平方米|8|0|
LH-01 盆花养护|盆|20|0|每月两次
LH-02 庭院修剪|小时|80|0|
DB-01 代收、代送大件|件|10|0|
"""
OWN = (("SD-03", "更换水龙头", "个", "35", date(2026, 7, 1)), ("JZ-01", "家政保洁", "小时", "50", date(2026, 7, 1)))


def price_list(at: datetime) -> None:
    """The list for every community; 荔园 charges two items differently since July."""
    for row in PRICES.strip().splitlines():
        head, unit, labour, material, remark = row.split("|")
        code, title = head.split(" ", 1)
        fees.add_price(
            SYSTEM, None, code=code, title=title, unit=unit, labour=labour, material=material, remark=remark, starts_on=SINCE, at=at
        )
    liyuan = Community.objects.get(slug="liyuan")
    for code, title, unit, labour, since in OWN:
        fees.add_price(SYSTEM, liyuan, code=code, title=title, unit=unit, labour=labour, starts_on=since, at=at)
