"""Channels and keys, from the command line to the door."""

import json
import subprocess
from pathlib import Path

from tests.cli.samples import impression
from tests.serving import PROGRAM, serving, until


def made(data: Path, *options: str) -> dict[str, str]:
    """The keys of the channel `school`, made before anything is served."""
    command = [PROGRAM, "channel", "add", "school", *options, "--data", str(data), "--format", "json"]
    keys: dict[str, str] = json.loads(subprocess.check_output(command, text=True, timeout=60))
    return keys


def test_a_channel_from_its_making_to_its_end(tmp_path: Path) -> None:
    keys = made(tmp_path)
    with serving(tmp_path, batch_seconds=0.2) as served:
        assert served.post([impression("IMPRESSION:0")]).status_code == 401
        for kind in ("public", "secret"):
            reply = served.post([impression(f"IMPRESSION:{kind}", channel="")], key=keys[kind])
            assert reply.json()["result"]["accepted"] == 1
        served.wait_for("SELECT channel FROM events", lambda rows: [row["channel"] for row in rows] == ["school"] * 2)
        assert served.get("/v1/fate/IMPRESSION:public", key=keys["secret"]).status_code == 200
        assert served.get("/v1/fate/IMPRESSION:public", key=keys["public"]).status_code == 403
        new = served.run_json("channel", "rotate", "school", "--kind", "public")
        until(lambda: served.post([impression("IMPRESSION:1")], key=keys["public"]).status_code == 401)
        assert served.post([impression("IMPRESSION:2")], key=new["public"]).status_code == 200
        assert served.post([impression("IMPRESSION:3")], key=keys["secret"]).status_code == 200
        served.run("channel", "remove", "school")


def test_a_profile_changed_and_events_replayed(tmp_path: Path) -> None:
    key = made(tmp_path, "--profile", "sunbird", "--keep-payloads")["secret"]
    with serving(tmp_path, batch_seconds=0.2) as served:
        lenient = impression("IMPRESSION:1", channel="school")
        del lenient["edata"]["uri"]
        assert served.post([lenient], key=key).json()["result"]["rejected"] == 1
        served.wait_for("SELECT * FROM failed", lambda rows: len(rows) == 1)
        served.run("channel", "set", "school", "--profile", "v3")
        other = impression("IMPRESSION:2", channel="school")
        del other["edata"]["uri"]
        until(lambda: served.post([other], key=key).json()["result"]["rejected"] == 0)
        replay = ("failed", "replay", "--url", served.url, "--key", key)
        served.run(*replay, code=0)
        served.wait_for("SELECT * FROM events WHERE mid = 'IMPRESSION:1'", lambda rows: len(rows) == 1)


def test_masked_events_are_not_replayed(tmp_path: Path) -> None:
    key = made(tmp_path)["secret"]
    with serving(tmp_path, batch_seconds=0.2) as served:
        bad = impression("IMPRESSION:1", channel="school") | {"ets": "secret words"}
        assert served.post([bad], key=key).status_code == 200
        (row,) = served.wait_for("SELECT event FROM failed", lambda rows: len(rows) == 1)
        assert "secret words" not in row["event"]
        totals = served.run_json("failed", "replay", "--url", served.url, "--key", key)
        assert (totals["masked"], totals["replayed"]) == (1, 0)


def test_names_and_options_that_cannot_be_are_refused(tmp_path: Path) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [PROGRAM, "channel", *arguments, "--data", str(tmp_path)]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    assert run("add", "school").returncode == 0
    for arguments in (
        ("add", "school"),
        ("add", "../etc"),
        ("add", "x", "--profile", "v9"),
        ("add", "x", "--origin", "school.example"),
        ("add", "x", "--rate", "-1"),
        ("set", "nobody"),
        ("remove", "nobody"),
        ("rotate", "school", "--kind", "golden"),
        ("revoke", "nokey"),
    ):
        done = run(*arguments)
        assert done.returncode == 2, (arguments, done)
        assert "Traceback" not in done.stderr
    assert "school" in run("list").stdout
