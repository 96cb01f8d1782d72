"""What passes to the web process is the one request that the client meant, or nothing."""

from collections.abc import Iterator
from contextlib import suppress
from itertools import count

import h11
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from .running import Collector, collecting, get, until
from .tricks import END_TO_END, HIDDEN, PASSED, REFUSED, ask
from .upstream import Upstream, upstream
from .witness import witness

SECRET = "0123456789abcdef" * 2
# Answered by the collector itself, so that the end of everything can be waited for.
_LAST = ask(b"connection: close", method=b"GET", target=b"/health")
_numbers = count()


@pytest.fixture(scope="module")
def web() -> Iterator[Upstream]:
    with upstream() as web:
        yield web


@pytest.fixture(scope="module")
def collector(web: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collector]:
    data = tmp_path_factory.mktemp("passage") / "data"
    with collecting(data, web.path, peer_secret=SECRET, max_body_bytes=100_000, body_timeout=1) as collector:
        until(lambda: collector.ask(get("/first")).status == 200)
        yield collector


@pytest.fixture(autouse=True)
def nothing_besides(web: Upstream) -> Iterator[None]:
    """Whatever a client does, no connection to the web process carries more than one request."""
    web.asked.clear()
    yield
    assert web.strays == []


@pytest.mark.parametrize("trick", REFUSED)
def test_refused(web: Upstream, collector: Collector, trick: str) -> None:
    with collector.talk() as talk:
        talk.send(REFUSED[trick])
        answer = talk.answer()
        assert (answer.status, answer.json["params"]["err"]) == (400, "bad_request")
        assert talk.is_closed()
    assert web.asked == []


@pytest.mark.parametrize("trick", PASSED)
def test_passed_as_it_was_meant(web: Upstream, collector: Collector, trick: str) -> None:
    sent, method, body = PASSED[trick]
    with collector.talk() as talk:
        talk.send(sent)
        assert talk.answer(to_head=method == "HEAD").status == 200
        if b"HTTP/1.0" not in sent and b"close" not in sent:
            assert talk.ask(get("/next")).body.startswith(b"GET /next")
    assert web.asked[0].line == (method, "/own", body)
    assert [asked.target for asked in web.asked[1:]] in ([], ["/next"])
    names = {name for name, _ in web.asked[0].headers}
    assert not names & {"te", "upgrade", "http2-settings", "expect", "trailer", "x-hop", "keep-alive", "cookie"}
    assert web.asked[0].value("x-footfall-peer") == f"{SECRET} 127.0.0.1"
    assert web.asked[0].value("connection") == "close"


def test_pipelined_requests_are_answered_in_their_order(web: Upstream, collector: Collector) -> None:
    with collector.talk() as talk:
        talk.send(
            b"".join(ask(b"content-length: 2", target=b"/%d" % number) + b"%02d" % number for number in range(20))
        )
        for number in range(20):
            assert talk.answer().body == f"POST /{number}\n\n{number:02d}".encode()
    assert [asked.line for asked in web.asked] == [("POST", f"/{n}", b"%02d" % n) for n in range(20)]


def test_a_body_that_is_longer_than_announced_is_the_next_request_or_nothing(
    web: Upstream, collector: Collector
) -> None:
    with collector.talk() as talk:
        talk.send(ask(b"content-length: 5") + b"helloworld")
        with suppress(EOFError, ConnectionError):
            assert talk.answer().status in (200, 400)
    assert [asked.line for asked in web.asked] in ([], [("POST", "/own", b"hello")])


@pytest.mark.parametrize("head", [ask(b"content-length: 50"), ask(b"transfer-encoding: chunked") + b"1f\r\n"])
def test_a_client_that_goes_away_in_mid_body_has_asked_nothing(
    web: Upstream, collector: Collector, head: bytes
) -> None:
    with collector.talk() as talk:
        talk.send(head + HIDDEN[:20])
    with collector.talk() as talk:
        talk.send(head + HIDDEN[:20])
        assert talk.answer().status == 408
        assert talk.is_closed()
    assert collector.ask(get("/after")).body.startswith(b"GET /after")
    assert [asked.target for asked in web.asked] == ["/after"]


