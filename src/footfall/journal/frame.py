"""The bytes of a segment: a header, then frames. All numbers are little-endian; the checksums are XXH3-64.

    segment header (48 bytes)   "footfall" · u32 format · u32 0 · u64 journal · u64 base · u64 number · u64 checksum
    frame (40 bytes + payload)  ff "REC" · u32 length of the payload · u64 number · u64 durable
                                · u64 checksum of these 24 bytes · u64 checksum of the payload · payload

`durable` is the position up to which the journal was known to be on disk when the frame was written: it tells a later
reader whether bytes that cannot be read were ever acknowledged. The first checksum of a frame is seeded with the
journal's key and the frame's position, the second with the first: bytes that strayed here from another place or another
journal, or that a sender hid in a payload, are not taken for a frame.
"""

import struct

from msgspec import Struct
from xxhash import xxh3_64_intdigest

from footfall.journal.base import Damage, Record

MAGIC = b"footfall"
MARKER = b"\xffREC"
FORMAT = 1
MAX_RECORD = 1 << 30

_HEADER = struct.Struct("<8sIIQQQ")
_CHECKSUM = struct.Struct("<Q")
_HEAD = struct.Struct("<4sIQQ")
_FRAME = struct.Struct("<4sIQQQQ")
_CHECKSUMS = struct.Struct("<QQ")

HEADER_SIZE = _HEADER.size + _CHECKSUM.size
HEAD_SIZE = _HEAD.size
FRAME_SIZE = _FRAME.size
SMALLEST_FRAME = FRAME_SIZE + 1


class SegmentHeader(Struct, frozen=True):
    """Where a segment begins: the key of its journal, the position and number of its first record."""

    key: int
    base: int
    number: int
    format: int = FORMAT

    def pack(self) -> bytes:
        """The header's bytes."""
        head = _HEADER.pack(MAGIC, self.format, 0, self.key, self.base, self.number)
        return head + _CHECKSUM.pack(xxh3_64_intdigest(head))

    @classmethod
    def unpack(cls, data: bytes) -> "SegmentHeader | None":
        """Read a header, of whatever format; None for bytes that are not one."""
        if len(data) < HEADER_SIZE:
            return None
        magic, version, _, key, base, number = _HEADER.unpack_from(data)
        (checksum,) = _CHECKSUM.unpack_from(data, _HEADER.size)
        if magic != MAGIC or checksum != xxh3_64_intdigest(data[: _HEADER.size]):
            return None
        return cls(key, base, number, version)


class Head(Struct, frozen=True, gc=False):
    """The first part of a frame: what it says about its payload."""

    length: int
    number: int
    durable: int
    payload_checksum: int
    payload_seed: int


def pack_frame(seed: int, number: int, durable: int, payload: bytes) -> tuple[bytes, bytes]:
    """A record's frame as the two buffers to write; `seed` is the journal's key xor the frame's position."""
    head = _HEAD.pack(MARKER, len(payload), number, durable)
    checksum = xxh3_64_intdigest(head, seed)
    return head + _CHECKSUMS.pack(checksum, xxh3_64_intdigest(payload, checksum)), payload


def unpack_head(data: bytes, seed: int) -> Head | None:
    """What the bytes of a frame's first part say; None for bytes that are not one."""
    if len(data) < FRAME_SIZE:
        return None
    _, length, number, durable, checksum, payload_checksum = _FRAME.unpack_from(data)
    if length == 0 or checksum != xxh3_64_intdigest(data[:HEAD_SIZE], seed):
        return None
    return Head(length, number, durable, payload_checksum, checksum)


def unpack_records(data: bytes, position: int, key: int) -> list[Record | Damage]:
    """The whole records at the beginning of `data`, which stands at `position`; stops at one damaged or cut off."""
    records: list[Record | Damage] = []
    at, size = 0, len(data)
    while size - at >= FRAME_SIZE:
        _, length, number, _, checksum, payload_checksum = _FRAME.unpack_from(data, at)
        start = at + FRAME_SIZE
        end = start + length
        if end > size or not length or checksum != xxh3_64_intdigest(data[at : at + HEAD_SIZE], key ^ (position + at)):
            break
        payload = data[start:end]
        if payload_checksum != xxh3_64_intdigest(payload, checksum):
            break
        records.append(Record(number, payload, position + end))
        at = end
    return records
