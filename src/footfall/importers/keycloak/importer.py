"""Keycloak's events on their way: read, decided in their order, sent, and only then taken note of."""

import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from msgspec import Struct, field

from footfall.dialects.identity.operation import Operation
from footfall.dialects.keycloak.event import KeycloakEvent, ReadError
from footfall.dialects.keycloak.rules import Ignored, decide, matters, order
from footfall.dialects.keycloak.seen import SeenEvents
from footfall.importers.keycloak.admin_api import KINDS, EventStore, Kind, Page
from footfall.importers.keycloak.event_file import Form, Skipped, Stream, read_events
from footfall.importers.keycloak.progress import State, save
from footfall.importers.keycloak.splitter import Flaw
from footfall.importers.sender import AT_MOST, Receipt, Taker
from footfall.runtime.escaping import printable

_MOST_COMPLAINTS = 20
_MOST_FAULTY = 10_000
_SAVE_SECONDS = 2.0
_WHERE_ANY = ("held_back", "other_realm", "older", "other_lines")


class Report(Struct):
    """What an import did: `read` is the sum of `operations`, `ignored`, `unreadable`, `repeated`, `older` and
    `other_realm`.

    `accepted`, `duplicate` and `rejected` are footfall's counts of the operations; `held_back` are events too young to
    be taken, and `other_lines` those of a log about something else.
    """

    read: int = 0
    operations: Counter[str] = field(default_factory=Counter)
    accepted: int = 0
    duplicate: int = 0
    rejected: int = 0
    ignored: Counter[str] = field(default_factory=Counter)
    unreadable: int = 0
    repeated: int = 0
    held_back: int = 0
    other_realm: int = 0
    older: int = 0
    other_lines: int = 0

    def rows(self) -> list[tuple[str, int]]:
        """The same as pairs of what was counted and how many there were."""
        return [
            ("read", self.read),
            *(("operation: " + name, count) for name, count in self.operations.most_common()),
            *((name, getattr(self, name)) for name in ("accepted", "duplicate", "rejected", "unreadable", "repeated")),
            *((name.replace("_", " "), count) for name in _WHERE_ANY if (count := getattr(self, name))),
            *(("ignored: " + name, count) for name, count in self.ignored.most_common()),
        ]

    @property
    def is_clean(self) -> bool:
        """Whether everything could be read and was taken."""
        return not self.unreadable and not self.rejected


class Importer:
    """Takes events in their order, and hands on what they stand for."""

    def __init__(self, memory: SeenEvents, taker: Taker) -> None:
        self.memory = memory
        self.report = Report()
        self._taker = taker
        self._pending: list[Operation] = []
        self._complaints = 0

    def put(self, event: KeycloakEvent, place: str = "") -> None:
        """Decide one event; what it stands for is sent with the next, or by `flush`."""
        if self.memory.decided(event):
            self.report.repeated += 1
            return
        try:
            decided = decide(event, self.memory)
        except ReadError as error:
            self.complain(f"{place or event.key}: {error.path}: {error}")
            self.report.unreadable += 1
            return
        if isinstance(decided, Ignored):
            self.report.ignored[decided.what] += 1
            return
        self._pending.append(decided)
        self.report.operations[_label(decided)] += 1
        if len(self._pending) >= AT_MOST:
            self.flush()

    def ignore(self, event: KeycloakEvent) -> None:
        """Count an event that does not matter."""
        decided = decide(event, self.memory)
        self.report.ignored[decided.what if isinstance(decided, Ignored) else event.type] += 1

    def flush(self) -> None:
        """Send what is pending; raises TerminalError or TransientError."""
        if not self._pending:
            return
        receipt = self._taker.send(self._pending)
        self._pending = []
        self.report.accepted += receipt.accepted
        self.report.duplicate += receipt.duplicate
        self.report.rejected += receipt.rejected
        self._complain_of(receipt)

    def complain(self, text: str) -> None:
        """Say what is wrong, to a person; after some, no more."""
        self._complaints += 1
        if self._complaints <= _MOST_COMPLAINTS:
            sys.stderr.write(f"footfall: {printable(text)}\n")
        elif self._complaints == _MOST_COMPLAINTS + 1:
            sys.stderr.write("footfall: more like these are counted only\n")

    def _complain_of(self, receipt: Receipt) -> None:
        for verdict in receipt.operations if receipt.rejected else ():
            for error in verdict.errors if verdict.status == "rejected" else ():
                self.complain(f"{verdict.id}: {error.path}: {error.message}")


def _label(operation: Operation) -> str:
    return f"{operation.operation} failed" if operation.has_failed else operation.operation


