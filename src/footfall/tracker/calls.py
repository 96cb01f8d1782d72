"""From the arguments of V3's seventeen methods to what goes over the wire.

The methods are documented with arguments that no event has: contentId and contentVer stand in `object`, stageid in
`pageid`, and what the closed shapes have no room for (itype, stageto, qid, eventid) becomes correlation data, so that
nothing is lost and no pipeline refuses it. Source: Sunbird Telemetry V3 event details, and the schemas behind them.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from footfall.tracker.context import Content

Json = dict[str, Any]

_encode = msgspec.json.Encoder().encode


class Call(Struct, frozen=True):
    """One call of a method, as the event will say it."""

    eid: str
    edata: Json
    content: Content | None = None
    cdata: tuple[tuple[str, str], ...] = ()
    mid: str = ""
    ets: int | None = None


def start(content: Content | None, data: Mapping[str, Any]) -> Call:
    """START; `stageid` is where it began."""
    edata = dict(data)
    _rename(edata, "stageid", "pageid")
    return Call("START", edata, content)


def end(content: Content | None, data: Mapping[str, Any]) -> Call:
    """END; `contentId` is what ended."""
    edata = dict(data)
    _rename(edata, "stageid", "pageid")
    found = _content(edata)
    return Call("END", edata, content or found)


def impression(content: Content | None, data: Mapping[str, Any]) -> Call:
    """IMPRESSION; the page's id stands in for an address that is not given."""
    edata = dict(data)
    edata.setdefault("uri", edata.get("pageid", ""))
    return Call("IMPRESSION", edata, content, _take(edata, itype="InteractionType", stageto="StageTo"))


def interact(content: Content | None, data: Mapping[str, Any]) -> Call:
    """INTERACT."""
    return Call("INTERACT", dict(data), content)


def assess(content: Content | None, data: Mapping[str, Any]) -> Call:
    """ASSESS; without a word on it, the answer did not pass, and the score follows from `pass`."""
    edata = {"pass": "No", "resvalues": [], "duration": 0} | dict(data)
    edata.setdefault("score", 1 if edata["pass"] == "Yes" else 0)  # noqa: S105 - a field's name
    return Call("ASSESS", edata, content)


def response(content: Content | None, data: Mapping[str, Any]) -> Call:
    """RESPONSE; `qid` is the question that it answers."""
    edata = dict(data)
    return Call("RESPONSE", edata, content, _take(edata, qid="Question"))


def interrupt(content: Content | None, data: Mapping[str, Any]) -> Call:
    """INTERRUPT; `eventid` is the event that was interrupted."""
    edata = dict(data)
    return Call("INTERRUPT", edata, content, _take(edata, eventid="Event"))


def feedback(content: Content | None, data: Mapping[str, Any]) -> Call:
    """FEEDBACK; `contentId` is what it is about."""
    edata = dict(data)
    found = _content(edata)
    return Call("FEEDBACK", edata, content or found)


def share(content: Content | None, data: Mapping[str, Any]) -> Call:
    """SHARE; the `obj` of an item is the item itself."""
    edata = dict(data)
    edata["items"] = [_flat(item) for item in edata.get("items", [])]
    return Call("SHARE", edata, content)


def audit(content: Content | None, data: Mapping[str, Any]) -> Call:
    """AUDIT; also with its data inside one more `edata`, as documented."""
    edata = _unwrapped(data)
    _rename(edata, "prevState", "prevstate")
    return Call("AUDIT", edata, content)


def error(content: Content | None, data: Mapping[str, Any]) -> Call:
    """ERROR."""
    return Call("ERROR", dict(data), content)


def heartbeat(content: Content | None, data: Mapping[str, Any]) -> Call:
    """HEARTBEAT."""
    return Call("HEARTBEAT", _unwrapped(data), content)


def log(content: Content | None, data: Mapping[str, Any]) -> Call:
    """LOG."""
    return Call("LOG", dict(data), content)


def search(content: Content | None, data: Mapping[str, Any]) -> Call:
    """SEARCH."""
    return Call("SEARCH", {"topn": []} | dict(data), content)


def metrics(content: Content | None, data: Mapping[str, Any]) -> Call:
    """METRICS; figures given by name become the list that the wire knows."""
    edata = _unwrapped(data)
    named = {name: edata.pop(name) for name in list(edata) if name not in ("system", "subsystem", "metrics")}
    listed = [*edata.get("metrics", ()), *({"metric": name, "value": value} for name, value in named.items())]
    return Call("METRICS", {"system": "", "subsystem": ""} | edata | {"metrics": listed}, content)


def summary(content: Content | None, data: Mapping[str, Any]) -> Call:
    """SUMMARY; the summaries by environment, event and page become further figures, as JSON text."""
    edata = _unwrapped(data)
    extra = list(edata.pop("extra", ()))
    parts = [name for name in ("envsummary", "eventssummary", "pagesummary") if name in edata]
    extra += ({"id": name, "value": _encode(edata.pop(name)).decode()} for name in parts)
    return Call("SUMMARY", edata | ({"extra": extra} if extra else {}), content)


def exdata(content: Content | None, data: Mapping[str, Any]) -> Call:
    """EXDATA; what is no string is serialised to one."""
    edata = dict(data)
    kind = edata.pop("type", None)
    inner = edata["data"] if set(edata) == {"data"} else edata
    text = inner if isinstance(inner, str) else _encode(inner).decode()
    return Call("EXDATA", ({} if kind is None else {"type": kind}) | {"data": text}, content)


Method = Callable[[Content | None, Mapping[str, Any]], Call]


def _rename(edata: Json, name: str, into: str) -> None:
    if name in edata:
        value = edata.pop(name)
        edata.setdefault(into, value)


def _content(edata: Json) -> Content | None:
    name, ver = edata.pop("contentId", None), edata.pop("contentVer", "1.0")
    return None if name is None else Content(str(name), ver=str(ver))


def _take(edata: Json, **kinds: str) -> tuple[tuple[str, str], ...]:
    return tuple((kind, str(edata.pop(name))) for name, kind in kinds.items() if edata.get(name) not in (None, ""))


def _flat(item: Mapping[str, Any]) -> Json:
    flat = dict(item)
    return dict(flat.pop("obj", {})) | flat


def _unwrapped(data: Mapping[str, Any]) -> Json:
    inner = data.get("edata")
    return dict(inner) if isinstance(inner, Mapping) and len(data) == 1 else dict(data)
