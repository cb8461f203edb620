"""Parts 戏份: what areas besides tickets play in a rehearsal (docs/writing-procedures.md §6); config/wiring.py casts them.

A part is a class, made anew for every rehearsal. Its method `do_lends` is the verb `lends`, `expect_key` answers `expect key …`,
and `wakes` and `wake` let happen what its worker would have done while the clock moves.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from shouwen.estate.models import Community
from shouwen.kernel.access import Actor
from shouwen.org import queries as org
from shouwen.org.models import User

from .scripts import BadScript, moment

if TYPE_CHECKING:
    from .stage import Stage

Check = tuple[bool, str, str]
"""Whether it held, the text to show ("" = the script line itself), what was found."""

PARTS: Final[list[type[Part]]] = []


class Part:
    """What one area plays. `named` holds what the script has given a name: name → primary key."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.named: dict[str, int] = {}

    def wakes(self, until: datetime) -> datetime | None:
        """The first moment, not after `until`, at which there is something for the worker; asked again after each `wake`."""
        return None

    def wake(self, at: datetime) -> None:
        """What the worker does at this moment; afterwards `wakes` names a later one, or none."""

    # For the verbs -----------------------------------------------------------------------------------

    @property
    def now(self) -> datetime:
        return self.stage.now

    def place(self, actor: Actor | None = None) -> Community:
        """The community where somebody works; head office, and nobody: the rehearsal's own."""
        return Community.objects.get(pk=(actor.community if actor else None) or self.stage.home())

    def pk(self, name: str, what: str) -> int:
        """What the script called so."""
        if name not in self.named:
            raise BadScript(f"还没有叫「{name}」的{what}。")
        return self.named[name]

    def user(self, who: str) -> User:
        """Somebody of the cast."""
        self.stage.actor(who)
        found = org.user_by_username(who)
        assert found is not None
        return found

    def moment(self, text: str) -> datetime:
        """`21:05` of this day, or with its date."""
        return moment(text, self.now)


def cast(*parts: type[Part]) -> None:
    """Let these play too; two that know the same verb or expectation are a programming error."""
    for part in parts:
        if part in PARTS:
            continue
        for name in words(part):
            if other := next((one for one in PARTS if name in words(one)), None):
                raise KeyError(f"{name} is played by {other.__name__} and {part.__name__}")
        PARTS.append(part)


def words(part: type[Part]) -> set[str]:
    """The verbs and expectations of a part, as its methods are called."""
    return {name for name in dir(part) if name.startswith(("do_", "expect_"))}


def known(parts: list[Part], name: str) -> Callable[..., Any] | None:
    """The method of this name, whoever plays it."""
    return next((getattr(one, name) for one in parts if hasattr(one, name)), None)


def only(given: dict[str, Any], *names: str) -> dict[str, Any]:
    """What of these was written; anything else in the line is a mistake of the script."""
    if unknown := set(given) - set(names):
        raise BadScript(f"不认识「{'、'.join(sorted(unknown))}」，这里可写：{'、'.join(names)}。")
    return given


def number(text: Any) -> int:
    """A whole number of the script."""
    if not str(text).strip().isdigit():
        raise BadScript(f"「{text}」应为整数。")
    return int(text)


def many(value: Any) -> list[str]:
    """One or several."""
    if value in ("", None):
        return []
    return [str(one) for one in value] if isinstance(value, list | tuple) else [str(value)]


def compared(what: str, wanted: dict[str, Any], have: dict[str, Any]) -> list[Check]:
    """One check a key; a list is meant in any order, a text that begins with ~ need only be contained."""
    if unknown := set(wanted) - set(have):
        raise BadScript(f"「expect {what}」不认识「{'、'.join(sorted(unknown))}」，可写：{'、'.join(have)}。")
    return [(_same(value, have[key]), f"{what}.{key}: {value}".replace("'", ""), _shown(have[key])) for key, value in wanted.items()]


def _same(wanted: Any, found: Any) -> bool:
    if isinstance(found, list | tuple | set | frozenset):
        return sorted(many(wanted)) == sorted(map(str, found))
    text = str(wanted)
    return text[1:] in str(found) if text.startswith("~") else text == str(found)


def _shown(found: Any) -> str:
    return "、".join(map(str, found)) if isinstance(found, list | tuple | set | frozenset) else str(found)
