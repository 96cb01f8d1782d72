"""Who sent a request: what a collector tells the web process, in a header that nobody else can write."""

import hmac
import ipaddress
import os
import re
import secrets
from collections.abc import Mapping
from typing import Self

from footfall.errors import TerminalError

HEADER = "x-footfall-peer"
VARIABLE = "FOOTFALL_PEER_SECRET"
FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")  # a proxy speaks for somebody
_SECRET = re.compile(r"[0-9A-Za-z_-]{32,}")
_WITH_PORT = re.compile(r"\[([0-9A-Fa-f:.]+)\](?::[0-9]+)?|([0-9.]+):[0-9]+")


def new_secret() -> str:
    """A secret for the processes of one start."""
    return secrets.token_hex(32)


class PeerHeader:
    """Makes and reads the header; without a secret none is made, and none believed."""

    def __init__(self, secret: str = "") -> None:
        self._secret = secret.encode()

    @classmethod
    def from_environment(cls) -> Self:
        """With the secret that this process was started with, which is then kept from those that it starts.

        Raises TerminalError for one that is too easy to guess.
        """
        secret = os.environ.pop(VARIABLE, "")
        if secret and not _SECRET.fullmatch(secret):
            raise TerminalError(f"{VARIABLE} must be 32 letters and digits or more, chosen at random; or leave it out")
        return cls(secret)

    def lines(self, address: str) -> list[tuple[bytes, bytes]]:
        """The header for a request from an address; empty where that is unknown."""
        if not self._secret:
            return []
        return [(HEADER.encode(), b"%b %b" % (self._secret, plain_address(address).encode()))]

    def address(self, headers: Mapping[str, str]) -> str:
        """The address that the collector saw; empty where it saw none, and where the header is not the collector's."""
        secret, _, address = headers.get(HEADER, "").partition(" ")
        is_genuine = hmac.compare_digest(secret.encode(errors="replace"), self._secret)
        return plain_address(address) if self._secret and is_genuine else ""


def plain_address(text: str) -> str:
    """An IP address in its one plain form, so that nobody has two; empty for anything else."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return ""
    return str(getattr(address, "ipv4_mapped", None) or address)


def _without_port(text: str) -> str:
    """The address in `address`, `address:port` or `[address]:port`; empty for anything else."""
    match = _WITH_PORT.fullmatch(text)
    return plain_address(match[1] or match[2] if match else text)


class TrustedProxies:
    """The proxies in front whose word on who the client is counts: addresses or networks, with commas between.

    Raises TerminalError for a setting that names none.
    """

    def __init__(self, setting: str) -> None:
        try:
            parts = [part.strip() for part in setting.split(",") if part.strip()]
            self._networks = [ipaddress.ip_network(part, strict=False) for part in parts]
        except ValueError as error:
            raise TerminalError(f"setting proxies: {error}") from error

    def client(self, peer: str, forwarded_for: str) -> str:
        """The address of the client, by that of the peer and what the proxies added to X-Forwarded-For.

        The last address in it that is no trusted proxy's: what stands before may be the client's own invention. So may
        what stands before a part that is no address, such as `unknown`: then it is the address of the one who wrote it.
        """
        address = peer
        for part in reversed(forwarded_for.split(",")):
            said = _without_port(part.strip()) if self.trusts(address) else ""
            if not said:
                break
            address = said
        return address

    def trusts(self, address: str) -> bool:
        """Whether an address is that of one of the proxies."""
        if not address:
            return False
        found = ipaddress.ip_address(address)
        return any(found in network for network in self._networks)


def is_loopback(address: str) -> bool:
    """Whether an address is that of the machine itself."""
    plain = plain_address(address)
    return bool(plain) and ipaddress.ip_address(plain).is_loopback
