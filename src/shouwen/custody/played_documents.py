"""Documents as rehearsals play them: what the register and the archive have of the document of a ticket."""

from __future__ import annotations

from typing import Any

from shouwen.procedures.parts import Check, Part, compared

from . import queries
from .models import Filing, Move


class Documents(Part):
    def expect_document(self, rest: str, value: dict[str, Any]) -> list[Check]:
        """`expect document d: {number: 发〔2026〕1 号, party: …, filed: yes, folder: …, by: …, lacks: …, carried: [谁]}`."""
        filing = Filing.objects.filter(ticket=self.stage.row(rest).id).select_related("thing", "folder").first()
        if filing is None:
            return [(False, "", "没有登记")]
        sent = f"{filing.sent_at.astimezone(queries.CHINA):%Y-%m-%d %H:%M} {filing.means}" if filing.sent_at else ""
        return compared(f"document {rest}", value, {
            "number": filing.reference, "party": filing.party, "department": filing.department, "type": filing.thing.purpose, "filed": "yes" if filing.folder_id else "no",
            "folder": filing.folder.title if filing.folder else "", "by": filing.filed_by, "state": filing.thing.state, "sent": sent, "lacks": filing.incomplete,
            "carried": list(Move.objects.filter(thing=filing.pk, kind="carried").order_by("pk").values_list("by_name", flat=True)),
        })  # fmt: skip
