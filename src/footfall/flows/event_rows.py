"""Stored events, read from the lake's files a few at a time."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct

from footfall.flows import event_filter
from footfall.lake.parquet import open_file

_READ = ["event", "mid", "ets", "occurred_at", "received_at", "clock", "channel", "did", "idx", "derived_from"]
_WANTED = ["event", "mid", "ets", "at", "channel", "did", "idx"]
_BATCH_ROWS = 1024

# What an event may hold that the door took and no plan can speak of: a number that is none, nesting without end.
_NOT_READABLE = (msgspec.DecodeError, ValueError, RecursionError)

Mask = Callable[[pa.RecordBatch], Any]


_decode = msgspec.json.Decoder(dict[str, Any]).decode


class FlowEvent(Struct, gc=False):
    """One event. `ets` is the sender's time in epoch ms; `skew` is to be added to it for ours.

    `index` is its place in the batch it came in; `value` the decoded event.
    """

    channel: str
    ets: float
    skew: float
    mid: str
    index: int
    value: dict[str, Any]


def flow_events(path: Path, masks: Sequence[Mask]) -> Iterator[tuple[FlowEvent, list[int]]]:
    """The stored events of a file, each with the numbers of the masks that let it through.

    Raises OSError or pa.ArrowException.
    """
    with open_file(path) as file:
        for number in range(file.num_row_groups):
            columns = [*_READ, *_more()]
            for batch in file.iter_batches(_BATCH_ROWS, columns=columns, row_groups=[number], use_threads=False):
                yield from _from_batch(batch, masks)
            pa.default_memory_pool().release_unused()


def _more() -> list[str]:
    return [name for name in event_filter.COLUMNS if name not in _READ]


def _from_batch(batch: pa.RecordBatch, masks: Sequence[Mask]) -> Iterator[tuple[FlowEvent, list[int]]]:
    original = _numpy(pc.is_null(batch.column("derived_from")))
    through = np.array([_numpy(mask(batch), batch.num_rows) & original for mask in masks])
    ways, way_of = np.unique(through, axis=1, return_inverse=True)
    numbers = [np.flatnonzero(way).tolist() for way in ways.T]
    places = np.flatnonzero(through.any(axis=0))
    if not len(places):
        return
    columns = _timed(batch).take(pa.array(places)).select(_WANTED).to_pydict()
    rows = zip(*(columns[name] for name in _WANTED), strict=True)
    for place, row in zip(places, rows, strict=True):
        found = _happening(*row)
        if found is not None:
            yield found, numbers[way_of[place]]


def _numpy(mask: Any, length: int = 0) -> Any:
    """A mask as booleans; null is no."""
    if isinstance(mask, pa.Scalar):
        return np.full(length, mask.as_py() is True)
    return pc.fill_null(mask, False).to_numpy(zero_copy_only=False)


def _timed(batch: pa.RecordBatch) -> pa.RecordBatch:
    """With `at`: when the rows happened by our clock, epoch ms; see `clock` for which time is to be trusted."""
    trusted = pc.is_in(batch.column("clock"), pa.array(["ok", "corrected"]))
    time: Any = pc.if_else(trusted, batch.column("occurred_at"), batch.column("received_at"))
    readable = pc.not_equal(batch.column("clock"), "unreadable")
    at = pc.divide(pc.cast(pc.cast(time, pa.int64()), pa.float64()), 1000.0)
    ets: Any = pc.if_else(readable, batch.column("ets"), at)
    place = batch.schema.get_field_index("ets")
    return batch.set_column(place, "ets", ets).append_column("at", at)


def _happening(
    event: str | None,
    mid: str | None,
    ets: float | None,
    at: float | None,
    channel: str | None,
    did: str | None,
    idx: int,
) -> FlowEvent | None:
    if event is None or at is None:
        return None
    try:
        value = _decode(event)
    except _NOT_READABLE:
        return None
    context = value.get("context")
    if did and isinstance(context, dict) and not context.get("did"):
        context["did"] = did  # the collector took it from the request
    ets = at if ets is None else ets
    return FlowEvent(channel or "", ets, at - ets, mid or "", idx or 0, value)
