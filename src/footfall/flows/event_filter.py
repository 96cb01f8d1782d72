"""Which rows of the events table can be a step of a plan, told from their columns before any JSON is read."""

from collections.abc import Iterable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from msgspec import UNSET

from footfall.plans.model import Expectation, Plan, Scalar, Step, Variant
from footfall.plans.values import expectation_of

# Columns that hold what stands at a path, as it was sent. `did` and `pdata_id` may have been filled in, so they do not.
_COLUMNS = {
    "context.env": "env",
    "object.type": "object_type",
    "edata.type": "edata_type",
    "edata.subtype": "edata_subtype",
    "edata.id": "edata_id",
    "edata.pageid": "edata_pageid",
    "edata.mode": "edata_mode",
}
COLUMNS = ["eid", *_COLUMNS.values()]

_Test = tuple[str, pa.Array]


class EventFilter:
    """Lets through the rows that can be a step of a plan of the kind flow, and few others."""

    def __init__(self, plan: Plan) -> None:
        events: list[Step | Variant] = [*plan.steps]
        events += [variant for step in plan.steps for variant in step.variants]
        self._ways = [[("eid", pa.array([one.event], pa.string())), *_tests(one.match)] for one in events]

    def mask(self, batch: pa.RecordBatch) -> Any:
        """A boolean for each row of a batch that has COLUMNS."""
        found: Any = pa.scalar(False)
        for way in self._ways:
            fits: Any = pa.scalar(True)
            for name, values in way:
                fits = pc.and_(fits, pc.is_in(batch.column(name), values))
            found = pc.or_(found, fits)
        return found


def _tests(match: dict[str, Scalar | Expectation]) -> Iterable[_Test]:
    for path, expected in match.items():
        values = _texts(expectation_of(expected)) if path in _COLUMNS else None
        if values is not None:
            yield _COLUMNS[path], pa.array(values, pa.string())


def _texts(expected: Expectation) -> list[str] | None:
    """The only texts that are taken; None where others are too."""
    only = [expected.is_] if expected.is_ is not UNSET else expected.one_of
    texts = [value for value in only if isinstance(value, str)]
    if not only or expected.optional or len(texts) < len(only):
        return None
    return [*texts, *expected.accept]
