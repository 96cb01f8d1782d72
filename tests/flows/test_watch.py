"""How long flows have waited, by what the watch says."""

import os
import threading
import time
from pathlib import Path

from footfall.flows.process import FlowSupervisor
from footfall.runtime import heartbeat
from footfall.settings import Settings


def test_what_nobody_has_folded_yet_waits_since_the_first_commit(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    settings.heartbeat.parent.mkdir(parents=True)
    log = settings.lake / "events" / "_delta_log"
    log.mkdir(parents=True)
    minute_ago = time.time() - 60
    for version, at in ((0, minute_ago - 3600), (1, minute_ago), (2, time.time())):
        entry = log / f"{version:020d}.json"
        entry.touch()
        os.utime(entry, (at, at))

    watch = FlowSupervisor(settings, threading.Event())
    watch._beat("waiting")
    beat = heartbeat.read(settings.flows_heartbeat)
    assert beat is not None
    assert 60_000 <= beat.lag_ms < 70_000

    (settings.lake / "flows").mkdir()
    watch._beat("running")
    beat = heartbeat.read(settings.flows_heartbeat)
    assert beat is not None
    assert beat.lag_ms == 0
