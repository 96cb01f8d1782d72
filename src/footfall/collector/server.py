"""The collector process: opens its journal, listens, and ends in order."""

import asyncio
import contextlib
import gc
import os
import resource
import signal
import socket
import time
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import structlog
import uvicorn
import uvloop

from footfall import logs
from footfall.collector import user_agent
from footfall.collector.asgi import Application
from footfall.collector.health import CollectorHealth
from footfall.collector.internal_app import InternalApp
from footfall.collector.metrics import Metrics
from footfall.collector.protocol import HttpProtocol
from footfall.collector.proxy import Proxy
from footfall.collector.service import Service
from footfall.collector.state import SharedState, TimedConnection
from footfall.collector.state_writer import StateWriter
from footfall.control.snapshot import Snapshot
from footfall.health import Problem
from footfall.incidents import Incidents, Severity
from footfall.journal.base import WriteFailedError
from footfall.journal.group_commit import GroupCommit
from footfall.journal.opening import LeftAside, Standings, open_current
from footfall.journal.writer import SegmentWriter
from footfall.peer import PeerHeader
from footfall.settings import Settings

_log = structlog.get_logger()
_TICK_SECONDS = 1.0
_GLANCE_SECONDS = 0.1
_OWN_FILES = 256
_MOST_FORWARDED = 400  # two collectors' are fewer than the web process lets wait for it


def run(
    settings: Settings,
    *,
    index: int,
    sockets: list[socket.socket],
    web_socket: Path | None,
    standing: Standings = lambda _id, _end: "current",
) -> None:
    """Collect events on listening sockets until SIGTERM or SIGINT; raises TerminalError or TransientError when
    that cannot begin.

    `index` numbers the collectors of one installation; `web_socket` is where every other request is forwarded.
    `standing` tells of a journal's id and end whether anybody has read beyond that end.
    """
    logs.configure(settings, f"collector-{index}")
    problems = _allow_files(settings.max_connections)
    uvloop.run(_Collector(settings, index, web_socket, standing, problems).serve(sockets))


class _Collector:
    def __init__(
        self,
        settings: Settings,
        index: int,
        web_socket: Path | None,
        standing: Standings,
        problems: list[Problem],
    ) -> None:
        self._settings = settings
        self._index = index
        self._problems = problems
        self._peer = PeerHeader.from_environment()
        self._snapshot = Snapshot(settings.control)
        self._service = Service(settings, self._snapshot.current())
        self._writer = _open_journal(settings, index, self._sync, standing)
        self._web_socket = web_socket

    async def serve(self, sockets: list[socket.socket]) -> None:
        journal = GroupCommit(self._writer, asyncio.get_running_loop())
        try:
            await self._serve(sockets, journal)
        finally:
            journal.close()
            self._snapshot.close()

    async def _serve(self, sockets: list[socket.socket], journal: GroupCommit) -> None:
        state = SharedState(self._settings, self._service, journal)
        metrics = Metrics(
            self._settings,
            self._index,
            self._service.counters,
            held=lambda: state.held,
            pending=lambda: journal.pending_bytes,
        )
        health = CollectorHealth(self._settings, self._index, self._service, self._snapshot)
        health.problems = self._problems
        publisher = StateWriter(metrics, health)
        application = InternalApp(
            self._settings, self._service.authenticator, health, metrics, publisher, self._proxy(state)
        )
        server = _Server(_config(state, application), state)
        tasks = [
            asyncio.create_task(
                state.sweep(lambda: cast("list[TimedConnection]", list(server.server_state.connections)))
            ),
            asyncio.create_task(self._tick(health, publisher)),
        ]
        for task in tasks:
            task.add_done_callback(lambda _: server.stop())
        warming = asyncio.create_task(_warm_up())
        try:
            await server.serve(sockets)
            # A collector without them must not go on; the supervisor starts another.
            failed = [error for task in tasks if task.done() and (error := task.exception())]
        finally:
            for task in (*tasks, warming):
                task.cancel()
            publisher.close()
        if failed:
            raise failed[0]

    def _proxy(self, state: SharedState) -> Proxy:
        max_body = self._settings.max_body_bytes
        return Proxy(self._web_socket, self._peer, state.draining, max_body=max_body, most=_MOST_FORWARDED)

    async def _tick(self, health: CollectorHealth, publisher: StateWriter) -> None:
        """Look for new channels and keys, and tell the others how it goes: at once when that changes."""
        was_failing, due = False, 0.0
        while True:
            now, is_failing = time.monotonic(), health.is_failing()
            if now >= due or is_failing != was_failing:
                was_failing, due = is_failing, now + _TICK_SECONDS
                self._service.reload(self._snapshot.current())
                await publisher.publish()
            await asyncio.sleep(_GLANCE_SECONDS)

    def _sync(self, file: int) -> None:
        began = time.perf_counter()
        os.fdatasync(file)
        self._service.counters.sync_seconds.observe(time.perf_counter() - began)


