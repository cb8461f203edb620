"""The two ways this package says no: to a person at work (the house's Refused), and to the author of a file."""

from __future__ import annotations

from collections.abc import Sequence

from shouwen.kernel.refusals import Refused

__all__ = ["Faulty", "Refused"]


class Faulty(Exception):
    """A procedure file cannot be used. `faults` holds every (line, text) found; line 0 is the file as a whole."""

    def __init__(self, faults: Sequence[tuple[int, str]]) -> None:
        self.faults: list[tuple[int, str]] = list(faults)
        super().__init__("\n".join(f"第 {line} 行：{text}" if line else text for line, text in self.faults))
