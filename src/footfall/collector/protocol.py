"""The protocol on every connection: requests with events are answered here, all others by the ASGI application.

Requests with events never become an ASGI task: their body is gathered, judged, handed to the journal, and the reply is
written when the journal says that it is on disk.
"""

import asyncio
from functools import partial
from math import inf
from typing import Any

import httptools
import structlog
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from footfall.collector import framing, response_json
from footfall.collector.http_error import HttpError
from footfall.collector.http_exchange import Exchange
from footfall.collector.request import EXACT, RequestHead, is_ingest_target, path_of
from footfall.collector.responses import Reply
from footfall.collector.service import AcceptedRequest, JudgedRequest
from footfall.collector.state import SharedState
from footfall.journal.base import JournalFullError, WriteFailedError
from footfall.schema.reasons import Reason

_log = structlog.get_logger()

_MAX_HEAD = 64 << 10
_MAX_TRAILER = 512 << 10  # more than one read from the socket
_MAX_QUEUED = 64
_SMALL_BODY = 64 << 10
_LINGER_SECONDS = 2.0
_LINGER_BYTES = 8 << 20
_STALL_SECONDS = 60.0
_SLOW_SECONDS = 2.0  # from then on a body that is still arriving leaves where there is no room
_NOBODY = ""

_IDLE, _HEAD, _BODY, _WAIT, _LINGER = range(5)
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class _CutError(Exception):
    """Ends the parser's work on a connection that is closed already."""


