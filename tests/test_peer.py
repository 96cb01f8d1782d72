"""Who sent a request: only who knows the secret can say."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall import peer
from footfall.errors import TerminalError
from footfall.peer import PeerHeader, is_loopback, new_secret, plain_address

SECRET = new_secret()


def told(header: PeerHeader, address: str) -> dict[str, str]:
    """The header as the web process gets it: without the space at its end."""
    return {name.decode(): value.decode("latin-1").strip() for name, value in header.lines(address)}


@given(st.ip_addresses().map(str))
def test_an_address_arrives(address: str) -> None:
    header = PeerHeader(SECRET)
    assert header.address(told(header, address)) == plain_address(address) != ""


@pytest.mark.parametrize("address", ["", "unix", "localhost", "127.0.0.1 127.0.0.1", "999.1.1.1", "é"])
def test_what_is_no_address_arrives_as_none(address: str) -> None:
    header = PeerHeader(SECRET)
    assert header.address(told(header, address)) == ""


@given(st.text(st.characters(max_codepoint=255)))
def test_nobody_is_believed_without_the_secret(value: str) -> None:
    assert PeerHeader(SECRET).address({peer.HEADER: value}) == ""
    assert PeerHeader(SECRET).address({peer.HEADER: f"{value} 127.0.0.1"}) == ""
    assert PeerHeader().address({peer.HEADER: f"{value} 127.0.0.1"}) == ""


def test_near_misses() -> None:
    for secret in (SECRET[:-1], SECRET + "0", SECRET.upper() + " ", "", new_secret()):
        assert PeerHeader(SECRET).address({peer.HEADER: f"{secret} 127.0.0.1"}) == ""
    assert PeerHeader(SECRET).address({}) == ""
    assert PeerHeader().address({peer.HEADER: " 127.0.0.1"}) == ""
    assert PeerHeader().lines("127.0.0.1") == []


def test_one_address_has_one_form() -> None:
    assert plain_address("::ffff:192.0.2.1") == "192.0.2.1"
    assert plain_address("2001:0DB8:0:0::1") == "2001:db8::1"
    assert plain_address("fe80::1%eth0") == "fe80::1"


def test_the_machine_itself() -> None:
    assert all(is_loopback(address) for address in ("127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"))
    assert not any(is_loopback(address) for address in ("", "localhost", "128.0.0.1", "::", "0.0.0.0", "::2"))


def test_a_process_keeps_its_secret_from_those_that_it_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(peer.VARIABLE, SECRET)
    assert PeerHeader.from_environment().lines("::1") == PeerHeader(SECRET).lines("::1")
    assert peer.VARIABLE not in os.environ
    assert PeerHeader.from_environment().lines("::1") == []


@pytest.mark.parametrize("secret", ["short", "x" * 31, "x" * 31 + " ", "x" * 40 + "\n", "é" * 40])
def test_a_secret_that_is_none_is_refused_and_not_shown(monkeypatch: pytest.MonkeyPatch, secret: str) -> None:
    monkeypatch.setenv(peer.VARIABLE, secret)
    with pytest.raises(TerminalError, match="32 letters and digits") as refused:
        PeerHeader.from_environment()
    assert secret not in str(refused.value)


def test_no_secret_shows_in_a_representation() -> None:
    assert SECRET not in repr(PeerHeader(SECRET))
