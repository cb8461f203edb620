"""Every write of this area: the book (`book`), shifts and the roster (`roster`)."""

from .book import Line, correct, record, write
from .roster import WEEKDAYS, end_roster, roster, set_shift

__all__ = ["WEEKDAYS", "Line", "correct", "end_roster", "record", "roster", "set_shift", "write"]
