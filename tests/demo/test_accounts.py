"""What is told of accounts is what footfall takes, by its table of operations, and makes sense of a life."""

from collections import Counter, defaultdict
from functools import cache
from typing import Any

from footfall.demo.endpoints import Endpoint
from footfall.demo.visit import Visit
from footfall.dialects.identity.operation import Operation, events, read_operation
from footfall.dialects.identity.rules import FAILURES, TABLE, TYPES

from .reading import lives, read, said


@cache
def fortnight() -> tuple[Visit, ...]:
    return tuple(lives(4, 14, 150_000))


@cache
def operations() -> list[Operation]:
    return [_taken(one) for one in said(fortnight(), Endpoint.IDENTITY)]


def _taken(value: dict[str, Any]) -> Operation:
    found = read_operation(value)
    assert isinstance(found, Operation), found
    return found


@cache
def fired() -> Counter[str]:
    found: Counter[str] = Counter()
    for operation in operations():
        found.update(event.edata.type or "" for event in events(operation, "dev"))
    return found


def test_every_row_of_the_table_and_every_type_is_met() -> None:
    assert {one.row for one in operations()} == set(TABLE)
    assert fired().keys() == {*TYPES, *FAILURES}
    assert {one.surface for one in operations()} >= {"registration_ui", "mobile_sdk", "bulk_import", "admin", "system"}
    assert {one.provider for one in operations() if one.provider} == {"google", "apple"}


def test_counts_agree_as_the_types_say() -> None:
    registered = fired()["signin.traditional_register"] + fired()["signin.social_register"]
    made = Counter(one.operation for one in operations() if not one.has_failed)
    assert fired()["entity_create"] - registered == made["import"] + made["create"]
    assert made["import"] == 20
    signed_in = fired()["signin.traditional"] + fired()["signin.social"] + fired()["signin.sso"]
    assert fired()["entity_update"] == signed_in + made["update"] + made["deactivate"] + made["reactivate"]


def test_a_sign_up_is_told_as_a_registration() -> None:
    outcomes: Counter[str] = Counter()
    for visit in fortnight():
        wanted = {"success": "register", "created": "register", "existing_user": "login", "denied": "login"}
        for outcome in visit.intended.values():
            if outcome in wanted:
                told = [read(noted.text) for noted in visit.events if noted.way is Endpoint.IDENTITY]
                assert told[0]["operation"] == wanted[outcome]
                assert ("user" in told[0]) == (outcome != "denied")
                outcomes[outcome] += 1
    assert min(outcomes[outcome] for outcome in ("success", "created", "existing_user", "denied")) > 5


def test_nobody_is_there_before_they_registered_or_after_they_left() -> None:
    lives_of: dict[str, list[Visit]] = defaultdict(list)
    for visit in fortnight():
        lives_of[visit.learner.actor.id].append(visit)
    ends = Counter(_fate(sorted(visits, key=_begin)) for visits in lives_of.values())
    assert min(ends[fate] for fate in ("there", "deactivated", "reactivated", "deleted")) > 2


def _begin(visit: Visit) -> int:
    return visit.events[0].at_ms


def _fate(visits: list[Visit]) -> str:
    """How it stands with somebody at the end; fails where they did what their account did not let them."""
    state = "there"
    for number, visit in enumerate(visits):
        done = [one for one in _done(visit) if one in _CHANGES]
        if state in ("deactivated", "deleted"):
            assert state == "deactivated"
            assert done[0] in ("reactivate", "delete")
            assert len(visit.events) == 1
        assert "register" not in done or number == 0 or not _done(visits[0])
        assert not {"import", "create"} & {*done} or number == 0
        for one in done:
            state = _CHANGES[one]
            assert state == "there" or number == 0 or visits[number - 1].now < _begin(visit)
    return state


def _done(visit: Visit) -> list[str]:
    told = (read(noted.text) for noted in visit.events if noted.way is Endpoint.IDENTITY)
    return [one["operation"] for one in told if one.get("outcome") != "failed"]


_CHANGES = {
    "register": "there",
    "import": "there",
    "create": "there",
    "deactivate": "deactivated",
    "reactivate": "reactivated",
    "delete": "deleted",
}
