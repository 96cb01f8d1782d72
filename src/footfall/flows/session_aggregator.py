"""Events folded by all workflows together: each stream of events, such as a session, is one of them at most."""

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec
import pyarrow as pa
from msgspec import Struct, field, structs

from footfall.flows.event_rows import FlowEvent
from footfall.flows.flow_rows import row_of
from footfall.flows.flow_table import FlowTable, Found
from footfall.flows.row import STREAMS, Row, cell_of, digest_of, text_of
from footfall.plans.mark import Mark, in_order, mark_of
from footfall.plans.model import Plan
from footfall.plans.outcome import Instance
from footfall.plans.run import Run
from footfall.plans.trace import Trace, Workflows
from footfall.plans.workflow import Walk, workflow_of

_ALL = pa.scalar(True)
_MOST_DEVICES = 100
_AT_ONCE = 100  # streams
_STREAM_BYTES = 512  # of memory for one that something waits for


class Track(Struct, array_like=True, frozen=True, gc=False):
    """A mark as it is stored; `skew` added to its `ets` gives our time."""

    mark: Mark
    channel: str
    skew: float

    @property
    def name(self) -> tuple[str, float, str]:
        """What tells it from others of its stream."""
        return self.mark.eid, self.mark.ets, self.mark.mid


class State(Struct):
    """What is left of the events of a stream that are settled, and are not kept; see `Trace`.

    `until` is the newest of them by its sender's clock, `events` how many of them the newest run has.
    """

    runs: dict[str, Run] = field(default_factory=dict)
    signs: list[str] = field(default_factory=list)
    skews: dict[str, float] = field(default_factory=dict)
    until: float = 0.0
    events: int = 0


class Stream(Struct):
    """A stream of events: what is kept of it, what is new, and the instances that the table shows of it.

    `marks` are those of the tracks in our time; `older` are tracks that have just been settled.
    """

    key: str
    name: str
    tracks: list[Track]
    state: State
    shown: list[str]
    fresh: list[Track] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    older: list[tuple[Track, Mark]] = field(default_factory=list)

    @property
    def channel_group(self) -> str:
        """Whose it is."""
        return str(msgspec.json.decode(self.key)[0])

    def add(self, tracks: Iterable[tuple[Track, bool]]) -> bool:
        """Take in what came; whether any of it is new.

        What may be here again, and is as old as what is settled, is not taken for new.
        """
        known = {track.name for track in self.tracks}
        for track, again in tracks:
            if track.name not in known and not (again and track.mark.ets <= self.state.until):
                known.add(track.name)
                self.fresh.append(track)
        self.tracks = sorted([*self.tracks, *self.fresh], key=lambda track: (track.mark.ets, track.mark.mid))
        self.marks = self._in_our_time()
        return bool(self.fresh)

    def settle(self, trace: Trace) -> None:
        """Go on with what a trace has kept of the marks."""
        kept = {id(mark) for mark in trace.marks}
        both = list(zip(self.tracks, self.marks, strict=True))
        self.older = [(track, mark) for track, mark in both if id(mark) not in kept]
        self.tracks = [track for track, mark in both if id(mark) in kept]
        self.marks = [mark for mark in self.marks if id(mark) in kept]
        until = max(self.state.until, *(track.mark.ets for track, _ in self.older))
        began = max((run.began_at for run in trace.runs.values()), default=0.0)
        events = sum(mark.ets >= began for _, mark in self.older)
        events += self.state.events if events == len(self.older) else 0
        self.state = State(trace.runs, trace.signs, self._skews(), until, events)

    def _skews(self) -> dict[str, float]:
        """What one device sent keeps its distances, so its first event tells the skew of all."""
        skews = dict(self.state.skews)
        for track in self.tracks:
            if track.mark.did and len(skews) < _MOST_DEVICES:
                skews.setdefault(track.mark.did, track.skew)
        return skews

    def _in_our_time(self) -> list[Mark]:
        skews = self._skews()
        found = []
        for track in self.tracks:
            skew = skews.get(track.mark.did or "", track.skew)
            found.append(structs.replace(track.mark, ets=track.mark.ets + skew))
        return found


class Waiting(Struct):
    """Tracks that wait to be added to a stream, packed, so that many more can wait in the same memory."""

    count: int = 0
    packed: bytearray = field(default_factory=bytearray)

    def add(self, packed: bytes) -> None:
        """One more, as MessagePack."""
        self.count += 1
        self.packed += packed

    def tracks(self) -> list[tuple[Track, bool]]:
        """All of them, each with whether it may be there again."""
        return _arrivals.decode(_ARRAY_32 + self.count.to_bytes(4, "big") + self.packed)


