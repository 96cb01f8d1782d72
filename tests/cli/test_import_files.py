"""`footfall import keycloak` from files, into a real server."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from footfall.control.store import Control
from tests.cli.importer import Importer
from tests.dialects.keycloak_samples import (
    PROFILE,
    REALM,
    SECRET,
    Json,
    admin_event,
    log_line,
    login,
    register,
    user_event,
)
from tests.serving import Served, serving


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("import") / "data", collectors=1, batch_seconds=0.2) as running:
        yield running


@pytest.fixture
def importer(served: Served, request: pytest.FixtureRequest) -> Importer:
    """An importer into a channel of the test's own."""
    return Importer(served, request.node.name[:90].replace("[", ".").replace("]", ""))


def accounts(count: int) -> list[Json]:
    """Registrations with the logins that end them, and as many accounts made by an administrator."""
    events = []
    for number in range(count):
        user, other = f"{number:08d}-self", f"{number:08d}-made"
        events += [register(number * 10, user, userId=user), login(number * 10 + 1, user, userId=user)]
        events.append(admin_event("CREATE", number, user=other, representation=PROFILE))
    return events


def lines(events: list[Json]) -> str:
    return "".join(json.dumps(event) + "\n" for event in events)


def test_a_file_is_taken_in_once(importer: Importer, tmp_path: Path) -> None:
    file = tmp_path / "events.json"
    file.write_text(json.dumps(accounts(300)[::-1]))
    first = importer.report(file)
    assert first["operations"] == {"create": 300, "register": 300}
    assert (first["read"], first["accepted"], first["duplicate"]) == (900, 600, 0)
    assert first["ignored"] == {"LOGIN that ends a REGISTER": 300}
    again = importer.report(file)
    assert (again["accepted"], again["duplicate"]) == (0, 600)
    assert importer.types(900) == Counter({"entity_create": 600, "signin.traditional_register": 300})


def test_stdin_is_a_file_too(importer: Importer) -> None:
    events = [login(), login(10, clientId="forum"), user_event("REFRESH_TOKEN", 20)]
    report = importer.report("-", stdin=lines(events))
    assert report["operations"] == {"login": 1, "sso": 1}
    assert report["ignored"] == {"REFRESH_TOKEN": 1}
    assert importer.types(4) == Counter({"entity_update": 2, "signin.traditional": 1, "signin.sso": 1})


def test_a_log_is_read_with_the_clock_of_its_server(importer: Importer, tmp_path: Path) -> None:
    failed = user_event("LOGIN_ERROR", 5, error="user_not_found", userId=None)
    file = tmp_path / "keycloak.log"
    file.write_text("\n".join(["Keycloak 26 started", log_line(login()), log_line(failed, "")]))
    report = importer.report(file, "--utc-offset", "+05:30")
    assert report["operations"] == {"login": 1, "login failed": 1}
    assert report["other_lines"] == 1
    rows = importer.rows("SELECT ets, edata_type FROM events WHERE channel = '{}' ORDER BY ets", 3)
    assert rows[0]["ets"] == login()["time"] - 19_800_000
    assert rows[-1]["edata_type"] == "failed.signin.traditional"


def test_only_a_realm_and_only_what_is_not_older(importer: Importer, tmp_path: Path) -> None:
    file = tmp_path / "events.json"
    file.write_text(lines([login(), login(1, "s-2", realmId="other"), login(-86_400_000, "s-3")]))
    report = importer.report(file, "--realm", REALM, "--since", "2026-11-21")
    assert (report["operations"], report["other_realm"], report["older"]) == ({"login": 1}, 1, 1)


