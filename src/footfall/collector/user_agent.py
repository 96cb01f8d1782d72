"""What is kept of a User-Agent header: family, version and system."""

from collections.abc import Callable
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from footfall.schema.record import Agent

if TYPE_CHECKING:
    from ua_parser import PartialResult

_LONGEST = 512


@cache
def _reader() -> "Callable[[str], PartialResult]":
    from ua_parser import Domain, load_lazy_builtins
    from ua_parser.regex import Resolver

    browsers, systems, _ = load_lazy_builtins()
    # The patterns for devices are nine tenths of the memory, and devices are not kept.
    resolve = Resolver((browsers, systems, []))
    return lambda text: resolve(text, Domain.USER_AGENT | Domain.OS)


def load() -> None:
    """Read the patterns now (0.1 s) and not at the first request that has a User-Agent."""
    _reader()


@lru_cache(maxsize=2048)
def read_agent(header: bytes) -> Agent | None:
    """Read a header, of which only the first 512 bytes count; None for one that says nothing."""
    text = header[:_LONGEST].decode("latin-1")
    if not text.strip():
        return None
    found = _reader()(text)
    browser, system = found.user_agent, found.os
    version = ".".join(filter(None, (browser.major, browser.minor))) if browser else ""
    return Agent(browser.family if browser else None, version or None, system.family if system else None)
