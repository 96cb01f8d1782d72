"""What was received, cut into slices that fit in memory, in the order of time, however much came at once."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from msgspec import Struct

_EPOCH = datetime.fromtimestamp(0, UTC).replace(tzinfo=None)  # times of the lake are UTC, and do not say so
_WIDTHS = (60_000_000, 1_000_000, 1_000, 1)


class Weight(Struct, frozen=True):
    """What was received in one of the equal stretches since 1970, by its number; `size` and `largest` are bytes."""

    number: int
    rows: int
    size: int
    largest: int


class Slice(Struct, frozen=True):
    """Rows received from `begin` until before `end`; `size`, and `largest` of a single event, are bytes."""

    begin: datetime
    end: datetime
    rows: int
    size: int
    largest: int

    @property
    def is_moment(self) -> bool:
        """Whether all were received at once, so that they need no order."""
        return self.end - self.begin == timedelta(microseconds=1)

    def with_next(self, other: "Slice") -> "Slice":
        """This and the one after it as one."""
        largest = max(self.largest, other.largest)
        return Slice(self.begin, other.end, self.rows + other.rows, self.size + other.size, largest)


class Bounds(Struct, frozen=True):
    """The most that a slice may hold: rows, and bytes of events."""

    rows: int = 25_000
    size: int = 32 << 20

    def hold(self, one: Slice) -> bool:
        """Whether a slice is small enough."""
        return one.rows <= self.rows and one.size <= self.size


Scale = Callable[[datetime, datetime, int], Sequence[Weight]]


def cut(
    scale: Scale,
    bounds: Bounds,
    begin: datetime = datetime.min,
    end: datetime = datetime.max,
    widths: Sequence[int] = _WIDTHS,
) -> Iterator[Slice]:
    """Slices within bounds, earliest first; only one of a single moment may be larger.

    `scale` weighs what lies between two times in stretches of so many microseconds, earliest first; the first call is
    for everything.
    """
    gathered: Slice | None = None
    for part in (_slice(weight, widths[0]) for weight in scale(begin, end, widths[0])):
        joined = gathered.with_next(part) if gathered else part
        if bounds.hold(joined):
            gathered = joined
            continue
        if gathered:
            yield gathered
        gathered = part if bounds.hold(part) else None
        if gathered is None:
            yield from cut(scale, bounds, part.begin, part.end, widths[1:]) if widths[1:] else (part,)
    if gathered:
        yield gathered


def _slice(weight: Weight, width: int) -> Slice:
    begin = _EPOCH + timedelta(microseconds=weight.number * width)
    return Slice(begin, begin + timedelta(microseconds=width), weight.rows, weight.size, weight.largest)
