from pathlib import Path

import pytest

from footfall.control.access import Access
from footfall.control.errors import (
    ChannelExistsError,
    ControlError,
    InvalidNameError,
    InvalidOriginError,
    InvalidProfileError,
    InvalidRateError,
    UnknownChannelError,
    UnknownKeyError,
)
from footfall.control.snapshot import Snapshot
from footfall.control.store import ChannelInfo, Control
from footfall.errors import TerminalError

from .conftest import Clock


def find(path: Path, token: str, clock: Clock) -> Access | None:
    snapshot = Snapshot(path)
    try:
        return snapshot.current().find(token, clock.now)
    finally:
        snapshot.close()


def test_a_new_channel_has_one_key_of_each_kind(control: Control, path: Path, clock: Clock) -> None:
    keys = control.add_channel("school")
    for kind, token in (("public", keys.public), ("secret", keys.secret)):
        access = find(path, token, clock)
        assert access is not None
        assert (access.channel.name, access.key.kind) == ("school", kind)


def test_a_channel_is_shown_as_it_was_made(control: Control, clock: Clock) -> None:
    control.add_channel("b")
    control.add_channel(
        "a",
        profile="sunbird",
        keep_payloads=True,
        origins=["https://X.example/", "https://x.example"],
        accepts=["in.ekstep"],
        rate=50,
        burst=200,
        public_types=["signin.social", "signin.social"],
    )
    chosen = ("sunbird", True, ("https://x.example",), ("in.ekstep",), 50.0, 200.0, ("signin.social",))
    made = ChannelInfo("a", *chosen, clock.now)
    assert control.channels() == [made, ChannelInfo("b", created_at=clock.now)]
    assert control.channel("a") == made


def test_collectors_see_what_was_chosen(control: Control, path: Path, clock: Clock) -> None:
    keys = control.add_channel("a", profile="sunbird", keep_payloads=True, origins=["https://x.example"], rate=0.5)
    control.set_channel("a", accepts=("b", "*"), burst=3)
    access = find(path, keys.public, clock)
    assert access is not None
    assert access.key.origins == ("https://x.example",)
    assert (access.channel.profile, access.channel.keep_payloads) == ("sunbird", True)
    assert (access.channel.accepts, access.channel.rate, access.channel.burst) == (("b", "*"), 0.5, 3.0)


def test_origins_do_not_bind_secret_keys(control: Control, path: Path, clock: Clock) -> None:
    access = find(path, control.add_channel("a", origins=["https://x.example"]).secret, clock)
    assert access is not None
    assert access.key.origins == ()


def test_a_change_leaves_the_rest(control: Control) -> None:
    control.add_channel("a", profile="sunbird", rate=5, origins=["https://x.example"])
    before = control.channel("a")
    after = control.set_channel("a", rate=9)
    assert after == control.channel("a")
    assert (after.rate, after.profile, after.origins) == (9.0, before.profile, before.origins)
    assert control.set_channel("a", origins=[]).origins == ()


def test_names_differ_by_case(control: Control) -> None:
    control.add_channel("A")
    control.add_channel("a")
    assert [channel.name for channel in control.channels()] == ["A", "a"]


def test_the_same_channel_cannot_be_made_twice(control: Control, path: Path, clock: Clock) -> None:
    keys = control.add_channel("a")
    with pytest.raises(ChannelExistsError, match="already a channel 'a'"):
        control.add_channel("a", profile="sunbird")
    assert control.channel("a").profile == "v3"
    assert find(path, keys.secret, clock) is not None


def test_a_faulty_choice_changes_nothing(control: Control) -> None:
    with pytest.raises(InvalidNameError):
        control.add_channel("a b")
    with pytest.raises(InvalidProfileError, match="choose v3 or sunbird"):
        control.add_channel("a", profile="V4")
    with pytest.raises(InvalidOriginError):
        control.add_channel("a", origins=["https://x.example", "x.example/path"])
    with pytest.raises(InvalidRateError):
        control.add_channel("a", rate=-1)
    assert control.channels() == []
    control.add_channel("a", rate=1)
    with pytest.raises(InvalidRateError):
        control.set_channel("a", profile="sunbird", rate=float("nan"))
    assert control.channel("a").profile == "v3"


@pytest.mark.parametrize("name", ["nobody", "", "\ud800", "a\x00"])
def test_an_unknown_channel_is_an_error_everywhere(control: Control, name: str) -> None:
    for call in (control.channel, control.remove_channel, control.write_keys, control.rotate, control.add_secret_key):
        with pytest.raises(UnknownChannelError, match="there is no channel"):
            call(name)
    with pytest.raises(UnknownChannelError):
        control.set_channel(name, rate=1)


