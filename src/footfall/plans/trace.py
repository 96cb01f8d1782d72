"""What is kept of a stream of events between two looks at it: the newest marks, and the runs that older ones made."""

from collections.abc import Iterable

import msgspec
from msgspec import Struct, field

from footfall.plans.mark import Mark, in_order
from footfall.plans.model import Plan
from footfall.plans.outcome import Instance
from footfall.plans.run import Run
from footfall.plans.workflow import Walk, Workflow, workflow_of

MARKS_KEPT = 500

_SERVICE_ACTOR = "system"
_SERVICE_OBJECT = "service"


class Trace(Struct, array_like=True):
    """The events of one stream: no more than 1,000 marks, and for each workflow the run that older ones made.

    An event that comes when 500 later ones of its stream are known already is judged as if it had just happened.
    """

    marks: list[Mark] = field(default_factory=list)
    runs: dict[str, Run] = field(default_factory=dict)
    signs: list[str] = field(default_factory=list)

    def encode(self) -> bytes:
        """The trace as bytes, about 200 for each mark, which compress well."""
        return _ENCODER.encode(self)

    @classmethod
    def decode(cls, data: bytes) -> "Trace":
        """The trace in some bytes; raises msgspec.DecodeError for anything else."""
        return _DECODER.decode(data)


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Trace)


class Workflows:
    """Several workflows, and which of them a stream of events is. `keep` marks of a trace are not settled."""

    def __init__(self, plans: Iterable[Plan], keep: int = MARKS_KEPT) -> None:
        self._keep = keep
        ranked = sorted((plan for plan in plans if plan.kind == "workflow"), key=lambda plan: -plan.rank)
        self._all = [workflow_of(plan) for plan in ranked]
        self._session_types = frozenset(
            kind for plan in ranked if plan.correlate for kind in plan.correlate.cdata if plan.fallback == "session"
        )

    def streams(self, mark: Mark) -> list[str]:
        """The streams that an event is of: a session, or failing that a device; and that of the service that sent it.

        A session goes by the id in cdata, or failing that by sid, whatever device and application the event names.
        """
        found = []
        session = next(iter(mark.correlated(self._session_types)), mark.sid)
        if session or mark.did:
            found.append(f"session:{session}" if session else f"device:{mark.did}")
        if _of_service(mark):
            found.append(f"service:{mark.pdata}/{mark.pid or ''}")
        return found

    def recognise(self, stream: str, marks: Iterable[Mark], signs: Iterable[str] = ()) -> Plan | None:
        """The workflow that a stream is by its marks: the one of the highest rank of which there is a sign."""
        fitting = [workflow for workflow in self._all if _fits(workflow, stream)]
        seen = {*signs, *self._signs(fitting, marks)}
        return next((workflow.plan for workflow in fitting if workflow.plan.plan in seen), None)

    def judge(self, stream: str, trace: Trace, now: float | None = None) -> list[Instance]:
        """What became of the runs in a trace that are not settled, called by the stream; see `judge_workflow`.

        Runs that were settled are not told of again: what was said of them stands.
        """
        plan = self.recognise(stream, trace.marks, trace.signs)
        if plan is None:
            return []
        workflow = workflow_of(plan)
        walk = Walk(_copy(trace.runs.get(plan.plan)))
        workflow.follow(walk, in_order(trace.marks))
        return workflow.instances(walk, stream, now)

    def add(self, stream: str, trace: Trace, marks: Iterable[Mark]) -> list[Instance]:
        """Takes further marks, and settles the older half when there are twice as many as are kept.

        Gives what became of runs that were settled and are over, for the last time.
        """
        trace.marks = [*trace.marks, *marks]
        if len(trace.marks) < 2 * self._keep:
            return []
        ordered = in_order(trace.marks)
        older, trace.marks = ordered[: -self._keep], ordered[-self._keep :]
        fitting = [workflow for workflow in self._all if _fits(workflow, stream)]
        trace.signs = sorted({*trace.signs, *self._signs(fitting, older)})
        plan = self.recognise(stream, trace.marks, trace.signs)
        settled = []
        for workflow in fitting:
            walk = Walk(trace.runs.get(workflow.plan.plan) or Run())
            workflow.follow(walk, older)
            trace.runs[workflow.plan.plan] = walk.run
            if workflow.plan is plan:
                settled = workflow.instances(Walk(Run(), walk.done), stream)
        return settled

    def _signs(self, workflows: list[Workflow], marks: Iterable[Mark]) -> set[str]:
        seen = set()
        for mark in marks:
            for workflow in workflows:
                if mark.eid in workflow.sign_events and workflow.steps.of(mark) in workflow.plan.signs:
                    seen.add(workflow.plan.plan)
        return seen


def _of_service(mark: Mark) -> bool:
    if not mark.pdata:
        return False
    return (mark.actor_type or "").lower() == _SERVICE_ACTOR or (mark.object_type or "").lower() == _SERVICE_OBJECT


def _fits(workflow: Workflow, stream: str) -> bool:
    kind = stream.partition(":")[0]
    wanted = workflow.plan.fallback
    return kind == wanted or (kind == "device" and wanted == "session")


def _copy(run: Run | None) -> Run:
    """A run of its own, so that looking at it does not change what is kept."""
    return Run() if run is None else _RUNS.decode(_ENCODER.encode(run))


_RUNS = msgspec.msgpack.Decoder(Run)
