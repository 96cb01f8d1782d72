"""What a collector does not answer itself goes to the web process and back."""

import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from .running import Collector, batch, collecting, event, get, post, until


class Web(threading.Thread):
    """A web process that says what the test wants."""

    def __init__(self, path: Path) -> None:
        super().__init__(daemon=True)
        self.requests: list[bytes] = []
        self.replies: list[bytes] = []
        self.closed = threading.Event()
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(path))
        self._listening.listen()
        self.streams: list[socket.socket] = []
        self._serving: list[tuple[socket.socket, threading.Thread]] = []
        self.start()

    def run(self) -> None:
        """Serve one connection after the other."""
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
            connection.close()

    def _serve(self, connection: socket.socket) -> None:
        data = b""
        while part := connection.recv(65536):
            data += part
            if not self._is_whole(data):
                continue
            self.requests.append(data)
            reply = self.replies.pop(0)
            connection.sendall(reply)
            if b"event-stream" in reply:
                self.streams.append(connection)
            elif b"connection: close" in reply:
                connection.shutdown(socket.SHUT_RDWR)
                return
            data = b""
        self.closed.set()

    @staticmethod
    def _is_whole(data: bytes) -> bool:
        head, found, body = data.partition(b"\r\n\r\n")
        if not found or (b"transfer-encoding: chunked" in head and not body.endswith(b"0\r\n\r\n")):
            return False
        length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
        return len(body) >= int(length or b"0")


SECRET = "s" * 32
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nx-web: yes\r\n\r\nhi"
STREAM = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n7\r\ndata: 1\r\n"


@pytest.fixture
def web() -> Iterator[Web]:
    with tempfile.TemporaryDirectory() as folder:
        web = Web(Path(folder) / "s")
        yield web
        web.stop()


@pytest.fixture
def collector(web: Web, tmp_path: Path) -> Iterator[Collector]:
    path = Path(web._listening.getsockname())
    with collecting(tmp_path / "data", path, peer_secret=SECRET) as collector:
        yield collector


def test_requests_and_replies_pass_whole(web: Web, collector: Collector) -> None:
    web.replies += [OK, OK.replace(b"200", b"404"), b"HTTP/1.1 204 No Content\r\n\r\n"]
    with collector.talk() as talk:
        headers = {"cookie": "a=b", "x_footfall_peer": "spoofed", "connection": "x-hop", "x_hop": "1"}
        answer = talk.ask(get("/a%20b?c=d%20e", **headers))
        assert (answer.status, answer.headers["x-web"], answer.body) == (200, "yes", b"hi")
        assert talk.ask(post(b"form", "/login")).status == 404
        assert talk.ask(get("/nothing")).status == 204
        assert talk.ask(post(batch(event("beside")))).status == 200
    first = web.requests[0].decode()
    assert first.startswith("GET /a%20b?c=d%20e HTTP/1.1\r\n")
    assert "cookie: a=b" in first
    assert f"x-footfall-peer: {SECRET} 127.0.0.1" in first
    assert "spoofed" not in first
    assert "x-hop" not in first
    assert web.requests[1].endswith(b"\r\n\r\nform")


def test_what_a_proxy_in_front_says_is_passed_on(web: Web, collector: Collector) -> None:
    web.replies.append(OK)
    collector.ask(get("/", x_forwarded_for="1.2.3.4", x_forwarded_proto="https"))
    assert b"x-forwarded-for: 1.2.3.4" in web.requests[0]
    assert b"x-forwarded-proto: https" in web.requests[0]


def test_chunked_upload_and_reply_to_head(web: Web, collector: Collector) -> None:
    web.replies += [OK, OK]
    upload = post(b"", "/upload", transfer_encoding="chunked", content_length="") + b"3\r\nabc\r\n0\r\n\r\n"
    assert collector.ask(upload).body == b"hi"
    assert b"abc" in web.requests[0]
    with collector.talk() as talk:
        talk.send(get("/", "HEAD"))
        assert talk.answer(to_head=True).headers["content-length"] == "2"


def test_body_over_the_limit(web: Web, collector: Collector) -> None:
    with collector.talk() as talk:
        talk.send(post(b"x" * (6 << 20), "/upload"))
        assert talk.answer().status == 413


def test_connection_that_the_web_process_closed_is_replaced(web: Web, collector: Collector) -> None:
    web.replies += [OK] * 4
    for _ in range(2):
        assert collector.ask(get("/")).status == 200
    web.replies.insert(0, OK.replace(b"x-web: yes", b"connection: close"))
    for _ in range(3):
        assert collector.ask(get("/")).status == 200


def test_stream_flows_and_ends_with_its_reader(web: Web, collector: Collector) -> None:
    web.replies.append(STREAM)
    with collector.talk() as talk:
        talk.send(get("/live"))
        pieces = talk.piece()
        while b"data: 1" not in pieces:
            pieces += talk.piece()
        web.streams[0].sendall(b"7\r\ndata: 2\r\n")
        assert b"data: 2" in talk.piece()
    assert web.closed.wait(10)


def test_stream_does_not_hold_up_the_end(web: Web, collector: Collector) -> None:
    web.replies.append(STREAM)
    with collector.talk() as talk:
        talk.send(get("/live"))
        until(lambda: bool(web.streams))
        collector.process.terminate()
        answer = talk.answer()
        assert (answer.status, answer.body) == (200, b"data: 1")
        assert collector.process.wait(5) == 0


def test_reply_that_breaks_off(web: Web, collector: Collector) -> None:
    web.replies.append(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 10\r\n\r\nhi")
    with collector.talk() as talk, pytest.raises((EOFError, ConnectionResetError)):
        talk.ask(get("/"))
    web.replies.append(b"nonsense\r\n\r\n")
    assert collector.ask(get("/")).status == 503
