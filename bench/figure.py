"""Figures: what was measured, what was asked for, and how they are printed."""

import statistics
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

from msgspec import Struct
from rich.console import Console
from rich.table import Table
from rich.text import Text

FSYNC = "fdatasync before the reply"
COMMIT = "fdatasync before the reply, fsync before the commit"
READ = "reads what was fsynced"
NONE = "no disk"

Mark = Literal["pass", "falls short", "info"]
_STYLES = {"pass": "green", "falls short": "bold red", "info": "dim"}


class Scale(Struct, frozen=True):
    """How long everything is measured: `full` for the figures that are published. Durations are seconds."""

    full: bool
    flood: int
    rounds: int
    sustained: int
    visible: int
    rows: int
    idle_runs: int


SHORT = Scale(full=False, flood=3, rounds=3, sustained=40, visible=40, rows=2_000_000, idle_runs=1)
FULL = Scale(full=True, flood=10, rounds=3, sustained=300, visible=600, rows=10_000_000, idle_runs=3)


class Site(Struct, frozen=True):
    """Where a row is measured: its own empty folder, and the scale."""

    folder: Path
    scale: Scale

    def make(self, name: str) -> Path:
        """A new folder."""
        path = self.folder / name
        path.mkdir(parents=True)
        return path


class Figure(Struct, frozen=True, kw_only=True):
    """One figure. `floor` is what it must reach, None if it is there for information; `most` turns it into a ceiling.

    `runs` are the values of which `value` is the median; a value of None could not be measured, `note` says why.
    """

    what: str
    value: float | None
    unit: str
    durability: str
    floor: float | None = None
    most: bool = False
    runs: list[float] = []
    note: str = ""

    @property
    def mark(self) -> Mark:
        """Whether the floor was reached."""
        if self.floor is None:
            return "info"
        if self.value is None:
            return "falls short"
        return "pass" if (self.value <= self.floor if self.most else self.value >= self.floor) else "falls short"


class Row(Struct, frozen=True, kw_only=True):
    """The figures of one row."""

    name: str
    title: str
    figures: list[Figure]


def median(what: str, runs: Sequence[float], unit: str, durability: str, **more: object) -> Figure:
    """A figure that is the median of runs."""
    values = {
        "what": what,
        "value": statistics.median(runs),
        "unit": unit,
        "durability": durability,
        "runs": list(runs),
    }
    return Figure(**{**values, **more})  # type: ignore[arg-type]


def number(value: float | None) -> str:
    """A value as people write it, with three digits that mean something."""
    if value is None:
        return "—"
    if abs(value) >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2g}" if abs(value) < 0.1 else f"{value:.2f}"


def show(rows: Iterable[Row], console: Console) -> None:
    """Print one table of everything."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name, justify in (("row", "left"), ("what", "left"), ("measured", "right"), ("floor", "right"), ("", "left")):
        table.add_column(name, justify=justify, overflow="fold")  # type: ignore[arg-type]
    table.add_column("durability", overflow="fold")
    table.add_column("runs and remarks", overflow="fold")
    for row in rows:
        table.add_row(row.name, Text(row.title, style="bold"))
        for figure in row.figures:
            table.add_row("", *_cells(figure))
    console.print(table)


def _cells(figure: Figure) -> list[Text]:
    sign = "≤" if figure.most else "≥"
    floor = "" if figure.floor is None else f"{sign} {number(figure.floor)} {figure.unit}"
    runs = f"[{' · '.join(number(run) for run in figure.runs)}] " if len(figure.runs) > 1 else ""
    mark = "" if figure.mark == "info" else figure.mark
    texts = (figure.what, f"{number(figure.value)} {figure.unit}", floor, mark, figure.durability, runs + figure.note)
    return [Text(text, style=_STYLES[figure.mark] if text == mark else "") for text in texts]
