"""What a table's writer notes about its own doing, beside the table: by it a damaged log is made whole again.

`_recovery.ndjson` in a table's folder holds, one a line and each with a checksum of its own,

- the ids of the files that were begun, before they are: a file that the table does not know and that stands here was
  given up, and may go; any other is not ours to remove;
- a second copy of the log's entries, and the checksums of its checkpoints.

`_recovery.parquet` is a second copy of the newest checkpoint behind which entries were removed. To readers of Delta
tables, names with an underscore are no data. Nothing here is needed while the log is whole, so little of it is synced.
"""

import errno
import os
from contextlib import suppress
from pathlib import Path

import structlog
from msgspec import DecodeError, Struct, field, json
from xxhash import xxh3_64_hexdigest

from footfall.lake.disk import open_lock, replace_durably, sync

_log = structlog.get_logger()
RECORD = "_recovery.ndjson"
CHECKPOINT = "_recovery.parquet"
_SUM = 16


class Begun(Struct, frozen=True, tag="file", tag_field="kind"):
    """A file that was going to be written; see `data_files.file_id`."""

    id: str


class EntryCopy(Struct, frozen=True, tag="entry", tag_field="kind"):
    """The text of a log entry."""

    version: int
    text: str


class CheckpointSum(Struct, frozen=True, tag="checkpoint", tag_field="kind"):
    """The checksum of the checkpoint of a version; `kept` says that it is the one of which there is a copy."""

    version: int
    checksum: str
    kept: bool = False


Note = Begun | EntryCopy | CheckpointSum


class Notes(Struct):
    """Everything that the record says."""

    begun: set[str] = field(default_factory=set)
    entries: dict[int, str] = field(default_factory=dict)
    checkpoints: dict[int, str] = field(default_factory=dict)
    kept: CheckpointSum | None = None


_encoder = json.Encoder()
_decoder: json.Decoder[Note] = json.Decoder(Note)


class RecoveryRecord:
    """The record of one table, for its one writer; readers may read it, too."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / RECORD
        self._copy = folder / CHECKPOINT
        self._file = -1

    @property
    def checkpoint_copy(self) -> Path:
        """Where the copy of a checkpoint is."""
        return self._copy

    def read(self) -> Notes:
        """What was noted; lines that were torn or changed since are left out. Raises OSError."""
        notes = Notes()
        try:
            lines = self._path.read_bytes().split(b"\n")
        except FileNotFoundError:
            return notes
        for line in lines:
            note = _read(line)
            if isinstance(note, Begun):
                notes.begun.add(note.id)
            elif isinstance(note, EntryCopy):
                notes.entries[note.version] = note.text
            elif note is not None:
                notes.checkpoints[note.version] = note.checksum
                notes.kept = note if note.kept else notes.kept
        return notes

    def begin(self, file_id: str) -> None:
        """Note that a file is going to be written. Raises OSError."""
        self._append(Begun(file_id))

    def note(self, *notes: Note) -> None:
        """Note something for which nothing waits: on a disk that is full it is left out."""
        try:
            self._append(*notes)
        except OSError as error:
            _log.warning("recovery record not written", error=error.strerror)

    def rewrite(self, notes: Notes) -> None:
        """Hold these notes and no others. Raises OSError."""
        lines: list[Note] = [Begun(name) for name in sorted(notes.begun)]
        lines += [EntryCopy(version, text) for version, text in sorted(notes.entries.items())]
        lines += [CheckpointSum(*pair) for pair in sorted(notes.checkpoints.items())]
        lines += [notes.kept] if notes.kept is not None else []
        replace_durably(self._path, b"".join(map(_line, lines)))
        self.close()

    def sync(self) -> None:
        """Bring what was noted to the disk. Raises OSError."""
        with suppress(FileNotFoundError):
            sync(self._path)

    def close(self) -> None:
        """Close the file; the next note opens it again."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def __del__(self) -> None:
        self.close()

    def _append(self, *notes: Note) -> None:
        if self._file < 0:
            self._file = open_lock(self._path, os.O_APPEND)
            size = os.fstat(self._file).st_size
            if size and os.pread(self._file, 1, size - 1) != b"\n":
                os.write(self._file, b"\n")  # behind a line that was torn
        lines = b"".join(map(_line, notes))
        if os.write(self._file, lines) < len(lines):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _line(note: Note) -> bytes:
    text = _encoder.encode(note)
    return b"%b %b\n" % (xxh3_64_hexdigest(text).encode(), text)


def _read(line: bytes) -> Note | None:
    summed, text = line[:_SUM], line[_SUM + 1 :]
    if xxh3_64_hexdigest(text).encode() != summed:
        return None
    try:
        return _decoder.decode(text)
    except (DecodeError, UnicodeDecodeError):
        return None
