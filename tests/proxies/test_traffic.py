"""Events through a proxy: large, compressed, in chunks, by HTTP/2, on kept connections, and while it is reloaded."""

import gzip
import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress

import httpx
import msgspec
import psutil
import pytest

from tests.proxies.configurations import NAME
from tests.proxies.conftest import Place, event
from tests.proxies.running import DOCUMENTED, Proxy
from tests.serving import until

JSON = {"Content-Type": "application/json"}
LIMIT = 5 << 20


def bearer(place: Place) -> dict[str, str]:
    return {"Authorization": f"Bearer {place.keys['school'].secret}"}


def batch(name: str, events: int, size: int) -> bytes:
    """Events with so many bytes of text each."""
    return msgspec.json.encode({"events": [event(f"{name}-{number}", message="m" * size) for number in range(events)]})


def in_chunks(body: bytes) -> Iterator[bytes]:
    yield from (body[start : start + 50_000] for start in range(0, len(body), 50_000))


@pytest.mark.parametrize("proxy", DOCUMENTED, indirect=True)
def test_bodies_of_every_form_and_size(proxy: Proxy, place: Place) -> None:
    large = batch(f"large-{proxy.port}", 100, 45_000)
    forms: list[tuple[bytes | Iterator[bytes], dict[str, str]]] = [
        (batch(f"small-{proxy.port}", 100, 1), {}),
        (large, {}),
        (in_chunks(large), {}),
        (gzip.compress(large, 1), {"Content-Encoding": "gzip"}),
    ]
    with proxy.client() as client:
        for content, headers in forms:
            answer = client.post("/v1/telemetry", content=content, headers=JSON | bearer(place) | headers)
            assert answer.status_code == 200, answer.text
            assert answer.json()["result"]["received"] == 100


@pytest.mark.parametrize("proxy", DOCUMENTED, indirect=True)
def test_what_is_too_large_is_refused_by_footfall_or_else_by_the_proxy(proxy: Proxy, place: Place) -> None:
    """Each on a connection of its own: one on which a body was cut off may be closed."""

    def sent(content: bytes | Iterator[bytes]) -> httpx.Response:
        with proxy.client() as client:
            return client.post("/v1/telemetry", content=content, headers=JSON | bearer(place))

    answer = sent(b" " * (LIMIT + 1))
    assert (answer.status_code, answer.json()["params"]["err"]) == (413, "body_too_large")
    for content in (b" " * (7 << 20), in_chunks(b" " * (7 << 20))):
        with suppress(httpx.WriteError, httpx.ReadError, httpx.RemoteProtocolError):
            assert sent(content).status_code in (413, 502)
    assert sent(batch(f"x-{proxy.port}", 1, 1)).status_code == 200


@pytest.mark.parametrize("proxy", DOCUMENTED, indirect=True)
def test_connections_to_footfall_are_kept(proxy: Proxy, place: Place) -> None:
    with proxy.client() as client:
        for number in range(20):
            body = batch(f"kept-{proxy.port}-{number}", 1, 1)
            assert client.post("/v1/telemetry", content=body, headers=JSON | bearer(place)).status_code == 200
    assert 1 <= len(connections(proxy)) <= 4


@pytest.mark.parametrize("proxy", DOCUMENTED, indirect=True)
def test_http_2(proxy: Proxy, place: Place) -> None:
    given = ["--http2", "--cacert", str(proxy.folder / "cert.pem"), "--resolve", f"{NAME}:{proxy.port}:127.0.0.1"]
    sent = [part for pair in (JSON | bearer(place)).items() for part in ("--header", ": ".join(pair))]
    url = f"https://{NAME}:{proxy.port}"
    shown = ["--silent", "--show-error", "--write-out", "\n%{http_version} %{http_code}"]
    for body in (batch(f"two-{proxy.port}", 50, 1), batch(f"two-large-{proxy.port}", 100, 20_000)):
        command = ["curl", *given, *shown, *sent, "--data-binary", "@-", f"{url}/v1/telemetry"]
        done = subprocess.run(command, input=body, capture_output=True, check=True, timeout=30)
        said, _, how = done.stdout.decode().rpartition("\n")
        assert how == "2 200"
        assert json.loads(said)["result"]["accepted"] in (50, 100)
    for path in ("/api/feed", "/v1/fate/hidden"):
        command = ["curl", *given, *shown, "--header", "X-Forwarded-For: 127.0.0.1", f"{url}{path}"]
        assert subprocess.run(command, capture_output=True, check=True, timeout=30).stdout.endswith(b"\n2 401")


@pytest.mark.parametrize("proxy", ["nginx", "haproxy", "caddy"], indirect=True)
def test_a_reload_loses_nothing_that_was_acknowledged(proxy: Proxy, place: Place) -> None:
    senders = [Sender(proxy, place, f"reload-{proxy.port}-{number}") for number in range(3)]
    for sender in senders:
        sender.start()
    for _ in range(3):
        before = [len(sender.acknowledged) for sender in senders]
        proxy.reload()
        for sender, seen in zip(senders, before, strict=True):
            until(lambda sender=sender, seen=seen: len(sender.acknowledged) > seen + 3)  # type: ignore[misc]
    for sender in senders:
        sender.stop()
    acknowledged = sorted(mid for sender in senders for mid in sender.acknowledged)
    sql = f"SELECT mid FROM events WHERE mid LIKE 'reload-{proxy.port}-%' ORDER BY mid"
    rows = place.served.wait_for(sql, lambda rows: len(rows) >= len(acknowledged))
    assert [row["mid"] for row in rows] == acknowledged


def test_the_books_balance_after_all_that(documented: Place) -> None:
    documented.served.run("audit")


class Sender(threading.Thread):
    """Sends one event after the other, each until it is acknowledged."""

    def __init__(self, proxy: Proxy, place: Place, name: str) -> None:
        super().__init__(daemon=True, name=name)
        self.acknowledged: list[str] = []
        self._proxy = proxy
        self._headers = bearer(place)
        self._done = threading.Event()

    def run(self) -> None:
        """Send until told to stop."""
        with self._proxy.client() as client:
            while not self._done.is_set():
                mid = f"{self.name}-{len(self.acknowledged):05}"
                with suppress(httpx.TransportError):
                    answer = client.post("/v1/telemetry", json={"events": [event(mid)]}, headers=self._headers)
                    if answer.status_code == 200:
                        self.acknowledged.append(mid)

    def stop(self) -> None:
        """Stop after the event that is under way."""
        self._done.set()
        self.join()


def connections(proxy: Proxy) -> list[int]:
    """The local ports of the proxy's open connections to footfall."""
    back = proxy.back
    return [
        found.laddr.port
        for process in psutil.Process(proxy.pid).children(recursive=True) or [psutil.Process(proxy.pid)]
        for found in process.net_connections("tcp")
        if found.status == psutil.CONN_ESTABLISHED and found.raddr and found.raddr.port == back
    ]
