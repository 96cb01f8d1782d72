"""docs/portal.md says what the portal does."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PORTAL = ROOT / "examples" / "portal"
PAGE = (ROOT / "docs" / "portal.md").read_text()
_SHOW = """
from portal.settings import SECRETS, Settings, descriptions
for name, says in descriptions().items():
    value = getattr(Settings(), name)
    shown = str(value).lower() if isinstance(value, bool) else str(value)
    print(f"| `{name}`{' (secret)' if name in SECRETS else ''} | {f'`{shown}`' if shown else ''} | {says} |")
"""
EVENTS = {
    *(f"S{number}" for number in range(1, 10)),
    *(f"SL{number}" for number in range(1, 4)),
    *(f"G{number}" for number in range(1, 4)),
    *(f"GL{number}" for number in range(1, 7)),
    *("A1", "A2"),
}


def test_the_table_of_settings_is_the_portals() -> None:
    done = subprocess.run([sys.executable, "-c", _SHOW], capture_output=True, text=True, check=True, cwd=PORTAL)
    assert re.findall(r"^\| `[a-z_]+`(?: \(secret\))? \|.*$", PAGE, re.MULTILINE) == done.stdout.splitlines()


def test_the_table_of_events_has_all_23_with_the_files_that_tell_them() -> None:
    rows = re.findall(r"^\| ([SGA].*?) \| .*? \| (.*?) \|$", PAGE, re.MULTILINE)
    assert {name for events, _ in rows for name in re.findall(r"\b(?:SL|GL|S|G|A)\d\b", events)} == EVENTS
    files = {file for _, files in rows for file in re.findall(r"`(.*?)`", files)}
    texts = {file: (PORTAL / "portal" / file).read_text() for file in files}
    assert all("tell" in text or "tracker." in text for text in texts.values())
