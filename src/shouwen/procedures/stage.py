"""What the people of a rehearsal do and what the audience checks: each script line becomes an action or an expectation."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Max

from shouwen.duty.models import LogLine
from shouwen.estate import queries as estate
from shouwen.kernel.access import SYSTEM, Actor
from shouwen.kernel.journal import ACTIONS
from shouwen.kernel.refusals import Refused
from shouwen.notices.models import Notice
from shouwen.org import actions as org_actions
from shouwen.org import queries as org

from . import actions, parts, queries, schedules, store
from .editions import procedure_of
from .expectations import Check, Expectations
from .models import Clock, Ticket
from .scripts import BadScript, moment
from .store import Row

_ACT = re.compile(r"(?P<who>\w+) (?P<verb>\w+)(?: (?P<rest>.+))?")
_FILES = re.compile(r"(?P<procedure>\w+) as (?P<name>\w+)")
_HANDS = re.compile(r"(?P<task>\S+) to (?P<to>\w+)")
_LINKS = re.compile(r"(?P<one>\w+) to (?P<other>\w+)")


class Stage:
    """The state of one rehearsal: its clock, the tickets by name, what has been told since the last act."""

    def __init__(self, clock: Any, named: Collection[str]) -> None:
        """`named`: every word of the script. A recurring procedure that it does not name stays shut, whatever the calendar says."""
        self.clock, self.named = clock, named
        self.tickets: dict[str, int] = {}
        self.first_ticket = Ticket.objects.aggregate(last=Max("pk"))["last"] or 0
        self.first_line = LogLine.objects.aggregate(last=Max("pk"))["last"] or 0
        self.heard = self._last_notice()
        self.away: dict[str, Any] = {}
        self.parts = [part(self) for part in parts.PARTS]
        self.expectations = Expectations(self)

    @property
    def now(self) -> datetime:
        at: datetime = self.clock()
        return at

    def do(self, words: str, value: Any) -> list[Check]:
        """Play one line; returns its checks."""
        if words.startswith("expect "):
            return self.expectations.check(words.removeprefix("expect ").strip(), value)
        if words in ("absent", "present"):
            for who in value if isinstance(value, list) else [value]:
                self._away(who, words == "absent")
            return []
        found = _ACT.fullmatch(words)
        if not found:
            raise BadScript(f"看不懂「{words}」。写法见编写规程的说明。")
        own: Callable[..., None] | None = getattr(self, f"_{found['verb']}", None)
        verb = own or parts.known(self.parts, f"do_{found['verb']}")
        if verb is None:
            raise BadScript(f"没有「{found['verb']}」这个动作。")
        self.heard = self._last_notice()
        given = dict(value) if isinstance(value, dict) else {"text": value} if value is not None else {}
        refused = given.pop("refused", None)
        actor = self.actor(found["who"])
        if refused is None:
            verb(actor, found["rest"] or "", given)
            return []
        return [self._refusal(lambda: verb(actor, found["rest"] or "", given), str(refused))]

    def move_to(self, target: datetime) -> None:
        """Let time pass: every clock due on the way wakes at its own moment, every recurring procedure opens at its own."""
        self.heard = self._last_notice()
        start = self.now
        moments = schedules.scheduled_between(start, target, community_id=self.home(), only=self.named)
        while True:
            wake = (
                Clock.objects.filter(ticket_id__gt=self.first_ticket, wake_at__lte=target)
                .order_by("wake_at").values_list("wake_at", "ticket_id").first()
            )  # fmt: skip
            beside = min(((at, n) for n, part in enumerate(self.parts) if (at := part.wakes(target))), default=None)
            if beside and beside[0] <= min((each[0] for each in (wake, *moments[:1]) if each), default=target):
                self.clock.move(max(beside[0], self.now))
                self.parts[beside[1]].wake(self.now)
            elif moments and (wake is None or moments[0][0] <= wake[0]):
                at, community_id, procedure, rule = moments.pop(0)
                self.clock.move(max(at, self.now))
                schedules.open_scheduled(SYSTEM, community_id, procedure=procedure, rule=rule, due=at, at=self.now)
            elif wake:
                self.clock.move(max(wake[0], self.now))
                actions.pass_time(SYSTEM, store.load(wake[1]), at=self.now)
            else:
                break
        self.clock.move(target)

    def actor(self, who: str) -> Actor:
        """Somebody of the cast by slug, or the system."""
        if who == "system":
            return SYSTEM
        user_id = org.user_id_of(who)
        if user_id is None:
            raise BadScript(f"名单里没有「{who}」（见 docs/cast.md）。")
        return org.actor_for(user_id, channel="rehearsal")

    def row(self, name: str) -> Row:
        """A ticket of this rehearsal by the name the script gave it."""
        if name not in self.tickets:
            raise BadScript(f"还没有叫「{name}」的工单。")
        return store.load(self.tickets[name])

    def task(self, words: str) -> tuple[Row, int]:
        """`c.step` or `c.step/branch`: the ticket and the number of its open task."""
        name, _, step = words.partition(".")
        step, _, branch = step.partition("/")
        row = self.row(name)
        candidates = [t for t in row.state.tasks if t.step == step and not t.done and (not branch or t.branch == branch)]
        if not candidates:
            if any(t.step == step and t.outcome == "done" for t in row.state.tasks):
                raise Refused(f"「{words}」这项任务已经办结，没有打开。")
            now = "、".join(t.step for t in row.state.open_tasks) or "没有"
            if step in procedure_of(row.edition_id).every_step:
                raise Refused(f"「{words}」这一步还没有打开，现在打开的是：{now}。")
            raise BadScript(f"规程里没有「{words}」这一步，现在打开的是：{now}。")
        return row, candidates[0].id

    # Acts ------------------------------------------------------------------------------------------

    def _files(self, actor: Actor, rest: str, given: dict[str, Any]) -> None:
        found = _match(_FILES, rest, "files 规程 as 名字")
        evidence = given.pop("evidence", None)
        community = given.pop("community", None)
        community_id = int(community) if community else actor.community or self.home()
        row = actions.file_ticket(
            actor, community_id, procedure=found["procedure"], answers=given, at=self.now, evidence=evidence
        )
        self.tickets[found["name"]] = row.id

    def _finishes(self, actor: Actor, rest: str, given: dict[str, Any]) -> None:
        evidence, why = given.pop("evidence", None), given.pop("on_behalf", "")
        row, task = self.task(rest)
        actions.finish(actor, self._seen(actor, row), task=task, answers=given, at=self.now, evidence=evidence, on_behalf=why)

    def _takes(self, actor: Actor, rest: str, given: dict[str, Any]) -> None:
        row, task = self.task(rest)
        actions.take(actor, self._seen(actor, row), task=task, at=self.now)

    def _starts(self, actor: Actor, rest: str, given: dict[str, Any]) -> None:
        name, _, step = rest.partition(".")
        actions.start(actor, self._seen(actor, self.row(name)), step=step, at=self.now)

    def _hands(self, actor: Actor, rest: str, given: dict[str, Any]) -> None:
        found = _match(_HANDS, rest, "hands 工单.步骤 to 某人")
        row, task = self.task(found["task"])
        to = self.actor(found["to"]).id or 0
        reason = given.get("reason", given.get("text", ""))
        actions.hand(actor, self._seen(actor, row), task=task, to=to, reason=reason, at=self.now)

    def _notes(self, actor: Actor, rest: str, given: dict[str, Any]) -> None:
        actions.note(actor, self._seen(actor, self.row(rest)), text=given.get("text", ""), at=self.now)

    def _urges(self, actor: Actor, rest: str, given: dict[str, Any]) -> None:
        reason = given.get("reason", given.get("text", ""))
        actions.urge(actor, self._seen(actor, self.row(rest)), reason=reason, at=self.now)

    def _amends(self, actor: Actor, rest: str, given: dict[str, Any]) -> None:
        reason = given.pop("reason", "")
        actions.amend(actor, self._seen(actor, self.row(rest)), answers=given, reason=reason, at=self.now)

    def _pauses(self, actor: Actor, rest: str, given: dict[str, Any]) -> None:
        until = moment(given["until"], self.now) if given.get("until") else None
        row = self._seen(actor, self.row(rest))
        actions.pause(actor, row, reason=given.get("reason", ""), until=until, remark=given.get("remark", ""), at=self.now)

    def _approves(self, actor: Actor, rest: str, given: dict[str, Any]) -> None:
        ok = given.get("ok", "yes") == "yes"
        actions.approve(actor, self._seen(actor, self.row(rest)), ok=ok, remark=given.get("remark", ""), at=self.now)

    def _resumes(self, actor: Actor, rest: str, given: dict[str, Any]) -> None:
        actions.resume(actor, self._seen(actor, self.row(rest)), at=self.now)

    def _withdraws(self, actor: Actor, rest: str, given: dict[str, Any]) -> None:
        actions.withdraw(actor, self._seen(actor, self.row(rest)), reason=given.get("reason", ""), at=self.now)

    def _reopens(self, actor: Actor, rest: str, given: dict[str, Any]) -> None:
        actions.reopen(actor, self._seen(actor, self.row(rest)), reason=given.get("reason", ""), at=self.now)

    def _links(self, actor: Actor, rest: str, given: dict[str, Any]) -> None:
        found = _match(_LINKS, rest, "links 工单 to 工单")
        one, other = self._seen(actor, self.row(found["one"])), self._seen(actor, self.row(found["other"]))
        actions.link(actor, one, to=other, kind=given.get("as", "same"), at=self.now)

    def _tries(self, actor: Actor, rest: str, given: dict[str, Any]) -> None:
        """Any registered action by name; `args` may name a ticket of the rehearsal as `ticket`."""
        if rest in ("files", "finishes", "takes", "hands", "notes", "urges", "amends", "pauses", "resumes"):
            raise BadScript("请直接写这个动作，并在内容里加 refused: 词。")
        act = ACTIONS.get(rest)
        if act is None:
            raise BadScript(f"没有「{rest}」这个动作。")
        args = dict(given.get("args", given))
        place: Any = actor.community
        if name := args.pop("ticket", None):
            place = self._seen(actor, self.row(name))
        act.run(actor, place, at=self.now, **args)

    # -----------------------------------------------------------------------------------------------

    def _seen(self, actor: Actor, row: Row) -> Row:
        """The row, if this person may see the ticket at all."""
        return row if actor is SYSTEM else queries.row(actor, row.id)

    def _refusal(self, act: Callable[[], None], words: str) -> Check:
        try:
            act()
        except Refused as no:
            said = no.message
            if words in ("refused", "yes") or words in said:
                return True, "", said
            return False, "", f"被拒绝，但理由不同：{said}"
        return False, "", "没有被拒绝"

    def _away(self, who: str, away: bool) -> None:
        person = self.actor(who)
        assert person.id is not None
        if away:
            user = org.user_by_username(who)
            self.away[who] = org_actions.delegate(
                SYSTEM, None, user=user, starts_at=self.now, ends_at=self.now + timedelta(days=30), reason="演练：不在岗", at=self.now
            )
        elif who in self.away:
            org_actions.end_delegation(SYSTEM, self.away.pop(who), at=self.now)

    def home(self) -> int:
        return estate.community_by_slug("liyuan").pk

    def _last_notice(self) -> int:
        return Notice.objects.aggregate(last=Max("pk"))["last"] or 0


def _match(pattern: re.Pattern[str], text: str, wanted: str) -> re.Match[str]:
    found = pattern.fullmatch(text)
    if not found:
        raise BadScript(f"看不懂「{text}」，应写作「{wanted}」。")
    return found
