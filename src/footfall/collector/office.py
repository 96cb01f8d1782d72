"""What a collector answers besides events: health, metrics, the browser tracker; all the rest is the web process's."""

from footfall.collector import script
from footfall.collector.asgi import Application, Receive, Scope, Send, send_reply
from footfall.collector.health import Health
from footfall.collector.metrics import CONTENT_TYPE, Metrics
from footfall.collector.peer import is_local_peer
from footfall.collector.refusal import RefusedError
from footfall.collector.reply import JSON, Headers, Reply, failure
from footfall.spec.reasons import Reason


class Office:
    """An ASGI application."""

    def __init__(self, health: Health, metrics: Metrics, behind: Application) -> None:
        self._health = health
        self._metrics = metrics
        self._behind = behind

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One ASGI call."""
        path = scope["path"]
        if path == "/health":
            reply = self._health_reply(scope)
        elif path == "/metrics":
            reply = self._metrics_reply(scope)
        elif path == "/footfall.js":
            reply = _script_reply(scope)
        else:
            await self._behind(scope, receive, send)
            return
        await send_reply(reply, send, with_body=scope["method"] != "HEAD")

    def _health_reply(self, scope: Scope) -> Reply:
        if scope["method"] not in ("GET", "HEAD"):
            return _not_allowed()
        status, body = self._health.report()
        return Reply(status, (*JSON, (b"cache-control", b"no-store")), body)

    def _metrics_reply(self, scope: Scope) -> Reply:
        if scope["method"] not in ("GET", "HEAD"):
            return _not_allowed()
        if not is_local_peer(scope):
            return failure(RefusedError(403, Reason.KEY_FORBIDDEN, "Metrics are shown to this machine only."))
        headers: Headers = ((b"content-type", CONTENT_TYPE),)
        return Reply(200, headers, self._metrics.text())


def _script_reply(scope: Scope) -> Reply:
    if scope["method"] not in ("GET", "HEAD"):
        return _not_allowed()
    return script.load().reply(dict(scope["headers"]))


def _not_allowed() -> Reply:
    return failure(RefusedError(405, Reason.METHOD_NOT_ALLOWED), ((b"allow", b"GET, HEAD"),))