class SessionAggregator:
    """All plans of the kind workflow; see `Aggregator`."""

    def __init__(self, plans: Sequence[Plan]) -> None:
        self.name = STREAMS
        self.partitions = (STREAMS, *(plan.plan for plan in plans))
        self.digest = digest_of(plans)
        self.waiting = 0
        self._plans = {plan.plan: plan for plan in plans}
        self._workflows = Workflows(plans)
        self._waiting: dict[str, Waiting] = {}

    def mask(self, batch: pa.RecordBatch) -> Any:
        """Every event may be of a session."""
        return _ALL

    def take(self, event: FlowEvent, channel_group: str, *, again: bool) -> None:
        """Take an event in, once for each stream that it is of."""
        mark = mark_of(event.value, event.index, event.ets)
        packed = _pack((Track(mark, event.channel, event.skew), again))
        for stream in self._workflows.streams(mark):
            key = text_of([channel_group, stream])
            if key not in self._waiting:
                self._waiting[key] = Waiting()
                self.waiting += _STREAM_BYTES
            self._waiting[key].add(packed)
            self.waiting += len(packed)

    def fold(self, store: FlowTable) -> Iterator[list[Row]]:
        """The runs that change, and what they are judged from."""
        waiting, self._waiting, self.waiting = self._waiting, {}, 0
        # The table is sorted by cell, so what is looked up together should lie together.
        with store.looking(STREAMS) as shelf:
            for keys in batched(sorted(waiting, key=cell_of), _AT_ONCE):
                found = shelf.find(set(keys))
                rows: list[Row] = []
                for key in keys:
                    stream = _stream(key, found.pop(key, None))
                    if stream.add(waiting.pop(key).tracks()):
                        rows += self._rows(stream)
                yield rows

    def _rows(self, stream: Stream) -> list[Row]:
        settled = [self._row(stream, told, told) for told in self._settle(stream)]
        current = [self._row(stream, told, later) for told, later in self._judge(stream)]
        known = {_name_of(row) for row in (*settled, *current)}
        gone = [msgspec.json.decode(name) for name in stream.shown if name not in known]
        hidden = [Row(plan=plan, key=key, kind="workflow") for plan, key in gone]
        return [*settled, *current, *hidden, self._kept(stream, [_name_of(row) for row in current])]

    def _kept(self, stream: Stream, shown: list[str]) -> Row:
        """The hidden row that keeps a stream: what is new, or all of it where older events were settled."""
        row = Row(plan=STREAMS, key=stream.key, kind="stream", shown=shown)
        row.trace = text_of(stream.tracks if stream.older else stream.fresh)
        row.state = text_of(stream.state) if stream.older else None
        return row

    def _settle(self, stream: Stream) -> list[Instance]:
        """Settle the older half of too many events; what became of runs that are over with it, for the last time."""
        trace = Trace(list(stream.marks), stream.state.runs, stream.state.signs)
        settled = self._workflows.add(stream.name, trace, [])
        if len(trace.marks) < len(stream.marks):
            stream.settle(trace)
        return settled

    def _judge(self, stream: Stream) -> list[tuple[Instance, Instance]]:
        """What became of the runs that are not settled: so far, and once nothing more has come for a while."""
        plan = self._workflows.recognise(stream.name, stream.marks, stream.state.signs)
        if plan is None:
            return []
        workflow = workflow_of(plan)
        walk = Walk(_copy(stream.state.runs.get(plan.plan)))
        workflow.follow(walk, in_order(stream.marks))
        told = workflow.instances(walk, stream.name)
        return list(zip(told, workflow.instances(walk, stream.name, math.inf), strict=True))

    def _row(self, stream: Stream, told: Instance, later: Instance) -> Row:
        plan = self._plans[told.plan]
        row = row_of(plan, text_of([stream.channel_group, told.id]), told, later)
        both = [*stream.older, *zip(stream.tracks, stream.marks, strict=True)]
        within = [track for track, mark in both if told.began_at <= mark.ets <= told.ended_at] or stream.tracks
        row.channels = list(dict.fromkeys(track.channel for track in within))
        row.channel = row.channels[0]
        row.sid = next((track.mark.sid for track in within if track.mark.sid), "")
        row.did = next((track.mark.did for track in within if track.mark.did), "")
        goes_on = told.began_at <= stream.state.until and not stream.older
        row.events = len(within) + (stream.state.events if goes_on else 0)
        row.idle_ms = workflow_of(plan).idle_ms
        return row


_ARRAY_32 = b"\xdd"
_pack = msgspec.msgpack.Encoder().encode
_arrivals = msgspec.msgpack.Decoder(list[tuple[Track, bool]])
_tracks = msgspec.json.Decoder(list[Track])
_states = msgspec.json.Decoder(State)


def _stream(key: str, found: Found | None) -> Stream:
    name = msgspec.json.decode(key)[1]
    if found is None:
        return Stream(key, name, [], State(), [])
    state = _states.decode(found.state) if found.state else State()
    return Stream(key, name, _tracks.decode(found.trace) if found.trace else [], state, found.shown)


def _name_of(row: Row) -> str:
    return text_of([row.plan, row.key])


def _copy(run: Run | None) -> Run:
    return Run() if run is None else msgspec.convert(msgspec.to_builtins(run), Run)


def batched(items: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    """The items, so many at a time."""
    return (items[start : start + size] for start in range(0, len(items), size))
