"""How the web process answers: compressed JSON, pages, and refusals in the collector's shape."""

import gzip
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import uuid4

import msgspec
from litestar import Response
from msgspec import Struct

from footfall.errors import TerminalError
from footfall.schema.reasons import Reason

_COMPRESS_FROM = 1024

HTML = "text/html"  # Litestar adds the charset
JSON = "application/json"

SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
}
PAGE_POLICY = (
    "default-src 'self'; script-src 'self'{scripts}; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)


class ApiError(TerminalError):
    """A request that is not answered as asked; becomes an error reply."""

    def __init__(self, status: int, reason: Reason, message: str | None = None, headers: dict[str, str] | None = None):
        super().__init__(message or reason.sentence)
        self.status = status
        self.reason = reason
        self.headers = headers or {}


class Params(Struct):
    """`params` of a Sunbird reply."""

    resmsgid: str
    status: Literal["successful", "failed"]
    err: str | None = None
    errmsg: str | None = None
    msgid: str | None = None


class Envelope(Struct, rename={"response_code": "responseCode"}):
    """The reply that Sunbird clients know; `ts` is ISO 8601 in UTC."""

    id: str
    ver: str
    ts: str
    params: Params
    response_code: Literal["SUCCESS", "CLIENT_ERROR", "SERVER_ERROR"]
    result: Any


def envelope(api: str, result: Any) -> Envelope:
    """A successful reply of an API such as `api.telemetry.fate`."""
    return Envelope(api, "1.0", _now(), Params(str(uuid4()), "successful"), "SUCCESS", result)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def refuse(refusal: ApiError) -> Response[bytes]:
    """The error reply to a refusal."""
    status, headers, body = encode_refusal(refusal)
    return Response(body, status_code=status, media_type=JSON, headers=headers)


def encode_refusal(refusal: ApiError) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of the error reply to a refusal."""
    reason, message = refusal.reason, str(refusal)
    result = {"code": reason.code, "message": message, "hint": reason.hint, "docs": reason.docs}
    params = Params(str(uuid4()), "failed", reason.code, message)
    kind: Literal["CLIENT_ERROR", "SERVER_ERROR"] = "SERVER_ERROR" if refusal.status >= 500 else "CLIENT_ERROR"
    body = msgspec.json.encode(Envelope("api.telemetry", "1.0", _now(), params, kind, result))
    return refusal.status, {**SECURITY, "Content-Type": JSON, "Cache-Control": "no-store", **refusal.headers}, body


def answer(value: Any, accepts: str = "", *, cache: str = "no-store") -> Response[bytes]:
    """The value as JSON, compressed for clients that take gzip."""
    body = msgspec.json.encode(value)
    headers = {"Cache-Control": cache, "Vary": "Accept-Encoding"}
    if len(body) >= _COMPRESS_FROM and "gzip" in accepts:
        body = gzip.compress(body, 4)
        headers["Content-Encoding"] = "gzip"
    return _respond(body, JSON, 200, headers)


def page(html: str, *, status: int = 200, scripts: str = "", headers: dict[str, str] | None = None) -> Response[bytes]:
    """An HTML page that may load nothing from elsewhere; `scripts` are CSP hashes of what is inline."""
    policy = {"Content-Security-Policy": PAGE_POLICY.format(scripts=scripts)}
    return _respond(html.encode(), HTML, status, {"Cache-Control": "no-store", **policy, **(headers or {})})


def redirect(path: str, headers: dict[str, str] | None = None) -> Response[bytes]:
    """Send a browser to another path of this server."""
    return _respond(b"", HTML, 303, {"Location": path, "Cache-Control": "no-store", **(headers or {})})


def _respond(body: bytes, media: str, status: int, headers: dict[str, str]) -> Response[bytes]:
    return Response(body, status_code=status, media_type=media, headers={**SECURITY, **headers})
