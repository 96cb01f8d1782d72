"""The lake's column event_type: one name for each kind of event, whatever it was called when it was sent."""

from pathlib import Path
from typing import Any

import pytest

from footfall.schema.event_types import CANONICAL, LEGACY_EIDS
from footfall.schema.record import Duplicate

from .records import CHANNEL, append, ask, drain, event, record


def audit(mid: str, kind: Any, **data: Any) -> dict[str, Any]:
    return event(mid, eid="AUDIT", edata={"type": kind, "props": ["email"]} | data)


def exdata(mid: str, kind: str) -> dict[str, Any]:
    return event(mid, eid="EXDATA", edata={"type": kind, "data": "{}"})


def types(data: Path) -> list[tuple[str, str, str]]:
    found = ask(data, "SELECT mid, eid, event_type FROM ledger ORDER BY idx")
    return [(mid, eid, event_type) for mid, eid, event_type in found]


def test_one_column_serves_all_languages(tmp_path: Path) -> None:
    sent = [
        event("m0"),
        audit("m1", "signin.social"),
        event("m2", eid="LOG", edata={"type": "signin.social", "level": "INFO", "message": "m"}),
        exdata("m3", "kinesinlms.course.video.activity"),
        audit("m4", "sign-in.traditional"),
        audit("m5", "event_create"),
        exdata("m6", "kinesinlms.course.home.page_view"),
        exdata("m7", "xapi"),
        audit("m8", "user-update"),
        event("m9", eid="EXDATA", edata={"data": "{}"}),
        event("m10", eid="AUDIT", edata={"props": []}),
    ]
    append(tmp_path, [record(sent)])
    drain(tmp_path)
    assert types(tmp_path) == [
        ("m0", "IMPRESSION", "IMPRESSION"),
        ("m1", "AUDIT", "signin.social"),
        ("m2", "LOG", "LOG"),
        ("m3", "EXDATA", "video"),
        ("m4", "AUDIT", "signin.traditional"),
        ("m5", "AUDIT", "entity_create"),
        ("m6", "EXDATA", "course.home.page_view"),
        ("m7", "EXDATA", "EXDATA"),
        ("m8", "AUDIT", "AUDIT"),
        ("m9", "EXDATA", "EXDATA"),
        ("m10", "AUDIT", "AUDIT"),
    ]
    kept = ask(tmp_path, "SELECT edata_type FROM events WHERE mid = 'm4'")
    assert kept == [("sign-in.traditional",)]


def test_every_known_name(tmp_path: Path) -> None:
    names = [(eid, name) for eid, known in CANONICAL.items() for name in known]
    append(tmp_path, [record([event(name, eid=eid, edata={"type": name}) for eid, name in names])])
    drain(tmp_path)
    assert types(tmp_path) == [(name, eid, CANONICAL[eid][name]) for eid, name in names]


def test_the_hours_count_by_type_and_fate(tmp_path: Path) -> None:
    one, other = audit("m1", "signin.sso"), event("m2")
    repeat = Duplicate(1, "m1", "AUDIT", one["ets"], CHANNEL, "signin.sso")
    older = Duplicate(2, "m1", "AUDIT", one["ets"], CHANNEL)
    append(tmp_path, [record([one, other]), record([one]), record([], repeats=[repeat, older], of=3)])
    drain(tmp_path)
    found = ask(tmp_path, "SELECT event_type, fate, CAST(sum(n) AS INT) FROM hourly GROUP BY ALL ORDER BY ALL")
    assert found == [
        ("AUDIT", "duplicate", 1),
        ("IMPRESSION", "stored", 1),
        ("signin.sso", "duplicate", 2),
        ("signin.sso", "stored", 1),
    ]


@pytest.mark.parametrize("odd", [7, None, ["signin.social"], {"type": "signin.social"}])
def test_a_type_that_is_no_text(tmp_path: Path, odd: Any) -> None:
    append(tmp_path, [record([audit("m1", odd), audit("m2", "signin.social")], lenient=True)])
    drain(tmp_path)
    assert [event_type for _, _, event_type in types(tmp_path)] == ["AUDIT", "signin.social"]


def test_names_have_one_meaning() -> None:
    for known in CANONICAL.values():
        assert {known[name] for name in known.values() if name in known} <= set(known.values())
        assert all(known[name] == name for name in set(known.values()))
    assert not set(LEGACY_EIDS) & {"LOG", "INTERACT"}
    assert {eid for eid, _ in LEGACY_EIDS.values()} == {"LOG", "INTERACT"}
