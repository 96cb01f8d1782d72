"""The JSON Schema of plans says what the reader takes, and every key is explained."""

from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from footfall.plans.descriptions import WORDS
from footfall.plans.errors import PlanError
from footfall.plans.format import format_page, plan_schema
from footfall.plans.reading import plan_of
from footfall.plans.registry import document, shipped
from tests.plans.documents import CHECKOUT, changed

VALIDATOR = jsonschema_rs.Draft202012Validator(plan_schema())


def test_it_is_a_schema() -> None:
    jsonschema_rs.meta.validate(plan_schema())
    assert plan_schema()["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("name", [plan.plan for plan in shipped()])
def test_shipped_plans_keep_to_it(name: str) -> None:
    VALIDATOR.validate(yaml.safe_load(document(name)))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("version: 1", "version: one"),
        ("kind: flow", "kind: flows"),
        ("kind: flow", "kind: types"),
        ("idle: 30m", "idle: 30 minutes"),
        ("idle: 30m", "rules: []"),
        ("event: IMPRESSION", "event: IMPRESION"),
        ("event: IMPRESSION", "evnt: IMPRESSION"),
        ("is: pay", "is: pay, one_of: [pay]"),
        ("order: opened+ paid? closed\n", ""),
    ],
)
def test_it_refuses_what_the_reader_refuses(old: str, new: str) -> None:
    text = changed((old, new))
    assert not VALIDATOR.is_valid(yaml.safe_load(text))
    with pytest.raises(PlanError):
        plan_of(text.encode(), "checkout.yaml")


def test_it_takes_what_the_reader_takes() -> None:
    VALIDATOR.validate(yaml.safe_load(CHECKOUT))


def parts() -> dict[str, Any]:
    schema = plan_schema()
    return {"Plan": schema, **schema["$defs"]}


def test_every_key_of_every_part_is_explained() -> None:
    assert {name: set(part["properties"]) for name, part in parts().items()} == {
        name: set(words) for name, words in WORDS.items()
    }


def test_the_page_names_every_key() -> None:
    page = format_page()
    assert all(f"`{key}`" in page for words in WORDS.values() for key in words)


def test_the_guide_names_every_warning_and_every_shipped_plan() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "plans.md").read_text()
    for plan in shipped():
        assert f"`{plan.plan}`" in guide
        assert all(f"`{warning}`" in guide for warning in plan.warnings)
