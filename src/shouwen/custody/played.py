"""Custody as rehearsals play it: things taken in, lent, opened in an emergency, counted, lost; what is late is raised by the worker."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import datetime
from typing import Any

from django.db.models import Min

from shouwen.kernel.access import SYSTEM, Actor
from shouwen.kernel.refusals import Refused
from shouwen.procedures.parts import Check, Part, compared, many, number, only
from shouwen.procedures.scripts import BadScript

from . import actions, queries
from .actions.returning import bars_of
from .kinds import OWNER
from .models import Consent, Loan, Store, Thing
from .rules import Taker, Word

_WORD = re.compile(r"(?P<name>\S+) (?P<at>\d\d?:\d\d)(?: (?P<answer>yes|no|none))?")


class Custody(Part):
    """`named`: things (and places) by the name the script gave them; `places`: of those, the places."""

    def __init__(self, stage: Any) -> None:
        super().__init__(stage)
        self.places: dict[str, int] = {}

    def do_furnishes(self, actor: Actor, rest: str, given: dict[str, Any]) -> None:
        """A cabinet and its keeper."""
        only(given, "title", "holds", "hooks", "keeper")
        store = actions.put_store(actor, self.place(actor), title=given.get("title", rest), holds=given.get("holds", ""), hooks=number(given.get("hooks", 0)), at=self.now)
        if keeper := given.get("keeper"):
            actions.set_keeper(actor, store, user=self.user(keeper), counted=None, at=self.now)
        self.places[rest] = store.pk

    def do_keeps(self, actor: Actor, rest: str, given: dict[str, Any]) -> None:
        """A thing is taken in; a deposit of an owner has been checked, a sealed one was sealed by the owner in person."""
        only(given, "kind", "title", "in", "unit", "hook", "quantity", "whose", "purpose", "envelope")
        thing = actions.take_in(
            actor, self.place(actor), kind=given.get("kind", ""), title=given.get("title", ""), store=self.store(given.get("in", "")),
            unit=given.get("unit", ""), hook=number(given["hook"]) if "hook" in given else None, quantity=number(given.get("quantity", 1)),
            whose=given.get("whose", ""), purpose=given.get("purpose", ""), envelope=given.get("envelope", ""), verified=True, in_person=True, signed=True, at=self.now,
        )  # fmt: skip
        self.named[rest] = thing.pk

    def do_lends(self, actor: Actor, rest: str, given: dict[str, Any]) -> None:
        """`said` is whose word there is: `{owner: 王秀英 22:08 yes, cs-supervisor: lin 22:10}`, by telephone."""
        only(given, "way", "to", "purpose", "reason", "said", "quantity", "due", "taker", "relation", "paper", "kept")
        taker = Taker(name=given.get("taker", ""), relation=given.get("relation", ""), paper=given.get("paper", ""), kept=given.get("kept", ""))
        actions.lend(
            actor, self.thing(rest), way=given.get("way", "staff"), purpose=given.get("purpose", ""), reason=given.get("reason", ""),
            user=self.user(given["to"]) if "to" in given else None, taker=taker, words=self._words(given.get("said") or {}),
            quantity=number(given["quantity"]) if "quantity" in given else None, due_at=self.moment(given["due"]) if "due" in given else None, at=self.now,
        )  # fmt: skip

    def _words(self, said: dict[str, str]) -> list[Word]:
        found = []
        for side, text in said.items():
            word = _WORD.fullmatch(text)
            if not word:
                raise BadScript(f"看不懂「{text}」，应写作「王秀英 22:08 yes」。")
            user = None if side == OWNER else self.user(word["name"])
            found.append(Word(side, word["answer"] or "yes", user.name if user else word["name"], self.moment(word["at"]), user=user.pk if user else None))
        return found

    def do_agrees(self, actor: Actor, rest: str, given: dict[str, Any]) -> None:
        only(given, "agree", "remark")
        actions.approve(actor, self.loan(rest), agree=given.get("agree", "yes") == "yes", remark=given.get("remark", ""), at=self.now)

    def do_issues(self, actor: Actor, rest: str, given: dict[str, Any]) -> None:
        actions.issue(actor, self.loan(rest), at=self.now)

    def do_confirms(self, actor: Actor, rest: str, given: dict[str, Any]) -> None:
        """Whoever agreed by telephone signs for it."""
        consent = Consent.objects.filter(loan=self.loan(rest), user_id=actor.id).order_by("-pk").first()
        if consent is None:
            raise BadScript(f"「{actor.name}」没有在电话里同意过「{rest}」。")
        actions.confirm(actor, consent, at=self.now)

    def do_contacts(self, actor: Actor, rest: str, given: dict[str, Any]) -> None:
        """The owner is told of the last loan."""
        only(given, "name", "answer", "when", "remark")
        actions.contact(
            actor, self.thing(rest), name=given.get("name", ""), answer=given.get("answer", "yes"),
            when=self.moment(given["when"]) if "when" in given else self.now, remark=given.get("remark", ""), loan=self.loan(rest), at=self.now,
        )  # fmt: skip

    def do_enters(self, actor: Actor, rest: str, given: dict[str, Any]) -> None:
        """Who went in with the key of the last loan, from when to when."""
        only(given, "people", "in", "out", "done")
        actions.enter(
            actor, self.loan(rest), people=many(given.get("people")), in_at=self.moment(given.get("in", "")), out_at=self.moment(given.get("out", "")),
            done=given.get("done", ""), at=self.now,
        )  # fmt: skip

    def do_receives(self, actor: Actor, rest: str, given: dict[str, Any]) -> None:
        """It comes back: everything, unless `quantity` says how many."""
        only(given, "quantity", "remark", "checks", "code")
        loan = self.loan(rest)
        actions.give_back(
            actor, loan, code=given.get("code", loan.thing.code), quantity=number(given.get("quantity", loan.quantity - loan.returned)),
            checks=many(given.get("checks")), remark=given.get("remark", ""), at=self.now,
        )  # fmt: skip

    def do_verifies(self, actor: Actor, rest: str, given: dict[str, Any]) -> None:
        actions.verify(actor, self.loan(rest), at=self.now)

    def do_reseals(self, actor: Actor, rest: str, given: dict[str, Any]) -> None:
        only(given, "envelope", "in_person")
        actions.reseal(actor, self.thing(rest), envelope=given.get("envelope", ""), in_person=given.get("in_person", "yes") == "yes", at=self.now)

    def do_chases(self, actor: Actor, rest: str, given: dict[str, Any]) -> None:
        """Why it has not come back."""
        actions.follow_up(actor, self.loan(rest), reason=only(given, "text").get("text", ""), at=self.now)

    def do_loses(self, actor: Actor, rest: str, given: dict[str, Any]) -> None:
        """Reported lost or damaged; its ticket is found by `expect opened key_loss as …`."""
        only(given, "what", "course")
        actions.report_loss(actor, self.thing(rest), what=given.get("what", "lost"), course=given.get("course", ""), at=self.now)

    def do_counts(self, actor: Actor, rest: str, given: dict[str, Any]) -> None:
        """A cabinet: everything that should be there is, except what is named: `{k: 0}`. `locked: no` with its `remark`."""
        locked, remark = given.pop("locked", "yes") == "yes", given.pop("remark", "")
        store = self.store(rest)
        found = {one.pk: one.quantity for one in Thing.objects.filter(store=store, gone_at__isnull=True, state="in")}
        found |= {self.pk(name, "保管物"): number(count) for name, count in given.items()}
        actions.count(actor, store, found=found, locked=locked, remark=remark, at=self.now)

    # What is expected ---------------------------------------------------------------------------------

    def expect_key(self, rest: str, value: dict[str, Any]) -> list[Check]:
        """A thing and its last loan. `lacks` is what keeps the loan from being closed."""
        thing = self.thing(rest)
        last = thing.loans.order_by("-pk").first()
        due = last.due_at.astimezone(queries.CHINA) if last and last.due_at else None
        lacks = bars_of(last, thing) if last and last.state == Loan.State.BACK else []
        return compared(f"key {rest}", value, {
            "state": thing.state, "loan": last.state if last else "none", "with": last.who if last and last.state == Loan.State.OUT else "none",
            "due": f"{due:%H:%M}" if due else "none", "sealed": "yes" if thing.sealed_at else "no", "lacks": "；".join(lacks) or "none",
            "papers_due": "yes" if last and last.papers_due else "no", "number": thing.number,
            "said": sorted(f"{one.side} {one.at.astimezone(queries.CHINA):%H:%M}" for one in last.consents.all()) if last else [],
        })  # fmt: skip

    def expect_ledger(self, rest: str, value: dict[str, Any]) -> list[Check]:
        """`expect ledger k: {contains: 词}`: a line of everything that ever happened to it."""
        lines = [move.text for move in queries.moves_of(self.thing(rest))]
        return [(any(word in line for line in lines), f"ledger {rest}: {word}", "；".join(lines[:5])) for word in many(only(value, "contains").get("contains"))]

    def thing(self, name: str) -> Thing:
        return Thing.objects.select_related("store", "unit", "community").get(pk=self.pk(name, "保管物"))

    def loan(self, name: str) -> Loan:
        found = Loan.objects.select_related("thing").filter(thing=self.pk(name, "保管物")).order_by("-pk").first()
        if found is None:
            raise BadScript(f"「{name}」还没有借出过。")
        return found

    def store(self, name: str) -> Store:
        if name not in self.places:
            raise BadScript(f"还没有叫「{name}」的存放处。")
        return Store.objects.get(pk=self.places[name])

    # The worker ---------------------------------------------------------------------------------------

    def wakes(self, until: datetime) -> datetime | None:
        if not self.named:
            return None
        found: datetime | None = Loan.objects.filter(thing__in=self.named.values(), remind_at__lte=until).aggregate(at=Min("remind_at"))["at"]
        return found

    def wake(self, at: datetime) -> None:
        """As chores.watch, of the things of this script alone."""
        for loan in Loan.objects.filter(thing__in=self.named.values(), remind_at__lte=at).select_related("thing"):
            with suppress(Refused):
                actions.raise_overdue(SYSTEM, loan, at=at)
