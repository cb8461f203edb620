"""The demo world, as the tests of procedures have it."""

from shouwen.procedures.tests.conftest import as_, clock, who, world

__all__ = ["as_", "clock", "who", "world"]
