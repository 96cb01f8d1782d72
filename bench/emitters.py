"""One tracker in a process of its own: `python -m bench.emitters NAME URL NUMBER RATE FOLDER`.

Emits so many events at so many a second. After each call its number and how long it took, in ns, go to stdout; at the
end the tracker is told to send what is left.
"""

import sys
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

BURST = 20

Emit = Callable[[int], object]
Emitter = tuple[Emit, Callable[[], object]]


def mark(number: int) -> str:
    """What the receiver finds an event by."""
    return f"evt-{number}-x"


def _footfall(url: str, outbox: str | None) -> Emitter:
    from footfall.tracker import Tracker

    tracker = Tracker(url, "bench", "bench.app", outbox=outbox)
    return (
        lambda number: tracker.interact(type="click", id=mark(number), pageid="home", extra={"plan": "free"}),
        lambda: tracker.close(30),
    )


def _snowplow(url: str, _: str) -> Emitter:
    import snowplow_tracker

    snowplow: Any = snowplow_tracker

    address = urlsplit(url)
    emitter = snowplow.AsyncEmitter(address.hostname or "", "http", address.port, "post", batch_size=100)
    tracker = snowplow.Tracker("bench", emitter, app_id="bench.app", encode_base64=False)
    return (
        lambda number: tracker.track(snowplow.StructuredEvent("click", mark(number), label="home", property_="free")),
        lambda: tracker.flush(False),
    )


def _segment(url: str, _: str) -> Emitter:
    from segment.analytics.client import Client  # type: ignore[import-untyped]

    client: Any = Client("bench", host=url)
    return lambda number: client.track(
        "u-1", "click", {"id": mark(number), "page": "home", "plan": "free"}
    ), client.flush


def _posthog(url: str, _: str) -> Emitter:
    from posthog import Posthog

    client = Posthog("bench", host=url)
    return (
        lambda number: client.capture(
            "click", distinct_id="u-1", properties={"id": mark(number), "page": "home", "plan": "free"}
        ),
        client.flush,
    )


EMITTERS: dict[str, Callable[[str, str], Emitter]] = {
    "footfall": _footfall,
    "footfall, in memory": lambda url, _: _footfall(url, None),
    "snowplow-tracker": _snowplow,
    "segment-analytics-python": _segment,
    "posthog": _posthog,
}


def main() -> None:
    """Run from the command line."""
    name, url, number, rate, folder = sys.argv[1:6]
    emit, finish = EMITTERS[name](url, folder)
    begun = time.perf_counter()
    for index in range(int(number)):
        pause = begun + index / float(rate) - time.perf_counter()
        if pause > 0 and index % BURST == 0:
            time.sleep(pause)
        before = time.perf_counter_ns()
        emit(index)
        taken = time.perf_counter_ns() - before
        sys.stdout.write(f"{index} {taken}\n")
        sys.stdout.flush()
    finish()


if __name__ == "__main__":
    main()
