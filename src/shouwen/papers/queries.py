"""Reading papers and controlled documents: what one may see is what one may see of the records, in one's communities."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery

from shouwen.estate import queries as estate
from shouwen.estate.models import Reveal
from shouwen.kernel.access import Actor
from shouwen.kernel.batch import ask
from shouwen.kernel.refusals import NotFound
from shouwen.kernel.zone import moment

from .catalogue import form_named
from .models import Copy, Document, DocumentEdition, FormSetting, Paper, Printing, WordTemplate
from .records import CameBack, Record, read
from .sheets import called, digest_of, ordinal


def papers(actor: Actor) -> QuerySet[Paper]:
    """Newest first."""
    return _here(Paper.objects.order_by("-id"), actor)


def about(actor: Actor, subject: str) -> QuerySet[Paper]:
    """The papers of one record, oldest first."""
    return papers(actor).filter(about=subject).order_by("id")


class Asked(NamedTuple):
    """A paper of a record, as its story tells of it."""

    asked_at: datetime
    asked_by: str
    form: str
    printed: int


def asked(actor: Actor, subject: str, community_id: int, most: int) -> list[Asked]:
    """As `about`, of a record in this community, for pages that are opened all day."""
    if not actor.may("tickets.view", community_id):
        return []
    rows = ask(
        "SELECT asked_at, asked_by, form, printed FROM papers_paper WHERE about = %s AND community_id = %s"
        f" ORDER BY id LIMIT {int(most)}", (subject, community_id),
    )  # fmt: skip
    return [Asked(moment(row[0]), *row[1:]) for row in rows]  # type: ignore[arg-type]


def paper(actor: Actor, pk: Any) -> Paper:
    """One paper, if its record may be seen too (a confidential ticket hides its papers)."""
    found = papers(actor).filter(pk=pk).first()
    if found is None:
        raise NotFound
    return found


def printing(actor: Actor, pk: Any) -> tuple[Printing, Record]:
    """One printing with the record as it is now."""
    found = Printing.objects.select_related("paper").filter(pk=pk).first()
    if found is None or not actor.may("tickets.view", found.paper.community_id):
        raise NotFound
    return found, read(actor, found.paper.about)


def copies_out(actor: Actor) -> QuerySet[Copy]:
    """Copies that must still come back, the longest overdue first; `sent_at` is when their paper was first printed."""
    first = Printing.objects.filter(paper=OuterRef("paper"), turn=1).values("at")[:1]
    rows = Copy.objects.filter(returns=True, returned_at__isnull=True).select_related("paper").annotate(sent_at=Subquery(first))
    return _here(rows.order_by("due_at", "id"), actor)


def copy(actor: Actor, pk: Any) -> Copy:
    found = _here(Copy.objects.select_related("paper"), actor).filter(pk=pk).first()
    if found is None:
        raise NotFound
    return found


def back_of(copy: Copy, at: datetime) -> CameBack:
    """What a copy that is back means to its record: what procedures call it, whose signature stands on it, from which department."""
    paper, form = copy.paper, form_named(copy.paper.form)
    signed = next((rule.signed for rule in form.copies if rule.name == copy.name), ())
    branch = copy.holder.removeprefix("dept:") if copy.holder.startswith("dept:") else ""
    said = f"{copy.returned_to} 收回《{paper.form}》{paper.number} {ordinal(copy.seq)}，{copy.signed_by} 签字"
    return CameBack(paper.about, called(form, copy.name), said, signed, branch, copy.photo, at)


def came_back(about: str, at: datetime) -> list[CameBack]:
    """The copies of a record that are back already, oldest first, without those of which others of the same name are still out. For rules, not for pages."""
    rows = Copy.objects.filter(paper__about=about, returns=True).exclude(paper__state=Paper.State.VOID).select_related("paper").order_by("returned_at", "id")
    out = {(one.paper.form, one.name) for one in rows if one.returned_at is None}
    return [back_of(one, at) for one in rows if one.returned_at is not None and (one.paper.form, one.name) not in out]


def numbered(actor: Actor, number: str) -> list[Paper]:
    """Papers with this number (each community numbers for itself), or of the record with it."""
    return list(papers(actor).filter(Q(number=number) | Q(record=number))[:20]) if number else []


def clear_asked(actor: Actor, found: Paper, at: datetime) -> Reveal | None:
    """This person's last request to print a paper in the clear, while it waits or may be used."""
    rows = list(estate.reveals_about(actor, f"paper:{found.pk}", at))
    last = rows[-1] if rows else None
    return last if last and last.state in (Reveal.State.ASKED, Reveal.State.OPEN) else None


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether what is kept of a printing is what was printed (`whole`)."""

    printing: Printing
    whole: bool


def verdicts(found: Paper) -> list[Verdict]:
    """Every printing of a paper, the last first, each checked against its digest."""
    return [Verdict(one, digest_of(one.content) == one.digest) for one in found.printings.order_by("-turn")]


def layout_of(community_id: int, form: str) -> str:
    """The layout a community chose for a form, or ""."""
    return FormSetting.objects.filter(community_id=community_id, form=form).values_list("layout", flat=True).first() or ""


def layouts(community_id: int) -> dict[str, str]:
    return dict(FormSetting.objects.filter(community_id=community_id).values_list("form", "layout"))


def templates(actor: Actor, community_id: int, form: str = "") -> QuerySet[WordTemplate]:
    """Word templates of a community without their content, the newest first."""
    if not actor.may("settings.edit", community_id):
        raise NotFound
    rows = WordTemplate.objects.filter(community_id=community_id).defer("content").order_by("form", "-id")
    return rows.filter(form=form) if form else rows


def template(actor: Actor, pk: Any) -> WordTemplate:
    found = WordTemplate.objects.filter(pk=pk).first()
    if found is None or not actor.may("settings.edit", found.community_id):
        raise NotFound
    return found


def forms_with_template(community_id: int) -> set[str]:
    return set(WordTemplate.objects.filter(community_id=community_id, in_use=True).values_list("form", flat=True))


def template_in_use(community_id: int, form: str) -> WordTemplate | None:
    return WordTemplate.objects.filter(community_id=community_id, form=form, in_use=True).first()


def documents(actor: Actor) -> QuerySet[Document]:
    """Controlled documents by number: those of the company and of one's communities; drafts only for who edits them. B1.03."""
    places = actor.places("documents.view")
    rows = Document.objects.select_related("parent").order_by("number")
    if places is not None:
        rows = rows.filter(Q(community_id__in=places) | Q(community_id=None)) if places else rows.none()
    edits = actor.places("documents.edit")
    if edits is None:
        return rows
    return rows.filter(~Q(state=Document.State.DRAFT) | Q(community_id__in=edits))


