"""`footfall check` as people and pipelines run it."""

import gzip
import json
import os
import pty
import select
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from tests.cli.samples import impression
from tests.serving import PROGRAM

SAMPLES = Path(__file__).parents[1] / "check" / "data" / "signup.md"
GOOD = json.dumps(impression("IMPRESSION:1")).encode() + b"\n"
REMARKABLE = json.dumps(impression("IMPRESSION:2", itype="SWIPE")).encode() + b"\n"
BAD = json.dumps(impression("IMPRESSION:3") | {"ets": "now"}).encode() + b"\n"


def run(*arguments: str, given: bytes = b"", code: int = 0) -> str:
    """What the command prints, with the exit code it must have."""
    done = subprocess.run([PROGRAM, "check", *arguments], input=given, capture_output=True, check=False, timeout=120)
    said = done.stderr.decode()
    assert done.returncode == code, (done, said)
    assert "Traceback" not in said
    return done.stdout.decode() or said


def checked(*arguments: str, given: bytes = b"", code: int = 0) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(run("--format", "json", *arguments, given=given, code=code))
    return found


def test_the_exit_code_says_what_was_found() -> None:
    assert "1 event: 1 accepted" in run("-", given=GOOD)
    assert "0 events" in run("-", given=b"")
    assert "unknown_field $.edata.itype" in run("-", given=GOOD + REMARKABLE, code=1)
    assert "wrong_type $.ets" in run("-", given=BAD, code=1)
    run("--allow-warnings", "-", given=REMARKABLE)
    run("--allow-warnings", "-", given=REMARKABLE + BAD, code=1)


def test_the_profile_decides() -> None:
    (report,) = checked("-", given=REMARKABLE, code=1)
    assert (report["verdict"], report["findings"][0]["level"]) == ("warned", "warning")
    (report,) = checked("--profile", "sunbird", "-", given=REMARKABLE, code=1)
    assert (report["verdict"], report["findings"][0]["level"]) == ("rejected", "error")


