"""Every way in which a sign-up goes, and that footfall tells it as it was."""

import json

import pytest
from playwright.sync_api import expect

from footfall.demo.portal import DemoPortal

from .conftest import Walks, _refuse
from .forms import code, letters
from .walk import Walk

BEGUN = ["opened", "form_viewed", "submitted"]
ASKED = [*BEGUN, "otp_viewed"]
AGAIN = ("unfinished", BEGUN[:2])  # the form is there again, and with it another sign-up
MADE = ["otp_submitted", "user_created", "ended"]


def wrong(right: str) -> str:
    """Another code."""
    return f"{(int(right) + 1) % 10**6:06}"


def begin(walk: Walk, contact: str) -> None:
    """Fill in the form; the code is asked for next."""
    walk.open("/signup")
    assert walk.sid
    walk.fill_in(contact)
    expect(walk.page).to_have_url(f"{walk.house.url}/sign-up")


def test_an_account_is_made_and_nothing_personal_is_told(walk: Walk) -> None:
    begin(walk, "ada@school.example")
    walk.enter(code(walk.house, "ada@school.example"))
    walk.see("Your account is made")
    walk.see("Hello, Ada Lovelace")
    walk.check("signup", [*ASKED, *MADE], "success")
    walk.operations("signin.traditional_register", "entity_create")
    events = "\n".join(walk.events())
    for said in ("Ada", "Lovelace", "ada@", "school.example", "woods"):
        assert said not in events
    audit = next(event for event in map(json.loads, walk.events()) if event.get("object", {}).get("type") == "User")
    assert len(audit["object"]["id"]) == 32
    actors = {event["actor"]["id"] for event in map(json.loads, walk.events()) if event["context"]["env"] == "signup"}
    assert actors == {"anonymous"}
    assert len({event["context"]["did"] for event in map(json.loads, walk.events()) if event["eid"] != "AUDIT"}) == 1


def test_the_code_may_come_to_a_phone(walk: Walk) -> None:
    begin(walk, "+44 20 7946 0018")
    walk.see("Look at your phone")
    walk.enter(code(walk.house, "+442079460018"))
    walk.check("signup", [*ASKED, *MADE], "success")
    assert any('"contactType":"phone"' in event for event in walk.events())


def test_the_code_is_read_on_the_inboxs_page(walk: Walk) -> None:
    begin(walk, "reader@school.example")
    inbox = walk.tab()
    inbox.goto(walk.house.inbox_url)
    letter = inbox.locator("article[data-to='reader@school.example']")
    letter.locator("summary").click()
    expect(letter).to_contain_text("good for ten minutes")
    walk.enter(letter.locator("output").text_content() or "")
    walk.see("Your account is made")


def test_a_wrong_code_and_then_the_right_one(walk: Walk) -> None:
    begin(walk, "grace@school.example")
    right = code(walk.house, "grace@school.example")
    walk.enter(wrong(right))
    walk.see("That code is not right")
    walk.see("4 tries left")
    walk.enter(right)
    walk.check("signup", [*ASKED, "otp_submitted", "otp_rejected", *MADE], "success")


def test_five_wrong_codes_are_enough(walk: Walk) -> None:
    begin(walk, "guess@school.example")
    right = code(walk.house, "guess@school.example")
    for _ in range(5):
        walk.enter(wrong(right))
    walk.see("Too many wrong codes")
    walk.check("signup", [*ASKED, *["otp_submitted", "otp_rejected"] * 5, "ended"], "otp_attempts_exhausted")
    walk.open("/sign-up")
    walk.see("That sign-up is over")


def test_another_code_takes_the_place_of_the_first(walk: Walk) -> None:
    begin(walk, "slow@school.example")
    first = code(walk.house, "slow@school.example")
    walk.press("Send another code")
    walk.see("Another code is on its way")
    walk.enter(first)
    walk.see("That code is not right")
    walk.enter(code(walk.house, "slow@school.example"))
    walk.check("signup", [*ASKED, "otp_resent", "otp_submitted", "otp_rejected", *MADE], "success")


def test_a_code_that_cannot_be_sent_again(walk: Walk, house: DemoPortal) -> None:
    begin(walk, "lost@school.example")
    _refuse(house, "yes")
    try:
        for number in range(3):
            walk.press("Send another code")
            walk.see("We cannot send codes right now" if number == 2 else "could not send another code")
    finally:
        _refuse(house, "no")
    resent = ["otp_resent", "otp_resend_failed"] * 3
    walk.check("signup", [*ASKED, *resent, "ended"], "otp_resend_failed", ["string_for_boolean"])


