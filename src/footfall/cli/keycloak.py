"""Taking in Keycloak's events: from where, to where, and for how long."""

import io
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path

from msgspec import Struct
from rich.console import Console
from rich.progress import Progress

from footfall.cli.options import existing
from footfall.cli.output import Format, emit
from footfall.dialects.identity.operation import Operation
from footfall.dialects.keycloak.seen import SeenEvents
from footfall.errors import TerminalError
from footfall.importers.keycloak.admin_api import EventStore
from footfall.importers.keycloak.connection import AwayError, Connection
from footfall.importers.keycloak.event_file import Form
from footfall.importers.keycloak.importer import File, Importer, Poll, Reach, Report, take_file
from footfall.importers.keycloak.progress import State, held, load, save, state_path
from footfall.importers.keycloak.token import ClientCredentials, CommandToken, Tokens
from footfall.importers.sender import PATIENCE_SECONDS, OperationSender, Receipt, Taker

CLIENT_ID = "FOOTFALL_KEYCLOAK_CLIENT_ID"
CLIENT_SECRET = "FOOTFALL_KEYCLOAK_CLIENT_SECRET"  # noqa: S105 - the name of a variable

SETTLE_MS = 5_000  # an event this young may still be followed by an older one
_FILES = "files"
_FIRST_PAUSE = 0.25
_LONGEST_PAUSE = 60.0
_COLUMNS = ("time", "operation", "outcome", "user", "client", "provider", "changed", "id")


class Target(Struct, frozen=True):
    """Where events go; for a dry run, to the screen."""

    url: str
    key: str | None = None
    channel: str | None = None
    dry_run: bool = False
    shown: Format = Format.TABLE


class Place(Struct, frozen=True):
    """A file, or stdin where it is called `-`; `state` is what is remembered from one file to the next, if anything."""

    name: str
    form: Form = Form.AUTO
    utc_offset: timedelta = timedelta()
    realm: str | None = None
    state: Path | None = None
    since: int = 0


class Store(Struct, frozen=True):
    """An event store, and how it is looked into; `every` and `overlap` are seconds, `since` is epoch ms."""

    address: str
    realm: str | None
    data: Path
    state: Path | None = None
    since: int = 0
    token_command: str | None = None
    client_realm: str | None = None
    follow: bool = False
    every: float = 10.0
    overlap: float = 300.0


def from_file(place: Place, target: Target) -> Report:
    """Take in a file; raises TerminalError or TransientError."""
    keep = place.state if place.state and not target.dry_run else None
    with held(keep) if keep else nullcontext(), _open(place.name) as stream:
        state = load(place.state, _FILES) if place.state else State(_FILES)
        with _taker(target) as taker, _progress(f"Reading {place.name}") as progress:
            importer = Importer(SeenEvents(state.memory), taker)
            file = File(place.name, place.form, place.utc_offset, place.realm, place.since)
            take_file(stream, file, importer, progress)
        if keep:
            state.memory = importer.memory.recollect()
            save(keep, state)
    return importer.report


def from_store(store: Store, target: Target) -> Report:
    """Take in what is new in an event store, once or until SIGINT or SIGTERM.

    Raises TerminalError or TransientError.
    """
    if not store.realm:
        raise TerminalError("name the realm with --realm")
    if store.follow and target.dry_run:
        raise TerminalError("--follow and --dry-run do not go together")
    connection = Connection(store.address)
    if connection.is_open_to_readers:
        sys.stderr.write("footfall: the way to Keycloak is not encrypted: others may read the client's secret\n")
    source = f"{connection.base} realm {store.realm} to {target.url} {target.channel or ''}".rstrip()
    path = store.state or state_path(existing(store.data), source)
    events = EventStore(connection, store.realm, _tokens(store, connection, store.realm))
    keep = None if target.dry_run else path
    stop = threading.Event()
    patience = float("inf") if store.follow else PATIENCE_SECONDS
    with (
        closing(connection),
        held(keep) if keep else nullcontext(),
        _setting(stop) if store.follow else nullcontext(),
        _taker(target, stop, patience) as taker,
    ):
        state = load(path, source)
        importer = Importer(SeenEvents(state.memory), taker)
        poll = Poll(events, importer, state, keep, Reach(int(store.overlap * 1000), SETTLE_MS, store.since))
        with _progress(f"Reading {connection.base}", quiet=store.follow) as progress:
            _watch(poll, store, stop, progress)
    return importer.report


