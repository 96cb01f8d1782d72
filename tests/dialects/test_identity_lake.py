"""Operations on accounts, from HTTP to the numbers that are asked of the lake."""

import json
import time
from pathlib import Path
from typing import Any

import httpx

from footfall.dialects.identity.dialect import PATH
from footfall.dialects.identity.rules import ENTITY_TYPES, REGISTRATIONS, SIGN_INS
from tests.serving import Served, serving

from .identity_samples import Json, operation

COUNTS = "SELECT event_type, count(*) AS n FROM events GROUP BY ALL ORDER BY ALL"


def send(served: Served, operations: list[Json], key: str = "") -> Json:
    """Send operations with the present time, and have all of them taken."""
    headers = {"authorization": f"Bearer {key}"} if key else {}
    with httpx.Client(trust_env=False, timeout=30) as client:
        answer = client.post(served.url + PATH, json={"operations": operations}, headers=headers)
    assert answer.status_code == 200, answer.text
    told: Json = answer.json()
    return told


def people(name: str, number: int, way: str | None = None, **over: Any) -> list[Json]:
    now = time.time_ns() // 1_000_000
    return [
        operation(name, way, id=f"{name}-{way}-{index}", user=f"{name}-{way}-{index}", time=now, **over)
        for index in range(number)
    ]


def counts(served: Served, total: int) -> dict[str, int]:
    """Stored events by type, once there are so many."""
    served.wait_for("SELECT count(*) AS n FROM events", lambda rows: rows[0]["n"] == total)
    return {row["event_type"]: row["n"] for row in served.query(COUNTS)}


def test_twenty_five_registrations_and_twenty_imports_create_forty_five_profiles(tmp_path: Path) -> None:
    with serving(tmp_path / "data", batch_seconds=0.2) as served:
        for part in (people("register", 25, "password"), people("import", 20)):
            assert send(served, part)["accepted"] == len(part)
        found = counts(served, 70)
        assert found == {"signin.traditional_register": 25, "entity_create": 45}
        assert found["entity_create"] - sum(found.get(name, 0) for name in REGISTRATIONS) == 20
        shown = served.run_json("query", COUNTS)
        assert {row["event_type"]: row["n"] for row in shown} == found


def test_a_day_of_accounts_and_what_holds_for_its_numbers(tmp_path: Path) -> None:
    day = [
        *people("register", 3, "password"),
        *people("register", 2, "provider"),
        *people("create", 4),
        *people("login", 6, "password"),
        *people("login", 5, "provider"),
        *people("sso", 4),
        *people("update", 2, changed=["email"]),
        *people("replace", 3),
        *people("deactivate", 1),
        *people("reactivate", 1),
        *people("delete", 1),
        *people("login", 7, "password", outcome="failed", reason="wrong_password"),
    ]
    for index, one in enumerate(day):
        one["id"] = f"day-{index}"
    with serving(tmp_path / "data", batch_seconds=0.2) as served:
        assert send(served, day)["accepted"] == len(day)
        assert send(served, day)["rejected"] == 0
        served.wait_for("SELECT count(*) AS n FROM ledger", lambda rows: rows[0]["n"] == 2 * 56)
        found = counts(served, 56)
        assert found == {
            "signin.traditional_register": 3,
            "signin.social_register": 2,
            "signin.traditional": 6,
            "signin.social": 5,
            "signin.sso": 4,
            "entity_create": 9,
            "entity_update": 19,
            "entity_delete": 1,
            "failed.signin.traditional": 7,
        }
        assert sum(found[name] for name in REGISTRATIONS) <= found["entity_create"]
        assert sum(found[name] for name in SIGN_INS) <= found["entity_update"]
        assert sum(found[name] for name in ENTITY_TYPES) == 29
        states = served.query(
            "SELECT json_extract_string(event, '$.edata.state') AS s FROM events WHERE s ILIKE '%active'"
        )
        assert sorted(row["s"] for row in states) == ["Active", "Inactive"]
        served.wait_for(  # it follows the events' commit
            "SELECT event_type, CAST(sum(n) AS INT) AS n FROM hourly WHERE fate = 'stored' GROUP BY ALL",
            lambda rows: {row["event_type"]: row["n"] for row in rows} == found,
        )


def test_a_resend_after_a_restart_is_stored_once_and_a_bad_operation_is_kept_without_its_values(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with serving(data, batch_seconds=0.2) as served:
        keys = served.run_json("channel", "add", "school")
        other = served.run_json("channel", "add", "shop")
    body = [*people("login", 2, "provider"), operation("update", id="bad", changed={"email": "asha@example.org"})]
    with serving(data, batch_seconds=0.2, host="0.0.0.0") as served:
        told = send(served, body, keys["secret"])
        assert [told[name] for name in ("accepted", "rejected")] == [2, 1]
        assert "asha" not in json.dumps(told)
        counts(served, 4)
    with serving(data, batch_seconds=0.2, host="0.0.0.0") as served:
        send(served, body, keys["secret"])
        send(served, body[:1], other["secret"])
        rows = served.wait_for(
            "SELECT channel, fate, event_type, path, event FROM ledger LEFT JOIN "
            "(SELECT '$.operations[2].changed' AS path) ON findings LIKE '%' || path || '%'",
            lambda rows: len(rows) == 12,
        )
        fates = [(row["channel"], row["fate"]) for row in rows]
        assert {pair: fates.count(pair) for pair in set(fates)} == {
            ("school", "stored"): 4,
            ("school", "duplicate"): 4,
            ("school", "rejected"): 2,
            ("shop", "stored"): 2,
        }
        rejected = [row for row in rows if row["fate"] == "rejected"]
        assert all(row["path"] and row["event"] is None for row in rejected)
        assert not any("asha" in json.dumps(row, default=str) for row in served.query("SELECT * FROM ledger"))
        fate = served.get(f"/v1/fate/{told['operations'][0]['mids'][0]}", key=other["secret"])
        assert fate.status_code == 200