def test_a_body_that_is_expected_is_asked_for(web: Upstream, collector: Collector) -> None:
    with collector.talk() as talk:
        assert talk.ask(ask(b"expect: 100-continue", b"content-length: 5")).status == 100
        assert talk.ask(b"hello").status == 200
        assert talk.ask(get("/next")).body.startswith(b"GET /next")
    assert web.asked[0].line == ("POST", "/own", b"hello")


@pytest.mark.parametrize("expect", [(), (b"expect: 100-continue",)])
def test_a_body_over_the_limit_is_refused_before_it_is_sent(
    web: Upstream, collector: Collector, expect: tuple[bytes, ...]
) -> None:
    with collector.talk() as talk:
        answer = talk.ask(ask(b"content-length: 100001", *expect))
        assert (answer.status, answer.json["params"]["err"]) == (413, "body_too_large")
        assert talk.is_closed()
    assert web.asked == []


def test_chunks_over_the_limit_are_refused(web: Upstream, collector: Collector) -> None:
    with collector.talk() as talk:
        talk.send(ask(b"transfer-encoding: chunked") + b"10000\r\n" + b"x" * 65536 + b"\r\n")
        answer = talk.ask(b"10000\r\n" + b"x" * 65536 + b"\r\n")
        assert (answer.status, answer.json["params"]["err"]) == (413, "body_too_large")
    assert web.asked == []


def test_no_trick_reaches_another_client(web: Upstream, collector: Collector) -> None:
    with witness(collector, "first"), witness(collector, "second"):
        for _ in range(5):
            for sent in (*REFUSED.values(), *(sent for sent, _, _ in PASSED.values())):
                with collector.talk() as talk:
                    talk.send(get("/kept"))
                    assert talk.answer().body.startswith(b"GET /kept\n\n")
                    talk.send(sent)
                    assert b"witness" not in talk.everything_after(_LAST)
    assert "/api/meta" not in {asked.target for asked in web.asked}


_SPACES = st.sampled_from([b": ", b":", b": ", b":\t ", b":  "])
_ODD_SPACES = st.sampled_from([b" : ", b"\t:", b":\r\n ", b":\x0b", b"\r: ", b"\n: "])
_NAMES = st.sampled_from(
    [*END_TO_END, b"connection", b"te", b"trailer", b"keep-alive", b"upgrade", b"expect", b"x-hop", b"x"]
)
_TOKENS = st.one_of(
    _NAMES, st.sampled_from([b"close", b"keep-alive", b"upgrade", b"HTTP2-Settings", b"", b" ", b'"x"'])
)
_CODINGS = st.sampled_from(
    [
        b"chunked",
        b"chunked",
        b"chunked",
        b"Chunked ",
        b"identity",
        b"gzip, chunked",
        b"chunked, identity",
        b", chunked",
        b"",
    ]
)
_VALUES = st.one_of(
    st.sampled_from([b"x", b"100-continue", b"h2c", b"trailers", b"localhost", b""]),
    st.text(st.characters(max_codepoint=255), max_size=8).map(lambda text: text.encode("latin-1")),
)


