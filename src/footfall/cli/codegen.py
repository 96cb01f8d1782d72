"""`footfall codegen`: typed functions that send what plans say, in Python and TypeScript."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from footfall import permissions
from footfall.cli.plan import Plans
from footfall.errors import TerminalError

app = typer.Typer(help="Source code from tracking plans.", no_args_is_help=True)

Chosen = Annotated[
    list[str] | None,
    typer.Option("--plan", help="Name of a plan, or a file that ends in .yaml; repeatable. All plans when left out."),
]
Output = Annotated[Path | None, typer.Option("--output", help="File to write; printed when left out.")]
Check = Annotated[bool, typer.Option("--check", help="Write nothing; exit with 1 if --output is not up to date.")]
Events = Annotated[bool, typer.Option(help="Whether to add functions for V3's own 17 events.")]


@app.command()
def python(
    plan: Chosen = None, plans: Plans = None, output: Output = None, check: Check = False, events: Events = True
) -> None:
    """Write a Python module with a typed function for each step, event type and V3 event.

    Example: `footfall codegen python --plan signup --plan plans/checkout.yaml --output src/shop/tracking.py`
    """
    _deliver(_text("python", plan, plans, events=events), output, check=check)


@app.command()
def typescript(
    plan: Chosen = None, plans: Plans = None, output: Output = None, check: Check = False, events: Events = True
) -> None:
    """Write a TypeScript module with a typed function for each step, event type and V3 event.

    Example: `footfall codegen typescript --plan signup --output web/tracking.ts --check`
    """
    _deliver(_text("typescript", plan, plans, events=events), output, check=check)


def _text(language: str, chosen: list[str] | None, folders: list[Path] | None, *, events: bool) -> bytes:
    from footfall.codegen import Language, generate
    from footfall.plans.registry import every, find

    found = [find(name, folders or ()) for name in chosen] if chosen else every(folders or ())
    return generate(Language(language), found, events=events).encode()


def _deliver(text: bytes, output: Path | None, *, check: bool) -> None:
    if output is None:
        if check:
            raise TerminalError("--check compares with a file: name it with --output")
        sys.stdout.buffer.write(text)
        return
    known = _read(output)
    if check and known != text:
        said = "is not there" if known is None else "is not what its plans say"
        typer.echo(f"{output} {said}; generate it anew by the same command without --check", err=True)
        raise typer.Exit(1)
    # A file that has not changed keeps its time, so that nothing is built anew for it.
    if known != text:
        _write(output, text)


def _read(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise TerminalError(f"cannot read {file}: {error.strerror}") from None


def _write(file: Path, text: bytes) -> None:
    try:
        with permissions.for_user():
            file.write_bytes(text)
    except OSError as error:
        raise TerminalError(f"cannot write {file}: {error.strerror}") from None
