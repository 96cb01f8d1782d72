"""One event as it goes over the wire, and the ids that make it unique."""

from hashlib import sha256
from random import Random
from typing import Any

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

CHANNEL = "dev"

encode = msgspec.json.Encoder().encode

_ODD = 0x9E3779B97F4A7C15
_OTHER_ODD = 0xC2B2AE3D27D4EB4F
_MASK = (1 << 64) - 1


class Producer(Struct, frozen=True, omit_defaults=True):
    """The application that sends (`pdata`)."""

    id: str
    pid: str
    ver: str
    platform: str | UnsetType = UNSET


class Correlation(Struct, frozen=True):
    """One thing that an event belongs to (`cdata`)."""

    type: str
    id: str


class Actor(Struct, frozen=True):
    """Who did it."""

    id: str
    type: str = "User"


class Thing(Struct, frozen=True, omit_defaults=True):
    """What an event is about (`object`)."""

    id: str
    type: str
    ver: str = "1.0"
    rollup: dict[str, str] | UnsetType = UNSET

    def raw(self) -> Raw:
        """The thing as JSON, to be written into any number of events."""
        return Raw(msgspec.json.encode(self))


class Context(Struct, frozen=True):
    """Where and in which visit it happened."""

    channel: str
    env: str
    pdata: Producer
    sid: str
    did: str
    cdata: tuple[Correlation, ...]
    rollup: dict[str, str]


class Event(Struct, gc=False):
    """An event; the parts that many events share are already JSON."""

    eid: str
    ets: int
    ver: str
    mid: str
    actor: Raw
    context: Raw
    object: Raw | UnsetType
    edata: dict[str, Any]


class Mids:
    """Message ids: the same for the same seed and run, never the same twice, never shared between two runs."""

    def __init__(self, seed: int, run: str) -> None:
        self._run = int.from_bytes(sha256(f"{seed}/{run}".encode()).digest()[:8], "big")
        self._count = 0

    def next(self) -> str:
        """The next id: 32 hexadecimal digits that look random but cannot repeat."""
        self._count += 1
        low = self._count * _ODD & _MASK
        high = self._run ^ (self._count * _OTHER_ODD & _MASK)
        return f"{high:016x}{low:016x}"


def chance(*parts: object) -> Random:
    """A source of chance that depends on nothing but the parts."""
    return Random("/".join(map(str, parts)))  # noqa: S311


def uuid(digits: str) -> str:
    """32 hexadecimal digits in the form of a UUID."""
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
