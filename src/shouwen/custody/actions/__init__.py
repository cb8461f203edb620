"""Every write of this area: places and keepers (`stores`), taking in (`intake`), lending (`lending`), what comes back
(`returning`), counting (`counting`), loss (`losing`), tickets sold for others (`tickets`),
folders, filing and numbers of documents (`archive`)."""

from .archive import carry, destroy, file_away, file_by_ticket, may_destroy, put_folder, raise_unfiled, register_document
from .asking import askable, request
from .counting import MOST_COUNTED, count, raise_uncollected, raise_uncounted, see_differences
from .intake import relabel, reseal, take_in
from .lending import approve, confirm, drop, issue, lend
from .locks import lock_changed
from .losing import losing_ends, report_loss, settle, settle_by_number
from .privacy import ask_reveal, erase_private, kept, reveal
from .returning import contact, enter, follow_up, give_back, raise_overdue, verify
from .stores import export_register, put_store, set_keeper
from .tickets import confirm_remittance, count_cash, hand_cash, raise_cash, remit, restock, sell

__all__ = [
    "ask_reveal", "askable", "erase_private", "kept", "lock_changed", "raise_uncollected", "request", "reveal",
    "carry", "destroy", "file_away", "file_by_ticket", "may_destroy", "put_folder", "raise_unfiled", "register_document",
    "confirm_remittance", "count_cash", "hand_cash", "raise_cash", "remit", "restock", "sell",
    "MOST_COUNTED", "approve", "confirm", "contact", "count", "drop", "enter", "export_register", "follow_up", "give_back", "issue", "lend", "losing_ends", "put_store", "raise_overdue", "raise_uncounted",
    "relabel", "report_loss", "reseal", "see_differences", "set_keeper", "settle", "settle_by_number", "take_in", "verify",
]  # fmt: skip
