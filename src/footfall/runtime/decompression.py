"""Compressed streams that are undone piece by piece, so that a bomb is noticed before it has gone off."""

import zlib
from collections.abc import Iterator
from typing import Protocol

import zstandard

GZIP_WINDOW = 16 + zlib.MAX_WBITS
DAMAGE = (zlib.error, zstandard.ZstdError)
_ZSTD_STEP = 256  # a call has no limit on what comes out, and four bytes can stand for 128 KiB
_LARGEST_ZSTD_WINDOW = 1 << 27


class Member(Protocol):
    """One compressed stream; several may follow each other."""

    @property
    def eof(self) -> bool:
        """Whether its end was reached."""

    @property
    def unused_data(self) -> bytes:
        """What was fed beyond its end."""

    def feed(self, data: bytes | memoryview) -> Iterator[bytes]:
        """What more input gives, in pieces; raises one of DAMAGE."""


class Zlib:
    """gzip, zlib or bare deflate, by `window`; pieces have at most `step` bytes."""

    def __init__(self, window: int, step: int) -> None:
        self._decoder = zlib.decompressobj(window)
        self._step = step

    @property
    def eof(self) -> bool:
        """See Member."""
        return self._decoder.eof

    @property
    def unused_data(self) -> bytes:
        """See Member."""
        return self._decoder.unused_data

    def feed(self, data: bytes | memoryview) -> Iterator[bytes]:
        """See Member."""
        while True:
            piece = self._decoder.decompress(data, self._step)
            yield piece
            data = self._decoder.unconsumed_tail
            if self._decoder.eof or (not data and len(piece) < self._step):
                return


class Zstd:
    """zstd, with windows of at most 128 MiB."""

    def __init__(self) -> None:
        self._decoder = zstandard.ZstdDecompressor(max_window_size=_LARGEST_ZSTD_WINDOW).decompressobj()
        self._rest = b""

    @property
    def eof(self) -> bool:
        """See Member."""
        return self._decoder.eof

    @property
    def unused_data(self) -> bytes:
        """See Member."""
        return self._decoder.unused_data + self._rest

    def feed(self, data: bytes | memoryview) -> Iterator[bytes]:
        """See Member."""
        for start in range(0, len(data), _ZSTD_STEP):
            yield self._decoder.decompress(data[start : start + _ZSTD_STEP])
            if self._decoder.eof:
                self._rest = bytes(data[start + _ZSTD_STEP :])
                return
