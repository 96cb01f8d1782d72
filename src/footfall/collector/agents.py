"""What is kept of a User-Agent header: family, version and system."""

from functools import cache, lru_cache

from ua_parser import Domain, load_lazy_builtins
from ua_parser.core import Resolver
from ua_parser.regex import Resolver as RegexResolver

from footfall.spec.intake import Agent

_LONGEST = 512


@cache
def _resolver() -> Resolver:
    browsers, systems, _ = load_lazy_builtins()
    # The patterns for devices are nine tenths of the memory, and devices are not kept.
    return RegexResolver((browsers, systems, []))


def load() -> None:
    """Read the patterns now (50 ms) and not at the first request."""
    _resolver()


@lru_cache(maxsize=2048)
def read_agent(header: bytes) -> Agent | None:
    """Read a header, of which only the first 512 bytes count; None for one that says nothing."""
    text = header[:_LONGEST].decode("latin-1")
    if not text.strip():
        return None
    found = _resolver()(text, Domain.USER_AGENT | Domain.OS)
    browser, system = found.user_agent, found.os
    version = ".".join(filter(None, (browser.major, browser.minor))) if browser else ""
    return Agent(browser.family if browser else None, version or None, system.family if system else None)
