"""What the SOP names: kinds of signs and what they are for, what a visit is. Keys are those of procedures/library/sign_use.yaml."""

from __future__ import annotations

from typing import Final

CATEGORIES: Final = {
    "building": "楼栋号", "floor": "楼层", "door": "门牌号", "entrance": "进出入口", "lift": "电梯", "mailbox": "信报箱", "facility": "公共区域设施",
    "office": "办公区域", "other": "其他（如紧急状态）", "safety": "安全", "road": "道路",
}  # fmt: skip
"""Kinds of signs: eleven. D3.65–D3.75."""

TARGETS: Final = {
    "tower": "高层楼宇", "club": "会所", "public": "公共区域及公共设施、设备", "business": "商务中心", "office": "办公区域", "temporary": "巡检中发现需要临时设置处",
}  # fmt: skip
"""What they are put up for: six. D3.76–D3.81."""

MET: Final = {"owner": "业主", "family": "家属", "tenant": "租户", "other": "其他人", "nobody": "无人在家"}
"""Who was met on a visit; with nobody at home the household has not been visited. D3.102, D3.103."""
NOBODY: Final = "nobody"
