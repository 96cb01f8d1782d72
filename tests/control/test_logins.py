import pytest

from footfall.control.errors import InvalidLoginError, InvalidPasswordError, UnknownUserError, UserExistsError
from footfall.control.passwords import opens
from footfall.control.store import Control, UserInfo

from .conftest import Clock

PASSWORD = "correct horse"


@pytest.fixture
def maria(control: Control) -> Control:
    control.add_user("Maria", PASSWORD)
    return control


def test_a_login_opens_with_its_password_only(maria: Control) -> None:
    assert maria.check_password("maria", PASSWORD)
    assert maria.check_password("MARIA", PASSWORD)
    assert not maria.check_password("maria", "correct horses")
    assert not maria.check_password("maria", "")
    assert not maria.check_password("peter", PASSWORD)


@pytest.mark.parametrize("login", ["", "\ud800", "a\x00b", "x" * 10_000])
def test_an_impossible_login_is_only_a_wrong_one(control: Control, login: str) -> None:
    assert not control.check_password(login, "\ud800")


def test_no_password_opens_a_login_that_does_not_exist() -> None:
    assert not opens("", None)
    assert not opens("\x00" * 32, None)


def test_the_same_letters_match_however_they_were_composed(control: Control) -> None:
    control.add_user("zoe", "pass-Zoe\u0308-word")
    assert control.check_password("zoe", "pass-Zo\u00eb-word")


def test_logins_are_listed_without_passwords(maria: Control, clock: Clock) -> None:
    assert maria.users() == [UserInfo("maria", clock.now)]


def test_a_login_is_made_once(maria: Control) -> None:
    with pytest.raises(UserExistsError, match="already a login 'maria'"):
        maria.add_user("MARIA", "another password")
    assert maria.check_password("maria", PASSWORD)


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
    with pytest.raises(UnknownUserError):
        control.new_session("nobody", 60)


def test_a_session_lasts_as_long_as_it_was_given(maria: Control, clock: Clock) -> None:
    token = maria.new_session("Maria", ttl_seconds=60)
    clock.advance(59.999)
    assert maria.session_login(token) == "maria"
    clock.advance(0.001)
    assert maria.session_login(token) is None


def test_signing_out_ends_one_session(maria: Control) -> None:
    here, there = maria.new_session("maria", 60), maria.new_session("maria", 60)
    maria.end_session(here)
    maria.end_session(here)
    assert maria.session_login(here) is None
    assert maria.session_login(there) == "maria"


@pytest.mark.parametrize("token", ["", "x", "\ud800", "\x00"])
def test_a_made_up_session_is_nobodys(maria: Control, token: str) -> None:
    assert maria.session_login(token) is None
    maria.end_session(token)


def test_a_new_password_ends_the_sessions(maria: Control) -> None:
    token = maria.new_session("maria", 60)
    maria.set_password("maria", "another password")
    assert maria.session_login(token) is None
    assert maria.check_password("maria", "another password")
    assert not maria.check_password("maria", PASSWORD)


def test_a_removed_login_is_signed_out(maria: Control) -> None:
    token = maria.new_session("maria", 60)
    maria.remove_user("maria")
    assert maria.session_login(token) is None
    assert not maria.check_password("maria", PASSWORD)
    assert maria.users() == []
