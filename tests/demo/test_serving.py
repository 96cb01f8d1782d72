"""The people's history through the front door of the installed server, to the rows that its page shows."""

from collections.abc import Iterator

import pytest

from footfall.demo.client import Client, Sent
from footfall.demo.endpoints import Endpoint, Parcel
from footfall.demo.event import chance
from footfall.demo.mistakes import spoil
from footfall.demo.sender import send_history
from tests.serving import Served, serving

from .reading import NOON, lives

SHOWN_SIDE_BY_SIDE = {
    *("IMPRESSION", "INTERACT", "signin.social", "signin.traditional", "signin.sso", "signin.traditional_register"),
    *("signin.social_register", "entity_create", "entity_update", "failed.signin.social", "video"),
    *("course.content.page_view", "course.assessment.submitted"),
}
SEEN_IN_FLOWS = {
    *("signup success", "signup abandoned", "google-signin existing_user", "google-signin created"),
    *("web-portal complete", "mobile-app complete", "mobile-app abandoned", "content-editor complete"),
}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("demo"), batch_seconds=0.2, flow_seconds=0.5) as served:
        yield served


def test_events_operations_and_an_lms_side_by_side(served: Served) -> None:
    sent = send_history(served.url, None, 3, until_ms=NOON, days=2, target_events=12_000, utc_offset_s=0)
    assert sent.events == sent.accepted + sent.duplicate + sent.rejected
    assert 0.005 < sent.rejected / sent.events < 0.02
    served.wait_for(
        "SELECT DISTINCT event_type FROM events",
        lambda rows: {row["event_type"] for row in rows} >= SHOWN_SIDE_BY_SIDE,
    )
    served.wait_for(
        "SELECT DISTINCT plan || ' ' || outcome AS seen FROM flows",
        lambda rows: {row["seen"] for row in rows} >= SEEN_IN_FLOWS,
    )
    assert served.run_json("audit")["balances"]


@pytest.mark.parametrize("way", Endpoint)
def test_every_reply_is_understood(way: Endpoint, served: Served) -> None:
    good = [noted.text for visit in lives(3, 1, 2000) for noted in visit.events if noted.way is way][:5]
    bad = spoil(good[0], way, chance("spoil"))
    with Client(served.url) as door:
        assert door.send(Parcel(way, [*good, bad])) == Sent(6, 5, 0, 1)
        repeats = 0 if way is Endpoint.LMS else 5
        assert door.send(Parcel(way, [*good, bad])) == Sent(6, 5 - repeats, repeats, 1)
