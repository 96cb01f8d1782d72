"""Writer and reader in processes of their own, and processes that are killed."""

import subprocess
import sys
import threading
from collections import Counter
from hashlib import sha256
from pathlib import Path

import pytest

from footfall.journal.base import JournalFullError, JournalLockedError
from footfall.journal.inspect import inspect
from footfall.journal.segments import segments
from footfall.journal.writer import SegmentWriter

from . import children
from .folders import open_writer, read_folder


def _start(name: str, *arguments: object) -> "subprocess.Popen[bytes]":
    command = [sys.executable, children.__file__, name, *map(str, arguments)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def _line(process: "subprocess.Popen[bytes]") -> bytes:
    assert process.stdout is not None
    return process.stdout.readline()


def test_a_journal_that_another_process_writes_is_locked_until_that_is_gone(tmp_path: Path) -> None:
    with _start("hold", tmp_path) as holder:
        assert _line(holder) == b"open\n"
        with pytest.raises(JournalLockedError, match="another process"):
            open_writer(tmp_path)
        holder.kill()
    open_writer(tmp_path).close()


def test_a_reader_in_another_process_reads_everything_while_it_is_written(tmp_path: Path) -> None:
    writer = SegmentWriter(tmp_path, segment_bytes=1 << 17, max_bytes=1 << 20)
    expected = sha256()
    with _start("read", tmp_path, 2999) as reading:
        n = 0
        while n < 3000:
            group = [children.payload(0, k) for k in range(n, min(n + 7, 3000))]
            try:
                writer.append(group)
            except JournalFullError:
                assert reading.poll() is None
                continue
            expected.update(b"".join(group))
            n += len(group)
        answer, _ = reading.communicate(timeout=30)
    assert answer.split() == [expected.hexdigest().encode(), b"%d" % writer.end]
    assert len(segments(tmp_path)) <= 2
    writer.close()


def test_what_was_acknowledged_survives_the_death_of_the_writer(tmp_path: Path) -> None:
    acknowledged: set[tuple[int, int]] = set()
    for life in range(4):
        with _start("write", tmp_path, life) as writing:
            acknowledged |= {(life, int(_line(writing))) for _ in range(150 + 200 * life)}
            assert inspect(tmp_path).damaged == 0
            writing.kill()
            rest, _ = writing.communicate()
            acknowledged |= {(life, int(line)) for line in rest.splitlines(keepends=True) if line.endswith(b"\n")}
        _check(tmp_path, acknowledged)


def _check(folder: Path, acknowledged: set[tuple[int, int]]) -> None:
    writer = SegmentWriter(folder, segment_bytes=1 << 20)
    writer.close()
    assert writer.recovery.damaged == 0
    content = read_folder(folder)
    assert content.damage == []
    assert content.numbers == list(range(len(content.numbers)))
    found = [(int(life), int(n)) for life, n, _ in (payload.split(b" ", 2) for payload in content.payloads)]
    assert acknowledged <= set(found)
    assert max(Counter(found).values()) == 1
    assert found == sorted(found)
    assert content.payloads == [children.payload(life, n) for life, n in found]


def test_a_reader_and_a_truncating_reader_do_not_hurt_each_other(tmp_path: Path) -> None:
    writer = SegmentWriter(tmp_path, segment_bytes=2000)
    stop = threading.Event()
    seen: list[int] = []

    def look() -> None:
        while not stop.is_set():
            seen.append(inspect(tmp_path).damaged)

    looking = threading.Thread(target=look)
    looking.start()
    with _start("read", tmp_path, 1999) as reading:
        for n in range(2000):
            writer.append([b"%d" % n * 30])
        assert reading.wait(30) == 0
    stop.set()
    looking.join()
    writer.close()
    assert set(seen) == {0}
