"""`footfall import keycloak URL`: an event store, polled into a real server; nothing lost, nothing doubled."""

import json
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from footfall.errors import TerminalError
from tests.cli.front import front
from tests.cli.importer import Importer
from tests.cli.keycloak_server import PASSWORD, Keycloak, keycloak
from tests.dialects.keycloak_samples import (
    NOON,
    PROFILE,
    SECRET,
    Json,
    admin_event,
    login,
    register,
    user_event,
)
from tests.serving import Served, serving, until

HOUR = 3_600_000


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("poll") / "data", collectors=1, batch_seconds=0.2) as running:
        yield running


@pytest.fixture
def importer(served: Served, request: pytest.FixtureRequest, tmp_path: Path) -> Importer:
    """An importer into a channel of the test's own, with a data folder of its own."""
    return Importer(served, request.node.name[:90].replace("[", ".").replace("]", ""), data=tmp_path)


@pytest.fixture
def server() -> Iterator[Keycloak]:
    with keycloak() as running:
        yield running


def people(count: int, at: int = 0) -> list[Json]:
    """Sign-ins of so many people, ten milliseconds apart."""
    return [login(at + number * 10, f"s-{number}", userId=f"user-{number}") for number in range(count)]


def in_background(action: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=action)
    thread.start()
    return thread


# From poll to poll


def test_only_what_is_new_is_taken(importer: Importer, server: Keycloak) -> None:
    server.events = [*people(3), user_event("CODE_TO_TOKEN", 40)]
    server.admin_events = [admin_event("CREATE", 50, representation=PROFILE)]
    first = importer.poll(server)
    assert first["operations"] == {"login": 3, "create": 1}
    assert (first["read"], first["accepted"], first["ignored"]) == (5, 4, {"CODE_TO_TOKEN": 1})
    second = importer.poll(server)
    assert (second["read"], second["operations"], second["ignored"]) == (0, {}, {})
    server.events.append(login(60, "s-new"))
    assert importer.poll(server)["operations"] == {"login": 1}
    assert importer.types(9) == Counter({"entity_update": 4, "signin.traditional": 4, "entity_create": 1})


@pytest.mark.parametrize("old", [False, True])
def test_a_large_store_is_read_page_by_page(importer: Importer, old: bool) -> None:
    with keycloak(old=old) as server:
        server.events = people(1234)
        server.largest_page = 100
        assert importer.poll(server)["accepted"] == 1234
        newest = login(20_000, "s-new")
        server.events += [newest, login(-2 * HOUR, "s-old")]
        assert importer.poll(server)["operations"] == {"login": 1}
    assert importer.types(2470)["signin.traditional"] == 1235


def test_events_that_share_a_millisecond_are_all_taken(importer: Importer, server: Keycloak) -> None:
    server.events = [login(at, f"s-{number}", id=f"same-ms-{number}") for number, at in enumerate([0] * 25 + [1] * 25)]
    server.largest_page = 7
    assert importer.poll(server)["accepted"] == 50


@pytest.mark.parametrize("old", [False, True])
def test_what_was_committed_late_is_taken(importer: Importer, old: bool) -> None:
    with keycloak(old=old) as server:
        server.events = people(5, at=60_000)
        assert importer.poll(server)["accepted"] == 5
        server.events += [login(1000, "s-late"), user_event("REGISTER_ERROR", 2000, error="email_in_use")]
        assert importer.poll(server)["operations"] == {"login": 1, "register failed": 1}
        assert importer.poll(server, overlap=0)["operations"] == {}


def test_what_is_too_young_waits_until_no_older_one_can_come(importer: Importer, server: Keycloak) -> None:
    server.now = NOON + 10_000
    server.events = [login(0), login(9000, "s-2")]
    first = importer.poll(server)
    assert (first["operations"], first["held_back"]) == ({"login": 1}, 1)
    server.events.append(login(8000, "s-3"))
    server.now += 60_000
    assert importer.poll(server)["operations"] == {"login": 2}


