"""The documentation says what the program does."""

import re
import subprocess
from pathlib import Path

import pytest
import typer

from footfall import reference
from footfall.cli import app
from tests.serving import PROGRAM

ROOT = Path(__file__).parents[2]
PAGES = reference.pages()


@pytest.mark.parametrize("name", PAGES)
def test_a_generated_page_is_up_to_date(name: str) -> None:
    assert (ROOT / "docs" / name).read_text() == PAGES[name], "run `make docs`"


def commands() -> list[list[str]]:
    return [path[1:] for path, _ in reference.commands(typer.main.get_command(app), ["footfall"])]


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_every_command_explains_itself_with_an_example(command: list[str]) -> None:
    done = subprocess.run([PROGRAM, *command, "--help"], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0
    assert f"footfall {' '.join(command)}" in done.stdout
    assert "Example:" in done.stdout


def test_links_between_pages_lead_somewhere() -> None:
    for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        for target in re.findall(r"\]\((?!https?:)([^)#\s]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
