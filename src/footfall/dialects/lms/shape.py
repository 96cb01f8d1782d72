"""The JSON shape that the LMS documents for its events: how an event is kept, and how it is given back."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from msgspec import Raw, Struct

ENV = "lms"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NULL = Raw(b"null")


class Shape(Struct):
    """The ten keys, in their order; each holds JSON text."""

    event_type: Raw
    anon_username: Raw = _NULL
    time: Raw = _NULL
    course_slug: Raw = _NULL
    course_run: Raw = _NULL
    module_id: Raw = _NULL
    section_id: Raw = _NULL
    unit_id: Raw = _NULL
    page_url: Raw = _NULL
    event_data: Raw = _NULL


class _Data(Struct):
    data: str


class _Event(Struct):
    edata: _Data


KEYS = Shape.__struct_fields__
_event = msgspec.json.Decoder(_Event)
_shape = msgspec.json.Decoder(Shape)
_encoder = msgspec.json.Encoder()


def shaped(values: dict[str, Any], beside: dict[str, Any]) -> str:
    """The text under which an event is kept: the ten keys, null where nothing is known, and what else was said."""
    return _encoder.encode({key: values.get(key) for key in KEYS} | beside).decode()


def seed_line(event: str) -> str | None:
    """A stored event in the LMS's shape, on one line; None for an event that was not in it."""
    try:
        line = _encoder.encode(_shape.decode(_event.decode(event).edata.data))
    except (msgspec.DecodeError, RecursionError):
        return None
    # Between values, line breaks are only white space; within strings they are escaped.
    return line.replace(b"\n", b" ").replace(b"\r", b" ").decode()


def timestamp(moment: datetime) -> str:
    """Like 2014-03-03T16:19:05.584523+00:00."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def milliseconds(moment: datetime) -> int | float:
    """Epoch milliseconds, with microseconds as their fraction."""
    whole, rest = divmod((moment - _EPOCH) // timedelta(microseconds=1), 1000)
    return whole + rest / 1000 if rest else whole


def moment_of(now_ms: int) -> datetime:
    """A time from epoch milliseconds."""
    return _EPOCH + timedelta(milliseconds=now_ms)
