"""Copying files so that each is whole or absent, and proved by its checksum."""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from xxhash import xxh3_64

from footfall.lake.data_files import checksum
from footfall.lake.disk import make_folder, sync

_BYTES = 1 << 20

Advance = Callable[[int], None]
"""Told of so many more bytes."""


def copy(source: int, target: Path, size: int, advance: Advance) -> str:
    """Copy the first bytes of an open file to a new one, durably; return their checksum. Raises OSError.

    What is written is read back from the disk, and compared.
    """
    make_folder(target.parent)
    part = target.with_name(f".{target.name}.part")
    try:
        summed = _write(source, part, size, advance)
        if checksum(part) != summed:
            raise OSError(5, "what was written reads differently", target.name)
        part.replace(target)
    except OSError:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise
    sync(target.parent)
    return summed


def _write(source: int, part: Path, size: int, advance: Advance) -> str:
    summed, at = xxh3_64(), 0
    with part.open("wb", buffering=0) as file:
        while at < size:
            data = os.pread(source, min(_BYTES, size - at), at)
            if not data:
                raise OSError(5, f"the file ends after {at} of {size} bytes", part.name)
            summed.update(data)
            file.write(data)
            at += len(data)
            advance(len(data))
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)  # so that it is read from the disk
    return summed.hexdigest()
