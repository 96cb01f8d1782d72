"""The ways in which things get into footfall: events, operations on accounts, and what an LMS tracks."""

from enum import StrEnum

from msgspec import Struct


class Endpoint(StrEnum):
    """A path of footfall that takes things in. The value is the path."""

    TELEMETRY = "/v1/telemetry"
    IDENTITY = "/v1/identity/operations"
    LMS = "/api/tracking/"


class Noted(Struct, frozen=True, gc=False):
    """Something to send as JSON, the moment at which it was noted (epoch milliseconds), and the way it goes."""

    at_ms: int
    text: bytes
    way: Endpoint = Endpoint.TELEMETRY


class Parcel(Struct, frozen=True):
    """Things that go the same way at the same time: in one request, but for the LMS's, which takes one at a time."""

    way: Endpoint
    texts: list[bytes]
