"""What the tests run in processes of their own: `python children.py NAME FOLDER …`."""

import asyncio
import os
import sys
import time
from hashlib import sha256
from itertools import count
from pathlib import Path
from random import Random

from footfall.journal.base import Record
from footfall.journal.group_commit import GroupCommit
from footfall.journal.reader import SegmentReader
from footfall.journal.writer import SegmentWriter


def payload(life: int, n: int) -> bytes:
    """The record n of a writer's life: its name, and bytes that anyone can make again."""
    random = Random(f"{life} {n}")
    return b"%d %d " % (life, n) + random.randbytes(random.choice((1, 50, 900, 20_000)))


def hold(folder: Path) -> None:
    """Have the journal open until the process is ended."""
    SegmentWriter(folder)
    print("open", flush=True)
    sys.stdin.read()


def write(folder: Path, life: int) -> None:
    """Append from many tasks as fast as it goes, and say each number after it was acknowledged."""
    asyncio.run(_write(folder, life))


async def _write(folder: Path, life: int) -> None:
    group = GroupCommit(SegmentWriter(folder, segment_bytes=1 << 20), asyncio.get_running_loop())
    numbers = count()

    async def send() -> None:
        for n in numbers:
            await group.append(payload(life, n))
            os.write(1, b"%d\n" % n)

    await asyncio.gather(*(send() for _ in range(40)))


def read(folder: Path, last: int) -> None:
    """Read while another process writes, truncating on the way, until the record `last`; say what was read."""
    reader = SegmentReader(folder)
    position, number = 0, -1
    digest = sha256()
    while number < last:
        for piece in reader.read(position, 200_000):
            if not isinstance(piece, Record) or piece.number != number + 1:
                sys.exit(f"after record {number}: {piece}")
            digest.update(piece.payload)
            position, number = piece.next, piece.number
        reader.truncate(position)
        time.sleep(0)
    print(digest.hexdigest(), position)


if __name__ == "__main__":
    name, folder, *rest = sys.argv[1:]
    if name == "hold":
        hold(Path(folder))
    elif name == "write":
        write(Path(folder), int(rest[0]))
    else:
        read(Path(folder), int(rest[0]))