class File(Struct, frozen=True):
    """A file to take in: what it is called, what it may hold, and which of its events count; `since` is epoch ms."""

    name: str
    form: Form = Form.AUTO
    utc_offset: timedelta = timedelta()
    realm: str | None = None
    since: int = 0


def take_file(stream: Stream, file: File, importer: Importer, progress: Callable[[int], object]) -> None:
    """Take in all events of a file, oldest first, whatever their order there."""
    kept = []
    for found in read_events(stream, file.name, file.form, file.utc_offset):
        if isinstance(found, Skipped):
            importer.report.other_lines += 1
            continue
        importer.report.read += 1
        if isinstance(found, Flaw):
            importer.report.unreadable += 1
            importer.complain(f"{file.name}:{found.line}: {found.path}: {found.message}")
        elif file.realm and file.realm not in (found.realm, found.realm_name):
            importer.report.other_realm += 1
        elif found.at < file.since:
            importer.report.older += 1
        elif matters(found):
            kept.append(found)
        else:
            importer.ignore(found)
        progress(importer.report.read)
    for event in sorted(kept, key=order):
        importer.put(event)
    importer.flush()


class Reach(Struct, frozen=True):
    """How far a look into the event store goes, in milliseconds: back from the newest event known, for those that were
    committed late, and not beyond what is so young that an older one may still come."""

    overlap: int
    settle: int
    start: int = 0


class Poll:
    """Takes in what is new in an event store; `path` is where the state is kept, None for nowhere."""

    def __init__(self, store: EventStore, importer: Importer, state: State, path: Path | None, reach: Reach) -> None:
        self._store = store
        self._importer = importer
        self._report = importer.report
        self._state = state
        self._path = path
        self._reach = reach
        self._faulty: set[str] = set()
        self._is_changed = False
        self._saved_at = 0.0

    def sweep(self, progress: Callable[[int], object], is_over: Callable[[], bool]) -> None:
        """Look at both kinds of events once; raises TerminalError or AwayError, and can be called again then."""
        self._report.held_back = 0
        for kind in KINDS:
            self._sweep(kind, progress, is_over)
        self._save()

    def _sweep(self, kind: Kind, progress: Callable[[int], object], is_over: Callable[[], bool]) -> None:
        known = self._state.newest.get(kind, 0)
        since = max(self._reach.start, known - self._reach.overlap)
        before: set[str] = set()
        found: list[KeycloakEvent] = []
        newest = known
        for page in self._store.pages(kind, since):
            cut = page.now - self._reach.settle
            fresh = [event for event in page.events if event.key not in before and event.at >= since]
            before = {event.key for event in page.events}
            ripe = [event for event in fresh if event.at <= cut]
            self._report.held_back += len(fresh) - len(ripe)
            found += [event for event in ripe if self._is_new(event, known)]
            newest = max([newest, *(event.at for event in ripe)])
            self._complain_of(kind, page)
            if page.is_rising:
                self._take(kind, found, newest)
                found = []
            progress(self._report.read)
            if is_over():
                return
        self._take(kind, found, newest)

    def _is_new(self, event: KeycloakEvent, known: int) -> bool:
        """Whether the event is to be decided; counts it, if it is not told again."""
        if matters(event):
            is_new = not self._importer.memory.decided(event)
            self._report.read += is_new
            return is_new
        if event.at > known:
            self._report.read += 1
            self._importer.ignore(event)
        return False

    def _complain_of(self, kind: Kind, page: Page) -> None:
        for fault in page.faults:
            if fault.digest not in self._faulty:
                if len(self._faulty) >= _MOST_FAULTY:
                    self._faulty.clear()
                self._faulty.add(fault.digest)
                self._report.read += 1
                self._report.unreadable += 1
                self._importer.complain(f"{kind}: {fault.path}: {fault.message}")

    def _take(self, kind: Kind, events: list[KeycloakEvent], newest: int) -> None:
        """Hand on events; only when they are safe, they and the time up to which they go are taken note of."""
        for event in sorted(events, key=order):
            self._importer.put(event, kind)
        self._importer.flush()
        if events or newest > self._state.newest.get(kind, 0):
            self._state.newest[kind] = newest
            self._is_changed = True
        if time.monotonic() - self._saved_at > _SAVE_SECONDS:
            self._save()

    def _save(self) -> None:
        if self._path is not None and self._is_changed:
            self._state.memory = self._importer.memory.recollect()
            save(self._path, self._state)
            self._saved_at = time.monotonic()
            self._is_changed = False
