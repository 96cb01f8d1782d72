"""How far an import has come, on disk: written whole or not at all, and only by one import at a time."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from msgspec import Struct

from footfall.dialects.keycloak.event import digest, slug
from footfall.dialects.keycloak.seen import Recollection
from footfall.errors import TerminalError

_VERSION = 1


class State(Struct):
    """What was taken from `source` (address and realm): the newest times, epoch ms, by kind of event; and what is
    remembered of them."""

    source: str
    newest: dict[str, int] = {}
    memory: Recollection = Recollection()
    version: int = _VERSION


def state_path(data: Path, source: str) -> Path:
    """Where the state of an import stands in a data folder."""
    name = slug(source.partition("://")[2])[:80]
    return data / "import" / f"keycloak-{name}-{digest(source)}.json"


def load(path: Path, source: str) -> State:
    """The state in a file, or a new one; raises TerminalError where it cannot be read, or is another source's."""
    try:
        state = msgspec.json.decode(path.read_bytes(), type=State)
    except FileNotFoundError:
        return State(source)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise TerminalError(f"{path} cannot be read: {error}; remove it to begin anew, which does no harm") from error
    if state.version != _VERSION:
        raise TerminalError(f"{path} was written by another version of footfall")
    if state.source != source:
        raise TerminalError(f"{path} belongs to {state.source}: name another file with --state")
    return state


def save(path: Path, state: State) -> None:
    """Replace the state in a file; raises TerminalError when it cannot be written."""
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as file:
            file.write(msgspec.json.encode(state))
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        _sync(path.parent)
    except OSError as error:
        raise TerminalError(f"cannot write {path}: {error.strerror}") from error


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Keep other imports away from a state; raises TerminalError when one is there already."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(path.with_name(f".{path.name}.lock"), os.O_CREAT | os.O_RDWR, 0o600)
    except OSError as error:
        raise TerminalError(f"cannot write to {path.parent}: {error.strerror}") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise TerminalError(f"another import goes by {path}: stop it first") from error
    finally:
        os.close(lock)


def _sync(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
