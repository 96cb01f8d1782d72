"""What an outsider tries on a real server, straight and through nginx: nothing of it may get anywhere."""

import json
import re
from collections.abc import Callable, Iterator

import httpx
import pytest
from msgspec import Struct

from tests.collector.running import Answer, Talk, get, post
from tests.proxies.conftest import LOGIN, PASSWORD, SECRET_WORD, Find, Place, event
from tests.proxies.running import Proxy

EVIL = "https://evil.example"
PAGES = ["/login", "/docs", "/docs/reasons"]
REFERENCE = ["/schemas", "/schemas/v3/start.json", "/openapi.json"]
API = [
    f"/api/{name}" for name in ("meta", "series", "totals", "feed", "failed", "flows", "catalogue", "events/1.0.1.1")
]
EVENTS = ["/v1/telemetry", "/data/v3/telemetry", "/v1/identity/operations", "/api/tracking", "/v1/keycloak/events"]
OTHERS = [
    "/",
    "/logout",
    "/v1/fate/hidden",
    "/footfall.js",
    "/nothing",
    "/assets/x/y",
    "/favicon.ico",
    "/.env",
    "/.git/config",
]
EVERYTHING = [*PAGES, *REFERENCE, *API, *EVENTS, *OTHERS]
METHODS = ["GET", "HEAD", "POST", "OPTIONS", "PROPFIND"]
FORM = {"login": LOGIN, "password": PASSWORD}
SAME_SITE = {"Sec-Fetch-Site": "same-origin"}
INJECTED = "INJ3CT3D"
_NEWS = re.compile(r'"(ts|resmsgid)":"[^"]*"')


class Way(Struct):
    """How the server is reached."""

    place: Place
    client: httpx.Client
    talk: Callable[[], Talk]

    def ask(self, data: bytes) -> Answer:
        """One request on a connection of its own, byte for byte."""
        with self.talk() as talk:
            return talk.ask(data)


@pytest.fixture(scope="session", params=["straight", "nginx"])
def way(request: pytest.FixtureRequest, find: Find, documented: Place) -> Iterator[Way]:
    served = documented.served
    if request.param == "straight":
        port = int(served.url.rpartition(":")[2])
        with httpx.Client(base_url=served.url, trust_env=False) as client:
            yield Way(documented, client, lambda: Talk(port))
    else:
        proxy: Proxy = find(request.param)
        with proxy.client() as client:
            yield Way(documented, client, proxy.talk)


@pytest.fixture(autouse=True)
def _stranger(way: Way) -> None:
    """Nobody is logged in by what an earlier test did."""
    way.client.cookies.clear()


@pytest.fixture
def ada(way: Way) -> dict[str, str]:
    """The headers of somebody who has logged in."""
    return {"Cookie": f"footfall_session={way.place.token}"}


def lines(answer: httpx.Response) -> str:
    return "\n".join(f"{name}: {value}" for name, value in answer.headers.multi_items())


def test_every_answer_says_what_browsers_may_do_with_it(way: Way, ada: dict[str, str]) -> None:
    for method in METHODS:
        for path in EVERYTHING:
            for known in ({}, ada) if method == "GET" else ({},):
                answer = way.client.request(method, path, headers=known)
                headers, kind = answer.headers, answer.headers.get("content-type", "")
                where = f"{method} {path} {answer.status_code}\n{lines(answer)}"
                assert answer.status_code < 500, where
                assert answer.status_code == 204 or headers.get("x-content-type-options") == "nosniff", where
                assert "x-powered-by" not in headers, where
                assert not kind or kind.partition(";")[0] in ("application/json", "text/html", "text/javascript"), where
                if kind.startswith("text/html"):
                    policy = headers["content-security-policy"]
                    assert "frame-ancestors 'none'" in policy, where
                    assert "base-uri 'none'" in policy, where
                    assert "unsafe" not in policy, where
                if path in REFERENCE or path == "/footfall.js":
                    assert answer.status_code != 200 or headers["cache-control"].startswith("public"), where
                elif answer.status_code != 204:
                    assert headers["cache-control"] == "no-store", where


def test_what_is_somebodys_own_is_kept_by_nobody(way: Way, ada: dict[str, str]) -> None:
    key = {"Authorization": f"Bearer {way.place.keys['school'].secret}"}
    for path in (*API[:-1], "/"):
        answer = way.client.get(path, headers=ada)
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store"), path
    assert way.client.get("/v1/fate/hidden", headers=key).headers["cache-control"] == "no-store"
    answer = way.client.post("/login", data=FORM, headers=SAME_SITE)
    assert (answer.status_code, answer.headers["cache-control"]) == (303, "no-store")


def test_no_other_site_reads_anything_but_what_was_sent(way: Way, ada: dict[str, str]) -> None:
    asked = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization"}
    for origin in (EVIL, "null"):
        for path in EVERYTHING:
            for method in ("GET", "POST", "OPTIONS"):
                answer = way.client.request(method, path, headers={"Origin": origin} | ada | asked)
                shared = [name for name in answer.headers if name.startswith("access-control-")]
                if path in EVENTS:
                    assert SECRET_WORD not in answer.text
                elif path != "/footfall.js":
                    assert shared == [], (method, path)
                else:
                    assert "access-control-allow-credentials" not in answer.headers


