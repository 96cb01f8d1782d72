"""What is in a journal folder, for people; reads only, also while a writer and a reader are at work."""

import os
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from footfall.journal.scan import Gap, Survey, survey, view
from footfall.journal.segments import DURABLE, RELEASED, Identity, Place, Segment, identify, read_mark, segments


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

    `state` is `closed`, or `open` while a writer has it or when one ended without closing. `unconfirmed` counts the bytes
    written behind `durable`: on their way to the disk, or what a crash left for the next start to sort out. `damaged`
    counts the bytes of the gaps.
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
