"""The order of events, of commits and of restarts makes no difference."""

import os
import tempfile
from functools import cache
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .events import House, Json, event, signup

EXAMPLES = int(os.environ.get("FOOTFALL_TEST_EXAMPLES", "5"))
PLANS = ("signup", "google-signin", "web-portal", "mobile-app", "backend-service")


def visit(sid: str, at: float) -> list[Json]:
    """A session of the portal, with a page that nobody saw."""
    shared = {"env": "home", "kind": "theme", "flow": "dark", "sid": sid}
    return [
        event("START", at, {"type": "session", "pageid": "home", "mode": "play"}, **shared),
        event("IMPRESSION", at + 1, {"type": "view", "pageid": "home", "uri": "/"}, **shared),
        event("INTERACT", at + 2, {"type": "click", "id": "x", "pageid": "home"}, **shared),
        event("INTERACT", at + 9, {"type": "click", "id": "x", "pageid": "elsewhere"}, **shared),
        event("END", at + 60, {"type": "session", "pageid": "home", "mode": "play", "duration": 60}, **shared),
    ]


POOL = [
    *signup("f1", at=0, sid="s1"),
    *signup("f2", at=20, sid="s1", created=False),
    *signup("f1", at=50, sid="s2", did="d2")[2:],
    *signup("f3", at=500, sid="s2", did="d2"),
    signup("f4", at=90, sid="s3")[5],
    event(
        "IMPRESSION", 5, {"type": "view", "pageid": "signin", "uri": "/google/auth"}, env="otp", kind="signin", flow="g"
    ),
    event(
        "END", 9, {"type": "signin", "pageid": "sigin", "mode": "google"}, env="sigin", kind="sigin", flow="g", sid="s2"
    ),
    *visit("s1", 300),
    *visit("s1", 4_000)[1:],
    *visit("s4", 10),
]


@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
@given(
    st.permutations(range(len(POOL))),
    st.lists(st.integers(1, 9), min_size=12, max_size=12),
    st.sets(st.integers(0, 11), max_size=6),
    st.sets(st.integers(0, 11), max_size=2),
    st.sampled_from([24 << 10, 64 << 20]),
)
def test_flows_are_the_same_in_any_order(
    order: list[int], sizes: list[int], folds: set[int], compactions: set[int], most: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        house = House(Path(folder), *PLANS, most=most)
        left = [POOL[number] for number in order]
        for number, size in enumerate(sizes):
            taken, left = left[:size], left[size:]
            if taken:
                house.put(*taken)
            if number in compactions:
                house.compact()
            if number in folds:
                house.fold(steps=1)
        if left:
            house.put(*left)
        house.fold()
        assert house.flows() == at_once(), "what came bit by bit is what comes at once"


@cache
def at_once() -> list[tuple[object, ...]]:
    with tempfile.TemporaryDirectory() as folder:
        house = House(Path(folder), *PLANS)
        house.put(*POOL)
        house.fold()
        flows = house.flows()
    assert len(flows) >= 7
    return flows
