"""The published SDKs with keys: a footfall that has a channel takes nothing without one."""

from collections.abc import Iterator
from typing import Any

import pytest
from msgspec import Struct

from footfall.control.store import Control, NewKeys
from tests.serving import Served, serving, until

from .browser import Site
from .calls import DOCUMENTED, PDATA, PLAIN, session
from .evidence import call, config, prove, warnings

both = pytest.mark.parametrize("sdk", ["2.0.1", "1.3.0"])


class Keyed(Struct):
    """A server with channels, and their keys by name."""

    served: Served
    keys: dict[str, NewKeys]


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory, origin: str) -> Iterator[Keyed]:
    data = tmp_path_factory.mktemp("keyed") / "data"
    data.mkdir()
    channels: dict[str, Any] = {
        "portal-2.0.1": {"origins": (origin,)},
        "portal-1.3.0": {"origins": (origin,)},
        "nameless-2.0.1": {},
        "nameless-1.3.0": {},
        "elsewhere": {"origins": ("https://elsewhere.example",)},
        "strict": {"profile": "sunbird"},
        "slow": {"rate": 20.0, "burst": 1.0},
    }
    with Control.open(data / "control.db") as control:
        keys = {name: control.add_channel(name, **options) for name, options in channels.items()}
    with serving(data, batch_seconds=0.2, collectors=1) as served:
        served.log_in()
        yield Keyed(served, keys)


@both
def test_a_public_key_on_the_page_that_it_was_made_for(keyed: Keyed, site: Site, sdk: str) -> None:
    channel = f"portal-{sdk}"
    key = keyed.keys[channel].public
    visit = site.visit(sdk)
    visit.start(config(keyed.served, channel, authtoken=key), session(PLAIN))
    requests = visit.requests(1)
    sent = requests[0].headers
    assert (sent["authorization"], sent["x-channel-id"], sent["x-app-id"]) == (f"Bearer {key}", channel, PDATA["id"])
    assert warnings(prove(keyed.served, channel, requests)) == {}
    assert visit.preflights == [("/v1/telemetry", 204)]


@both
def test_a_page_that_names_no_channel_writes_to_its_keys(keyed: Keyed, site: Site, sdk: str) -> None:
    channel = f"nameless-{sdk}"
    said = config(keyed.served, channel, authtoken=keyed.keys[channel].public)
    del said["channel"]
    visit = site.visit(sdk)
    visit.start(said, session({}))
    rows = prove(keyed.served, channel, visit.requests(1))
    # The SDK puts a name of its own where none was said.
    assert warnings(rows) == {"START": {"channel_differs"}, "END": {"channel_differs"}}


@both
@pytest.mark.parametrize(("kind", "status"), [("none", 401), ("unknown", 401), ("another site's", 403)])
def test_a_page_can_read_that_it_was_refused(keyed: Keyed, site: Site, sdk: str, kind: str, status: int) -> None:
    key = {"none": "", "unknown": "nobodys", "another site's": keyed.keys["elsewhere"].public}[kind]
    visit = site.visit(sdk)
    visit.start(config(keyed.served, "elsewhere", authtoken=key), session({}))
    assert visit.requests(1)[0].status == status
    assert keyed.served.query("SELECT * FROM ledger WHERE channel = 'elsewhere'") == []


def test_a_backend_with_the_secret_key_that_was_printed(keyed: Keyed) -> None:
    printed = keyed.served.run_json("channel", "add", "by-hand")
    until(lambda: keyed.served.post([], key=printed["secret"]).status_code == 200)
    said = config(keyed.served, "by-hand", authtoken=printed["secret"])
    assert warnings(prove(keyed.served, "by-hand", call("sdk-2.0.1", said, session(PLAIN)))) == {}


def test_a_channel_as_strict_as_sunbirds_pipeline(keyed: Keyed) -> None:
    said = config(keyed.served, "strict", authtoken=keyed.keys["strict"].secret)
    assert warnings(prove(keyed.served, "strict", call("sdk-2.0.1", said, session(PLAIN)))) == {}
    # One request only: the SDK must not be told to send again what will never be taken.
    (request,) = call("sdk-2.0.1", said, session(DOCUMENTED))
    failed = keyed.served.wait_for(
        "SELECT eid FROM failed WHERE channel = 'strict'", lambda rows: len(rows) >= request.result["rejected"]
    )
    refused = ["AUDIT", "ERROR", "EXDATA", "IMPRESSION", "INTERRUPT", "METRICS", "RESPONSE", "SHARE", "SUMMARY"]
    assert sorted(row["eid"] for row in failed) == refused


def test_a_client_over_its_rate_loses_nothing(keyed: Keyed) -> None:
    calls = [("heartbeat", {"n": n}) for n in range(40)]
    said = config(keyed.served, "slow", authtoken=keyed.keys["slow"].secret)
    requests = call("sdk-2.0.1", said, [*calls, ("syncEvents",)])
    (refused,) = (request for request in requests if request.status == 429)
    taken = [request for request in requests if request.status == 200]
    assert refused.body in {request.body for request in taken}
    prove(keyed.served, "slow", taken)
