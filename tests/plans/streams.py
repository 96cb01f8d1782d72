"""Streams of events written as lines: an eid, what it is about, and `key=value` for the rest.

The second word is the type of START, END and LOG, the pageid of IMPRESSION and INTERACT, and `Type/id` of AUDIT's
object. Events are a second apart; `+40m` adds to that. `>` marks the event that is to blame.
"""

from typing import Any

from msgspec import Struct

from footfall.plans.mark import Mark, mark_of
from footfall.plans.workflow import milliseconds

Json = dict[str, Any]
NOON = 1_795_262_400_000
SID = "8b1f3c1e"

_ABOUT = {
    "START": "type",
    "END": "type",
    "LOG": "type",
    "IMPRESSION": "pageid",
    "INTERACT": "pageid",
    "AUDIT": "object",
}
_IN_EDATA = ("type", "mode", "id", "pageid", "state", "prevstate")


class Stream(Struct):
    """Some events, and the mid of the one to blame."""

    events: list[Json]
    blamed: str = ""

    @property
    def marks(self) -> list[Mark]:
        """What workflows keep of the events."""
        return [mark_of(event, index) for index, event in enumerate(self.events)]


def stream(text: str) -> Stream:
    """The events that some lines say."""
    at: float = NOON
    found = Stream([])
    for number, line in enumerate(one for one in text.splitlines() if one.strip()):
        words = line.split()
        mid = f"{number}"
        if words[0] == ">":
            found.blamed = mid
            words = words[1:]
        if words[0].startswith("+"):
            at += milliseconds(words[0][1:])
            words = words[1:]
        found.events.append(_event(words, mid, at))
        at += 1_000
    return found


def _event(words: list[str], mid: str, at: float) -> Json:
    eid, *rest = words
    said = dict(word.split("=", 1) for word in rest if "=" in word)
    about = [word for word in rest if "=" not in word]
    if about:
        said[_ABOUT[eid]] = about[0]
    edata: Json = {key: said[key] for key in _IN_EDATA if key in said}
    if "duration" in said:
        edata["duration"] = float(said["duration"])
    if "plugin" in said:
        edata["plugin"] = {"id": said["plugin"], "ver": "1.0"}
    context: Json = {"channel": "school", "env": "home", "sid": said.get("sid", SID), "did": said.get("did", "d1")}
    context["pdata"] = {"id": said.get("pdata", "dev.app"), "pid": "main"}
    if "cdata" in said:
        kind, _, name = said["cdata"].partition(":")
        context["cdata"] = [{"type": kind, "id": name}]
    event = {"eid": eid, "ets": float(said.get("ets", at)), "mid": mid, "edata": edata, "context": context}
    if "object" in said:
        kind, _, name = said["object"].partition("/")
        event["object"] = {"type": kind, "id": name} if name else {"type": kind}
    return event | {"actor": {"id": "a", "type": said.get("actor", "User")}}


MOBILE = """
START app
IMPRESSION splash
START session mode=normal
IMPRESSION home
INTERACT home
LOG api_call
START player mode=play
IMPRESSION scene1
ASSESS
RESPONSE
INTERACT scene1
LEVEL_SET
END player mode=play duration=6
LOG api_call
IMPRESSION home
SHARE
INTERACT home
START player mode=play
END player mode=play
IMPRESSION home
INTERRUPT
END session mode=normal duration=19
FEEDBACK
APP_UPDATE
END app duration=24.5
"""

WEB = """
AUDIT User/u1 state=Created
AUDIT User/u1 type=signin.traditional
START session
IMPRESSION home
INTERACT home
LOG api_call
IMPRESSION search
SEARCH
INTERACT search
INTERACT home
START player
INTERACT q1
END player
AUDIT User/u1 state=Update
"""

EDITOR = """
START session pdata=portal
IMPRESSION workspace pdata=portal
INTERACT workspace pdata=portal
AUDIT Content/c1 state=Draft pdata=platform sid= cdata=session:8b1f3c1e
START editor mode=content object=Content/c1 pdata=editor
INTERACT canvas pdata=editor
SEARCH pdata=platform sid= cdata=session:8b1f3c1e
PLUGIN_LIFECYCLE type=add pdata=editor
PLUGIN_LIFECYCLE type=remove pdata=editor
INTERACT canvas id=save pdata=editor
ACCESS pdata=platform sid= cdata=session:8b1f3c1e
INTERACT canvas id=submit-for-review pdata=editor
AUDIT Content/c1 state=Review prevstate=Draft pdata=platform sid= cdata=session:8b1f3c1e
END editor mode=content pdata=editor
"""

SERVICE = """
AUDIT Service state=Ready actor=System
ACCESS cdata=request:r1 actor=System
LOG api_call cdata=request:r1 actor=System
LOG process cdata=request:r1 actor=System
LOG job actor=System
METRICS actor=System
ACCESS cdata=request:r2 actor=System
AUDIT Content/c1 state=Live prevstate=Review actor=System
AUDIT Service state=Stopped prevstate=Ready actor=System
"""

GOOD = {"mobile-app": MOBILE, "web-portal": WEB, "content-editor": EDITOR, "backend-service": SERVICE}
