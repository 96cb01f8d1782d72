"""The entry of one process of `footfall serve`: `python -m footfall.services NAME …`.

Light, because every process pays for it: no command-line library, and only the imports of its own role.
"""

import argparse
import socket
import sys
from functools import partial
from pathlib import Path

from footfall import permissions
from footfall import settings as settings_module
from footfall.errors import TerminalError, TransientError
from footfall.installation import open_installation
from footfall.journal.opening import Standing
from footfall.lake.position import UnknownPositionError, lake_position
from footfall.runtime import lifeline
from footfall.runtime.os_process import skip_rich
from footfall.settings import Settings

EX_CONFIG = 78
EX_TEMPFAIL = 75
_END_SECONDS = 5.0


def main() -> None:
    """Run one role until it ends; exit 78 when somebody has to change something first, 75 when a restart may help."""
    parser = argparse.ArgumentParser(prog="footfall.services")
    parser.add_argument("name", choices=("collector", "pipeline", "web", "flows"))
    parser.add_argument("--index", type=int, default=0)
    parser.add_argument("--fd", type=int)
    parser.add_argument("--web-socket", type=Path)
    given = parser.parse_args()
    skip_rich()
    permissions.begin()
    try:
        settings = settings_module.load({})
        lifeline.hold(_patience(given.name, settings))
        run(given.name, settings, index=given.index, fd=given.fd, web_socket=given.web_socket)
    except TerminalError as error:
        sys.stderr.write(f"footfall {given.name}: {error}\n")
        raise SystemExit(EX_CONFIG) from None
    except TransientError as error:
        sys.stderr.write(f"footfall {given.name}: {error}\n")
        raise SystemExit(EX_TEMPFAIL) from None


def _patience(name: str, settings: Settings) -> float:
    """How long a process whose supervisor is gone may take to end, in seconds."""
    return settings.shutdown_timeout + _END_SECONDS if name == "collector" else _END_SECONDS


def run(
    name: str, settings: Settings, *, index: int = 0, fd: int | None = None, web_socket: Path | None = None
) -> None:
    """Run a role in this process; imports only what that role needs. Raises TerminalError."""
    open_installation(settings.data, settings.installation)
    if name == "collector":
        from footfall.collector import server as collector

        sockets = [socket.socket(fileno=fd)] if fd is not None else [bind(settings.host, settings.port)]
        collector.run(
            settings,
            index=index,
            sockets=sockets,
            web_socket=web_socket,
            standing=partial(_standing, settings.lake),
        )
    elif name == "pipeline":
        from footfall.pipeline import process as pipeline

        permissions.begin_sharing(settings)
        pipeline.run(settings)
    elif name == "flows":
        from footfall.flows import process

        permissions.begin_sharing(settings)
        process.run(settings)
    else:
        from footfall.dashboard import server as web

        if web_socket is None:
            raise TerminalError("the web process needs --web-socket PATH")
        web.run(settings, uds=web_socket)


def _standing(lake: Path, journal: str, end: int) -> Standing:
    """Whether the lake holds anything of a journal from behind its end."""
    try:
        position = lake_position(lake, journal)
    except UnknownPositionError as error:
        sys.stderr.write(f"footfall collector: {error}; a new journal is begun\n")
        return "unknown"
    return "current" if position is None or position <= end else "older"


def bind(host: str, port: int) -> socket.socket:
    """A listening socket that several processes may share the port of; raises TerminalError when it cannot be had."""
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    bound = socket.socket(family, kind, protocol)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if sys.platform == "linux":
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        bound.bind(address)
        bound.listen(2048)
    except OSError as error:
        bound.close()
        raise TerminalError(f"cannot listen on {host}:{port}: {error.strerror}; choose another --port") from error
    return bound


if __name__ == "__main__":
    main()