def test_a_login_sends_no_events(way: Way, ada: dict[str, str]) -> None:
    """What browsers add by themselves, such as cookies, is no key: another site's form or script sends nothing."""
    for path in EVENTS:
        for kind in ("text/plain", "application/x-www-form-urlencoded", "application/json"):
            headers = ada | {"Content-Type": kind, "Origin": EVIL, "Sec-Fetch-Site": "cross-site"}
            answer = way.client.post(path, content=b'{"events":[]}', headers=headers)
            assert answer.status_code in (401, 403), (path, kind)


@pytest.mark.parametrize("origin", [EVIL, "null", "http://telemetry.example.org.evil.example", "file://", "https://"])
def test_no_other_site_logs_anybody_in_or_out(way: Way, ada: dict[str, str], origin: str) -> None:
    for headers in (
        {"Origin": origin},
        {"Origin": origin, "Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ):
        for path in ("/login", "/logout"):
            answer = way.client.post(path, data=FORM, headers=ada | headers)
            assert (answer.status_code, "set-cookie" in answer.headers) == (403, False), (path, headers)
    for method in ("GET", "HEAD", "PUT", "DELETE"):
        assert (
            way.client.request(method, "/logout", headers=ada | {"X-HTTP-Method-Override": "POST"}).status_code == 405
        )
    assert way.client.get(f"/login?login={LOGIN}&password={PASSWORD}").status_code == 200  # the form, and no session
    assert way.client.get("/api/meta", headers=ada).json()["login"] == LOGIN


def test_nothing_leads_elsewhere(way: Way, ada: dict[str, str]) -> None:
    targets = [EVIL, "//evil.example", "/\\evil.example", "/%2fevil.example", "/%5cevil.example", "/.//evil.example"]
    targets += [
        "javascript:alert(1)",
        "/%09/evil.example",
        "%2f%2fevil.example",
        "/x/..//evil.example",
        "https:evil.example",
    ]
    for target in targets:
        for asked in (f"/login?next={target}", f"/login?next=/&next={target}", f"/?next={target}"):
            answer = way.ask(get(asked, cookie=ada["Cookie"]))
            location = answer.headers.get("location", "/")
            assert location == "/" or location.startswith("/login?next=%2F"), asked
    for path in (
        "//evil.example",
        "//evil.example/%2e%2e",
        "/\\evil.example",
        "/;@evil.example",
        "/login/..//evil.example",
    ):
        answer = way.ask(get(path))
        location = answer.headers.get("location", "/login")
        assert location.startswith("/login"), (path, answer)


def test_no_path_or_method_gets_around_the_login(way: Way) -> None:
    roundabout = [
        "/api/feed;x",
        "/api/feed%00",
        "/api/feed%20",
        "/api/%2e/feed",
        "/api/..;/api/feed",
        "/docs/../api/feed",
    ]
    roundabout += [
        "/docs/%2e%2e/api/feed",
        "/docs%2f..%2fapi%2ffeed",
        "/API/FEED",
        "/api/feed.json",
        "/api/feed/",
        "//api//feed",
    ]
    roundabout += [
        "/assets/../api/feed",
        "/schemas/..%2fapi%2ffeed",
        "/footfall.js/../api/feed",
        "/login/../api/feed",
        "/api\\feed",
    ]
    for path in roundabout:
        for method in ("GET", "POST", "HEAD", "PROPFIND"):
            with way.talk() as talk:
                talk.send(
                    get(path, method, x_original_url="/docs", x_rewrite_url="/docs", x_http_method_override="GET")
                )
                answer = talk.answer(to_head=method == "HEAD")
            assert answer.status in (303, 400, 401, 404, 405), (method, path, answer)
            assert b"hidden" not in answer.body
    for method in ("TRACE", "TRACK", "CONNECT", "DEBUG"):
        answer = way.ask(get("/login", method, x_secret=INJECTED))
        assert 400 <= answer.status < 502, (method, answer)
        assert INJECTED.encode() not in answer.body


def test_a_session_is_made_by_a_password_alone(way: Way) -> None:
    planted = {"Cookie": "footfall_session=planted; footfall_browser=planted"}
    answer = way.client.post("/login", data=FORM, headers=SAME_SITE | planted)
    token = answer.cookies["footfall_session"]
    assert token != "planted"
    for cookie in answer.headers.get_list("set-cookie"):
        way.client.cookies.clear()
        assert {"httponly", "samesite=strict"} <= set(cookie.lower().split("; "))
        assert "domain=" not in cookie.lower()
    for given in ("planted", token[:-1], token.upper(), f"{token}x", "", "null", f"{token}; footfall_session=planted"):
        answer = way.client.get("/api/meta", headers={"Cookie": f"footfall_session={given}"})
        assert answer.status_code == 401, given


def test_a_failed_login_tells_nothing_of_who_there_is(way: Way) -> None:
    said = set()
    for login in (LOGIN, "nobody"):
        form = {"login": login, "password": "guess" + login}
        answer = way.client.post("/login", data=form, headers=SAME_SITE)
        said.add((answer.status_code, answer.text.replace(f'value="{login}"', "")))
        assert "set-cookie" not in answer.headers
    assert len(said) == 1


def test_a_key_is_for_its_channel_alone(way: Way) -> None:
    mine, other = way.place.keys["school"], way.place.keys["other"]

    def fate(mid: str, key: str) -> tuple[int, str]:
        answer = way.client.get(f"/v1/fate/{mid}", headers={"Authorization": f"Bearer {key}"})
        return answer.status_code, _NEWS.sub("", answer.text)

    assert fate("hidden", mine.secret)[0] == 200
    assert fate("hidden", other.secret) == fate("nothing", other.secret)
    assert fate("hidden", other.secret)[0] == 404
    assert {fate("hidden", key.public)[0] for key in (mine, other)} == {403}
    swapped = mine.secret.rpartition("_")[0] + "_" + other.secret.rpartition("_")[2]
    assert fate("hidden", swapped)[0] == 401
    for path in API:
        assert way.client.get(path, headers={"Authorization": f"Bearer {mine.secret}"}).status_code == 401
    assert way.client.get(f"/v1/fate/hidden?key={mine.secret}").status_code == 401
    assert way.client.get("/metrics", headers={"Authorization": f"Bearer {mine.secret}"}).status_code in (403, 404)


def test_nothing_that_was_sent_becomes_a_header_or_a_tag(way: Way) -> None:
    tag = f"<script>{INJECTED}</script>"
    quoted = "%0d%0aX-Evil:%20" + INJECTED + "%3Cscript%3E"
    for path in ("/", "/login", "/api/feed", "/v1/fate/", "/nothing/", "/schemas/v3/", "/docs/", "/assets/x/"):
        for asked in (f"{path}?next=/{quoted}&{quoted}={quoted}", f"{path}{quoted}"):
            answer = way.ask(get(asked))
            assert "x-evil" not in answer.headers
            assert INJECTED not in str(answer.headers), asked
            assert b"<script>" + INJECTED.encode() not in answer.body
    page = way.client.post("/login", data={"login": tag, "password": "x" * 9, "next": tag}, headers=SAME_SITE)
    assert tag not in page.text
    for headers in (
        {"Origin": f"{EVIL}/{INJECTED}"},
        {"X-Channel-Id": tag},
        {"Content-Type": tag},
        {"Content-Encoding": tag},
    ):
        page = way.client.post("/v1/telemetry", content=tag, headers=headers)
        assert tag not in page.text


def test_nothing_that_was_sent_stands_in_a_log(way: Way) -> None:
    odd = f"\x1b[31m{INJECTED}\u202e\r\n{INJECTED}"
    place = way.place
    for key in place.keys["school"].secret, "ffs_1_x":
        sent = {"events": [event(f"odd-{odd}", odd, odd), {"eid": odd, odd: odd}], "params": {"msgid": odd}, odd: odd}
        way.client.post("/v1/telemetry", json=sent, headers={"Authorization": f"Bearer {key}"})
        way.client.post("/api/tracking", json={"event_type": odd, odd: odd}, headers={"Authorization": f"Bearer {key}"})
    for name in (b"user-agent", b"x-device-id", b"x-channel-id", b"cookie", b"origin", b"authorization", b"referer"):
        for value in (b"\x1b[31m" + INJECTED.encode(), b"a\rb" + INJECTED.encode(), INJECTED.encode() + b"\xff\t\x85"):
            raw = get(f"/api/{INJECTED}").removesuffix(b"\r\n") + name + b": " + value + b"\r\n\r\n"
            assert way.ask(raw).status in (400, 401, 404)
    form = {"login": odd, "password": odd, "next": odd}
    assert way.client.post("/login", data=form, headers=SAME_SITE).status_code == 401
    assert way.ask(post(b"{" + INJECTED.encode(), authorization=f"Bearer {place.keys['school'].secret}")).status == 400
    assert way.ask(f"GET /{INJECTED} HTTP/9.9\r\n\r\n".encode()).status in (400, 505)
    for line in place.served.log.splitlines():
        json.loads(line)
    assert INJECTED not in place.served.log
    assert "\x1b" not in place.served.log


def test_every_documented_path_is_among_those_tried(way: Way) -> None:
    documented = {path.partition("{")[0].rstrip("/") or "/" for path in way.client.get("/openapi.json").json()["paths"]}
    tried = {"/health", "/metrics", *EVERYTHING}
    missing = {path for path in documented if not any(one == path or one.startswith(f"{path}/") for one in tried)}
    assert missing <= {
        "/action/data/v3/telemetry",
        "/api/data/v1/telemetry",
        "/content/data/v1/telemetry",
        "/action/data/v1/telemetry",
    }
