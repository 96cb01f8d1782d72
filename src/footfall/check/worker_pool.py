"""Chunks examined by several processes; what they find comes back in the order of the chunks."""

import gc
import os
import signal
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection
from pathlib import Path
from queue import SimpleQueue

from footfall.check.chunk import Chunk
from footfall.check.examine import Brief, Examiner, Found
from footfall.errors import TerminalError
from footfall.runtime.lifeline import die_with_parent

FEW = 20  # chunks, about a quarter of a megabyte each; starting a process takes as long as examining so many
_AHEAD = 8  # chunks that wait for each process


def examine(chunks: Iterable[Chunk], brief: Brief, jobs: int) -> Iterator[Found]:
    """What is found in each chunk, in order; raises TerminalError when a process dies.

    The first few are examined in this process: most inputs are no larger. Events are completed one after the other,
    so that this is done here too.
    """
    chunks = iter(chunks)
    examiner = Examiner(brief)
    here = chunks if jobs < 2 or brief.fills else islice(chunks, FEW)
    for chunk in here:
        yield examiner.examine(chunk)
    first = next(chunks, None)
    if first is not None:
        yield from _examine_apart(first, chunks, brief, jobs)


def _examine_apart(first: Chunk, rest: Iterator[Chunk], brief: Brief, jobs: int) -> Iterator[Found]:
    workers = [_Worker(brief) for _ in range(jobs)]
    idle: SimpleQueue[_Worker] = SimpleQueue()
    for worker in workers:
        idle.put(worker)

    def examine_chunk(chunk: Chunk) -> Found:
        worker = idle.get()
        try:
            return worker.examine(chunk)
        finally:
            idle.put(worker)

    threads = ThreadPoolExecutor(jobs, "check")
    waiting: deque[Future[Found]] = deque([threads.submit(examine_chunk, first)])
    try:
        for chunk in rest:
            waiting.append(threads.submit(examine_chunk, chunk))
            while len(waiting) > jobs * _AHEAD or (waiting and waiting[0].done()):
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for worker in workers:
            worker.kill()
        threads.shutdown(cancel_futures=True)


class _Worker:
    """A process with a connection of its own, so that its end shows at once, also in the middle of an answer.

    The standard library's pool of processes shares one: it waits for ever for the rest of what a dead one began to say.
    """

    def __init__(self, brief: Brief) -> None:
        context = get_context("spawn")
        self._connection, end = context.Pipe()
        self._process = context.Process(target=_work, args=(end, brief), daemon=True)
        self._process.start()
        end.close()

    def examine(self, chunk: Chunk) -> Found:
        """What it finds in a chunk; raises TerminalError when it has died, or cannot read the chunk."""
        try:
            self._connection.send(_sent(chunk))
            found: Found | TerminalError = self._connection.recv()
        except (EOFError, OSError):
            raise TerminalError("a process that examined events was ended by the system") from None
        if isinstance(found, TerminalError):
            raise found
        return found

    def kill(self) -> None:
        """End it, whatever it does."""
        self._process.kill()
        self._process.join()


def _work(connection: Connection, brief: Brief) -> None:
    """Examine what comes. Ctrl-C reaches the whole group; the parent answers it, and ends the workers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    die_with_parent()
    parent = parent_process()
    if parent is not None and parent.pid != os.getppid():
        raise SystemExit(0)
    gc.set_threshold(200_000, 20, 100)  # a chunk's events are many, and none refers to itself
    examiner = Examiner(brief)
    while True:
        try:
            chunk, size = connection.recv()
        except EOFError:
            return
        try:
            connection.send(_examine(examiner, chunk, size))
        except TerminalError as error:
            connection.send(error)


def _sent(chunk: Chunk) -> tuple[Chunk, int]:
    """A chunk without what the worker can read by itself, and how much that is."""
    size = len(chunk.bulk)
    if chunk.offset >= 0:
        chunk.bulk = b""
    return chunk, size


def _examine(examiner: Examiner, chunk: Chunk, size: int) -> Found:
    if chunk.offset >= 0:
        chunk.bulk = _read_again(chunk, size)
    return examiner.examine(chunk)


def _read_again(chunk: Chunk, size: int) -> bytes:
    try:
        with Path(chunk.file).open("rb", buffering=0) as file:
            found = os.pread(file.fileno(), size, chunk.offset)
    except OSError:
        found = b""
    if len(found) < size:
        raise TerminalError(f"{chunk.file} changed while it was read")
    return found
