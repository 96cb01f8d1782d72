"""Who may look: everybody on the machine itself, or whoever has logged in."""

import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from msgspec import Struct

from footfall.control.snapshot import Snapshot
from footfall.insights.replies import RefusedError
from footfall.insights.sessions import Sessions
from footfall.settings import Settings
from footfall.spec.reasons import Reason

PEER = "x-footfall-peer"
_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")


class Visitor(Struct, frozen=True):
    """Who asks: `login` is None for a visitor of an open dashboard."""

    login: str | None
    is_open: bool


class Gate:
    """The rules of access, in one place."""

    def __init__(self, settings: Settings, control_path: Path) -> None:
        self.sessions = Sessions(control_path)
        self._is_loopback = settings.is_loopback
        self._snapshot = Snapshot(control_path)

    def start(self) -> None:
        """Take what may be hard to get later."""
        self.sessions.start()

    def close(self) -> None:
        """Release the control database."""
        self.sessions.close()
        self._snapshot.close()

    def is_open(self, headers: Mapping[str, str]) -> bool:
        """Whether this request needs no login: only this machine can ask, and it asks itself, through no proxy."""
        direct = not any(name in headers for name in _FORWARDED)
        return self._is_loopback and direct and headers.get(PEER) == "loopback"

    def is_keyless(self, headers: Mapping[str, str]) -> bool:
        """Whether events are taken and shown without a key: the dashboard is open, and no channel was made."""
        return self.is_open(headers) and not self._snapshot.current().channels

    def check_origin(self, headers: Mapping[str, str], *, navigation: bool) -> None:
        """Keep other web sites out of an open dashboard; raises RefusedError.

        A foreign name that resolves to this machine (DNS rebinding) fails at Host, a foreign page at Sec-Fetch-Site.
        """
        if not self.is_open(headers):
            return
        if not is_loopback_name(headers.get("host", "")):
            raise RefusedError(403, Reason.ORIGIN_FORBIDDEN, "Open the dashboard as localhost or 127.0.0.1.")
        if navigation and headers.get("sec-fetch-mode") == "navigate":
            return
        if headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
            raise RefusedError(403, Reason.ORIGIN_FORBIDDEN, "Another web site may not read the dashboard.")

    def client_address(self, headers: Mapping[str, str]) -> str:
        """The IP address that a request comes from, as text; empty where it is not known."""
        return headers.get(PEER, "").partition(" ")[2]

    def visitor(self, headers: Mapping[str, str], session: str) -> Visitor | None:
        """Who asks, by the token of a session, or None when a login is needed first."""
        if self.is_open(headers):
            return Visitor(None, is_open=True)
        login = self.sessions.login_of(session)
        return Visitor(login, is_open=False) if login else None

    def readable_channel(self, headers: Mapping[str, str]) -> str | None:
        """The one channel whose fates the request's key may read, None for all; raises RefusedError."""
        scheme, _, token = headers.get("authorization", "").partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not token:
            if self.is_keyless(headers):
                return None
            raise RefusedError(401, Reason.KEY_MISSING, headers={"WWW-Authenticate": "Bearer"})
        access = self._snapshot.current().find(token, int(time.time() * 1000))
        if access is None:
            raise RefusedError(401, Reason.KEY_UNKNOWN, headers={"WWW-Authenticate": "Bearer"})
        if access.key.kind != "secret":
            raise RefusedError(403, Reason.KEY_FORBIDDEN)
        return access.channel.name


def is_loopback_name(host: str) -> bool:
    """Whether a Host header names this machine from within."""
    try:
        name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return False
    return name in ("localhost", "::1") or name.endswith(".localhost") or _is_loopback_address(name)


def _is_loopback_address(name: str) -> bool:
    parts = name.split(".")
    return len(parts) == 4 and parts[0] == "127" and all(part.isdecimal() and part.isascii() for part in parts)


def is_same_origin(headers: Mapping[str, str]) -> bool:
    """Whether a form was posted by this server's own page."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin, host = headers.get("origin"), headers.get("host", "").lower()
    return origin is None or (bool(host) and origin.lower() in (f"http://{host}", f"https://{host}"))
