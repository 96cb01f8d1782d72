"""What waits in the outboxes of all processes of this project, and what was put aside."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

from msgspec import Struct

from footfall.tracker.append_log import left
from footfall.tracker.disk_outbox import intake_of
from footfall.tracker.django.delivery import folder, tracker_paths


class Standing(Struct, frozen=True):
    """One tracker's events: how many wait, how many were put aside, and why (codes)."""

    path: str
    waiting: int
    aside: dict[str, int]


def standings() -> Iterator[Standing]:
    """The standing of every tracker, read from the files as they are now."""
    for path in tracker_paths():
        waiting, aside = 0, dict[str, int]()
        for file in folder(path).glob("*.outbox"):
            with suppress(sqlite3.DatabaseError):  # it is gone, or only just being made
                here, reasons = _look(file)
                waiting += here
                for code, number in reasons:
                    aside[code] = aside.get(code, 0) + number
        yield Standing(path, waiting, aside)


def _look(file: Path) -> tuple[int, list[tuple[str, int]]]:
    with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=rw", timeout=5, uri=True)) as found:
        waiting, moved = found.execute("SELECT (SELECT count(*) FROM events), moved FROM intake").fetchone()
        aside = found.execute("SELECT code, count(*) FROM aside GROUP BY code").fetchall()
        return waiting + len(left(intake_of(file), moved)), aside
