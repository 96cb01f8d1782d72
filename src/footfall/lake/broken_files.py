"""Files of the lake that were found broken: `broken.json` in its folder says so to every reader."""

from collections.abc import Mapping
from pathlib import Path

from msgspec import json

from footfall.lake.disk import replace_durably
from footfall.schema.json_text import JSON_ERRORS

FILE = "broken.json"

BrokenFiles = dict[str, dict[str, str]]  # table: relative path: why


def read(root: Path) -> BrokenFiles:
    """What is noted in a lake's folder; nothing where that cannot be read."""
    try:
        return json.decode((root / FILE).read_bytes(), type=BrokenFiles)
    except (OSError, *JSON_ERRORS):
        return {}


def note(root: Path, found: Mapping[str, Mapping[str, str]]) -> None:
    """Note it in the place of what was noted. Raises OSError."""
    known = {table: dict(files) for table, files in found.items() if files}
    if known != read(root):
        replace_durably(root / FILE, json.encode(known))
