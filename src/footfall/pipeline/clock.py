"""When an event happened, judged from three clocks: the event's, the sender's at sending, and ours."""

from typing import Any

import numpy as np
import pyarrow as pa
from msgspec import Struct
from numpy.typing import NDArray

Floats = NDArray[np.float64]

DAY_MS = 86_400_000
_EARLIEST_MS = 946_684_800_000.0  # 2000-01-01: before it nothing was measured in epoch milliseconds
_MARKS = ("ok", "corrected", "ahead", "behind", "unreadable")
_OK, _CORRECTED, _AHEAD, _BEHIND, _UNREADABLE = range(len(_MARKS))


class Times(Struct, frozen=True):
    """Arrow columns: `occurred_at` (microseconds, null where ets is no time) and `clock`."""

    occurred_at: pa.Array
    clock: pa.Array


def judge(ets: Floats, received: Floats, skew: Floats, tolerance_ms: float) -> Times:
    """Correct `ets` by the batch's clock skew; all in milliseconds, skew NaN where the sender's clock is not known.

    A skew of more than a day is a clock that nobody set: it is marked, and ets stays as it is.
    """
    with np.errstate(invalid="ignore"):
        readable = (ets >= _EARLIEST_MS) & (ets < received + 3650 * DAY_MS)
        wild = np.abs(skew) > DAY_MS
        corrected = (np.abs(skew) > tolerance_ms) & ~wild
        occurred = np.where(corrected, ets + np.nan_to_num(skew), ets)
        ahead = (wild & (skew < 0)) | (occurred > received + DAY_MS)
        behind = wild & (skew > 0)
    mark = np.select([~readable, ahead, behind, corrected], [_UNREADABLE, _AHEAD, _BEHIND, _CORRECTED], _OK)
    shown = np.where(readable, occurred, 0.0)
    return Times(
        pa.array((shown * 1000).astype(np.int64), pa.timestamp("us"), mask=~readable),
        _names(mark),
    )


def _names(mark: NDArray[Any]) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(mark.astype(np.int8)), pa.array(_MARKS)).cast(pa.string())
