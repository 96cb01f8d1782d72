"""How fast passwords may be tried, and that nobody can use it against somebody else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.dashboard.responses import ApiError
from footfall.dashboard.throttle import Allowance, Throttle, network

NOW = 1000.0


class Clock:
    """A time that moves when the test says so, in seconds."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def throttle(clock: Clock) -> Throttle:
    return Throttle(clock)


def fail(throttle: Throttle, login: str, address: str = "", browser: str = "") -> None:
    with throttle.attempt(login, address, browser) as attempt:
        attempt.failed = True


def tries(throttle: Throttle, *whose: str, most: int = 1000) -> int:
    """How many wrong passwords are looked at before one has to wait."""
    for number in range(most):
        try:
            fail(throttle, *whose)
        except ApiError:
            return number
    return most


def test_five_tries_at_once_and_then_one_every_half_minute(throttle: Throttle, clock: Clock) -> None:
    assert tries(throttle, "ada", "203.0.113.1") == 5
    with pytest.raises(ApiError, match="Try again in 30 seconds") as refused:
        fail(throttle, "ada", "203.0.113.1")
    assert (refused.value.status, refused.value.headers) == (429, {"Retry-After": "30"})
    clock.now += 30
    assert tries(throttle, "ada", "203.0.113.1") == 1
    clock.now += 5 * 30
    assert tries(throttle, "ada", "203.0.113.1") == 5


def test_names_are_one_however_they_are_written(throttle: Throttle) -> None:
    assert [tries(throttle, name, "203.0.113.1") for name in ("ada", "Ada", "ADA")] == [5, 0, 0]
    assert tries(throttle, "\u212aate", "203.0.113.1") == 5  # the sign of kelvin, of which lower case is a k
    assert tries(throttle, "kate", "203.0.113.1") == 0


def test_a_name_is_guessed_slowly_from_however_many_addresses(throttle: Throttle, clock: Clock) -> None:
    found = sum(tries(throttle, "ada", f"198.51.100.{number}") for number in range(100))
    assert found == 50
    clock.now += 86_400
    assert sum(tries(throttle, "ada", f"203.0.113.{number}") for number in range(100)) == 50
    assert tries(throttle, "zoe", "192.0.2.1") == 5


def test_many_names_from_one_address_are_slow_and_nobody_elses_matter(throttle: Throttle) -> None:
    assert sum(tries(throttle, f"name-{number}", "203.0.113.1") for number in range(100)) == 30
    assert tries(throttle, "ada", "203.0.113.2") == 5


def test_a_known_browser_has_tries_of_its_own(throttle: Throttle) -> None:
    assert sum(tries(throttle, "ada", f"198.51.100.{number}") for number in range(100)) == 50
    assert tries(throttle, "ada", "203.0.113.1") == 0
    assert tries(throttle, "ada", "203.0.113.1", "its token") == 10
    assert tries(throttle, "ada", "203.0.113.1", "another token") == 10


def test_nobody_is_locked_out_by_everybody(throttle: Throttle) -> None:
    for number in range(5000):
        tries(throttle, f"name-{number}", f"2001:db8:{number:x}::/64", most=2)
    assert tries(throttle, "ada", "203.0.113.1") == 5


def test_a_try_that_succeeds_or_is_not_made_does_not_count(throttle: Throttle) -> None:
    for _ in range(100):
        with throttle.attempt("ada", "203.0.113.1", ""):
            pass
        with pytest.raises(OSError, match="no database"), throttle.attempt("ada", "203.0.113.1", ""):
            raise OSError("no database")
    assert tries(throttle, "ada", "203.0.113.1") == 5
    assert len(throttle.names) == len(throttle.addresses) == len(throttle.pairs) == 1


def test_tries_at_the_same_time_count(throttle: Throttle) -> None:
    under_way = [throttle.attempt("ada", "203.0.113.1", "") for _ in range(6)]
    for attempt in under_way[:5]:
        attempt.__enter__()
    with pytest.raises(ApiError):
        under_way[5].__enter__()
    for attempt in under_way[:5]:
        attempt.__exit__(None, None, None)
    assert tries(throttle, "ada", "203.0.113.1") == 5


def test_filling_the_memory_frees_nobody_who_failed_often_and_locks_nobody(clock: Clock) -> None:
    allowance = Allowance(5, 60, most=100, clock=clock)
    for _ in range(5):
        allowance.charge(b"ada")
    for number in range(10_000):
        allowance.charge(b"%d" % number)
        assert len(allowance) <= 100
    assert allowance.wait(b"ada") == 60
    assert allowance.wait(b"zoe") == 0


def test_what_is_forgiven_is_forgotten(clock: Clock) -> None:
    allowance = Allowance(5, 60, most=100, clock=clock)
    for number in range(100):
        allowance.charge(b"%d" % number)
    clock.now += 60
    allowance.charge(b"ada")
    assert len(allowance) == 1


@given(
    tries=st.integers(1, 9),
    seconds=st.integers(1, 600),
    pauses=st.lists(st.floats(0, 2000, allow_nan=False), max_size=60),
)
def test_an_allowance_is_never_exceeded(tries: int, seconds: int, pauses: list[float]) -> None:
    clock = Clock()
    allowance = Allowance(tries, seconds, clock=clock)
    taken = 0
    for pause in pauses:
        clock.now += pause
        wait = allowance.wait(b"ada")
        if wait == 0:
            allowance.charge(b"ada")
            taken += 1
        else:
            clock.now += wait + 0.001
            assert allowance.wait(b"ada") == 0  # what it said is enough
        assert taken <= tries + (clock.now - NOW) / seconds + 1e-6
        assert allowance.wait(b"ada") <= seconds + 1e-6


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("::2", "::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("127.0.0.1", ""),
        ("::1", ""),
        ("::ffff:127.0.0.1", ""),
        ("", ""),
        ("somebody", ""),
    ],
)
def test_what_counts_as_one_address(address: str, counted: str) -> None:
    assert network(address) == counted


@given(st.text(), st.text())
def test_no_text_breaks_the_throttle(login: str, address: str) -> None:
    assert tries(Throttle(), login, network(address)) == (5 if network(address) else 50)
