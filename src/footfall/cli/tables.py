"""Rows as a table for people, printed as they come: no more of them is kept than a page."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import IO, Any

from rich.cells import cell_len, chop_cells
from rich.console import Console
from rich.text import Text

from footfall.runtime.escaping import cell, printable

_PAGE = 200
_GAP = "  "
_LEAST = 28  # a time is 27 wide; narrower than this, text can no longer be read
_UNFOLDED = 200  # the width of what is no terminal

Line = Sequence[str]


def print_table(columns: Sequence[str], rows: Iterable[Sequence[Any]], out: IO[str]) -> None:
    """Print rows below each other, or each as lines of `name: value` where their columns do not fit side by side.

    Columns are as wide as their names and the first rows want; later rows make them wider where there is room, and are
    folded where there is none.
    """
    console = Console(file=out) if out.isatty() else Console(file=out, width=_UNFOLDED)
    names = [printable(name) for name in columns]
    pages = _pages([cell(value) for value in row] for row in rows)
    first = next(pages, [])
    wanted = _measured([names, *first])
    widths = _fitted(wanted, console.width)
    if first and (widths is None or (len(first) == 1 and widths != wanted)):
        _print_records(names, first, pages, out)
        return
    console.print(Text("\n".join(_folded(names, widths or wanted)), style="bold"), soft_wrap=True)
    for page in chain([first], pages):
        wanted = list(map(max, wanted, _measured(page)))
        widths = _fitted(wanted, console.width) or widths
        out.writelines(f"{line}\n" for row in page for line in _folded(row, widths or wanted))


def _print_records(names: Line, first: list[Line], pages: Iterator[list[Line]], out: IO[str]) -> None:
    before = ""
    for page in chain([first], pages):
        for row in page:
            pairs = (f"{name}: {text}".rstrip() for name, text in zip(names, row, strict=True))
            out.write(before + "".join(pair.replace("\n", "\n  ") + "\n" for pair in pairs))
            before = "\n"


def _pages(rows: Iterable[Line]) -> Iterator[list[Line]]:
    left = iter(rows)
    return iter(lambda: list(islice(left, _PAGE)), [])


def _measured(rows: Iterable[Line]) -> list[int]:
    """The width that each column wants."""
    columns = zip(*rows, strict=True)
    return [max(1, *(cell_len(line) for text in column for line in text.split("\n"))) for column in columns]


def _fitted(wanted: Sequence[int], room: int) -> list[int] | None:
    """The widths of columns that fit, the widest of them cut; None where they would be too narrow to be read."""
    room -= len(_GAP) * (len(wanted) - 1)
    for most in (max(wanted, default=0), *range(room, _LEAST - 1, -1)):
        widths = [min(width, most) for width in wanted]
        if sum(widths) <= room:
            return widths
    return None


def _folded(row: Line, widths: Sequence[int]) -> Iterator[str]:
    """The lines of a row, in which text that is wider than its column goes on below."""
    columns = [_lines(text, width) for text, width in zip(row, widths, strict=True)]
    for number in range(max(map(len, columns), default=0)):
        parts = (lines[number] if number < len(lines) else "" for lines in columns)
        padded = (part + " " * (width - cell_len(part)) for part, width in zip(parts, widths, strict=True))
        yield _GAP.join(padded).rstrip()


def _lines(text: str, width: int) -> list[str]:
    if "\n" not in text and cell_len(text) <= width:
        return [text]
    return [part for line in text.split("\n") for part in (chop_cells(line, width) if line else [""])]
