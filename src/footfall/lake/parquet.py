"""Data files of the lake read through Arrow, with every checksum that they have."""

import errno
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from footfall.lake.data_files import FOOTER_CHANGED, DataFileName, footer_checksum

# What reading a data file may raise: it is missing, cut short, or holds something else than was written.
UNREADABLE = (OSError, pa.ArrowException)


def open_file(path: Path) -> pq.ParquetFile:
    """Open a data file; the footer is checked, and pages are as they are read. Raises one of UNREADABLE."""
    name = DataFileName.parse(path.name)
    if name is not None and name.footer is not None:
        with path.open("rb", buffering=0) as file:
            if footer_checksum(file.fileno()) != name.footer:
                raise OSError(errno.EIO, FOOTER_CHANGED, path.name)
    return pq.ParquetFile(path, page_checksum_verification=True)
