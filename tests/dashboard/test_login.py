"""Logging in and out, and whom that keeps waiting."""

import re
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from footfall.control.store import Control
from footfall.dashboard.login import local_target
from footfall.dashboard.sessions import PasswordQueue
from tests.dashboard.conftest import make_app
from tests.dashboard.server import serving
from tests.serving import until

PASSWORD = "correct horse battery"
SAME_SITE = {"Sec-Fetch-Site": "same-origin"}
HARMLESS = re.compile(r"/(?!/)[!-~]*")
ELSEWHERE = [
    "https://evil.example/",
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/%5cevil.example",
    "/%2f/evil.example",
    "/%2Fevil.example",
    "/.//evil.example",
    "/a//evil.example",
    "javascript:alert(1)",
    "evil.example",
    "?next=/",
    "",
    "/a\nb",
    "/a\r\nSet-Cookie: a=b",
    "/?a=\r\n",
    "/?a=%0d%0aSet-Cookie:%20a=b",
    "/?a=%00",
    "/?a=%7f",
    "/?a=%zz",
    "/?a=%",
    *(f"/?a={chr(code)}b" for code in (*range(0x21), 0x7F, 0x85, 0xA0, 0xAD, 0x2028, 0x202E, 0xD800, 0xFEFF, 0x1F600)),
    '/?a="b',
    "/?a=<b>",
    "/é",
    "/?" + "a" * 2000,
    "/?" + "a" * 7000,
]
HERE = ["/", "/?range=24h", "/?only=a%2Fb&only=%3Cb%3E&q=a+b%20c&since=2026-01-01T00:00Z", "/docs/reasons", "/?a=//b"]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    with Control.open(tmp_path / "control.db") as control:
        control.add_user("ada", PASSWORD)
    return tmp_path


@pytest.fixture
def control(data: Path) -> Iterator[Control]:
    with Control.open(data / "control.db") as opened:
        yield opened


@pytest.fixture
def url(data: Path) -> Iterator[str]:
    """A dashboard that others can reach, with one login."""
    with serving(make_app(data, host="0.0.0.0"), peer="203.0.113.1") as origin:
        yield origin


@pytest.fixture
def guarded(url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url) as client:
        yield client


def log_in(client: httpx.Client, password: str = PASSWORD, login: str = "ada", **headers: str) -> httpx.Response:
    form = {"login": login, "password": password, "next": "/?range=24h"}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post("/login", data=form, headers={"Origin": str(client.base_url).rstrip("/"), **named})


def code_of(reply: httpx.Response) -> tuple[int, str]:
    return reply.status_code, reply.json()["result"]["code"]


def status_with(client: httpx.Client, token: str) -> int:
    return client.get("/api/meta", headers={"Cookie": f"footfall_session={token}"}).status_code


class TestTheForm:
    """What a person sees, and where it leads."""

    def test_the_page_leads_to_the_login_and_back(self, guarded: httpx.Client) -> None:
        reply = guarded.get("/?range=24h")
        assert (reply.status_code, reply.headers["location"]) == (303, "/login?next=%2F%3Frange%3D24h")
        form = guarded.get(reply.headers["location"])
        assert 'value="/?range=24h"' in form.text
        assert 'type="password"' in form.text
        reply = log_in(guarded)
        assert (reply.status_code, reply.headers["location"]) == (303, "/?range=24h")
        assert guarded.get("/api/meta").json()["login"] == "ada"
        assert guarded.get("/").status_code == 200
        assert guarded.get("/login").status_code == 303

    def test_a_wrong_password_is_refused_in_the_form(self, guarded: httpx.Client) -> None:
        reply = log_in(guarded, "guess")
        assert reply.status_code == 401
        assert "Name or password is wrong." in reply.text
        assert "set-cookie" not in reply.headers

    def test_what_is_typed_into_the_form_is_not_run(self, guarded: httpx.Client) -> None:
        evil = '"><script>alert(1)</script>'
        reply = guarded.post("/login", data={"login": evil, "password": "x", "next": evil})
        assert "<script>alert" not in reply.text
        assert "script-src 'self'" in reply.headers["content-security-policy"]

    def test_the_password_is_not_sent_back(self, guarded: httpx.Client) -> None:
        assert "secret-guess" not in log_in(guarded, "secret-guess").text

    @pytest.mark.parametrize(
        "body", [b"\xff\xfe=%zz", b"a=" + b"x" * 100_000, b"login=" + b"a" * 5000 + b"&password=b", b"&" * 9000, b"\0"]
    )
    def test_no_form_breaks_the_login(self, guarded: httpx.Client, body: bytes) -> None:
        headers = {"Content-Type": "application/x-www-form-urlencoded", **SAME_SITE}
        assert 400 <= guarded.post("/login", content=body, headers=headers).status_code < 500
        for kind in ("multipart/form-data; boundary=x", "application/json", "", "multipart/form-data; charset=zz"):
            headers["Content-Type"] = kind
            assert code_of(guarded.post("/login", content=body, headers=headers)) == (415, "unsupported_media_type")

    @pytest.mark.parametrize("name", ["login", "password", "next", "other"])
    def test_a_field_that_is_given_twice_is_refused(self, guarded: httpx.Client, name: str) -> None:
        headers = {"Content-Type": "application/x-www-form-urlencoded", **SAME_SITE}
        reply = guarded.post("/login", content=f"login=ada&password={PASSWORD}&{name}=1&{name}=1", headers=headers)
        assert code_of(reply) == (400, "bad_request")
        assert reply.json()["result"]["message"] == "A field is given twice."


