"""Events for the command line's tests."""

import time
from typing import Any


def impression(mid: str, *, channel: str = "dev", pageid: str = "home", **extra: Any) -> dict[str, Any]:
    """A valid IMPRESSION of this moment; `extra` goes into edata, where unknown keys are faults."""
    return {
        "eid": "IMPRESSION",
        "ets": time.time_ns() // 1_000_000,
        "ver": "3.0",
        "mid": mid,
        "actor": {"id": "anonymous", "type": "User"},
        "context": {"channel": channel, "env": "home", "pdata": {"id": "test", "ver": "1.0"}},
        "edata": {"type": "view", "pageid": pageid, "uri": "/home", **extra},
    }
