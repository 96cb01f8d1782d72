"""Opening a journal for writing: who it is, where its records end, what a crash left behind."""

import os
import secrets
from pathlib import Path

import msgspec
from msgspec import Struct

from footfall.journal.base import JournalFormatError
from footfall.journal.frame import FORMAT, SMALLEST_FRAME, SegmentHeader
from footfall.journal.scan import survey, view
from footfall.journal.segments import (
    DURABLE,
    IDENTITY,
    RELEASED,
    Identity,
    Place,
    Segment,
    newer_format,
    read_identity,
    read_mark,
    segments,
    sync_folder,
)


class Recovery(Struct, frozen=True):
    """What opening a journal found, in bytes: a torn tail that was cut, and durable records that cannot be read."""

    cut: int = 0
    damaged: int = 0


class Tail(Struct, frozen=True):
    """Where to go on writing: at `end`, in the last segment or (None) in a new one."""

    end: Place
    segment: Segment | None
    recovery: Recovery


def open_identity(folder: Path) -> Identity:
    """Read who a journal is; a new one is made in an empty folder, a lost one is told by the segments.

    Raises JournalFormatError for a folder that holds something else.
    """
    identity = read_identity(folder)
    if identity is not None:
        return identity
    path = folder / IDENTITY
    found = segments(folder)
    keys = {header.key for segment in found if (header := _header(segment)) is not None}
    if len(keys) > 1 or (not keys and (found or (path.exists() and path.stat().st_size > 0))):
        raise JournalFormatError(f"{folder} holds something that is not a journal, or one without its {IDENTITY}")
    identity = Identity.of(f"{keys.pop():016x}" if keys else secrets.token_hex(8))
    _write_durably(path, msgspec.json.encode(identity))
    return identity


def recover(folder: Path, key: int) -> Tail:
    """Find where the records of a journal end; segments that hold nothing readable are set aside."""
    durable = read_mark(folder / DURABLE) or Place()
    released = read_mark(folder / RELEASED) or Place()
    floor = max(durable.position, released.position)
    found = [segment for segment in segments(folder) if _is_sound(segment, key)]
    if not found:
        return Tail(_behind_loss(Place(), durable, floor), None, Recovery(damaged=floor - released.position))
    last = survey(found[-1], key, floor)
    number = last.following if last.following is not None else max(durable.number, last.end // SMALLEST_FRAME)
    end = _behind_loss(Place(last.end, number), durable, floor)
    damaged = sum(gap.end - gap.start for gap in last.gaps)
    if end.position > last.end:
        return Tail(end, None, Recovery(0, damaged))
    return Tail(end, found[-1], Recovery(last.torn, damaged))


def _behind_loss(end: Place, durable: Place, floor: int) -> Place:
    """Where to go on when the last records that were durable are gone: at positions and numbers never used.

    Without a mark that tells the number, all the numbers that the lost bytes can have held are skipped.
    """
    if floor <= end.position:
        return end
    position = max(floor, end.position + SMALLEST_FRAME)
    known = max(end, durable, key=lambda place: place.position)
    return Place(position, max(end.number, known.number + (position - known.position) // SMALLEST_FRAME))


def _header(segment: Segment) -> SegmentHeader | None:
    with view(segment, 0) as seen:
        return seen.header()


def _is_sound(segment: Segment, key: int) -> bool:
    """Whether a segment is worth reading; what a crash left of a new one is removed, anything else is renamed."""
    with view(segment, key) as seen:
        header = seen.header()
        if header is not None:
            _check_header(segment, header, key)
            return True
        if next(seen.frames(segment.base), None) is not None:
            return True
        is_empty = seen.last_used(segment.base) == segment.base
    if is_empty:
        segment.remove()
    else:
        segment.path.rename(segment.path.with_suffix(".unreadable"))
    return False


def _check_header(segment: Segment, header: SegmentHeader, key: int) -> None:
    if header.format != FORMAT:
        raise newer_format(segment.path, header.format)
    if header.key != key or header.base != segment.base:
        raise JournalFormatError(f"{segment.path} belongs to another journal or position")


def _write_durably(path: Path, content: bytes) -> None:
    temporary = path.with_suffix(".new")
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    sync_folder(path.parent)
