"""Who may send what: the answer that collectors look up for every request."""

import hmac
import re

from msgspec import Struct

from footfall.control.tokens import Kind, parse

_NO_DIGEST = bytes(32)
_SUBDOMAIN = re.compile(r"[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?", re.ASCII)


class Channel(Struct, frozen=True):
    """A tenant: `rate` is in events/s, 0 for unlimited; `burst` is in events, 0 for one second's worth.

    `accepts` names further channels that events sent with its keys may carry, `*` for any. `origins` are those of the
    pages that may use its public keys, `public_types` the event types that those may send besides what anybody may.
    """

    name: str
    profile: str = "v3"
    keep_payloads: bool = False
    origins: tuple[str, ...] = ()
    accepts: tuple[str, ...] = ()
    rate: float = 0.0
    burst: float = 0.0
    public_types: tuple[str, ...] = ()


class Key(Struct, frozen=True):
    """A write key of a channel: `digest` is the SHA-256 of its secret, `expires_at` is in epoch ms."""

    id: str
    kind: Kind
    channel: str
    digest: bytes
    origins: tuple[str, ...] = ()
    expires_at: int | None = None


class Access(Struct, frozen=True):
    """What a token opens."""

    channel: Channel
    key: Key


class KeyIndex(Struct, frozen=True):
    """All channels by name and all keys by id, expired ones included.

    `is_open` says that nobody has ever made a channel or a login; `is_known` is False where nothing could be read, so
    that nobody can say who may do what.
    """

    channels: dict[str, Channel]
    keys: dict[str, Key]
    is_open: bool = False
    is_known: bool = True

    def find(self, token: str, now_ms: int) -> Access | None:
        """What the token opens at this time; None for anything that is not a valid token."""
        parsed = parse(token)
        if parsed is None:
            return None
        key = self.keys.get(parsed.id)
        # An unknown id costs the same comparison, so that timing does not tell which ids exist.
        matches = hmac.compare_digest(parsed.digest, key.digest if key else _NO_DIGEST)
        if not matches or key is None or key.kind != parsed.kind:
            return None
        channel = self.channels.get(key.channel)
        if channel is None or (key.expires_at is not None and key.expires_at <= now_ms):
            return None
        return Access(channel, key)


def origin_allowed(origins: tuple[str, ...], origin: str | None) -> bool:
    """Whether a request with this Origin header may use a key with these origins.

    An empty list allows everything; any other allows only requests that say where they come from. `https://*.example.org`
    stands for every host below example.org, at any depth, but not for example.org itself.
    """
    if not origins:
        return True
    if not origin:
        return False
    origin = origin.lower()
    return origin in origins or any(_below(pattern, origin) for pattern in origins if "*" in pattern)


def _below(pattern: str, origin: str) -> bool:
    before, _, after = pattern.partition("*")
    if not (origin.startswith(before) and origin.endswith(after)):
        return False
    return _SUBDOMAIN.fullmatch(origin, len(before), len(origin) - len(after)) is not None
