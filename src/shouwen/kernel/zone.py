"""The one time zone of the house: Chinese standard time, in which records are kept and days begin. D5.01."""

from __future__ import annotations

from typing import Final
from zoneinfo import ZoneInfo

CHINA: Final = ZoneInfo("Asia/Shanghai")
