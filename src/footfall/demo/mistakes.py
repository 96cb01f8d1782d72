"""The mistakes that real senders make, so that the failed events have something to show."""

from random import Random
from typing import Any

import msgspec

from footfall.demo.endpoints import Endpoint

MISTAKEN = 0.01
RESENT = 0.01

_FREE = ("HEARTBEAT", "METRICS", "EXDATA")  # their edata takes any key, at least by the documentation
_WRONG_NAMES = ("PAGE_VIEW", "CLICK", "LEVEL_SET", "APP_UPDATE", "ACCESS")
_EXTRA_KEYS = ("timestamp", "userAgent", "contentVersion", "isError")


def spoil(text: bytes, way: Endpoint, draw: Random) -> bytes:
    """Something good with one mistake in it, for which every profile rejects it."""
    value: dict[str, Any] = msgspec.json.decode(text)
    _WAYS[way](value, draw)
    return msgspec.json.encode(value)


def _spoil_event(event: dict[str, Any], draw: Random) -> None:
    way = draw.randrange(4)
    if way == 0:
        del event["mid"]
    elif way == 1:
        event["ets"] = str(event["ets"])
    elif way == 2 or event["eid"] in _FREE:
        event["eid"] = draw.choice((*_WRONG_NAMES, event["eid"].capitalize()))
    else:
        event["edata"][draw.choice(_EXTRA_KEYS)] = "1"


def _spoil_operation(operation: dict[str, Any], draw: Random) -> None:
    match draw.randrange(3):
        case 0:
            del operation["time"]
        case 1:
            operation["operation"] = "change_password"
        case _:
            operation["changed"] = {"displayName": "Ada"}  # a value, where only names belong


def _spoil_tracking(body: dict[str, Any], draw: Random) -> None:
    name = "event_type" if "event_type" in body else "tracking_event_type"
    match draw.randrange(3):
        case 0:
            del body[name]
        case 1:
            body[name] = "kinesinlms.course.video.play"  # what happened to a video is no event type
        case _:
            body["event_data"] = {"video_type": "youtube"}


_WAYS = {Endpoint.TELEMETRY: _spoil_event, Endpoint.IDENTITY: _spoil_operation, Endpoint.LMS: _spoil_tracking}
