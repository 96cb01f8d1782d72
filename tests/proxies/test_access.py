"""Behind every proxy, documented or as simple as can be: nothing is open, and nobody passes for somebody else."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import httpx
import pytest

from tests.browser.visits import launched
from tests.collector.running import Answer, get
from tests.collector.tricks import PASSED, REFUSED, ask
from tests.looking import looking
from tests.proxies.configurations import NAME
from tests.proxies.conftest import LOGIN, PASSWORD, SECRET_WORD, Find, Place, event
from tests.proxies.running import KINDS, STOCK, Proxy, other_address
from tests.serving import until

API = ["meta", "series", "totals", "feed", "failed", "flows", "catalogue", "events/1.0.1.1"]
PATHS = ["/", *(f"/api/{name}" for name in API), "/v1/fate/hidden"]
ROUNDABOUT = [
    "/%61pi/feed",
    "//api/feed",
    "/api//feed",
    "/api/./feed",
    "/x/../api/feed",
    "/x/%2e%2e/api/feed",
    "/api/feed/",
]
FORGED: list[dict[str, str]] = [
    {"X-Forwarded-For": "127.0.0.1"},
    {"X-Forwarded-For": "127.0.0.1, ::1"},
    {"X-Forwarded-For": ""},
    {"Forwarded": "for=127.0.0.1;host=localhost;proto=http"},
    {"X-Real-IP": "127.0.0.1"},
    {"X-Footfall-Peer": "127.0.0.1"},
    {"X-Footfall-Peer": f"{'0' * 64} 127.0.0.1"},
    {"X-Forwarded-Host": "localhost"},
    {"Via": "1.1 localhost"},
    {"Host": "localhost"},
    {"Host": "127.0.0.1"},
    {"Host": "evil.example"},
    {"Connection": "X-Forwarded-For, X-Footfall-Peer, Via"},
    {"Cookie": "footfall_session=x"},
    {"Authorization": "Bearer x"},
    {"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost"},
]
INSIDE = ["/metrics", "/%6detrics", "/metrics/", "//metrics", "/./metrics", "/x/../metrics", "/METRICS", "/metrics?x"]
SAME_SITE = {"Sec-Fetch-Site": "same-origin"}
_LAST = ask(b"connection: close", method=b"GET", target=b"/docs")


def log_in(client: httpx.Client, password: str = PASSWORD, login: str = LOGIN, **headers: str) -> httpx.Response:
    form = {"login": login, "password": password, "next": "/"}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post("/login", data=form, headers=SAME_SITE | named)


def answer_to(proxy: Proxy, path: str, **headers: str) -> Answer:
    """What is answered to a path that no library has tidied up."""
    with proxy.talk() as talk:
        return talk.ask(get(path, **headers))


def tells_nothing(answer: httpx.Response) -> bool:
    """Whether a stranger learned nothing: Caddy answers 200 and nothing where it does not know the host."""
    if SECRET_WORD in answer.text or "hidden" in answer.text or "set-cookie" in answer.headers:
        return False
    if answer.status_code == 303:
        return answer.headers["location"].startswith("/login")
    return answer.status_code in (400, 401, 403, 404, 421) or (answer.status_code == 200 and not answer.content)


@pytest.mark.parametrize("proxy", KINDS, indirect=True)
def test_strangers_see_nothing_whatever_they_say_of_themselves(proxy: Proxy, place: Place) -> None:
    with proxy.client() as client:
        for forged in ({}, *FORGED):
            for path in PATHS if not forged else ("/", "/api/feed", "/v1/fate/hidden"):
                assert tells_nothing(client.get(path, headers=forged)), (path, forged)
        shown = client.get("/api/feed", headers={"Cookie": f"footfall_session={place.token}"})
        assert "hidden" in shown.text
        fate = client.get("/v1/fate/hidden", headers={"Authorization": f"Bearer {place.keys['school'].secret}"})
        assert fate.json()["result"]["fates"][0]["fate"] == "stored"
    for path in ROUNDABOUT:
        answer = answer_to(proxy, path)
        assert answer.status in (301, 307, 308, 400, 401, 404), (path, answer)  # Caddy and others may tidy paths up
        assert b"hidden" not in answer.body


@pytest.mark.parametrize("proxy", KINDS, indirect=True)
def test_events_need_a_key(proxy: Proxy, place: Place) -> None:
    sent = {"events": [event(f"by-{proxy.port}", message="m")]}
    with proxy.client() as client:
        for headers in (
            {},
            {"X-Forwarded-For": "127.0.0.1"},
            {"Host": "localhost"},
            {"Authorization": "Bearer ffs_1_2"},
        ):
            for path in ("/v1/telemetry", "/data/v3/telemetry", "/v1/identity/operations", "/api/tracking"):
                answer = client.post(path, json=sent, headers=headers)
                assert answer.status_code == (403 if path == "/api/tracking" else 401), (path, headers)
        for key in (place.keys["school"].public, place.keys["school"].secret):
            answer = client.post("/v1/telemetry", json=sent, headers={"Authorization": f"Bearer {key}"})
            assert (answer.status_code, answer.json()["result"]["received"]) == (200, 1)


@pytest.mark.parametrize("proxy", KINDS, indirect=True)
def test_what_is_for_the_operator_stays_inside(proxy: Proxy) -> None:
    for path in INSIDE:
        for forged in ({}, {"x_forwarded_for": "127.0.0.1"}, {"authorization": "Bearer x"}):
            answer = answer_to(proxy, path, **forged)
            assert answer.status in ((404, 400) if proxy.kind.is_tls else (403, 404)), (path, answer)
            assert b"footfall_events" not in answer.body
        if proxy.kind.is_tls:
            answer = answer_to(proxy, path.replace("metrics", "health").replace("METRICS", "HEALTH"))
            assert (answer.status in (404, 400), b"disk_free_bytes" in answer.body) == (True, False), (path, answer)


@pytest.mark.parametrize("proxy", ["nginx", "haproxy", "caddy"], indirect=True)
def test_a_login_by_tls_stays_with_tls_and_with_this_site(proxy: Proxy) -> None:
    own = f"https://{NAME}" + ("" if proxy.kind.program == "nginx" else f":{proxy.port}")  # whose $host has no port
    form = {"login": LOGIN, "password": PASSWORD}
    with proxy.client() as client:
        for origin in ("https://evil.example", "null", f"https://{NAME}.evil.example", f"https://x.{NAME}"):
            assert client.post("/login", data=form, headers={"Origin": origin}).status_code == 403, origin
        plain = {"Origin": own, "X-Forwarded-Proto": "http", "Forwarded": "proto=http"}
        answer = client.post("/login", data=form, headers=plain)
        assert answer.status_code == 303
        cookies = answer.headers.get_list("set-cookie")
        assert len(cookies) == 2
        assert all("; secure" in cookie.lower() for cookie in cookies)
        assert answer.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"


def test_a_person_logs_in_looks_around_and_leaves(find: Find) -> None:
    complaints: list[str] = []
    with launched() as browser:
        context = browser.new_context(ignore_https_errors=True)
        page = context.new_page()
        page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
        page.goto(f"{find('nginx').url}/?range=24h")
        page.fill("[name=login]", LOGIN)
        page.fill("[name=password]", PASSWORD)
        page.click("button")
        page.wait_for_selector("text=hidden")
        assert page.url.endswith("/?range=24h")
        cookies = context.cookies()
        assert len(cookies) == 2
        assert all(cookie["secure"] and cookie["httpOnly"] and cookie["sameSite"] == "Strict" for cookie in cookies)
        assert complaints == []
        page.click("text=Log out")
        page.wait_for_selector("[name=password]")
        page.go_back()
        page.wait_for_selector("[name=password]")
        assert "hidden" not in page.inner_text("body")


def test_a_footfall_that_is_told_so_by_a_proxy_alone_keeps_cookies_to_tls(find: Find) -> None:
    """HTTP to a proxy that says nothing: the browser's own Origin is what tells."""
    with find("stock-nginx").client() as client:
        cookies = log_in(client, Origin=f"https://{NAME}").headers.get_list("set-cookie")
        assert all("; secure" in cookie.lower() for cookie in cookies)


