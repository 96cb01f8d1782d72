"""Content-Encoding: gzip, deflate, br and zstd, one or several, with a limit on what comes out.

A decoder is fed in pieces and asked for at most so many bytes at a time, so that a bomb stops at the limit.
"""

import zlib
from collections.abc import Callable, Iterator

import brotli

from footfall.collector.http_error import HttpError
from footfall.runtime.decompression import DAMAGE, GZIP_WINDOW, Member, Zlib, Zstd
from footfall.schema.reasons import Reason
from footfall.schema.stepwise import Steps, finish

_STEP = 1 << 16
_AT_MOST_MEMBERS = 1024
_AT_MOST_STACKED = 3


def parse_encodings(value: bytes) -> tuple[str, ...]:
    """The encodings of a header, in the order in which they were applied; raises HttpError for an unknown one."""
    names = tuple(name for part in value.decode("latin-1").split(",") if (name := part.strip().lower()))
    coded = tuple(_ALIASES.get(name, name) for name in names if name != "identity")
    if len(coded) > _AT_MOST_STACKED or any(name not in _DECODERS for name in coded):
        raise HttpError(415, Reason.UNSUPPORTED_ENCODING)
    return coded


def inflate(body: bytes, encodings: tuple[str, ...], limit: int) -> bytes:
    """Undo the encodings; raises HttpError for a corrupt body or one that would pass the limit of bytes."""
    return finish(inflating(body, encodings, limit, lambda _: None))


def inflating(body: bytes, encodings: tuple[str, ...], limit: int, count: Callable[[int], None]) -> Steps[bytes]:
    """`inflate` in slices; `count` is told of all bytes that come out, of those that are refused as well."""
    for name in reversed(encodings):
        body = yield from _collect(_DECODERS[name](body), limit, count)
    return body


def _collect(pieces: Iterator[bytes], limit: int, count: Callable[[int], None]) -> Steps[bytes]:
    out: list[bytes] = []
    size = 0
    try:
        for piece in pieces:
            out.append(piece)
            size += len(piece)
            count(len(piece))
            if size > limit:
                raise HttpError(413, Reason.INFLATED_TOO_LARGE)
            yield
    except (*DAMAGE, brotli.error, EOFError):
        raise HttpError(400, Reason.CORRUPT_ENCODING) from None
    whole = b"".join(out)
    yield
    del out
    yield
    return whole


def _members(body: bytes, start: Callable[[], Member], *, many: bool = True) -> Iterator[bytes]:
    """The output of one compressed stream after the other; raises EOFError when one is cut short or none may follow."""
    view = memoryview(body)
    at = 0
    for _ in range(_AT_MOST_MEMBERS if many else 1):
        member = start()
        while not member.eof:
            if at >= len(view):
                raise EOFError
            piece = view[at : at + _STEP]
            yield from member.feed(piece)
            at += len(piece)
        at -= len(member.unused_data)
        if at >= len(view):
            return
    raise EOFError


def _gzip(body: bytes) -> Iterator[bytes]:
    return _members(body, lambda: Zlib(GZIP_WINDOW, _STEP))


def _deflate(body: bytes) -> Iterator[bytes]:
    """As the standard says, zlib's format; as some clients do it, bare."""
    has_header = len(body) >= 2 and body[0] & 0x0F == zlib.DEFLATED and (body[0] << 8 | body[1]) % 31 == 0
    window = zlib.MAX_WBITS if has_header else -zlib.MAX_WBITS
    return _members(body, lambda: Zlib(window, _STEP), many=False)


def _zstd(body: bytes) -> Iterator[bytes]:
    return _members(body, Zstd)


def _brotli(body: bytes) -> Iterator[bytes]:
    decoder = brotli.Decompressor()
    piece = decoder.process(body, output_buffer_limit=_STEP)
    yield piece
    while not decoder.is_finished():
        if decoder.can_accept_more_data() and not piece:
            raise EOFError
        piece = decoder.process(b"", output_buffer_limit=_STEP)
        yield piece


_ALIASES = {"x-gzip": "gzip"}
_DECODERS: dict[str, Callable[[bytes], Iterator[bytes]]] = {
    "gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
