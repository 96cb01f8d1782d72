"""A journal against a model: appended, failed, truncated, closed, and the power cut at any moment."""

import shutil
import tempfile
from pathlib import Path
from random import Random

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from footfall.journal.base import WriteFailedError
from footfall.journal.reader import SegmentReader
from footfall.journal.segments import segments
from footfall.journal.writer import SegmentWriter

from .folders import FAST, Content, read_all
from .power import Disk

groups = st.lists(st.binary(min_size=1, max_size=400), min_size=1, max_size=5)


class Machine(RuleBasedStateMachine):
    """`known` are the acknowledged records, from the first on; `doubtful` the groups that failed since the last ack."""

    @initialize(random=st.randoms(use_true_random=False))
    def make(self, random: Random) -> None:
        self.root = Path(tempfile.mkdtemp(dir=FAST))
        self.random = random
        self.known: list[bytes] = []
        self.positions = [0]
        self.doubtful: list[list[bytes]] = []
        self.released = 0
        self.disk = Disk(self.root / "0", random)
        self._open()

    def _open(self) -> None:
        self.writer = SegmentWriter(self.disk.folder, segment_bytes=1200, sync=self.disk, sync_names=self.disk)
        self.reader = SegmentReader(self.disk.folder)
        self.disk.note_mark()

    def teardown(self) -> None:
        self.writer.close()
        self.reader.close()
        shutil.rmtree(self.root)

    @rule(group=groups)
    def append(self, group: list[bytes]) -> None:
        end = self.writer.append(group)
        self._acknowledged(group)
        assert self.positions[-1] == end

    @rule(group=groups, syncs=st.integers(1, 4))
    def fail(self, group: list[bytes], syncs: int) -> None:
        self.disk.fails_in = syncs
        try:
            self.writer.append(group)
        except WriteFailedError:
            self.doubtful.append(group)
        else:
            self._acknowledged(group)
        self.disk.fails_in = -1

    @rule()
    def cut_power(self) -> None:
        self._reopen(self.disk.cut())

    @rule(group=groups, syncs=st.integers(1, 4))
    def cut_power_while_appending(self, group: list[bytes], syncs: int) -> None:
        self.disk.ends_in = syncs
        try:
            self.writer.append(group)
        except WriteFailedError:
            self.doubtful.append(group)
        else:
            self._acknowledged(group)
        self._reopen(self.disk.left or self.disk.cut())

    @rule()
    def close(self) -> None:
        self.writer.close()
        self.reader.close()
        self._open()
        assert self.writer.recovery.cut == self.writer.recovery.damaged == 0

    @rule(data=st.data())
    def truncate(self, data: st.DataObject) -> None:
        self.released = data.draw(st.integers(self.released, len(self.known)))
        self.reader.truncate(self.positions[self.released])

    @invariant()
    def reads_what_was_acknowledged(self) -> None:
        if hasattr(self, "reader"):
            content = self._read()
            assert content.payloads == self.known[self.released :]
            assert [record.next for record in content.records] == self.positions[self.released + 1 :]

    def _read(self) -> Content:
        content = read_all(self.reader, self.positions[self.released], self.random.randrange(1, 3000))
        assert content.damage == []
        assert content.numbers == list(range(self.released, self.released + len(content.numbers)))
        return content

    def _acknowledged(self, group: list[bytes]) -> None:
        self.disk.note_mark()
        content = read_all(self.reader, self.positions[-1])
        assert content.payloads == group
        self.known += group
        self.positions += [record.next for record in content.records]
        self.doubtful.clear()

    def _reopen(self, left: Path) -> None:
        """Of the groups that were not acknowledged, the first records of one may be there now."""
        self.writer.close()
        self.reader.close()
        self.disk = Disk(left, self.random)
        self._open()
        assert self.writer.recovery.damaged == 0
        content = self._read()
        kept = len(self.known) - self.released
        more = content.payloads[kept:]
        assert content.payloads[:kept] == self.known[self.released :]
        assert not more or any(group[: len(more)] == more for group in self.doubtful)
        self.known += more
        self.positions += [record.next for record in content.records[kept:]]
        self.doubtful.clear()
        assert segments(left) == [] or segments(left)[-1].base <= self.writer.end


Machine.TestCase.settings = settings(
    max_examples=60, stateful_step_count=30, suppress_health_check=[HealthCheck.too_slow]
)


TestMachine = Machine.TestCase
