"""The record of one request in the journal: its events as sent, and what the collector decided about each."""

from typing import Literal

import msgspec
from msgspec import Struct

from footfall.schema.verdict import Finding

VERSION = 2

KeyKind = Literal["", "public", "secret"]


class Agent(Struct, frozen=True, array_like=True, gc=False):
    """What is kept of a User-Agent header."""

    family: str | None = None
    version: str | None = None
    system: str | None = None


class Rejected(Struct, frozen=True, array_like=True, gc=False):
    """An event that was rejected at the door, with what could be read of it; `payload` is JSON text."""

    index: int
    findings: list[Finding]
    mid: str | None = None
    eid: str | None = None
    ets: float | None = None
    channel: str = ""
    payload: str | None = None


class Duplicate(Struct, frozen=True, array_like=True, gc=False):
    """An event that the door knew to be on disk already; `event_type` is as in the lake, None in older records."""

    index: int
    mid: str
    eid: str
    ets: float
    channel: str
    event_type: str | None = None


class IngestRecord(Struct, frozen=True, array_like=True, gc=False):
    """One request. Times are epoch milliseconds.

    `events` is a JSON array of the accepted events, each exactly as sent, and a view of larger bytes; `keys`
    holds two unsigned 64-bit little-endian numbers for each: the hash of (channel, mid) and the hash of its canonical
    content. `indexes` and `channels` are empty when they are the obvious ones: 0, 1, 2 … and `channel` for all.
    `lenient` says with which shapes the events were accepted. Everywhere an index is the event's place in the request,
    also in `warnings`. `key_kind` is empty where no key was needed, and in records from before it was noted.
    """

    version: int
    received_at: int
    of: int
    channel: str
    events: memoryview
    keys: bytes
    lenient: bool = False
    indexes: list[int] = []
    channels: list[str] = []
    warnings: dict[int, list[Finding]] = {}
    refused: list[Rejected] = []
    repeats: list[Duplicate] = []
    sent_at: float | None = None
    agent: Agent | None = None
    device: str | None = None
    app: str | None = None
    key_kind: KeyKind = ""


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(IngestRecord)


def pack(intake: IngestRecord) -> bytes:
    """The record's bytes."""
    return _encoder.encode(intake)


def unpack(record: bytes | memoryview) -> IngestRecord:
    """Read a record; raises msgspec.DecodeError or ValidationError for bytes that are not one."""
    return _decoder.decode(record)
