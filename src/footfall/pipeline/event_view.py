"""What the lake's columns need of an event: a view that any accepted event fits.

The collector has judged the events with the shapes of `schema`; here they are only taken apart, in bulk, so one shape
that skips everything else is enough. An event in which a column's field has another type (profile v3 accepts some) is
read once more without types, and only the field in question is left out of its column.
"""

from typing import Any

import msgspec
from msgspec import Raw, Struct

from footfall.schema.json_text import number


class Actor(Struct, frozen=True, gc=False):
    """`actor`."""

    id: str | None = None
    type: str | None = None


class Producer(Struct, frozen=True, gc=False):
    """`context.pdata`."""

    id: str | None = None
    pid: str | None = None
    ver: str | None = None


class Context(Struct, frozen=True, gc=False):
    """`context`, without the channel: the door has decided on that."""

    env: str | None = None
    sid: str | None = None
    did: str | None = None
    pdata: Producer = Producer()


class Object(Struct, frozen=True, gc=False):
    """`object`."""

    id: str | None = None
    type: str | None = None
    ver: str | None = None


class Data(Struct, frozen=True, gc=False):
    """`edata`, for as far as it has columns."""

    type: str | None = None
    subtype: str | None = None
    id: str | None = None
    pageid: str | None = None
    mode: str | None = None
    duration: float | None = None


class EventView(Struct, gc=False):
    """One event."""

    eid: str
    mid: str
    ets: float
    ver: str | None = None
    actor: Actor = Actor()
    context: Context = Context()
    object: Object = Object()
    edata: Data = Data()


_sights = msgspec.json.Decoder(list[EventView])
_raws = msgspec.json.Decoder(list[Raw])
_untyped = msgspec.json.Decoder(list[Any])
_NESTED: dict[str, type[Struct]] = {"actor": Actor, "object": Object, "edata": Data}


def sights(array: bytes | memoryview) -> list[EventView]:
    """Take the events of a JSON array apart; raises msgspec.DecodeError or ValueError when they are not events."""
    try:
        return _sights.decode(array)
    except msgspec.ValidationError:
        return [_lenient(value) for value in _untyped.decode(array)]


def texts(array: memoryview) -> list[bytes]:
    """The events of a JSON array, each exactly as sent."""
    return [bytes(raw) for raw in _raws.decode(array)]


def _lenient(value: Any) -> EventView:
    if not isinstance(value, dict):
        raise msgspec.ValidationError("an event is not an object")
    parts = {name: _fit(shape, _object(value.get(name))) for name, shape in _NESTED.items()}
    return EventView(
        eid=str(value.get("eid")),
        mid=str(value.get("mid")),
        ets=number(value.get("ets")) or 0.0,
        ver=_text(value.get("ver")),
        context=_context(_object(value.get("context"))),
        **parts,
    )


def _context(values: dict[str, Any]) -> Context:
    producer: Producer = _fit(Producer, _object(values.get("pdata")))
    names = ("env", "sid", "did")
    return Context(pdata=producer, **{name: _text(values.get(name)) for name in names})


def _fit(shape: type[Any], values: dict[str, Any]) -> Any:
    return shape(
        **{
            name: number(values.get(name)) if name == "duration" else _text(values.get(name))
            for name in shape.__struct_fields__
        }
    )


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
