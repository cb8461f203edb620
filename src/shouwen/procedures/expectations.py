"""What a rehearsal expects, checked against the database: tickets, messages, books, papers, forms."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from shouwen.duty.models import LogLine
from shouwen.notices.models import Notice
from shouwen.org import queries as org
from shouwen.papers.models import Paper

from . import parts, reports
from .calendars import local
from .deciding import finder_for
from .editions import edition_in_force, procedure_of
from .engine import Task
from .models import Event, Link, Ticket
from .scripts import BadScript, moment
from .store import Row, grade_of

if TYPE_CHECKING:
    from .stage import Stage

Check = tuple[bool, str, str]
"""Whether it held, the text to show ("" = the script line itself), what was found."""

_SPACE = re.compile(r"\s+")
_OPENED = re.compile(r"(?P<procedure>\w+) as (?P<name>\w+)")


class Expectations:
    """Each method `_x` checks one kind of expectation; `_ticket_x` one key of `expect NAME: {x: …}`."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage

    def check(self, what: str, value: Any) -> list[Check]:
        """One `expect` line; a ticket's mapping gives one check per key."""
        head, _, rest = what.partition(" ")
        match head:
            case "told":
                return [self._told(value)]
            case "not" if rest == "told":
                ok, text, found = self._told(value)
                return [(not ok, text, found)]
            case "book":
                return [self._book(rest, value)]
            case "timeline":
                return [self._timeline(rest, value)]
            case "printed":
                return [self._printed(rest, value)]
            case "form":
                return self._form(rest, value)
            case "report":
                return self._report(rest, value)
            case "scheduled":
                return [self._scheduled(value)]
            case "opened" if found := _OPENED.fullmatch(rest):
                return [self._scheduled({found["procedure"]: found["name"]})]
        if look := parts.known(self.stage.parts, f"expect_{head}"):
            return list(look(rest, value))
        row = self.stage.row(head)
        if not isinstance(value, dict):
            raise BadScript(f"「expect {head}」后面应写 {{…}}。")
        checks = []
        for key, wanted in value.items():
            method: Callable[[Row, Any], tuple[bool, str]] | None = getattr(self, f"_ticket_{key}", None)
            if method is None:
                raise BadScript(f"「expect {head}」不认识「{key}」。")
            ok, found = method(row, wanted)
            checks.append((ok, f"{head}.{key}: {wanted}".replace("'", ""), found))
        return checks

    # Tickets -----------------------------------------------------------------------------------------

    def _ticket_open(self, row: Row, wanted: Any) -> tuple[bool, str]:
        names = sorted(_label(t, wanted) for t in row.state.tasks if not t.done)
        return names == sorted(_many(wanted)), "、".join(names) or "没有打开的任务"

    def _ticket_due(self, row: Row, wanted: dict[str, str]) -> tuple[bool, str]:
        found, ok = [], True
        for name, when in wanted.items():
            dues = [c.due for c in row.state.clocks if not c.superseded and self._clock_is(row, c, name)]
            due = dues[-1] if dues else None
            if when in ("none", "无"):
                ok &= due is None
            else:
                ok &= due is not None and _minute(due) == _minute(moment(when, self.stage.now))
            found.append(f"{name} {local(due):%Y-%m-%d %H:%M}" if due else f"{name} 无时限")
        return ok, "；".join(found)

    def _ticket_verdict(self, row: Row, wanted: dict[str, str]) -> tuple[bool, str]:
        found, ok = [], True
        for name, verdict in wanted.items():
            verdicts = [c.verdict for c in row.state.clocks if not c.superseded and self._clock_is(row, c, name)]
            last = verdicts[-1] if verdicts else "无时钟"
            ok &= (last or "running") == verdict
            found.append(f"{name} {last or 'running'}")
        return ok, "；".join(found)

    def _ticket_promise(self, row: Row, wanted: dict[str, str]) -> tuple[bool, str]:
        found, ok = [], True
        for name, verdict in wanted.items():
            clocks = [c for c in row.state.clocks if c.kind == "promise" and c.name == name]
            last = (clocks[-1].verdict or "running") if clocks else "无"
            ok &= last == verdict
            found.append(f"{name} {last}")
        return ok, "；".join(found)

    def _ticket_closed(self, row: Row, wanted: str) -> tuple[bool, str]:
        closed = row.state.status == "closed"
        return closed == (wanted == "yes"), f"状态 {row.state.status}"

    def _ticket_status(self, row: Row, wanted: str) -> tuple[bool, str]:
        return row.state.status == wanted, row.state.status

    def _ticket_class(self, row: Row, wanted: str) -> tuple[bool, str]:
        grade = grade_of(row.state)
        return grade == wanted, grade or "无"

    def _ticket_offered(self, row: Row, wanted: Any) -> tuple[bool, str]:
        offered = self._offered(row)
        return set(_many(wanted)) <= offered, "、".join(sorted(offered)) or "无"

    def _ticket_not_offered(self, row: Row, wanted: Any) -> tuple[bool, str]:
        offered = self._offered(row)
        return not set(_many(wanted)) & offered, "、".join(sorted(offered)) or "无"

    def _ticket_answers(self, row: Row, wanted: dict[str, Any]) -> tuple[bool, str]:
        rules = procedure_of(row.edition_id)
        found, ok = {}, True
        for name, value in wanted.items():
            have = row.state.answers.get(name, "")
            if name in rules.asks and rules.asks[name].kind == "staff" and have:
                have = tuple(self._user(v) for v in _many(have)) if not isinstance(have, str) else self._user(have)
            ok &= _text(have) == _text(value)
            found[name] = _text(have)
        return ok, "；".join(f"{k}: {v or '（空）'}" for k, v in found.items())

    def _ticket_holder(self, row: Row, wanted: dict[str, Any]) -> tuple[bool, str]:
        found, ok = [], True
        finder = finder_for(row, procedure_of(row.edition_id), self.stage.now)
        for name, who in wanted.items():
            task = self._task(row, name)
            if task is None:
                return False, f"没有「{name}」这项任务"
            names = (task.holder or task.role,)
            people = finder.find(names, task)
            have = {self._user(str(u)) for u in people.users} | set(people.parties)
            ok &= set(_many(who)) <= have
            found.append(f"{name} {'、'.join(sorted(have))}")
        return ok, "；".join(found)

    def _ticket_children(self, row: Row, wanted: dict[str, str]) -> tuple[bool, str]:
        children = self._children(row)
        for procedure, name in wanted.items():
            match = [t for t in children if t.procedure == procedure and t.pk not in self.stage.tickets.values()]
            match = match or [t for t in children if t.procedure == procedure]
            if not match:
                return False, "、".join(t.procedure for t in children) or "没有子工单"
            self.stage.tickets[name] = match[-1].pk
        return True, "、".join(t.number for t in children)

    def _ticket_opened(self, row: Row, wanted: Any) -> tuple[bool, str]:
        have = [t.procedure for t in self._children(row)]
        return set(_many(wanted)) <= set(have), "、".join(have) or "没有子工单"

    def _ticket_not_opened(self, row: Row, wanted: Any) -> tuple[bool, str]:
        have = [t.procedure for t in self._children(row)]
        return not set(_many(wanted)) & set(have), "、".join(have) or "没有子工单"

    def _ticket_links(self, row: Row, wanted: dict[str, str]) -> tuple[bool, str]:
        have = {
            (other, kind)
            for a, b, kind in Link.objects.filter(ticket_id=row.id).values_list("ticket_id", "to_id", "kind")
            for other in (b,)
        } | {(a, kind) for a, kind in Link.objects.filter(to_id=row.id).values_list("ticket_id", "kind")}
        ok = all((self.stage.tickets.get(name), kind) in have for name, kind in wanted.items())
        return ok, str(sorted(have))

    def _ticket_number(self, row: Row, wanted: str) -> tuple[bool, str]:
        return row.number.startswith(wanted), row.number

    def _ticket_step_done(self, row: Row, wanted: Any) -> tuple[bool, str]:
        done = {_label(t, wanted) for t in row.state.tasks if t.done and t.outcome == "done"}
        return set(_many(wanted)) <= done, "、".join(sorted(done)) or "无"

    def _ticket_not_done(self, row: Row, wanted: Any) -> tuple[bool, str]:
        done = {_label(t, wanted) for t in row.state.tasks if t.done and t.outcome == "done"}
        return not set(_many(wanted)) & done, "、".join(sorted(done)) or "无"

    def _ticket_tracker(self, row: Row, wanted: str) -> tuple[bool, str]:
        who = self._user(row.state.tracker or row.state.first_asked)
        return who == wanted, who

    def _ticket_first_asked(self, row: Row, wanted: str) -> tuple[bool, str]:
        who = self._user(row.state.first_asked)
        return who == wanted, who

    def _ticket_evidence(self, row: Row, wanted: dict[str, Any]) -> tuple[bool, str]:
        found, ok = [], True
        for step, names in wanted.items():
            have: set[str] = set()
            for payload in Event.objects.filter(ticket_id=row.id).values_list("payload", flat=True):
                have |= {n for n in _many(names) if f'"{n}"' in payload}
            ok &= set(_many(names)) <= have
            found.append(f"{step} {'、'.join(sorted(have))}")
        return ok, "；".join(found)

    def _ticket_confidential(self, row: Row, wanted: str) -> tuple[bool, str]:
        return row.confidential == (wanted == "yes"), "保密" if row.confidential else "不保密"

    # Everything else ---------------------------------------------------------------------------------

    def _told(self, value: dict[str, Any]) -> Check:
        rows = Notice.objects.filter(pk__gt=self.stage.heard)
        if about := value.get("about"):
            name, _, step = str(about).partition(".")
            step = step.partition("/")[0]
            row = self.stage.row(name)
            rows = rows.filter(about__startswith=f"ticket:{row.id}" + (f"/{step}" if step else ""))
            if not step:
                rows = rows.filter(about__regex=rf"^ticket:{row.id}(/|$)")
        if why := value.get("why"):
            rows = rows.filter(why__in=_many(why))
        if at := value.get("at"):
            first = _minute(moment(at, self.stage.now))
            rows = rows.filter(at__gte=first, at__lt=first + timedelta(minutes=1))
        found = [(n.party or self._user(str(n.user_id)), f"{n.title} {n.body}") for n in rows]
        if text := value.get("text"):
            found = [(who, words) for who, words in found if str(text) in words]
        have = {who for who, _ in found}
        wanted = set(_many(value["who"])) if "who" in value else set()
        ok = wanted <= have if wanted else bool(found)
        every = [f"{local(n.at):%H:%M} {n.party or self._user(str(n.user_id))}（{n.why} {n.title}）" for n in Notice.objects.filter(pk__gt=self.stage.heard)]
        return ok, "", "；".join(every) or "没有人收到通知"

    def _book(self, post: str, value: dict[str, str]) -> Check:
        lines = list(
            LogLine.objects.filter(post=post, pk__gt=self.stage.first_line).values_list("text", flat=True)
        )
        return any(value["contains"] in line for line in lines), "", "；".join(lines[-5:]) or "没有记录"

    def _timeline(self, name: str, value: dict[str, Any]) -> Check:
        rows = Event.objects.filter(ticket_id=self.stage.row(name).id).order_by("seq")
        texts = [f"{text} {payload}" for text, payload in rows.values_list("text", "payload")]
        wanted = _many(value["contains"])
        return all(any(w in t for t in texts) for w in wanted), "", "；".join(t.split(" {")[0] for t in texts)[-300:]

    def _printed(self, name: str, value: Any) -> Check:
        row = self.stage.row(name)
        forms = list(Paper.objects.filter(about=f"ticket:{row.id}").values_list("form", flat=True))
        return set(_many(value)) <= set(forms), "", "、".join(forms) or "没有打印"

    def _scheduled(self, value: dict[str, str]) -> Check:
        opened = Ticket.objects.filter(pk__gt=self.stage.first_ticket)
        for procedure, name in value.items():
            found = opened.filter(procedure=procedure).order_by("-pk").first()
            if found is None:
                return False, "", "、".join(opened.values_list("procedure", flat=True)) or "没有定期开出的工单"
            self.stage.tickets[name] = found.pk
        return True, "", "已开出"

    def _report(self, procedure: str, value: dict[str, Any]) -> list[Check]:
        """The figures of the rehearsal's day, as the service manager sees them."""
        day = local(self.stage.now).date()
        found = reports.report(
            self.stage.actor(value.get("who", "chen")), self.stage.home(), procedure=procedure, since=day, until=day,
            by=value.get("by", ""), at=self.stage.now,
        )  # fmt: skip
        have: dict[str, Any] = {
            "total": found.total, "closed": found.closed, "late": found.late, "reopened": found.reopened,
            "rows": {row.title: str(row.count) for row in found.rows},
        }  # fmt: skip
        wanted = {key: v for key, v in value.items() if key not in ("who", "by")}
        if unknown := set(wanted) - set(have):
            raise BadScript(f"「expect report」不认识「{'、'.join(sorted(unknown))}」。")
        return [
            (str(have[key]) == str(v) and (key != "rows" or list(have[key]) == list(v)), f"report {procedure} {key}: {v}", str(have[key]))
            for key, v in wanted.items()
        ]  # fmt: skip

    def _form(self, what: str, value: dict[str, Any]) -> list[Check]:
        slug, _, step_name = what.partition(".")
        _, rules = edition_in_force(slug, self.stage.home(), self.stage.now)
        step = rules.every_step.get(step_name or rules.first)
        if step is None:
            return [(False, "", f"没有「{step_name}」这一步")]
        checks: list[Check] = []
        for key, wanted in value.items():
            match key:
                case "asks":
                    ok, found = set(_many(wanted)) <= set(step.asks), "、".join(step.asks)
                case "required":
                    required = {n for n, a in step.asks.items() if not a.optional}
                    ok, found = set(_many(wanted)) <= required, "、".join(required)
                case "private":
                    private = {n for n, a in step.asks.items() if a.private}
                    ok, found = set(_many(wanted)) <= private, "、".join(private)
                case "options":
                    have = {n: list(a.pick) for n, a in step.asks.items()}
                    ok = all(set(_many(keys)) <= set(have.get(n, ())) for n, keys in wanted.items())
                    found = str({n: have.get(n) for n in wanted})
                case "says" | "do" | "title":
                    found = _SPACE.sub("", getattr(step, key))
                    ok = all(_SPACE.sub("", w) in found for w in _many(wanted))
                case "needs":
                    ok, found = set(_many(wanted)) <= set(step.needs), "、".join(step.needs)
                case "basis":
                    have_basis = set(step.basis) | set(step.within_basis) | {b for a in step.asks.values() for b in a.basis}
                    ok, found = set(_many(wanted)) <= have_basis, "、".join(sorted(have_basis))
                case _:
                    raise BadScript(f"「expect form」不认识「{key}」。")
            checks.append((ok, f"form {what} {key}: {wanted}".replace("'", ""), found[:300]))
        return checks

    # -------------------------------------------------------------------------------------------------

    def _clock_is(self, row: Row, clock: Any, name: str) -> bool:
        step, _, branch = name.partition("/")
        if clock.kind == "promise":
            return bool(clock.name == name)
        task = next((t for t in row.state.tasks if t.id == clock.task), None)
        return task is not None and task.step == step and (not branch or task.branch == branch)

    def _task(self, row: Row, name: str) -> Task | None:
        step, _, branch = name.partition("/")
        found = [t for t in row.state.tasks if t.step == step and (not branch or t.branch == branch)]
        still = [t for t in found if not t.done]
        return (still or found or [None])[-1]

    def _offered(self, row: Row) -> set[str]:
        rules = procedure_of(row.edition_id)
        return set(row.state.offered) | {n for n, s in rules.steps.items() if s.offered == "always"}

    def _children(self, row: Row) -> list[Ticket]:
        pks = Link.objects.filter(to_id=row.id).values_list("ticket_id", flat=True)
        return list(Ticket.objects.filter(pk__in=list(pks)).order_by("pk"))

    def _user(self, ref: str) -> str:
        return org.username_of(int(ref)) if ref.isdigit() else ref


def _label(task: Task, wanted: Any) -> str:
    """`step/branch` where the script names branches of that step, else `step`."""
    if task.branch and any(str(w).startswith(f"{task.step}/") for w in _many(wanted)):
        return f"{task.step}/{task.branch}"
    return task.step


def _many(value: Any) -> list[str]:
    if value in ("", None):
        return []
    return [str(v) for v in value] if isinstance(value, list | tuple) else [str(value)]


def _text(value: Any) -> str:
    return "、".join(str(v) for v in value) if isinstance(value, list | tuple) else str(value)


def _minute(at: datetime) -> datetime:
    return local(at).replace(second=0, microsecond=0)
