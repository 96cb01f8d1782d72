"""Who may send, and under which channel it is stored."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from footfall.control.store import Control, NewKeys

from .running import Answer, Collector, batch, collecting, event, post, until


class House:
    """A collector with two channels."""

    def __init__(self, collector: Collector, control: Control, keys: dict[str, NewKeys]) -> None:
        self.collector = collector
        self.control = control
        self.keys = keys

    def send(self, mid: str, *, path: str = "/v1/telemetry", channel: str | None = None, **headers: str) -> Answer:
        """Send one event that names a channel, or none."""
        context = {"env": "e", "pdata": {"id": "p"}} | ({} if channel is None else {"channel": channel})
        return self.collector.ask(post(batch(event(mid, context=context)), path, **headers))

    def channel_of(self, mid: str) -> str:
        """Where an event was stored."""
        for intake in self.collector.intakes():
            mids = [found["mid"] for found in msgspec.json.decode(intake.events)]
            if mid in mids:
                return intake.channels[mids.index(mid)] if intake.channels else intake.channel
        raise KeyError(mid)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    data = tmp_path_factory.mktemp("keys") / "data"
    data.mkdir()
    with Control.open(data / "control.db") as control:
        keys = {
            "site": control.add_channel("site", origins=["https://a.org", "https://*.b.org"]),
            "hub": control.add_channel("hub", accepts=["site"]),
            "strict": control.add_channel("strict", profile="sunbird"),
            "slow": control.add_channel("slow", rate=1, burst=2),
        }
        with collecting(data) as collector:
            yield House(collector, control, keys)


def bearer(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}


def test_without_a_key(house: House) -> None:
    answer = house.send("none")
    assert (answer.status, answer.result["code"]) == (401, "key_missing")
    assert answer.headers["www-authenticate"] == "Bearer"
    assert house.send("empty", authorization="Bearer ").result["code"] == "key_missing"


@pytest.mark.parametrize("token", ["x", "ffp_000000000000_" + "0" * 48, "ffs_\xff"])
def test_unknown_key(house: House, token: str) -> None:
    answer = house.send("unknown", authorization=f"Bearer {token}")
    assert (answer.status, answer.result["code"]) == (401, "key_unknown")


def test_scheme_in_any_case(house: House) -> None:
    assert house.send("case", authorization=f"bEARER {house.keys['hub'].secret}").status == 200


def test_two_authorizations(house: House) -> None:
    text = post(batch(event("two")), **bearer(house.keys["hub"].secret))
    answer = house.collector.ask(text.replace(b"\r\n", b"\r\nauthorization: Bearer x\r\n", 1))
    assert (answer.status, answer.result["code"]) == (400, "bad_request")


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("https://a.org", 200),
        ("https://x.b.org", 200),
        ("https://b.org", 403),
        ("https://evil.org", 403),
        ("null", 403),
        ("", 403),
    ],
)
def test_public_key_has_its_origins(house: House, origin: str, status: int) -> None:
    answer = house.send(f"origin {origin}", origin=origin, **bearer(house.keys["site"].public))
    assert answer.status == status
    if origin:
        assert answer.headers["access-control-allow-origin"] == origin
    if status == 403:
        assert answer.result["code"] == "origin_forbidden"


def test_secret_key_needs_no_origin(house: House) -> None:
    assert house.send("server", **bearer(house.keys["site"].secret)).status == 200


def test_beacon_with_its_key_in_the_url(house: House) -> None:
    path = f"/v1/telemetry?key={house.keys['site'].public}"
    beacon = {"path": path, "origin": "https://a.org", "content_type": "text/plain;charset=UTF-8"}
    assert house.send("beacon", **beacon).status == 200
    answer = house.send("leak", path=f"/v1/telemetry?key={house.keys['site'].secret}")
    assert (answer.status, answer.result["code"]) == (403, "key_forbidden")


@pytest.mark.parametrize(
    ("named", "header", "stored"),
    [
        (None, "", "hub"),
        (" ", "", "hub"),
        (None, "site", "site"),
        (None, "other", "hub"),
        ("site", "", "site"),
        ("hub", "site", "hub"),
        ("other", "", "hub"),
    ],
)
def test_channel_of_an_event(house: House, named: str | None, header: str, stored: str) -> None:
    mid = f"channel {named} {header}"
    answer = house.send(mid, channel=named, x_channel_id=header, **bearer(house.keys["hub"].secret))
    assert answer.result["accepted"] == 1
    codes = [warning["code"] for warning in answer.result["warnings"]]
    assert ("channel_differs" in codes) == (named == "other")
    assert house.channel_of(mid) == stored


def test_profile_of_the_channel(house: House) -> None:
    lenient = event("lenient", eid="END", edata={"type": "t", "subtype": "s"})
    strict = house.collector.ask(post(batch(lenient), **bearer(house.keys["strict"].secret)))
    assert strict.result["rejected"] == 1
    open_ = house.collector.ask(post(batch(lenient), **bearer(house.keys["hub"].secret)))
    assert open_.result["accepted"] == 1
    assert open_.result["warnings"][0]["code"] == "unknown_field"


def test_rejected_payload_is_masked(house: House) -> None:
    house.collector.ask(post(batch(event("masked", eid="NONE")), **bearer(house.keys["hub"].secret)))
    (refused,) = next(
        intake.refused for intake in house.collector.intakes() if intake.refused and intake.refused[0].mid == "masked"
    )
    assert refused.payload is not None
    assert "<string 6>" in refused.payload
    assert "masked" not in refused.payload


def test_rate_is_held(house: House) -> None:
    headers = bearer(house.keys["slow"].secret)
    assert house.collector.ask(post(batch(*(event(f"slow {n}") for n in range(6))), **headers)).status == 200
    answer = house.send("too fast", **headers)
    assert (answer.status, answer.result["code"]) == (429, "rate_limited")
    assert int(answer.headers["retry-after"]) >= 1


def test_keys_change_while_it_runs(house: House) -> None:
    keys = house.control.add_channel("late")
    until(lambda: house.send("late", **bearer(keys.secret)).status == 200)
    house.control.rotate("late")
    until(lambda: house.send("rotated", **bearer(keys.secret)).status == 401)


def test_off_loopback_nothing_is_open(tmp_path: Path) -> None:
    with collecting(tmp_path / "data", host="0.0.0.0") as collector:
        answer = collector.ask(post(batch(event("outside"))))
        assert (answer.status, answer.result["code"]) == (401, "key_missing")
