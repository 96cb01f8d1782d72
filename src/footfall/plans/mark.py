"""What a workflow keeps of an event: a few short texts, so that a session can be stored and judged again."""

from collections.abc import Iterable
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, Struct, field, inspect

_LONGEST = 200
_MOST_CDATA = 10
_EARLIEST = 1e11
_LATEST = 1e14
_LARGEST = 1e300

# The paths of an event that steps of a workflow may match, and where a mark keeps what stands there.
KEPT = {
    "edata.type": "type",
    "edata.subtype": "subtype",
    "edata.mode": "mode",
    "edata.id": "id",
    "edata.pageid": "pageid",
    "edata.state": "state",
    "edata.prevstate": "prevstate",
    "edata.plugin.id": "plugin",
    "object.type": "object_type",
    "object.id": "object_id",
    "actor.type": "actor_type",
    "context.env": "env",
    "context.sid": "sid",
    "context.did": "did",
    "context.pdata.id": "pdata",
    "context.pdata.pid": "pid",
}


class Mark(Struct, frozen=True, array_like=True, gc=False):
    """An event as workflows see it; None is what the event does not have.

    `ets` is in epoch milliseconds, 0 where it is no number; `duration` in seconds; `index` tells the order of events of
    one millisecond.
    """

    eid: str
    ets: float
    mid: str = ""
    index: int = -1
    type: str | None = None
    subtype: str | None = None
    mode: str | None = None
    id: str | None = None
    pageid: str | None = None
    state: str | None = None
    prevstate: str | None = None
    duration: float | None = None
    plugin: str | None = None
    object_type: str | None = None
    object_id: str | None = None
    actor_type: str | None = None
    env: str | None = None
    sid: str | None = None
    did: str | None = None
    pdata: str | None = None
    pid: str | None = None
    cdata: tuple[tuple[str, str], ...] = ()

    @property
    def timed(self) -> bool:
        """Whether `ets` can be a time in milliseconds, between the years 1973 and 5138."""
        return _EARLIEST < self.ets < _LATEST

    def correlated(self, types: Iterable[str]) -> list[str]:
        """The ids of cdata entries of some types; their case does not matter."""
        if not self.cdata:
            return []
        wanted = [kind.lower() for kind in types]
        return [name for kind, name in self.cdata if name and kind.lower() in wanted]


def mark_of(value: dict[str, Any], index: int = -1, ets: float | None = None) -> Mark:
    """The mark of a decoded event, which need not be valid; a given `ets` stands for the event's own."""
    try:
        event = msgspec.convert(value, _Event)
    except msgspec.ValidationError:
        event = msgspec.convert(_tolerable(value), _Event)
    return _mark(event, index, ets)


def read_mark(event: str | bytes, index: int = -1, ets: float | None = None) -> Mark:
    """The mark of an event in JSON; raises msgspec.DecodeError for what is no JSON object."""
    try:
        return _mark(_EVENT.decode(event), index, ets)
    except msgspec.ValidationError:
        return mark_of(msgspec.json.decode(event, type=dict[str, Any]), index, ets)


def in_order(marks: Iterable[Mark]) -> list[Mark]:
    """Marks by time, whatever order they came in, those without one first; an event sent twice is there once."""
    once: dict[tuple[str, float, str | int], Mark] = {}
    for number, mark in enumerate(sorted(marks, key=_place)):
        once.setdefault((mark.eid, mark.ets, mark.mid or number), mark)
    return list(once.values())


def _place(mark: Mark) -> tuple[bool, float, int, str, str]:
    return mark.timed, mark.ets, mark.index, mark.mid, mark.eid


Text = Annotated[str, Meta(max_length=_LONGEST)]


class _Thing(Struct, frozen=True, gc=False):
    id: Text | None = None
    type: Text | None = None
    pid: Text | None = None


_NOTHING = _Thing()


class _Edata(Struct):
    type: Text | None = None
    subtype: Text | None = None
    mode: Text | None = None
    id: Text | None = None
    pageid: Text | None = None
    state: Text | None = None
    prevstate: Text | None = None
    duration: float | None = None
    plugin: _Thing = _NOTHING


class _Context(Struct):
    env: Text | None = None
    sid: Text | None = None
    did: Text | None = None
    pdata: _Thing = _NOTHING
    cdata: list[_Thing] = []


class _Event(Struct):
    eid: Text = ""
    ets: float = 0.0
    mid: Text = ""
    edata: _Edata = field(default_factory=_Edata)
    object: _Thing = _NOTHING
    actor: _Thing = _NOTHING
    context: _Context = field(default_factory=_Context)


_EVENT = msgspec.json.Decoder(_Event)


def _mark(event: _Event, index: int, ets: float | None) -> Mark:
    edata, context = event.edata, event.context
    return Mark(
        event.eid,
        event.ets if ets is None else ets,
        event.mid,
        index,
        edata.type,
        edata.subtype,
        edata.mode,
        edata.id,
        edata.pageid,
        edata.state,
        edata.prevstate,
        edata.duration,
        edata.plugin.id,
        event.object.type,
        event.object.id,
        event.actor.type,
        context.env,
        context.sid,
        context.did,
        context.pdata.id,
        context.pdata.pid,
        tuple((one.type or "", one.id or "") for one in context.cdata[:_MOST_CDATA]) if context.cdata else (),
    )


def _tolerable(value: dict[str, Any]) -> Any:
    """What of an event can be understood: values of the wrong type are left out, and long texts cut."""
    return _sieved(value, inspect.type_info(_Event))


def _sieved(value: Any, wanted: inspect.Type) -> Any:
    """A value as it is wanted; UNSET where it cannot be had."""
    match wanted:
        case inspect.StructType():
            inner = value if type(value) is dict else {}
            found = ((f.name, _sieved(inner[f.name], f.type)) for f in wanted.fields if f.name in inner)
            return {name: one for name, one in found if one is not UNSET}
        case inspect.ListType():
            return [_sieved(one, wanted.item_type) for one in value[:_MOST_CDATA]] if type(value) is list else UNSET
        case inspect.FloatType():
            number = not isinstance(value, bool) and isinstance(value, int | float) and abs(value) < _LARGEST
            return float(value) if number else UNSET
        case inspect.UnionType():
            return _sieved(value, wanted.types[0])
        case _:
            return value[:_LONGEST] if isinstance(value, str) else UNSET