def test_passwords_are_counted_by_the_address_of_who_tries(find: Find) -> None:
    address = other_address()
    if address is None:
        pytest.skip("this machine has no address but loopback")
    proxies = [find(name) for name in ("nginx", "haproxy", "caddy", "adding-haproxy")]
    forged = (f"198.51.100.{number}" for number in range(99))

    def guess(proxy: Proxy, said: str) -> int:
        with proxy.client(address=address) as client:
            return log_in(client, "guess", "eve", X_Forwarded_For=said, X_Real_IP=said).status_code

    assert [guess(proxy, next(forged)) for proxy in (*proxies, proxies[0])] == [401] * 5
    assert [guess(proxy, next(forged)) for proxy in proxies] == [429] * 4
    with proxies[0].client() as other:
        assert log_in(other, "guess", "eve", X_Forwarded_For=address).status_code == 401


def test_nobody_counts_for_another_where_no_proxy_is_believed(find: Find) -> None:
    for name in STOCK * 2:
        with find(name).client() as client:
            assert log_in(client, "guess", "eve", X_Forwarded_For="198.51.100.7").status_code == 401


@pytest.mark.parametrize("proxy", ["nginx", "haproxy", "caddy", *STOCK], indirect=True)
def test_no_answer_goes_astray(proxy: Proxy, place: Place) -> None:
    """Two clients, one of whom plays tricks with where requests end: each gets its own answers only."""

    def pester(numbered: tuple[int, bytes]) -> None:
        number, sent = numbered
        with suppress(EOFError, ConnectionError, TimeoutError), proxy.talk(2) as talk:
            answer = talk.ask(get(f"/login?next=/theirs-{number}"))
            assert f'value="/theirs-{number}"'.encode() in answer.body, answer
            back = talk.everything_after(sent.replace(b"/own", b"/docs", 1) + get("/api/meta") + _LAST)
            for hers in (b'"ada"', b"/hers-", b"footfall_session", place.token.encode()):
                assert hers not in back, (sent, back)

    tricks = [*REFUSED.values(), *(sent for sent, _, _ in PASSED.values())]
    with looking(proxy.talk, place.token) as ada, ThreadPoolExecutor(8) as strangers:
        list(strangers.map(pester, enumerate(tricks)))
        before = ada.answers
        until(lambda: ada.answers > before + 2)
    assert place.served.get("/docs").status_code == 200


def test_the_logs_are_clean(find: Find, documented: Place, stock: Place) -> None:
    for place in (documented, stock):
        for word in ("Traceback", '"exception"', "request failed", SECRET_WORD, "evil.example", "guess"):
            assert word not in place.served.log
