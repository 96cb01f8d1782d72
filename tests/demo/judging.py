"""What the tracking plans say of what people did, as footfall's own processes judge it."""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from footfall.demo.endpoints import Endpoint
from footfall.demo.visit import Visit
from footfall.dialects.base import Request, Translation
from footfall.dialects.identity.operation import Operation, events, read_operation
from footfall.dialects.lms.dialect import PATHS, Lms
from footfall.plans.correlation import correlation
from footfall.plans.flow import judge_flow, sight
from footfall.plans.gathering import gather
from footfall.plans.mark import Mark, read_mark
from footfall.plans.matching import Matcher
from footfall.plans.outcome import Instance
from footfall.plans.registry import shipped
from footfall.plans.trace import Workflows
from footfall.plans.workflow import judge_workflow

from .reading import NOON, read

FLOWS = tuple(plan for plan in shipped() if plan.kind == "flow")
WORKFLOWS = Workflows(shipped())


def stored(visits: Iterable[Visit]) -> Iterator[bytes]:
    """The V3 events that footfall would have of what goes in as events and as operations."""
    for visit in visits:
        for noted in visit.events:
            if noted.way is Endpoint.TELEMETRY:
                yield noted.text
            elif noted.way is Endpoint.IDENTITY:
                operation = read_operation(read(noted.text))
                assert isinstance(operation, Operation), operation
                yield from (msgspec.json.encode(event) for event in events(operation, "dev"))


def judged_flows(texts: Iterable[bytes]) -> dict[str, Instance]:
    """What became of each sign-up and sign-in with Google, by its id, once nothing more comes."""
    values = [read(text) for text in texts]
    return {one.id: one for plan in FLOWS for one in _judged(plan, values)}


def _judged(plan: Any, values: list[dict[str, Any]]) -> Iterator[Instance]:
    matcher, key = Matcher([plan]), correlation(plan)
    sightings = [
        sight(match, key(value), value, index)
        for index, value in enumerate(values)
        if (match := matcher.match(value)) is not None
    ]
    gathered = gather(plan, sightings)
    assert not gathered.loose
    for flow in gathered.flows:
        yield judge_flow(plan, flow.sightings, now=math.inf, id=flow.id)


def streams_of(texts: Iterable[bytes]) -> dict[str, list[Mark]]:
    """The events of each session and each service."""
    streams: dict[str, list[Mark]] = defaultdict(list)
    for index, text in enumerate(texts):
        mark = read_mark(text, index)
        for stream in WORKFLOWS.streams(mark):
            streams[stream].append(mark)
    return streams


def judged_workflows(streams: dict[str, list[Mark]], now: float = math.inf) -> dict[str, list[Instance]]:
    """What became of the runs of each stream that is of a workflow; nothing more comes after `now`."""
    found = {}
    for stream, marks in streams.items():
        plan = WORKFLOWS.recognise(stream, marks)
        if plan is not None:
            found[stream] = judge_workflow(plan, marks, stream, now)
    return found


def translated(value: dict[str, Any]) -> Translation:
    """What footfall makes of something that an LMS sends with a secret key."""
    body = msgspec.json.encode(value)
    return Lms().translate(
        Request(
            path=PATHS[0],
            query=b"",
            headers={},
            channel="dev",
            peer="",
            is_trusted=True,
            public_types=(),
            now=NOON,
            raw=body,
            body=body,
            ndjson=False,
            at_most=1,
        )
    )
