"""The examples of docs/testing.md, run as they stand."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.micro.suites import PATIENCE, finish, start

PAGE = Path(__file__).parents[2] / "docs" / "testing.md"


def block(language: str) -> str:
    """The page's one block in a language."""
    [found] = re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    return str(found)


def documents(text: str) -> Iterator[Any]:
    """JSON documents that stand one after the other."""
    decoder, position = json.JSONDecoder(), 0
    while position < len(text):
        found, position = decoder.raw_decode(text, position)
        yield found


def test_the_pytest_example_passes(tmp_path: Path) -> None:
    (tmp_path / "test_example.py").write_text(block("python"))
    told = finish(start(tmp_path))
    assert "2 passed" in told, told


def test_the_shell_example_shows_what_it_says(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    script = block("sh").replace("8401", port) + "\nkill %1\nwait %1\n"
    with subprocess.Popen(
        ["bash", "-euc", script],
        cwd=tmp_path,
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as shell:
        try:
            told, _ = shell.communicate(timeout=PATIENCE)
        finally:
            if shell.poll() is None:
                os.killpg(shell.pid, signal.SIGKILL)
    assert shell.returncode == 0, told
    reply, totals, good, bad, empty = documents(told[told.index("{") :])
    assert (reply["result"]["accepted"], reply["result"]["rejected"]) == (1, 1)
    assert (totals["total"], totals["good"], totals["bad"], empty["total"]) == (2, 1, 1, 0)
    assert [seen["mid"] for seen in good] == ["beat-1"]
    assert [seen["payload"] for seen in bad] == [{"eid": "HARTBEAT"}]


@pytest.mark.parametrize("path", re.findall(r"\]\((\w+\.md)\)", PAGE.read_text()))
def test_links_lead_somewhere(path: str) -> None:
    from footfall.reference import pages

    assert (PAGE.parent / path).exists() or path in pages()