def document(actor: Actor, pk: Any) -> Document:
    found = documents(actor).filter(pk=pk).first()
    if found is None:
        raise NotFound
    return found


def editions(found: Document) -> QuerySet[DocumentEdition]:
    """Its editions without the file, the newest first."""
    return found.editions.defer("file_content").order_by(F("issued_at").desc(nulls_first=True), "-id")


def edition(actor: Actor, pk: Any) -> DocumentEdition:
    """One edition; a draft only for who edits the document."""
    found = DocumentEdition.objects.select_related("document", "document__parent").filter(pk=pk).first()
    if found is None:
        raise NotFound
    document(actor, found.document_id)
    if found.issued_at is None and not actor.may("documents.edit", found.document.community_id):
        raise NotFound
    return found


def unread(actor: Actor, at: datetime) -> int:
    """How many documents in force this person should still sign as read."""
    present = DocumentEdition.objects.filter(document=OuterRef("pk"), issued_at__isnull=False, superseded_at__isnull=True)
    wanted = documents(actor).filter(state=Document.State.ISSUED, must_read=True)
    return wanted.exclude(Exists(present.filter(readings__user_id=actor.id))).count()


def _here(rows: QuerySet[Any], actor: Actor) -> QuerySet[Any]:
    places = actor.places("tickets.view")
    return rows if places is None else rows.filter(community_id__in=places)


