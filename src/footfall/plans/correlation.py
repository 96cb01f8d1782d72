"""Which flow an event belongs to."""

from collections.abc import Callable
from typing import Any

from msgspec import UNSET, Struct

from footfall.plans.model import Plan
from footfall.plans.values import MISSING, value_at


class Key(Struct, frozen=True):
    """What ties an event to a flow: the id of a cdata entry, or failing that the device and session (a weak key).

    All blank is a key that ties it to nothing.
    """

    id: str = ""
    did: str = ""
    sid: str = ""

    @property
    def weak(self) -> bool:
        """Whether only device and session are known."""
        return not self.id

    @property
    def loose(self) -> bool:
        """Whether nothing is known at all."""
        return not (self.id or self.did or self.sid)


def correlation(plan: Plan) -> Callable[[dict[str, Any]], Key]:
    """A function that gives the key of a decoded event that is a step of a plan."""
    correlate = plan.correlate
    types = frozenset(correlate.cdata) if correlate is not UNSET else frozenset()
    nameless = frozenset(correlate.except_) if correlate is not UNSET else frozenset()

    def key(value: dict[str, Any]) -> Key:
        context = value.get("context")
        if type(context) is not dict:
            return Key()
        did, sid = _text(context, "did"), _text(context, "sid")
        if not plan.fallback:
            did = sid = ""
        elif plan.fallback == "device":
            sid = ""
        return Key(_id(context.get("cdata"), types, nameless), did, sid)

    return key


def _id(entries: Any, types: frozenset[str], nameless: frozenset[str]) -> str:
    for entry in entries if type(entries) is list else ():
        if type(entry) is dict and (not types or entry.get("type") in types):
            name = entry.get("id")
            if type(name) is str and name and name not in nameless:
                return name
    return ""


def _text(value: dict[str, Any], key: str) -> str:
    found = value_at(value, (key,))
    return found if found is not MISSING and type(found) is str else ""
