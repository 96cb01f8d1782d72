"""The browser tracker as it is served: `browser/footfall.js` without comments and spare blanks, compressed once."""

import gzip
import re
from functools import cache
from hashlib import sha256
from pathlib import Path

from msgspec import Struct

from footfall.collector.responses import Headers, Reply

# In a wheel beside this module; in the repository where it is published from.
_PLACES = (Path(__file__).with_name("footfall.js"), Path(__file__).parents[3] / "browser" / "footfall.js")
# What stands in quotes is seen; so are the blanks around + and -, which could make other words of them.
_SEEN = r'"(?:[^"\\]|\\.)*"|`[^`]*`'
_UNSEEN = re.compile(rf"({_SEEN})|^[ \t]*(?://.*)?\n?| ?([{{}}();,:?=<>&|]+) ?", re.MULTILINE)
_HEADERS: Headers = (
    (b"content-type", b"text/javascript; charset=utf-8"),
    (b"cache-control", b"public, max-age=3600, stale-while-revalidate=86400"),
    (b"vary", b"accept-encoding"),
    (b"access-control-allow-origin", b"*"),
    (b"cross-origin-resource-policy", b"cross-origin"),
    (b"timing-allow-origin", b"*"),
    (b"x-content-type-options", b"nosniff"),
)


class BrowserTracker(Struct, frozen=True):
    """The file in both forms; `tag` changes whenever it does."""

    plain: bytes
    gzipped: bytes
    tag: bytes

    def reply(self, headers: dict[bytes, bytes]) -> Reply:
        """The file, or 304 to a browser that has it."""
        said: Headers = (*_HEADERS, (b"etag", self.tag))
        if self.tag in headers.get(b"if-none-match", b""):
            return Reply(304, said, b"")
        if b"gzip" in headers.get(b"accept-encoding", b""):
            return Reply(200, (*said, (b"content-encoding", b"gzip")), self.gzipped)
        return Reply(200, said, self.plain)


@cache
def load() -> BrowserTracker:
    """The browser tracker; raises FileNotFoundError where it was not installed."""
    path = next((path for path in _PLACES if path.exists()), _PLACES[0])
    plain = strip(path.read_text("utf-8")).encode()
    return BrowserTracker(plain, gzip.compress(plain, 9, mtime=0), b'W/"%b"' % sha256(plain).hexdigest()[:20].encode())


def strip(source: str) -> str:
    """The source without the lines that only people read, and without the blanks that nobody needs.

    It must have its comments on lines of their own, no text that goes over several lines, and none of the blanks above
    in a regular expression.
    """
    return _UNSEEN.sub(r"\1\2", source)
