"""Whether a client is on this machine."""

from footfall import peer
from footfall.collector.asgi import Scope

_FORWARDED = frozenset(name.encode() for name in peer.FORWARDED)


def address_of(scope: Scope) -> str:
    """The address at the other end of the connection; empty where it has none."""
    client = scope.get("client")
    return str(client[0]) if client else ""


def is_local_peer(scope: Scope) -> bool:
    """Whether the client is on this machine, and not a proxy that speaks for somebody else."""
    return peer.is_loopback(address_of(scope)) and not any(name in _FORWARDED for name, _ in scope["headers"])
