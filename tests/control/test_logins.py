import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.control import browsers
from footfall.control.errors import InvalidLoginError, InvalidPasswordError, UnknownUserError, UserExistsError
from footfall.control.passwords import opens
from footfall.control.store import Control, UserInfo

from .conftest import Clock

PASSWORD = "correct horse"


@pytest.fixture
def maria(control: Control) -> Control:
    control.add_user("Maria", PASSWORD)
    return control


def begun(control: Control, login: str = "maria", seconds: float = 60) -> str:
    session = control.log_in(login, PASSWORD, seconds)
    assert session is not None
    return session.token


def test_a_login_opens_with_its_password_only(maria: Control) -> None:
    assert maria.log_in("maria", PASSWORD, 60)
    assert maria.log_in("MARIA", PASSWORD, 60)
    assert not maria.log_in("maria", "correct horses", 60)
    assert not maria.log_in("maria", "", 60)
    assert not maria.log_in("peter", PASSWORD, 60)


@pytest.mark.parametrize("login", ["", "\ud800", "a\x00b", "x" * 10_000])
def test_an_impossible_login_is_only_a_wrong_one(control: Control, login: str) -> None:
    assert not control.log_in(login, "\ud800", 60)


def test_no_password_opens_a_login_that_does_not_exist() -> None:
    assert not opens("", None)
    assert not opens("\x00" * 32, None)


def test_the_same_letters_match_however_they_were_composed(control: Control) -> None:
    control.add_user("zoe", "pass-Zoe\u0308-word")
    assert control.log_in("zoe", "pass-Zo\u00eb-word", 60)


def test_logins_are_listed_without_passwords(maria: Control, clock: Clock) -> None:
    assert maria.users() == [UserInfo("maria", clock.now)]


def test_a_login_is_made_once(maria: Control) -> None:
    with pytest.raises(UserExistsError, match="already a login 'maria'"):
        maria.add_user("MARIA", "another password")
    assert maria.log_in("maria", PASSWORD, 60)


def test_faulty_logins_and_passwords_are_refused(control: Control) -> None:
    with pytest.raises(InvalidLoginError):
        control.add_user("a b", PASSWORD)
    for password in ("short-7", "x" * 1001):
        with pytest.raises(InvalidPasswordError, match="8 to 1000 characters") as caught:
            control.add_user("a", password)
        assert password not in str(caught.value)
    assert control.users() == []


def test_an_unknown_login_is_an_error(control: Control) -> None:
    with pytest.raises(UnknownUserError, match="there is no login 'nobody'"):
        control.remove_user("nobody")
    with pytest.raises(UnknownUserError):
        control.set_password("nobody", PASSWORD)


def test_a_session_lasts_as_long_as_it_was_given(maria: Control, clock: Clock) -> None:
    token = begun(maria, login="Maria")
    clock.advance(59.999)
    assert maria.session_login(token) == "maria"
    clock.advance(0.001)
    assert maria.session_login(token) is None


def test_signing_out_ends_one_session(maria: Control) -> None:
    here, there = begun(maria), begun(maria)
    maria.end_session(here)
    maria.end_session(here)
    assert maria.session_login(here) is None
    assert maria.session_login(there) == "maria"


def test_every_session_has_a_token_of_its_own_that_is_not_shown(maria: Control) -> None:
    sessions = [maria.log_in("maria", PASSWORD, 60) for _ in range(3)]
    assert len({session.token for session in sessions if session}) == 3
    assert len({session.browser for session in sessions if session}) == 3
    assert all(session and session.token not in repr(session) for session in sessions)


def test_a_login_has_at_most_20_sessions_and_the_newest_stay(maria: Control, clock: Clock) -> None:
    maria.add_user("zoe", PASSWORD)
    other = begun(maria, "zoe")
    tokens = []
    for _ in range(23):
        tokens.append(begun(maria))
        clock.advance(0.001)
    assert [maria.session_login(token) is not None for token in tokens] == [False] * 3 + [True] * 20
    assert maria.session_login(other) == "zoe"


def test_sessions_that_have_ended_are_removed(maria: Control, clock: Clock, path: Path) -> None:
    maria.add_user("zoe", PASSWORD)
    begun(maria, "zoe", seconds=5)
    clock.advance(5)
    begun(maria)
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("SELECT login FROM sessions").fetchall() == [("maria",)]


def test_logging_in_while_the_password_changes_begins_nothing(
    maria: Control, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def opens_late(password: str, sealed: str | None) -> bool:
        with Control.open(path) as other:
            other.set_password("maria", "another password")
        return opens(password, sealed)

    monkeypatch.setattr("footfall.control.passwords.opens", opens_late)
    assert maria.log_in("maria", PASSWORD, 60) is None
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("SELECT count(*) FROM sessions").fetchone() == (0,)


def test_a_browser_is_known_to_the_login_that_was_used_from_it(maria: Control, clock: Clock) -> None:
    maria.add_user("zoe", PASSWORD)
    session = maria.log_in("Maria", PASSWORD, 60)
    assert session is not None
    assert maria.knows_browser("MARIA", session.browser)
    assert not maria.knows_browser("zoe", session.browser)
    assert not maria.knows_browser("nobody", session.browser)
    clock.advance(browsers.LIFETIME - 1)
    assert maria.knows_browser("maria", session.browser)
    clock.advance(1)
    assert not maria.knows_browser("maria", session.browser)


def test_a_new_password_makes_strangers_of_all_browsers(maria: Control) -> None:
    session = maria.log_in("maria", PASSWORD, 60)
    assert session is not None
    maria.set_password("maria", PASSWORD)
    assert not maria.knows_browser("maria", session.browser)


@pytest.mark.parametrize("change", [0, 11, 50, -1])
def test_a_browser_that_was_tampered_with_is_a_stranger(maria: Control, change: int) -> None:
    session = maria.log_in("maria", PASSWORD, 60)
    assert session is not None
    text = session.browser
    at = change % len(text)
    assert not maria.knows_browser("maria", text[:at] + ("1" if text[at] != "1" else "2") + text[at + 1 :])


@given(token=st.text() | st.from_regex(r"[0-9]{1,14}\.[0-9a-f]{32}\.[0-9a-f]{64}"), login=st.text())
def test_a_made_up_browser_is_a_stranger(token: str, login: str) -> None:
    sealed = "scrypt$14$8$5$00$00"
    assert not browsers.fits(token, login, sealed, 1_760_000_000_000)
    assert not browsers.fits(browsers.mint(login, "nobody", 0), login, None, 0)


@pytest.mark.parametrize("token", ["", "x", "\ud800", "\x00"])
def test_a_made_up_session_is_nobodys(maria: Control, token: str) -> None:
    assert maria.session_login(token) is None
    maria.end_session(token)


def test_a_new_password_ends_the_sessions(maria: Control) -> None:
    token = begun(maria)
    maria.set_password("maria", "another password")
    assert maria.session_login(token) is None
    assert maria.log_in("maria", "another password", 60)
    assert not maria.log_in("maria", PASSWORD, 60)


def test_a_removed_login_is_signed_out(maria: Control) -> None:
    token = begun(maria)
    maria.remove_user("maria")
    assert maria.session_login(token) is None
    assert not maria.log_in("maria", PASSWORD, 60)
    assert maria.users() == []
