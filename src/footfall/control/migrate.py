"""Bringing the control database up to date before those read it that do without SQLAlchemy.

`python -m footfall.control.migrate DATABASE` does it, in a process of its own: what it loads would stay in a server.
"""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from footfall.control.errors import DamagedControlError
from footfall.control.schema_version import HEAD
from footfall.runtime import lifeline

_SECONDS = 120.0


def migrate(path: Path) -> None:
    """Migrate a database that is older than this version. Raises DamagedControlError where that fails."""
    if not _is_older(path):
        return
    command = [sys.executable, "-m", "footfall.control.migrate", str(path)]
    try:
        done = lifeline.run(command, _SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise DamagedControlError(f"{path.name} could not be brought up to date: {error}") from error
    if done.returncode:
        raise DamagedControlError(
            f"{path.name} could not be brought up to date: {done.stderr.decode(errors='replace').strip()[-300:]}"
        )


def _is_older(path: Path) -> bool:
    """Whether a database has an older schema; what cannot be read is left to those who need it."""
    if not path.exists():
        return False
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=5)) as database:
            row = database.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.Error:
        return False
    return row is not None and str(row[0]) < HEAD


def main() -> None:
    """Migrate, and say what went wrong in one line."""
    lifeline.hold()
    from footfall.control.store import Control
    from footfall.errors import TerminalError, TransientError

    try:
        Control.open(Path(sys.argv[1])).close()
    except (TerminalError, TransientError) as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
