"""Whatever strangers send to the real server: never a 500, no traceback in the log, and nothing of theirs in it."""

import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import Struct

from footfall.control.store import Control
from tests.dashboard.test_openapi import schema
from tests.serving import Served, serving

SECRET = b"s3cr3t-v4lue"
PASSWORD = "correct horse battery"
FORM = (b"Content-Type", b"application/x-www-form-urlencoded")
OWN_SITE = (b"Sec-Fetch-Site", b"same-origin")
PATHS = [
    b"/",
    b"/login",
    b"/logout",
    b"/api/meta",
    b"/api/feed",
    b"/api/events/",
    b"/v1/fate/",
    b"/schemas/v3/",
    b"/assets/x/",
    b"/docs/reasons",
    b"/openapi.json",
    b"/nothing/",
]
ODD = [
    b"%00",
    b"%ff%fe",
    b"%",
    b"%zz",
    b"%0d%0aX-Evil:%201",
    b"%ed%a0%80",
    b"%F4%90%80%80",
    b"%E2%80%A8",
    b"%2e%2e%2f" * 9,
    b"../" * 9,
    b"//evil.example",
    b"\\evil",
    b"%5cevil",
    b"{x}",
    b"[",
    b"%5b",
    b"'\"<>",
    b"&=&",
    b";",
    b"#",
    b"?",
    b"\x7f",
    b"\xff\xfe",
    b"a" * 9000,
    b"%F0%9F%98%80" * 900,
]
METHODS = b"POST PUT DELETE PATCH OPTIONS HEAD TRACE CONNECT PROPFIND SEARCH QUERY get".split()
HOLLOW = [b"", b"\r\n", b"--x", b"--x--", b"--x\r\n\r\n", b"null", b"[]", b'{"login":1}', b"\xff\xfe=%ff", b"\0"]
FORMS = [
    *HOLLOW,
    b"login",
    b"=",
    b"&" * 5000,
    b"a=%zz&%=%",
    b"login=ada&login=bob",
    b"a=" * 9000,
    b"login=" + b"%ff" * 3000 + b"&password=x",
    b'--x\r\nContent-Disposition: form-data; name="a"\r\nContent-Type: text/plain; charset=zz\r\n\r\na\r\n--x--',
    b'--x\r\nContent-Disposition: form-data; name="a"; filename="f"\r\n\r\n' + b"y" * 20_000 + b"\r\n--x--",
    b"--x\r\n" + b"A: b\r\n" * 2000,
]
TYPES = [
    FORM[1],
    FORM[1] + b"; charset=nonsense",
    b"multipart/form-data; boundary=x",
    b"multipart/form-data",
    b"multipart/form-data; boundary=\xff",
    b"multipart/form-data; boundary=" + b"x" * 3000,
    b"application/json",
    b"",
    b"\xff",
]
COOKIES = [b"", b"=", b";;;", b"footfall_session", b'footfall_session="\\"', b"footfall_session=a; footfall_session=b"]


