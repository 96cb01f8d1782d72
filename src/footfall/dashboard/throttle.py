"""How fast passwords may be tried: from one address, for one name, and from a browser that the name was used from.

There is no limit for all together, by which a stranger could lock everybody out. The one by name is for guesses that
come from many addresses; as a stranger can use it up, a browser that is known to the name has tries of its own.
"""

import math
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import blake2b
from ipaddress import IPv6Address, IPv6Network, ip_address

from msgspec import Struct

from footfall.control.validation import fold_login
from footfall.dashboard.responses import ApiError
from footfall.schema.reasons import Reason

MOST_REMEMBERED = 10_000
Clock = Callable[[], float]


class Allowance:
    """So many failed tries at once, and one more for every so many seconds that pass; counted for each key by itself.

    A key is remembered until its failures are forgiven. Past `most` keys those go first that are forgiven soonest, so
    whoever fills the memory with new ones frees nobody who has failed often, and locks nobody.
    """

    def __init__(self, tries: int, seconds: float, *, most: int = MOST_REMEMBERED, clock: Clock = time.monotonic):
        self._grace = (tries - 1) * seconds
        self._seconds = seconds
        self._most = most
        self._clock = clock
        self._forgiven_at: dict[bytes, float] = {}

    def __len__(self) -> int:
        return len(self._forgiven_at)

    def wait(self, key: bytes) -> float:
        """Seconds until the next try is allowed; 0 for now."""
        return max(0.0, self._forgiven_at.get(key, 0.0) - self._clock() - self._grace)

    def charge(self, key: bytes) -> None:
        """Count a try."""
        now = self._clock()
        if key not in self._forgiven_at and len(self._forgiven_at) >= self._most:
            self._make_room(now)
        self._forgiven_at[key] = max(now, self._forgiven_at.get(key, 0.0)) + self._seconds

    def refund(self, key: bytes) -> None:
        """Take back one try that did not fail."""
        left = self._forgiven_at.pop(key, 0.0) - self._seconds
        if left > self._clock():
            self._forgiven_at[key] = left

    def _make_room(self, now: float) -> None:
        by_age = sorted(self._forgiven_at.items(), key=lambda entry: entry[1])
        kept = by_age[max(1, self._most // 10) :]
        self._forgiven_at = {key: at for key, at in kept if at > now}


class Attempt(Struct):
    """A try at a password; it counts if it failed."""

    failed: bool = False


class Throttle:
    """What every try at a password has to pass. Names and addresses are kept as keyed hashes only."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._secret = secrets.token_bytes(32)
        self.pairs = Allowance(5, 30, clock=clock)
        self.addresses = Allowance(30, 10, clock=clock)
        self.names = Allowance(50, 300, clock=clock)
        self.browsers = Allowance(10, 30, clock=clock)

    @contextmanager
    def attempt(self, login: str, address: str, browser: str) -> Iterator[Attempt]:
        """Count a try while it is made, so that many at once count too; raises ApiError when it has to wait.

        `address` is as `network` returns it; `browser` is the token of a browser that is known to the login, or empty.
        """
        charged = self._charged(fold_login(login) or login, address, browser)
        wait = max(allowance.wait(key) for allowance, key in charged)
        if wait > 0:
            seconds = math.ceil(wait)
            message = f"Too many failed logins. Try again in {seconds} seconds."
            raise ApiError(429, Reason.RATE_LIMITED, message, {"Retry-After": str(seconds)})
        for allowance, key in charged:
            allowance.charge(key)
        attempt = Attempt()
        try:
            yield attempt
        finally:
            if not attempt.failed:
                for allowance, key in charged:
                    allowance.refund(key)

    def _charged(self, name: str, address: str, browser: str) -> list[tuple[Allowance, bytes]]:
        if browser:
            return [(self.browsers, self._key(name, browser))]
        charged = [(self.names, self._key(name))]
        if address:
            charged += [(self.addresses, self._key("", address)), (self.pairs, self._key(name, address))]
        return charged

    def _key(self, *parts: str) -> bytes:
        text = "\0".join(parts).encode("utf-8", "surrogatepass")
        return blake2b(text, key=self._secret, digest_size=16).digest()


def network(address: str) -> str:
    """What counts as one address: an IPv4 address, or an IPv6 network of 64 bits, of which one person has them all.

    Empty where it is not known, and for this machine itself: who comes through a proxy here is not one person.
    """
    try:
        found = ip_address(address)
    except ValueError:
        return ""
    if isinstance(found, IPv6Address):
        found = found.ipv4_mapped or found
    if found.is_loopback:
        return ""
    return str(IPv6Network((int(found), 64), strict=False)) if isinstance(found, IPv6Address) else str(found)