@st.composite
def _headers(draw: st.DrawFn, body: bytes, *, chunked: bool) -> bytes:
    """A block of headers, half of the time with one that frames the body as it is."""
    size = len(body)
    lengths = st.sampled_from([b"%d" % size, b"%d" % size, b"0", b"%d" % max(0, size - 1), b"+%d" % size, b"5, 5", b""])
    line = st.one_of(
        st.tuples(st.just(b"content-length"), lengths),
        st.tuples(st.just(b"transfer-encoding"), _CODINGS),
        st.tuples(st.just(b"connection"), st.lists(_TOKENS, max_size=4).map(b",".join)),
        st.tuples(st.just(b"host"), st.sampled_from([b"localhost", b"localhost", b"evil.example"])),
        st.tuples(_NAMES.filter(lambda name: name not in (b"host", b"content-length", b"transfer-encoding")), _VALUES),
    )
    pairs = draw(st.lists(line, max_size=5))
    if draw(st.booleans()):
        framing = (b"transfer-encoding", b"chunked") if chunked else (b"content-length", b"%d" % size)
        pairs = [pair for pair in pairs if pair[0] not in (b"content-length", b"transfer-encoding", b"host")]
        pairs += [framing, (b"host", b"localhost")]
    odd = draw(st.integers(0, 19)) == 0
    spell = st.sampled_from([bytes.lower, bytes.title, bytes.upper])
    return b"".join(
        draw(spell)(name) + draw(_ODD_SPACES if odd else _SPACES) + value + b"\r\n"
        for name, value in draw(st.permutations(pairs))
    )


@st.composite
def _requests(draw: st.DrawFn) -> bytes:
    """A request on which its readers may differ, with another one in its body or behind it."""
    inner = draw(st.sampled_from([b"", b"hello", HIDDEN, HIDDEN + b"\r\n\r\n", b"0\r\n\r\n" + HIDDEN + b"\r\n\r\n"]))
    chunked = draw(st.booleans())
    size = b"%x\r\n%b\r\n" % (len(inner), inner) if inner else b""
    body = size + b"0\r\n\r\n" if chunked else inner
    method = draw(st.sampled_from([b"GET", b"POST", b"HEAD", b"PUT", b"OPTIONS", b"DELETE"]))
    target = draw(
        st.sampled_from([b"/own?n=", b"/own?n=", b"/own?n=", b"http://localhost/own?n=", b"http://evil.example/?n="])
    )
    version = draw(st.sampled_from([b"1.1", b"1.1", b"1.1", b"1.0"]))
    headers = draw(_headers(body, chunked=chunked))
    return b"%b %b HTTP/%b\r\n%b\r\n%b" % (method, target, version, headers, body)


def _meant(sent: bytes) -> list[tuple[str, str, bytes]]:
    """The requests to this server that h11 reads in what was sent, until it finds what it does not take."""
    connection = h11.Connection(h11.SERVER)
    connection.receive_data(sent)
    found: list[tuple[str, str, bytes]] = []
    asked, body = h11.Request(method="GET", target="/", headers=[("host", "")]), b""
    with suppress(h11.RemoteProtocolError, h11.LocalProtocolError):
        while (event := connection.next_event()) not in (h11.NEED_DATA, h11.PAUSED):
            if isinstance(event, h11.Request):
                asked, body = event, b""
            elif isinstance(event, h11.Data):
                body += event.data
            elif isinstance(event, h11.EndOfMessage):
                if (b"host", b"evil.example") not in asked.headers:  # others are told so, and go no further
                    target = asked.target.removeprefix(b"http://localhost").removeprefix(b"http://evil.example")
                    found.append((asked.method.decode(), target.decode(), body))
                connection.send(h11.Response(status_code=204, headers=[]))
                connection.send(h11.EndOfMessage())
                connection.start_next_cycle()
    return found


def test_what_arrives_is_what_an_independent_reader_finds(web: Upstream, collector: Collector) -> None:
    passed = 0

    @given(_requests())
    @settings(max_examples=400)
    def run(sent: bytes) -> None:
        nonlocal passed
        sent = sent.replace(b"?n=", b"?n=%d" % next(_numbers), 1)
        before = len(web.asked)
        with collector.talk() as talk:
            answers = talk.everything_after(sent + _LAST)
        arrived = [asked.line for asked in web.asked[before:] if "witness" not in asked.target]
        assert arrived == _meant(sent)[: len(arrived)]
        assert web.strays == []
        assert b"witness" not in answers
        assert answers.count(b"\r\nset-cookie: of=") == len(arrived)
        passed += len(arrived)

    with witness(collector, "only"):
        run()
    assert passed > 50
