"""A procedure as a graph, with the live position of a ticket; and the graph as an SVG that reads on a telephone.

The SVG has classes only (`flow-…`, `is-…`), no styles and no scripts; texts are escaped. One column from top to bottom: ways that
bend run in lanes, forward on the left, back on the right, and are said in words beneath the step they leave.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from itertools import pairwise
from typing import Literal
from xml.sax.saxutils import escape, quoteattr

import msgspec

from .clocks import late_from
from .difference import condition_said, limit_said
from .procedure import END, Procedure, Step
from .ticket import Task, Ticket

START = "start"
State = Literal["", "done", "open", "late", "future", "skipped"]
STATES = {"done": "已办", "open": "在办", "late": "逾期", "future": "未到", "skipped": "不用办"}


class Node(msgspec.Struct, frozen=True):
    """`kind`: start end step each group sub offered. `inside` names the group of a sub-step, `did` says who did it or has it."""

    id: str
    kind: str
    title: str
    who: str = ""
    limit: str = ""
    note: str = ""
    state: State = ""
    inside: str = ""
    did: str = ""


class Edge(msgspec.Struct, frozen=True):
    """`kind`: next (the order of work), bend (`next` written), then (when its times are used up), offer."""

    source: str
    target: str
    label: str = ""
    kind: str = "next"


class Graph(msgspec.Struct, frozen=True):
    title: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


def diagram(procedure: Procedure, ticket: Ticket | None = None, at: datetime | None = None) -> Graph:
    """`at` is the moment for which lateness is shown; the ticket's last event unless given."""
    p = procedure
    nodes = [Node(START, "start", "开始", state="done" if ticket and ticket.filed_at else "")]
    for name in (*p.path, END, *(n for n, s in p.steps.items() if s.offered)):
        if name == END:
            nodes.append(Node(END, "end", "办结", state="done" if ticket and ticket.status == "closed" else "future" if ticket else ""))
            continue
        step = p.steps[name]
        nodes.append(_node(p, step, ticket, at))
        nodes += [_node(p, p.inner[sub], ticket, at) for sub in step.together]
    return Graph(f"{p.title}（{p.edition}）", tuple(nodes), tuple(_edges(p)))


def _node(p: Procedure, step: Step, ticket: Ticket | None, at: datetime | None) -> Node:
    kind = "sub" if step.inside else "group" if step.together else "offered" if step.offered else "each" if step.each else "step"
    notes = []
    if step.each:
        notes.append(f"按「{p.asks[step.each].title}」各办一份" + (f"，{p.people[step.lead].title}统筹" if step.lead else ""))
    if step.together:
        notes.append("下列各项同时办，办完一项即可" if step.first else "下列各项同时办，全部办完")
    if step.when:
        notes.append("仅当" + condition_said(p, step.when))
    if step.two_people:
        notes.append("双人办理")
    return Node(
        step.name,
        kind,
        step.title,
        p.people[step.who].title if step.who in p.people and not step.together else "",
        limit_said(p, step.within) if step.within else "",
        "；".join(notes),
        _state(p, step, ticket, at) if ticket else "",
        step.inside,
    )


def _state(p: Procedure, step: Step, ticket: Ticket, at: datetime | None) -> State:
    names = step.together or (step.name,)
    visit = ticket.visits.get(step.name, 0)
    tasks = [t for t in ticket.tasks if t.step in names and t.visit == visit]
    if not tasks:
        return "future"
    working = [t for t in tasks if not t.done]
    if working:
        return "late" if any(_late(ticket, t, at) for t in working) else "open"
    return "done" if any(t.outcome == "done" for t in tasks) else "skipped"


def _late(ticket: Ticket, task: Task, at: datetime | None) -> bool:
    clock, now = ticket.clock_of(task.id), at or ticket.last
    return bool(clock and now and now >= late_from(clock.due))


def _edges(p: Procedure) -> list[Edge]:
    edges = [Edge(START, p.first)]
    for step in p.steps.values():
        for r in step.next:
            label = condition_said(p, r.when) if r.when else ""
            most = f"最多 {r.at_most} 次" if r.at_most else ""
            edges.append(Edge(step.name, r.go, "，".join(x for x in (label, most) if x), "bend"))
            if r.then:
                edges.append(Edge(step.name, r.then, f"{r.at_most} 次以后", "then"))
        if not step.offered and (not step.next or step.next[-1].when):
            edges.append(Edge(step.name, p.following[step.name], "否则" if step.next else ""))
        offered = [*step.offers, *(n for rung in step.ladder for n in (*rung.offer, *rung.must))]
        for sub in step.together:
            offered += [*p.inner[sub].offers, *(n for rung in p.inner[sub].ladder for n in (*rung.offer, *rung.must))]
        edges += [Edge(step.name, name, "可办", "offer") for name in dict.fromkeys(offered)]
    return edges


# SVG ------------------------------------------------------------------------------------

BOX = 250  # width of a step
LINE = 18  # height of a line of text
LANE = 9
PAD = 10
GAP = 24


