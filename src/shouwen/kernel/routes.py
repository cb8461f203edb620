"""Addresses of pages by their names, remembered by the process: a page of ours asks for dozens, and asking Django costs each time."""

from __future__ import annotations

from typing import Any, Final

from django.urls import get_script_prefix, get_urlconf, reverse

_MOST: Final = 2000
_MARK: Final = 9_000_000_000
"""Stands for the n-th number of an address while its pattern is learnt."""

_known: Final[dict[tuple[Any, ...], str | tuple[str, ...]]] = {}


def route(name: str, *args: Any) -> str:
    """As `reverse(name, args=args)`; NoReverseMatch as there. Numbers are put into a pattern learnt once for all of them."""
    key: tuple[Any, ...] = (get_script_prefix(), get_urlconf(), name)
    numbers = []
    for arg in args:
        if type(arg) is int and 0 <= arg < _MARK:
            numbers.append(str(arg))
            key += (int,)
        elif isinstance(arg, str):
            key += (str(arg),)
        else:
            return reverse(name, args=args)
    if (found := _known.get(key)) is None:
        found = _learnt(name, args)
        if len(_known) >= _MOST:
            _known.clear()
        _known[key] = found
    if isinstance(found, str):
        return found
    if len(found) != len(numbers) + 1:
        return reverse(name, args=args)
    return found[0] + "".join([number + rest for number, rest in zip(numbers, found[1:], strict=True)])


def _learnt(name: str, args: tuple[Any, ...]) -> str | tuple[str, ...]:
    """The address itself when it has no numbers, else what stands between them."""
    marks = [_MARK + n for n, arg in enumerate(args) if not isinstance(arg, str)]
    text = reverse(name, args=[arg if isinstance(arg, str) else _MARK + n for n, arg in enumerate(args)])
    if not marks:
        return text
    parts = []
    for mark in marks:
        before, found, text = text.partition(str(mark))
        if not found:
            return ()  # in another order than given: not learnt
        parts.append(before)
    return (*parts, text)


def forget() -> None:
    """Drop what this process remembers (tests change the addresses)."""
    _known.clear()
