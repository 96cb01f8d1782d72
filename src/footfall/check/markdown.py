"""The JSON in fenced code blocks of Markdown; the text around it is passed over."""

import re
from collections.abc import Iterator

from msgspec import Struct

from footfall.check.chunk import Place

_FENCE = re.compile(rb"^[ \t]*(`{3,}|~{3,})[ \t]*([^\s`{]*)[^\n`]*\r?$")
_ANY_FENCE = re.compile(rb"^[ \t]*(?:```|~~~)", re.MULTILINE)
_JSON = frozenset({b"json", b"jsonc", b"json5", b"ndjson", b"jsonl"})
_UNNAMED = frozenset({b"", b"js", b"javascript", b"ts", b"typescript", b"text", b"txt", b"code", b"python"})
_BEGINS = re.compile(rb"(?:[ \t\r\n]++|//[^\n]*+\n|#[^\n]*+\n)*+[{\[]")
_LARGEST = 1 << 24


class Fence(Struct):
    """One block of code and the place of its first line."""

    place: Place
    text: bytes


def is_markdown(start: bytes) -> bool:
    """Whether a text that starts like this has fenced code blocks, as no JSON has."""
    return _ANY_FENCE.search(start) is not None


def fences(blocks: Iterator[bytes]) -> Iterator[Fence]:
    """Blocks of code that are called JSON, or look like it; each of at most 16 MiB, what is more is cut."""
    mark, name, first, size = b"", b"", 0, 0
    held: list[bytes] = []
    for number, line in enumerate(_lines(blocks), 1):
        found = _FENCE.match(line.rstrip(b"\n")) if b"```" in line or b"~~~" in line else None
        if not mark and found:
            mark, name, first, held, size = found[1], found[2].lower(), number + 1, [], 0
        elif mark and found and not found[2] and found[1].startswith(mark):
            yield from _if_json(name, first, held)
            mark = b""
        elif mark and size < _LARGEST:
            held.append(line)
            size += len(line)
    if mark:
        yield from _if_json(name, first, held)


def _if_json(name: bytes, first: int, lines: list[bytes]) -> Iterator[Fence]:
    text = b"".join(lines)
    if (name in _JSON and text.strip()) or (name in _UNNAMED and _BEGINS.match(text)):
        yield Fence(Place(first), text)


def _lines(blocks: Iterator[bytes]) -> Iterator[bytes]:
    held: list[bytes] = []
    size = 0
    for block in blocks:
        *lines, tail = block.split(b"\n")
        for line in lines:
            yield b"".join([*held, line, b"\n"])
            held, size = [], 0
        if size < _LARGEST:
            held.append(tail)
            size += len(tail)
    yield b"".join(held)
