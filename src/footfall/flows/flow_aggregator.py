"""Events of one plan of the kind flow, folded, so that it does not matter in which order they come."""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

import pyarrow as pa
from msgspec import structs

from footfall.flows.event_filter import EventFilter
from footfall.flows.event_rows import FlowEvent
from footfall.flows.flow_rows import row_of
from footfall.flows.flow_table import FlowTable
from footfall.flows.partial_flow import MOST_SIGHTS, PartialFlow, Place, Sight, links, place_of, together
from footfall.flows.row import Row, digest_of, text_of
from footfall.plans.correlation import Key, correlation
from footfall.plans.flow import Sighting, idle_ms, judge_flow
from footfall.plans.gathering import Flow, gather
from footfall.plans.matching import Matcher
from footfall.plans.model import Plan
from footfall.plans.outcome import Instance, Remark

_MOST_LINKED = 2_000
_SIGHT_BYTES = 8192  # with the cells that it is folded into
_TOO_MANY = Remark("too_many_events", f"Only the first {MOST_SIGHTS:,} events were looked at.")


class FlowAggregator:
    """One plan of the kind flow; see `Aggregator`."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.name = plan.plan
        self.partitions = (plan.plan,)
        self.digest = digest_of([plan])
        self.waiting = 0
        self._waiting: dict[str, list[Sight]] = defaultdict(list)
        self._sieve = EventFilter(plan)
        self._matcher = Matcher([plan])
        self._key = correlation(plan)

    def mask(self, batch: pa.RecordBatch) -> Any:
        """The rows that can be a step."""
        return self._sieve.mask(batch)

    def take(self, event: FlowEvent, channel_group: str, *, again: bool) -> None:
        """Take an event in, if it is a step that something ties to a flow."""
        match = self._matcher.match(event.value)
        key = self._key(event.value) if match is not None else None
        if match is None or key is None or key.loose:
            return
        sight = _sight(event, key, match.step, match.warnings)
        if key.id:
            self._wait(Place(channel_group, key.id), sight)
        if key.did or key.sid:
            self._wait(Place(channel_group, "", key.did, key.sid), Sight(0.0, "", id=key.id) if key.id else sight)

    def fold(self, store: FlowTable) -> Iterator[list[Row]]:
        """The flows that change, and what they are judged from."""
        waiting, self._waiting, self.waiting = dict(self._waiting), defaultdict(list), 0
        cells: dict[str, PartialFlow] = {}
        self._load(store, cells, waiting)
        changed = [key for key, sights in waiting.items() if cells[key].add(sights)]
        self._widen(store, cells, changed)
        yield [row for keys in together(cells, changed) for row in self._rows(cells, keys)]

    def _wait(self, place: Place, sight: Sight) -> None:
        self._waiting[place.key].append(sight)
        self.waiting += _SIGHT_BYTES

    def _load(self, store: FlowTable, cells: dict[str, PartialFlow], keys: Iterable[str]) -> None:
        missing = {key for key in keys if key not in cells}
        found = store.find(self.name, missing)
        for key in missing:
            cells[key] = PartialFlow()
            if key in found and found[key].trace:
                cells[key].recall(found[key].trace)

    def _widen(self, store: FlowTable, cells: dict[str, PartialFlow], changed: Iterable[str]) -> None:
        """Load every cell that hangs together with one that has changed; not without end."""
        most = len(cells) + _MOST_LINKED
        frontier, known = set(changed), set(changed)
        while frontier and len(cells) < most:
            linked = {link for key in frontier for link in links(place_of(key), cells[key])}
            frontier = set(sorted(linked - known)[:_MOST_LINKED])
            known |= frontier
            self._load(store, cells, frontier)

    def _rows(self, cells: dict[str, PartialFlow], keys: list[str]) -> Iterator[Row]:
        """The rows of cells that hang together."""
        channel_group = place_of(keys[0]).channel_group
        sights = [sight for key in keys for sight in cells[key].sights.values() if sight.step]
        origins = dict(_sightings(sights))
        of_key: dict[str, list[Row]] = {key: [] for key in keys}
        for flow in gather(self.plan, origins).flows:
            key = _key_of(flow, channel_group)
            row = self._row(flow, key, is_cut=cells[key].is_cut)
            _place(row, [origins[one] for one in flow.sightings])
            of_key[key].append(row)
        for key, rows in of_key.items():
            yield from self._kept(rows, key, cells[key])

    def _kept(self, rows: list[Row], key: str, cell: PartialFlow) -> list[Row]:
        """The rows of one key, of which the first keeps what is new; a hidden one where there is none to show."""
        if not rows and (cell.fresh or cell.has_loose_ends):
            rows = [Row(plan=self.name, key=key, kind="session")]
        if rows and cell.fresh:
            rows[0].trace = text_of(cell.fresh)
        return rows

    def _row(self, flow: Flow, key: str, *, is_cut: bool) -> Row:
        told = judge_flow(self.plan, flow.sightings, id=flow.id)
        later = told if told.ended else judge_flow(self.plan, flow.sightings, id=flow.id, now=math.inf)
        if is_cut:
            told, later = _with_remark(told), _with_remark(later)
        row = row_of(self.plan, key, told, later)
        row.idle_ms = int(idle_ms(self.plan) or 0)
        row.events = len(flow.sightings)
        return row


def _sight(event: FlowEvent, key: Key, step: str, warnings: Iterable[Remark]) -> Sight:
    remarks = tuple((one.code, one.message, one.hint, one.path) for one in warnings)
    return Sight(event.ets, event.mid, step, key.id, key.did, key.sid, event.channel, event.skew, event.index, remarks)


def _sightings(sights: list[Sight]) -> Iterator[tuple[Sighting, Sight]]:
    """Sightings in our time. What one device sent keeps its distances, so its first event tells the skew of all."""
    ordered = sorted(sights, key=lambda sight: (sight.ets, sight.mid, sight.step))
    skews: dict[str, float] = {}
    for sight in ordered:
        skew = skews.setdefault(sight.did, sight.skew) if sight.did else sight.skew
        remarks = tuple(Remark(code, message, hint, path, mid=sight.mid) for code, message, hint, path in sight.remarks)
        key = Key(sight.id, sight.did, sight.sid)
        yield Sighting(sight.step, sight.ets + skew, sight.mid, sight.index, remarks, key), sight


def _key_of(flow: Flow, channel_group: str) -> str:
    """The key of the cell that a flow stands in."""
    if any(one.key.id for one in flow.sightings):
        return Place(channel_group, flow.id).key
    first = flow.sightings[0].key
    return Place(channel_group, "", first.did, first.sid).key


def _place(row: Row, sights: list[Sight]) -> None:
    """Say where a flow took place; its channel is that of its first event."""
    row.channels = list(dict.fromkeys(sight.channel for sight in sights))
    row.channel = row.channels[0]
    row.did = next((sight.did for sight in sights if sight.did), "")
    row.sid = next((sight.sid for sight in sights if sight.sid), "")


def _with_remark(told: Instance) -> Instance:
    return structs.replace(told, remarks=(_TOO_MANY, *told.remarks))
