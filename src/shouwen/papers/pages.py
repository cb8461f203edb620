"""The register of papers."""

from __future__ import annotations

from shouwen.kernel.registers import Column, Register

from . import queries

PAPERS = Register(
    "papers:papers", queries.papers, title="单据", may="tickets.view",
    columns=["number", "form", "record", "asked_by", Column("asked_at", sort=True), "printed"],
    filters=["asked_at"], search=["number", "form"], search_hint="编号、单据名称",
    empty=("还没有单据", "规程要求打印登记表、派工单时，单据会登记在这里。"),
)  # fmt: skip


papers = PAPERS.page
