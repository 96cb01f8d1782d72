"""`footfall codegen`, as a build calls it."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.serving import PROGRAM

_CHECKOUT = """\
plan: checkout
version: {version}
title: Checkout
kind: flow
steps:
  - step: paid
    when: {when}
    event: END
    match: {match}
    end: true
order: paid
"""


def _run(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[bytes]:
    command = [PROGRAM, "codegen", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, timeout=60, check=False, env=os.environ | environment)


def _plan(folder: Path, version: int = 1, when: str = "It is paid.", match: str = "{edata.type: cart}") -> Path:
    file = folder / "checkout.yaml"
    file.write_text(_CHECKOUT.format(version=version, when=when, match=match), encoding="utf-8")
    return file


@pytest.mark.parametrize("language", ["python", "typescript"])
def test_a_file_is_checked_against_its_plans(language: str, tmp_path: Path) -> None:
    output = tmp_path / "tracking"
    order: list[str | Path] = [language, "--plan", _plan(tmp_path), "--plan", "signup", "--output", output]
    assert _run(*order, "--check").returncode == 1
    assert not output.exists()
    assert _run(*order).returncode == 0
    assert _run(*order, "--check").returncode == 0
    _plan(tmp_path, version=2)
    done = _run(*order, "--check")
    assert done.returncode == 1
    assert str(output).encode() in done.stderr
    assert b"checkout, version 1, sha256 " in output.read_bytes()
    assert _run(*order).returncode == 0
    assert b"checkout, version 2, sha256 " in output.read_bytes()


def test_a_file_that_is_right_is_not_touched(tmp_path: Path) -> None:
    output = tmp_path / "tracking.py"
    assert _run("python", "--plan", "signup", "--output", output).returncode == 0
    os.utime(output, (1, 1))
    assert _run("python", "--plan", "signup", "--output", output).returncode == 0
    assert output.stat().st_mtime == 1


def test_the_same_bytes_in_every_process(tmp_path: Path) -> None:
    plan = _plan(
        tmp_path, when="größer — 表", match="{edata.type: cart, edata.mode: play, edata.pageid: {one_of: [b, a]}}"
    )
    other = _plan(
        tmp_path, when="größer — 表", match="{edata.pageid: {one_of: [b, a]}, edata.mode: play, edata.type: cart}"
    )
    for language in ("python", "typescript"):
        texts = [
            _run(language, "--plan", plan, "--plan", "lms", PYTHONHASHSEED="1", LC_ALL="C", PYTHONUTF8="0"),
            _run(language, "--plan", "lms", "--plan", other, PYTHONHASHSEED="2", LC_ALL="C.UTF-8"),
        ]
        assert texts[0].stdout == texts[1].stdout
        assert "größer — 表" in texts[0].stdout.decode()


def test_all_plans_when_none_is_named(tmp_path: Path) -> None:
    _plan(tmp_path)
    text = _run("python", "--plans", tmp_path).stdout.decode()
    for name in ("signup_opened", "google_signin_returned", "lms_video", "checkout_paid", "heartbeat"):
        assert f"\ndef {name}(\n" in text
    assert "\ndef heartbeat(\n" not in _run("python", "--plan", "signup", "--no-events").stdout.decode()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--check"], b"--output"),
        (["--plan", "sginup"], b"did you mean signup?"),
        (["--plan", "signup", "--plan", "signup"], b"there are two plans called signup"),
        (["--output", "no/such/folder/tracking.py"], b"cannot write no/such/folder/tracking.py"),
    ],
)
def test_what_cannot_be_done_is_said(arguments: list[str], said: bytes) -> None:
    done = _run("python", *arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stdout == b""


def test_a_plan_that_contradicts_itself_is_named(tmp_path: Path) -> None:
    done = _run("python", "--plan", _plan(tmp_path, match="{edata.type: cart, edata.type.name: b}"))
    assert done.returncode == 2
    assert b"checkout" in done.stderr
    assert b"edata.type" in done.stderr
