"""Compressed bodies: what is read, and what is refused before it costs memory."""

import gzip
import tracemalloc
import zlib
from collections.abc import Callable
from functools import partial

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from footfall.collector.content_encoding import inflate, parse_encodings
from footfall.collector.http_error import HttpError

TEXT = b'{"events": []} ' * 20_000
LIMIT = 1 << 20


def bare_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


PACKERS: list[tuple[str, Callable[[bytes], bytes]]] = [
    ("gzip", partial(gzip.compress, compresslevel=1)),
    ("deflate", zlib.compress),
    ("deflate", bare_deflate),
    ("br", partial(brotli.compress, quality=3)),
    ("zstd", zstandard.compress),
]


def code(body: bytes, *encodings: str, limit: int = LIMIT) -> str:
    with pytest.raises(HttpError) as refused:
        inflate(body, encodings, limit)
    return refused.value.reason.code


@pytest.mark.parametrize(("name", "pack"), PACKERS)
def test_whole_bodies(name: str, pack: Callable[[bytes], bytes]) -> None:
    for text in (TEXT, b"", b"x", TEXT[:65536], TEXT[:131072]):
        assert inflate(pack(text), (name,), LIMIT) == text


@pytest.mark.parametrize(("name", "pack"), PACKERS)
def test_damaged_bodies(name: str, pack: Callable[[bytes], bytes]) -> None:
    packed = pack(TEXT)
    for damaged in (b"", packed[:-1], packed[: len(packed) // 2], packed + b"x", b"plain text, not packed"):
        assert code(damaged, name) == "corrupt_encoding"


@pytest.mark.parametrize(("name", "pack"), [PACKERS[0], PACKERS[4]])
def test_several_members(name: str, pack: Callable[[bytes], bytes]) -> None:
    assert inflate(pack(b"one ") + pack(b"two"), (name,), LIMIT) == b"one two"
    assert code(pack(b"") * 2000, name) == "corrupt_encoding"


@pytest.mark.parametrize(("name", "pack"), PACKERS)
def test_bombs_stop_at_the_limit(name: str, pack: Callable[[bytes], bytes]) -> None:
    bomb = pack(bytes(64 << 20))
    tracemalloc.start()
    assert code(bomb, name) == "inflated_too_large"
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20 << 20


def test_bomb_in_a_bomb() -> None:
    assert code(gzip.compress(gzip.compress(bytes(64 << 20))), "gzip", "gzip") == "inflated_too_large"


def test_headers() -> None:
    assert parse_encodings(b" GZIP , br") == ("gzip", "br")
    assert parse_encodings(b"identity") == ()
    assert parse_encodings(b"x-gzip") == ("gzip",)
    for unknown in (b"compress", b"gzip, nothing", b"gzip, gzip, gzip, gzip"):
        with pytest.raises(HttpError):
            parse_encodings(unknown)
    assert inflate(brotli.compress(gzip.compress(TEXT)), ("gzip", "br"), LIMIT) == TEXT


@given(st.sampled_from(PACKERS), st.binary(max_size=200), st.integers(0, 300), st.integers(0, 255))
def test_any_bytes_are_read_or_refused(
    packer: tuple[str, Callable[[bytes], bytes]], body: bytes, at: int, by: int
) -> None:
    name, pack = packer
    for damaged in (body, _changed(pack(body), at, by)):
        try:
            inflate(damaged, (name,), 1000)
        except HttpError:
            continue


def _changed(data: bytes, at: int, by: int) -> bytes:
    at %= len(data)
    return data[:at] + bytes([data[at] ^ by]) + data[at + 1 :]
