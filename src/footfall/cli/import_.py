"""`footfall import`: what other systems have recorded, taken in."""

import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from footfall.cli.options import DEFAULT_DATA, Data, Shown
from footfall.cli.output import Format, emit, emit_json
from footfall.errors import TerminalError
from footfall.importers.keycloak.event_file import Form

if TYPE_CHECKING:
    from footfall.importers.keycloak.importer import Report

app = typer.Typer(help="Events of other systems.", no_args_is_help=True)

_OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)", re.ASCII)

UrlOption = Annotated[str, typer.Option(help="Where footfall listens.")]
KeyOption = Annotated[
    str | None, typer.Option(envvar="FOOTFALL_KEY", help="Secret key of the channel, better set as FOOTFALL_KEY.")
]
ChannelOption = Annotated[str | None, typer.Option(help="Channel to store under; the key's when left out.")]
RealmOption = Annotated[str | None, typer.Option(help="Realm; of a file, take only events of this id or name.")]
FormOption = Annotated[Form, typer.Option(help="What the file holds: JSON as a whole, or one event a line.")]
OffsetOption = Annotated[str, typer.Option(help="Of the clock in a log that does not say it, such as +05:30.")]
StateOption = Annotated[Path | None, typer.Option(help="File that says how far it came; DIR/import has it else.")]
SinceOption = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"], help="Take nothing older; UTC.")
]
TokenOption = Annotated[str | None, typer.Option(help="Command that prints a token, in place of id and secret.")]
ClientRealmOption = Annotated[str | None, typer.Option(help="Realm of the client, where it is another one.")]
FollowOption = Annotated[bool, typer.Option("--follow", help="Go on with what comes, until Ctrl-C.")]
EveryOption = Annotated[float, typer.Option(help="Seconds between two looks.", min=0.1)]
OverlapOption = Annotated[float, typer.Option(help="Seconds to look back, for what was committed late.", min=0)]
DryOption = Annotated[bool, typer.Option("--dry-run", help="Show what would be sent, and send nothing.")]


@app.callback()
def _events_of_other_systems() -> None:
    """Events of other systems."""


@app.command()
def keycloak(
    source: Annotated[str, typer.Argument(help="File with events or a log, - for stdin, or Keycloak's address.")],
    data: Data = DEFAULT_DATA,
    url: UrlOption = "http://127.0.0.1:8400",
    key: KeyOption = None,
    channel: ChannelOption = None,
    realm: RealmOption = None,
    form: FormOption = Form.AUTO,
    utc_offset: OffsetOption = "+00:00",
    state: StateOption = None,
    since: SinceOption = None,
    token_command: TokenOption = None,
    client_realm: ClientRealmOption = None,
    follow: FollowOption = False,
    every: EveryOption = 10.0,
    overlap: OverlapOption = 300.0,
    dry_run: DryOption = False,
    shown: Shown = Format.TABLE,
) -> None:
    """Take in registrations, sign-ins and changes of accounts from Keycloak: its event store, an export, or its log.

    From its address, only what is new since the last time is taken; FOOTFALL_KEYCLOAK_CLIENT_ID and
    FOOTFALL_KEYCLOAK_CLIENT_SECRET name a client with the role view-events. Exit 1 when something could not be read
    or was not taken.

    Example: `footfall import keycloak https://sso.example --realm school --follow --data data`
    """
    from footfall.cli import keycloak as run

    target = run.Target(url, key, channel, dry_run, shown)
    if source.startswith(("http://", "https://")):
        origin = run.Store(
            source, realm, data, state, _moment(since), token_command, client_realm, follow, every, overlap
        )
        report = run.from_store(origin, target)
    else:
        report = run.from_file(run.Place(source, form, _offset(utc_offset), realm, state, _moment(since)), target)
    _show(report, shown, dry_run=dry_run)
    if not report.is_clean:
        raise typer.Exit(1)


def _show(report: "Report", shown: Format, *, dry_run: bool) -> None:
    if dry_run:  # stdout has the operations
        sys.stderr.write("; ".join(f"{what} {count}" for what, count in report.rows() if count) + "\n")
    elif shown is Format.JSON:
        emit_json(report)
    else:
        emit(("what", "events"), [report.rows()], shown)


def _moment(since: datetime | None) -> int:
    return int(since.replace(tzinfo=UTC).timestamp() * 1000) if since else 0


def _offset(text: str) -> timedelta:
    found = _OFFSET.fullmatch(text)
    if found is None:
        raise TerminalError("--utc-offset is written +05:30")
    sign, hours, minutes = found.groups()
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    if offset >= timedelta(hours=24):
        raise TerminalError("--utc-offset is less than a day")
    return -offset if sign == "-" else offset
