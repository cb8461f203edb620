"""Every write of this area: the book (`book`), shifts and the roster (`roster`), presence and changes of shifts
(`attendance`), hand-overs until they can be signed (`handover`) and their end (`signing`)."""

from .attendance import answer_change, ask_change, check_in, check_out, decide_change, withdraw_change
from .book import Line, correct, record, write
from .handover import add_line, arrive, close_line, contain, explain, fill, mark_unfit, open_handover, read_log, refresh, report
from .items import drop_item, put_item, reset_items
from .reviews import export_lines, sign_off
from .roster import WEEKDAYS, end_roster, roster, set_shift
from .signing import DECISIONS, accept, decide, refuse, report_late, sign, stop, unsign

__all__ = [
    "DECISIONS", "WEEKDAYS", "Line", "accept", "add_line", "answer_change", "arrive", "ask_change", "check_in", "check_out", "close_line",
    "contain", "correct", "decide", "decide_change", "drop_item", "end_roster", "export_lines", "explain", "fill", "mark_unfit", "open_handover", "put_item", "read_log", "record",
    "refresh", "refuse", "report", "report_late", "reset_items", "roster", "set_shift", "sign", "sign_off", "stop", "unsign", "withdraw_change", "write",
]  # fmt: skip
