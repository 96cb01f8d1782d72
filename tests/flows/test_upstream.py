"""When the pipeline is behind, by what it says of itself."""

import time
from pathlib import Path

import pytest

from footfall.flows.pipeline_state import PipelineState
from footfall.runtime import heartbeat
from footfall.runtime.heartbeat import Heartbeat

SECOND = 1000


@pytest.mark.parametrize(
    ("beaten_ago", "stored_ago", "waiting_bytes", "behind"),
    [
        (0, 0, 0, False),
        (1, 2, 90_000_000, False),
        (1, 8, 1, True),
        (1, 3600, 0, False),
        (1, None, 1, False),
        (8, 8, 0, True),
    ],
    ids=["idle", "busy", "late", "nothing new", "nothing stored yet", "silent"],
)
def test_behind(tmp_path: Path, beaten_ago: int, stored_ago: int | None, waiting_bytes: int, behind: bool) -> None:
    now = time.time_ns() // 1_000_000
    newest = None if stored_ago is None else now - stored_ago * SECOND
    beat = Heartbeat(at=now - beaten_ago * SECOND, pid=1, newest_stored_at=newest, lag_bytes=waiting_bytes)
    heartbeat.write(tmp_path / "pipeline.json", beat)
    assert PipelineState(tmp_path / "pipeline.json").is_behind is behind


def test_where_there_is_no_pipeline_nothing_waits_for_it(tmp_path: Path) -> None:
    assert not PipelineState(tmp_path / "pipeline.json").is_behind
