"""What a collector tells the others, written by a thread: a slow disk holds up no request."""

import asyncio
import contextlib
from concurrent.futures import ThreadPoolExecutor

import structlog

from footfall import health as health_module
from footfall.collector.health import CollectorHealth
from footfall.collector.metrics import Metrics
from footfall.health import CollectorState
from footfall.runtime import runtime_folder

_log = structlog.get_logger()
_PATIENCE_SECONDS = 1.0


class StateWriter:
    """Writes the numbers and the state of this collector; one that cannot be written is said once, and in the state."""

    def __init__(self, metrics: Metrics, health: CollectorHealth) -> None:
        self._metrics = metrics
        self._health = health
        self._threads = ThreadPoolExecutor(1, "publish")
        self._writing: asyncio.Future[None] | None = None

    async def publish(self) -> None:
        """Write what there is, and wait for that, but not for long: one write at a time is under way."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE_SECONDS):
                while self._writing is not None and not self._writing.done():
                    await asyncio.shield(self._writing)
                await asyncio.shield(self._begin())

    def _begin(self) -> asyncio.Future[None]:
        loop = asyncio.get_running_loop()
        self._writing = loop.run_in_executor(self._threads, self._write, self._metrics.flush(), self._health.state())
        return self._writing

    def close(self) -> None:
        """Write for the last time."""
        self._write(self._metrics.flush(), self._health.state())
        self._threads.shutdown(wait=False)

    def _write(self, numbers: bytes, state: CollectorState) -> None:
        try:
            health_module.write_state(self._health.path, state)
            runtime_folder.write(self._metrics.path, numbers)
        except OSError as error:
            if self._health.unwritten is None:
                _log.warning("runtime files not written", error=error.strerror)
            self._health.unwritten = error.strerror
        else:
            self._health.unwritten = None