class TestWhereItLeads:
    """`next` is a path of this server, or the first page."""

    @pytest.mark.parametrize("target", ELSEWHERE)
    def test_never_elsewhere(self, target: str) -> None:
        assert local_target(target) == "/"

    @pytest.mark.parametrize("target", HERE)
    def test_to_a_page_of_this_server(self, target: str) -> None:
        assert local_target(target) == target

    @given(st.text() | st.text(st.sampled_from("/\\?.%2f5c0d:@a#\t\n &=")).map("/".__add__))
    @example("/..//evil.example")
    def test_whatever_is_given(self, target: str) -> None:
        found = local_target(target)
        assert HARMLESS.fullmatch(found)
        assert "\\" not in found
        assert unquote(found).isprintable() or not unquote(found).isascii()
        landed = urlsplit(urljoin("https://footfall.example/login", found))
        assert (landed.scheme, landed.netloc) == ("https", "footfall.example")

    def test_at_every_place_that_leads_on(self, guarded: httpx.Client) -> None:
        session = log_in(guarded).cookies["footfall_session"]
        guarded.cookies.clear()
        known = {"Cookie": f"footfall_session={session}"}
        for target in ELSEWHERE:
            sent = target.encode("utf-8", "surrogatepass")
            query = "next=" + "".join(f"%{byte:02x}" for byte in sent[:2500])
            assert 'name="next" value="/">' in guarded.get(f"/login?{query}").text
            assert guarded.get(f"/login?{query}", headers=known).headers["location"] == "/"
        for target in HERE:
            query = str(httpx.QueryParams({"next": target}))
            assert guarded.get(f"/login?{query}", headers=known).headers["location"] == target

    @pytest.mark.parametrize("target", [ELSEWHERE[1], "/\x01", "/?a=\x7f", "/?a=\x85", HERE[2]])
    def test_after_the_password(self, guarded: httpx.Client, target: str) -> None:
        form = {"login": "ada", "password": PASSWORD, "next": target}
        reply = guarded.post("/login", data=form, headers=SAME_SITE)
        assert (reply.status_code, reply.headers["location"]) == (303, target if target in HERE else "/")

    def test_given_twice_it_leads_to_the_first_page(self, guarded: httpx.Client) -> None:
        assert 'value="/">' in guarded.get("/login?next=/docs&next=/docs").text

    @pytest.mark.parametrize("query", ["a=%0d%0ab", "a=%7f", "%", "a=" + "b" * 3000])
    def test_from_a_page_with_an_odd_query(self, url: str, query: str) -> None:
        reply = httpx.get(f"{url}/?{query}")
        assert (reply.status_code, reply.headers["location"]) == (303, "/login?next=%2F")


