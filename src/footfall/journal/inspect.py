"""What is in a journal folder, for people; reads only, also while a writer and a reader are at work."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from footfall.journal.frame import FRAME_SIZE
from footfall.journal.scan import Gap, Survey, survey, view
from footfall.journal.segments import DURABLE, RELEASED, Identity, Place, Segment, extents, identify, read_mark


class SegmentReport(Struct, frozen=True):
    """One segment. `base` and `end` are positions; `used` and `allocated` are bytes of the file.

    `header` tells whether the header could be read; `gaps` are records that were durable and cannot be read.
    """

    file: str
    base: int
    end: int
    first: int | None
    records: int
    used: int
    allocated: int
    header: bool
    gaps: list[Gap]


class JournalReport(Struct, frozen=True):
    """One journal. `durable` and `released` are what the writer and the reader last said, None where it cannot be read.

    `state` is `closed`, or `open` while a writer has it or when one ended without closing. `unconfirmed` counts the
    bytes written behind `durable`: on their way to the disk, or what a crash left for the next start to sort out.
    `damaged` counts the bytes of the gaps.
    """

    folder: str
    id: str
    format: int
    state: str
    start: int
    end: int
    durable: int | None
    released: int | None
    records: int
    unconfirmed: int
    damaged: int
    segments: list[SegmentReport]


class Entry(Struct, frozen=True):
    """One record: its number, its position, the size of its payload in bytes."""

    number: int
    position: int
    size: int


def inspect(folder: Path) -> JournalReport:
    """Look at a journal; raises JournalFormatError where there is none."""
    identity = identify(folder)
    released = read_mark(folder / RELEASED)
    floor = max((read_mark(folder / DURABLE) or Place()).position, (released or Place()).position)
    surveys = list(_surveys(folder, identity, floor))
    durable = read_mark(folder / DURABLE)
    last = surveys[-1][1] if surveys else None
    end = max(last.end if last else 0, floor)
    written = last.end + last.torn if last else 0
    is_closed = last is None or last.allocated == surveys[-1][0].offset(end)
    return JournalReport(
        folder=str(folder),
        id=identity.id,
        format=identity.format,
        state="closed" if is_closed else "open",
        start=surveys[0][0].base if surveys else end,
        end=end,
        durable=durable.position if durable else None,
        released=released.position if released else None,
        records=sum(found.records for _, found in surveys),
        unconfirmed=max(0, written - durable.position) if durable else written - end,
        damaged=sum(gap.end - gap.start for _, found in surveys for gap in found.gaps),
        segments=[_report(segment, found) for segment, found in surveys],
    )


def entries(folder: Path, start: int = 0) -> Iterator[Entry]:
    """The records from a position on, those included that are still on their way to the disk."""
    key = identify(folder).key
    for segment, stop in extents(folder):
        if stop is not None and stop <= start:
            continue
        with contextlib.suppress(FileNotFoundError), view(segment, key, stop) as seen:
            for frame in seen.frames(max(segment.base, start)):
                yield Entry(frame.number, frame.start, frame.end - frame.start - FRAME_SIZE)


def _surveys(folder: Path, identity: Identity, floor: int) -> Iterator[tuple[Segment, Survey]]:
    for segment, stop in extents(folder):
        with contextlib.suppress(FileNotFoundError):  # dropped by the reader since it was listed
            yield segment, survey(segment, identity.key, floor if stop is None else stop, stop)


def _report(segment: Segment, found: Survey) -> SegmentReport:
    return SegmentReport(
        file=segment.path.name,
        base=segment.base,
        end=found.end,
        first=found.first,
        records=found.records,
        used=segment.offset(found.end),
        allocated=found.allocated,
        header=found.header is not None,
        gaps=found.gaps,
    )
