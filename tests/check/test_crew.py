"""Several processes find the same as one, in the same order; one that dies is told of."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from footfall.check import worker_pool
from footfall.check.chunk import Chunk
from footfall.check.examine import Brief, Found
from footfall.check.inputs import Inputs
from footfall.check.plans import chosen
from footfall.errors import TerminalError

from .texts import event, text


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of more chunks than one process examines alone, with a bad event now and then."""
    path = tmp_path_factory.mktemp("crew") / "events.ndjson"
    with path.open("wb") as file:
        for number in range(25_000):
            one = text(event(number, tags=["x" * 100])) if number % 997 else b'{"eid": "LOG", "mid": "bad", }'
            file.write(one + b"\n")
    return path


def workers() -> list[psutil.Process]:
    """The crew, among this process's other children."""
    return [child for child in psutil.Process().children() if "spawn_main" in " ".join(child.cmdline())]


def examined(path: Path, jobs: int) -> list[Found]:
    return list(worker_pool.examine(Inputs([str(path)], loosely=False).chunks(), Brief(plans=chosen([])), jobs))


def test_two_processes_find_what_one_does(large: Path) -> None:
    alone, together = examined(large, 1), examined(large, 2)
    assert len(alone) > worker_pool.FEW
    assert [one.reports for one in together] == [one.reports for one in alone]
    assert [one.tally for one in together] == [one.tally for one in alone]


def test_a_file_that_changes_while_it_is_read_is_told_of(large: Path, tmp_path: Path) -> None:
    path = tmp_path / "events.ndjson"
    path.write_bytes(large.read_bytes())

    def cut_short() -> Iterator[Chunk]:
        for number, chunk in enumerate(Inputs([str(path)], loosely=False).chunks()):
            yield chunk
            if number == worker_pool.FEW:
                os.truncate(path, 1000)

    with pytest.raises(TerminalError, match="changed while it was read"):
        list(worker_pool.examine(cut_short(), Brief(), 2))


def test_a_worker_that_is_killed_is_told_of(large: Path) -> None:
    found = worker_pool.examine(Inputs([str(large)], loosely=False).chunks(), Brief(), 2)
    for _ in range(worker_pool.FEW + 1):
        next(found)
    mine = workers()
    assert mine
    for worker in mine:
        worker.send_signal(signal.SIGKILL)
    with pytest.raises(TerminalError, match="ended by the system"):
        list(found)


def test_no_worker_is_left_when_nobody_wants_more(large: Path) -> None:
    found = worker_pool.examine(Inputs([str(large)], loosely=False).chunks(), Brief(), 2)
    for _ in range(worker_pool.FEW + 1):
        next(found)
    mine = workers()
    assert mine
    found.close()  # type: ignore[attr-defined]
    _, alive = psutil.wait_procs(mine, timeout=30)
    assert not alive
