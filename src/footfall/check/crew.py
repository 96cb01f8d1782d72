"""Chunks examined by several processes; what they find comes back in the order of the chunks."""

import gc
import os
import signal
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from multiprocessing import get_context, parent_process
from pathlib import Path

from footfall.check.chunk import Chunk
from footfall.check.examination import Brief, Examiner, Found
from footfall.failure import TerminalError
from footfall.lifeline import die_with_parent

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
    pool = ProcessPoolExecutor(jobs, get_context("spawn"), _start, (brief,))
    waiting: deque[Future[Found]] = deque([pool.submit(_examine, *_sent(first))])
    try:
        for chunk in rest:
            waiting.append(pool.submit(_examine, *_sent(chunk)))
            while len(waiting) > jobs * _AHEAD or (waiting and waiting[0].done()):
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    except BrokenProcessPool:
        raise TerminalError("a process that examined events was ended by the system") from None
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


_examiners: list[Examiner] = []


def _start(brief: Brief) -> None:
    """Make a worker ready. Ctrl-C reaches the whole group; the parent answers it, and ends the workers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    die_with_parent()
    parent = parent_process()
    if parent is not None and parent.pid != os.getppid():
        raise SystemExit(0)
    gc.set_threshold(200_000, 20, 100)  # a chunk's events are many, and none refers to itself
    _examiners.append(Examiner(brief))


def _sent(chunk: Chunk) -> tuple[Chunk, int]:
    """A chunk without what the worker can read by itself, and how much that is."""
    size = len(chunk.bulk)
    if chunk.offset >= 0:
        chunk.bulk = b""
    return chunk, size


def _examine(chunk: Chunk, size: int) -> Found:
    if chunk.offset >= 0:
        chunk.bulk = _read_again(chunk, size)
    return _examiners[0].examine(chunk)


def _read_again(chunk: Chunk, size: int) -> bytes:
    try:
        with Path(chunk.file).open("rb", buffering=0) as file:
            found = os.pread(file.fileno(), size, chunk.offset)
    except OSError:
        found = b""
    if len(found) < size:
        raise TerminalError(f"{chunk.file} changed while it was read")
    return found
