"""Which tables a lake has had: `tables.json` in its folder tells a table that is gone from one that is to be made."""

from pathlib import Path

from msgspec import DecodeError, Struct, json

from footfall.lake import log_entry
from footfall.lake.disk import replace_durably

FILE = "tables.json"


class _Catalog(Struct):
    tables: list[str] = []


def known_tables(root: Path) -> list[str]:
    """The names of the tables that were made in this lake. Raises OSError."""
    try:
        return json.decode((root / FILE).read_bytes(), type=_Catalog).tables
    except (FileNotFoundError, DecodeError):
        return []


def note_table(root: Path, name: str) -> None:
    """Remember that there is a table. Raises OSError."""
    known = known_tables(root)
    if name not in known:
        replace_durably(root / FILE, json.encode(_Catalog([*known, name])))


def is_lost(root: Path, name: str) -> bool:
    """Whether a table was made in this lake, or left data files, and has no log now. Raises OSError."""
    if log_entry.is_log(root / name):
        return False
    return name in known_tables(root) or any((root / name).rglob("*.parquet"))
