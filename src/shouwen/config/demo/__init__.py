"""The demo communities 荔园 and 云溪: invented people, built through actions only (docs/cast.md)."""

from .load import PASSWORD, load
from .world import World, build, found

__all__ = ["PASSWORD", "World", "build", "found", "load"]
