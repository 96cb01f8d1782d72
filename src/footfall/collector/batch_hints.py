"""The quick way into an ordinary batch: find its array of events without reading it.

What is found is not known to be JSON yet. If its events turn out to be all good, nothing was read twice; if anything is
unusual, `footfall.schema.batch.open_body` looks again with care.
"""

import re

from msgspec import Struct

from footfall.schema.batch import Batch, open_plain

_EVENTS = b'"events"'
_SPACE = b" \t\r\n"
_LONGEST_ENVELOPE = 2000
_MSGID = re.compile(rb'"msgid"\s*:\s*("[ !#-\[\]-~]{0,200}")')


class BatchHints(Struct, frozen=True):
    """A batch whose `array` was not read yet; `msgid` is the sender's, as JSON text."""

    array: memoryview
    sent_at: float | None
    msgid: bytes


def read_hints(body: bytes) -> BatchHints | None:
    """Cut the array out of an envelope and read the rest; None for anything but a plain envelope around one array.

    The envelope is read with an empty array in the place of the events. It is told from every other reading of the body
    because `events` stands in it once, unescaped, and has that empty array as its value.
    """
    start = body.find(_EVENTS, 0, _LONGEST_ENVELOPE)
    end = body.rfind(b"]") + 1
    opening = body.find(b"[", start + len(_EVENTS), start + len(_EVENTS) + 10)
    if start < 0 or opening < 0 or body[start + len(_EVENTS) : opening].strip(_SPACE) != b":":
        return None
    before, after = body[:opening], body[end:]
    if len(after) > _LONGEST_ENVELOPE or b"\\" in before or b"\\" in after or _EVENTS in after:
        return None
    rest = b"%b[]%b" % (before, after)
    opened = open_plain(rest)
    if opened is None or opened.array != b"[]":
        return None
    return BatchHints(memoryview(body)[opening:end], opened.sent_at, _msgid(rest))


def read_msgid(batch: Batch, body: bytes) -> bytes:
    """The sender's msgid, as JSON text, from a body that took the careful way."""
    if batch.array is None or len(batch.array) >= len(body):
        return b"null"
    around = body[: min(body.find(_EVENTS), _LONGEST_ENVELOPE)] + body[body.rfind(b"]") + 1 :][:_LONGEST_ENVELOPE]
    return b"null" if b"\\" in around else _msgid(around)


def _msgid(envelope: bytes) -> bytes:
    found = _MSGID.search(envelope)
    return found[1] if found else b"null"
