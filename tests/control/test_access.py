import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.control.access import Channel, Key, KeyIndex, origin_allowed
from footfall.control.tokens import Kind, Token, mint, parse

NOW = 1_760_000_000_000

PUBLIC = mint("public")
SECRET = mint("secret")


def directory(expires_at: int | None = None) -> KeyIndex:
    keys = [Key(token.id, token.kind, "school", token.digest, (), expires_at) for token in (PUBLIC, SECRET)]
    return KeyIndex({"school": Channel("school")}, {key.id: key for key in keys})


@pytest.mark.parametrize("token", [PUBLIC, SECRET])
def test_a_token_opens_its_channel(token: Token) -> None:
    access = directory().find(str(token), NOW)
    assert access is not None
    assert (access.channel.name, access.key.id, access.key.kind) == ("school", token.id, token.kind)


def test_a_key_ends_at_its_expiry() -> None:
    ending = directory(expires_at=NOW)
    assert ending.find(str(PUBLIC), NOW - 1) is not None
    assert ending.find(str(PUBLIC), NOW) is None


def test_a_public_key_does_not_pass_for_a_secret_one() -> None:
    assert directory().find(str(PUBLIC).replace("ffp_", "ffs_"), NOW) is None
    assert directory().find(str(SECRET).replace("ffs_", "ffp_"), NOW) is None


def test_an_unknown_key_opens_nothing() -> None:
    assert directory().find(str(mint("public")), NOW) is None
    assert KeyIndex({}, {}).find(str(PUBLIC), NOW) is None


def test_a_key_without_its_channel_opens_nothing() -> None:
    assert KeyIndex({}, directory().keys).find(str(PUBLIC), NOW) is None


def test_the_secret_of_one_key_does_not_open_another() -> None:
    assert directory().find(str(Token("public", PUBLIC.id, SECRET.secret)), NOW) is None


@given(st.text() | st.text("fps_0123456789abcdef"))
def test_any_text_is_refused_without_an_error(text: str) -> None:
    assert directory().find(text, NOW) is None


@given(st.binary().map(lambda data: data.decode("utf-8", "surrogateescape")))
def test_any_bytes_of_a_header_are_refused_without_an_error(text: str) -> None:
    assert directory().find(f"ffp_{PUBLIC.id}_{text}", NOW) is None


@given(st.integers(0, len(str(PUBLIC)) - 1), st.characters())
def test_a_token_with_one_other_character_is_refused(place: int, character: str) -> None:
    text = str(PUBLIC)
    changed = text[:place] + character + text[place + 1 :]
    assert (directory().find(changed, NOW) is not None) == (changed == text)


@given(
    st.sampled_from(["public", "secret"]),
    st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=32),
    st.text(string.ascii_letters + string.digits, min_size=1, max_size=128),
)
def test_a_token_reads_back_as_it_was_written(kind: Kind, key_id: str, secret: str) -> None:
    token = Token(kind, key_id, secret)
    assert parse(str(token)) == token


@given(st.text("fps_0a"))
def test_what_reads_as_a_token_has_one_way_to_be_written(text: str) -> None:
    token = parse(text)
    assert token is None or str(token) == text


def test_a_token_in_a_log_does_not_show_its_secret() -> None:
    assert SECRET.secret not in repr(SECRET)


@pytest.mark.parametrize(
    ("origins", "origin", "allowed"),
    [
        ((), "https://anywhere.example", True),
        ((), None, True),
        (("https://a.example",), None, False),
        (("https://a.example",), "", False),
        (("https://a.example",), "null", False),
        (("https://a.example",), "https://a.example", True),
        (("https://a.example",), "HTTPS://A.example", True),
        (("https://a.example",), "http://a.example", False),
        (("https://a.example",), "https://a.example:8443", False),
        (("https://a.example",), "https://a.example.evil.test", False),
        (("https://a.example", "http://localhost:3000"), "http://localhost:3000", True),
        (("https://*.example.org",), "https://www.example.org", True),
        (("https://*.example.org",), "https://a.b.example.org", True),
        (("https://*.example.org",), "https://example.org", False),
        (("https://*.example.org",), "https://.example.org", False),
        (("https://*.example.org",), "https://badexample.org", False),
        (("https://*.example.org",), "https://www.example.org:444", False),
        (("https://*.example.org",), "http://www.example.org", False),
        (("https://*.example.org",), "https://evil.test/.example.org", False),
        (("https://*.example.org",), "https://evil.test:1.example.org", False),
        (("https://*.example.org",), "https://evil.test#.example.org", False),
        (("https://*.example.org",), "https://evil@a.example.org", False),
        (("https://*.example.org:8443",), "https://www.example.org:8443", True),
        (("https://*.example.org:8443",), "https://www.example.org", False),
    ],
)
def test_a_public_key_works_on_its_pages_only(origins: tuple[str, ...], origin: str | None, allowed: bool) -> None:
    assert origin_allowed(origins, origin) is allowed


@given(st.text())
def test_any_origin_header_is_answered(origin: str) -> None:
    assert origin_allowed(("https://*.example.org", "https://a.example"), origin) in (True, False)
