"""What channels, logins and origins may look like."""

import math
import re
from collections.abc import Iterable
from ipaddress import AddressValueError, IPv6Address

from footfall.control.errors import (
    InvalidLoginError,
    InvalidNameError,
    InvalidOriginError,
    InvalidProfileError,
    InvalidRateError,
)

PROFILES = ("v3", "sunbird")
ANY_CHANNEL = "*"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", re.ASCII)
_TYPE = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,99}", re.ASCII)
_LOGIN = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,99}", re.ASCII)
_ORIGIN = re.compile(r"(https?)://(\*\.)?(\[[0-9a-f:.]+\]|[^\s/?#@:\[\]*]+)(?::([0-9]{1,5}))?/?", re.ASCII)
_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,62}(?:\.[a-z0-9_][a-z0-9_-]{0,62})*)", re.ASCII)
_DEFAULT_PORTS = {"http": 80, "https": 443}


def is_name(name: str) -> bool:
    """Whether a channel can be called this."""
    return _NAME.fullmatch(name) is not None


def check_name(name: str) -> str:
    """The channel name itself; raises InvalidNameError."""
    if not is_name(name):
        raise InvalidNameError(
            f"{shown(name)} cannot be a channel name: 1 to 100 characters, only A-Z a-z 0-9 . _ -, "
            "and a letter or digit at the start"
        )
    return name


def fold_login(login: str) -> str | None:
    """The login as it is stored, in lower case; None if nobody can be called this."""
    folded = login.lower()
    return folded if _LOGIN.fullmatch(folded) else None


def check_login(login: str) -> str:
    """The login as it is stored; raises InvalidLoginError."""
    folded = fold_login(login)
    if folded is None:
        raise InvalidLoginError(
            f"{shown(login)} cannot be a login: 1 to 100 characters, only letters, digits and . _ @ + -, "
            "and a letter or digit at the start"
        )
    return folded


def check_profile(profile: str) -> str:
    """The profile itself; raises InvalidProfileError."""
    if profile not in PROFILES:
        raise InvalidProfileError(f"{shown(profile)} is not a profile: choose {' or '.join(PROFILES)}")
    return profile


def check_rate(what: str, value: float) -> float:
    """The rate or burst itself; raises InvalidRateError."""
    if not (math.isfinite(value) and value >= 0):
        raise InvalidRateError(f"{what} cannot be {value}: a number of events, 0 or more")
    return float(value)


def check_accepts(names: Iterable[str]) -> tuple[str, ...]:
    """Channel names without repetition, or `*` for any; raises InvalidNameError."""
    return tuple(dict.fromkeys(name if name == ANY_CHANNEL else check_name(name) for name in names))


def check_types(names: Iterable[str]) -> tuple[str, ...]:
    """Event types without repetition, or `*` for any; raises InvalidNameError."""
    types = tuple(dict.fromkeys(names))
    for name in types:
        if name != ANY_CHANNEL and not _TYPE.fullmatch(name):
            raise InvalidNameError(f"{shown(name)} is not the name of an event type")
    return types


def normalise_origins(origins: Iterable[str]) -> tuple[str, ...]:
    """Origins as browsers send them, without repetition; raises InvalidOriginError."""
    return tuple(dict.fromkeys(normalise_origin(origin) for origin in origins))


def normalise_origin(text: str) -> str:
    """An origin as browsers send it: lower case, punycode, no default port; raises InvalidOriginError.

    Written `https://host`, `http://host:port` or, for all hosts below a domain, `https://*.example.org`.
    """
    match = _ORIGIN.fullmatch(text.strip().lower())
    if match is None:
        raise _bad_origin(text)
    scheme, star, host, port = match.group(1), match.group(2) or "", match.group(3), match.group(4)
    host = _ascii_host(text, host)
    if star and ("." not in host or host[-1].isdigit()) and host != "localhost":
        raise InvalidOriginError(f"{shown(text)} is too wide: name at least a domain, as in https://*.example.org")
    number = int(port) if port else _DEFAULT_PORTS[scheme]
    if not 0 < number < 65536:
        raise _bad_origin(text)
    return f"{scheme}://{star}{host}" + ("" if number == _DEFAULT_PORTS[scheme] else f":{number}")


def _ascii_host(text: str, host: str) -> str:
    if host.startswith("["):
        return _ipv6_host(text, host)
    try:
        host = host.encode("idna").decode("ascii") if not host.isascii() else host
    except UnicodeError:
        raise _bad_origin(text) from None
    if _HOST.fullmatch(host) is None:
        raise _bad_origin(text)
    return host


def _ipv6_host(text: str, host: str) -> str:
    try:
        return f"[{IPv6Address(host[1:-1]).compressed}]"
    except AddressValueError:
        raise _bad_origin(text) from None


def _bad_origin(text: str) -> InvalidOriginError:
    return InvalidOriginError(
        f"{shown(text)} is not an origin: write https://host, http://host:port or https://*.example.org, and no path"
    )


def shown(text: str) -> str:
    """The text as error messages quote it: escaped, and cut where it is long."""
    return repr(text if len(text) <= 120 else text[:117] + "...")