def test_several_files_packed_or_not(tmp_path: Path) -> None:
    plain, packed = tmp_path / "plain", tmp_path / "packed"
    plain.write_bytes(GOOD * 3)
    packed.write_bytes(gzip.compress(b'{"events":[' + GOOD + b"," + BAD + b"]}"))
    found = checked(str(plain), "-", str(packed), given=GOOD, code=1)
    assert [(one["file"], one["index"]) for one in found] == [
        *((str(plain), number) for number in range(3)),
        ("-", 0),
        *((str(packed), number) for number in range(2)),
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["none.json"], "none.json: there is no such file"),
        (["."], "is a folder"),
        (["--plan", "signin", "-"], "signup"),
        (["--plan", "none.yaml", "-"], "none.yaml"),
        (["--flows", "flows.json", "-"], "--plan"),
        (["--plan", "signup", "--flows", "no/such/folder.json", "-"], "cannot write"),
        (["--profile", "v9", "-"], "v9"),
        (["--format", "xml", "-"], "xml"),
        (["--jobs", "0", "-"], "greater than"),
        ([], "FILE"),
    ],
)
def test_what_cannot_be_done_as_asked_says_why(
    arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = subprocess.run(
        [PROGRAM, "check", *arguments], input=GOOD, capture_output=True, check=False, timeout=60, text=False
    )
    assert done.returncode == 2, done
    assert said in done.stderr.decode()
    assert "Traceback" not in done.stderr.decode()


def test_an_input_that_cannot_be_used_does_not_hide_the_others(tmp_path: Path) -> None:
    (tmp_path / "cut.gz").write_bytes(gzip.compress(GOOD * 500)[:-10])
    (tmp_path / "image").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    (tmp_path / "good").write_bytes(GOOD)
    names = [str(tmp_path / name) for name in ("cut.gz", "image", "good")]
    found = checked(*names, code=2)
    assert {one["file"] for one in found} == {names[0], names[2]}
    assert {one["verdict"] for one in found if one["file"] == names[2]} == {"accepted"}


def test_the_documented_samples_are_checked_as_they_stand() -> None:
    found = checked("--lenient", "--fill", str(SAMPLES), code=1)
    assert [one["verdict"] for one in found].count("accepted") == 3
    assert len(found) == 23
    assert {one["plan"] for one in found} == {"signup", "google-signin"}
    assert [
        one["verdict"] for one in checked("--lenient", "--fill", "--profile", "sunbird", str(SAMPLES), code=1)
    ].count("rejected") == 3


def test_without_leniency_a_document_is_malformed_and_the_way_out_is_told() -> None:
    assert "--lenient" in run(str(SAMPLES), code=1)


def test_flows_are_followed_and_written(tmp_path: Path) -> None:
    target = tmp_path / "flows.json"
    samples = tmp_path / "samples.md"
    samples.write_text(SAMPLES.read_text().replace("<uuid>", "f-1"))
    arguments = ["--lenient", "--fill", "--plan", "google-signin", "--flows", str(target), str(samples)]
    assert "flow google-signin f-1: created" in run(*arguments, code=1)
    (flow,) = json.loads(target.read_text())
    assert (flow["plan"], flow["outcome"], flow["steps"][:2]) == ("google-signin", "created", ["opened", "viewed"])
    assert {finding["code"] for finding in flow["findings"]} == {"out_of_order"}


def test_a_plan_of_ones_own(tmp_path: Path) -> None:
    plan = tmp_path / "home.yaml"
    plan.write_text(
        "plan: home\nversion: 1\ntitle: Home\nkind: flow\nfallback: session\norder: seen\nsteps:\n"
        "  - {step: seen, when: The home page is shown., event: IMPRESSION, match: {edata.pageid: home}, end: true}\n"
        "outcomes:\n  - {outcome: done, default: true}\n"
    )
    (report,) = checked("--plan", str(plan), "-", given=GOOD)
    assert (report["plan"], report["step"]) == ("home", "seen")
    plan.write_text("plan: home\nversion: one\n")
    assert f"{plan}:2" in run("--plan", str(plan), "-", given=GOOD, code=2)


@pytest.mark.parametrize("shown", ["json", "junit", "sarif"])
def test_machines_get_nothing_but_their_format_on_stdout(shown: str) -> None:
    said = run("--format", shown, "-", given=GOOD + BAD, code=1)
    assert said.lstrip()[0] in "[<{"
    assert "2 events" not in said


def test_a_reader_that_goes_away_ends_it_without_a_word(tmp_path: Path) -> None:
    path = tmp_path / "events.ndjson"
    path.write_bytes(GOOD * 30_000)
    for shown in ("json", "text"):
        with subprocess.Popen(
            [PROGRAM, "check", "--format", shown, "--jobs", "2", str(path)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            assert process.stdout
            assert process.stderr
            process.stdout.read(1 if shown == "json" else 0)
            process.stdout.close()
            said = process.stderr.read().decode()
            assert process.wait(60) == 141
        assert "Traceback" not in said


def test_a_long_check_shows_how_far_it_is_on_a_terminal_only() -> None:
    master, slave = pty.openpty()
    with subprocess.Popen(
        [PROGRAM, "check", "--jobs", "1", "-"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=slave
    ) as process:
        os.close(slave)
        assert process.stdin
        readable = select.poll()
        readable.register(master, select.POLLIN)
        until = time.monotonic() + 60
        while not readable.poll(0):
            assert time.monotonic() < until
            process.stdin.write(GOOD * 500)
        assert b"events" in os.read(master, 1 << 16)
        process.stdin.close()
        while readable.poll(100) or process.poll() is None:
            try:
                os.read(master, 1 << 16)
            except OSError:
                break
        assert process.wait(60) == 0
    os.close(master)


def test_ctrl_c_ends_it_without_a_word() -> None:
    with subprocess.Popen(
        [PROGRAM, "check", "--format", "json", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        process.stdin.write(GOOD * ((1_100_000) // len(GOOD)))
        process.stdin.flush()
        process.stdout.read(1)
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(60) == 130
        assert "Traceback" not in process.stderr.read().decode()
