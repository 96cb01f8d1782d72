"""The people's history through the front door of the installed server, to the rows that its page shows."""

from pathlib import Path

import pytest

from footfall.demo.door import Door, Sent
from footfall.demo.event import chance
from footfall.demo.mistakes import spoil
from footfall.demo.sender import send_history
from footfall.demo.way import Parcel, Way
from tests.serving import serving

from .reading import NOON, lives

SHOWN_SIDE_BY_SIDE = {
    *("IMPRESSION", "INTERACT", "signin.social", "signin.traditional", "signin.sso", "signin.traditional_register"),
    *("signin.social_register", "entity_create", "entity_update", "failed.signin.social", "video"),
    *("course.content.page_view", "course.assessment.submitted"),
}


def test_events_operations_and_an_lms_side_by_side(tmp_path: Path) -> None:
    with serving(tmp_path, batch_seconds=0.2, flow_seconds=0.5) as served:
        sent = send_history(served.url, None, 3, until_ms=NOON, days=2, target_events=12_000, utc_offset_s=0)
        assert sent.events == sent.accepted + sent.duplicate + sent.rejected
        assert 0.005 < sent.rejected / sent.events < 0.02
        rows = served.wait_for(
            "SELECT event_type, count(*) AS n FROM events GROUP BY ALL",
            lambda rows: sum(row["n"] for row in rows) >= sent.accepted,
        )
        assert {row["event_type"] for row in rows} >= SHOWN_SIDE_BY_SIDE
        seen = served.wait_for(
            "SELECT DISTINCT plan || ' ' || outcome AS seen FROM flows",
            lambda rows: {"signup success", "google-signin existing_user"} <= {row["seen"] for row in rows},
        )
        assert {row["seen"].split()[0] for row in seen} >= {"web-portal", "mobile-app", "content-editor"}
        assert served.run_json("audit")["balances"]


@pytest.mark.parametrize("way", Way)
def test_every_reply_is_understood(way: Way, tmp_path: Path) -> None:
    good = [noted.text for visit in lives(3, 1, 2000) for noted in visit.events if noted.way is way][:5]
    bad = spoil(good[0], way, chance("spoil"))
    with serving(tmp_path, flow_plans="none") as served, Door(served.url) as door:
        assert door.send(Parcel(way, [*good, bad])) == Sent(6, 5, 0, 1)
        repeats = 0 if way is Way.LMS else 5
        assert door.send(Parcel(way, [*good, bad])) == Sent(6, 5 - repeats, repeats, 1)
