"""The command `footfall micro`."""

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from footfall.micro import Micro
from tests.micro.sending import event, send
from tests.micro.suites import PATIENCE

COMMAND = [sys.executable, "-W", "error", "-m", "footfall", "micro"]


@contextmanager
def started(*options: str) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """The URL that the command announces, and its process."""
    with subprocess.Popen([*COMMAND, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().split()[-1], process
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_order(number: signal.Signals) -> None:
    with started("--port", "0") as (url, process):
        send(url, event())
        assert Micro(url).all().good == 1
        process.send_signal(number)
        assert process.wait(PATIENCE) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_it_answers_as_soon_as_it_says_where() -> None:
    with started("--port", "0", "--profile", "sunbird", "--host", "::1") as (url, _):
        assert url.startswith("http://[::1]:")
        send(url, event("IMPRESSION", edata={"type": "view", "pageid": "home"}))
        assert Micro(url).all().bad == 1


def test_a_port_is_not_shared() -> None:
    with socket.create_server(("127.0.0.1", 0), reuse_port=True) as taken:
        port = str(taken.getsockname()[1])
        done = subprocess.run([*COMMAND, "--port", port], capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 2
    says = f"footfall: cannot listen on 127.0.0.1:{port}: Address already in use; choose another --host or --port\n"
    assert done.stderr == says