class _Placed(msgspec.Struct):
    node: Node
    top: int
    bottom: int
    lines: list[tuple[str, str]]  # (class, text)
    said: list[str]  # words beneath
    indent: int = 0


def svg(graph: Graph) -> str:
    """Deterministic; about 390 units wide, as high as it needs."""
    titles = {n.id: n.title for n in graph.nodes}
    order = {n.id: i for i, n in enumerate(graph.nodes)}
    steps = [n.id for n in graph.nodes if n.kind != "sub"]
    under = dict(pairwise(steps))
    closing = {n.inside: n.id for n in graph.nodes if n.inside}.values()  # the last sub-step of each group
    placed: dict[str, _Placed] = {}
    y = PAD
    apart = False
    for node in graph.nodes:
        if node.kind == "offered" or (order[node.id] > order[END] and node.kind != "sub"):
            y += 0 if apart else GAP
            apart = True
        lines = _lines(node)
        said = [
            f"{e.label or '直接'} → {titles[e.target]}"
            for e in graph.edges
            if e.source == node.id and e.kind != "offer" and (e.kind != "next" or e.label)
        ]
        height = len(lines) * LINE + PAD
        placed[node.id] = _Placed(node, y, y + height, lines, [part for s in said for part in _wrapped(s, 22)], 12 if node.inside else 0)
        among = node.kind == "group" or (node.inside and node.id not in closing)
        y += height + (6 if among else GAP + 6 if node.inside else GAP)
        if node.kind != "group":
            y += len(placed[node.id].said) * LINE
    for node in graph.nodes:  # the words of a group stand beneath its last sub-step
        subs = [placed[n.id] for n in graph.nodes if n.inside == node.id]
        if subs and placed[node.id].said:
            extra = len(placed[node.id].said) * LINE
            last = subs[-1]
            y = _push(placed, order, last.node.id, extra, y)
            last.said, placed[node.id].said = placed[node.id].said, []
    return _drawn(graph, placed, order, under, y)


# A ticket's drawing: where everything stands is reckoned once for an edition, only states and words differ ------------

MARK = re.compile("\\x02(is|words|did|link):(\\w+)\\x03")


def live(procedure: Procedure, ticket: Ticket, at: datetime, did: Mapping[str, str], link: str) -> str:
    """The SVG of a ticket: `did` says of a step who did it or has it (one short line), `link` is the address of a step's
    card with `STEP` where its name goes."""
    states = {START: "done", END: "done" if ticket.status == "closed" else "future"}
    for step in procedure.every_step.values():
        states[step.name] = _state(procedure, step, ticket, at)
    said = {
        "is": states, "words": {name: STATES[state] for name, state in states.items() if state},
        "did": {name: escape(text[:24]) for name, text in did.items()},
        "link": {name: escape(link.replace("STEP", name), {'"': "&quot;"}) for name in states},
    }  # fmt: skip
    parts = _skeleton(procedure)
    return "".join(part if n % 3 == 0 else said[part].get(parts[n + 1], "") if n % 3 == 1 else "" for n, part in enumerate(parts))


def _skeleton(procedure: Procedure) -> list[str]:
    """Text, kind of mark, node, text, …: kept with the procedure, whose dictionary lives as long as it does."""
    found: list[str] | None = procedure.__dict__.get("skeleton")
    if found is None:
        plain = diagram(procedure)
        nodes = [
            msgspec.structs.replace(n, state=f"\x02is:{n.id}\x03", did="" if n.id in (START, END) else f"\x02did:{n.id}\x03")
            for n in plain.nodes
        ]
        text = svg(Graph(plain.title, tuple(nodes), plain.edges)).replace('role="img"', 'role="group"')
        for n in nodes:
            mark = f'data-step="{n.id}">'
            words = f"\x02words:{n.id}\x03"
            head, _, tail = text.partition(mark)
            body, close, rest = tail.partition("</g>")
            body = body.replace(n.state, words)
            if n.id not in (START, END):
                body = f'<a class="flow-link" href="\x02link:{n.id}\x03">{body}</a>'
            text = head + mark + body + close + rest
        found = procedure.__dict__["skeleton"] = MARK.split(text)
    return found


def _push(placed: dict[str, _Placed], order: dict[str, int], after: str, extra: int, y: int) -> int:
    for other in placed.values():
        if order[other.node.id] > order[after]:
            other.top += extra
            other.bottom += extra
    return y + extra


