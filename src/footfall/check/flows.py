"""What became of the flows and workflow runs in the events that were examined."""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator

from msgspec import UNSET, Struct, UnsetType

from footfall.check.examine import Found
from footfall.check.filling import is_blank
from footfall.check.report import Part
from footfall.plans import gathering
from footfall.plans.flow import Sighting, judge_flow
from footfall.plans.mark import Mark
from footfall.plans.model import Plan
from footfall.plans.outcome import Instance, Misplaced, Remark
from footfall.plans.recognition import Steps
from footfall.plans.trace import Workflows
from footfall.plans.workflow import judge_workflow


class Said(Struct):
    """One remark on a flow; `mid` names the event that it is about, if it is about one."""

    code: str
    message: str
    hint: str
    path: str
    level: str
    rule: str | UnsetType = UNSET
    mid: str | UnsetType = UNSET


class Flow(Struct):
    """What became of one flow or run, as `--flows` writes it. Times are epoch milliseconds.

    `events` are ordinals: the places of its events among all that were checked, from 0.
    """

    plan: str
    id: str
    outcome: str
    result: str
    ended: bool
    steps: list[str]
    missing: list[str]
    out_of_order: list[Misplaced]
    began_at: float
    ended_at: float
    duration_ms: float
    findings: list[Said]
    events: list[int]


class Followed(Struct):
    """Flows, and what they add to the reports on events, by ordinal; `loose` counts the steps that are in no flow.

    `steps` are those of workflows: the plan and the name.
    """

    flows: list[Flow]
    parts: dict[int, list[Part]]
    remarks: dict[int, list[tuple[str, Remark]]]
    steps: dict[int, tuple[str, str]]
    loose: int = 0


class Follower:
    """Keeps what flows are judged from until all events have been seen.

    `loosely`, steps whose flow has a placeholder for an id are examples, and so are those that only their session ties
    to such: they are in no flow.
    """

    def __init__(self, plans: Iterable[Plan], *, loosely: bool = False) -> None:
        self._plans = tuple(plans)
        self._loosely = loosely
        self._loose = 0
        self._steps: dict[int, tuple[str, str]] = {}
        self._sightings: dict[str, list[Sighting]] = defaultdict(list)
        self._marks: list[Mark] = []

    def take(self, found: Found) -> None:
        """Keep what was found in a chunk."""
        for plan, sighting in found.sightings:
            self._sightings[plan].append(sighting)
        self._marks += found.marks

    def judge(self) -> Followed:
        """What became of all flows; nothing is expected to follow."""
        followed = Followed([], {}, {}, self._steps)
        for instance, ordinals in self._instances():
            remarks = _placed(instance, ordinals)
            followed.flows.append(_flow(instance, ordinals))
            part = Part(instance.plan, instance.id, instance.outcome)
            for ordinal in ordinals:
                followed.parts.setdefault(ordinal, []).append(part)
            for ordinal, remark in remarks:
                followed.remarks.setdefault(ordinal, []).append((instance.plan, remark))
        followed.loose = self._loose
        return followed

    def _instances(self) -> Iterator[tuple[Instance, list[int]]]:
        newest = max((one.ets for found in self._sightings.values() for one in found), default=0)
        for plan in self._plans:
            if plan.kind == "flow":
                for flow in self._gathered(plan):
                    instance = judge_flow(plan, flow.sightings, now=newest, id=flow.id)
                    yield instance, [one.index for one in flow.sightings]
        yield from self._runs()

    def _name(self, plan: Plan, marks: list[Mark]) -> None:
        steps = Steps(plan.steps)
        named = [(mark.index, steps.of(mark)) for mark in marks]
        self._steps |= {index: (plan.plan, step) for index, step in named if step}

    def _gathered(self, plan: Plan) -> list[gathering.Flow]:
        found = self._sightings[plan.plan]
        examples = [one.key for one in found if self._loosely and is_blank(one.key.id)]
        sessions = {(key.did, key.sid) for key in examples}
        real = found if not examples else [one for one in found if not is_blank(one.key.id)]
        flows = [flow for flow in gathering.gather(plan, real).flows if not _is_example(flow, sessions)]
        self._loose += len(found) - sum(len(flow.sightings) for flow in flows)
        return flows

    def _runs(self) -> Iterator[tuple[Instance, list[int]]]:
        workflows = [plan for plan in self._plans if plan.kind == "workflow"]
        known = Workflows(workflows)
        streams: dict[str, list[Mark]] = defaultdict(list)
        for mark in self._marks:
            for stream in known.streams(mark):
                streams[stream].append(mark)
        for stream, marks in streams.items():
            plan = known.recognise(stream, marks) or _only(workflows, stream)
            if plan is not None:
                self._name(plan, marks)
                instances = judge_workflow(plan, marks, stream, math.inf)
                for number, instance in enumerate(instances):
                    upto = instances[number + 1].began_at if number + 1 < len(instances) else math.inf
                    since = instance.began_at if number else -math.inf
                    yield instance, [mark.index for mark in marks if since <= mark.ets < upto]


def _is_example(flow: gathering.Flow, sessions: set[tuple[str, str]]) -> bool:
    return all(one.key.weak and (one.key.did, one.key.sid) in sessions for one in flow.sightings)


def _only(workflows: list[Plan], stream: str) -> Plan | None:
    """The one workflow that was asked for, if a stream can be one: what it lacks is then to be found."""
    if len(workflows) != 1:
        return None
    is_service = stream.startswith("service:")
    return workflows[0] if is_service == (workflows[0].fallback == "service") else None


def _placed(instance: Instance, ordinals: list[int]) -> list[tuple[int, Remark]]:
    """Remarks with the event each is about; what is about none is about the last."""
    last = max(ordinals, default=-1)
    return [(remark.index if remark.index >= 0 else last, remark) for remark in instance.remarks]


def _flow(instance: Instance, ordinals: list[int]) -> Flow:
    return Flow(
        plan=instance.plan,
        id=instance.id,
        outcome=instance.outcome,
        result=instance.result,
        ended=instance.ended,
        steps=instance.steps,
        missing=instance.missing,
        out_of_order=instance.out_of_order,
        began_at=instance.began_at,
        ended_at=instance.ended_at,
        duration_ms=instance.duration_ms,
        findings=[_said(remark) for remark in instance.remarks],
        events=ordinals,
    )


def _said(remark: Remark) -> Said:
    return Said(
        remark.code,
        remark.message,
        remark.hint,
        remark.path or "$",
        remark.severity,
        remark.rule or UNSET,
        remark.mid or UNSET,
    )
