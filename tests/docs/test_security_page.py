"""docs/security.md names files and tests that are there, and speaks only of requirements that it answers once."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text()
NAMED = sorted(set(re.findall(r"`((?:src|tests|docs|browser|requirements)/[^`\s]+)`", PAGE)))
ROWS = re.findall(r"^\| (\d+\.\d+\.\d+[^|]*) \| ([^|]+) \| ([^|]+) \|([^|]*)\|$", PAGE, re.MULTILINE)


@pytest.mark.parametrize("named", NAMED)
def test_what_it_names_is_there(named: str) -> None:
    path, _, test = named.partition("::")
    assert (ROOT / path).is_file(), f"there is no {path}"
    if test:
        assert re.search(rf"^ *(?:async )?def {re.escape(test)}\(", (ROOT / path).read_text(), re.MULTILINE), named


def test_every_requirement_is_answered_once_and_shown_somewhere() -> None:
    assert len(ROWS) > 80
    numbers = [number for given, *_ in ROWS for number in _numbers(given)]
    assert len(numbers) == len(set(numbers)), sorted({number for number in numbers if numbers.count(number) > 1})
    for given, _, answer, shown in ROWS:
        assert shown.strip() or "not met" in answer or "proxy" in answer, given


def test_the_test_of_this_page_finds_what_is_missing() -> None:
    assert "tests/proxies/test_access.py::test_no_answer_goes_astray" in NAMED
    assert len(NAMED) > 80


def _numbers(given: str) -> list[str]:
    """The requirements in "1.2.3, 1.2.5" and those between two, which a dash stands for."""
    found = []
    for part in given.split(", "):
        first, _, last = part.partition("\N{EN DASH}")
        section, _, start = first.rpartition(".")
        end = last.rpartition(".")[2] or start
        found += [f"{section}.{number}" for number in range(int(start), int(end) + 1)]
    return found
