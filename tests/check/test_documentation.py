"""The documentation of the check says what it does."""

from pathlib import Path

from footfall.check.repairs import REPAIRS
from footfall.check.report import Note, Part, Report

PAGE = (Path(__file__).parents[2] / "docs" / "check.md").read_text()


def test_every_code_of_documents_is_explained() -> None:
    assert [line.split("`")[1] for line in PAGE.splitlines() if line.startswith("| `")][: len(REPAIRS)] == list(REPAIRS)


def test_every_key_of_the_json_is_shown() -> None:
    for shape in (Report, Note, Part):
        for name in shape.__struct_fields__:
            assert f'"{name}"' in PAGE or f"`{name}`" in PAGE
