"""The head of a request, as far as the collector looks at it; the same from a socket and from ASGI."""

import re
from collections.abc import Iterable
from urllib.parse import unquote

import httptools
from msgspec import Struct

PATHS = (
    "/v1/telemetry",
    "/data/v3/telemetry",
    "/action/data/v3/telemetry",
    "/api/data/v1/telemetry",
    "/content/data/v1/telemetry",
    "/action/data/v1/telemetry",
)
EXACT = frozenset(path.encode() for path in PATHS)

# Headers that mean one thing; twice, nobody knows which one counts.
SINGLE = (b"authorization", b"content-length", b"content-type", b"host", b"origin")
_SLASHES = re.compile("/{2,}")

Headers = Iterable[tuple[bytes, bytes]]


class RequestHead(Struct):
    """A request before its body. Header names are in lower case; of one that stands twice, the last counts.

    `repeated` says whether a header stands twice that may stand once. `path` is that of a dialect, if the request is in
    one, else empty; `peer` is then the client's address, where it is known.
    """

    method: bytes
    query: bytes
    headers: dict[bytes, bytes]
    repeated: bool = False
    path: str = ""
    peer: str = ""

    @classmethod
    def make(cls, method: bytes, query: bytes, pairs: list[tuple[bytes, bytes]]) -> "RequestHead":
        """A head from header pairs with names in lower case."""
        headers = dict(pairs)
        repeated = False
        if len(headers) != len(pairs):
            names = [name for name, _ in pairs]
            repeated = any(names.count(name) > 1 for name in SINGLE)
            if names.count(b"content-encoding") > 1:
                headers[b"content-encoding"] = b",".join(value for name, value in pairs if name == b"content-encoding")
        return cls(method, query, headers, repeated)


def is_ingest(path: str) -> bool:
    """Whether events are sent to this path; clients glue URLs together, so doubled and trailing slashes do no harm."""
    return _SLASHES.sub("/", path).removesuffix("/") in PATHS


def is_ingest_target(path: bytes) -> bool:
    """The same for a path as it stands in a request line."""
    return path in EXACT or (
        (b"telemetry" in path.lower() or b"%" in path) and is_ingest(unquote(path.decode("latin-1")))
    )


def path_of(target: bytes) -> bytes:
    """The path of a request's target, also of one in absolute form; empty where there is none."""
    try:
        return httptools.parse_url(target).path or b""
    except httptools.HttpParserError:
        return b""
