import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.control import validation
from footfall.control.access import origin_allowed
from footfall.control.errors import InvalidLoginError, InvalidNameError, InvalidOriginError, InvalidRateError
from footfall.schema.verdict import Profile


@pytest.mark.parametrize("name", ["a", "7", "in.ekstep", "b00bc992ef25f1a9a8d63291e20efc8d", "My_school-2", "x" * 100])
def test_a_plain_name_is_taken(name: str) -> None:
    assert validation.check_name(name) == name


@pytest.mark.parametrize("name", ["", " ", "a b", "-a", ".a", "_a", "a/b", "a\n", "schön", "x" * 101, "\ud800", "*"])
def test_any_other_name_is_refused_and_the_error_says_what_is_allowed(name: str) -> None:
    with pytest.raises(InvalidNameError, match="1 to 100 characters, only A-Z a-z 0-9"):
        validation.check_name(name)


def test_a_long_name_does_not_make_a_long_error() -> None:
    with pytest.raises(InvalidNameError) as caught:
        validation.check_name("x" * 10_000)
    assert len(str(caught.value)) < 400


def test_control_knows_the_profiles_of_the_event_language() -> None:
    assert set(validation.PROFILES) == {profile.value for profile in Profile}


@pytest.mark.parametrize("login", ["", "a b", "@a", "x" * 101, "a\x00", "\ud800"])
def test_an_odd_login_is_refused(login: str) -> None:
    with pytest.raises(InvalidLoginError, match="only letters, digits"):
        validation.check_login(login)


@pytest.mark.parametrize("rate", [-1.0, float("nan"), float("inf")])
def test_a_rate_that_is_no_rate_is_refused(rate: float) -> None:
    with pytest.raises(InvalidRateError, match="burst cannot be"):
        validation.check_rate("burst", rate)


def test_accepted_channels_are_names_or_any() -> None:
    assert validation.check_accepts(["b", "a", "b", "*"]) == ("b", "a", "*")
    with pytest.raises(InvalidNameError):
        validation.check_accepts(["a b"])


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("https://example.org", "https://example.org"),
        (" HTTPS://Example.ORG/ ", "https://example.org"),
        ("https://example.org:443", "https://example.org"),
        ("http://example.org:80", "http://example.org"),
        ("http://example.org:0443", "http://example.org:443"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("http://[0:0:0:0:0:0:0:1]", "http://[::1]"),
        ("https://*.example.org", "https://*.example.org"),
        ("https://*.example.org:8443", "https://*.example.org:8443"),
        ("http://*.localhost:3000", "http://*.localhost:3000"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
    ],
)
def test_an_origin_is_kept_as_browsers_send_it(written: str, kept: str) -> None:
    assert validation.normalise_origin(written) == kept


@pytest.mark.parametrize(
    "origin",
    [
        "",
        "*",
        "null",
        "example.org",
        "ftp://example.org",
        "https://",
        "https://example.org/path",
        "https://example.org?q",
        "https://user@example.org",
        "https://example.org:0",
        "https://example.org:65536",
        "https://example.org:port",
        "https://a.*.example.org",
        "https://*",
        "https://*.org",
        "https://*.0.0.1",
        "https://exa mple.org",
        "https://example..org",
        "https://example.org.",
        "http://[::g]",
        "https://\ud800.example",
        "https://" + "a" * 64 + ".ö",
        "https://" + "a." * 200 + "org",
    ],
)
def test_what_is_no_origin_is_refused(origin: str) -> None:
    with pytest.raises(InvalidOriginError, match=r"not an origin|too wide"):
        validation.normalise_origin(origin)


@given(
    st.sampled_from(["http", "https"]),
    st.lists(st.text(string.ascii_letters + string.digits, min_size=1, max_size=10), min_size=2, max_size=4),
    st.none() | st.integers(1, 65535),
)
def test_a_kept_origin_stays_as_it_is_and_allows_its_page(scheme: str, labels: list[str], port: int | None) -> None:
    kept = validation.normalise_origin(f"{scheme}://{'.'.join(labels)}" + (f":{port}" if port else ""))
    assert validation.normalise_origin(kept) == kept
    assert origin_allowed((kept,), kept)


@given(st.text() | st.text("htps:/*.[]@a1:"))
def test_any_text_is_an_origin_or_refused(text: str) -> None:
    try:
        kept = validation.normalise_origin(text)
    except InvalidOriginError:
        return
    assert validation.normalise_origin(kept) == kept
