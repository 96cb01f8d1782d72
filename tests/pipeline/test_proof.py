"""Log entries are put aside only where the journals still hold everything that is in them."""

import threading
from pathlib import Path

import pytest

from footfall.journal.segments import segments
from footfall.lake.damage import LakeDamagedError
from footfall.lake.log_entry import entry_path, newest_version
from footfall.lake.recovery_record import CHECKPOINT, RECORD
from footfall.pipeline.process import Pipeline

from .records import append, drain, event, fates, record, settings

SEGMENT = 1 << 16


def fill(data: Path, rounds: int) -> list[str]:
    """Commit once a round, and forget what would put entries back."""
    sent = []
    for number in range(rounds):
        events = [event(f"m{number}.{n}", edata={"type": "view", "pageid": "p" * 500, "uri": "/"}) for n in range(30)]
        append(data, [record(events)], "0", segment_bytes=SEGMENT)
        drain(data)
        sent += [one["mid"] for one in events]
    for name in (RECORD, CHECKPOINT):
        (data / "lake" / "events" / name).unlink(missing_ok=True)
    return sent


def tear(data: Path, back: int) -> int:
    """Damage one of the newest entries."""
    version = newest_version(data / "lake" / "events") - back
    path = entry_path(data / "lake" / "events", version)
    path.write_bytes(path.read_bytes()[:-20])
    return version


def test_what_the_journal_holds_is_read_again(tmp_path: Path) -> None:
    sent = fill(tmp_path, 2)
    tear(tmp_path, 0)
    drain(tmp_path)
    assert sorted(fates(tmp_path)) == sorted((mid, "stored") for mid in sent)


@pytest.mark.parametrize("back", [0, 2, 5])
def test_what_the_journal_has_dropped_is_kept(tmp_path: Path, back: int) -> None:
    sent = fill(tmp_path, 12)
    (only,) = segments(tmp_path / "journal" / "0")[-1:]
    assert only.base > 0, "what was read was dropped"
    version = tear(tmp_path, back)
    before = {path: path.read_bytes() for path in (tmp_path / "lake").rglob("*") if path.is_file()}
    if back:
        with pytest.raises(LakeDamagedError, match=rf"the log entry {version} .* for the journal 0 begins at"):
            Pipeline(settings(tmp_path), threading.Event(), patience=10)
        assert {path: path.read_bytes() for path in before} == before
    else:
        drain(tmp_path)
        assert sorted(fates(tmp_path)) == sorted((mid, "stored") for mid in sent)


@pytest.mark.parametrize("how", ["gone", "damaged", "older"])
def test_a_journal_that_cannot_prove_it(tmp_path: Path, how: str) -> None:
    fill(tmp_path, 2)
    folder = tmp_path / "journal" / "0"
    (segment,) = segments(folder)
    version = tear(tmp_path, 0)
    if how == "gone":
        folder.rename(tmp_path / "elsewhere")
    elif how == "damaged":
        data = bytearray(segment.path.read_bytes())
        data[-100] ^= 1
        segment.path.write_bytes(data)
    else:
        entry = entry_path(tmp_path / "lake" / "events", version)
        journal_id = (folder / "journal.json").read_bytes().split(b'"id":"')[1][:16]
        info = entry.read_bytes().splitlines()[0]
        entry.write_bytes(info + b'\n{"txn":{"appId":"%b","version":9999999}}' % journal_id)
    with pytest.raises(LakeDamagedError, match="the journal"):
        Pipeline(settings(tmp_path), threading.Event(), patience=10)
