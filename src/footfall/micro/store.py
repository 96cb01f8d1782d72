"""Everything that came in since the last reset: a collector of its own, and its journal in memory."""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Iterator

import msgspec
from msgspec import Raw, Struct

from footfall.collector.asgi import Application, IngestMiddleware
from footfall.collector.auth import OPEN, Authenticator, Credential
from footfall.collector.request import RequestHead
from footfall.collector.service import Service
from footfall.control.access import Channel, KeyIndex
from footfall.hosts import HostRule
from footfall.journal.base import Record
from footfall.journal.memory import MemoryLog
from footfall.micro.schemas import Bad, Batch, Good, Remark, Totals
from footfall.schema.event_types import event_type
from footfall.schema.json_text import split
from footfall.schema.record import Agent, IngestRecord, unpack
from footfall.schema.verdict import Fate, Finding, Profile
from footfall.settings import Settings

_NO_AGENT = Agent()


class Keep(Struct, frozen=True):
    """How much is kept to be looked at: the newest requests with at most so many events and bytes."""

    events: int = 100_000
    bytes: int = 256 << 20


class OpenAuthenticator(Authenticator):
    """Asks nobody for a key; on loopback it still refuses requests under a foreign name, as the collector does."""

    def __init__(self, profile: Profile, *, is_local: bool) -> None:
        super().__init__(KeyIndex({}, {}, is_open=True), is_local=is_local, hosts=HostRule(""))
        self._everybody = Credential(Channel(OPEN, profile=profile, keep_payloads=True), is_open=True)

    def authenticate(self, head: RequestHead) -> Credential:
        """The pass that everybody gets; raises HttpError (403)."""
        if self.is_open:
            super().authenticate(head)
        return self._everybody


class MemoryStore:
    """Takes requests through `middleware`; `on_change` is called after each that brought events.

    Whole requests are dropped, the oldest first, when there is more than is to be kept.
    """

    def __init__(
        self, settings: Settings, profile: Profile, behind: Application, on_change: Callable[[], None], keep: Keep
    ) -> None:
        self._service = Service(settings)
        self._service.authenticator = OpenAuthenticator(profile, is_local=settings.is_loopback)
        self.middleware = IngestMiddleware(self._service, self, behind, max_body=settings.max_body_bytes)
        self._on_change = on_change
        self._keep = keep
        self._log = MemoryLog(max_bytes=max(keep.bytes, settings.max_inflated_bytes * 2))
        self._held: deque[tuple[int, int]] = deque()
        self._start = self._events = self._dropped = 0

    @property
    def end(self) -> int:
        """Position after the last request."""
        return self._log.end

    def append(self, record: bytes) -> "asyncio.Future[int]":
        """Keep a record; the future is done at once."""
        events = unpack(record).of
        self._make_room(events, len(record))
        done = asyncio.get_running_loop().create_future()
        done.set_result(self._log.append([record]))
        self._held.append((self._log.end, events))
        self._events += events
        self._on_change()
        return done

    def totals(self) -> Totals:
        """The counts, of what was dropped too."""
        fates: Counter[str] = Counter()
        for (_, fate), number in self._service.counters.events.items():
            fates[fate] += number
        return Totals(
            total=fates.total(),
            good=fates[Fate.STORED],
            bad=fates[Fate.REJECTED],
            duplicate=fates[Fate.DUPLICATE],
            refused={code: number for code, number in self._service.counters.requests.items() if code != "ok"},
            dropped=self._dropped,
            limit=self._keep.events,
        )

    def good(self, since: int = 0) -> Iterator[Good]:
        """The accepted events of the requests from a position on, oldest first."""
        for number, intake in self._intakes(since):
            yield from _good(number, intake)

    def bad(self, since: int = 0) -> Iterator[Bad]:
        """The rejected events of the requests from a position on, oldest first."""
        for number, intake in self._intakes(since):
            yield from _bad(number, intake)

    def _intakes(self, since: int) -> Iterator[tuple[int, IngestRecord]]:
        since = max(since, self._start)
        for record in self._log.read(since, self._log.end - since):
            if isinstance(record, Record):
                yield record.number, unpack(record.payload)

    def _make_room(self, events: int, size: int) -> None:
        while self._held and (
            self._events + events > self._keep.events or self._log.end - self._start + size > self._keep.bytes
        ):
            self._start, gone = self._held.popleft()
            self._events -= gone
            self._dropped += gone
            self._log.truncate(self._start)


class _Names(Struct):
    eid: str
    mid: str
    edata: Raw = Raw(b"{}")


class _Data(Struct):
    type: str | None = None


_names = msgspec.json.Decoder(_Names)
_data = msgspec.json.Decoder(_Data)


def _good(number: int, intake: IngestRecord) -> Iterator[Good]:
    texts = split(bytes(intake.events))
    indexes = intake.indexes or range(len(texts))
    channels = intake.channels or [intake.channel] * len(texts)
    for text, index, channel in zip(texts, indexes, channels, strict=True):
        names = _names.decode(text)
        yield Good(
            mid=names.mid,
            eid=names.eid,
            event_type=_event_type(names),
            channel=channel,
            event=Raw(text),
            warnings=_remarks(intake.warnings.get(index, [])),
            received_at=intake.received_at,
            batch=_batch(number, index, intake),
        )


def _event_type(names: _Names) -> str:
    try:
        return event_type(names.eid, _data.decode(names.edata).type)
    except msgspec.DecodeError:  # profile v3 takes a type of any type
        return names.eid


def _bad(number: int, intake: IngestRecord) -> Iterator[Bad]:
    for refused in intake.refused:
        yield Bad(
            mid=refused.mid,
            eid=refused.eid,
            channel=refused.channel or intake.channel,
            payload=None if refused.payload is None else Raw(refused.payload),
            findings=_remarks(refused.findings),
            received_at=intake.received_at,
            batch=_batch(number, refused.index, intake),
        )


def _remarks(findings: list[Finding]) -> list[Remark]:
    return [Remark(found.code, found.path, found.message, found.reason.hint, found.reason.docs) for found in findings]


def _batch(number: int, index: int, intake: IngestRecord) -> Batch:
    agent = intake.agent or _NO_AGENT
    return Batch(
        number=number,
        index=index,
        of=intake.of,
        sent_at=intake.sent_at,
        device=intake.device,
        app=intake.app,
        agent_family=agent.family,
        agent_version=agent.version,
        agent_system=agent.system,
    )
