"""Functions for V3's own events, and the shapes of the objects that stand in them."""

from collections.abc import Iterable, Iterator

from footfall.codegen.fields import RECORD_NAMES, Loom, Shapes, Wish
from footfall.codegen.shape import Function, Kind, Parameter, Record
from footfall.schema.schemas import EIDS

# What an event says besides edata; a tracker knows most of it, so that nothing in it must be given.
_ABOUT_EVENT = ("actor", "context", "object", "tags", "ets", "mid", "ver")
_PARTIAL = ("Actor", "Context", "Producer", "Thing", "Rollup")


def event_functions() -> tuple[Function, ...]:
    """A function for each of V3's events."""
    return tuple(map(_function, EIDS))


def options_record() -> Record:
    """What an event may say besides its edata."""
    shapes = Shapes(EIDS[0])
    fields = [_field(shapes, name, shapes.schema["properties"][name], False) for name in _ABOUT_EVENT]
    about = "What an event says besides its edata; whatever is left out here is for the tracker to say."
    return Record("Options", about, tuple(fields))


def records(kinds: Iterable[Kind]) -> tuple[Record, ...]:
    """The shapes that some kinds need and what those need, each after the ones that it needs."""
    found: dict[str, Record] = {}
    for kind in kinds:
        _collect(kind, _all_shapes(), found)
    return tuple(found.values())


def _function(eid: str) -> Function:
    loom = Loom(Shapes(eid), eid)
    body = loom.edata(Wish())
    about = (loom.shapes.schema["description"], f"Sends {eid} of Telemetry V3.")
    return Function(name=(eid,), about=about, eid=eid, parameters=tuple(loom.parameters.values()), body=body)


def _all_shapes() -> dict[str, Shapes]:
    """By the name of a record, the schema that has it."""
    found: dict[str, Shapes] = {}
    for eid in EIDS:
        shapes = Shapes(eid)
        for name in shapes.defs:
            found.setdefault(RECORD_NAMES.get(name, name), shapes)
    return found


def _collect(kind: Kind, all_shapes: dict[str, Shapes], found: dict[str, Record]) -> None:
    if kind.item is not None:
        _collect(kind.item, all_shapes, found)
    if not kind.record or kind.record in found:
        return
    record = _record(kind.record, all_shapes[kind.record])
    for field in record.fields:
        _collect(field.kind, all_shapes, found)
    found[kind.record] = record


def _record(name: str, shapes: Shapes) -> Record:
    schema = next(schema for title, schema in shapes.defs.items() if RECORD_NAMES.get(title, title) == name)
    needed = () if name in _PARTIAL else schema["required"]
    fields = [_field(shapes, key, node, key in needed) for key, node in schema["properties"].items()]
    return Record(name, schema["description"], tuple(fields))


def _field(shapes: Shapes, name: str, node: dict[str, object], required: bool) -> Parameter:
    words = node.get("description") or shapes.resolve(node).get("description", "")
    return Parameter((name,), shapes.kind(node), required, str(words))


def kinds_of(functions: Iterable[Function]) -> Iterator[Kind]:
    """The kinds of all parameters."""
    for function in functions:
        for parameter in function.parameters:
            yield parameter.kind
