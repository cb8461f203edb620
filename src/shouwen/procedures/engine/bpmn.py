"""A procedure as BPMN 2.0 XML with its drawing, for companies that keep their procedures in that notation.

Steps become tasks in lanes by role; limits become non-interrupting timer boundary events; `each` a parallel multi-instance;
`together` a sub-process between gateways (parallel, or inclusive when parts may be skipped); `first` a complex join that lets one
token through; `next` and `when` exclusive gateways; offered steps an ad-hoc part of their own, tied by event sub-processes.
"""

from __future__ import annotations

from itertools import count
from xml.etree import ElementTree as ET

from .difference import condition_said, limit_said
from .procedure import END, Procedure, Step

MODEL = "http://www.omg.org/spec/BPMN/20100524/MODEL"
DI = "http://www.omg.org/spec/BPMN/20100524/DI"
DC = "http://www.omg.org/spec/DD/20100524/DC"
DD = "http://www.omg.org/spec/DD/20100524/DI"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
SIZES = {"task": (160, 70), "gateway": (50, 50), "event": (36, 36)}
COLUMN, ROW, TOP = 260, 130, 60


def to_bpmn(procedure: Procedure) -> str:
    """The whole procedure as one executable-looking, non-executable process."""
    return _Writer(procedure).text()