class TestSessions:
    """How long one lasts, and who can make or end it."""

    def test_cookies_are_kept_from_scripts_and_other_sites(self, guarded: httpx.Client) -> None:
        cookies = log_in(guarded).headers.get_list("set-cookie")
        assert [cookie.partition("=")[0] for cookie in cookies] == ["footfall_session", "footfall_browser"]
        for cookie, path, seconds in zip(cookies, ("/", "/login"), (14 * 86_400, 180 * 86_400), strict=True):
            flags = cookie.lower().split("; ")[1:]
            assert set(flags) == {"httponly", "samesite=strict", f"path={path}", f"max-age={seconds}"}

    @pytest.mark.parametrize(
        "headers",
        [{"X_Forwarded_Proto": "https"}, {"X_Forwarded_Proto": "HTTPS, http"}, {"Forwarded": 'proto="https"'}],
    )
    def test_behind_tls_they_never_go_without_it(self, guarded: httpx.Client, headers: dict[str, str]) -> None:
        for cookie in log_in(guarded, **headers).headers.get_list("set-cookie"):
            assert "; Secure" in cookie

    def test_a_browser_says_itself_that_it_came_by_tls(self, guarded: httpx.Client) -> None:
        secure = f"https://{guarded.base_url.netloc.decode()}"
        assert "; Secure" in log_in(guarded, Origin=secure).headers["set-cookie"]

    def test_each_login_has_a_new_token_and_ends_the_one_before(self, guarded: httpx.Client) -> None:
        first = log_in(guarded).cookies["footfall_session"]
        second = log_in(guarded).cookies["footfall_session"]
        assert first != second
        assert (status_with(guarded, first), status_with(guarded, second)) == (401, 200)

    def test_a_token_that_somebody_planted_is_not_taken_over(self, guarded: httpx.Client) -> None:
        token = log_in(guarded, Cookie="footfall_session=planted").cookies["footfall_session"]
        assert token != "planted"
        assert status_with(guarded, "planted") == 401

    def test_two_tokens_that_differ_are_none(self, guarded: httpx.Client) -> None:
        token = log_in(guarded).cookies["footfall_session"]
        guarded.cookies.clear()
        assert status_with(guarded, f"{token}; footfall_session={token}") == 200
        assert status_with(guarded, f"{token}; footfall_session=planted") == 401
        assert status_with(guarded, f"planted; a=b; footfall_session={token}") == 401

    def test_logging_out_ends_the_session_everywhere_at_once(self, guarded: httpx.Client, data: Path) -> None:
        token = log_in(guarded).cookies["footfall_session"]
        with serving(make_app(data, host="0.0.0.0"), peer="") as other, httpx.Client(base_url=other) as there:
            assert (status_with(guarded, token), status_with(there, token)) == (200, 200)
            reply = guarded.post("/logout", headers=SAME_SITE)
            assert reply.headers["location"] == "/login"
            assert "max-age=0" in reply.headers["set-cookie"].lower()
            assert (status_with(guarded, token), status_with(there, token)) == (401, 401)

    def test_a_new_password_ends_sessions_at_once(self, guarded: httpx.Client, control: Control) -> None:
        log_in(guarded)
        assert guarded.get("/api/meta").status_code == 200
        control.set_password("ada", "another password")
        assert guarded.get("/api/meta").status_code == 401

    def test_a_removed_login_has_no_sessions(self, guarded: httpx.Client, control: Control) -> None:
        log_in(guarded)
        assert guarded.get("/api/meta").status_code == 200
        control.remove_user("ada")
        assert guarded.get("/api/meta").status_code == 401

    @pytest.mark.parametrize(
        "headers",
        [
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
            {"Sec-Fetch-Site": "none"},
            {"Sec-Fetch-Site": ""},
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
            {"Origin": ""},
            {"Origin": "http://["},
            {"Origin": "null", "Host": ""},
        ],
    )
    def test_no_other_site_logs_a_browser_in_or_out(self, guarded: httpx.Client, headers: dict[str, str]) -> None:
        form = {"login": "ada", "password": PASSWORD}
        token = log_in(guarded).cookies["footfall_session"]
        assert code_of(guarded.post("/login", data=form, headers=headers)) == (403, "origin_forbidden")
        assert code_of(guarded.post("/logout", headers=headers)) == (403, "origin_forbidden")
        assert status_with(guarded, token) == 200


