"""What is different between two versions of a list of event types."""

from collections.abc import Iterator

from footfall.plans.diff.change import Change, additive, breaking, by_name, flag, subset, wording
from footfall.plans.model import EventType, Field, Operation, Plan

_REFUSED = "Who sends it is refused now."
_UNKNOWN = "Who sends it is not understood."
_READERS = "Who reads it finds it no more."
_WIDER = {("integer", "number"), ("integer", "id"), ("string", "id")}


def compare_types(old: Plan, new: Plan) -> Iterator[Change]:
    """Changes of types and operations."""
    if old.event != new.event:
        yield breaking("$.event", f"is {new.event}, no longer {old.event}", _UNKNOWN)
    before, after = by_name(old.types, lambda one: one.type), by_name(new.types, lambda one: one.type)
    yield from subset(before, after, "$.types", _UNKNOWN)
    for name in before.keys() & after.keys():
        yield from _type(before[name], after[name], f'$.types["{name}"]')
    yield from _operations(old, new)


def _type(old: EventType, new: EventType, path: str) -> Iterator[Change]:
    yield from subset(old.aliases, new.aliases, f"{path}.aliases", _UNKNOWN)
    for key in ("open", "browser", "anonymous", "after_end"):
        yield from flag(getattr(old, key), getattr(new, key), f"{path}.{key}", _REFUSED)
    if old.sign_in != new.sign_in:
        yield breaking(f"{path}.sign_in", "counts as a sign-in" if new.sign_in else "is no sign-in", "Counts change.")
    if old.node or new.node:
        yield from subset(old.node, new.node, f"{path}.node", _REFUSED)
    if old.alternatives != new.alternatives:
        more = all(one in new.alternatives for one in old.alternatives) and bool(old.alternatives)
        says = "asks for other fields"
        at = f"{path}.alternatives"
        yield additive(at, "takes more") if more or not new.alternatives else breaking(at, says, _REFUSED)
    yield from _fields(old.fields, new.fields, f"{path}.fields")
    yield from wording(old, new, path, "when", "constant", "ref", "source", "extension")


def _fields(old: dict[str, Field], new: dict[str, Field], path: str) -> Iterator[Change]:
    for name in old:
        if name not in new:
            yield breaking(f"{path}.{name}", "is gone", _READERS)
    for name, field in new.items():
        at = f"{path}.{name}"
        if name in old:
            yield from _field(old[name], field, at)
        elif field.required:
            yield breaking(at, "is new and must be there", _REFUSED)
        else:
            yield additive(at, "is new")


def _field(old: Field, new: Field, path: str) -> Iterator[Change]:
    if old.type != new.type:
        says = f"is a {new.type}, no longer a {old.type}"
        wider = (old.type, new.type) in _WIDER
        yield additive(f"{path}.type", says) if wider else breaking(f"{path}.type", says, _REFUSED)
    if old.one_of and new.one_of:
        yield from subset(old.one_of, new.one_of, f"{path}.one_of", _REFUSED)
    elif new.one_of:
        yield breaking(f"{path}.one_of", "only some values are taken now", _REFUSED)
    elif old.one_of:
        yield additive(f"{path}.one_of", "any value is taken now")
    if old.max_length != new.max_length:
        shorter = new.max_length > 0 and (old.max_length == 0 or new.max_length < old.max_length)
        says = f"is {new.max_length or 'unlimited'}, no longer {old.max_length or 'unlimited'}"
        yield breaking(f"{path}.max_length", says, _REFUSED) if shorter else additive(f"{path}.max_length", says)
    if old.required != new.required:
        at = f"{path}.required"
        yield breaking(at, "must be there now", _REFUSED) if new.required else additive(at, "may be left out now")
    if old.personal != new.personal:
        reason = "It is stored no more." if new.personal else "What was never stored is stored now."
        yield breaking(f"{path}.personal", "is personal now" if new.personal else "is no longer personal", reason)
    yield from wording(old, new, path, "about")


def _operations(old: Plan, new: Plan) -> Iterator[Change]:
    before, after = by_name(old.operations, _name), by_name(new.operations, _name)
    yield from subset(before, after, "$.operations", _REFUSED)
    for name in before.keys() & after.keys():
        path = f'$.operations["{name}"]'
        if before[name].fires != after[name].fires:
            fires = ", ".join(after[name].fires) or "nothing"
            yield breaking(f"{path}.fires", f"fires {fires}", "Counts change.")
        if before[name].fails != after[name].fails:
            says = f"fires {after[name].fails or 'nothing'} where it failed"
            yield breaking(f"{path}.fails", says, "Counts change.")
        yield from subset(before[name].surfaces, after[name].surfaces, f"{path}.surfaces", _REFUSED)
        yield from wording(before[name], after[name], path, "when", "ref")


def _name(operation: Operation) -> str:
    return f"{operation.operation} {operation.method}".strip()
