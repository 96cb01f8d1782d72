"""The journals that the pipeline reads, each from where the lake left off."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import structlog
from msgspec import Struct

from footfall.errors import TransientError
from footfall.journal.base import Damage, JournalFormatError, Record
from footfall.journal.reader import SegmentReader
from footfall.journal.segments import journals

_log = structlog.get_logger()


class _Source(Struct):
    """A journal that is open; `problem` is why it cannot be read, or should not be as it is."""

    folder: Path
    reader: SegmentReader
    problem: str | None = None

    @property
    def is_left(self) -> bool:
        """Whether nobody writes to it any more, as it was left aside for a new one."""
        return self.folder.name.partition("-")[2].startswith(self.reader.id)


class Sources:
    """All journals below a folder; new ones are found while running, and one that vanishes is left alone.

    `position` tells where the lake left off in a journal, by the journal's id. A journal that cannot be read does not
    keep the others from being read. `damaged` counts places that were passed over, and `has_skipped` tells whether
    there were any since the last call of `positions`, `read_from` where the lake left off when a journal was found.
    """

    def __init__(self, folder: Path, position: Callable[[str], int | None]) -> None:
        self._folder = folder
        self._position = position
        self._known: dict[Path, _Source] = {}
        self._positions: dict[str, int] = {}
        self._strange: dict[Path, str] = {}
        self._gone: dict[str, str] = {}
        self._loss: list[tuple[str, str]] = []
        self.read_from: dict[str, int] = {}
        self.damaged = 0
        self.has_skipped = False

    def discover(self) -> None:
        """Open journals that were made since the last call, and close those that are gone."""
        folders = journals(self._folder)
        for folder in self._known.keys() - set(folders):
            self._gone[self._known[folder].reader.id] = f"the journal {folder.name} has vanished while it was read"
            self._close(folder)
        for folder in folders:
            self._open(folder)

    @property
    def lag(self) -> int:
        """Durable bytes that were not read yet, of all journals that can be read."""
        return sum(self._lag(source) for source in self._known.values() if source.problem is None)

    def ends(self) -> dict[str, int]:
        """How far each journal that can be read is durable, by its id."""
        found: dict[str, int] = {}
        for source in self._known.values():
            if source.problem is None:
                with suppress(TransientError):
                    found[source.reader.id] = source.reader.end
        return found

    @property
    def problems(self) -> list[str]:
        """What keeps journals from being read, as sentences."""
        unreadable = [source.problem for source in self._known.values() if source.problem is not None]
        older = [self._older(source) for source in self._known.values() if self._is_older(source)]
        return unreadable + older + list(self._strange.values()) + list(self._gone.values())

    @property
    def loss(self) -> list[tuple[str, str]]:
        """Places in journals that could not be read: the journal, and what there was."""
        return list(self._loss)

    def read(self, max_bytes: int) -> Iterator[tuple[str, Record]]:
        """Read on in every journal, at most so many bytes of each, and remember how far."""
        for source in self._known.values():
            for piece in self._pieces(source, max_bytes):
                self._positions[source.reader.id] = piece.next
                if isinstance(piece, Damage):
                    self._note(source, piece)
                else:
                    yield source.reader.id, piece

    def positions(self) -> dict[str, int]:
        """How far each journal was read, by its id; those that are gone too."""
        self.has_skipped = False
        return dict(self._positions)

    def truncate(self, positions: Mapping[str, int]) -> None:
        """Drop what the lake holds durably; what fails here is done the next time."""
        for source in self._known.values():
            try:
                source.reader.truncate(positions.get(source.reader.id, 0))
            except TransientError as error:
                _log.warning("journal not truncated", journal=source.reader.id, error=str(error))

    def close(self) -> None:
        """Close all journals."""
        for folder in list(self._known):
            self._close(folder)

    def _open(self, folder: Path) -> None:
        known = self._known.get(folder)
        try:
            reader = SegmentReader(folder)
        except (JournalFormatError, TransientError, OSError) as error:
            if folder not in self._strange:
                _log.error("journal cannot be opened", journal=folder.name, error=str(error))
            self._strange[folder] = str(error)
            return
        self._strange.pop(folder, None)
        if known is not None and known.reader.id == reader.id:
            if known.problem is None:
                reader.close()
            else:
                known.reader.close()
                known.reader = reader
            return
        self._close(folder)
        if any(source.reader.id == reader.id for source in self._known.values()):
            self._strange[folder] = f"the journal in {folder} is a copy of another one: it is not read"
            return
        self._known[folder] = _Source(folder, reader)
        self._gone.pop(reader.id, None)
        self.read_from.setdefault(reader.id, self._position(reader.id) or 0)
        self._positions.setdefault(reader.id, self.read_from[reader.id])

    def _close(self, folder: Path) -> None:
        source = self._known.pop(folder, None)
        if source is not None:
            source.reader.close()

    def _pieces(self, source: _Source, max_bytes: int) -> list[Record | Damage]:
        try:
            pieces = source.reader.read(self._positions[source.reader.id], max_bytes)
        except TransientError as error:
            if source.problem is None:
                _log.error("journal cannot be read", journal=source.reader.id, error=str(error))
            source.problem = str(error)
            return []
        source.problem = None
        return pieces

    def _lag(self, source: _Source) -> int:
        try:
            return max(0, source.reader.end - self._positions[source.reader.id])
        except TransientError:
            return 0

    def _is_older(self, source: _Source) -> bool:
        """Whether the lake has more of a journal than it holds itself, though it is written to."""
        if source.is_left or source.problem is not None:
            return False
        try:
            return source.reader.end < self._positions[source.reader.id]
        except TransientError:
            return False

    def _older(self, source: _Source) -> str:
        return (
            f"the journal {source.folder.name} is older than what the lake has of it, so what it is given now would "
            "never be read: start footfall again, which begins a new one"
        )

    def _note(self, source: _Source, damage: Damage) -> None:
        self.damaged += 1
        self.has_skipped = True
        self._loss.append((source.reader.id, f"{damage.next - damage.at} bytes at {damage.at}: {damage.detail}"))
        _log.error("journal damaged", journal=source.reader.id, at=damage.at, next=damage.next, detail=damage.detail)
