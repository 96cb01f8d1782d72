"""A web process that writes down what it is asked, read by rules of its own, and answers each request with itself."""

import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec import Struct

_REQUEST = re.compile(rb"([A-Z-]+) (/[!-~]*) HTTP/1\.1")
_HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+): ?([\t -~\x80-\xff]*)")
_CHUNK = re.compile(rb"([0-9a-f]+)\r\n")


class Asked(Struct):
    """One request as it arrived."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def line(self) -> tuple[str, str, bytes]:
        """What it asks."""
        return self.method, self.target, self.body

    def value(self, wanted: str) -> str | None:
        """A header's value, if it stands once at most."""
        found = [value for name, value in self.headers if name == wanted]
        assert len(found) < 2, found
        return found[0] if found else None


def echo(asked: Asked) -> bytes:
    """An answer that says what was asked, and by whom."""
    cookies = [value for name, value in asked.headers if name == "cookie"]
    body = f"{asked.method} {asked.target}\n{'; '.join(cookies)}\n".encode() + asked.body
    head = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\nset-cookie: %b\r\n\r\n"
    return head % (len(body), f"of={asked.target}".encode()) + (b"" if asked.method == "HEAD" else body)


class Upstream(threading.Thread):
    """Listens on a Unix socket; `asked` is every request in the order of arrival, `strays` what was sent besides.

    What is asked under /early is answered before its body was read, and then the connection is closed.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(daemon=True)
        self.path = path
        self.asked: list[Asked] = []
        self.strays: list[bytes] = []
        self.answer: Callable[[Asked], bytes] = echo
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(path))
        self._listening.listen(100)
        self._serving: list[tuple[socket.socket, threading.Thread]] = []
        self.start()

    def run(self) -> None:
        """Serve every connection in a thread of its own."""
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            serving = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._serving.append((connection, serving))
            serving.start()

    def stop(self) -> None:
        """Listen no more."""
        self._listening.shutdown(socket.SHUT_RDWR)
        self.join()
        self._listening.close()
        for connection, serving in self._serving:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            serving.join()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            try:
                asked = _head(reading := _Reading(connection))
                if is_patient := not asked.target.startswith("/early"):
                    asked.body = _body(asked, reading)
            except EOFError:
                return
            except ValueError as error:
                self.strays.append(str(error).encode())
                return
            self.asked.append(asked)
            with suppress(OSError):
                connection.sendall(self.answer(asked))
                connection.shutdown(socket.SHUT_WR)
            if is_patient and (stray := reading.rest()):
                self.strays.append(stray)


class _Reading:
    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._unread = b""

    def until(self, end: bytes) -> bytes:
        while end not in self._unread:
            self._more()
        found, _, self._unread = self._unread.partition(end)
        return found

    def exactly(self, size: int) -> bytes:
        while len(self._unread) < size:
            self._more()
        found, self._unread = self._unread[:size], self._unread[size:]
        return found

    def rest(self) -> bytes:
        with suppress(EOFError):
            while True:
                self._more()
        return self._unread

    def _more(self) -> None:
        try:
            data = self._connection.recv(65536)
        except OSError:
            data = b""
        if not data:
            raise EOFError
        self._unread += data


def _head(reading: _Reading) -> Asked:
    """One request without its body; raises ValueError for what no web process should be sent."""
    first, *lines = reading.until(b"\r\n\r\n").split(b"\r\n")
    request = _REQUEST.fullmatch(first)
    headers = [_HEADER.fullmatch(line) for line in lines]
    if request is None or not all(headers):
        raise ValueError(first, lines)
    named = [(found[1].decode().lower(), found[2].decode("latin-1").strip()) for found in headers if found]
    return Asked(request[1].decode(), request[2].decode(), named, b"")


def _body(asked: Asked, reading: _Reading) -> bytes:
    length, coding = asked.value("content-length"), asked.value("transfer-encoding")
    if coding is not None and (length is not None or coding != "chunked"):
        raise ValueError("two lengths", asked.headers)
    return b"".join(_chunks(reading)) if coding else reading.exactly(int(length or "0"))


def _chunks(reading: _Reading) -> Iterator[bytes]:
    while True:
        size = _CHUNK.fullmatch(reading.until(b"\r\n") + b"\r\n")
        if size is None:
            raise ValueError("chunk size")
        chunk = reading.exactly(int(size[1], 16))
        if reading.exactly(2) != b"\r\n":
            raise ValueError("chunk end")
        if not chunk:
            return
        yield chunk


@contextmanager
def upstream() -> Iterator[Upstream]:
    """One for the length of a block; on a short path, because the name of a Unix socket must be."""
    with TemporaryDirectory() as folder:
        serving = Upstream(Path(folder) / "s")
        try:
            yield serving
        finally:
            serving.stop()
