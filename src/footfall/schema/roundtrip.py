"""Proof that reading skipped nothing: a text that was decoded and encoded again is compared with what came out.

msgspec drops all but the last of several keys with one name, and Structs drop keys that they do not know. As many
quotes on both sides mean that no key was dropped. Besides, what is proved is neither nested too deeply for other
readers, nor does it hold an integer that no double can hold.
"""

import numpy as np

from footfall.schema.json_text import MAX_DEPTH, SAMPLED, holds_each_quote, may_hold_huge_integer, meets_digits

_LARGE = 8192  # from here on numpy's vectors outweigh its overhead
_QUOTE, _BACKSLASH, _LINE_FEED, _CLOSING = (ord(character) for character in '"\\\n}')
_BRACKETS_DIFFER = ord("}") ^ ord("]")

Bytes = np.ndarray[tuple[int], np.dtype[np.uint8]]
Places = np.ndarray[tuple[int], np.dtype[np.intp]]


def is_whole(text: bytes, canonical: bytes) -> bool:
    """Whether the canonical text of one value proves this of its text."""
    if not holds_each_quote(text, canonical):
        return False
    return _is_shallow(canonical) and not may_hold_huge_integer(text)


def line_ends(array: bytes | memoryview, lines: bytes) -> list[int] | None:
    """Where the line feeds stand in the canonical lines of an array's values; None if they do not prove this of all."""
    written = np.frombuffer(lines, np.uint8)
    ends = (written == _LINE_FEED).nonzero()[0]
    if len(array) < _LARGE:
        is_proved = _proves(bytes(array), lines)
    else:
        is_proved = _proves_much(np.frombuffer(array, np.uint8), written, ends)
    return ends.tolist() if is_proved else None


def _proves(text: bytes, lines: bytes) -> bool:
    if not holds_each_quote(text, lines) or may_hold_huge_integer(text):
        return False
    return _is_shallow(lines) or all(map(_is_shallow, lines.splitlines()))


def _is_shallow(canonical: bytes) -> bool:
    """Whether it is nested no deeper than others read, as it has not so many brackets, be they in strings."""
    return canonical.count(b"}") + canonical.count(b"]") <= MAX_DEPTH


def _proves_much(seen: Bytes, written: Bytes, ends: Places) -> bool:
    """`_proves` by vectors."""
    if np.count_nonzero(seen == _QUOTE) != np.count_nonzero(written == _QUOTE):
        return False
    if (seen == _BACKSLASH).any() and b"\\u0022" in seen.tobytes():
        return False
    closing = ((written | _BRACKETS_DIFFER) == _CLOSING).nonzero()[0]
    so_far = closing.searchsorted(ends)
    so_far[1:] -= so_far[:-1]
    return bool(so_far.max(initial=0) <= MAX_DEPTH) and not meets_digits(seen[::SAMPLED].tobytes())
