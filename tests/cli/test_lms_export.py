"""What an LMS sent, through collector, pipeline and lake, and back in its own words."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from tests.dialects.lms_samples import DOCUMENTED, PLAYER, ROWS, STUDENT, Json, told
from tests.serving import Served, serving

TODAY = datetime.now(UTC).date().isoformat()
TIME = "2014-03-03T16:19:05.584523+00:00"
EVENT: Json = {
    "event_type": "kinesinlms.course.content.page_view",
    "anon_username": STUDENT,
    "time": TIME,
    "course_slug": "DEMO",
    "course_run": "SP",
    "module_id": 1,
    "section_id": "2",
    "unit_id": 3,
    "page_url": "https://lms.example/content/1/2/3",
    "event_data": {"unit_display_name": 'A "unit"\n\u2028\U0001f9ec'},
}


def track(served: Served, body: Json) -> Json:
    reply = httpx.post(f"{served.url}/api/tracking/", json=body, trust_env=False)
    assert reply.status_code == 201, reply.text
    told: Json = reply.json()
    return told


def exported(served: Served) -> list[str]:
    """The lines of today's export; a string in them may hold U+2028, which is no line end here."""
    return served.run("export", "--day", TODAY, "--dialect", "lms").removesuffix("\n").split("\n")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One event of every row, both bodies of a page, the documented event twice; beside them what is not the LMS's."""
    with serving(tmp_path_factory.mktemp("lms") / "data", batch_seconds=0.2) as served:
        bodies = [told(name, payload, course=course) | {"course_unit_id": 5} for name, course, payload in ROWS]
        for body in [DOCUMENTED, PLAYER, EVENT, EVENT, *bodies]:
            track(served, body)
        log = {"type": "job", "level": "INFO", "message": "m"}
        context = {"channel": "dev", "env": "lms", "pdata": {"id": "p"}}
        shared = {"ets": 1, "ver": "3.0", "actor": {"id": "a", "type": "User"}, "context": context}
        exdata = [{"type": "xapi", "data": "{}"}, {"type": "lms", "data": "no json"}, {"type": "lms", "data": 7}]
        others = [
            {"eid": "EXDATA", "mid": f"x{number}", "edata": edata} | shared for number, edata in enumerate(exdata)
        ]
        assert served.post([*others, {"eid": "LOG", "mid": "l", "edata": log} | shared]).status_code == 200
        served.wait_for("SELECT * FROM ledger", lambda rows: len(rows) == len(bodies) + 8)
        yield served


def test_the_documented_event_comes_back_to_the_letter(served: Served) -> None:
    lines = exported(served)
    assert json.dumps(EVENT, ensure_ascii=False, separators=(",", ":")) in lines
    events = [json.loads(line) for line in lines]
    assert len(events) == len(ROWS) + 3
    assert all(list(event) == list(EVENT) for event in events)
    assert sum(event["time"] == TIME for event in events) == 1


def test_the_bodies_of_a_page_come_back_in_the_documented_shape(served: Served) -> None:
    events = [json.loads(line) for line in exported(served)]
    (documented,) = (event for event in events if event["event_type"] == "video")
    assert documented == dict.fromkeys(EVENT) | {
        "event_type": "video",
        "time": documented["time"],
        "unit_id": DOCUMENTED["node_id"],
        "event_data": DOCUMENTED["event_data"],
    }
    (player,) = (event for event in events if event["event_data"] == PLAYER["event_data"])
    assert (player["course_slug"], player["course_run"], player["unit_id"]) == ("DEMO", "SP", 12)


def test_what_was_exported_can_be_sent_again(served: Served, tmp_path: Path) -> None:
    target = tmp_path / "events.ndjson"
    served.run("export", "--day", TODAY, "--dialect", "lms", "--channel", "dev", "--output", str(target))
    lines = target.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    events = [json.loads(line) for line in lines]
    with serving(tmp_path / "data", batch_seconds=0.2) as other:
        for event in events:
            track(other, event)
        other.wait_for("SELECT * FROM events", lambda rows: len(rows) == len(events))
        assert sorted(exported(other)) == sorted(lines)


def test_the_lake_has_the_canonical_names_and_the_servers_time(served: Served) -> None:
    found = served.query("SELECT DISTINCT event_type FROM events WHERE env = 'lms' AND eid = 'EXDATA'")
    names = {row["event_type"] for row in found}
    assert names == {"video" if name == "course.video.activity" else name for name, *_ in ROWS} | {"EXDATA"}
    (row,) = served.query(f"SELECT occurred_at, received_at FROM events WHERE object_id = '{EVENT['unit_id']}'")
    assert row["occurred_at"].isoformat() == TIME.removesuffix("+00:00")
    assert row["received_at"].date().isoformat() == TODAY
    (books,) = served.query("SELECT count(*) AS n FROM ledger WHERE fate = 'duplicate'")
    assert books["n"] == 1


def test_no_personal_value_reached_the_disk(served: Served) -> None:
    (row,) = served.query("SELECT count(*) AS n FROM ledger WHERE event LIKE '%ada@%' OR event LIKE '%Lovelace%'")
    assert row["n"] == 0
    warned = served.query("SELECT event_type FROM events WHERE list_contains(warnings, 'personal_value') ORDER BY ALL")
    assert [row["event_type"] for row in warned] == [
        "core.user.email_confirmed",
        "course.assessment.submitted",
        "course.search.search_request",
        "site.trainer.trainer_form_submitted",
    ]


@pytest.mark.parametrize("arguments", [["--format", "csv"], ["--format", "parquet", "--output", "x"]])
def test_the_shape_is_written_as_ndjson_only(served: Served, arguments: list[str]) -> None:
    served.run("export", "--day", TODAY, "--dialect", "lms", *arguments, code=2)