def test_a_start_in_the_past_is_a_choice(importer: Importer, server: Keycloak) -> None:
    server.events = [login(-30 * 24 * HOUR, "s-old"), login()]
    assert importer.poll(server, since=NOON - 12 * HOUR)["accepted"] == 1


# What has to be remembered


@pytest.mark.parametrize("old", [False, True])
def test_a_registration_and_its_login_are_one_across_polls(importer: Importer, old: bool) -> None:
    with keycloak(old=old) as server:
        server.events = [register(0)]
        assert importer.poll(server)["operations"] == {"register": 1}
        server.events.append(login(800))
        assert importer.poll(server)["ignored"] == {"LOGIN that ends a REGISTER": 1}
        server.events += [login(90_000, clientId="forum"), login(95_000, "s-2")]
        assert importer.poll(server)["operations"] == {"sso": 1, "login": 1}


def test_the_state_holds_nothing_about_people(importer: Importer, server: Keycloak) -> None:
    server.events = [register(0, "session-of-ann"), login(1, "session-of-ann")]
    server.admin_events = [admin_event("UPDATE", 2, representation=PROFILE | {"enabled": False})]
    importer.poll(server)
    (state,) = [file for file in (importer.data / "import").iterdir() if file.suffix == ".json"]
    text = state.read_text()
    assert '"newest"' in text
    for word in (SECRET, "session-of-ann", register()["userId"], PASSWORD):
        assert word not in text


def test_a_dry_run_sends_nothing_and_moves_nothing(importer: Importer, server: Keycloak) -> None:
    server.events = people(3)
    shown = json.loads(importer.run(server.url, "--realm", "school", "--dry-run").stdout)
    assert [row["user"] for row in shown] == ["user-0", "user-1", "user-2"]
    assert importer.poll(server)["accepted"] == 3


# Trouble


def test_footfall_away_or_busy_loses_and_doubles_nothing(importer: Importer, server: Keycloak, served: Served) -> None:
    server.events = people(1000)
    with front(served.url) as before:
        before.failures = [503, 0, 429, 1, 200, 1, 502, 503]
        importer.url = before.url
        report = importer.poll(server)
    assert (report["accepted"] + report["duplicate"], report["rejected"]) == (1000, 0)
    assert importer.types(2000) == Counter({"entity_update": 1000, "signin.traditional": 1000})


def test_keycloak_away_or_busy_is_waited_for(importer: Importer, server: Keycloak) -> None:
    server.events = people(30)
    server.largest_page = 10
    server.failures = [503, 200, 0, 200, 200, 401, 429]
    assert importer.poll(server)["accepted"] == 30


def test_a_token_that_ends_is_fetched_anew(importer: Importer, server: Keycloak) -> None:
    server.events = people(3)
    server.refuses_tokens = {"token-1"}
    assert importer.poll(server)["accepted"] == 3
    assert server.tokens == 2


def test_a_refusal_moves_nothing(importer: Importer, server: Keycloak, served: Served) -> None:
    server.events = people(3)
    with front(served.url) as before:
        importer.url = before.url
        before.failures = [403]
        with pytest.raises(TerminalError, match="on purpose"):
            importer.poll(server)
        assert importer.poll(server)["accepted"] == 3


def test_killed_in_mid_import_loses_and_doubles_nothing(importer: Importer, server: Keycloak, served: Served) -> None:
    server.events = [*people(1500), register(20_000, "s-r"), login(20_001, "s-r"), login(21_000, "s-1", clientId="x")]
    with front(served.url) as before:
        importer.url = before.url
        stuck, go = threading.Event(), threading.Event()
        seen: list[int] = []

        def hold_the_third() -> None:
            seen.append(1)
            if len(seen) == 3:
                stuck.set()
                go.wait(30)

        before.on_request = hold_the_third
        with importer.following(server) as process:
            assert stuck.wait(30)
            process.send_signal(signal.SIGKILL)
            process.wait(30)
        go.set()
        before.on_request = lambda: None
        importer.poll(server)
    wanted = {"signin.traditional": 1500, "signin.traditional_register": 1, "entity_create": 1, "signin.sso": 1}
    assert importer.types(sum(wanted.values()) + 1501) == Counter(wanted | {"entity_update": 1501})


