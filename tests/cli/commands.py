"""The installed `footfall` on a lake that no server writes, with stdout wherever a test wants it."""

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from msgspec import Struct

from tests.serving import PROGRAM

_MEASURED = """
import sys
from footfall.__main__ import main
try:
    main()
finally:
    peak = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
    sys.stderr.write(peak + "\\n")
"""


class Shown(Struct, frozen=True):
    """What a command showed at a terminal; lines end with a newline alone."""

    code: int
    out: str
    err: str


@contextmanager
def started(data: Path, *arguments: str, stdout: int = subprocess.PIPE, **environment: str) -> Iterator[Any]:
    """A command that runs; it is killed where the block does not see its end."""
    command = [PROGRAM, *arguments, "--data", str(data)]
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.PIPE, env=os.environ | environment
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def output(data: Path, *arguments: str, code: int = 0) -> bytes:
    """What a command writes to stdout; fails if it does not exit with `code`."""
    with started(data, *arguments) as process:
        out, err = process.communicate(timeout=300)
    assert process.returncode == code, err.decode()
    return bytes(out)


def peak(data: Path, *arguments: str) -> int:
    """MiB of memory that a command takes at its peak, its stdout thrown away."""
    command = [sys.executable, "-c", _MEASURED, *arguments, "--data", str(data)]
    done = subprocess.run(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=True, timeout=600
    )
    return int(done.stderr.splitlines()[-1]) >> 10


def at_terminal(data: Path, *arguments: str, width: int = 80) -> Shown:
    """What a command shows at a terminal of so many columns."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 25, width, 0, 0))
    try:
        with started(data, *arguments, stdout=slave, TERM="xterm", COLUMNS="", LINES="") as process:
            os.close(slave)
            out = _read(master)
            _, err = process.communicate(timeout=60)
    finally:
        os.close(master)
    return Shown(process.returncode, out.decode().replace("\r\n", "\n"), err.decode())


def _read(master: int) -> bytes:
    parts = []
    with suppress(OSError):  # that is how a terminal says that nobody is there any more
        while part := os.read(master, 1 << 16):
            parts.append(part)
    return b"".join(parts)