class TestGuessing:
    """Strangers are slowed down, and only they."""

    def test_guessing_is_slowed_down(self, guarded: httpx.Client) -> None:
        assert [log_in(guarded, f"guess {number}").status_code for number in range(7)] == [401] * 5 + [429] * 2
        blocked = log_in(guarded)
        assert blocked.status_code == 429
        seconds = int(blocked.headers["retry-after"])
        assert 1 <= seconds <= 30
        assert f"Too many failed logins. Try again in {seconds} seconds." in blocked.text
        assert log_in(guarded, X_Test_Peer="203.0.113.2").status_code == 303

    def test_an_unknown_name_looks_like_a_known_one(self, guarded: httpx.Client) -> None:
        for login in ("ada", "bob", "no name at all", "\u212aate", ""):
            peer = f"198.51.100.{len(login)}"
            replies = [log_in(guarded, "guess", login, X_Test_Peer=peer) for _ in range(6)]
            assert [reply.status_code for reply in replies] == [401] * 5 + [429]
            expected = [re.sub(r'(name="login".*?value=")[^"]*', r"\1", reply.text) for reply in replies]
            assert len(set(expected)) == 2
            assert all("Name or password is wrong." in text for text in expected[:5])

    def test_whoever_logged_in_before_gets_in_while_strangers_guess(self, guarded: httpx.Client, url: str) -> None:
        log_in(guarded)
        guarded.post("/logout", headers=SAME_SITE)
        with httpx.Client(base_url=url) as stranger:
            found = {log_in(stranger, "guess", X_Test_Peer=f"198.51.100.{n // 5}").status_code for n in range(51)}
            assert found == {401, 429}
            assert log_in(stranger, X_Test_Peer="remote 192.0.2.1").status_code == 429
        assert log_in(guarded, X_Test_Peer="remote 192.0.2.1").status_code == 303

    def test_a_browser_is_known_for_one_name_only(self, guarded: httpx.Client, control: Control) -> None:
        control.add_user("zoe", PASSWORD)
        log_in(guarded)
        found = [log_in(guarded, "guess", "zoe").status_code for _ in range(6)]
        assert found == [401] * 5 + [429]
        assert [log_in(guarded, "guess").status_code for _ in range(11)] == [401] * 10 + [429]

    @pytest.mark.parametrize("token", ["x", "1.2.3", f"{10**11}.{'0' * 32}.{'0' * 64}", "x" * 5000])
    def test_a_made_up_browser_is_a_stranger(self, guarded: httpx.Client, token: str) -> None:
        cookie = f"footfall_browser={token}"
        assert [log_in(guarded, "guess", Cookie=cookie).status_code for _ in range(6)] == [401] * 5 + [429]


class TestFlood:
    """However many log in at once, nobody else waits for them."""

    @pytest.fixture
    def crowd(self) -> Iterator[ThreadPoolExecutor]:
        with ThreadPoolExecutor(40) as pool:
            yield pool

    def flood(self, crowd: ThreadPoolExecutor, url: str, peers: list[str]) -> "list[Future[int]]":
        def one(peer: str) -> int:
            with httpx.Client(base_url=url, timeout=60) as client:
                reply = log_in(client, "guess", "bob", X_Test_Peer=f"{peer}")
                if reply.status_code == 503:
                    assert reply.headers["retry-after"] == "2"
                    assert "Too many people are logging in just now." in reply.text
                return reply.status_code

        return [crowd.submit(one, peer) for peer in peers]

    def test_places_are_few_and_the_rest_is_told_at_once(self, crowd: ThreadPoolExecutor, url: str) -> None:
        flood = self.flood(crowd, url, [f"198.51.100.{number}" for number in range(40)])
        found = [one.result() for one in flood]
        assert set(found) == {401, 503}
        assert found.count(401) >= PasswordQueue.PLACES

    def test_one_address_takes_only_some_places(self, crowd: ThreadPoolExecutor, url: str) -> None:
        flood = self.flood(crowd, url, ["198.51.100.1"] * 20)
        with httpx.Client(base_url=url) as other:
            assert log_in(other).status_code == 303
        assert 503 in {one.result() for one in flood}

    def test_the_api_and_known_browsers_do_not_wait(
        self, crowd: ThreadPoolExecutor, url: str, guarded: httpx.Client
    ) -> None:
        log_in(guarded)
        flood = self.flood(crowd, url, [f"198.51.100.{number}" for number in range(40)])
        until(lambda: any(one.done() and one.result() == 503 for one in flood))  # all places are taken
        assert guarded.get("/api/meta").status_code == 200
        assert guarded.get("/login").status_code == 303
        assert any(not one.done() for one in flood)
        assert log_in(guarded).status_code == 303
        assert any(not one.done() for one in flood)
