"""The part of a text that is in memory, how far in it the reader is, and what stands where in it."""

import re
from collections.abc import Iterator

from footfall.check.chunk import Place

SIZE = 1 << 18
_REACH = 256  # longest match of a landmark that may be cut by the end of a block


class Buffer:
    """A text that comes in blocks. `text[at:]` is what is still to be read; `place` is the place of `at`."""

    def __init__(self, blocks: Iterator[bytes], place: Place) -> None:
        self.text = b""
        self.at = 0
        self.place = place
        self.is_last = False
        self.read = 0
        self._blocks = blocks

    @property
    def left(self) -> int:
        """Bytes in memory that are still to be read."""
        return len(self.text) - self.at

    @property
    def origin(self) -> int:
        """Which byte of the whole text the first in memory is."""
        return self.read - self.at

    def fill(self, size: int = SIZE) -> bool:
        """Have so many bytes in memory, or all that are left; False if there was nothing to add."""
        if self.is_last or self.left >= size:
            return False
        blocks = [self.text[self.at :]]
        missing = size - self.left
        while missing > 0 and (block := next(self._blocks, None)) is not None:
            blocks.append(block)
            missing -= len(block)
        self.is_last = missing > 0
        self.text, self.at = b"".join(blocks), 0
        return len(blocks) > 1

    def place_of(self, offset: int) -> Place:
        """The place of an offset that is still to be read."""
        return self.place.after(self.text[self.at : offset])

    def advance(self, end: int) -> bytes:
        """Go on to an offset, and say what was passed."""
        passed = self.text[self.at : end]
        self.place = self.place.after(passed)
        self.read += len(passed)
        self.at = end
        return passed


class Landmark:
    """Where something stands next in a window; no byte is searched twice, whatever is asked."""

    def __init__(self, window: Buffer, pattern: re.Pattern[bytes]) -> None:
        self._window = window
        self._pattern = pattern
        self._found = -1
        self._searched = 0

    def next(self, start: int) -> int:
        """The offset of the next one from `start` on, -1 where there is none in memory; `start` only ever grows."""
        window = self._window
        origin = window.origin
        if self._found - origin >= start:
            return self._found - origin
        found = self._pattern.search(window.text, max(start, self._searched - origin - _REACH))
        at = found.start() if found else -1
        self._searched = origin + (at if found else len(window.text))
        self._found = origin + at if found else -1
        return at
