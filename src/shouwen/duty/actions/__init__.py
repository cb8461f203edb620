"""Every write of this area: the book (`book`), shifts and the roster (`roster`), presence and changes of shifts
(`attendance`), hand-overs until they can be signed (`handover`) and their end (`signing`), the end of a day on a post
that nobody follows on (`closing`), key work reported (`focus`), the last receiver (`guarantee`), the guards' change of shift (`muster`)."""

from .attendance import answer_change, ask_change, check_in, check_out, decide_change, withdraw_change
from .book import Line, close_volume, correct, record, write
from .closing import STEPS, close_step, lose_article
from .focus import report_focus
from .guarantee import set_guaranteed
from .handover import add_line, arrive, close_line, contain, explain, fill, mark_unfit, open_handover, read_log, refresh, report
from .items import drop_item, put_item, reset_items
from .muster import LEADERS, check_guards, lead, lead_back, open_muster
from .reviews import export_lines, sign_off
from .roster import WEEKDAYS, end_roster, roster, set_shift
from .signing import DECISIONS, accept, decide, refuse, report_late, sign, stop, unsign

__all__ = [
    "DECISIONS", "LEADERS", "STEPS", "WEEKDAYS", "Line", "accept", "add_line", "answer_change", "arrive", "ask_change", "check_guards", "check_in", "check_out", "close_line", "close_step", "close_volume",
    "contain", "correct", "decide", "decide_change", "drop_item", "end_roster", "export_lines", "explain", "fill", "lead", "lead_back",
    "lose_article", "mark_unfit", "open_handover", "open_muster", "put_item", "read_log", "record",
    "refresh", "refuse", "report", "report_focus", "report_late", "reset_items", "roster", "set_guaranteed", "set_shift", "sign", "sign_off", "stop", "unsign", "withdraw_change", "write",
]  # fmt: skip