class Besieged(Struct):
    """A server off loopback with one login."""

    served: Served
    port: int

    def send(self, data: bytes, *, hang_up: bool = False) -> int:
        """The status of the first answer; 0 where there is none."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as connection:
            connection.sendall(data)
            if hang_up:
                return 0
            head = b""
            while b"\r\n" not in head and (more := connection.recv(65536)):
                head += more
        match = re.match(rb"HTTP/1\.[01] (\d{3}) ", head)
        return int(match[1]) if match else 0

    def ask(self, method: bytes, target: bytes, *headers: tuple[bytes, bytes], body: bytes = b"") -> int:
        """The status of a request that is written as given."""
        return self.send(request(method, target, *headers, body=body))

    def check(self) -> None:
        """It still answers, and what it wrote tells nothing of what was sent."""
        assert self.ask(b"GET", b"/login") == 200
        log = self.served.log
        for word in ("Traceback", '"exception"', "request failed", "panicked", SECRET.decode(), "evil"):
            assert word not in log, log[-3000:]


def request(method: bytes, target: bytes, *headers: tuple[bytes, bytes], body: bytes = b"") -> bytes:
    named = [(b"Host", b"127.0.0.1"), (b"Connection", b"close"), *headers]
    if body:
        named.append((b"Content-Length", b"%d" % len(body)))
    return b"%b %b HTTP/1.1\r\n%b\r\n%b" % (method, target, b"".join(b"%b: %b\r\n" % pair for pair in named), body)


@pytest.fixture(scope="module")
def besieged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Besieged]:
    data: Path = tmp_path_factory.mktemp("besieged")
    with Control.open(data / "control.db") as control:
        control.add_user("ada", PASSWORD)
    with serving(data, "--host", "0.0.0.0", log_format="json") as served:
        app_state = Besieged(served, int(served.url.rsplit(":", 1)[1]))
        yield app_state
        app_state.check()


@pytest.fixture(scope="module")
def cookie(besieged: Besieged) -> tuple[bytes, bytes]:
    with Control.open(besieged.served.data / "control.db") as control:
        session = control.log_in("ada", PASSWORD, 3600)
    assert session is not None
    return b"Cookie", f"footfall_session={session.token}".encode()


@pytest.mark.parametrize("path", PATHS)
def test_odd_paths_queries_and_headers(besieged: Besieged, cookie: tuple[bytes, bytes], path: bytes) -> None:
    for odd in ODD:
        told = SECRET + odd
        for headers in ((), (cookie,)):
            for target in (path + told, path + b"?since=" + told, path + b"?" + told + b"=1", path + b"?next=/" + told):
                assert besieged.ask(b"GET", target, *headers) in (200, 303, 400, 401, 403, 404, 405, 414), target[:99]
        for name in (
            b"Cookie",
            b"Authorization",
            b"Accept",
            b"Accept-Encoding",
            b"X-Forwarded-Proto",
            b"X-Footfall-Peer",
        ):
            for value in (told, b"footfall_session=" + told, b"Bearer ffs_1_" + told):
                status = besieged.ask(b"GET", path, (name, value))
                assert status in (200, 303, 400, 401, 404, 405, 431), (name, value[:99])
    besieged.check()


@pytest.mark.parametrize("path", PATHS)
def test_odd_methods_and_upgrades(besieged: Besieged, path: bytes) -> None:
    for method in METHODS:
        for body in (b"", SECRET):
            status = besieged.ask(method, path, OWN_SITE, body=body)
            assert status in (200, 204, 303, 400, 401, 403, 404, 405, 415, 501), method
    for upgrade in (b"websocket", b"h2c", SECRET):
        headers = ((b"Upgrade", upgrade), (b"Connection", b"Upgrade"), (b"Sec-WebSocket-Version", b"13"))
        assert besieged.ask(b"GET", path, *headers) in (200, 303, 400, 401, 404, 405)
    besieged.check()


@pytest.mark.parametrize("kind", TYPES)
def test_odd_forms(besieged: Besieged, kind: bytes) -> None:
    for body in FORMS:
        for headers in ((OWN_SITE,), ((b"Origin", b"http://" + SECRET + b"["),), ((b"Origin", b"null"),)):
            status = besieged.ask(b"POST", b"/login", (b"Content-Type", kind), *headers, body=body)
            assert status in (400, 401, 403, 413, 415, 429), (body[:50], headers)
            assert besieged.ask(b"POST", b"/logout", (b"Content-Type", kind), *headers, body=body) in (303, 400, 403)
    besieged.check()


def test_what_is_no_form_of_ours_says_what_is_wrong(besieged: Besieged) -> None:
    assert besieged.ask(b"POST", b"/login", OWN_SITE, FORM, body=b"a=" + b"b" * 17_000) == 413
    assert besieged.ask(b"POST", b"/login", OWN_SITE, FORM, body=b"a=1&" * 30) == 400
    assert besieged.ask(b"POST", b"/login", OWN_SITE, (b"Content-Type", b"text/plain"), body=b"a") == 415
    assert besieged.ask(b"POST", b"/login", FORM, (b"Origin", b"http://["), body=b"a=1") == 403
    assert besieged.ask(b"GET", b"/v1/fate/" + b"a" * 9000) == 414


def test_names_and_passwords_are_never_logged(besieged: Besieged) -> None:
    for login in (SECRET, SECRET + b"%00", b"%ed%a0%80" + SECRET, b"ada"):
        for password in (SECRET, SECRET + b"%ff", SECRET * 2000):
            body = b"login=%b&password=%b&next=/%b" % (login, password, SECRET)
            assert besieged.ask(b"POST", b"/login", OWN_SITE, FORM, body=body) in (401, 413, 429)
    for value in COOKIES:
        for method, path in ((b"GET", b"/"), (b"GET", b"/login"), (b"GET", b"/api/meta"), (b"POST", b"/logout")):
            headers = ((b"Cookie", value + b"; " + SECRET + b"=" + SECRET), OWN_SITE)
            assert besieged.ask(method, path, *headers) in (200, 303, 401)
    besieged.check()


def test_whoever_hangs_up_leaves_no_trace(besieged: Besieged, cookie: tuple[bytes, bytes]) -> None:
    whole = request(b"POST", b"/login", OWN_SITE, FORM, body=b"login=ada&password=" + SECRET)
    for cut in (10, whole.index(b"\r\n\r\n") + 2, len(whole) - 5, len(whole)):
        besieged.send(whole[:cut], hang_up=True)
    chunked = request(b"POST", b"/login", OWN_SITE, FORM, (b"Transfer-Encoding", b"chunked"))
    for rest in (b"", b"5\r\nlog", b"5\r\nlogin\r\n", b"zz\r\n" + SECRET, b"5\r\nlogin\r\n0\r\nX-A: " + SECRET):
        besieged.send(chunked + rest, hang_up=True)
    for rest in (b"zz\r\n" + SECRET, b"-1\r\n", b"fffffffffffffffff\r\n"):
        assert besieged.send(chunked + rest) in (0, 400)
    for path in (b"/api/catalogue", b"/openapi.json", b"/api/series"):
        besieged.send(request(b"GET", path, cookie), hang_up=True)
    besieged.check()


def test_odd_http(besieged: Besieged) -> None:
    for data in (
        b"GET /login HTTP/1.0\r\n\r\n",
        b"GET /login\r\n\r\n",
        b"GET http://evil.example/login HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        b"GET /api/meta HTTP/1.1\r\nConnection: close\r\n\r\n",
        b"GET /api/meta HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n",
        b"GET /api/meta HTTP/1.1\r\nHost: [\r\nConnection: close\r\n\r\n",
        b"GET /api/meta HTTP/1.1\r\nHost: \xff\r\nConnection: close\r\n\r\n",
        b"GET /login HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET /login HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\nConnection: close\r\n\r\n",
        b"GET /login HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\nConnection: close\r\n\r\n",
        b"GET /login HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc",
        b"\x16\x03\x01\x02\x00" + SECRET,
    ):
        assert besieged.send(data) in (0, 100, 200, 303, 400, 401, 404, 405), data
    besieged.check()


texts = st.binary(max_size=60) | st.text(max_size=30).map(lambda text: text.encode("utf-8", "surrogatepass"))
quoted = texts.map(lambda text: b"".join(b"%%%02x" % byte for byte in text))
plain = texts.map(lambda text: re.sub(rb"[\x00-\x20\x7f]", b"_", text))


@given(
    path=st.sampled_from(PATHS),
    tail=quoted | plain,
    names=st.lists(st.sampled_from([b"since", b"channel", b"next", b"text", b"zone", b"limit"]) | quoted, max_size=4),
    value=quoted | plain,
    header=st.sampled_from([b"Cookie", b"Authorization", b"Origin", b"Accept-Encoding", b"Range", b"Content-Type"]),
    told=plain,
    is_known=st.booleans(),
)
@settings(max_examples=150, suppress_health_check=list(HealthCheck))
def test_whatever_else(
    besieged: Besieged,
    cookie: tuple[bytes, bytes],
    path: bytes,
    tail: bytes,
    names: list[bytes],
    value: bytes,
    header: bytes,
    told: bytes,
    is_known: bool,
) -> None:
    target = path + tail + b"?" + b"&".join(name + b"=" + value for name in names)
    headers = [(header, told), *([cookie] if is_known else [])]
    status = besieged.ask(b"GET", target, *headers)
    assert status == 0 or 200 <= status < 500, (target, headers)
    assert besieged.ask(b"POST", b"/logout", OWN_SITE, headers[0], body=value) in (303, 400)


@schema.parametrize()
@settings(max_examples=10, suppress_health_check=list(HealthCheck))
def test_documented_requests_of_strangers(case: Any, besieged: Besieged) -> None:
    reply = case.call(base_url=besieged.served.url)
    assert reply.status_code < 500


@schema.parametrize()
@settings(max_examples=10, suppress_health_check=list(HealthCheck))
def test_documented_requests_of_somebody_who_logged_in(
    case: Any, besieged: Besieged, cookie: tuple[bytes, bytes]
) -> None:
    case.cookies = {"footfall_session": cookie[1].decode().partition("=")[2]}
    reply = case.call(base_url=besieged.served.url)
    assert reply.status_code < 500
    assert reply.status_code != 401 or case.path.startswith("/v1/")  # which needs a key
