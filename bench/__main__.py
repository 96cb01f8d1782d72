"""Measure footfall: one table of figures, each with its floor and its durability mode."""

import argparse
import importlib
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Protocol

import msgspec
from msgspec import Struct
from rich.console import Console

from bench import figure, machine
from bench.figure import FULL, SHORT, Figure, Row, Scale, Site

_ROWS = ("idle", "start", "validation", "ack", "flows", "sustained", "visible", "charts", "emit")


class Measures(Protocol):
    """A module that measures one row."""

    TITLE: str

    def measure(self, site: Site) -> list[Figure]:
        """The row's figures."""


class Report(Struct, frozen=True):
    """Everything that was measured, for `--json`."""

    machine: dict[str, str]
    warnings: list[str]
    full: bool
    seconds: float
    rows: list[Row]


def main() -> int:
    """Run from the command line; exit 1 when events were lost or doubled, or nothing could be measured."""
    given = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what runs is ended on the way out
    console = Console(width=None if sys.stdout.isatty() else 190)
    scale = FULL if given.full else SHORT
    begun, stolen = time.monotonic(), machine.stolen()
    with tempfile.TemporaryDirectory(prefix="footfall-bench-", dir=given.dir) as folder:
        about = machine.describe(Path(folder), scale)
        machine.show(about, console)
        rows = [_measure(name, Path(folder), scale) for name in given.only or _ROWS]
    seconds = time.monotonic() - begun
    figure.show(rows, console)
    taken = (machine.stolen() - stolen) / seconds
    console.print(f"\n{seconds:.0f} s in all; the hypervisor took {taken:.1%} of a core", highlight=False)
    if given.json:
        report = Report(about.facts, about.warnings, scale.full, seconds, rows)
        given.json.write_bytes(msgspec.json.format(msgspec.json.encode(report)))
    return 0 if all(_is_sound(found) for row in rows for found in row.figures) else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--full", action="store_true", help="the long form, for figures to publish: 25 minutes")
    parser.add_argument(
        "--only", action="append", choices=_ROWS, metavar="ROW", help=f"one of {', '.join(_ROWS)}; again for more"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write everything there")
    parser.add_argument(
        "--dir", type=Path, default=Path("/var/tmp"), help="a folder on the disk to measure on; default /var/tmp"
    )
    return parser.parse_args()


def _measure(name: str, folder: Path, scale: Scale) -> Row:
    module: Measures = importlib.import_module(f"bench.{name}")
    sys.stderr.write(f"{name}: {module.TITLE} …\n")
    with tempfile.TemporaryDirectory(prefix=f"{name}-", dir=folder) as site:
        return Row(name=name, title=module.TITLE, figures=module.measure(Site(Path(site), scale)))


def _is_sound(found: Figure) -> bool:
    """Whether nothing was lost: a figure that is slow is a figure, one event lost is a fault."""
    return found.unit != "events" or found.mark == "pass"


if __name__ == "__main__":
    sys.exit(main())