def _drawn(graph: Graph, placed: dict[str, _Placed], order: dict[str, int], under: dict[str, str], height: int) -> str:
    straight: list[Edge] = []
    bent: list[Edge] = []
    for e in graph.edges:
        near = under.get(e.source) == e.target and e.kind != "then"
        (straight if near else bent).append(e)
    ends = {n.id: max([placed[n.id].bottom, *(placed[s.id].bottom for s in graph.nodes if s.inside == n.id)]) for n in graph.nodes}
    left = _lanes([e for e in bent if order[e.target] > order[e.source]], placed, ends)
    right = _lanes([e for e in bent if order[e.target] <= order[e.source]], placed, ends)
    margin = 14 + LANE * max(left.values(), default=0)
    far = 14 + LANE * max(right.values(), default=0)
    slack = max(0, 390 - BOX - margin - far)
    x = margin + slack // 2
    width = x + BOX + far + slack - slack // 2
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="flow" viewBox="0 0 {width} {height}" role="img"'
        f" aria-label={quoteattr(graph.title)}>",
        f"<title>{escape(graph.title)}</title>",
        '<defs><marker id="flow-arrow" class="flow-arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7"'
        ' orient="auto"><path d="M0 0 8 4 0 8z"/></marker></defs>',
    ]
    for e in straight:
        down = f"M{x + BOX - 20} {ends[e.source]}V{placed[e.target].top}"
        out.append(f'<path class="flow-edge flow-{e.kind}" d="{down}" marker-end="url(#flow-arrow)"/>')
    for i, e in enumerate(bent):
        lanes, side = (left, -1) if e in left else (right, 1)
        lane = x - LANE * lanes[e] - 3 if side < 0 else x + BOX + LANE * lanes[e] + 3
        edge = x if side < 0 else x + BOX
        start = placed[e.source].bottom - 5 - 3 * (i % 3)
        stop = placed[e.target].top + 7 + 3 * (i % 3)
        out.append(f'<path class="flow-edge flow-{e.kind}" d="M{edge} {start}H{lane}V{stop}H{edge}" marker-end="url(#flow-arrow)"/>')
    for n in graph.nodes:
        out += _box(n, placed[n.id], x, ends[n.id])
    return "".join([*out, "</svg>\n"])


def _lanes(edges: list[Edge], placed: dict[str, _Placed], ends: dict[str, int]) -> dict[Edge, int]:
    """Lane 1 is nearest the boxes; edges that pass each other get different lanes, short ones inside."""
    found: dict[Edge, int] = {}
    taken: list[tuple[int, int, int]] = []
    spans = {e: tuple(sorted((placed[e.source].bottom, placed[e.target].top))) for e in edges}
    for e in sorted(edges, key=lambda e: (spans[e][1] - spans[e][0], spans[e], e.kind)):
        a, b = spans[e]
        lane = 1
        while any(lane == other and a <= d + 4 and c - 4 <= b for other, c, d in taken):
            lane += 1
        taken.append((lane, a, b))
        found[e] = lane
    return found


def _box(node: Node, at: _Placed, x: int, end: int) -> list[str]:
    state = f" is-{node.state}" if node.state else ""
    said = f"{node.title}，{STATES.get(node.state, node.state)}" if node.state else node.title
    left, width = x + at.indent, BOX - 2 * at.indent
    bottom = end + 6 if node.kind == "group" else at.bottom
    middle = node.kind in ("start", "end")
    size = f'width="{width}" height="{bottom - at.top}" rx="{16 if middle else 6}"'
    out = [
        f'<g class="flow-node flow-{node.kind}{state}" data-step={quoteattr(node.id)}><title>{escape(said)}</title>',
        f'<rect class="flow-box" x="{left}" y="{at.top}" {size}/>',
    ]
    for i, (kind, text) in enumerate(at.lines):
        y = at.top + PAD // 2 + i * LINE + 13
        place = f'x="{left + width // 2}" y="{y}" text-anchor="middle"' if middle else f'x="{left + 10}" y="{y}"'
        out.append(f'<text class="flow-{kind}" {place}>{escape(text)}</text>')
    if node.state:
        words = STATES.get(node.state, node.state)
        out.append(f'<text class="flow-state" x="{left + width - 8}" y="{at.top + 18}" text-anchor="end">{words}</text>')
    out.append("</g>")
    first = bottom + 15
    out += [f'<text class="flow-label" x="{x + 4}" y="{first + i * LINE}">{escape(text)}</text>' for i, text in enumerate(at.said)]
    return out


def _lines(node: Node) -> list[tuple[str, str]]:
    inner = 15 if node.state else 17
    lines = [("title", part) for part in _wrapped(node.title, inner if not node.inside else inner - 2)]
    details = " · ".join(t for t in (node.who, node.limit) if t)
    lines += [("detail", part) for part in _wrapped(details, 19 if not node.inside else 17)]
    lines += [("note", part) for part in _wrapped(node.note, 19 if not node.inside else 17)]
    return [*lines, ("did", node.did)] if node.did else lines


def _wrapped(text: str, most: int) -> list[str]:
    """Lines no wider than `most` Chinese characters; Latin letters and digits count half."""
    lines: list[str] = []
    line, width = "", 0.0
    for char in text:
        wide = 0.55 if ord(char) < 0x2E80 else 1.0
        if width + wide > most and line:
            lines.append(line.strip())
            line, width = "", 0.0
        line, width = line + char, width + wide
    return [*lines, line.strip()] if line.strip() else lines
