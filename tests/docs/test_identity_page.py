"""The page on identity says what the collector does."""

import json
import re
from pathlib import Path

import pytest

from footfall.dialects.identity.dialect import Receipt, Report
from footfall.dialects.identity.operation import Operation
from footfall.dialects.identity.rules import SYSTEM_SURFACES, TABLE, USER_SURFACES, Row
from tests.dialects.identity_samples import Json, reply

PAGE = (Path(__file__).parents[2] / "docs" / "identity.md").read_text()
REQUEST, REPLY = (json.loads(text) for text in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL))


def row_of(row: Row) -> str:
    fires = ", ".join(f"`{name}`" for name in row.fires) or "nothing"
    method = f"`{row.method}` " if row.method else ""
    fails = f"`{row.fails}`" if row.fails else "nothing"
    return f"| `{row.operation}` | {method}| {fires} | {surfaces(row)} | {fails} |"


def surfaces(row: Row) -> str:
    if row.surfaces == ("bulk_import",):
        return "`bulk_import`"
    profile = tuple(name for name in SYSTEM_SURFACES if name != "bulk_import")
    named = [name for name, group in (("user", USER_SURFACES), ("profile", profile)) if {*group} <= {*row.surfaces}]
    return ", ".join(named)


def test_the_table_is_the_programs() -> None:
    assert [line for line in PAGE.splitlines() if line.count("|") == 6][2:] == [row_of(row) for row in TABLE]


def test_every_field_is_described() -> None:
    lines = [line for line in PAGE.splitlines() if line.count("|") == 4]
    described = re.findall(r"^\| `(\w+)` \| (yes)? ?\|", "\n".join(lines), re.MULTILINE)
    assert {name for name, _ in described} == set(Operation.__struct_fields__)
    assert {name for name, required in described if required} == {"id", "time", "operation", "surface", "user"}


def test_the_request_shown_is_taken() -> None:
    told = reply(REQUEST)
    assert told["accepted"] == 2
    assert told["operations"][0]["fired"] == REPLY["operations"][0]["fired"]


def test_the_reply_shown_has_the_replys_form() -> None:
    assert list(REPLY) == list(Receipt.__struct_fields__)
    assert {tuple(report) for report in REPLY["operations"]} == {Report.__struct_fields__}
    bad: Json = {"operations": [REQUEST["operations"][0], REQUEST["operations"][1] | {"surface": "oauth_api"}]}
    assert reply(bad)["operations"][1] == REPLY["operations"][1]


@pytest.mark.parametrize(
    "word", ["signin.sso", "sign-in.traditional", "event_create", "lastLogin", "deactivateAccount"]
)
def test_names_that_people_look_for(word: str) -> None:
    assert f"`{word}`" in PAGE
