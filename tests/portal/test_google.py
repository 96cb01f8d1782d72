"""Every way in which a sign-in with Google goes, and that footfall tells it as it was."""

import re

import httpx
from playwright.sync_api import expect

from footfall.demo.portal import DemoPortal

from . import forms
from .conftest import Walks
from .walk import OF_GOOGLE, Walk

GONE = ["opened", "viewed"]
KNOWN = [*GONE, "details_received"]


def approve(walk: Walk, name: str, email: str, *, verified: bool = True) -> None:
    """Sign in as somebody."""
    walk.to_google()
    walk.be(name, email, verified=verified)


def begin(walk: Walk) -> None:
    """To the provider's page, and note the visit before it."""
    walk.open("/login")
    assert walk.sid
    walk.press("Continue with Google")


def test_somebody_new_gets_an_account(walk: Walk) -> None:
    begin(walk)
    walk.be("Mary Shelley", "mary@google.example")
    walk.see("Hello, Mary Shelley")
    walk.check("google-signin", [*KNOWN, "user_new", "user_created", "returned"], "created", OF_GOOGLE)
    walk.operations("signin.social_register", "entity_create")
    assert not [text for text in walk.events() if "Mary" in text or "google.example" in text]


def test_somebody_known_is_let_in(somebody: Walks) -> None:
    approve(somebody(), "Emmy Noether", "emmy@google.example")
    walk = somebody()
    begin(walk)
    walk.be("Emmy Noether", "emmy@google.example")
    walk.see("Hello, Emmy Noether")
    walk.check("google-signin", [*KNOWN, "user_exists", "returned"], "existing_user", OF_GOOGLE)
    walk.operations("signin.social", "entity_update")


def test_an_account_with_a_password_is_theirs_if_google_vouches_for_the_address(
    somebody: Walks, house: DemoPortal
) -> None:
    with forms.client(house) as person:
        forms.join(person, house, "sophie@school.example")
    walk = somebody()
    begin(walk)
    walk.be("Sophie", "sophie@school.example")
    walk.see("Hello, Ada Lovelace")
    walk.check("google-signin", [*KNOWN, "user_exists", "returned"], "existing_user", OF_GOOGLE)


def test_and_is_not_if_google_does_not(somebody: Walks, house: DemoPortal) -> None:
    with forms.client(house) as person:
        forms.join(person, house, "victim@school.example")
    walk = somebody()
    begin(walk)
    walk.be("Mallory", "victim@school.example", verified=False)
    walk.see("No account could be made")
    walk.check("google-signin", [*KNOWN, "user_new", "create_failed", "returned"], "create_failed", OF_GOOGLE)
    walk.operations("failed.register")


def test_who_denies_comes_back_unknown(walk: Walk) -> None:
    begin(walk)
    walk.press("Deny")
    walk.see("You did not let us know who you are")
    walk.check("google-signin", [*GONE, "returned"], "denied", OF_GOOGLE)


def test_details_that_google_does_not_tell(walk: Walk) -> None:
    begin(walk)
    walk.page.get_by_label("Somebody shy").check()
    walk.press("Approve")
    walk.see("Google did not tell us who you are")
    walk.check("google-signin", [*GONE, "details_failed", "returned"], "details_failed", OF_GOOGLE)
    walk.operations("failed.signin.social")


def test_a_google_that_is_away(somebody: Walks, lonely: DemoPortal) -> None:
    walk = somebody(lonely)
    begin(walk)
    walk.see("Google cannot be reached right now")
    walk.check("google-signin", [*GONE, "redirect_failed", "returned"], "redirect_failed", OF_GOOGLE)


def test_who_goes_twice_has_gone_twice(walk: Walk) -> None:
    begin(walk)
    walk.press("Deny")
    walk.press("Continue with Google")
    walk.be("Twice", "twice@google.example")
    second = ("created", [*KNOWN, "user_new", "user_created", "returned"])
    walk.check("google-signin", [*GONE, "returned"], "denied", OF_GOOGLE, then=[second])


def test_an_answer_counts_once_and_for_nobody_else(somebody: Walks) -> None:
    walk, thief = somebody(), somebody()
    begin(walk)
    with walk.page.expect_response(re.compile("/google/auth/callback")) as answer:
        walk.be("Once", "once@google.example")
    thief.page.goto(answer.value.url)
    thief.see("was not begun here, or is over")
    walk.page.goto(answer.value.url)
    walk.see("was not begun here, or is over")
    walk.check("google-signin", [*KNOWN, "user_new", "user_created", "returned"], "created", OF_GOOGLE)


def test_the_provider_sends_nobody_to_another_address(walk: Walk) -> None:
    begin(walk)
    page = walk.page.url
    assert "code_challenge_method=S256" in page
    elsewhere = re.sub(r"redirect_uri=[^&]*", "redirect_uri=https%3A%2F%2Fevil.example%2F", page)
    reply = httpx.get(elsewhere, trust_env=False)
    assert (reply.status_code, "location" in reply.headers) == (400, False)
    walk.press("Deny")


def test_where_it_is_not_set_up_the_button_says_so(somebody: Walks, bare: DemoPortal) -> None:
    walk = somebody(bare)
    walk.open("/login")
    walk.see("Sign-in with Google is not set up here")
    expect(walk.page.get_by_role("button", name="Continue with Google")).to_be_disabled()
