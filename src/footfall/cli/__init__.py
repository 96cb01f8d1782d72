"""The command line: `footfall COMMAND --help` explains each command with an example."""

import sys

import typer

from footfall import permissions
from footfall.cli import (
    backup,
    channel,
    check,
    codegen,
    failed,
    health,
    import_,
    journal,
    lake,
    maintenance,
    plan,
    serve,
    user,
)
from footfall.cli.output import AbandonedError
from footfall.cli.query import leave
from footfall.errors import TerminalError, TransientError
from footfall.runtime.escaping import printable

app = typer.Typer(
    name="footfall",
    help="Self-hosted user-event telemetry: events in over HTTP, judged, kept exactly once, on a chart a second later.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)
serve.register(app)
lake.register(app)
health.register(app)
check.register(app)
backup.register(app)
app.add_typer(channel.app, name="channel")
app.add_typer(user.app, name="user")
app.add_typer(failed.app, name="failed")
app.add_typer(journal.app, name="journal")
app.add_typer(maintenance.lake, name="lake")
app.add_typer(maintenance.incident, name="incident")
app.add_typer(plan.app, name="plan")
app.add_typer(codegen.app, name="codegen")
app.add_typer(import_.app, name="import")

EX_FAILED = 2
EX_TRY_AGAIN = 75


def main() -> None:
    """Run a command.

    Exit codes: 0 done, 1 the answer is no, 2 it cannot be done as asked, 75 try again later, 130 ended by Ctrl-C.
    """
    permissions.begin()
    try:
        app()
    except TerminalError as error:
        sys.stderr.write(f"footfall: {printable(str(error))}\n")
        raise SystemExit(EX_FAILED) from None
    except TransientError as error:
        sys.stderr.write(f"footfall: {printable(str(error))}; try again\n")
        raise SystemExit(EX_TRY_AGAIN) from None
    except AbandonedError as error:
        leave(error.code)
