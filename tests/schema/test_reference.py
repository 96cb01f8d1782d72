"""The reference pages say what the code does."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from footfall.schema.docs import events_page, reasons_page
from footfall.schema.examples import example
from footfall.schema.reasons import Reason
from footfall.schema.schemas import EIDS, all_schemas
from footfall.schema.validation import judge
from footfall.schema.verdict import Profile

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize(("name", "page"), [("events.md", events_page), ("reasons.md", reasons_page)])
def test_the_files_are_the_generated_text(name: str, page: object) -> None:
    assert callable(page)
    assert (DOCS / name).read_text(encoding="utf-8") == page(), "run python -m footfall.schema.docs docs/"


def test_the_command_writes_both_pages(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "footfall.schema.docs", str(tmp_path)], check=True)

    assert (tmp_path / "events.md").read_text(encoding="utf-8") == events_page()
    assert (tmp_path / "reasons.md").read_text(encoding="utf-8") == reasons_page()


def test_every_example_on_the_page_is_accepted_without_a_remark() -> None:
    shown = re.findall(r"```json\n(.*?)\n```", events_page(), re.DOTALL)

    assert [json.loads(text)["eid"] for text in shown] == list(EIDS)
    for text in shown:
        for profile in Profile:
            assert judge(text.encode(), profile).findings == ()


def test_every_field_of_both_profiles_is_on_the_page() -> None:
    page = events_page()
    sections = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", page, re.DOTALL | re.MULTILINE))

    for _, eid, schema in all_schemas():
        edata = schema["properties"]["edata"].get("$ref", "").rsplit("/", 1)[-1]
        for field in schema["$defs"].get(edata, {}).get("properties", {}):
            assert f"`{field}`" in sections[eid], (eid, field)


def test_every_reason_has_its_anchor() -> None:
    page = reasons_page()

    assert re.findall(r"^## (\w+)$", page, re.MULTILINE) == [reason.code for reason in Reason]
    for reason in Reason:
        assert reason.sentence in page


def test_no_line_is_taken_for_html() -> None:
    for page in (events_page(), reasons_page()):
        assert not re.search(r"(?<!\\)<[a-z]", re.sub(r"```.*?```", "", page, flags=re.DOTALL))


def test_examples_are_copies() -> None:
    example("START")["edata"]["type"] = "changed"

    assert example("START")["edata"]["type"] != "changed"