def test_a_removed_channel_takes_its_keys_along(control: Control, path: Path, clock: Clock) -> None:
    keys = control.add_channel("a")
    kept = control.add_channel("b")
    control.remove_channel("a")
    assert [key.channel for key in control.write_keys()] == ["b", "b"]
    assert find(path, keys.secret, clock) is None
    assert find(path, kept.secret, clock) is not None
    control.add_channel("a")
    assert find(path, keys.secret, clock) is None


def test_rotation_ends_the_old_keys_at_once(control: Control, path: Path, clock: Clock) -> None:
    old = control.add_channel("a")
    new = control.rotate("a")
    assert find(path, old.public, clock) is None
    assert find(path, old.secret, clock) is None
    assert find(path, new.public, clock) is not None
    assert find(path, new.secret, clock) is not None


def test_rotation_with_grace_lets_both_work_for_a_while(control: Control, path: Path, clock: Clock) -> None:
    old = control.add_channel("a")
    new = control.rotate("a", grace_seconds=60)
    clock.advance(59.999)
    assert find(path, old.public, clock) is not None
    assert find(path, new.public, clock) is not None
    clock.advance(0.001)
    assert find(path, old.public, clock) is None
    assert find(path, new.public, clock) is not None


def test_a_second_rotation_does_not_lengthen_the_first_ones_grace(control: Control, path: Path, clock: Clock) -> None:
    first = control.add_channel("a")
    second = control.rotate("a", grace_seconds=60)
    control.rotate("a", grace_seconds=3600)
    clock.advance(60)
    assert find(path, first.secret, clock) is None
    assert find(path, second.secret, clock) is not None
    control.rotate("a")
    assert find(path, second.secret, clock) is None


def test_one_kind_can_be_rotated_alone(control: Control, path: Path, clock: Clock) -> None:
    old = control.add_channel("a")
    more = control.add_secret_key("a")
    new = control.rotate("a", kinds=("secret",))
    assert new.public == ""
    assert find(path, old.public, clock) is not None
    assert find(path, old.secret, clock) is None
    assert find(path, more, clock) is None
    assert find(path, new.secret, clock) is not None


def test_rotation_leaves_other_channels_alone(control: Control, path: Path, clock: Clock) -> None:
    other = control.add_channel("b")
    control.add_channel("a")
    control.rotate("a")
    assert find(path, other.public, clock) is not None


def test_further_secret_keys_work_side_by_side_and_end_one_by_one(control: Control, path: Path, clock: Clock) -> None:
    first = control.add_channel("a").secret
    second = control.add_secret_key("a")
    control.revoke_key(first.split("_")[1])
    assert find(path, first, clock) is None
    assert find(path, second, clock) is not None


def test_revoking_again_keeps_the_first_time(control: Control, clock: Clock) -> None:
    key_id = control.add_channel("a").public.split("_")[1]
    control.revoke_key(key_id)
    ended = clock.now
    clock.advance(10)
    control.revoke_key(key_id)
    assert [key.expires_at for key in control.write_keys("a") if key.id == key_id] == [ended]


@pytest.mark.parametrize("key_id", ["", "nobody", "\ud800"])
def test_an_unknown_key_cannot_be_revoked(control: Control, key_id: str) -> None:
    with pytest.raises(UnknownKeyError, match="there is no key"):
        control.revoke_key(key_id)


def test_keys_are_listed_without_their_secrets(control: Control, clock: Clock) -> None:
    tokens = control.add_channel("a")
    made = clock.now
    control.add_channel("b")
    clock.advance(5)
    control.revoke_key(tokens.public.split("_")[1])
    listed = control.write_keys("a")
    assert {(key.kind, key.created_at, key.expires_at) for key in listed} == {
        ("public", made, clock.now),
        ("secret", made, None),
    }
    for token in (tokens.public, tokens.secret):
        _, key_id, secret = token.split("_")
        assert key_id in repr(listed)
        assert secret not in repr(listed)
    assert len(control.write_keys()) == 4


def test_every_error_says_that_trying_again_does_not_help() -> None:
    assert issubclass(ControlError, TerminalError)


def test_what_was_made_is_there_after_a_restart(path: Path, clock: Clock) -> None:
    with Control.open(path, clock=clock) as control:
        keys = control.add_channel("a", rate=7)
    with Control.open(path, clock=clock) as control:
        assert control.channel("a").rate == 7
    assert find(path, keys.secret, clock) is not None