class HttpProtocol(HttpToolsProtocol):
    """One connection. Everything that may go wrong ends in a reply or a closed connection, and frees what it held."""

    cycle: Any
    pipeline: Any

    def __init__(
        self,
        state: SharedState,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._state = state
        self._settings = state.settings
        self._phase = _IDLE
        self._head_bytes = 0
        self._chunk_bytes = 0
        self._unexplained = 0
        self._lingered = 0
        self._codings: list[bytes] = []
        self._is_last = False
        self._is_upgrade = False
        self._name: str | None = None
        self._unread = 0
        self._since = self.loop.time()
        self.deadline = self._since + self._settings.header_timeout

    # The connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)  # type: ignore[arg-type]
        self._name = self._state.connections.enter(self, self.client[0] if self.client else "")
        if self._name is None:
            self._end(HttpError(503, Reason.OVERLOADED, retry_after=2))

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self._name is not None:
            self._state.connections.leave(self, self._name)
        for turn in (self.cycle, *(queued for queued, _ in self.pipeline)):
            if isinstance(turn, Exchange) and not turn.is_judged:
                self._free(turn)
        self._count_unread(0)
        self.pipeline.clear()
        self.deadline = inf

    def eof_received(self) -> bool:  # type: ignore[override]
        """Keep the connection for the replies under way: a client may stop sending before it reads."""
        turn = self.cycle
        if not isinstance(turn, Exchange) or turn.response_complete or turn.more_body:
            return False
        self._is_last = True
        return True

    def data_received(self, data: bytes) -> None:
        size = len(data)
        if self._phase == _LINGER:
            self._pass_over(size)
            return
        if self._is_last:
            return
        self._chunk_bytes = size
        self._unexplained += size
        self._parse(data)
        if self._phase == _HEAD:
            self._head_bytes += size
            if self._head_bytes > _MAX_HEAD:
                self._end(HttpError(431, Reason.BAD_REQUEST, "The request's head is too large."))
        elif self._phase == _BODY and self._unexplained > _MAX_TRAILER:
            self._end(HttpError(400, Reason.BAD_REQUEST, "The body's framing is larger than what it frames."))

    def _parse(self, data: bytes) -> None:
        rest = None
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            rest = data[upgrade.args[0] :]
        except httptools.HttpParserCallbackError as error:
            if not isinstance(error.__context__, _CutError):
                _log.error("a request could not be handled", exc_info=error)
                self._end(HttpError(500, Reason.UNAVAILABLE))
        except httptools.HttpParserError:
            self._end(HttpError(400, Reason.BAD_REQUEST, "This is not HTTP/1.1."))
        if rest is not None:
            self._parse_without_upgrade(rest)

    def _parse_without_upgrade(self, rest: bytes) -> None:
        """Go on as if nothing had been asked for but a request: nobody is upgraded here.

        The parser takes what follows such a head for another protocol, so it is told a head that asks for less.
        """
        method = self.parser.get_method()
        if method == b"CONNECT":
            self._end(HttpError(400, Reason.BAD_REQUEST, "This is not a proxy."))
            return
        kept = [pair for pair in self.headers if pair[0] not in (b"upgrade", b"http2-settings")]
        lines = b"".join(b"%b: %b\r\n" % pair for pair in kept)
        version = self.parser.get_http_version().encode()
        self.parser = httptools.HttpRequestParser(self)
        self._is_upgrade = False
        self._parse(b"%b %b HTTP/%b\r\n%b\r\n" % (method, self.url, version, lines))
        if rest and self._phase != _LINGER and not self.transport.is_closing():
            self._parse(rest)

    # The parser's callbacks

    def on_message_begin(self) -> None:
        if self.transport.is_closing() or self._phase == _LINGER:
            raise _CutError
        if len(self.pipeline) >= _MAX_QUEUED:
            self.transport.abort()
            raise _CutError
        self._phase = _HEAD
        self._head_bytes = 0
        self._unexplained = 0
        self._lingered = 0
        self._codings = []
        self._since = self.loop.time()
        self.deadline = self._since + self._settings.header_timeout
        self.url = b""
        self.expect_100_continue = False
        self.headers = []

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._phase != _HEAD:  # a trailer
            return
        name = name.lower()
        if name == b"expect":  # to which a client of HTTP/1.0 would take 100 for the whole answer
            is_asked = value.lower() == b"100-continue"
            self.expect_100_continue = is_asked and self.parser.get_http_version() == "1.1"
        elif name == b"transfer-encoding":
            self._codings.append(value)
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        if self.parser.should_upgrade():
            self._is_upgrade = True
            return
        try:
            self._read_head()
        except HttpError as error:
            self._end(error)
            raise _CutError from None

    def _read_head(self) -> None:
        if self._chunk_bytes + self._head_bytes > _MAX_HEAD:
            self._check_head_size()
        if self._codings:
            framing.check_coding(self.parser.get_http_version(), self._codings)
        path, _, query = self.url.partition(b"?")
        if not path.startswith(b"/"):
            path = path_of(self.url)
        if path in EXACT or is_ingest_target(path):
            self._queue(self._turn(query))
        elif found := self._state.service.router.find(path):
            self._queue(self._turn(query, found))
        else:
            self._leave_to_application()

    def _expect_body(self) -> None:
        self._phase = _BODY
        self._unexplained = 0
        self.deadline = self.loop.time() + self._settings.body_timeout

    def on_body(self, body: bytes) -> None:
        turn = self.cycle
        self._unexplained = 0
        if not isinstance(turn, Exchange):
            if turn.response_complete:
                self._pass_over(len(body))
            super().on_body(body)
            return
        size = len(body)
        turn.size += size
        if turn.response_complete or isinstance(turn.outcome, Reply):
            return
        channel = turn.channel
        turn.held += size
        self._state.hold(channel, size)
        if turn.size > self._settings.max_body_bytes:
            self._refuse_body(turn, HttpError(413, Reason.BODY_TOO_LARGE))
        elif not self._state.has_room(channel):
            self._refuse_body(turn, HttpError(503, Reason.OVERLOADED, retry_after=1))
        elif not turn.body:
            turn.body = body
        else:
            if isinstance(turn.body, bytes):
                turn.body = bytearray(turn.body)
            turn.body += body

    def on_message_complete(self) -> None:
        turn = self.cycle
        if self._phase == _LINGER or self._is_upgrade:
            return
        self._phase = _WAIT
        self.deadline = inf
        if not isinstance(turn, Exchange):
            super().on_message_complete()
            return
        turn.more_body = False
        if turn.started and not turn.response_complete:
            self._take(turn)

    # Requests with events

    def _turn(self, query: bytes, dialect_path: str = "") -> Exchange:
        head = RequestHead.make(self.parser.get_method(), query, self.headers)
        if dialect_path:
            head.path, head.peer = dialect_path, self.client[0] if self.client else ""
        return Exchange(
            head,
            self._state.service.accept_head(head),
            keep_alive=self.parser.get_http_version() != "1.0" and self.parser.should_keep_alive(),
            expects_continue=self.expect_100_continue,
            began=self.loop.time(),
        )

    def _queue(self, turn: Exchange) -> None:
        self._expect_body()
        previous, self.cycle = self.cycle, turn
        if previous is None or previous.response_complete:
            self._start_turn(turn)
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((turn, self.app))

    def _start_turn(self, turn: Exchange) -> None:
        turn.started = True
        if not turn.more_body:
            self._take(turn)
            return
        length = int(turn.head.headers.get(b"content-length", b"0"))
        if isinstance(turn.outcome, AcceptedRequest) and not self._state.has_room(
            turn.channel, max(0, length - turn.held)
        ):
            turn.outcome = self._state.service.refuse(turn.head, HttpError(503, Reason.OVERLOADED, retry_after=1))
        if isinstance(turn.outcome, AcceptedRequest):
            if turn.expects_continue and not turn.size:
                self.transport.write(_CONTINUE)
        elif length > _SMALL_BODY or turn.expects_continue or b"transfer-encoding" in turn.head.headers:
            self._refuse_early(turn, turn.outcome)

    def _take(self, turn: Exchange) -> None:
        """Judge a whole request and have it written."""
        outcome = turn.outcome
        if isinstance(outcome, Reply):
            self._reply(turn, outcome)
            return
        body, turn.body = turn.body, b""
        turn.is_judged = True
        self._state.slices.judge(outcome, body if isinstance(body, bytes) else bytes(body), partial(self._judged, turn))

    def _judged(self, turn: Exchange, outcome: JudgedRequest | Reply) -> None:
        if isinstance(outcome, JudgedRequest):
            self._write(turn, outcome)
        else:
            self._reply(turn, outcome)

    def _write(self, turn: Exchange, entry: JudgedRequest) -> None:
        service = self._state.service
        record, entry.record = entry.record, None
        if record is None:
            self._reply(turn, service.on_durable(entry))
            return
        try:
            self._state.journal.append(record).add_done_callback(partial(self._written, turn, entry))
        except (JournalFullError, WriteFailedError) as error:
            self._reply(turn, service.on_failure(entry, error))

    def _written(self, turn: Exchange, entry: JudgedRequest, written: "asyncio.Future[int]") -> None:
        error = written.exception()
        if error is None:
            reply = self._state.service.on_durable(entry)
        elif isinstance(error, (JournalFullError, WriteFailedError)):
            reply = self._state.service.on_failure(entry, error)
        else:
            self.transport.abort()
            raise error
        self._reply(turn, reply)

    def _reply(self, turn: Exchange, reply: Reply) -> None:
        turn.response_complete = True
        self._free(turn)
        self._state.service.counters.seconds.observe(self.loop.time() - turn.began)
        if self.transport.is_closing():
            return
        keep_alive = turn.keep_alive and not (self._is_last and not self.pipeline)
        self.transport.write(
            response_json.response(reply, keep_alive=keep_alive, with_body=turn.head.method != b"HEAD")
        )
        if not keep_alive:
            self.transport.close()
        self.on_response_complete()

    def _refuse_body(self, turn: Exchange, error: HttpError) -> None:
        turn.body = b""
        turn.outcome = self._state.service.refuse(turn.head, error)
        self._free(turn)
        if turn.started:
            self._refuse_early(turn, turn.outcome)

    def _refuse_early(self, turn: Exchange, reply: Reply) -> None:
        """Reply before the body is here, and wait a little for the client to notice before the connection is cut."""
        turn.response_complete = True
        self._free(turn)
        self._state.service.counters.seconds.observe(self.loop.time() - turn.began)
        self._say_goodbye(reply)

    # Everything else

    def _leave_to_application(self) -> None:
        """Go the way of uvicorn; what it made at the message's beginning is made here."""
        if not path_of(self.url).startswith(b"/"):
            raise HttpError(400, Reason.BAD_REQUEST, "The request's target is not a path.")
        framing.check(self.parser.get_http_version(), self.url, self.headers, self._settings.max_body_bytes)
        self._expect_body()
        url, headers, expects = self.url, self.headers, self.expect_100_continue
        super().on_message_begin()
        self.url = url
        self.headers.extend(headers)
        self.expect_100_continue = expects
        super().on_headers_complete()

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        if isinstance(cycle, Exchange):
            self._start_turn(cycle)
        else:
            super()._start_asgi_task(cycle, app)

    def on_response_complete(self) -> None:
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        if self.pipeline:
            # Not called from here: a long pipeline would become a deep stack.
            self.loop.call_soon(self._start_next)
            return
        self._read_on()
        if self._is_last:
            self.transport.close()
        if self._phase == _WAIT:
            self._phase = _IDLE
            self._since = self.loop.time()
            self.deadline = self._since + self._settings.idle_timeout

    def _start_next(self) -> None:
        if self.pipeline and not self.transport.is_closing():
            following = self.pipeline.pop()
            self._read_on()
            self._start_asgi_task(*following)

    def _read_on(self) -> None:
        if not self.pipeline and not self.flow.write_paused:
            self.flow.resume_reading()

    # Limits

    def expire(self) -> None:
        """End the connection: its time is up."""
        if self._phase == _IDLE:
            self.transport.close()
        elif self._phase in (_HEAD, _BODY):
            self._end(HttpError(408, Reason.BODY_TOO_SLOW))
        else:
            self.transport.abort()

    @property
    def idle_since(self) -> float | None:
        """See Connected."""
        if self._phase in (_IDLE, _HEAD):
            return self._since
        is_wanted = isinstance(self.cycle, Exchange) and isinstance(self.cycle.outcome, AcceptedRequest)
        patience = _SLOW_SECONDS if is_wanted else 0.0
        return self._since if self._phase == _BODY and self.loop.time() - self._since > patience else None

    def dismiss(self) -> None:
        """See Connected."""
        self.expire()

    def pause_writing(self) -> None:
        """The client does not read its replies: take no more requests, and do not wait for ever."""
        super().pause_writing()
        self.flow.pause_reading()
        self.deadline = self.loop.time() + _STALL_SECONDS
        self._count_unread(self.transport.get_write_buffer_size())
        if not self._state.has_room(_NOBODY):
            self.transport.abort()

    def _count_unread(self, size: int) -> None:
        """Count replies that the client does not read like bodies: they take as much memory."""
        if self._unread:
            self._state.let_go(_NOBODY, self._unread)
        self._unread = size
        if size:
            self._state.hold(_NOBODY, size)

    def resume_writing(self) -> None:
        """The client reads again."""
        super().resume_writing()
        self._count_unread(0)
        self.deadline = inf if self._phase == _WAIT else self.loop.time() + self._settings.body_timeout
        self._read_on()

    def _check_head_size(self) -> None:
        if len(self.url) + sum(len(name) + len(value) for name, value in self.headers) > _MAX_HEAD:
            raise HttpError(431, Reason.BAD_REQUEST, "The request's head is too large.")

    def _end(self, error: HttpError) -> None:
        """Refuse whatever is arriving and close, without getting ahead of replies that are under way."""
        if self.transport.is_closing() or self._phase == _LINGER:
            return
        turn = self.cycle
        if turn is None or turn.response_complete:
            if self._phase == _BODY:  # of a request that has its answer; a second one would be taken for another's
                self.transport.close()
            else:
                self._say_goodbye(self._state.service.refuse(None, error))
        elif not turn.more_body:
            self._is_last = True
        elif isinstance(turn, Exchange) and turn.started:
            self._refuse_early(turn, self._state.service.refuse(turn.head, error))
        elif isinstance(turn, Exchange) or turn.response_started or self.pipeline:
            self.transport.abort()
        else:
            turn.disconnected = True  # as far as the application can tell
            turn.message_event.set()
            self._say_goodbye(self._state.service.refuse(None, error))

    def _say_goodbye(self, reply: Reply) -> None:
        """Send a last reply and read on for a moment: a connection cut at once would take the reply with it."""
        self.transport.write(response_json.response(reply, keep_alive=False))
        self._phase = _LINGER
        self.deadline = self.loop.time() + _LINGER_SECONDS
        self.flow.resume_reading()
        if self.transport.can_write_eof():
            self.transport.write_eof()

    def _pass_over(self, size: int) -> None:
        """Read what nobody waits for, so that the client comes to read its answer; but not for ever."""
        self._lingered += size
        if self._lingered > _LINGER_BYTES:
            self.transport.abort()

    def _free(self, turn: Exchange) -> None:
        if turn.held:
            self._state.let_go(turn.channel, turn.held)
            turn.held = 0
