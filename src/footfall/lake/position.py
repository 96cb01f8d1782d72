"""Up to where a lake holds a journal, for those who do without Delta's library.

The newest entries of the log say it in nearly every case. Where they do not, a short-lived process asks the table:
`python -m footfall.lake.position TABLE JOURNAL`.
"""

import subprocess
import sys
from pathlib import Path

from footfall.errors import TransientError
from footfall.lake import catalog, log_entry
from footfall.runtime import lifeline

_EVENTS = "events"
_SECONDS = 60.0


class UnknownPositionError(TransientError):
    """The lake cannot say at present how far it holds a journal."""


def lake_position(root: Path, journal: str) -> int | None:
    """The position up to which a journal is in the lake; None where nothing of it is. Raises UnknownPositionError."""
    folder = root / _EVENTS
    try:
        if catalog.is_lost(root, _EVENTS):
            raise UnknownPositionError("the lake's log is gone")
        if not log_entry.is_log(folder):
            return None
        for positions in log_entry.newest_positions(folder):
            if journal in positions:
                return positions[journal]
        if log_entry.versions(folder)[:1] == [0]:
            return None  # the whole log was looked at
    except OSError as error:
        raise UnknownPositionError(f"the lake's log cannot be read: {error.strerror}") from error
    return _ask(folder, journal)


def _ask(folder: Path, journal: str) -> int | None:
    command = [sys.executable, "-m", "footfall.lake.position", str(folder), journal]
    try:
        done = lifeline.run(command, _SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UnknownPositionError("the lake could not be asked") from error
    if done.returncode:
        raise UnknownPositionError("the lake's log cannot be read")
    return int(done.stdout) if done.stdout.strip() else None


def main() -> None:
    """Print the position, or nothing."""
    lifeline.hold()
    from deltalake import DeltaTable
    from deltalake.exceptions import DeltaError

    try:
        position = DeltaTable(sys.argv[1]).transaction_version(sys.argv[2])
    except DeltaError:
        raise SystemExit(1) from None
    sys.stdout.write("" if position is None else str(position))


if __name__ == "__main__":
    main()
