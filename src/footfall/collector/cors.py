"""Cross-origin requests: browsers may send events from any page; which pages a key allows is checked with the key.

Nothing on these paths looks at cookies, so allowing credentials gives nothing away; beacons need it.
"""

from functools import lru_cache

from footfall.collector.responses import JSON, Headers, Reply

_ALLOWED = (
    b"authorization, content-type, content-encoding, x-channel-id, x-device-id, x-app-id, x-consumer-id, "
    b"x-session-id, x-requested-with, datatype, x-anon-username, x-csrftoken"
)
_LONGEST_ORIGIN = 300


@lru_cache(maxsize=1024)
def reply_headers(origin: bytes | None) -> Headers:
    """The headers of any reply on an ingest path."""
    if origin is None or len(origin) > _LONGEST_ORIGIN:
        return (*JSON, (b"access-control-allow-origin", b"*"))
    return (*JSON, *_sharing(origin), (b"access-control-expose-headers", b"retry-after"))


def sharing_headers(origin: bytes | None) -> Headers:
    """The same without a content type."""
    return reply_headers(origin)[len(JSON) :]


def preflight(headers: dict[bytes, bytes]) -> Reply:
    """204 to the question whether a page may send events."""
    origin = headers.get(b"origin", b"")[:_LONGEST_ORIGIN]
    allowed: Headers = (
        *(_sharing(origin) if origin else ((b"access-control-allow-origin", b"*"),)),
        (b"access-control-allow-methods", b"POST, OPTIONS"),
        (b"access-control-allow-headers", _ALLOWED),
        (b"access-control-max-age", b"86400"),
        (b"allow", b"POST, OPTIONS"),
    )
    if headers.get(b"access-control-request-private-network", b"").lower() == b"true":
        allowed += ((b"access-control-allow-private-network", b"true"),)
    return Reply(204, allowed, b"")


def _sharing(origin: bytes) -> Headers:
    return (
        (b"access-control-allow-origin", origin),
        (b"access-control-allow-credentials", b"true"),
        (b"vary", b"origin"),
    )
