"""The mistakes that real senders make, so that the failed events have something to show."""

from random import Random
from typing import Any

import msgspec

MISTAKEN = 0.01
RESENT = 0.01

_FREE = ("HEARTBEAT", "METRICS", "EXDATA")  # their edata takes any key, at least by the documentation
_WRONG_NAMES = ("PAGE_VIEW", "CLICK", "LEVEL_SET", "APP_UPDATE", "ACCESS")
_EXTRA_KEYS = ("timestamp", "userAgent", "contentVersion", "isError")


def spoil(text: bytes, draw: Random) -> bytes:
    """A good event with one mistake in it, for which every profile rejects it."""
    event: dict[str, Any] = msgspec.json.decode(text)
    way = draw.randrange(4)
    if way == 0:
        del event["mid"]
    elif way == 1:
        event["ets"] = str(event["ets"])
    elif way == 2 or event["eid"] in _FREE:
        event["eid"] = draw.choice((*_WRONG_NAMES, event["eid"].capitalize()))
    else:
        event["edata"][draw.choice(_EXTRA_KEYS)] = "1"
    return msgspec.json.encode(event)
