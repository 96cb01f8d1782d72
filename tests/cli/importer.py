"""`footfall import keycloak`, as a command or in this process, into one channel of a running server."""

import json
import os
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from footfall.cli.keycloak import CLIENT_ID, CLIENT_SECRET, Store, Target, from_store
from tests.cli.keycloak_server import CLIENT, PASSWORD, Keycloak
from tests.serving import PROGRAM, Json, Rows, Served

_SECONDS = 60.0
_CLIENT = {CLIENT_ID: CLIENT, CLIENT_SECRET: PASSWORD}


class Importer:
    """Runs the command; `url` is where it sends to, and `data` where it keeps how far it came."""

    def __init__(self, served: Served, channel: str, url: str = "", data: Path | None = None) -> None:
        self.served = served
        self.channel = channel
        self.url = url or served.url
        self.data = data or served.data

    def run(
        self, source: object, *arguments: str, stdin: str | None = None, code: int = 0
    ) -> subprocess.CompletedProcess[str]:
        """Run it to its end; fails if it does not exit with `code`."""
        done = subprocess.run(
            self._command(source, arguments),
            input=stdin,
            env=environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=_SECONDS,
        )
        assert done.returncode == code, f"exit {done.returncode}: {done.stdout}{done.stderr}"
        return done

    def report(self, source: object, *arguments: str, stdin: str | None = None, code: int = 0) -> Json:
        """What it says that it did."""
        found: Json = json.loads(self.run(source, *arguments, stdin=stdin, code=code).stdout)
        return found

    def poll(self, server: Keycloak, realm: str | None = "school", **given: Any) -> Json:
        """What is taken in from a server, in this process; fails if it is not clean. `given` are fields of a Store."""
        store = Store(server.url, realm, **({"data": self.data} | given))
        with pytest.MonkeyPatch.context() as patch:
            for name, value in _CLIENT.items():
                patch.setenv(name, value)
            report = from_store(store, Target(self.url, channel=self.channel))
        assert report.is_clean
        found: Json = msgspec.to_builtins(report)
        return found

    @contextmanager
    def following(self, server: Keycloak, *arguments: str) -> Iterator[subprocess.Popen[str]]:
        """The command while it follows a server; it is killed when the block ends, if it has not ended by then."""
        given = (server.url, "--realm", "school", "--follow", "--every", "0.1", *arguments)
        process = subprocess.Popen(
            self._command(given[0], given[1:]),
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        watch = threading.Timer(_SECONDS, process.kill)
        watch.start()
        try:
            yield process
        finally:
            watch.cancel()
            process.kill()
            process.communicate()

    def rows(self, sql: str, count: int) -> Rows:
        """So many rows of the lake, once they are there; `{}` stands for the channel."""
        return self.served.wait_for(sql.format(self.channel), lambda rows: len(rows) >= count)

    def types(self, count: int) -> Counter[str]:
        """How many events of each type are in the lake, once there are so many."""
        sql = "SELECT edata_type, object_id, mid FROM events WHERE channel = '{}'"
        return Counter(row["edata_type"] for row in self.rows(sql, count))

    def _command(self, source: object, arguments: tuple[str, ...]) -> list[str]:
        url = [] if "--url" in arguments else ["--url", self.url]
        where = [*url, "--channel", self.channel, "--data", str(self.data)]
        shown = [] if "--format" in arguments else ["--format", "json"]
        return [PROGRAM, "import", "keycloak", str(source), *where, *arguments, *shown]


def environment() -> dict[str, str]:
    """That of a machine with the client's id and secret in it."""
    return {name: value for name, value in os.environ.items() if not name.startswith("FOOTFALL_")} | _CLIENT
