"""A V3 event from a call and its surroundings."""

import time
from os import urandom
from typing import Any

import msgspec

from footfall.tracker.calls import Call
from footfall.tracker.context import Producer, Surroundings

_encode = msgspec.json.Encoder().encode


def build(call: Call, around: Surroundings, producer: Producer) -> tuple[str, bytes]:
    """The event's mid and its JSON text; raises TypeError or ValueError for what JSON cannot hold."""
    mid = call.mid or f"{call.eid}:{urandom(16).hex()}"
    pdata = {"id": producer.id, "ver": producer.ver}
    if producer.pid:
        pdata["pid"] = producer.pid
    context: dict[str, Any] = {
        "channel": around.channel,
        "pdata": pdata,
        "env": around.env,
        "sid": around.sid,
        "did": around.did,
    }
    pairs = dict(around.cdata) | dict(call.cdata) if call.cdata else dict(around.cdata)
    if pairs:
        context["cdata"] = [{"type": kind, "id": found} for kind, found in pairs.items()]
    if around.rollup:
        context["rollup"] = around.rollup
    event: dict[str, Any] = {
        "eid": call.eid,
        "ets": time.time_ns() // 1_000_000 if call.ets is None else call.ets,
        "ver": "3.1",
        "mid": mid,
        "actor": {"id": around.actor or "anonymous", "type": around.actor_type},
        "context": context,
        "edata": call.edata,
    }
    content = call.content or around.content
    if content is not None:
        about: dict[str, Any] = {"id": content.id, "type": content.type, "ver": content.ver}
        if content.rollup:
            about["rollup"] = content.rollup
        event["object"] = about
    if around.tags:
        event["tags"] = list(around.tags)
    return mid, _encode(event)
