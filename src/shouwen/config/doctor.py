"""`shouwen doctor`: looks at everything that must be right, and says in words what is not."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.mail import get_connection
from django.db import DatabaseError, connection
from django.utils.timezone import localdate

from shouwen.kernel import calendars, sealing
from shouwen.notices.models import Delivery
from shouwen.portal import sms
from shouwen.procedures.models import Clock, Edition

from . import health, menus

GOOD, WARNING, BAD = "✓", "!", "✗"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: mark, what was looked at, what was found."""

    mark: str
    what: str
    found: str


def examine(at: datetime) -> list[Finding]:
    """Everything, in order; a check that itself fails is a finding."""
    found: list[Finding] = []
    for what, check in CHECKS.items():
        try:
            found.append(check(at, what))
        except (DatabaseError, OSError, ValueError) as error:
            found.append(Finding(BAD, what, f"检查不了：{str(error).splitlines()[0][:120] if str(error) else type(error).__name__}"))
    return found


def _database(at: datetime, what: str) -> Finding:
    faults = health.not_ready()
    if faults:
        return Finding(BAD, what, " ".join(faults.values()))
    name = "PostgreSQL" if connection.vendor == "postgresql" else "SQLite"
    return Finding(GOOD, what, f"{name}，可写，结构是本版本的，时钟相符")


def _disk(at: datetime, what: str) -> Finding:
    usage = shutil.disk_usage(_existing(Path(settings.DATA_DIR)))
    used, left = 1 - usage.free / usage.total, usage.free / 1024**3
    mark = BAD if used > 0.95 or left < 0.5 else WARNING if used > 0.85 else GOOD
    return Finding(mark, what, f"已用 {used:.0%}，剩余 {left:.1f} GB" + ("，请尽快清理或扩容" if mark != GOOD else ""))


def _existing(path: Path) -> Path:
    return path if path.exists() else _existing(path.parent)


def _keys(at: datetime, what: str) -> Finding:
    folder = Path(settings.KEY_DIR)
    loose = [path.name for path in folder.glob("*") if path.is_file() and path.stat().st_mode & 0o077]
    if loose:
        return Finding(BAD, what, f"{'、'.join(loose)} 可被他人读取，请执行 chmod 600")
    if not (folder / "private-data.key").exists():
        return Finding(WARNING, what, "还没有隐私数据密钥（首次使用时生成），生成后请立即备份")
    return Finding(GOOD, what, f"{len(list(folder.glob('*.key')))} 个密钥文件，仅本程序可读")


def _calendar(at: datetime, what: str) -> Finding:
    today = localdate(at)
    if missing := calendars.unconfirmed(today):
        mark = BAD if today.year in missing else WARNING
        years = "、".join(map(str, missing))
        return Finding(mark, what, f"{years} 年的节假日还没有确认，跨入该年的工作日时限无法推算。请在「设置 → 工作日历」录入并确认")
    return Finding(GOOD, what, f"已确认到 {max(calendars.calendar_data(None).confirmed)} 年")


def _heartbeat(at: datetime, what: str) -> Finding:
    late = menus.heartbeat_late()
    return Finding(BAD, what, f"已有 {late} 分钟以上没有心跳，时限不会升级。请启动 shouwen worker") if late else Finding(GOOD, what, "后台进程在工作")


def _assets(at: datetime, what: str) -> Finding:
    names = ("vendor/tabler.min.css", "vendor/htmx.min.js")
    missing = [name for name in names if not _static(name)]
    if not missing:
        return Finding(GOOD, what, "齐全")
    todo = "assets" if any(finders.find(name) is None for name in missing) else "migrate"  # not made yet, or not laid out
    return Finding(BAD, what, f"缺少 {'、'.join(missing)}。请执行 shouwen {todo}")


def _static(name: str) -> bool:
    if settings.WHITENOISE_USE_FINDERS:
        return finders.find(name) is not None
    return (Path(settings.STATIC_ROOT) / name).exists()


def _mail(at: datetime, what: str) -> Finding:
    if not settings.EMAIL_HOST:
        return Finding(WARNING, what, "没有设置邮件服务器（SHOUWEN_SMTP_HOST），通知只在收件箱和群里")
    try:
        mail = get_connection()
        mail.open()
        mail.close()
    except OSError as error:
        return Finding(BAD, what, f"连不上 {settings.EMAIL_HOST}：{type(error).__name__}")
    return Finding(GOOD, what, f"{settings.EMAIL_HOST} 可连接")


def _sms(at: datetime, what: str) -> Finding:
    name, url = settings.SHOUWEN["SMS"], urlsplit(settings.SHOUWEN["SMS_URL"])
    if name not in ("off", *sms.PROVIDERS):
        return Finding(BAD, what, f"SHOUWEN_SMS 应为 off、console 或 http，现为「{name}」，短信不会发出")
    if name == "http" and not sms.safe(url):
        return Finding(BAD, what, "短信网关地址（SHOUWEN_SMS_URL）应以 https:// 开头，短信发不出去")
    if name == "http":
        return Finding(GOOD, what, f"发往 {url.hostname}")
    said = "没有短信网关（SHOUWEN_SMS），住户收不到短信，不能用手机号登录" if name == "off" else "短信不真发，只写在日志里（SHOUWEN_SMS=console）"
    return Finding(WARNING, what, said)


def _deliveries(at: datetime, what: str) -> Finding:
    failed = Delivery.objects.filter(state="failed").count()
    waiting = Delivery.objects.filter(state="pending", attempts__gt=2).count()
    if failed or waiting:
        return Finding(WARNING, what, f"已放弃 {failed} 条，反复重试 {waiting} 条。见「通知渠道」页")
    return Finding(GOOD, what, "没有积压")


def _seals(at: datetime, what: str) -> Finding:
    size, head = sealing.head()
    if size == 0:
        return Finding(WARNING, what, "还没有封存任何日志行（后台进程启动后自动进行）")
    inside = sealing.checkpoint_file().is_relative_to(Path(settings.DATA_DIR))
    note = "；检查点文件与数据在同一处，请设置 SHOUWEN_CHECKPOINT_FILE 放到另一台机器" if inside else ""
    return Finding(WARNING if inside else GOOD, what, f"已封存 {size} 行，链头 {head[:16]}{note}")


def _procedures(at: datetime, what: str) -> Finding:

    stuck = Clock.objects.filter(failures__gt=0, wake_at__isnull=False).count()
    if stuck:
        return Finding(BAD, what, f"{stuck} 个时钟处理失败并被推后，请查看日志")
    count = Edition.objects.count()
    return Finding(GOOD if count else WARNING, what, f"已启用 {count} 个规程版本" if count else "还没有启用规程：shouwen procedures adopt")


def _settings(at: datetime, what: str) -> Finding:
    wrong = []
    if settings.DEBUG:
        wrong.append("DEBUG 开着")
    if not settings.HTTPS and not settings.DEVELOPMENT:
        wrong.append("没有声明 HTTPS（SHOUWEN_HTTPS=1），登录凭据可能明文传输")
    return Finding(WARNING, what, "；".join(wrong)) if wrong else Finding(GOOD, what, "没有不安全的设置")


CHECKS: Final[dict[str, Any]] = {
    "数据库": _database, "磁盘": _disk, "密钥": _keys, "工作日历": _calendar, "后台进程": _heartbeat, "规程": _procedures,
    "日志封存": _seals, "页面资源": _assets, "邮件": _mail, "短信": _sms, "投递": _deliveries, "设置": _settings,
}  # fmt: skip
