"""What keeps the portal's visitors safe."""

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from footfall.demo.portal import DemoPortal

from . import forms
from .forms import PASSWORD, begin, captcha, code, join, letters, send, token

FORMS = [
    "/signup",
    "/sign-up",
    "/sign-up/resend",
    "/login",
    "/logout",
    "/reactivate",
    "/google/auth",
    "/lesson",
    "/profile",
    "/profile/password",
    "/profile/deactivate",
    "/profile/delete",
]


@pytest.fixture
def client(house: DemoPortal) -> Iterator[httpx.Client]:
    with forms.client(house) as found:
        yield found


@pytest.mark.parametrize("path", FORMS)
def test_a_form_of_somebody_else_is_refused(client: httpx.Client, house: DemoPortal, path: str) -> None:
    own = token(client)
    with forms.client(house) as other:
        theirs = token(other)
    for given in ("", "x", theirs):
        reply = client.post(path, data={"form_token": given, "contact": "ada@school.example", "sure": "yes"})
        assert reply.status_code == 403
        assert "not one of ours" in reply.text
    assert client.post(path, data={"form_token": own}).status_code != 403


def test_cookies_are_for_the_portal_alone(client: httpx.Client) -> None:
    said = client.get("/login").headers.get_list("set-cookie")
    assert len(said) == 2
    assert all("HttpOnly" in cookie and "SameSite=lax" in cookie for cookie in said)


def test_a_cookie_that_was_tampered_with_is_worth_nothing(client: httpx.Client) -> None:
    client.get("/login")
    before = client.cookies["portal_visit"]
    client.cookies.set("portal_visit", before.replace(before[0], "A" if before[0] != "A" else "B", 1))
    reply = client.get("/login")
    assert reply.cookies["portal_visit"] not in ("", before)


def test_pages_are_kept_by_nobody_and_framed_by_nobody(client: httpx.Client) -> None:
    for path in ("/", "/signup", "/login", "/nothing"):
        headers = client.get(path).headers
        assert headers["cache-control"] == "no-store"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"


def test_a_code_or_a_password_is_kept_nowhere(client: httpx.Client, house: DemoPortal) -> None:
    """The database holds keyed hashes and argon2id."""
    assert begin(client, house, "kept@school.example").headers["location"] == "/sign-up"
    with sqlite3.connect(house.data / "portal.db") as db:
        kept = db.execute("SELECT code, password FROM signups WHERE contact = 'kept@school.example'").fetchone()
    assert code(house, "kept@school.example") not in kept[0]
    assert len(kept[0]) == 64
    assert kept[1].startswith("$argon2id$")


def test_a_captcha_token_counts_once(client: httpx.Client, house: DemoPortal) -> None:
    given = captcha(house)
    replies = [begin(client, house, f"token-{number}@school.example", given).status_code for number in range(2)]
    assert replies == [303, 403]


def test_a_password_cannot_be_guessed_for_long(client: httpx.Client, house: DemoPortal) -> None:
    join(client, house, "target@school.example")
    client.cookies.clear()
    for guess in (*["not my password"] * 10, PASSWORD):
        reply = send(client, "/login", contact="target@school.example", password=guess)
    assert reply.status_code == 401
    assert "Too many tries" in reply.text


def test_tries_at_once_are_counted_one_by_one(client: httpx.Client, house: DemoPortal) -> None:
    begin(client, house, "hasty@school.example")
    right = code(house, "hasty@school.example")
    wrong = {"code": f"{(int(right) + 1) % 10**6:06}", "form_token": token(client)}
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: client.post("/sign-up", data=wrong), range(8)))
    assert send(client, "/sign-up", code=right).headers["location"] == "/signup?said=over"


def test_codes_are_sent_again_three_times_and_no_more(client: httpx.Client, house: DemoPortal) -> None:
    begin(client, house, "again@school.example")
    pages = [send(client, "/sign-up/resend") for _ in range(4)]
    assert ["No more codes can be sent" in page.text for page in pages[:3]] == [False, False, True]
    assert len(letters(house, "again@school.example")) == 4


def test_nobody_fills_the_mailbox_of_somebody_else(client: httpx.Client, house: DemoPortal) -> None:
    statuses = []
    for _ in range(12):
        client.cookies.clear()
        statuses.append(begin(client, house, "bothered@school.example").status_code)
    assert statuses == [303] * 10 + [503] * 2
    assert len(letters(house, "bothered@school.example")) == 10
    client.cookies.clear()
    assert begin(client, house, "unbothered@school.example").status_code == 303

    with sqlite3.connect(house.data / "portal.db") as db:  # as if an hour had passed
        db.execute("UPDATE letters SET sent_at = sent_at - 3601")
    client.cookies.clear()
    assert begin(client, house, "bothered@school.example").status_code == 303


def test_the_page_does_not_say_who_has_an_account(client: httpx.Client, house: DemoPortal) -> None:
    join(client, house, "known@school.example")
    client.cookies.clear()
    assert begin(client, house, "known@school.example").headers["location"] == "/sign-up"
    assert "There is one already" in letters(house, "known@school.example")[0]
    assert "That code is not right" in send(client, "/sign-up", code="000000").text


def test_an_expired_code_is_worth_nothing(client: httpx.Client, house: DemoPortal) -> None:
    begin(client, house, "late@school.example")
    with sqlite3.connect(house.data / "portal.db") as db:  # as if more than ten minutes had passed
        db.execute("UPDATE signups SET expires_at = 1 WHERE contact = 'late@school.example'")
    reply = send(client, "/sign-up", code=code(house, "late@school.example"))
    assert "That code is not right, or too old" in reply.text
