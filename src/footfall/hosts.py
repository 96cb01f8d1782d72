"""Under which names a server answers, and which of them mean this machine alone."""

import ipaddress
import re
from functools import lru_cache

from footfall.errors import TerminalError

_LONGEST = 300  # of what is remembered: strangers choose it
_NAME = re.compile(r"(?:\*\.)?[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?|\[?[0-9a-f:.]+\]?")


def name_of(host: str) -> str:
    """The name in a Host header: without port, in lower case; empty for one that is none."""
    text = host.strip().lower()
    if not text.isascii():
        return ""
    if text.startswith("["):
        name, bracket, rest = text[1:].partition("]")
        is_whole = bracket and (not rest or (rest[0] == ":" and rest[1:].isdecimal()))
    else:
        name, colon, port = text.partition(":")
        is_whole = not colon or port.isdecimal()
    name = name.removesuffix(".")
    return name if is_whole and not set(name) & set("@/\\[]% ") else ""


def is_local_name(name: str) -> bool:
    """Whether a name means this machine from within, so that no page of another site can have its name point here."""
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


@lru_cache(maxsize=64)
def _known(host: str) -> tuple[str, bool]:
    """The name in a Host header, and whether it means this machine; remembered, as most requests name the same."""
    name = name_of(host)
    return name, is_local_name(name)


class HostRule:
    """The names that the setting `hosts` allows, with commas between; `*.example.org` stands for all below it.

    Names of this machine are always allowed. Raises TerminalError for a setting that names no hosts.
    """

    def __init__(self, setting: str) -> None:
        names = [name.strip().lower() for name in setting.split(",") if name.strip()]
        for name in names:
            if not _NAME.fullmatch(name):
                raise TerminalError(f"setting hosts: {name!r} is not the name of a host")
        self._exact = {name.strip("[]") for name in names if not name.startswith("*")}
        self._below = tuple(name[1:] for name in names if name.startswith("*"))

    def allows(self, host: str | None, *, is_open: bool) -> bool:
        """Whether a request with this Host header is answered; None where it has none.

        While everything is open, only this machine's own names are, or another site's page could read it by a name
        that points here. Without a setting, all others are answered once there are keys and logins.
        """
        host = "localhost" if host is None else host
        name, is_local = _known(host) if len(host) <= _LONGEST else _known.__wrapped__(host)
        if is_local:
            return True
        if is_open:
            return False
        return not (self._exact or self._below) or name in self._exact or name.endswith(self._below)
