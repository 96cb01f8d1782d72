"""What a record becomes in the lake: columns, fates, places, remarks."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from footfall.schema.reasons import Reason
from footfall.schema.record import Agent, Duplicate, Rejected
from footfall.schema.verdict import Finding

from .records import CHANNEL, append, ask, drain, event, fates, now_ms, record

NOON = 1_795_262_400_000  # 2026-11-21T12:00:00Z


def rows(data: Path, columns: str, where: str = "true") -> list[tuple[Any, ...]]:
    return ask(data, f"SELECT {columns} FROM ledger WHERE {where} ORDER BY record, idx")


def test_an_event_fills_its_columns_and_is_kept_as_sent(tmp_path: Path) -> None:
    one = event(
        "m1", NOON - 5.5, tags=["a"], edata={"type": "view", "subtype": "s", "pageid": "p", "id": "e", "mode": "m"}
    )
    one["edata"]["duration"] = 2.5
    append(tmp_path, [record([one], received_at=NOON, agent=Agent("Firefox", "140", "Linux"))])
    drain(tmp_path)

    (row,) = ask(tmp_path, "SELECT * FROM events")
    columns = [name for name, *_ in ask(tmp_path, "DESCRIBE events")]
    found = dict(zip(columns, row, strict=True))
    assert json.loads(found.pop("event")) == one
    assert found.pop("key_hash") is not None
    assert found.pop("content_hash") is not None
    assert len(found.pop("journal")) == 16
    assert found == {
        "day": datetime(2026, 11, 21).date(),
        "fate": "stored",
        "channel": CHANNEL,
        "event_type": "IMPRESSION",
        "eid": "IMPRESSION",
        "mid": "m1",
        "ver": "3.0",
        "ets": NOON - 5.5,
        "occurred_at": datetime(2026, 11, 21, 11, 59, 59, 994500),
        "received_at": datetime(2026, 11, 21, 12),
        "clock": "ok",
        "actor_id": "u-1",
        "actor_type": "User",
        "env": "home",
        "sid": "s-1",
        "did": "d-1",
        "pdata_id": "portal.web",
        "pdata_pid": "web",
        "pdata_ver": "1.0",
        "object_id": "do_1",
        "object_type": "Content",
        "object_ver": "2",
        "edata_type": "view",
        "edata_subtype": "s",
        "edata_id": "e",
        "edata_pageid": "p",
        "edata_mode": "m",
        "edata_duration": 2.5,
        "reasons": None,
        "warnings": None,
        "findings": None,
        "agent_family": "Firefox",
        "agent_version": "140",
        "agent_system": "Linux",
        "derived_from": None,
        "record": 0,
        "idx": 0,
        "of": 1,
        "key_kind": None,
    }


def test_remarks_refusals_and_repeats_stand_at_their_place_in_the_request(tmp_path: Path) -> None:
    differs = Finding.make(Reason.CHANNEL_DIFFERS, "$.context.channel", "string")
    ahead = Finding.make(Reason.CLOCK_AHEAD, "$.ets", "number")
    missing = [Finding.make(Reason.MISSING_FIELD, "$.eid"), Finding.make(Reason.MISSING_FIELD, "$.ver")]
    append(
        tmp_path,
        [
            record(
                [event("plain"), event("remarked")],
                indexes=[1, 3],
                channels=[CHANNEL, "other"],
                warnings={3: [differs, ahead, ahead]},
                refused=[Rejected(0, missing, mid="bad", ets=5.0, payload='{"mid":"<string 3>"}')],
                repeats=[Duplicate(2, "again", "END", 7.0, CHANNEL)],
            )
        ],
    )
    drain(tmp_path)

    assert rows(tmp_path, "idx, mid, fate, channel, warnings, reasons, event IS NULL") == [
        (0, "bad", "rejected", CHANNEL, None, ["missing_field"], False),
        (1, "plain", "stored", CHANNEL, None, None, False),
        (2, "again", "duplicate", CHANNEL, None, None, True),
        (3, "remarked", "stored", "other", ["channel_differs", "clock_ahead"], None, False),
    ]
    findings = rows(tmp_path, "findings", "mid = 'remarked'")[0][0]
    assert [finding[0] for finding in json.loads(findings)] == ["channel_differs", "clock_ahead", "clock_ahead"]


def test_headers_fill_only_what_the_event_leaves_blank(tmp_path: Path) -> None:
    blank = event("blank", context={"channel": CHANNEL, "env": "home", "did": "", "pdata": {"id": "", "pid": "web"}})
    bare = event("bare", context={"channel": CHANNEL, "env": "home"})
    append(tmp_path, [record([blank, bare, event("full")], device="header-did", app="header-app")])
    append(tmp_path, [record([event("alone", context={"channel": CHANNEL, "env": "home", "did": ""})])], "1")
    drain(tmp_path)

    found = {mid: rest for mid, *rest in rows(tmp_path, "mid, did, pdata_id, pdata_pid, event LIKE '%header%'")}
    assert found["blank"] == ["header-did", "header-app", "web", False]
    assert found["bare"] == ["header-did", "header-app", None, False]
    assert found["full"] == ["d-1", "portal.web", "web", False]
    assert found["alone"] == ["", None, None, False]


CLOCKS: list[tuple[float, float | None, str, float | None]] = [
    (NOON - 1000, None, "ok", NOON - 1000),
    (NOON - 1000, NOON - 20_000, "ok", NOON - 1000),
    (NOON - 3_601_000, NOON - 3_600_000, "corrected", NOON - 1000),
    (NOON + 3_599_000, NOON + 3_600_000, "corrected", NOON - 1000),
    (NOON - 6 * 86_400_000, NOON - 1000, "ok", NOON - 6 * 86_400_000),
    (NOON + 2 * 86_400_000, None, "ahead", NOON + 2 * 86_400_000),
    (NOON + 2 * 86_400_000, NOON + 2 * 86_400_000, "ahead", NOON + 2 * 86_400_000),
    (NOON - 2 * 86_400_000, NOON - 2 * 86_400_000, "behind", NOON - 2 * 86_400_000),
    (0, None, "unreadable", None),
    (-5, None, "unreadable", None),
    (1_795_262_400, None, "unreadable", None),
    (9e15, None, "unreadable", None),
    (1.7e308, 1e14, "unreadable", None),
    (-1.7e308, None, "unreadable", None),
]


def test_clocks(tmp_path: Path) -> None:
    events = [event(f"m{n}", ets, eid=f"E{n}") for n, (ets, *_) in enumerate(CLOCKS)]
    append(
        tmp_path,
        [record([one], received_at=NOON, sent_at=sent) for one, (_, sent, *_) in zip(events, CLOCKS, strict=True)],
    )
    drain(tmp_path)
    assert rows(tmp_path, "ets, clock, epoch_ms(occurred_at)") == [(ets, mark, at) for ets, _, mark, at in CLOCKS]
    hours = dict(ask(tmp_path, "SELECT event_type, epoch_ms(hour) FROM hourly"))
    for number, (_, _, mark, at) in enumerate(CLOCKS):
        trusted = at if mark in ("ok", "corrected") and at is not None else NOON
        assert hours[f"E{number}"] == trusted // 3_600_000 * 3_600_000


def test_odd_values_go_through_as_they_are(tmp_path: Path) -> None:
    mids = [
        "nul\0byte",
        "quote'\"\\",
        "\u202eright-to-left",
        "\U0001f600",
        " " * 50,
        "x" * 100_000,
        "'; DROP TABLE x; --",
    ]
    huge = event("huge", edata={"type": "view", "pageid": "p" * (1 << 20), "uri": "u", "big": 10**200})
    append(tmp_path, [record([event(mid) for mid in mids]), record([huge])])
    drain(tmp_path)
    assert fates(tmp_path) == [(mid, "stored") for mid in [*mids, "huge"]]
    assert ask(tmp_path, "SELECT length(edata_pageid) FROM events WHERE mid = 'huge'") == [(1 << 20,)]


def test_fields_of_other_types_leave_only_their_column_empty(tmp_path: Path) -> None:
    odd = event("odd", actor={"id": 7, "type": "User"}, edata={"type": ["x"], "pageid": "p", "duration": "long"})
    odd["context"]["pdata"] = "web"
    huge = event("number", edata={"type": "t", "duration": 10**400})
    append(tmp_path, [record([odd, huge, event("good")], lenient=True)])
    drain(tmp_path)
    assert rows(tmp_path, "mid, actor_id, actor_type, edata_type, edata_pageid, edata_duration, pdata_id, did") == [
        ("odd", None, "User", None, "p", None, None, "d-1"),
        ("number", "u-1", "User", "t", None, None, "portal.web", "d-1"),
        ("good", "u-1", "User", "view", "home", None, "portal.web", "d-1"),
    ]


def test_the_day_is_that_of_reception_in_utc(tmp_path: Path) -> None:
    midnight = 1_795_305_600_000
    append(tmp_path, [record([event(str(at))], received_at=midnight + at) for at in (-1, 0, 1)])
    drain(tmp_path)
    assert [str(day) for (day,) in rows(tmp_path, "day")] == ["2026-11-21", "2026-11-22", "2026-11-22"]


def test_rejected_events_without_anything_readable(tmp_path: Path) -> None:
    finding = [Finding.make(Reason.NOT_AN_OBJECT)]
    refused = [Rejected(0, finding, payload=None), Rejected(1, finding, ets=1.7e308), Rejected(2, finding, ets=-5.0)]
    append(tmp_path, [record([], refused=refused, received_at=now_ms())])
    drain(tmp_path)
    assert rows(tmp_path, "mid, eid, ets, clock, fate, channel") == [
        (None, None, None, "unreadable", "rejected", CHANNEL),
        (None, None, 1.7e308, "unreadable", "rejected", CHANNEL),
        (None, None, -5.0, "unreadable", "rejected", CHANNEL),
    ]
    assert ask(tmp_path, "SELECT event_type, n FROM hourly") == [(None, 3)]
