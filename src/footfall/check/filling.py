"""Completing examples with what every sender adds: time, ids, version, session, device and actor."""

import re
from typing import Any

from footfall.schema.json_text import number

_FIRST_MS = 1_767_225_600_000  # 2026-01-01
_STEP_MS = 1000
_BLANK = re.compile(r"<[^<>]*>")


def is_blank(value: object) -> bool:
    """Whether a value is only a placeholder, such as `<uuid>`."""
    return isinstance(value, str) and _BLANK.fullmatch(value) is not None


class Filling:
    """Completes events one after the other; each happens a second after the one before."""

    def __init__(self) -> None:
        self._clock = _FIRST_MS - _STEP_MS

    def fill(self, event: dict[str, Any], ordinal: int) -> None:
        """Add to an event what is missing of ets, mid, ver, actor, sid and did."""
        ets = number(event.get("ets"))
        self._clock = self._clock + _STEP_MS if ets is None else int(ets)
        _complete(event, "ets", self._clock, blank=True)
        _complete(event, "mid", f"{event.get('eid')}:{ordinal}")
        _complete(event, "ver", "3.0", blank=True)
        _complete(event, "actor", {"id": "anonymous", "type": "User"}, blank=True)
        context = event.get("context")
        if isinstance(context, dict):
            _complete(context, "sid", "filled")
            _complete(context, "did", "filled")


def _complete(event: dict[str, Any], key: str, value: object, *, blank: bool = False) -> None:
    if key not in event or (blank and is_blank(event[key])):
        event[key] = value
