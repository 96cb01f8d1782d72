"""SHARE_ITEM: one derived event for each thing that a SHARE event says was shared.

Source: Sunbird's share-events flattener. Differences: the mid is derived from the parent's, so that the same SHARE
always yields the same events; a thing may be described as documented, in `obj`; and the derived events are marked as
such in the lake.
"""

import uuid
from collections.abc import Iterator
from itertools import islice
from typing import Any

import msgspec

_NAMESPACE = uuid.UUID("a4f6c4de-0d6f-5c8e-9a57-3d2f7c6a1e90")
_CONTEXT = ("channel", "env", "sid", "did", "pdata", "cdata", "rollup")
_BYTES_PER_ITEM = 50
_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode

Thing = dict[str, Any]


def share_items(event: str) -> list[bytes]:
    """The SHARE_ITEM events of one accepted SHARE event, as JSON; what has no shape to derive from yields none.

    At most one for every 50 bytes of the event, so that a crafted one does not yield thousands of times its size.
    """
    parent = _decode(event)
    data = _thing(parent.get("edata"))
    found = islice(_kinds(data), 1 + len(event) // _BYTES_PER_ITEM)
    return [_encode(_derive(parent, data, *kind, number)) for number, kind in enumerate(found)]


def _kinds(data: Thing) -> Iterator[tuple[Thing, Any, float]]:
    """The thing, type and size of each event to derive: one for each entry of an item's `params`."""
    for item in _things(data.get("items")):
        if "params" not in item:
            yield item, data.get("type"), 0
            continue
        for entry in _list(item["params"]):
            entry = _thing(entry)
            yield item, "download" if _number(entry.get("transfers")) == 0 else "import", _number(entry.get("size"))


def _derive(parent: Thing, data: Thing, item: Thing, kind: Any, size: float, number: int) -> Thing:
    actor, context, origin = (_thing(parent.get(name)) for name in ("actor", "context", "object"))
    above = origin.get("id") if origin.get("id") and origin.get("type") else None
    shared = _thing(item.get("obj")) | item
    return {
        "eid": "SHARE_ITEM",
        "ets": parent["ets"],
        "ver": "3.0",
        "mid": _mid(parent["mid"], number),
        "actor": {name: actor.get(name) for name in ("id", "type")},
        "context": {name: context[name] for name in _CONTEXT if name in context},
        "object": {name: shared.get(name) for name in ("id", "ver", "type")} | {"rollup": {"l1": above}},
        "edata": {"dir": data.get("dir"), "type": kind, "size": size},
        "tags": parent.get("tags") or [],
    }


def _mid(parent: str, number: int) -> str:
    return f"{parent}-{uuid.uuid5(_NAMESPACE, f'{parent}/{number}')}"


def _things(value: Any) -> Iterator[Thing]:
    return (item for item in _list(value) if isinstance(item, dict))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _thing(value: Any) -> Thing:
    return value if isinstance(value, dict) else {}


def _number(value: Any) -> float:
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else 0