def _watch(poll: Poll, store: Store, stop: threading.Event, progress: Callable[[int], object]) -> None:
    """Sweep once, or again and again; wait where Keycloak is away."""
    pause = _FIRST_PAUSE
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not stop.is_set():
        try:
            poll.sweep(progress, stop.is_set)
        except AwayError as error:
            if not store.follow and time.monotonic() > deadline:
                raise
            sys.stderr.write(f"footfall: {error}; trying again\n")
            stop.wait(min(max(pause, error.retry_after), _LONGEST_PAUSE))
            pause = min(2 * pause, _LONGEST_PAUSE)
            continue
        if not store.follow:
            return
        pause = _FIRST_PAUSE
        stop.wait(store.every)


def _tokens(store: Store, connection: Connection, realm: str) -> Tokens:
    if store.token_command:
        return CommandToken(store.token_command)
    client, secret = os.environ.get(CLIENT_ID), os.environ.get(CLIENT_SECRET)
    if not client or not secret:
        raise TerminalError(f"set {CLIENT_ID} and {CLIENT_SECRET} to a client's, or give --token-command")
    return ClientCredentials(connection, store.client_realm or realm, client, secret)


@contextmanager
def _setting(stop: threading.Event) -> Iterator[None]:
    """Have SIGINT and SIGTERM set an event, the first time; the second has its ordinary effect."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.getsignal(number) for number in numbers}

    def on_signal(number: int, _: object) -> None:
        stop.set()
        signal.signal(number, before[signal.Signals(number)])

    for number in numbers:
        signal.signal(number, on_signal)
    try:
        yield
    finally:
        for number in numbers:
            signal.signal(number, before[number])


@contextmanager
def _open(name: str) -> Iterator[io.BufferedReader]:
    try:
        stream = open(os.dup(sys.stdin.fileno()) if name == "-" else name, "rb")  # noqa: PTH123, SIM115
    except OSError as error:
        raise TerminalError(f"cannot read {name}: {error.strerror}") from error
    with stream:
        yield stream


@contextmanager
def _progress(text: str, *, quiet: bool = False) -> Iterator[Callable[[int], object]]:
    console = Console(stderr=True)
    with Progress(console=console, disable=quiet or not sys.stderr.isatty(), transient=True) as progress:
        task = progress.add_task(text, total=None)
        yield lambda count: progress.update(task, description=f"{text}: {count:,} events")


@contextmanager
def _taker(target: Target, stop: threading.Event | None = None, patience: float = PATIENCE_SECONDS) -> Iterator[Taker]:
    if not target.dry_run:
        with closing(
            OperationSender(target.url, target.key, target.channel, stop or threading.Event(), patience)
        ) as delivery:
            yield delivery
        return
    rehearsal = _Rehearsal()
    yield rehearsal
    emit(_COLUMNS, [rehearsal.rows], target.shown)


class _Rehearsal:
    """Takes operations and only keeps what would be shown of them."""

    def __init__(self) -> None:
        self.rows: list[tuple[object, ...]] = []

    def send(self, operations: list[Operation]) -> Receipt:
        """Keep what is shown of operations."""
        self.rows += [_row(operation) for operation in operations]
        return Receipt(0, 0, 0, [])


def _row(operation: Operation) -> tuple[object, ...]:
    moment = operation.time if isinstance(operation.time, int) else 0
    at = datetime.fromtimestamp(moment / 1000, UTC).isoformat(timespec="milliseconds")
    outcome = "failed" if operation.has_failed else "succeeded"
    user, client, provider = operation.user or None, operation.client or None, operation.provider or None
    return at, operation.operation, outcome, user, client, provider, list(operation.changed or ()), operation.id