@pytest.mark.usefixtures("refused_mail")
def test_a_code_that_cannot_be_sent(walk: Walk) -> None:
    walk.open("/signup")
    assert walk.sid
    walk.fill_in("unlucky@school.example")
    walk.see("We could not send you a code")
    expect(walk.page.get_by_label("Your name")).to_have_value("Ada Lovelace")
    steps = [*BEGUN, "otp_send_failed", "ended"]
    walk.check("signup", steps, "otp_send_failed", ["string_for_boolean"], then=[AGAIN])


def test_a_mail_server_that_is_away(somebody: Walks, lonely: DemoPortal) -> None:
    walk = somebody(lonely)
    walk.open("/signup")
    assert walk.sid
    walk.page.get_by_label("Your name").fill("Ada")
    walk.page.get_by_label("Mail address or phone number").fill("ada@school.example")
    walk.page.get_by_label("Password").fill("a long walk in the woods")
    walk.press("Sign up")
    walk.see("We could not send you a code")
    steps = [*BEGUN, "otp_send_failed", "ended"]
    walk.check("signup", steps, "otp_send_failed", ["string_for_boolean"], then=[AGAIN])


def test_who_looks_like_a_robot_may_try_again(walk: Walk) -> None:
    walk.open("/signup")
    assert walk.sid
    walk.fill_in("robot@school.example", robot=True)
    walk.see("make sure that you are a person")
    assert letters(walk.house, "robot@school.example") == []
    walk.fill_in("robot@school.example")
    walk.enter(code(walk.house, "robot@school.example"))
    walk.check("signup", [*BEGUN, "captcha_suspicious", "submitted", "otp_viewed", *MADE], "success")


def test_who_keeps_looking_like_a_robot_is_turned_away(walk: Walk) -> None:
    walk.open("/signup")
    assert walk.sid
    for _ in range(3):
        walk.fill_in("robots@school.example", robot=True)
    walk.see("Please come back later")
    steps = [*BEGUN[:2], *["submitted", "captcha_suspicious"] * 3, "ended"]
    walk.check("signup", steps, "failed", then=[AGAIN])


def test_an_account_that_cannot_be_made(somebody: Walks) -> None:
    """Two people prove that they can read the same mail; only one of them gets the account."""
    first, second = somebody(), somebody()
    begin(first, "shared@school.example")
    right = code(first.house, "shared@school.example")
    begin(second, "shared@school.example")
    second.enter(code(second.house, "shared@school.example"))
    second.see("Your account is made")
    first.enter(right)
    first.see("Your account could not be made")
    first.check("signup", [*ASKED, "otp_submitted", "create_failed", "ended"], "create_failed", ["env_page_mismatch"])
    first.operations("failed.register")


def test_what_is_wrong_with_the_form_is_said(walk: Walk) -> None:
    walk.open("/signup")
    assert walk.sid
    walk.page.locator("form#signup").evaluate("form => { form.noValidate = true; }")
    walk.page.get_by_label("Mail address or phone number").fill("ada at school")
    walk.press("Sign up")
    for text in ("Tell us your name", "Fill in a mail address", "Use 8 characters or more"):
        walk.see(text)
    walk.fill_in("careful@school.example")
    walk.enter(code(walk.house, "careful@school.example"))
    walk.check("signup", [*BEGUN, "submitted", "otp_viewed", *MADE], "success")


def test_a_page_that_is_loaded_again_is_told_once(walk: Walk) -> None:
    begin(walk, "reload@school.example")
    walk.page.reload()
    walk.enter(code(walk.house, "reload@school.example"))
    walk.check("signup", [*ASKED, *MADE], "success")


def test_who_asks_not_to_be_watched_is_not(somebody: Walks) -> None:
    walk = somebody(extra_http_headers={"Sec-GPC": "1"})
    walk.context.add_init_script("Object.defineProperty(navigator, 'globalPrivacyControl', {value: true})")
    begin(walk, "private@school.example")
    walk.enter(code(walk.house, "private@school.example"))
    walk.operations("signin.traditional_register", "entity_create")
    assert {json.loads(event)["context"]["env"] for event in walk.events()} == {"identity"}
