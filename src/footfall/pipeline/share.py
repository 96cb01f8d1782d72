"""SHARE_ITEM: one derived event for each thing that a SHARE event says was shared.

Source: Sunbird's share-events flattener. Differences: the mid is derived from the parent's, so that the same SHARE
always yields the same events; and the derived events are marked as such in the lake.
"""

import uuid
from collections.abc import Iterator
from typing import Any

import msgspec

_NAMESPACE = uuid.UUID("a4f6c4de-0d6f-5c8e-9a57-3d2f7c6a1e90")
_CONTEXT = ("channel", "env", "sid", "did", "pdata", "cdata", "rollup")
_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


def share_items(event: bytes | str) -> list[bytes]:
    """The SHARE_ITEM events of one accepted SHARE event, as JSON."""
    parent = _decode(event)
    data = parent["edata"]
    kinds = ((item, kind, size) for item in data.get("items", ()) for kind, size in _kinds(item, data.get("type")))
    return [_encode(_derive(parent, data, *kind, _mid(parent["mid"], n))) for n, kind in enumerate(kinds)]


def _mid(parent: str, number: int) -> str:
    return f"{parent}-{uuid.uuid5(_NAMESPACE, f'{parent}/{number}')}"


def _kinds(item: dict[str, Any], shared_as: str | None) -> Iterator[tuple[str | None, float]]:
    """The type and size of each event that an item stands for: one for each entry of `params`."""
    if "params" not in item:
        yield shared_as, 0
        return
    for entry in item["params"]:
        entry = entry if isinstance(entry, dict) else {}
        yield "download" if _number(entry.get("transfers")) == 0 else "import", _number(entry.get("size"))


def _number(value: Any) -> float:
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else 0


def _derive(
    parent: dict[str, Any], data: dict[str, Any], item: dict[str, Any], kind: str | None, size: float, mid: str
) -> dict[str, Any]:
    origin = parent.get("object") or {}
    above = origin.get("id") if origin.get("id") and origin.get("type") else None
    return {
        "eid": "SHARE_ITEM",
        "ets": parent["ets"],
        "ver": "3.0",
        "mid": mid,
        "actor": {name: parent["actor"].get(name) for name in ("id", "type")},
        "context": {name: parent["context"][name] for name in _CONTEXT if name in parent["context"]},
        "object": {"id": item.get("id"), "ver": item.get("ver"), "type": item.get("type"), "rollup": {"l1": above}},
        "edata": {"dir": data.get("dir"), "type": kind, "size": size},
        "tags": parent.get("tags") or [],
    }
