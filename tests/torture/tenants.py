"""Four tenants on one server: three behave, one attacks; and connections that keep everybody out, or would."""

import http.client
import json
import multiprocessing
import os
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import psutil
from msgspec import Struct, field

from tests.serving import Served, serving
from tests.torture.attacks import ATTACKS, attack
from tests.torture.clients import BATCH, event

MOST_GROWTH = 150 << 20
MOST_WAIT_S = 0.25
CROWDS = ("idle", "half a head", "half a body")
_PAUSE_S = 0.02
_SAMPLE_S = 0.2
_PLACES = 150  # of one collector, so that a crowd needs no more files than a test may open


class Phase(Struct):
    """How the tenants that behave fared: `waits` in seconds, memory in bytes, `odd` what no answer should be."""

    name: str
    before: int = 0
    waits: list[float] = field(default_factory=list)
    peak: int = 0
    odd: Counter[str] = field(default_factory=Counter)
    answers: dict[int, int] = field(default_factory=dict)

    @property
    def growth(self) -> int:
        """By how much the server's memory grew, in bytes."""
        return self.peak - self.before

    def wait(self, part: float) -> float:
        """The wait that this part of the requests stays below, in seconds."""
        waits = sorted(self.waits) or [float("inf")]
        return waits[min(len(waits) - 1, int(part * len(waits)))]


class Outcome(Struct):
    """All phases, the calm one first."""

    phases: list[Phase]
    is_timed: bool = True

    @property
    def broken(self) -> list[str]:
        """What was promised and not kept; what a busy machine adds to every wait is not the attack's doing."""
        most = MOST_WAIT_S + self.phases[0].wait(0.99)
        found = [f"{phase.name}: {dict(phase.odd)}" for phase in self.phases if phase.odd or not phase.waits]
        for phase in self.phases[1:]:
            if phase.growth > MOST_GROWTH:
                found.append(f"{phase.name}: {phase.growth >> 20} MiB more")
            if self.is_timed and phase.wait(0.99) > most:
                found.append(f"{phase.name}: p99 {phase.wait(0.99) * 1000:.0f} ms")
        return found

    @property
    def is_clean(self) -> bool:
        """Whether every promise was kept."""
        return not self.broken

    def __str__(self) -> str:
        lines = ["", f"{'attack':<12} {'others':>7} {'p50 ms':>7} {'p99 ms':>7} {'before':>7} {'peak MiB':>8}  answers"]
        for phase in self.phases:
            times = f"{phase.wait(0.5) * 1000:7.1f} {phase.wait(0.99) * 1000:7.1f}"
            answers = f"{phase.answers or ''}"
            memory = f"{phase.before >> 20:>7} {phase.peak >> 20:>8}"
            lines.append(f"{phase.name:<12} {len(phase.waits):>7} {times} {memory}  {answers}")
        return "\n".join([*lines, *self.broken])


def torment(
    folder: Path,
    seconds: float,
    attacks: Sequence[str] = (*ATTACKS, *CROWDS),
    *,
    is_timed: bool = True,
    **settings: object,
) -> Outcome:
    """Let each attack run for so many seconds."""
    with serving(folder / "data", max_connections=_PLACES, batch_seconds=0.5, **settings) as served:
        keys = [served.run_json("channel", "add", name)["secret"] for name in ("a", "b", "c", "attacker")]
        outcome = Outcome([], is_timed=is_timed)
        for name in ("calm", *attacks):
            outcome.phases.append(_phase(served, keys, name, seconds))
    return outcome


def _phase(served: Served, keys: list[str], name: str, seconds: float) -> Phase:
    phase, stop = Phase(name, _memory(served)), threading.Event()
    port = urlsplit(served.url).port or 0
    threads = [threading.Thread(target=_behave, args=(port, key, phase, stop)) for key in keys[:3]]
    threads.append(threading.Thread(target=_weigh, args=(served, phase, stop)))
    with _crowd(port, name), ExitStack() as ending:
        for thread in threads:
            thread.start()
            ending.callback(thread.join)
        ending.callback(stop.set)
        if name in ATTACKS:
            told = multiprocessing.get_context("spawn").Queue()
            attacker = multiprocessing.get_context("spawn").Process(
                target=attack, args=(port, keys[3], name, seconds, told)
            )
            attacker.start()
            phase.answers = dict(told.get(timeout=seconds + 90))
            attacker.join()
        else:
            time.sleep(seconds)
    return phase


def _behave(port: int, key: str, phase: Phase, stop: threading.Event) -> None:
    """One tenant: batches in a steady stream, each on a connection of its own, as pages have."""
    number, name = 0, os.urandom(4).hex()
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
    while not stop.wait(_PAUSE_S):
        number += 1
        body = json_of([f"{name}:{number}:{place}" for place in range(BATCH)])
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        began = time.monotonic()
        try:
            connection.request("POST", "/v1/telemetry", body, headers)
            answer = connection.getresponse()
            said = answer.read()
            if answer.status != http.client.OK or b'"accepted":%d,' % BATCH not in said:
                phase.odd[f"{answer.status} {said[:200]!r}"] += 1
        except (OSError, http.client.HTTPException) as error:
            phase.odd[type(error).__name__] += 1
        finally:
            connection.close()
        phase.waits.append(time.monotonic() - began)


def json_of(mids: list[str]) -> bytes:
    """A batch of good events that name no channel but their key's."""
    events = [event(mid) for mid in mids]
    return json.dumps({"events": events}).encode()


def _weigh(served: Served, phase: Phase, stop: threading.Event) -> None:
    while not stop.wait(_SAMPLE_S):
        phase.peak = max(phase.peak, _memory(served))


def _memory(served: Served) -> int:
    """Proportional memory of all the server's processes."""
    found = 0
    for pid in (served.pid, *(pid for pids in served.children().values() for pid in pids)):
        with suppress(psutil.Error):
            found += psutil.Process(pid).memory_full_info().pss
    return found


@contextmanager
def _crowd(port: int, name: str) -> Iterator[None]:
    """As many connections as there are places, and half as many again, that say little or nothing."""
    says = {
        "idle": b"POST /v1/telemetry HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\n\r\n",
        "half a head": b"POST /v1/telemetry HTTP/1.1\r\nhost:",
        "half a body": b"POST /v1/telemetry HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\n{",
    }.get(name)
    with ExitStack() as lines:
        for _ in range(3 * _PLACES if says else 0):
            with suppress(OSError):
                line = lines.enter_context(socket.create_connection(("127.0.0.1", port), timeout=10))
                line.sendall(says or b"")
        yield
