"""The duty as rehearsals play it: coming and going, lines of the book, hand-overs, signatures. Played through duty's own actions."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Any, Final

from shouwen.duty import actions, chores
from shouwen.duty import handover as rule
from shouwen.duty import queries as duty
from shouwen.duty.models import Handover, HandoverLine, Presence
from shouwen.duty.queries.standing import standing
from shouwen.kernel.access import Actor

from .parts import Check, Part, compared, many, only
from .scripts import BadScript

_OPENS = re.compile(r"(?P<post>[\w-]+)(?: to (?P<to>[\w-]+))? as (?P<name>\w+)")
WRITTEN: Final = ("note", "cause", "course", "explanation", "plan", "given", "received", "answer", "told", "understood", "weight")
"""What a script may write into a line."""


class Shifts(Part):
    """`named`: hand-overs by the name the script gave them. `watched`: until when the worker has looked."""

    def __init__(self, stage: Any) -> None:
        super().__init__(stage)
        self.watched = self.now

    # Coming, going, writing ---------------------------------------------------------------------------

    def do_comes(self, actor: Actor, rest: str, given: dict[str, Any]) -> None:
        actions.check_in(actor, self.place(actor), post=rest, at=self.now)

    def do_leaves(self, actor: Actor, rest: str, given: dict[str, Any]) -> None:
        rows = Presence.objects.filter(user=actor.id, post=rest, left_at__isnull=True, starts_at__lte=self.now)
        row = rows.order_by("-starts_at").first()
        if row is None:
            raise BadScript(f"「{actor.name}」没有在「{rest}」登记到岗。")
        actions.check_out(actor, row, reason=only(given, "text", "reason").get("text", given.get("reason", "")), at=self.now)

    def do_writes(self, actor: Actor, rest: str, given: dict[str, Any]) -> None:
        when = only(given, "text", "happened").get("happened")
        actions.write(actor, self.place(actor), post=rest, text=given.get("text", ""), event_at=self.moment(when) if when else None, at=self.now)

    def do_reviews(self, actor: Actor, rest: str, given: dict[str, Any]) -> None:
        day = only(given, "day", "remark").get("day", "")
        try:
            wanted = date.fromisoformat(day)
        except ValueError:
            raise BadScript(f"看不懂的日期「{day}」，应写作 2026-11-23。") from None
        actions.sign_off(actor, self.place(actor), book=rest, day=wanted, remark=given.get("remark", ""), at=self.now)

    # The hand-over ------------------------------------------------------------------------------------

    def do_opens(self, actor: Actor, rest: str, given: dict[str, Any]) -> None:
        found = _OPENS.fullmatch(rest)
        if not found:
            raise BadScript(f"看不懂「{rest}」，应写作「opens 岗位 as 名字」或「opens 岗位 to 岗位 as 名字」。")
        receiver = only(given, "receiver").get("receiver")
        sheet = actions.open_handover(
            actor, self.place(actor), post=found["post"], to_post=found["to"] or "", receiver=self.user(receiver) if receiver else None, at=self.now
        )
        self.named[found["name"]] = sheet.pk

    def do_fills(self, actor: Actor, rest: str, given: dict[str, Any]) -> None:
        """Every line as on a day when all is well, except what `lines` says of those whose title or number contains a word."""
        only(given, "lines", "special", "late_cause")
        sheet, said = self.sheet(rest), given.get("lines") or {}
        rows = list(HandoverLine.objects.filter(handover=sheet))
        if unknown := [word for word in said if not any(_called(row, word) for row in rows)]:
            raise BadScript(f"交接表上没有「{unknown[0]}」这一行。")
        written = {}
        for row in rows:
            own = {key: value for word, values in said.items() if _called(row, word) for key, value in only(values, *WRITTEN).items()}
            own |= {key: own[key] == "yes" for key in ("told", "understood") if key in own}
            written[row.pk] = (_well(row) if sheet.arrived_at else _prepared(row)) | own
        actions.fill(actor, sheet, lines=written, special=given.get("special"), late_cause=given.get("late_cause"), at=self.now)

    def do_adds(self, actor: Actor, rest: str, given: dict[str, Any]) -> None:
        only(given, "kind", "title", "weight")
        actions.add_line(actor, self.sheet(rest), kind=given.get("kind", "matter"), title=given.get("title", ""), weight=given.get("weight", "ordinary"), at=self.now)

    def do_contains(self, actor: Actor, rest: str, given: dict[str, Any]) -> None:
        word = only(given, "line", "plan").get("line", "")
        row = next((row for row in HandoverLine.objects.filter(handover=self.sheet(rest)).order_by("pk") if _called(row, word)), None)
        if row is None:
            raise BadScript(f"交接表上没有「{word}」这一行。")
        actions.contain(actor, row, plan=given.get("plan", ""), at=self.now)

    def do_arrives(self, actor: Actor, rest: str, given: dict[str, Any]) -> None:
        actions.arrive(actor, self.sheet(rest), at=self.now)

    def do_explains(self, actor: Actor, rest: str, given: dict[str, Any]) -> None:
        actions.explain(actor, self.sheet(rest), at=self.now)

    def do_reads(self, actor: Actor, rest: str, given: dict[str, Any]) -> None:
        """The whole book of the shift, to its last line."""
        sheet = self.sheet(rest)
        last = duty.shift_lines(sheet).order_by("-pk").values_list("pk", flat=True).first() or 0
        actions.read_log(actor, sheet, upto=last, at=self.now)

    def do_signs(self, actor: Actor, rest: str, given: dict[str, Any]) -> None:
        actions.sign(actor, self.sheet(rest), at=self.now)

    def do_accepts(self, actor: Actor, rest: str, given: dict[str, Any]) -> None:
        actions.accept(actor, self.sheet(rest), at=self.now)

    def do_refuses(self, actor: Actor, rest: str, given: dict[str, Any]) -> None:
        actions.refuse(actor, self.sheet(rest), reason=_why(given), at=self.now)

    def do_reports(self, actor: Actor, rest: str, given: dict[str, Any]) -> None:
        actions.report(actor, self.sheet(rest), reason=_why(given), at=self.now)

    def do_decides(self, actor: Actor, rest: str, given: dict[str, Any]) -> None:
        who = only(given, "decision", "reason", "stand_in").get("stand_in")
        actions.decide(
            actor, self.sheet(rest), decision=given.get("decision", ""), reason=given.get("reason", ""),
            stand_in=self.user(who) if who else None, at=self.now,
        )  # fmt: skip

    # What is expected ---------------------------------------------------------------------------------

    def expect_handover(self, rest: str, value: dict[str, Any]) -> list[Check]:
        sheet = self.sheet(rest)
        lines = list(sheet.lines.all())
        bars = duty.bars_of(sheet, lines, self.now) if sheet.state in Handover.OPEN else []
        signed = [one.name for one in sheet.signatures.all() if one.round == sheet.round]
        return compared(f"handover {rest}", value, {
            "state": sheet.state, "giver": sheet.giver.username, "receiver": sheet.receiver.username if sheet.receiver else "none",
            "signed": signed, "bars": "；".join(bar.text for bar in bars) or "none", "refusal": sheet.refusal or "none",
            "decided_by": sheet.decided_by or "none", "due": f"{sheet.due_at.astimezone(duty.CHINA):%H:%M}",
            "lines": "；".join(f"{line.number} {line.title}" for line in lines),
        })  # fmt: skip

    def expect_duty(self, rest: str, value: dict[str, Any]) -> list[Check]:
        """Who answers for a post at this moment, and who is expected next."""
        found = next((one for one in standing(self.stage.home(), self.now) if one.post == rest), None)
        if found is None:
            raise BadScript(f"「{rest}」现在没有排班。")
        names = {name: self.stage.actor(name).name for name in many(value.get("who", ())) + many(value.get("next", ()))}
        have = {"who": found.name, "state": found.state, "next": found.next_name or "none"}
        return compared(f"duty {rest}", {key: names.get(said, said) for key, said in value.items()}, have)

    def expect_signed(self, rest: str, value: Any) -> list[Check]:
        """`expect signed desk: 2026-11-23`: this day of the book has been signed."""
        wanted = date.fromisoformat(str(value))
        row = duty.signed_days(self.stage.home(), wanted, wanted).get((rest, wanted))
        return [(row is not None, "", row.by_name if row else "没有签阅")]

    def sheet(self, name: str) -> Handover:
        return Handover.objects.select_related("giver", "receiver").get(pk=self.pk(name, "交接"))

    # The worker ---------------------------------------------------------------------------------------

    def wakes(self, until: datetime) -> datetime | None:
        """Ten minutes after the end of each shift, once a script has handed something over: who has not is reported then."""
        if not self.named:
            return None
        here = duty.current_directory(self.stage.home())
        first = self.watched.astimezone(duty.CHINA).date()
        ends = {span.ends_at + chores.GRACE for span in here.spans(first - timedelta(1), (until - self.watched).days + 3)}
        return min((at for at in ends if self.watched < at <= until), default=None)

    def wake(self, at: datetime) -> None:
        self.watched = at
        chores.watch(at)


def _why(given: dict[str, Any]) -> str:
    return str(only(given, "text", "reason").get("reason", given.get("text", "")))


def _called(row: HandoverLine, word: str) -> bool:
    return word in (row.number, row.title) or word in row.title


def _prepared(row: HandoverLine) -> dict[str, Any]:
    """What the giver has ready before the relief comes."""
    if row.kind == "prep":
        return {"note": row.note or "无"}
    return {"told": True} if row.kind == "tidy" else {}


def _well(row: HandoverLine) -> dict[str, Any]:
    """What people write into a line on which all is well; what has been written already stays."""
    if row.kind == "prep":
        return {"note": row.note or "无"}
    if row.kind in rule.COUNTED:
        return {"given": row.expected or 0, "received": row.expected or 0}
    if row.kind in rule.CHECKED:
        return {"told": True, "answer": "normal"}
    note = row.note or ("已催责任部门，到时限前再问一次" if row.kind in ("work", "question") else "")
    return {"note": note, "told": True, "understood": True}

