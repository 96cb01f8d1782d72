"""Accounts: logging in, the profile, deactivating, coming back, deleting; and that footfall counts each of them."""

import sqlite3

from footfall.demo.portal import DemoPortal

from . import forms
from .conftest import Walks
from .walk import Walk

REGISTERED = ("signin.traditional_register", "entity_create")
LOGGED_IN = ("signin.traditional", "entity_update")


def test_logging_in_and_out(somebody: Walks, house: DemoPortal) -> None:
    with forms.client(house) as person:
        forms.join(person, house, "ada.in@school.example")
    walk = somebody()
    walk.log_in("ada.in@school.example", "not my password")
    walk.see("That is not right")
    assert walk.sid
    walk.log_in("nobody@school.example")
    walk.see("That is not right")
    walk.log_in(" Ada.In@School.example ")
    walk.see("Hello, Ada Lovelace")
    walk.press("Log out")
    walk.open("/profile")
    walk.see("Log in")
    walk.operations("failed.signin.traditional", "failed.signin.traditional", *LOGGED_IN)


def test_the_profile_is_changed_and_only_names_are_told(walk: Walk) -> None:
    walk.join("edit@school.example")
    walk.open("/profile")
    walk.page.get_by_label("Your name").fill("Ada King")
    walk.page.get_by_label("City").fill("Marylebone")
    walk.press("Save")
    walk.see("Your profile is saved")
    walk.press("Save")
    walk.operations(*REGISTERED, "entity_update")
    told = [text for text in walk.events() if "entity_update" in text]
    assert len(told) == 1
    assert '"props":["name","city"]' in told[0]
    assert "King" not in told[0]
    assert "Marylebone" not in told[0]


def test_a_new_password_logs_other_browsers_out(somebody: Walks) -> None:
    walk, other = somebody(), somebody()
    walk.join("change@school.example")
    other.log_in("change@school.example")
    other.see("Hello")
    walk.open("/profile")
    walk.page.get_by_label("The one you have").fill("not my password")
    walk.page.get_by_label("The new one").fill("another walk in the woods")
    walk.press("Change")
    walk.see("That is not your password")
    walk.page.get_by_label("The one you have").fill("a long walk in the woods")
    walk.page.get_by_label("The new one").fill("another walk in the woods")
    walk.press("Change")
    walk.see("Your password is changed")
    other.open("/profile")
    other.log_in("change@school.example")
    other.see("That is not right")
    other.log_in("change@school.example", "another walk in the woods")
    other.see("Hello")


def test_a_deactivated_account_lets_nobody_in_until_it_is_wanted_back(walk: Walk) -> None:
    walk.join("pause@school.example")
    walk.open("/profile")
    walk.press("Deactivate")
    walk.see("Your account is deactivated")
    walk.log_in("pause@school.example")
    walk.see("You cannot log in while it is")
    walk.open("/profile")
    walk.see("Log in")
    walk.log_in("pause@school.example")
    walk.press("Reactivate my account")
    walk.see("Your account is active again")
    walk.operations(
        *REGISTERED,
        "entity_update",
        *["failed.signin.traditional"] * 2,
        "entity_update",
    )
    told = [text for text in walk.events() if "entity_update" in text]
    assert ['"state":"Inactive"' in text for text in told] == [True, False]
    assert ['"state":"Active"' in text for text in told] == [False, True]


def test_a_deleted_account_is_gone(walk: Walk, house: DemoPortal) -> None:
    walk.join("leave@school.example")
    assert kept(house, "leave@school.example") == ["accounts"]
    walk.open("/profile/delete")
    walk.press("Delete")
    walk.see("Tick the box")
    walk.page.get_by_label("Yes, delete my account").check()
    walk.press("Delete")
    walk.see("Your account and all that we knew of you are deleted")
    walk.log_in("leave@school.example")
    walk.see("That is not right")
    assert kept(house, "leave@school.example") == []
    walk.operations(*REGISTERED, "entity_delete", "failed.signin.traditional")
    with forms.client(house) as person:
        forms.join(person, house, "leave@school.example")


def test_it_works_without_scripts(somebody: Walks, house: DemoPortal) -> None:
    with forms.client(house) as person:
        forms.join(person, house, "plain@school.example")
    walk = somebody(java_script_enabled=False)
    walk.log_in("plain@school.example")
    walk.see("Hello")
    walk.open("/lesson")
    walk.page.get_by_label("Two cells").check()
    walk.page.get_by_label("Its wall").check()
    walk.press("Check my answers")
    walk.see("1 of 2 are right")
    walk.press("Log out")
    walk.to_google()
    walk.be("Plain", "plain@google.example")
    walk.see("Hello, Plain")


def kept(house: DemoPortal, text: str) -> list[str]:
    """The tables of the portal's database that hold a text."""
    with sqlite3.connect(house.data / "portal.db") as db:
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return [name for name in tables if text in str(db.execute(f"SELECT * FROM {name}").fetchall())]
