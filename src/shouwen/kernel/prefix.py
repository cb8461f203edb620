"""Addresses of ours that travel: kept in the database from the root, shown below the prefix, sent with the whole host."""

from __future__ import annotations

from django.conf import settings
from django.urls import get_script_prefix


def root() -> str:
    """Where all our pages begin, and the path of every cookie: "/" or "/wuye/"."""
    return f"{(settings.FORCE_SCRIPT_NAME or '').rstrip('/')}/"


def inward(path: str) -> str:
    """An address that was kept ("/tickets/7") as a page here names it ("/wuye/tickets/7")."""
    prefix = get_script_prefix().rstrip("/")
    return path if not path.startswith("/") or path.startswith(f"{prefix}/") and prefix else f"{prefix}{path}"


def outward(path: str) -> str:
    """The same for a mail, an SMS or a code on paper, with SHOUWEN_BASE_URL, which ends with the prefix where there is one."""
    prefix = get_script_prefix().rstrip("/")
    own = path.removeprefix(prefix) if prefix and path.startswith(f"{prefix}/") else path
    return f"{settings.SHOUWEN['BASE_URL'].rstrip('/')}{own}"
