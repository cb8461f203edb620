"""Every write of the estate, by verb."""

from .imports import apply_import, plan_import
from .intake import in_words, take_in
from .people import (
    add_person,
    change_phone,
    correct_paper,
    edit_person,
    erase_person,
    move_in,
    move_out,
    view_file,
    view_person,
)
from .places import (
    add_building,
    add_community,
    add_unit,
    add_vehicle,
    edit_community,
    edit_unit,
    remove_vehicle,
)
from .reveals import ask_reveal, asked, decide_reveal, export_register, reveal_asked, show_reveal, taken

__all__ = [
    "add_building", "add_community", "add_person", "add_unit", "add_vehicle", "apply_import", "ask_reveal", "asked",
    "change_phone", "correct_paper", "decide_reveal", "edit_community", "edit_person", "edit_unit", "erase_person",
    "export_register", "move_in", "move_out", "plan_import", "remove_vehicle", "reveal_asked", "show_reveal", "take_in", "taken", "view_file", "view_person", "in_words",
]
