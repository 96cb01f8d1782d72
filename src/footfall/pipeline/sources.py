"""The journals that the pipeline reads, each from where the lake left off."""

from collections.abc import Callable, Iterator
from pathlib import Path

from msgspec import Struct

from footfall.journal.log import Damage, Record
from footfall.journal.reader import SegmentReader


class Source(Struct):
    """A journal and the position up to which it was read."""

    reader: SegmentReader
    position: int

    @property
    def lag(self) -> int:
        """Durable bytes that were not read yet."""
        return max(0, self.reader.end - self.position)


class Sources:
    """All journals below a folder; new ones are found while running.

    `position` tells where the lake left off in a journal, by the journal's id.
    """

    def __init__(self, folder: Path, position: Callable[[str], int | None]) -> None:
        self._folder = folder
        self._position = position
        self._known: dict[Path, Source] = {}

    def discover(self) -> None:
        """Open journals that were made since the last call."""
        for identity in sorted(self._folder.glob("*/journal.json")):
            if identity.parent not in self._known:
                reader = SegmentReader(identity.parent)
                self._known[identity.parent] = Source(reader, self._position(reader.id) or 0)

    @property
    def lag(self) -> int:
        """Durable bytes that were not read yet, of all journals."""
        return sum(source.lag for source in self._known.values())

    def read(self, max_bytes: int) -> Iterator[tuple[str, Record | Damage]]:
        """Read on in every journal, at most so many bytes of each, and remember how far."""
        for source in self._known.values():
            for piece in source.reader.read(source.position, max_bytes):
                source.position = piece.next
                yield source.reader.id, piece

    def positions(self) -> dict[str, int]:
        """How far each journal was read."""
        return {source.reader.id: source.position for source in self._known.values()}

    def truncate(self, positions: dict[str, int]) -> None:
        """Drop what the lake holds durably."""
        for source in self._known.values():
            source.reader.truncate(positions.get(source.reader.id, 0))

    def close(self) -> None:
        """Close all journals."""
        for source in self._known.values():
            source.reader.close()
        self._known.clear()
