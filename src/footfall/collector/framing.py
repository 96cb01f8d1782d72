"""What of a request passes to the web process, what of its answer passes back, and which requests do not pass at all.

Whoever stands in front of the collectors, the collector and the web process must agree on where a request ends, whom it
is for and who asks. So one value alone says how long a body is, and no client has a header dropped that matters.
"""

import re

from footfall.collector.http_error import HttpError
from footfall.collector.request import SINGLE
from footfall.schema.reasons import Reason

Pairs = list[tuple[bytes, bytes]]

_HOP_BY_HOP = frozenset(
    (
        b"connection",
        b"expect",
        b"http2-settings",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    )
)
_OURS = b"x-footfall-"
_BLANK = b" \t"
# Where the body ends; what it is; whom the request is for; who asks, from which site, through whom.
_END_TO_END = re.compile(
    rb"content-.*|transfer-encoding|host|authorization|cookie|origin|referer|sec-.*"
    rb"|forwarded|x-forwarded-.*|x-real-ip|via|x-footfall-.*"
)
_ABSOLUTE = re.compile(rb"https?://([^/?#]*)", re.IGNORECASE)
_BODILESS = (204, 304)


def check(version: str, target: bytes, headers: Pairs, max_body: int) -> None:
    """Refuse a request that somebody on its way could understand differently; raises HttpError.

    Header names are in lower case. `max_body` is in bytes.
    """
    if version not in ("1.0", "1.1"):
        raise _bad("This is not HTTP/1.1.")
    names = [name for name, _ in headers]
    for name in SINGLE:
        if names.count(name) > 1:
            raise _bad("A header stands twice that may stand once.")
    host = _value(headers, b"host")
    if host is None and version == "1.1":
        raise _bad("The request names no host.")
    if not target.startswith(b"/"):
        absolute = _ABSOLUTE.match(target)
        if absolute is None or absolute[1].lower() != (host or b"").lower():
            raise _bad("The request's target and its Host header differ.")
    if any(_END_TO_END.fullmatch(name) for name in _named(headers)):
        raise _bad("Connection names a header that is not for this connection alone.")
    length = _value(headers, b"content-length")
    if length is not None and int(length) > max_body:
        raise HttpError(413, Reason.BODY_TOO_LARGE)


def check_coding(version: str, codings: list[bytes]) -> None:
    """Refuse a body that is framed otherwise than by chunks alone; raises HttpError.

    `codings` are the values of Transfer-Encoding, in the order in which they came.
    """
    if version != "1.1" or len(codings) > 1 or codings[0].strip(_BLANK).lower() != b"chunked":
        raise _bad("Transfer-Encoding can only be chunked, and only in HTTP/1.1.")


def request_headers(headers: Pairs) -> Pairs:
    """The headers that the web process gets; what the body's length is goes in one of two ways."""
    kept = _without_hops(headers)
    passed = [
        (name, value.strip(_BLANK)) for name, value in kept if name != b"content-length" and not name.startswith(_OURS)
    ]
    length = _value(headers, b"content-length")
    if _value(headers, b"transfer-encoding") is not None:
        passed.append((b"transfer-encoding", b"chunked"))
    elif length is not None:
        passed.append((b"content-length", b"%d" % int(length)))
    if _value(passed, b"host") is None:
        passed.append((b"host", b""))
    passed.append((b"connection", b"close"))
    return passed


def answer_headers(status: int, headers: Pairs) -> Pairs:
    """The headers that the client gets."""
    lower = [(name.lower(), value) for name, value in headers]
    if status in _BODILESS or _value(lower, b"transfer-encoding") is not None:
        lower = [pair for pair in lower if pair[0] != b"content-length"]
    return _without_hops(lower)


def _without_hops(headers: Pairs) -> Pairs:
    dropped = _HOP_BY_HOP | {name for name in _named(headers) if not _END_TO_END.fullmatch(name)}
    return [pair for pair in headers if pair[0] not in dropped]


def _named(headers: Pairs) -> set[bytes]:
    """The names of headers that are for this connection alone, by its own account."""
    values = [value for name, value in headers if name == b"connection"]
    return {token.strip(_BLANK).lower() for value in values for token in value.split(b",")}


def _value(headers: Pairs, wanted: bytes) -> bytes | None:
    return next((value.strip(_BLANK) for name, value in headers if name == wanted), None)


def _bad(detail: str) -> HttpError:
    return HttpError(400, Reason.BAD_REQUEST, detail)
