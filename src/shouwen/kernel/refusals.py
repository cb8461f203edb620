"""The ways in which the house says no. Each message is Chinese, names what is wrong and what to do."""

from __future__ import annotations


class Refused(Exception):
    """What was asked does not fit; nothing was written. Shown to the person who asked (422).

    `fields` optionally maps the name of a form field to its own message.
    """

    status = 422

    def __init__(self, message: str, fields: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.fields = fields or {}


class Conflict(Refused):
    """Somebody else was faster; look again and decide anew (409)."""

    status = 409


class Forbidden(Refused):
    """This person may not do this here (403)."""

    status = 403


class NotFound(Refused):
    """It does not exist, or this person may not see it; both look the same (404)."""

    status = 404

    def __init__(self, message: str = "没有找到，或您无权查看。请核对后重试。") -> None:
        super().__init__(message)


class TooMany(Refused):
    """Too many attempts in a short time (429)."""

    status = 429
