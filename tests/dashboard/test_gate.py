"""Who may look, and who may not."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from litestar.datastructures import Headers

from footfall.control.store import Control
from footfall.dashboard.auth import AccessControl
from footfall.peer import PeerHeader
from footfall.settings import Settings
from tests.dashboard.conftest import Place, make_app
from tests.dashboard.server import SECRET, serving
from tests.dashboard.traffic import row

PASSWORD = "correct horse battery"
PAGES = ("/api/meta", "/api/series", "/api/totals", "/api/feed", "/api/failed", "/api/events/1.j.1.0")


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[httpx.Client]:
    """A dashboard that others can reach, with one login."""
    with Control.open(tmp_path / "control.db") as control:
        control.add_user("ada", PASSWORD)
    with serving(make_app(tmp_path, host="0.0.0.0"), peer="203.0.113.9") as url, httpx.Client(base_url=url) as client:
        yield client


def code_of(reply: httpx.Response) -> tuple[int, str]:
    return reply.status_code, reply.json()["result"]["code"]


@pytest.mark.parametrize("path", PAGES)
def test_nothing_is_shown_without_a_login(guarded: httpx.Client, path: str) -> None:
    assert code_of(guarded.get(path)) == (401, "key_missing")
    assert code_of(guarded.get(path, headers={"Cookie": f"footfall_session={'x' * 40}"})) == (401, "key_missing")


def test_reference_is_public(guarded: httpx.Client) -> None:
    for path in ("/schemas", "/schemas/v3/start.json", "/docs", "/docs/reasons", "/openapi.json", "/login"):
        assert guarded.get(path).status_code == 200, path


def test_a_loopback_server_needs_no_login(origin: str) -> None:
    with httpx.Client(base_url=origin) as client:
        assert client.get("/api/meta").json()["open"] is True
        assert client.get("/").status_code == 200
        assert client.get("/login").headers["location"] == "/"


def test_a_proxy_or_a_remote_peer_needs_one(fortnights: Place, origin: str) -> None:
    for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via", "X-Forwarded-Host"):
        assert httpx.get(f"{origin}/api/meta", headers={name: "203.0.113.9"}).status_code == 401
    with serving(fortnights.app, peer="203.0.113.9") as url:
        assert httpx.get(f"{url}/api/meta").status_code == 401
        assert httpx.get(f"{url}/v1/fate/x").status_code == 401


def test_an_address_is_known_from_the_collector_alone(tmp_path: Path) -> None:
    access_control = AccessControl(Settings(data=tmp_path), tmp_path / "control.db", PeerHeader(SECRET))
    forged = PeerHeader("x" * 32)
    for header, address in ((PeerHeader(SECRET), "203.0.113.9"), (forged, ""), (PeerHeader(), "")):
        lines = {name.decode(): value.decode() for name, value in header.lines("203.0.113.9")}
        assert access_control.client_address(Headers(lines | {"x-forwarded-for": "198.51.100.1"})) == address
    access_control.close()


def test_a_proxy_that_adds_a_line_of_its_own_is_believed_and_not_the_client(tmp_path: Path) -> None:
    access_control = AccessControl(
        Settings(data=tmp_path, proxies="127.0.0.1"), tmp_path / "control.db", PeerHeader(SECRET)
    )
    lines = PeerHeader(SECRET).lines("127.0.0.1")
    told = [(b"x-forwarded-for", b"198.51.100.1"), (b"x-forwarded-for", b"203.0.113.9")]
    assert access_control.client_address(Headers([*lines, *told])) == "203.0.113.9"
    assert access_control.client_address(Headers([*lines, told[0]])) == "198.51.100.1"
    assert access_control.client_address(Headers(lines)) == "127.0.0.1"
    access_control.close()


@pytest.mark.parametrize("path", ["/", "/api/feed", "/v1/fate/x"])
def test_foreign_host_names_are_refused(origin: str, path: str) -> None:
    for host in ("evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "[::2]", "", "a[b"):
        assert code_of(httpx.get(origin + path, headers={"Host": host})) == (421, "host_unknown"), host


def test_foreign_pages_may_link_but_not_read(origin: str) -> None:
    foreign = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}
    assert code_of(httpx.get(f"{origin}/api/feed", headers=foreign)) == (403, "origin_forbidden")
    assert code_of(httpx.get(f"{origin}/v1/fate/x", headers=foreign)) == (403, "origin_forbidden")
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert httpx.get(f"{origin}/", headers=link).status_code == 200
    assert "access-control-allow-origin" not in httpx.get(f"{origin}/api/feed").headers


class TestFateKeys:
    """A secret key reads the fates of its own channel."""

    @pytest.fixture
    def keyed(self, fresh: Place, now: Any) -> Iterator[tuple[httpx.Client, dict[str, Any]]]:
        with Control.open(fresh.data / "control.db") as control:
            keys = {name: control.add_channel(name) for name in ("portal", "lms")}
        sent = (("m", "portal"), ("other", "lms"), ("both", "portal"), ("both", "lms"))
        fresh.add([row(now, number, mid=mid, channel=channel) for number, (mid, channel) in enumerate(sent)])
        with serving(fresh.app) as url, httpx.Client(base_url=url) as client:
            yield client, keys

    def test_own_channel_only(self, keyed: tuple[httpx.Client, dict[str, Any]]) -> None:
        client, keys = keyed
        bearer = {"Authorization": f"Bearer {keys['portal'].secret}"}
        assert client.get("/v1/fate/m", headers=bearer).json()["result"]["fates"][0]["channel"] == "portal"
        assert client.get("/v1/fate/other", headers=bearer).status_code == 404
        both = client.get("/v1/fate/both", headers=bearer).json()["result"]["fates"]
        assert [fate["channel"] for fate in both] == ["portal"]

    def test_other_keys(self, keyed: tuple[httpx.Client, dict[str, Any]]) -> None:
        client, keys = keyed
        assert code_of(client.get("/v1/fate/m")) == (401, "key_missing")
        assert client.get("/v1/fate/m").headers["www-authenticate"] == "Bearer"
        public = {"Authorization": f"Bearer {keys['portal'].public}"}
        assert code_of(client.get("/v1/fate/m", headers=public)) == (403, "key_forbidden")
        for wrong in ("Bearer ffs_abc_def", "Bearer x", "bearer é", "Basic YTpi", "Bearer"):
            reply = client.get("/v1/fate/m", headers=[(b"Authorization", wrong.encode())])
            assert reply.status_code == 401, wrong
