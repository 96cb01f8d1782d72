"""Host names: those of this machine, and those that the setting allows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.errors import TerminalError
from footfall.hosts import HostRule, is_local_name, name_of
from footfall.peer import TrustedProxies


@pytest.mark.parametrize(
    "host",
    ["localhost", "localhost:8400", "127.0.0.1:1", "127.9.9.9", "[::1]:80", "[::1]", "app.localhost", "LOCALHOST."],
)
def test_names_of_this_machine(host: str) -> None:
    assert is_local_name(name_of(host))
    for setting in ("", "telemetry.example.org"):
        for is_open in (True, False):
            assert HostRule(setting).allows(host, is_open=is_open)


@pytest.mark.parametrize(
    "host",
    [
        *("", " ", "128.0.0.1", "127.0.0.1.example", "[::ffff:1]", "user@localhost", "127.0.0", "localhost.example"),
        *("[::1", "[::1]x", "::1:80", "localhost:x", "localhost:80:80", "localhost/..", "localhost\\", "local host"),
        *(
            "localhost%00",
            "löcalhost",
            "127.0.0.1:\uff18\uff10",
            "[::1]:\uff18",
            "0x7f.1",
            "2130706433",
            "[::1]@evil.example",
        ),
    ],
)
def test_names_that_are_not(host: str) -> None:
    assert not is_local_name(name_of(host))
    assert not HostRule("").allows(host, is_open=True)
    assert not HostRule("telemetry.example.org").allows(host, is_open=False)


def test_the_setting() -> None:
    rule = HostRule("telemetry.example.org, *.School.example,203.0.113.9,[2001:db8::1]")
    allowed = ("telemetry.example.org", "TELEMETRY.example.org:443", "a.school.example", "a.b.school.example.")
    for host in (*allowed, "203.0.113.9:8400", "[2001:db8::1]:8400"):
        assert rule.allows(host, is_open=False), host
        assert not rule.allows(host, is_open=True), host
    for host in ("school.example", "evilschool.example", "x.telemetry.example.org", "203.0.113.99", "[2001:db8::2]"):
        assert not rule.allows(host, is_open=False), host
    assert rule.allows(None, is_open=False)
    assert HostRule("").allows("anything.example", is_open=False)


@pytest.mark.parametrize("setting", ["a b", "http://x", "*", "x/y", "*.*", "ü.example", "a,,b c"])
def test_a_setting_that_names_no_hosts(setting: str) -> None:
    with pytest.raises(TerminalError, match="setting hosts"):
        HostRule(setting)


@given(st.text(max_size=30))
def test_any_header_is_answered_with_yes_or_no(host: str) -> None:
    rule = HostRule("telemetry.example.org")
    if rule.allows(host, is_open=False):
        assert is_local_name(name_of(host)) or name_of(host) == "telemetry.example.org"


TRUSTED = TrustedProxies("127.0.0.1, 10.0.0.0/8,::1")


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),  # nobody that is trusted said so
        ("127.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", "198.51.100.1, 203.0.113.7", "203.0.113.7"),  # the first one is what the client says
        ("127.0.0.1", "198.51.100.1, 203.0.113.7, 10.1.2.3", "203.0.113.7"),
        ("::1", "2001:db8::5", "2001:db8::5"),
        ("127.0.0.1", "nonsense", "127.0.0.1"),
        ("127.0.0.1", "198.51.100.1, nonsense", "127.0.0.1"),  # then nobody that is trusted said anything
        ("127.0.0.1", "198.51.100.1, ", "127.0.0.1"),
        ("127.0.0.1", "198.51.100.1, unknown, 10.1.2.3", "10.1.2.3"),
        ("127.0.0.1", "198.51.100.1, 203.0.113.7:443", "203.0.113.7"),
        ("127.0.0.1", "198.51.100.1, [2001:db8::5]:443", "2001:db8::5"),
        ("127.0.0.1", "198.51.100.1, [2001:DB8::5]", "2001:db8::5"),
        ("127.0.0.1", "198.51.100.1, 203.0.113.7:", "127.0.0.1"),
        ("127.0.0.1", "198.51.100.1, ::ffff:203.0.113.7", "203.0.113.7"),
        ("10.9.9.9", "10.1.1.1", "10.1.1.1"),
        ("", "198.51.100.1", ""),
    ],
)
def test_who_the_client_is_behind_proxies(peer: str, forwarded: str, client: str) -> None:
    assert TRUSTED.client(peer, forwarded) == client
    assert TrustedProxies("").client(peer, forwarded) == peer


@pytest.mark.parametrize("setting", ["localhost", "10.0.0.0/99", "a, b"])
def test_a_setting_that_names_no_proxies(setting: str) -> None:
    with pytest.raises(TerminalError, match="setting proxies"):
        TrustedProxies(setting)
