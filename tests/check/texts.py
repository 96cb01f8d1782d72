"""Texts that hold events, read to the end."""

import json
from collections.abc import Iterator
from typing import Any

from footfall.check.chunk import Chunk, Piece
from footfall.check.location import Layout
from footfall.check.reader import Reader


def event(number: int = 0, **parts: Any) -> dict[str, Any]:
    """A valid LOG of its own mid."""
    return {
        "eid": "LOG",
        "ets": 1_795_224_242_107 + number,
        "ver": "3.0",
        "mid": f"m{number}",
        "actor": {"id": "a", "type": "User"},
        "context": {"channel": "c", "env": "e", "pdata": {"id": "p"}, "cdata": [{"type": "t", "id": "i"}]},
        "edata": {"type": "t", "level": "INFO", "message": "said {[\"'"},
    } | parts


def text(value: Any, indent: int | None = None) -> bytes:
    """The value as JSON."""
    return json.dumps(value, indent=indent).encode()


def blocks(data: bytes, size: int = 1 << 20) -> Iterator[bytes]:
    """A text in blocks."""
    return (data[start : start + size] for start in range(0, len(data), size))


def chunks(data: bytes, *, loosely: bool = False, size: int = 1 << 20) -> list[Chunk]:
    """The chunks of a text."""
    return list(Reader("f", blocks(data, size), loosely=loosely).chunks())


def pieces(data: bytes, *, loosely: bool = False, size: int = 1 << 20) -> list[Piece]:
    """The pieces of a text."""
    return [piece for chunk in chunks(data, loosely=loosely, size=size) for piece in _read(chunk)]


def _read(chunk: Chunk) -> list[Piece]:
    if chunk.is_read:
        layout = Layout(chunk)
        return [layout.piece(number) for number in range(chunk.count)]
    reader = Reader(chunk.file, iter([chunk.bulk]), loosely=False, place=chunk.place, singly=True)
    return [piece for inner in reader.chunks() for piece in inner.pieces]


def values(data: bytes, *, loosely: bool = False, size: int = 1 << 20) -> list[Any]:
    """The decoded pieces of a text that is all JSON."""
    return [json.loads(piece.text) for piece in pieces(data, loosely=loosely, size=size)]