class _Writer:
    def __init__(self, p: Procedure) -> None:
        self.p = p
        for prefix, uri in (("bpmn", MODEL), ("bpmndi", DI), ("dc", DC), ("di", DD), ("xsi", XSI)):
            ET.register_namespace(prefix, uri)
        self.root = ET.Element(
            f"{{{MODEL}}}definitions",
            {"id": f"definitions_{p.procedure}", "targetNamespace": "urn:shouwen:procedures", "exporter": "shouwen"},
        )
        self.process = self.sub(self.root, "process", id=f"process_{p.procedure}", name=f"{p.title} {p.edition}", isExecutable="false")
        self.plane = ET.Element(f"{{{DI}}}BPMNPlane", {"id": "plane", "bpmnElement": f"process_{p.procedure}"})
        self.numbers = count(1)
        self.places: dict[str, tuple[float, float, int, int]] = {}
        self.flows: dict[str, list[ET.Element]] = {}
        self.lanes: dict[str, list[str]] = {}
        self.entry: dict[str, str] = {END: "end"}
        self.row = 0

    # Building blocks

    def sub(self, parent: ET.Element, tag: str, **attributes: str) -> ET.Element:
        return ET.SubElement(parent, f"{{{MODEL}}}{tag}", attributes)

    def node(self, tag: str, id: str, name: str, *, size: str, column: int = 0, role: str = "", **attributes: str) -> ET.Element:
        element = self.sub(self.process, tag, id=id, **({"name": name} if name else {}), **attributes)
        width, height = SIZES[size]
        self.places[id] = (TOP + column * COLUMN + 80 - width / 2, TOP + self.row * ROW + 35 - height / 2, width, height)
        self.lanes.setdefault(role, []).append(id)
        return element

    def flow(self, source: str, target: str, name: str = "", condition: str = "") -> str:
        id = f"flow_{next(self.numbers)}"
        attributes = {"id": id, "sourceRef": source, "targetRef": target} | ({"name": name} if name else {})
        element = self.sub(self.process, "sequenceFlow", **attributes)
        if condition:
            expression = self.sub(element, "conditionExpression")
            expression.set(f"{{{XSI}}}type", "bpmn:tFormalExpression")
            expression.text = condition
        return id

    # The process

    def text(self) -> str:
        p = self.p
        for name in p.steps:
            self.entry[name] = f"when_{name}" if p.steps[name].when else self.heart(p.steps[name])
        self.node("startEvent", "start", "受理", size="event")
        self.row += 1
        exits: list[tuple[Step, str]] = [(p.steps[name], self.step(p.steps[name])) for name in p.path]
        self.node("endEvent", "end", "办结", size="event")
        self.row += 2
        exits += [(s, self.offered(s)) for s in p.steps.values() if s.offered]
        self.flow("start", self.entry[p.first])
        for step, out in exits:
            self.leave(step, out)
        self.finish()
        return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(self.root, encoding="unicode") + "\n"

    def heart(self, step: Step) -> str:
        return f"split_{step.name}" if step.together else f"task_{step.name}"

    def offered(self, step: Step) -> str:
        """A step beside the path: begun by hand, so by an event of its own."""
        start = self.node("startEvent", f"offer_{step.name}", f"需要时：{step.title}", size="event", column=0)
        self.sub(start, "conditionalEventDefinition", id=f"offer_{step.name}_condition")
        definition = start[-1]
        expression = self.sub(definition, "condition")
        expression.set(f"{{{XSI}}}type", "bpmn:tFormalExpression")
        expression.text = f"offered('{step.name}')"
        self.flow(f"offer_{step.name}", self.entry[step.name])
        self.row += 1
        return self.step(step)

    def step(self, step: Step) -> str:
        """Draws one step; the id of the element its way out starts from."""
        following = self.entry[self.p.following.get(step.name, END)] if not step.offered else f"done_{step.name}"
        if step.when:
            self.node("exclusiveGateway", f"when_{step.name}", "", size="gateway")
            self.flow(f"when_{step.name}", self.heart(step), condition_said(self.p, step.when), condition_said(self.p, step.when))
            otherwise = self.flow(f"when_{step.name}", following, "否则")
            self.process.find(f"*[@id='when_{step.name}']").set("default", otherwise)  # type: ignore[union-attr]
            self.row += 1
        if not step.together:
            self.task(step, 0)
            self.row += 1
            return f"task_{step.name}"
        subs = [self.p.inner[name] for name in step.together]
        some = any(s.when for s in subs)
        self.node("inclusiveGateway" if some else "parallelGateway", f"split_{step.name}", step.title, size="gateway")
        self.row += 1
        join = "complexGateway" if step.first else "inclusiveGateway" if some else "parallelGateway"
        for column, sub in enumerate(subs):
            self.task(sub, column)
            said = condition_said(self.p, sub.when) if sub.when else ""
            self.flow(f"split_{step.name}", f"task_{sub.name}", said, said or ("总是" if some else ""))
            self.flow(f"task_{sub.name}", f"join_{step.name}")
        self.row += 1
        gate = self.node(join, f"join_{step.name}", "一项办完即可" if step.first else "", size="gateway")
        if step.first:
            expression = self.sub(gate, "activationCondition")
            expression.set(f"{{{XSI}}}type", "bpmn:tFormalExpression")
            expression.text = "1"
        self.row += 1
        return f"join_{step.name}"

    def task(self, step: Step, column: int) -> None:
        p, id = self.p, f"task_{step.name}"
        role = p.people.get(step.who)
        task = self.node("userTask", id, step.title, size="task", column=column, role=step.who)
        text = "\n".join(
            t
            for t in (
                step.do,
                f"话术：{step.says}" if step.says else "",
                _asks(step),
                f"依据：{'、'.join(step.basis)}" if step.basis else "",
            )
            if t
        )
        if text:
            self.sub(task, "documentation").text = text
        if step.each:
            loop = self.sub(task, "multiInstanceLoopCharacteristics", isSequential="false")
            cardinality = self.sub(loop, "loopCardinality")
            cardinality.set(f"{{{XSI}}}type", "bpmn:tFormalExpression")
            cardinality.text = f"count({step.each})"
        if role:
            performer = self.sub(task, "potentialOwner", name=role.title)
            assignment = self.sub(performer, "resourceAssignmentExpression")
            expression = self.sub(assignment, "formalExpression")
            expression.text = step.who
        if step.within:
            self.timer(step, column)

    def timer(self, step: Step, column: int) -> None:
        """The limit, on the edge of the task; lateness is told, the task goes on."""
        assert step.within is not None
        limit = limit_said(self.p, step.within)
        id, told = f"limit_{step.name}", f"late_{step.name}"
        event = self.node(
            "boundaryEvent",
            id,
            limit,
            size="event",
            column=column,
            role=step.who,
            attachedToRef=f"task_{step.name}",
            cancelActivity="false",
        )
        x, y, width, height = self.places[f"task_{step.name}"]
        self.places[id] = (x + width - 30, y + height - 18, 36, 36)
        definition = self.sub(event, "timerEventDefinition", id=f"{id}_timer")
        spans = [s for spans in step.within.cases.values() for s in spans]
        plain = len(spans) == 1 and not spans[0].anchor and spans[0].unit in ("minute", "hour")
        expression = self.sub(definition, "timeDuration" if plain else "timeDate")
        expression.set(f"{{{XSI}}}type", "bpmn:tFormalExpression")
        expression.text = f"PT{spans[0].minutes}M" if plain else f"due({limit})"
        self.node("endEvent", told, "逾期告知", size="event", column=column, role=step.who)
        self.places[told] = (x + width + 30, y + height + 6, 36, 36)
        self.flow(id, told)

    def leave(self, step: Step, out: str) -> None:
        following = self.p.following.get(step.name, "")
        if step.offered and not (step.next and step.next[-1].when is None):
            self.node("endEvent", f"done_{step.name}", "", size="event")
            self.row += 1
        target = self.entry[following] if following else f"done_{step.name}"
        if not step.next:
            self.flow(out, target)
            return
        gate = f"next_{step.name}"
        self.node("exclusiveGateway", gate, "", size="gateway", column=1)
        x, y, _, height = self.places[out]
        self.places[gate] = (x + COLUMN, y + height / 2 - 25, 50, 50)
        self.flow(out, gate)
        default = ""
        for r in step.next:
            said = condition_said(self.p, r.when) if r.when else ""
            most = f"前 {r.at_most} 次" if r.at_most else ""
            label = "，".join(t for t in (said, most) if t)
            id = self.flow(gate, self.entry[r.go], label, label)
            default = default if label else id
            if r.then:
                after = f"{said + '，' if said else ''}{r.at_most} 次以后"
                self.flow(gate, self.entry[r.then], after, after)
        if not default:
            default = self.flow(gate, target, "否则")
        self.process.find(f"*[@id='{gate}']").set("default", default)  # type: ignore[union-attr]

    def finish(self) -> None:
        """Lanes, incoming and outgoing in the order the schema wants, and the drawing."""
        lanes = ET.Element(f"{{{MODEL}}}laneSet", {"id": "lanes"})
        for role, ids in self.lanes.items():
            title = self.p.people[role].title if role in self.p.people else "流程"
            lane = self.sub(lanes, "lane", id=f"lane_{role or 'flow'}", name=title)
            for id in ids:
                self.sub(lane, "flowNodeRef").text = id
        self.process.insert(0, lanes)
        flows = self.process.findall(f"{{{MODEL}}}sequenceFlow")
        for node in [n for n in self.process if n.get("id") in self.places]:
            at = 1 if len(node) and node[0].tag.endswith("documentation") else 0
            refs = [("incoming", f) for f in flows if f.get("targetRef") == node.get("id")]
            refs += [("outgoing", f) for f in flows if f.get("sourceRef") == node.get("id")]
            for i, (tag, flow) in enumerate(refs):
                ref = ET.Element(f"{{{MODEL}}}{tag}")
                ref.text = flow.get("id")
                node.insert(at + i, ref)
        # schema order inside a task: owners before the loop
        for task in self.process.findall(f"{{{MODEL}}}userTask"):
            for loop in task.findall(f"{{{MODEL}}}multiInstanceLoopCharacteristics"):
                task.remove(loop)
                task.append(loop)
        diagram = ET.SubElement(self.root, f"{{{DI}}}BPMNDiagram", {"id": "diagram"})
        diagram.append(self.plane)
        for id, (x, y, width, height) in self.places.items():
            shape = ET.SubElement(self.plane, f"{{{DI}}}BPMNShape", {"id": f"shape_{id}", "bpmnElement": id})
            ET.SubElement(shape, f"{{{DC}}}Bounds", {"x": f"{x:g}", "y": f"{y:g}", "width": str(width), "height": str(height)})
        for flow in flows:
            self.edge(flow)

    def edge(self, flow: ET.Element) -> None:
        shape = ET.SubElement(self.plane, f"{{{DI}}}BPMNEdge", {"id": f"edge_{flow.get('id')}", "bpmnElement": flow.get("id") or ""})
        x1, y1, w1, h1 = self.places[flow.get("sourceRef") or ""]
        x2, y2, w2, _ = self.places[flow.get("targetRef") or ""]
        points = [(x1 + w1 / 2, y1 + h1), (x2 + w2 / 2, y2)]
        if y2 <= y1:  # back: round the left side
            side = TOP - 40
            points = [(x1, y1 + h1 / 2), (side, y1 + h1 / 2), (side, y2 - 12), (x2 + w2 / 2, y2 - 12), (x2 + w2 / 2, y2)]
        for x, y in points:
            ET.SubElement(shape, f"{{{DD}}}waypoint", {"x": f"{x:g}", "y": f"{y:g}"})


def _asks(step: Step) -> str:
    return "填写：" + "、".join(a.title + ("（可不填）" if a.optional else "") for a in step.asks.values()) if step.asks else ""
