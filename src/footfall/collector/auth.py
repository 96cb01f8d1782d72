"""Who sends: the key of a request, the channel it opens, and whether it may be used like this."""

import re
import time
from collections.abc import Callable
from urllib.parse import unquote

from msgspec import Struct

from footfall.collector.http_error import HttpError
from footfall.collector.request import RequestHead
from footfall.control.access import Access, Channel, KeyIndex, origin_allowed
from footfall.hosts import HostRule
from footfall.schema.reasons import Reason
from footfall.schema.record import KeyKind

OPEN = "dev"
_REMEMBERED = 1024
_LONGEST_NAME = 200  # of a channel that nobody has made
_KEY = re.compile(rb"(?:^|&)key=([^&]*)")


class Credential(Struct, frozen=True):
    """What a request may do: write to `channel`, or, when it is open, to any channel that its events name.

    `key_kind` is empty where no key is needed. A public one is in browsers, so that anybody may be the sender.
    """

    channel: Channel
    is_open: bool = False
    key_kind: KeyKind = ""

    @property
    def is_public(self) -> bool:
        """Whether anybody may be the sender."""
        return self.key_kind == "public"

    def takes(self, name: str) -> bool:
        """Whether events that name this channel are stored under it."""
        if name == self.channel.name or name in self.channel.accepts:
            return True
        return (self.is_open or "*" in self.channel.accepts) and len(name) <= _LONGEST_NAME and name.isprintable()


class Authenticator:
    """Answers from the newest directory; `is_local` says that only this machine can reach the port."""

    def __init__(self, directory: KeyIndex, *, is_local: bool, hosts: HostRule) -> None:
        self._is_local = is_local
        self._hosts = hosts
        self._known: dict[str, Access] = {}
        self._open = Credential(Channel(OPEN, keep_payloads=True), is_open=True)
        self._passes: dict[tuple[str, str], Credential] = {}
        self.directory = directory
        self.now: Callable[[], float] = time.time

    def reload(self, directory: KeyIndex) -> None:
        """Go by another state of the channels and keys from now on."""
        if directory is not self.directory:
            self.directory = directory
            self._known.clear()
            self._passes.clear()

    @property
    def is_open(self) -> bool:
        """Whether no key is needed: only this machine can send, and nobody has ever made a channel or a login."""
        return self._is_local and self.directory.is_open

    def authenticate(self, head: RequestHead) -> Credential:
        """The request's pass; raises HttpError: 401 without a valid key, 403 where it may not be used.

        503 while nobody can say which keys there are: a sender that has a good one must come again.
        """
        if not self.directory.is_known:
            raise HttpError(503, Reason.UNAVAILABLE, "The keys cannot be read at present.", retry_after=5)
        host = head.headers.get(b"host")
        if not self._hosts.allows(host.decode("latin-1") if host is not None else None, is_open=self.is_open):
            raise HttpError(421, Reason.HOST_UNKNOWN)
        if self.is_open:
            return self._open
        access = self._access(head)
        if access.key.origins and access.key.kind == "public":
            origin = head.headers.get(b"origin")
            if not origin_allowed(access.key.origins, origin.decode("latin-1") if origin else None):
                raise HttpError(403, Reason.ORIGIN_FORBIDDEN)
        return self._pass(access)

    def _access(self, head: RequestHead) -> Access:
        token, in_url = _token(head)
        access = self._known.get(token)
        now = int(self.now() * 1000)
        if access is None or (access.key.expires_at is not None and access.key.expires_at <= now):
            access = self._find(token, now)
        if in_url and access.key.kind != "public":
            raise HttpError(403, Reason.KEY_FORBIDDEN)
        return access

    def _find(self, token: str, now: int) -> Access:
        access = self.directory.find(token, now)
        if access is None:
            raise HttpError(401, Reason.KEY_UNKNOWN)
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        self._known[token] = access
        return access

    def _pass(self, access: Access) -> Credential:
        name = (access.channel.name, access.key.kind)
        found = self._passes.get(name)
        if found is None:
            found = self._passes[name] = Credential(access.channel, key_kind=access.key.kind)
        return found


def _token(head: RequestHead) -> tuple[str, bool]:
    """The key of a request and whether it stood in the URL; raises HttpError when there is none."""
    scheme, _, credentials = head.headers.get(b"authorization", b"").strip().partition(b" ")
    token = credentials.strip().decode("latin-1") if scheme.lower() == b"bearer" else ""
    if token:
        return token, False
    if given := _KEY.search(head.query):
        return unquote(given[1].decode("latin-1")), True
    raise HttpError(401, Reason.KEY_MISSING)
