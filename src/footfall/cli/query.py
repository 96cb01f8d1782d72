"""The lake, asked beside the main thread: Ctrl-C, and whoever stops reading what is printed, end it at once."""

import os
import select
import shutil
import signal
import sys
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from footfall.cli.output import AbandonedError
from footfall.runtime.escaping import printable

if TYPE_CHECKING:
    from footfall.lake.query import LakeReader, Parameters

T = TypeVar("T")
Batches = Iterator[list[tuple[Any, ...]]]

_INTERRUPTED = 130
_STDOUT = 1
_LOOK_SECONDS = 0.1
_spills: list[str] = []


class RunningQuery:
    """A reader of the lake for one command.

    DuckDB answers in C, where Python hears no signal, and may take minutes to. So a thread of its own asks, while the
    main thread waits, and gives up when it should: then it raises AbandonedError. `prints` says whether the answer goes
    to stdout, so that it is of no use where that is closed.
    """

    def __init__(self, reader: "LakeReader", *, prints: bool = True) -> None:
        self._reader = reader
        self._prints = prints
        self._thread = ThreadPoolExecutor(1)
        self._remarked: set[str] = set()
        found = self.run(lambda asked: asked.query("SELECT current_setting('temp_directory')"))
        _spills.append(found.rows[0][0])

    def run(self, work: "Callable[[LakeReader], T]") -> T:
        """What `work` finds in the lake; raises what it raises, or AbandonedError."""
        with _interruptible():
            found = self._wait(lambda: work(self._reader))
        self._remark()
        return found

    @contextmanager
    def stream(
        self, sql: str, parameters: "Parameters" = (), *, size: int = 200
    ) -> Iterator[tuple[list[str], Batches]]:
        """As the reader's own, with at most `size` rows in a batch; raises AbandonedError too."""
        answer = self._answer(sql, parameters, size)
        with _interruptible():
            columns = self._wait(lambda: next(answer))
            yield columns, iter(lambda: self._wait(lambda: next(answer, [])), [])
            self._wait(answer.close)
        self._remark()

    def _remark(self) -> None:
        """Say, once, what answers are without."""
        for remark in self._reader.remarks:
            if remark not in self._remarked:
                sys.stderr.write(f"footfall: {printable(remark)}\n")
                self._remarked.add(remark)

    def _answer(self, sql: str, parameters: "Parameters", size: int) -> Generator[list[Any], None, None]:
        """The names of the columns, then the batches, from the thread that goes through this."""
        with self._reader.stream(sql, parameters, size=size) as (columns, batches):
            yield columns
            yield from batches

    def _wait(self, work: Callable[[], T]) -> T:
        future = self._thread.submit(work)
        while not wait([future], _LOOK_SECONDS).done:
            if self._prints and _is_closed(_STDOUT):
                raise AbandonedError
        return future.result()


def leave(code: int) -> NoReturn:
    """End the process without waiting for queries that still run; what they put on the disk is removed."""
    for folder in _spills:
        shutil.rmtree(folder, ignore_errors=True)
    os._exit(code)


@contextmanager
def _interruptible() -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # one is enough: nothing may keep files from being tidied up
        raise AbandonedError(_INTERRUPTED) from None


def _is_closed(descriptor: int) -> bool:
    """Whether nobody can read any more what is written there."""
    poll = select.poll()
    poll.register(descriptor, 0)
    return any(event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll(0))
