"""A collector as a process of its own, and plain sockets to it."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

import msgspec
from msgspec import Struct

from footfall.journal.base import Record
from footfall.journal.reader import SegmentReader
from footfall.schema.record import IngestRecord, unpack
from footfall.services import bind
from tests.serving import until

Json = dict[str, Any]


class Answer(Struct):
    """One response as it came from the socket."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, decoded."""
        return msgspec.json.decode(self.body)

    @property
    def result(self) -> Any:
        """What the reply says about the events."""
        return self.json["result"]


class Talk:
    """A connection to a collector, byte for byte."""

    def __init__(self, port: int, timeout: float = 10.0) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self._unread = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self._socket.sendall(data)

    def finish_sending(self) -> None:
        """Say that nothing more will be sent."""
        self._socket.shutdown(socket.SHUT_WR)

    def ask(self, data: bytes) -> Answer:
        """Send and wait for one answer."""
        self.send(data)
        return self.answer()

    def answer(self, *, to_head: bool = False) -> Answer:
        """The next answer."""
        while b"\r\n\r\n" not in self._unread:
            self._receive()
        head, _, self._unread = self._unread.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        status = int(lines[0].split(" ")[1])
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}
        if to_head or status in (100, 204, 304):
            return Answer(status, headers, b"")
        return Answer(status, headers, self._body(headers))

    def everything_after(self, data: bytes) -> bytes:
        """Send, and read until the other side closes; it may do so before all is sent."""
        with suppress(ConnectionError, EOFError):
            self.send(data)
            while True:
                self._receive()
        return self._unread

    def is_closed(self) -> bool:
        """Wait until the other side closes; false if it says something instead."""
        try:
            return not self._unread and not self._socket.recv(1)
        except ConnectionResetError:
            return True

    def _body(self, headers: dict[str, str]) -> bytes:
        if headers.get("transfer-encoding") == "chunked":
            return b"".join(self._chunks())
        return self._take(int(headers.get("content-length", "0")))

    def _chunks(self) -> Iterator[bytes]:
        while True:
            while b"\r\n" not in self._unread:
                self._receive()
            size, _, self._unread = self._unread.partition(b"\r\n")
            chunk = self._take(int(size, 16))
            self._take(2)
            if not chunk:
                return
            yield chunk

    def piece(self) -> bytes:
        """The next bytes, however many there are."""
        if not self._unread:
            self._receive()
        piece, self._unread = self._unread, b""
        return piece

    def _take(self, size: int) -> bytes:
        while len(self._unread) < size:
            self._receive()
        taken, self._unread = self._unread[:size], self._unread[size:]
        return taken

    def _receive(self) -> None:
        data = self._socket.recv(65536)
        if not data:
            raise EOFError(self._unread)
        self._unread += data


class Collector:
    """A running collector process."""

    def __init__(self, data: Path, web_socket: Path | None, settings: dict[str, object]) -> None:
        self.data = data
        listening = bind(str(settings.get("host", "127.0.0.1")), 0)
        self.port = int(listening.getsockname()[1])
        self.log = data.parent / f"{data.name}-{self.port}.log"
        command = [sys.executable, "-m", "footfall.services", "collector", "--fd", str(listening.fileno())]
        command += ["--web-socket", str(web_socket)] if web_socket else []
        environment = {f"FOOTFALL_{name.upper()}": str(value) for name, value in settings.items()}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command,
                env=os.environ | environment | {"FOOTFALL_DATA": str(data), "FOOTFALL_LOG_FORMAT": "json"},
                pass_fds=(listening.fileno(),),
                stderr=log,
            )
        listening.close()

    def talk(self, timeout: float = 10.0) -> Talk:
        """A new connection."""
        return Talk(self.port, timeout)

    def ask(self, data: bytes, *, to_head: bool = False) -> Answer:
        """One request on a connection of its own."""
        with self.talk() as talk:
            talk.send(data)
            return talk.answer(to_head=to_head)

    def health(self) -> Json:
        """What /health says."""
        health: Json = self.ask(get("/health")).json
        return health

    def metric(self, name: str) -> float:
        """The value of a metric, with its labels, as it stands in /metrics; 0 if it is not there."""
        lines = self.ask(get("/metrics")).body.decode().splitlines()
        return next((float(line.rsplit(" ", 1)[1]) for line in lines if line.rsplit(" ", 1)[0] == name), 0.0)

    def stop(self) -> None:
        """End it as the supervisor does, and have it end cleanly."""
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(20) == 0, self.log.read_text()
        assert "exception" not in self.log.read_text(), self.log.read_text()

    def kill(self) -> None:
        """End it without notice."""
        self.process.kill()
        self.process.wait()

    def intakes(self) -> list[IngestRecord]:
        """What the journal holds."""
        reader = SegmentReader(self.data / "journal" / "0")
        found, position = [], 0
        while records := reader.read(position, 1 << 20):
            for record in records:
                assert isinstance(record, Record), record
                found.append(unpack(record.payload))
                position = record.next
        reader.close()
        return found

    def stored_mids(self) -> list[str]:
        """The mids of all accepted events in the journal."""
        return [event["mid"] for intake in self.intakes() for event in msgspec.json.decode(intake.events)]


@contextmanager
def collecting(data: Path, web_socket: Path | None = None, **settings: object) -> Iterator[Collector]:
    """A collector process for the length of a block."""
    collector = Collector(data, web_socket, settings)
    try:
        yield collector
        if collector.process.poll() is None:
            collector.stop()
    finally:
        collector.kill()


def event(mid: str, **fields: Any) -> Json:
    """A small event that both profiles accept."""
    whole: Json = {
        "eid": "LOG",
        "ets": time.time_ns() // 1_000_000,
        "ver": "3.0",
        "mid": mid,
        "actor": {"id": "a", "type": "User"},
        "context": {"channel": "c", "env": "test", "pdata": {"id": "p"}},
        "edata": {"type": "job", "level": "INFO", "message": "m"},
    }
    return whole | fields


def batch(*events: object, **fields: Any) -> bytes:
    """A batch envelope around events."""
    return msgspec.json.encode({"id": "api.telemetry", "ver": "3.0", "events": events} | fields)


def post(body: bytes, path: str = "/v1/telemetry", version: str = "1.1", **headers: str) -> bytes:
    """The text of a POST; header names are written with underscores."""
    given = {"host": "localhost", "content-type": "application/json", "content-length": str(len(body))}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = "".join(f"{name}: {value}\r\n" for name, value in given.items() if value)
    return f"POST {path} HTTP/{version}\r\n{lines}\r\n".encode() + body


def get(path: str, method: str = "GET", **headers: str) -> bytes:
    """The text of a request without a body."""
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"{method} {path} HTTP/1.1\r\nhost: localhost\r\n{lines}\r\n".encode()


__all__ = ["Answer", "Collector", "Talk", "batch", "collecting", "event", "get", "post", "until"]
