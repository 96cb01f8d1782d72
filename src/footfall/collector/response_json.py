"""Replies as HTTP/1.1 text."""

from functools import lru_cache
from http import HTTPStatus

from footfall.collector.responses import Headers, Reply, with_caution

_PHRASES = {status.value: status.phrase.encode() for status in HTTPStatus}


@lru_cache(maxsize=1024)
def _head(status: int, headers: Headers) -> bytes:
    lines = b"".join(b"%b: %b\r\n" % pair for pair in with_caution(headers))
    return b"HTTP/1.1 %d %b\r\n%b" % (status, _PHRASES.get(status, b""), lines)


def response(reply: Reply, *, keep_alive: bool = True, with_body: bool = True) -> bytes:
    """The bytes of a response; without its body for HEAD."""
    last = b"" if keep_alive else b"connection: close\r\n"
    if reply.status == 204:
        return b"%b%b\r\n" % (_head(reply.status, reply.headers), last)
    body = reply.body if with_body else b""
    return b"%bcontent-length: %d\r\n%b\r\n%b" % (_head(reply.status, reply.headers), len(reply.body), last, body)