def test_one_bad_event_takes_no_other_along(importer: Importer, server: Keycloak) -> None:
    server.events = [login(0), login(1, "s-2", userId="secret\n"), login(2, "s-3", clientId=7), login(3, "s-4")]
    asked = (server.url, "--realm", "school")
    report = importer.report(*asked, code=1)
    assert (report["accepted"], report["unreadable"], report["read"]) == (2, 2, 4)
    done = importer.run(*asked, "--overlap", "0", "--format", "table")
    assert SECRET not in done.stderr


def test_two_imports_of_the_same_store_do_not_mix(importer: Importer, server: Keycloak) -> None:
    server.events = people(3)
    with importer.following(server):
        until(lambda: bool(server.pages))
        with pytest.raises(TerminalError, match="another import"):
            importer.poll(server)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"realm": None}, "--realm"),
        ({"realm": "elsewhere"}, "no realm 'elsewhere'"),
        ({"token_command": "false"}, "printed none"),
        ({"token_command": "no-such-command"}, "cannot be run"),
        ({"token_command": "echo bad-token"}, "view-events"),
        ({"data": Path("/no/such/folder")}, "no data folder"),
    ],
)
def test_what_cannot_be_done_is_said(importer: Importer, server: Keycloak, given: Json, says: str) -> None:
    with pytest.raises(TerminalError, match=says):
        importer.poll(server, **given)


def test_what_cannot_be_asked_for_ends_with_2(importer: Importer, server: Keycloak) -> None:
    asked = (server.url, "--realm", "school")
    assert "do not go together" in importer.run(*asked, "--follow", "--dry-run", code=2).stderr
    assert "yesterday" in importer.run(*asked, "--since", "yesterday", code=2).stderr


def test_a_client_of_another_realm_is_known_there(importer: Importer, server: Keycloak) -> None:
    importer.poll(server, client_realm="master")
    assert server.asked[0] == "/auth/realms/master/protocol/openid-connect/token"


def test_a_command_may_print_the_token(importer: Importer, server: Keycloak) -> None:
    server.events = people(2)
    given = ("--realm", "school", "--token-command", "echo token-7", "--since", "2026-11-21T00:00:00")
    assert importer.report(server.url, *given)["accepted"] == 2
    assert server.tokens == 0


def test_a_state_that_cannot_be_read_or_is_of_another_source_is_refused(
    importer: Importer, server: Keycloak, tmp_path: Path
) -> None:
    state = tmp_path / "state.json"
    state.write_text("{")
    with pytest.raises(TerminalError, match="cannot be read"):
        importer.poll(server, state=state)
    state.unlink()
    server.events = people(1)
    importer.poll(server, state=state)
    importer.channel += ".2"
    with pytest.raises(TerminalError, match="belongs to"):
        importer.poll(server, state=state)


def test_neither_secret_nor_token_is_shown(importer: Importer, server: Keycloak) -> None:
    server.failures = [403]
    done = importer.run(server.url, "--realm", "school", code=2)
    assert PASSWORD not in done.stdout + done.stderr
    assert "token-1" not in done.stdout + done.stderr


def test_an_address_with_a_password_is_refused(importer: Importer) -> None:
    done = importer.run("https://admin:secret@sso.example", "--realm", "school", code=2)
    assert SECRET not in done.stderr


# For ever


def test_following_takes_what_comes_until_it_is_told_to_end(importer: Importer, server: Keycloak) -> None:
    server.events = people(3)
    with importer.following(server) as process:
        importer.types(6)
        server.failures = [503, 0]
        with server.lock:
            server.events.append(login(100, "s-1", clientId="forum"))
        assert importer.types(8)["signin.sso"] == 1
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    assert json.loads(out)["operations"] == {"login": 3, "sso": 1}
    assert "cannot" in err
