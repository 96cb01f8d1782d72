"""The plan `identity`, the table in Python and the names in the lake say the same."""

import pytest

from footfall.dialects.identity.rules import FAILURES, METHODS, REGISTRATIONS, ROWS, SIGN_INS, TYPES
from footfall.plans import registry
from footfall.plans.model import Plan
from footfall.schema.event_types import CANONICAL, IDENTITY
from footfall.schema.events import AuditData


@pytest.fixture(scope="module")
def plan() -> Plan:
    return registry.find("identity")


def test_the_operations_are_those_of_the_table(plan: Plan) -> None:
    in_plan = {
        (found.operation, found.method or None): (tuple(found.fires), found.fails, tuple(found.surfaces))
        for found in plan.operations
    }
    assert in_plan == {key: (row.fires, row.fails, row.surfaces) for key, row in ROWS.items()}
    assert len(plan.operations) == len(ROWS)
    assert all(found.when for found in plan.operations)


def test_the_types_are_those_of_the_table(plan: Plan) -> None:
    assert plan.event == "AUDIT"
    assert tuple(kind.type for kind in plan.types if not kind.extension) == TYPES_IN_THE_SEEDS_ORDER
    assert {kind.type for kind in plan.types if not kind.extension} == set(TYPES)
    assert {kind.type for kind in plan.types if kind.extension} == set(FAILURES)
    assert {row.fails for row in ROWS.values()} - {""} == set(FAILURES)
    assert all(kind.when and kind.source for kind in plan.types)


TYPES_IN_THE_SEEDS_ORDER = (
    "signin.traditional_register",
    "signin.traditional",
    "signin.social_register",
    "signin.social",
    "signin.sso",
    "entity_create",
    "entity_update",
    "entity_delete",
)


def test_no_failure_and_no_registration_counts_as_a_sign_in(plan: Plan) -> None:
    assert {kind.type for kind in plan.types if kind.sign_in} == set(SIGN_INS)
    assert not set(SIGN_INS) & {*FAILURES, *REGISTRATIONS}


def test_the_lake_knows_every_name_of_the_plan(plan: Plan) -> None:
    names = {name: kind.type for kind in plan.types for name in (kind.type, *kind.aliases)}
    assert names == CANONICAL["AUDIT"]
    assert names["sign-in.traditional"] == "signin.traditional"
    assert names["event_create"] == "entity_create"
    assert set(IDENTITY) == {*TYPES, *FAILURES}


def test_the_fields_of_a_type_are_those_of_its_event(plan: Plan) -> None:
    fields = {field for kind in plan.types for field in kind.fields}
    assert fields == {"props", "state", "prevstate"}
    assert fields <= set(AuditData.__struct_fields__)


def test_operations_with_a_method_have_both() -> None:
    assert {key for key in ROWS if key[1]} == {(name, kind) for name in METHODS for kind in ("password", "provider")}


@pytest.mark.parametrize("name", ["identity", "lms"])
def test_every_shipped_type_has_its_column_value(name: str) -> None:
    plan = registry.find(name)
    known = CANONICAL[plan.event]
    for kind in plan.types:
        assert {known.get(name) for name in (kind.type, *kind.aliases)} == {kind.type}
