"""Who is connected, by address, and who has to leave where there is no room: the idle ones of whoever has most."""

import ipaddress
import time
from collections.abc import Iterable
from typing import Protocol

from footfall.peer import TrustedProxies, is_loopback, plain_address

_LEAVE_AT_ONCE = 20  # of so many that are there, one leaves: looking for them takes some time
_LOOK_AGAIN_SECONDS = 0.05
_IPV6_NETWORK = 64


class Connected(Protocol):
    """A connection."""

    @property
    def idle_since(self) -> float | None:
        """Since when nothing was asked on it, in the loop's time; None while a request is under way.

        One that is long in coming counts as idle.
        """

    def dismiss(self) -> None:
        """Close it."""


class Connections:
    """The connections of one collector: `most` at all, and `most_of_one` from one address.

    This machine and the proxies in front stand for many, and may have as many as there can be.
    """

    def __init__(self, most: int, most_of_one: int, proxies: TrustedProxies) -> None:
        self._most = most
        self._most_of_one = most_of_one
        self._proxies = proxies
        self._places: dict[str, dict[Connected, None]] = {}
        self._number = 0
        self._look_at = 0.0

    def __len__(self) -> int:
        return self._number

    def enter(self, connection: Connected, address: str) -> str | None:
        """Let somebody in: the name under which they are known here, None if there is no room for them.

        May ask others to leave.
        """
        name = self._name(address)
        own = self._places.get(name, {})
        if name and len(own) >= self._most_of_one and not self._dismiss(own, name, 1):
            return None
        if self._number >= self._most and not self._make_room():
            return None
        self._places.setdefault(name, {})[connection] = None
        self._number += 1
        return name

    def leave(self, connection: Connected, name: str) -> None:
        """Let somebody go, who may be gone already."""
        own = self._places.get(name)
        if own is not None and connection in own:
            del own[connection]
            self._number -= 1
            if not own:
                del self._places[name]

    def _make_room(self) -> bool:
        """Whether anybody could be asked to leave."""
        now = time.monotonic()
        if now < self._look_at:
            return False
        for name, own in sorted(self._places.items(), key=lambda place: -len(place[1])):
            if self._dismiss(own, name, 1 + len(own) // _LEAVE_AT_ONCE):
                return True
        self._look_at = now + _LOOK_AGAIN_SECONDS
        return False

    def _dismiss(self, own: Iterable[Connected], name: str, most: int) -> bool:
        idle = [
            (since, place, connection)
            for place, connection in enumerate(own)
            if (since := connection.idle_since) is not None
        ]
        leaving = [connection for _, _, connection in sorted(idle, key=lambda each: each[:2])[:most]]
        for connection in leaving:
            self.leave(connection, name)
            connection.dismiss()
        return bool(leaving)

    def _name(self, address: str) -> str:
        """What an address counts as: IPv6 by its network, as anybody has one; empty for those who stand for many."""
        plain = plain_address(address)
        if not plain or is_loopback(plain) or self._proxies.trusts(plain):
            return ""
        found = ipaddress.ip_address(plain)
        return plain if found.version == 4 else str(ipaddress.ip_network((found, _IPV6_NETWORK), strict=False))
