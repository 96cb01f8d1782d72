"""Put the figures of a run into a page: `python -m bench.report RUN.json docs/performance.md`."""

import argparse
from collections.abc import Iterator
from pathlib import Path

import msgspec

from bench.__main__ import Report
from bench.figure import Figure, number

_BEGIN = "<!-- measured: python -m bench.report writes what follows -->"
_END = "<!-- measured: end -->"


def main() -> None:
    """Replace what stands between the two marks of a page."""
    parser = argparse.ArgumentParser(prog="python -m bench.report", description=__doc__)
    parser.add_argument("run", type=Path, help="written by python -m bench --json")
    parser.add_argument("page", type=Path)
    given = parser.parse_args()
    report = msgspec.json.decode(given.run.read_bytes(), type=Report)
    before, begin, rest = given.page.read_text("utf-8").partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not begin or not end:
        parser.error(f"{given.page} has no two marks: {_BEGIN} and {_END}")
    given.page.write_text(before + begin + "\n\n" + "\n".join(_lines(report)) + "\n\n" + end + after, "utf-8")


def _lines(report: Report) -> Iterator[str]:
    yield from (f"- {name}: {fact}" for name, fact in report.machine.items())
    yield from (f"- **{warning}**" for warning in report.warnings)
    for row in report.rows:
        yield from ("", f"### {row.title}", "", "| what | measured | floor | | durability | runs and remarks |")
        yield "|---|--:|--:|---|---|---|"
        yield from map(_line, row.figures)


def _line(figure: Figure) -> str:
    floor = "" if figure.floor is None else f"{'≤' if figure.most else '≥'} {number(figure.floor)} {figure.unit}"
    mark = "" if figure.mark == "info" else figure.mark
    runs = f"{' · '.join(number(run) for run in figure.runs)}; " if len(figure.runs) > 1 else ""
    measured = f"**{number(figure.value)}** {figure.unit}"
    return (
        f"| {figure.what} | {measured} | {floor} | {mark} | {figure.durability} | {(runs + figure.note).rstrip('; ')} |"
    )


if __name__ == "__main__":
    main()
