"""Whether a client is on this machine."""

import ipaddress

from footfall.collector.asgi import Scope

_FORWARDED = (b"forwarded", b"x-forwarded-for", b"x-real-ip", b"via")


def is_local_peer(scope: Scope) -> bool:
    """Whether the client is on this machine, and not a proxy that speaks for somebody else."""
    client = scope.get("client")
    if client is None or any(name in _FORWARDED for name, _ in scope["headers"]):
        return False
    try:
        return ipaddress.ip_address(client[0]).is_loopback
    except ValueError:
        return False