def test_bad_lines_are_named_and_take_no_others_along(importer: Importer, tmp_path: Path) -> None:
    file = tmp_path / "events.ndjson"
    events = [json.dumps(login()), '{"type":"LOGIN","time":"secret"}', "secret", json.dumps(login(1, "s", userId=None))]
    file.write_bytes("\n".join([*events, json.dumps(login(2, "s-2"))]).encode() + b'\n{"type":"\xff')
    done = importer.run(file, code=1)
    assert json.loads(done.stdout)["unreadable"] == 4
    assert json.loads(done.stdout)["accepted"] == 2
    said = done.stderr.splitlines()
    assert [line.split(": ")[1:3] for line in said if str(file) in line] == [
        [f"{file}:2", "$.time"],
        [f"{file}:3", "$"],
        [f"{file}:6", "$"],
    ]
    assert any("$.userId" in line for line in said)
    assert SECRET not in done.stdout + done.stderr.replace(str(file), "")


def test_many_bad_lines_are_counted_and_not_all_shown(importer: Importer) -> None:
    done = importer.run("-", stdin='{"type":"LOGIN"}\n' * 500, code=1)
    assert json.loads(done.stdout)["unreadable"] == 500
    assert len(done.stderr.splitlines()) == 21


def test_a_dry_run_shows_what_would_be_sent_and_sends_nothing(importer: Importer) -> None:
    events = lines([register(), login(10), admin_event("UPDATE", 20, representation=PROFILE)])
    done = importer.run("-", "--dry-run", stdin=events)
    shown = json.loads(done.stdout)
    assert [(row["operation"], row["client"]) for row in shown] == [("register", "portal"), ("update", "c-1")]
    assert "username" in shown[1]["changed"]
    assert "read 3; operation: register 1" in done.stderr
    assert SECRET not in (done.stdout + done.stderr).lower()
    table = importer.run("-", "--dry-run", "--format", "table", stdin=events).stdout
    assert "register" in table
    assert importer.report("-", stdin=events)["duplicate"] == 0


def test_a_state_carries_sessions_from_file_to_file(importer: Importer, tmp_path: Path) -> None:
    state = ("--state", str(tmp_path / "deep" / "state.json"))
    assert importer.report("-", *state, stdin=lines([login()]))["operations"] == {"login": 1}
    report = importer.report("-", *state, stdin=lines([login(), login(10, clientId="forum")]))
    assert (report["operations"], report["repeated"]) == ({"sso": 1}, 1)
    assert SECRET not in (tmp_path / "deep" / "state.json").read_text()


def test_the_table_says_what_was_done(importer: Importer) -> None:
    shown = importer.run("-", "--format", "table", stdin=lines([login()])).stdout
    assert "operation: login" in shown
    assert "accepted" in shown


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"\x1f\x8b\x08", "gzip"),
        (json.dumps([login()]).encode("utf-16"), "UTF-16"),
    ],
)
def test_a_file_that_is_no_text_is_refused(importer: Importer, tmp_path: Path, text: bytes, says: str) -> None:
    file = tmp_path / "events.json"
    file.write_bytes(text)
    assert says in importer.run(file, code=2).stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["missing.json"], "cannot read missing.json"),
        (["/"], "cannot read /"),
        (["-", "--utc-offset", "late"], "+05:30"),
        (["-", "--utc-offset", "+99:00"], "less than a day"),
        (["-", "--form", "xml"], "xml"),
        (["-", "--url", "nowhere"], "the address of footfall"),
    ],
)
def test_what_cannot_be_done_ends_with_2(importer: Importer, arguments: list[str], says: str) -> None:
    assert says in importer.run(*arguments, code=2).stderr


def test_a_key_that_is_not_known_ends_with_2(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    with Control.open(data / "control.db") as control:
        keys = control.add_channel("school")
    with serving(data, collectors=1) as locked:
        importer = Importer(locked, "school")
        for key, code, says in (("ffs_0_0", 2, "HTTP 401"), (keys.public, 2, "a secret key"), (keys.secret, 0, "")):
            done = importer.run("-", "--key", key, stdin=lines([admin_event("CREATE")]), code=code)
            assert says in done.stderr
            assert key not in done.stdout + done.stderr
