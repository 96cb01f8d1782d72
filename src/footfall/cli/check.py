"""`footfall check`: events in files, held against the judge and the plans."""

import os
import sys
import time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Self

import msgspec
import typer

from footfall import permissions
from footfall.errors import TerminalError
from footfall.schema.verdict import Profile

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from footfall.check.run import Summary, Writer
    from footfall.check.source import InputSource

_PATIENCE_SECONDS = 1.0
_INTERRUPTED = 130  # as shells say of programs that signals end
_UNREAD = 141


class ReportFormat(StrEnum):
    """What `--format` may be."""

    TEXT = "text"
    JSON = "json"
    JUNIT = "junit"
    SARIF = "sarif"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(check)


def check(
    files: Annotated[list[str], typer.Argument(help="Files of events; - is standard input.", metavar="FILE")],
    profile: Annotated[Profile, typer.Option(help="Which rules to judge by.")] = Profile.V3,
    plan: Annotated[
        list[str] | None,
        typer.Option(help="A plan by name or file, again for more: its steps only, and every flow from start to end."),
    ] = None,
    lenient: Annotated[
        bool, typer.Option("--lenient", help="Read documents too: Markdown, comments, trailing commas, placeholders.")
    ] = False,
    fill: Annotated[
        bool, typer.Option("--fill", help="Complete examples with ets, mid, ver, actor, sid and did where missing.")
    ] = False,
    shown: Annotated[ReportFormat, typer.Option("--format", help="How to print what was found.")] = ReportFormat.TEXT,
    flows: Annotated[
        Path | None, typer.Option(help="With --plan: write what became of each flow to this file, as a JSON list.")
    ] = None,
    allow_warnings: Annotated[
        bool, typer.Option("--allow-warnings", help="Exit 0 where there are warnings, but no errors.")
    ] = False,
    jobs: Annotated[
        int | None, typer.Option(help="Processes; as many as there are cores when left out.", min=1)
    ] = None,
    url: Annotated[
        str, typer.Option(help="Where footfall listens; SARIF's links to explanations lead there.")
    ] = "http://127.0.0.1:8400",
) -> None:
    """Say of every event whether the collector would take it, what to mend, and which step of which plan it is.

    Reads JSON (an event, an array, a batch), NDJSON, JSON texts one after the other, and these packed with gzip or
    zstd. Exit 0 when nothing was found, 1 when something was, 2 when an input cannot be used.

    Example: `footfall check --profile sunbird --plan signup events.ndjson`
    """
    from footfall.check.examine import Brief
    from footfall.check.plans import chosen
    from footfall.check.report_console import complain
    from footfall.check.run import check as run

    if flows is not None and not plan:
        raise TerminalError("--flows needs a --plan whose flows to follow")
    follows = bool(plan)
    keeps_all = follows or shown in (ReportFormat.JSON, ReportFormat.JUNIT)
    brief = Brief(profile, chosen(plan or ()), lenient, fill, keeps_all, follows)
    with _Watch() as watch:
        try:
            writer = _writer(shown, url, allow_warnings=allow_warnings)
            summary = run(files, brief, jobs or _cores(), writer, watch.see)
            sys.stdout.flush()
        except (KeyboardInterrupt, BrokenPipeError) as error:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nobody may read what is still buffered
            raise SystemExit(_INTERRUPTED if isinstance(error, KeyboardInterrupt) else _UNREAD) from None
    if flows is not None:
        _write_flows(flows, summary)
    complain(summary)
    _conclude(summary, shown, allow_warnings=allow_warnings)


def _conclude(summary: "Summary", shown: ReportFormat, *, allow_warnings: bool) -> None:
    from footfall.check.report_console import counted

    if shown is not ReportFormat.TEXT:
        sys.stderr.write(counted(summary.tally))
    if summary.problems:
        raise typer.Exit(2)
    if summary.tally.errors or (summary.tally.codes and not allow_warnings):
        raise typer.Exit(1)


def _writer(shown: ReportFormat, url: str, *, allow_warnings: bool) -> "Writer":
    from footfall.check import junit, report_console, sarif

    match shown:
        case ReportFormat.JSON:
            return report_console.ListWriter(sys.stdout.buffer)
        case ReportFormat.JUNIT:
            return junit.JunitWriter(sys.stdout.buffer, allow_warnings=allow_warnings)
        case ReportFormat.SARIF:
            return sarif.SarifWriter(sys.stdout.buffer, url)
        case _:
            return report_console.TextWriter(sys.stdout)


def _write_flows(path: Path, summary: "Summary") -> None:
    lines = [msgspec.json.encode(flow) for flow in summary.flows or ()]
    try:
        with permissions.for_user():
            path.write_bytes(b"[" + b",\n".join(lines) + b"]\n")
    except OSError as error:
        raise TerminalError(f"cannot write {path}: {error.strerror}") from error


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class _Watch:
    """A progress bar on a terminal, once a check takes a while."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._progress: Progress | None = None
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._progress is not None:
            self._progress.stop()

    def see(self, source: "InputSource | None", events: int) -> None:
        """Show how far an input was read."""
        if source is None or not sys.stderr.isatty() or time.monotonic() - self._began < _PATIENCE_SECONDS:
            return
        progress = self._progress = self._progress or _bar()
        task = self._tasks.get(source.name)
        if task is None:
            task = self._tasks[source.name] = progress.add_task(source.name, total=source.size or None, events=0)
        progress.update(task, completed=source.position, events=events)


def _bar() -> "Progress":
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[events]:,} events"),
    )
    progress = Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True)
    progress.start()
    return progress
