"""Sending events through the front door, as any client does."""

import http.client
import urllib.parse

import msgspec
from msgspec import Struct

from footfall.errors import TerminalError, TransientError


class _Result(Struct):
    accepted: int = 0
    duplicate: int = 0
    rejected: int = 0


class _Params(Struct):
    errmsg: str | None = None


class _Reply(Struct):
    result: _Result = msgspec.field(default_factory=_Result)
    params: _Params = msgspec.field(default_factory=_Params)


def send(url: str, key: str | None, texts: list[str]) -> dict[str, int]:
    """Send JSON texts as one batch and return the counts of the reply; raises TerminalError or TransientError."""
    place = urllib.parse.urlsplit(url)
    kind = http.client.HTTPSConnection if place.scheme == "https" else http.client.HTTPConnection
    connection = kind(place.hostname or "", place.port, timeout=30)
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
    try:
        connection.request("POST", "/v1/telemetry", "[" + ",".join(texts) + "]", headers)
        answer = connection.getresponse()
        reply = msgspec.json.decode(answer.read(), type=_Reply)
    except (OSError, http.client.HTTPException, msgspec.MsgspecError) as error:
        raise TransientError(f"no footfall answers at {url}: {error}") from error
    finally:
        connection.close()
    if answer.status in (429, 503):
        raise TransientError(f"footfall is busy: {reply.params.errmsg}")
    if answer.status != http.client.OK:
        raise TerminalError(f"footfall refused the batch ({answer.status}): {reply.params.errmsg}")
    return msgspec.structs.asdict(reply.result)
