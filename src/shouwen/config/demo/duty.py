"""The duty of the demo's last days: who came, what was signed, and the latest hand-over of the desk."""

from __future__ import annotations

from datetime import datetime, timedelta

from shouwen.duty import actions, queries
from shouwen.duty import handover as rule
from shouwen.duty.models import HandoverLine
from shouwen.estate.models import Community
from shouwen.org import queries as org
from shouwen.org.models import User

from .world import World

POST = "receptionist"
LATE = {"wang": 12, "gu": 4}
"""Who came how many minutes late today."""


def live(world: World, *, until: datetime) -> None:
    """Two days of presence and signatures; the shift before now handed the desk to the one that is on."""
    _came(world.liyuan, until)
    _signed(world.liyuan, until)
    _handed(world.liyuan, until)


def _came(community: Community, until: datetime) -> None:
    here = queries.current_directory(community)
    today = until.astimezone(queries.CHINA).date()
    late = {org.user_id_of(name): minutes for name, minutes in LATE.items()}
    for span in here.spans(today - timedelta(1), 2):
        moment = span.starts_at + timedelta(minutes=late.get(span.user, -12) if span.starts_at.date() == today else -11)
        if moment < until:
            actions.check_in(org.actor_for(span.user), community, post=span.post, at=moment)


def _signed(community: Community, until: datetime) -> None:
    lin = org.actor_for(org.user_id_of("lin") or 0)
    days = [day for slug in ("desk", "keys") for day in queries.overdue(community.pk, until.astimezone(queries.CHINA).date())[slug]]
    for day in sorted(set(days))[:-1]:  # yesterday still waits
        for book in ("desk", "keys"):
            actions.sign_off(lin, community, book=book, day=day, at=until)


def _handed(community: Community, until: datetime) -> None:
    """The desk passes a little late, as it does when the last caller of a shift takes long."""
    here = queries.current_directory(community)
    on = next(iter(here.running(until, POST)), None)
    given = next((s for s in here.spans(until.astimezone(queries.CHINA).date() - timedelta(1), 2) if s.post == POST and on and s.ends_at == on.starts_at), None)
    if on is None or given is None or given.user == on.user:
        return
    giver, receiver = org.actor_for(given.user), org.actor_for(on.user)
    sheet = actions.open_handover(giver, community, post=POST, receiver=User.objects.get(pk=on.user), at=until)
    actions.arrive(giver, sheet, at=until)
    actions.fill(
        giver, sheet, lines={line.pk: filled(line) for line in HandoverLine.objects.filter(handover=sheet)},
        special="都在等责任部门办理，时限未到", late_cause="最后一位来电说了很久", at=until,
    )  # fmt: skip
    actions.explain(giver, sheet, at=until)
    last = queries.shift_lines(sheet).order_by("-pk").values_list("pk", flat=True).first() or 0
    actions.read_log(receiver, sheet, upto=last, at=until)
    for line in HandoverLine.objects.filter(handover=sheet, kind="work", closed=False).exclude(weight="ordinary"):
        actions.contain(org.actor_for(org.user_id_of("lin") or 0), line, plan="现场已控制，值班经理跟到办结", at=until)
    actions.sign(giver, sheet, at=until)
    actions.accept(receiver, sheet, at=until)


def filled(line: HandoverLine) -> dict[str, object]:
    """What people write into a line on which all is well."""
    if line.kind == "prep":
        return {"note": "无"}
    if line.kind in rule.COUNTED:
        return {"given": line.expected or 0, "received": line.expected or 0}
    if line.kind in rule.CHECKED:
        return {"told": True, "answer": "normal"}
    return {"note": "已催责任部门，到时限前再问一次" if line.kind == "work" else "", "told": True, "understood": True}
