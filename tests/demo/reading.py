"""Reading simulated events back."""

from typing import Any

import msgspec

from footfall.spec.judge import judge
from footfall.spec.verdict import Profile

NOON = 1_795_262_400_000  # a Saturday, 2026-11-21T12:00Z
DAY_MS = 86_400_000


def read(text: bytes) -> dict[str, Any]:
    event: dict[str, Any] = msgspec.json.decode(text)
    return event


def is_good(text: bytes) -> bool:
    return judge(text, Profile.SUNBIRD).event is not None


def when(event: dict[str, Any]) -> int:
    return int(event["ets"])
