"""What a collector answers besides events: health, metrics, the browser tracker; all the rest is the web process's."""

import hmac

from footfall.collector import browser_tracker
from footfall.collector.asgi import Application, Receive, Scope, Send, send_reply
from footfall.collector.auth import Authenticator
from footfall.collector.health import CollectorHealth
from footfall.collector.http_error import HttpError
from footfall.collector.metrics import CONTENT_TYPE, Metrics
from footfall.collector.peer import is_local_peer
from footfall.collector.responses import JSON, Headers, Reply, failure
from footfall.collector.state_writer import StateWriter
from footfall.hosts import HostRule
from footfall.schema.reasons import Reason
from footfall.settings import Settings


class InternalApp:
    """An ASGI application."""

    def __init__(
        self,
        settings: Settings,
        authenticator: Authenticator,
        health: CollectorHealth,
        metrics: Metrics,
        publisher: StateWriter,
        behind: Application,
    ) -> None:
        self._hosts = HostRule(settings.hosts)
        self._token = settings.metrics_token.encode()
        self._authenticator = authenticator
        self._health = health
        self._metrics = metrics
        self._publisher = publisher
        self._behind = behind

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One ASGI call."""
        path = scope["path"]
        if path == "/health":
            reply = self._health_reply(scope)
        elif not self._is_named(scope):
            reply = failure(HttpError(421, Reason.HOST_UNKNOWN))
        elif path == "/metrics":
            reply = await self._metrics_reply(scope)
        elif path == "/footfall.js":
            reply = _script_reply(scope)
        else:
            await self._behind(scope, receive, send)
            return
        await send_reply(reply, send, with_body=scope["method"] != "HEAD")

    def _health_reply(self, scope: Scope) -> Reply:
        if scope["method"] not in ("GET", "HEAD"):
            return _not_allowed()
        status, body = self._health.report(in_full=self._may_see(scope) and self._is_named(scope))
        return Reply(status, (*JSON, (b"cache-control", b"no-store")), body)

    async def _metrics_reply(self, scope: Scope) -> Reply:
        if scope["method"] not in ("GET", "HEAD"):
            return _not_allowed()
        if not self._may_see(scope):
            return failure(HttpError(403, Reason.METRICS_FORBIDDEN))
        await self._publisher.publish()  # what is told was written first, so no collector ever tells less
        headers: Headers = ((b"content-type", CONTENT_TYPE),)
        return Reply(200, headers, self._metrics.text())

    def _is_named(self, scope: Scope) -> bool:
        """Whether it is asked by a name of its own: another site's page may have a name that points here."""
        return self._hosts.allows(_host(scope), is_open=self._authenticator.is_open)

    def _may_see(self, scope: Scope) -> bool:
        """Whether this client may have the numbers: with the token, or on this machine while everything is open."""
        scheme, _, token = dict(scope["headers"]).get(b"authorization", b"").partition(b" ")
        if self._token and scheme.lower() == b"bearer" and hmac.compare_digest(token.strip(), self._token):
            return True
        return self._authenticator.is_open and is_local_peer(scope)


def _host(scope: Scope) -> str | None:
    found = dict(scope["headers"]).get(b"host")
    return found.decode("latin-1") if found is not None else None


def _script_reply(scope: Scope) -> Reply:
    if scope["method"] not in ("GET", "HEAD"):
        return _not_allowed()
    return browser_tracker.load().reply(dict(scope["headers"]))


def _not_allowed() -> Reply:
    return failure(HttpError(405, Reason.METHOD_NOT_ALLOWED), ((b"allow", b"GET, HEAD"),))
