"""Tests of one process do not touch what others in it live by."""

import re
from pathlib import Path

# Servers of other tests run in threads of the same process: with another clock they wait for hours.
_GLOBAL = re.compile(r"setattr\(\s*(?:time|socket|threading|asyncio|random),")


def test_no_test_changes_a_module_that_everything_uses() -> None:
    found = [
        path.name
        for path in Path(__file__).parent.rglob("*.py")
        if "node_modules" not in path.parts and _GLOBAL.search(path.read_text())
    ]
    assert found == []
