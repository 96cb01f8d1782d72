"""Programs that are not Python packages: found, or installed where that is ours to do."""

import ctypes
import os
import shutil
import signal
import subprocess
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PACKAGES = {"wrk": "wrk", "postgres": "postgresql", "initdb": "postgresql"}
_POSTGRES = Path("/usr/lib/postgresql")


class MissingProgramError(RuntimeError):
    """A program is not there and cannot be installed by us."""


def find(name: str) -> str:
    """Path of a program; installed with apt-get when it is missing and we are root. Raises MissingProgramError."""
    path = _look(name)
    if path is None and os.geteuid() == 0 and shutil.which("apt-get"):
        install = ["apt-get", "install", "-y", "--no-install-recommends", _PACKAGES[name]]
        subprocess.run(
            install, stdout=subprocess.DEVNULL, check=False, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        )
        path = _look(name)
    if path is None:
        raise MissingProgramError(f"{name} is missing: apt-get install {_PACKAGES[name]}")
    return path


def die_with_parent() -> None:
    """For a child between fork and exec: have the kernel end it when this process is gone, however it went."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _look(name: str) -> str | None:
    if name in ("postgres", "initdb"):
        found = sorted(_POSTGRES.glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3]))
        return str(found[-1]) if found else shutil.which(name)
    return shutil.which(name)
