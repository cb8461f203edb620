"""Before a wheel is made: put the front-end files in place."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CustomBuildHook(BuildHookInterface[Any]):
    """Loads kernel/assets.py by its path: while shouwen is being built, it cannot be imported yet."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":  # they lie in the source tree, where `shouwen assets` puts them
            return
        source = Path(self.root, "src", "shouwen", "kernel", "assets.py")
        spec = importlib.util.spec_from_file_location("assets", source)
        if spec is None or spec.loader is None:
            raise FileNotFoundError(source)
        assets = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(assets)
        assets.build()
