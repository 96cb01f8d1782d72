"""`footfall failed`: rejected events, looked at and sent again."""

import re
import sys
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.progress import Progress

from footfall.cli.options import DEFAULT_DATA, Data, Shown, open_lake
from footfall.cli.output import Format, emit, emit_json
from footfall.cli.query import RunningQuery

app = typer.Typer(help="Rejected events.", no_args_is_help=True)

_MASKED = re.compile(r"<string \d+>")
_BATCH = 200
_BY_REASON = """
SELECT reason, count(*) AS events, max(received_at) AS newest, any_value(mid) AS sample_mid
FROM (SELECT unnest(reasons) AS reason, received_at, mid FROM failed) GROUP BY reason ORDER BY events DESC
"""
_SHOW = """
SELECT received_at, channel, eid, mid, reasons, findings, event FROM failed
WHERE ($reason IS NULL OR list_contains(reasons, $reason)) AND ($mid IS NULL OR mid = $mid)
ORDER BY received_at DESC LIMIT $limit
"""
_REPLAY = """
SELECT event FROM failed
WHERE ($reason IS NULL OR list_contains(reasons, $reason)) AND ($mid IS NULL OR mid = $mid)
AND ($channel IS NULL OR channel = $channel)
ORDER BY received_at
"""

ReasonOption = Annotated[str | None, typer.Option(help="Only events rejected for this reason code.")]
MidOption = Annotated[str | None, typer.Option(help="Only the event with this mid.")]


@app.command("list")
def list_(data: Data = DEFAULT_DATA, shown: Shown = Format.TABLE) -> None:
    """Count rejected events by reason.

    Example: `footfall failed list --data data`
    """
    found = RunningQuery(open_lake(data)).run(lambda reader: reader.query(_BY_REASON))
    emit(found.columns, [found.rows], shown)


@app.command()
def show(
    data: Data = DEFAULT_DATA,
    reason: ReasonOption = None,
    mid: MidOption = None,
    limit: Annotated[int, typer.Option(help="Most events to show.", min=1)] = 20,
    shown: Shown = Format.TABLE,
) -> None:
    """Show rejected events with everything that was wrong with them, newest first.

    Example: `footfall failed show --reason missing_field --limit 5 --data data`
    """
    parameters = {"reason": reason, "mid": mid, "limit": limit}
    found = RunningQuery(open_lake(data)).run(lambda reader: reader.query(_SHOW, parameters))
    emit(found.columns, [found.rows], shown)


@app.command()
def replay(
    data: Data = DEFAULT_DATA,
    reason: ReasonOption = None,
    mid: MidOption = None,
    channel: Annotated[str | None, typer.Option(help="Only this channel.")] = None,
    url: Annotated[str, typer.Option(help="Where footfall listens.")] = "http://127.0.0.1:8400",
    key: Annotated[
        str | None, typer.Option(envvar="FOOTFALL_KEY", help="Key of the channel, better set as FOOTFALL_KEY.")
    ] = None,
    shown: Shown = Format.TABLE,
) -> None:
    """Send rejected events again through the front door, with the mids they have: after a change of profile, say.

    Masked events cannot be replayed and are counted as such. Exit 1 when any event was rejected again.

    Example: `footfall failed replay --reason unknown_field --data data`
    """
    from footfall.cli.sending import send

    totals = {"replayed": 0, "accepted": 0, "duplicate": 0, "rejected": 0, "masked": 0}
    parameters = {"reason": reason, "mid": mid, "channel": channel}
    with (
        RunningQuery(open_lake(data), prints=False).stream(_REPLAY, parameters, size=_BATCH) as (_, batches),
        Progress(console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True) as progress,
    ):
        task = progress.add_task("Replaying", total=None)
        for batch in batches:
            texts = [text for (text,) in batch if text is not None and not is_masked(text)]
            totals["masked"] += len(batch) - len(texts)
            if texts:
                totals["replayed"] += len(texts)
                for name, number in send(url, key, texts).items():
                    totals[name] += number
            progress.advance(task, len(batch))
    if shown is Format.JSON:
        emit_json(totals)
    else:
        emit(list(totals), [[list(totals.values())]], shown)
    if totals["rejected"]:
        raise typer.Exit(1)


def is_masked(text: str) -> bool:
    """Whether every string of a kept event was replaced by its length, or it was never JSON."""
    try:
        strings = list(_strings(msgspec.json.decode(text)))
    except msgspec.DecodeError:
        return True
    return bool(strings) and all(_MASKED.fullmatch(found) for found in strings)


def _strings(value: Any) -> Any:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, dict)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _strings(item)
