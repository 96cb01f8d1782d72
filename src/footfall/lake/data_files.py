"""Data files of the lake's tables: how they are named, written durably, and proved to be what was written.

    day=2026-11-30/fate=stored/00000421-4f0c2b…-9e107d9d372bb6827c3f0a11.2.parquet
                               number   id      checksum         schema

`number` is the version of the table that the file was written for: it orders files whatever clocks said. `checksum` is
the XXH3-64 of the whole file, so that any copy can be proved by its name alone, and the CRC-32 of its footer. Each page
has a checksum of its own, too, so that who reads a part of a file is safe. Files from before have an id and a schema.
"""

import os
import re
import uuid
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from msgspec import Struct
from xxhash import xxh3_64

from footfall.lake.disk import make_folder, share, sync

_NAME = re.compile(r"(?:(\d{8,})-([0-9a-f]{32})-([0-9a-f]{24})|([0-9a-f]{32}))\.(\d+)\.parquet")
_PART = re.compile(r"\.(\d{8,}-[0-9a-f]{32})\.part")
_READ_BYTES = 1 << 20
_WHOLE = 16
CHANGED = "its bytes have changed since it was written"
FOOTER_CHANGED = "its footer has changed since it was written"
_TAIL = 8  # the footer's length and "PAR1"


class DataFileName(Struct, frozen=True):
    """What the name of a data file says; without checksums and `number` for files from before they were in it."""

    id: str
    schema: int
    number: int = 0
    checksum: str | None = None
    footer: str | None = None

    @classmethod
    def parse(cls, path: str) -> "DataFileName | None":
        """Read the last part of a path; None for a name that is not of ours."""
        found = _NAME.fullmatch(path.rsplit("/", 1)[-1])
        if found is None:
            return None
        number, file_id, checksum, old_id, schema = found.groups()
        if checksum is None:
            return cls(old_id, int(schema))
        return cls(file_id, int(schema), int(number), checksum[:_WHOLE], checksum[_WHOLE:])


def write_number(path: str) -> int:
    """The number of the file with this path; 0 for one from before."""
    name = DataFileName.parse(path)
    return 0 if name is None else name.number


class NewFile(Struct):
    """A file that is being written: `id` is what names it in the recovery record, `path` its final relative path."""

    id: str
    folder: str
    schema: int
    path: str = ""

    @classmethod
    def make(cls, partition: Mapping[str, str], schema: int, number: int) -> "NewFile":
        """A name that no other file has, in the folder of a partition."""
        folder = "/".join(f"{name}={value}" for name, value in partition.items())
        return cls(f"{number:08d}-{uuid.uuid4().hex}", folder, schema)


def file_id(name: str) -> str | None:
    """What names a file, finished or not, in the recovery record; None for a name that is not of ours."""
    if part := _PART.fullmatch(name):
        return part[1]
    parsed = DataFileName.parse(name)
    return None if parsed is None or parsed.checksum is None else f"{parsed.number:08d}-{parsed.id}"


class _Checksummed:
    """A file to write to that sums up what it is given, as pyarrow wants one."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._sum = xxh3_64()
        self.closed = False

    def write(self, data: Any) -> int:
        self._sum.update(data)
        return self._file.write(data)

    def tell(self) -> int:
        return self._file.tell()

    def flush(self) -> None:
        self._file.flush()

    def close(self) -> None:
        """Leave closing to the block that opened it."""

    def writable(self) -> bool:
        return True

    def readable(self) -> bool:
        return False

    def seekable(self) -> bool:
        return False

    @property
    def checksum(self) -> str:
        return self._sum.hexdigest()


@contextmanager
def writing(root: Path, new: NewFile) -> Iterator[Any]:
    """A file to write Parquet to, below a table's folder: on disk under its name after the block, gone where it fails.

    Sets `new.path`. Raises OSError.
    """
    folder = root / new.folder
    make_folder(folder, within=root)
    part = folder / f".{new.id}.part"
    try:
        with part.open("x+b") as file:
            share(file.fileno(), folder)
            summed = _Checksummed(file)
            yield summed
            file.flush()
            os.fsync(file.fileno())
            name = f"{new.id}-{summed.checksum}{footer_checksum(file.fileno())}.{new.schema}.parquet"
        part.rename(folder / name)
        sync(folder)
    except BaseException:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise
    new.path = f"{new.folder}/{name}".lstrip("/")


def footer_checksum(file: int) -> str:
    """The checksum of an open file's footer; empty for what has none. Raises OSError."""
    size = os.fstat(file).st_size
    length = int.from_bytes(os.pread(file, 4, max(0, size - _TAIL)), "little")
    if length + _TAIL > size:
        return ""
    return f"{zlib.crc32(os.pread(file, length + _TAIL, size - _TAIL - length)):08x}"


def fault(path: Path, size: int | None = None) -> str | None:
    """Why a file is not what was written, None where it is: every byte is read, `size` is what the log says of it.

    A file from before checksums is read page by page.
    """
    return _told(path, size, _whole_fault)


def quick_fault(path: Path, size: int | None = None) -> str | None:
    """The same by looking at size, beginning and footer only."""
    return _told(path, size, _outer_fault)


def _told(path: Path, size: int | None, look: Callable[[Path, DataFileName | None], str | None]) -> str | None:
    try:
        found = path.stat().st_size
        if size is not None and found != size:
            return f"it has {found} bytes in the place of {size}"
        return look(path, DataFileName.parse(path.name))
    except FileNotFoundError:
        return "it is missing"
    except OSError as error:
        return f"it cannot be read: {error.strerror}"


def _whole_fault(path: Path, name: DataFileName | None) -> str | None:
    if name is None or name.checksum is None:
        return _parquet_fault(path, whole=True)
    return None if checksum(path) == name.checksum else CHANGED


def _outer_fault(path: Path, name: DataFileName | None) -> str | None:
    if name is None or name.footer is None:
        return _parquet_fault(path, whole=False)
    with path.open("rb", buffering=0) as file:
        if file.read(4) != b"PAR1" or os.pread(file.fileno(), 4, os.fstat(file.fileno()).st_size - 4) != b"PAR1":
            return "it is no Parquet file any more"
        return None if footer_checksum(file.fileno()) == name.footer else FOOTER_CHANGED


def _parquet_fault(path: Path, *, whole: bool) -> str | None:
    from footfall.lake import parquet  # brings Arrow along, which readers do without

    try:
        with parquet.open_file(path) as file:
            for number in range(file.num_row_groups if whole else 0):
                file.read_row_group(number)
    except parquet.UNREADABLE as error:
        return f"it cannot be read: {type(error).__name__}"
    return None


def checksum(path: Path) -> str:
    """The checksum of a file's bytes. Raises OSError."""
    summed = xxh3_64()
    with path.open("rb", buffering=0) as file:
        while data := file.read(_READ_BYTES):
            summed.update(data)
    return summed.hexdigest()
