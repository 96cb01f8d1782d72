"""The bytes of a segment: a header, then frames. All numbers are little-endian.

    segment header (40 bytes)   "footfall" · u32 format · u32 0 · u64 base position · u64 base number · u64 checksum
    frame (28 bytes + payload)  u32 length of the payload · u64 number · u64 durable · u64 checksum · payload

`durable` is the position up to which the journal was known to be on disk when the frame was written: it tells a later
reader whether bytes that cannot be read were ever acknowledged. Checksums are XXH3-64: of the header's first 32 bytes;
of the payload, seeded with the checksum of the frame's first 20 bytes. A length of 0 ends the segment.
"""

import mmap
import struct
from collections.abc import Iterator

from msgspec import Struct
from xxhash import xxh3_64_intdigest

MAGIC = b"footfall"
FORMAT = 1

_HEADER = struct.Struct("<8sIIQQ")
_U64 = struct.Struct("<Q")
_FRAME = struct.Struct("<IQQ")

HEADER_SIZE = _HEADER.size + _U64.size
FRAME_SIZE = _FRAME.size + _U64.size
_LENGTH_SIZE = 4
_LONGEST = 1 << 30
_SEARCHED_NUMBERS = 64

Data = bytes | mmap.mmap


class SegmentHeader(Struct, frozen=True):
    """Where a segment begins: the position and number of its first record."""

    base: int
    number: int

    def pack(self) -> bytes:
        """The header's bytes."""
        head = _HEADER.pack(MAGIC, FORMAT, 0, self.base, self.number)
        return head + _U64.pack(xxh3_64_intdigest(head))

    @classmethod
    def unpack(cls, data: Data) -> "SegmentHeader | None":
        """Read a header; None for bytes that are not one."""
        if len(data) < HEADER_SIZE:
            return None
        head, (checksum,) = data[: _HEADER.size], _U64.unpack_from(data, _HEADER.size)
        magic, version, _, base, number = _HEADER.unpack(head)
        if magic != MAGIC or version != FORMAT or checksum != xxh3_64_intdigest(head):
            return None
        return cls(base, number)


class Frame(Struct, frozen=True, gc=False):
    """A frame that was read: where it stands in the data, and what it holds."""

    number: int
    start: int
    end: int
    durable: int
    payload: bytes


class Gap(Struct, frozen=True, gc=False):
    """Bytes between two offsets that were once durable and cannot be read."""

    start: int
    end: int


def pack_frame(number: int, durable: int, payload: bytes) -> tuple[bytes, bytes]:
    """A record's frame as the two buffers to write: header and payload."""
    head = _FRAME.pack(len(payload), number, durable)
    return head + _U64.pack(xxh3_64_intdigest(payload, xxh3_64_intdigest(head))), payload


def frame_at(data: Data, at: int) -> Frame | None:
    """The frame at an offset; None when there is none, when it is cut off, or when its checksum does not fit."""
    if at < 0 or len(data) - at < FRAME_SIZE:
        return None
    length, number, durable = _FRAME.unpack_from(data, at)
    start = at + FRAME_SIZE
    if not 0 < length <= min(_LONGEST, len(data) - start):
        return None
    payload = data[start : start + length]
    (checksum,) = _U64.unpack_from(data, at + _FRAME.size)
    if checksum != xxh3_64_intdigest(payload, xxh3_64_intdigest(data[at : at + _FRAME.size])):
        return None
    return Frame(number, at, start + length, durable, payload)


def announced_size(data: Data, at: int) -> int:
    """Size of the whole frame that the bytes at an offset announce; 0 where they announce none."""
    if len(data) - at < FRAME_SIZE:
        return 0
    (length, _, _) = _FRAME.unpack_from(data, at)
    return FRAME_SIZE + length if 0 < length <= _LONGEST else 0


def scan(data: Data, at: int, number: int, *, shift: int, durable: int) -> Iterator[Frame | Gap]:
    """The frames from an offset on, the first with the given number, and the gaps between them.

    `shift` turns offsets into positions. What follows the last readable frame counts as a gap only up to the position
    `durable`, before which everything was once on disk; behind it, it is a torn tail that nobody was told about.
    """
    while True:
        found = frame_at(data, at)
        if found is None or found.number != number:
            is_end = durable <= at + shift and announced_size(data, at) == 0
            found = None if is_end else _next_readable(data, at, number)
            if found is None or max(found.durable, durable) <= at + shift:
                break
            yield Gap(at, found.start)
        yield found
        durable = max(durable, found.durable)
        at, number = found.end, found.number + 1
    if at + shift < durable:
        yield Gap(at, min(durable - shift, len(data)))


def _next_readable(data: Data, after: int, number: int) -> Frame | None:
    """The next whole frame behind a damaged one, found by the number that it must carry."""
    for expected in range(number, number + _SEARCHED_NUMBERS):
        at = data.find(_U64.pack(expected), after)
        while at >= 0:
            candidate = frame_at(data, at - _LENGTH_SIZE)
            if candidate is not None and candidate.number == expected:
                return candidate
            at = data.find(_U64.pack(expected), at + 1)
    return None
