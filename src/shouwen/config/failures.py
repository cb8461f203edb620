"""What stopped a command, in one Chinese line. A traceback only where SHOUWEN_DEBUG=1 asks for it."""

from __future__ import annotations

import errno
import os
from typing import Final

_FILES: Final = {
    errno.ENOENT: "没有这个文件或目录。", errno.EACCES: "没有读写它的权限。", errno.EPERM: "没有读写它的权限。", errno.EROFS: "所在的磁盘只读。",
    errno.EISDIR: "这是一个目录，应为文件。", errno.ENOTDIR: "路径中有一段不是目录。", errno.EEXIST: "已经有一个同名的文件。",
    errno.ENOSPC: "磁盘已满。", errno.ENAMETOOLONG: "名称太长。",
}
_UNMIGRATED: Final = ("no such table", "no such column", "does not exist")
"""How SQLite and PostgreSQL say that a table or column is not there."""


def in_words(error: BaseException) -> str:
    """One line for people: a refusal as it stands, what the system or the database says after a Chinese beginning."""
    message = getattr(error, "message", None)
    if isinstance(message, str):
        return message
    if type(error).__name__ in ("Damaged", "AssetsMissing", "BadScript", "Faulty"):
        return str(error)
    if isinstance(error, OSError):
        path = os.fspath(error.filename) if isinstance(error.filename, str | bytes) else ""
        said = _FILES.get(error.errno or 0, "")
        return f"「{path!s}」：{said}" if path and said else f"文件或网络出错：{error}"
    if isinstance(error, UnicodeError):
        return "文件或参数里有认不出的字符，应为 UTF-8 文字。"
    if type(error).__module__.startswith(("django.db", "psycopg", "sqlite3")):
        said = str(error).splitlines()[0] if str(error) else type(error).__name__
        if any(each in said for each in _UNMIGRATED):
            return f"数据库还没有建好，或不是本版本的结构。请先执行 shouwen migrate。（{said}）"
        return f"数据库出错：{said}"
    return f"出了意外（{type(error).__name__}：{error}）。设置 SHOUWEN_DEBUG=1 可看到详情。"