class _Server(uvicorn.Server):
    """uvicorn's server, which leaves ending the process to `run` and tells all connections that the end has begun."""

    def __init__(self, config: uvicorn.Config, state: SharedState) -> None:
        super().__init__(config)
        self._state = state

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        yield

    def stop(self) -> None:
        """Begin to end."""
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop accepting and wait for the requests under way."""
        self._state.draining.set()
        await super().shutdown(sockets)


def _config(state: SharedState, application: Application) -> uvicorn.Config:
    return uvicorn.Config(
        cast("Any", application),
        http=cast("Any", partial(HttpProtocol, state)),
        ws="none",
        loop="none",
        interface="asgi3",
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=max(1, round(state.settings.shutdown_timeout)),
    )


def _open_journal(settings: Settings, index: int, sync: Callable[[int], None], standing: Standings) -> SegmentWriter:
    def open_writer(folder: Path) -> SegmentWriter:
        return SegmentWriter(
            folder, segment_bytes=settings.segment_bytes, max_bytes=settings.journal_max_bytes, sync=sync
        )

    try:
        writer, aside = open_current(settings.journals / str(index), open_writer, standing)
    except OSError as error:
        raise WriteFailedError(f"the journal {index} cannot be opened: {error.strerror}") from error
    if aside is not None:
        _log.error("journal left aside, a new one is begun", journal=index, aside=aside.name, why=aside.why)
        _remember(settings, aside)
    recovery = writer.recovery
    report = _log.warning if recovery.cut or recovery.damaged else _log.info
    report("journal opened", journal=index, end=writer.end, cut_bytes=recovery.cut, damaged_bytes=recovery.damaged)
    return writer


_KEPT = "What is in it is read from there; nothing has to be done."
_ASIDE: dict[str, tuple[Severity, str, str]] = {
    "older": (
        "loss",
        "a journal was older than what the lake has of it: events acknowledged later that the lake has not are lost",
        "Have senders send again; then, or if a folder was restored on purpose, `footfall incident close`.",
    ),
    "unknown": ("notice", "the lake could not say how far it has a journal, and a new one was begun", _KEPT),
    "copy": ("notice", "a journal was a copy of another one, and a new one was begun", _KEPT),
}


def _remember(settings: Settings, aside: LeftAside) -> None:
    severity, what, do = _ASIDE[aside.why]
    try:
        Incidents(settings.data).note(severity, what, aside.name, do)
    except OSError as error:
        _log.error("incident not noted", what=what, error=error.strerror)


def _allow_files(connections: int) -> list[Problem]:
    """Let the process open as many files as it may have connections; what is wrong where it may not."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + _MOST_FORWARDED + _OWN_FILES
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return []
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, most), hard))
    if most >= wanted:
        return []
    what = f"a collector may open {most} files, and needs {wanted} for {connections} connections"
    return [Problem(what, f"Set LimitNOFILE (ulimit -n) to {wanted} or more, or lower max_connections.")]


async def _warm_up() -> None:
    """Load what the first request would wait for, beside the first requests."""
    await asyncio.to_thread(user_agent.load)
    await asyncio.to_thread(import_module, "footfall.collector.web_client")
    _settle_memory()


def _settle_memory() -> None:
    """What is there now stays; requests leave no cycles behind, so looking for them seldom is enough."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 100)
