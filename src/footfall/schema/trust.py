"""What a public key may say: it is in any visitor's browser, so anybody may be speaking.

One rule for all paths: the events of V3 by a user or an anonymous visitor, and what a page itself tells. What is done
to accounts, what a server judges, and what systems do needs a secret key, unless the channel allows it by name.
"""

from collections.abc import Collection
from typing import Any

from footfall.schema.envelope import Event
from footfall.schema.event_types import event_type
from footfall.schema.reasons import Reason
from footfall.schema.verdict import Finding

ANYTHING = "*"
_ACTORS = ("", "user", "anonymous")
_PAGE_TYPES = ("video",)


def may_be_public(event: Event, allowed: Collection[str] = ()) -> bool:
    """Whether an accepted event may come with a public key of a channel that allows these event types besides."""
    if ANYTHING in allowed:
        return True
    eid = str(event.__struct_config__.tag)
    kind = event_type(eid, edata_type(event))
    return (kind == eid or kind in _PAGE_TYPES or kind in allowed) and _is_person(event)


def not_public(event: Event, allowed: Collection[str] = ()) -> Finding | None:
    """What is wrong with an event that came with a public key; None where nothing is."""
    if may_be_public(event, allowed):
        return None
    if not _is_person(event):
        message = "An actor that is no user is told of with a secret key; a public one may be in any browser."
        return Finding.make(Reason.NEEDS_SECRET_KEY, "$.actor.type", "string", message)
    message = "What happens to accounts, or is judged by a server, is told with a secret key."
    return Finding.make(Reason.NEEDS_SECRET_KEY, "$.edata.type", "string", message)


def edata_type(event: Event) -> str | None:
    """`edata.type`, where it is text."""
    data: Any = getattr(event, "edata", None)
    kind = data.get("type") if isinstance(data, dict) else getattr(data, "type", None)
    return kind if isinstance(kind, str) else None


def _is_person(event: Event) -> bool:
    kind = getattr(getattr(event, "actor", None), "type", "")
    return not isinstance(kind, str) or kind.strip().lower() in _ACTORS
