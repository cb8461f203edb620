"""Everything that can be done here: areas of stewards, signs, vacant units, visits and their monthly summary, parking permits."""

from .charges import give_charge
from .permits import change_permit, end_permit, issue_permit
from .signs import edit_sign, place_listed, put_up, record_sign, remove_sign
from .vacancies import edit_vacancy, export_register, follow_units
from .visits import Visited, raise_unvisited, receive_summary, record_visit, sum_up

__all__ = [
    "Visited",
    "change_permit",
    "edit_sign",
    "edit_vacancy",
    "end_permit",
    "export_register",
    "follow_units",
    "give_charge",
    "issue_permit",
    "place_listed",
    "put_up",
    "raise_unvisited",
    "receive_summary",
    "record_sign",
    "record_visit",
    "remove_sign",
    "sum_up",
]
