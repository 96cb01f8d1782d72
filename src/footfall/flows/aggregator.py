"""What folds events: one aggregator for each flow, and one for all workflows together."""

from collections.abc import Iterator
from typing import Any, Protocol

import pyarrow as pa

from footfall.flows.event_rows import FlowEvent
from footfall.flows.flow_table import FlowTable
from footfall.flows.row import Row


class Aggregator(Protocol):
    """Takes events in, in any order and however often, and makes rows of what they change."""

    @property
    def name(self) -> str:
        """What its place among the events is noted under."""

    @property
    def digest(self) -> int:
        """Changes when its plans do; 63 bits."""

    @property
    def partitions(self) -> tuple[str, ...]:
        """The partitions that are its own."""

    @property
    def waiting(self) -> int:
        """Bytes of memory that the events which wait to be folded take, about."""

    def mask(self, batch: pa.RecordBatch) -> Any:
        """Which rows of a batch of the events table it wants to see."""

    def take(self, event: FlowEvent, channel_group: str, *, again: bool) -> None:
        """Take an event in; `again` says that it may have been folded before."""

    def fold(self, store: FlowTable) -> Iterator[list[Row]]:
        """The rows that change by the events that wait, a few at a time; each list is to be committed before the next.

        Raises StoreError or CommitError.
        """
