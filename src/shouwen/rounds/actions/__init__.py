"""Everything that can be done here: what is planned (`plans`), what is walked (`walking`), what the worker does (`watching`)."""

from .halts import AGAIN, alarm, halt, raise_halts, resume
from .plans import (
    add_point,
    add_points,
    edit_point,
    export_rows,
    retire_point,
    retire_route,
    set_plan,
    set_route,
    switch_off,
    switch_on,
)
from .walking import FINDINGS, FOUND_AT, Given, read
from .watching import close_runs, make_runs

__all__ = [
    "AGAIN",
    "FINDINGS",
    "FOUND_AT",
    "Given",
    "add_point",
    "add_points",
    "alarm",
    "close_runs",
    "edit_point",
    "export_rows",
    "halt",
    "make_runs",
    "raise_halts",
    "read",
    "resume",
    "retire_point",
    "retire_route",
    "set_plan",
    "set_route",
    "switch_off",
    "switch_on",
]
