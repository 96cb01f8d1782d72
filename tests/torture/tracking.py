"""The Python tracker under an application that is killed, sending to a server that is down half of the time."""

import mmap
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from msgspec import Struct

from footfall.tracker import DiskOutbox, Tracker
from tests.serving import serving

_UP_SECONDS = 4.0
_DOWN_SECONDS = 1.5
_FLUSH_SECONDS = 600.0
_SOUGHT = """
    SELECT count(*) AS stored, count(DISTINCT id) AS different FROM (
        SELECT json_extract_string(event, '$.edata.id') AS id FROM events WHERE eid = 'INTERACT')
"""

# Its counter lies in a file that is mapped, so that it survives the process: an event whose call returned is counted.
_APPLICATION = """
import mmap, sys, time
from footfall.tracker import DiskOutbox, Tracker
url, outbox, counter, first, until, rate, turn = sys.argv[1:8]
with open(counter, "r+b") as file:
    told = mmap.mmap(file.fileno(), 8)
waiting = DiskOutbox(outbox, 1 << 30)
tracker = Tracker(url, "dev", "soak.app", outbox=waiting, batch_events=500, batch_age=0.2, exit_timeout=0)
begun = time.monotonic()
for number in range(int(first), int(until)):
    tracker.interact(type="click", id=f"{turn}-{number}", pageid="home")
    told[:8] = (number + 1).to_bytes(8, "little")
    if number % 100 == 0:
        time.sleep(max(0.0, begun + (number - int(first)) / float(rate) - time.monotonic()))
"""


class Soak(Struct):
    """What was sent and what arrived. `late` is how long the last events took to arrive, in seconds."""

    told: int = 0
    stored: int = 0
    different: int = 0
    outages: int = 0
    kills: int = 0
    late: float = 0.0

    @property
    def is_clean(self) -> bool:
        """Whether every event is there exactly once; an event under way at a kill may be there although not told."""
        return self.told <= self.different <= self.told + self.kills and self.stored == self.different


def soak(folder: Path, events: int, *, rate: float = 8_000.0) -> Soak:
    """Emit so many events, at so many a second at most, while server and application are killed now and then."""
    outcome = Soak()
    counter = folder / "told"
    counter.write_bytes(bytes(8))
    with counter.open("r+b") as file:
        told = mmap.mmap(file.fileno(), 8)
        port = _free_port()
        while outcome.told < events:
            _outage(folder, port, events, rate, outcome)
            outcome.told = int.from_bytes(told[:8], "little")
        told.close()
    with serving(folder / "data", "--port", str(port)) as footfall:
        begun = time.monotonic()
        with Tracker(footfall.url, "dev", "soak.app", outbox=DiskOutbox(folder / "outbox", 1 << 30)) as tracker:
            tracker.flush(_FLUSH_SECONDS)
        rows = footfall.wait_for(_SOUGHT, lambda rows: rows[0]["different"] >= outcome.told, _FLUSH_SECONDS)
        outcome.late = round(time.monotonic() - begun, 1)
        outcome.stored, outcome.different = rows[0]["stored"], rows[0]["different"]
    return outcome


def _outage(folder: Path, port: int, events: int, rate: float, outcome: Soak) -> None:
    """The application runs while the server comes, is killed and stays away for a while; then it is killed too."""
    counter = folder / "told"
    first = int.from_bytes(counter.read_bytes(), "little")
    given = [f"http://127.0.0.1:{port}", str(folder / "outbox"), str(counter), str(first), str(events), str(rate)]
    given.append(str(outcome.outages))
    with subprocess.Popen([sys.executable, "-c", _APPLICATION, *given]) as application:
        with serving(folder / "data", "--port", str(port)) as footfall:
            _wait(application, _UP_SECONDS)
            footfall.kill()
        outcome.outages += 1
        _wait(application, _DOWN_SECONDS)
        if application.poll() is None:
            application.send_signal(signal.SIGKILL)
            outcome.kills += 1


def _wait(application: "subprocess.Popen[bytes]", seconds: float) -> None:
    try:
        application.wait(seconds)
    except subprocess.TimeoutExpired:
        return


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
