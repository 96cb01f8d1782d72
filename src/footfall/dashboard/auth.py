"""Who may look: everybody on the machine itself, or whoever has logged in."""

import time
from collections.abc import Mapping
from pathlib import Path

from litestar.datastructures import Headers
from msgspec import Struct

from footfall.control.snapshot import Snapshot
from footfall.dashboard.responses import ApiError
from footfall.dashboard.sessions import Sessions
from footfall.hosts import is_local_name, name_of
from footfall.peer import FORWARDED, PeerHeader, TrustedProxies, is_loopback
from footfall.schema.reasons import Reason
from footfall.settings import Settings


class Visitor(Struct, frozen=True):
    """Who asks: `login` is None for a visitor of an open dashboard."""

    login: str | None
    is_open: bool


class AccessControl:
    """The rules of access, in one place."""

    def __init__(self, settings: Settings, control_path: Path, peer: PeerHeader) -> None:
        self.sessions = Sessions(control_path)
        self._peer = peer
        self._proxies = TrustedProxies(settings.proxies)
        self._is_loopback = settings.is_loopback
        self._snapshot = Snapshot(control_path)

    def start(self) -> None:
        """Take what may be hard to get later."""
        self.sessions.start()

    def close(self) -> None:
        """Release the control database."""
        self.sessions.close()
        self._snapshot.close()

    def client_address(self, headers: Headers) -> str:
        """The IP address of the client, or of a proxy in front that is not trusted; empty where it is not known."""
        # A proxy may add a line of its own instead of lengthening the client's.
        said = ",".join(headers.getall("x-forwarded-for", []))
        return self._proxies.client(self._peer.address(headers), said)

    def is_open(self, headers: Mapping[str, str]) -> bool:
        """Whether this request needs no login: nobody has ever made one, or a channel, and it is this machine's own."""
        if not self._is_loopback or any(name in headers for name in FORWARDED):
            return False
        return is_loopback(self._peer.address(headers)) and self._snapshot.current().is_open

    def require_known(self) -> None:
        """Raise ApiError (503) while the control database should be there and cannot be read."""
        if not self._snapshot.current().is_known:
            message = "Logins and keys cannot be read at present."
            raise ApiError(503, Reason.UNAVAILABLE, message, headers={"Retry-After": "5"})

    def check_origin(self, headers: Mapping[str, str], *, navigation: bool) -> None:
        """Keep other web sites out of an open dashboard; raises ApiError.

        A foreign name that resolves to this machine (DNS rebinding) fails at Host, a foreign page at Sec-Fetch-Site.
        """
        if not self.is_open(headers):
            return
        if not is_local_name(name_of(headers.get("host", ""))):
            raise ApiError(421, Reason.HOST_UNKNOWN)
        if navigation and headers.get("sec-fetch-mode") == "navigate":
            return
        if headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
            raise ApiError(403, Reason.ORIGIN_FORBIDDEN, "Another web site may not read the dashboard.")

    def visitor(self, headers: Mapping[str, str], session: str) -> Visitor | None:
        """Who asks, by the token of a session, or None when a login is needed first.

        Raises ApiError where that cannot be told.
        """
        self.require_known()
        if self.is_open(headers):
            return Visitor(None, is_open=True)
        login = self.sessions.login_of(session)
        return Visitor(login, is_open=False) if login else None

    def readable_channel(self, headers: Mapping[str, str]) -> str | None:
        """The one channel whose fates the request's key may read, None for all; raises ApiError."""
        self.require_known()
        scheme, _, token = headers.get("authorization", "").partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not token:
            if self.is_open(headers):
                return None
            raise ApiError(401, Reason.KEY_MISSING, headers={"WWW-Authenticate": "Bearer"})
        access = self._snapshot.current().find(token, int(time.time() * 1000))
        if access is None:
            raise ApiError(401, Reason.KEY_UNKNOWN, headers={"WWW-Authenticate": "Bearer"})
        if access.key.kind != "secret":
            raise ApiError(403, Reason.KEY_FORBIDDEN)
        return access.channel.name


def is_same_origin(headers: Mapping[str, str]) -> bool:
    """Whether a form was posted by this server's own page."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin, host = headers.get("origin"), headers.get("host", "").lower()
    return origin is None or (bool(host) and origin.lower() in (f"http://{host}", f"https://{host}"))
