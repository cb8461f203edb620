"""What is done with papers: asked for, printed, handed on, brought back, made void; templates; controlled documents."""

from . import documents
from .clear import ask_clear, print_clear
from .copies import hand_on, remind, returned
from .forms import choose_layout, drop_template, upload_template, use_template
from .printing import MEDIA, add, ask, documents_exported, exported, exported_as, print_out, void

__all__ = [
    "MEDIA", "add", "ask", "ask_clear", "choose_layout", "documents", "documents_exported", "drop_template", "exported", "exported_as", "hand_on", "print_clear",
    "print_out", "remind", "returned", "upload_template", "use_template", "void",
]  # fmt: skip
