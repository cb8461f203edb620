"""Settings for measuring our layers one by one: the shipped ones plus addresses that do nothing.

`BENCH_LAYER=plain` leaves out every middleware, so that the difference is what they cost.
"""

from __future__ import annotations

import os

from shouwen.config.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.lifecycle.layered_urls"
if os.environ.get("BENCH_LAYER") == "plain":
    MIDDLEWARE: list[str] = []
