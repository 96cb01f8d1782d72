"""What a public key may say: all that a person's page tells, and nothing that only a server can know."""

from typing import Any

import msgspec
import pytest

from footfall.schema.event_types import CANONICAL, IDENTITY
from footfall.schema.reasons import Reason
from footfall.schema.schemas import EIDS
from footfall.schema.trust import may_be_public, not_public
from footfall.schema.validation import judge
from footfall.schema.verdict import Profile

from .samples import FULL, MINIMAL, event

PERSONS: list[Any] = ["User", "user", " USER ", "anonymous", "Anonymous"]
OTHERS: list[Any] = ["System", "Admin", "Application", "Group", "ContentSession", "Users"]


def judged(whole: dict[str, Any]) -> Any:
    verdict = judge(msgspec.json.encode(whole), Profile.V3)
    assert verdict.event is not None, verdict.findings
    return verdict.event


@pytest.mark.parametrize("kind", PERSONS)
@pytest.mark.parametrize("eid", EIDS)
def test_each_of_the_seventeen_may_come_from_a_persons_page(eid: str, kind: str) -> None:
    for edata in (MINIMAL[eid], FULL[eid]):
        whole = event(eid, edata, actor={"id": "u-1", "type": kind})
        assert not_public(judged(whole)) is None
        assert may_be_public(judged(whole))


@pytest.mark.parametrize("kind", OTHERS)
@pytest.mark.parametrize("eid", EIDS)
def test_what_is_no_person_speaks_with_a_secret_key(eid: str, kind: str) -> None:
    whole = judged(event(eid, actor={"id": "batch", "type": kind}))
    found = not_public(whole)
    assert found is not None
    assert (found.code, found.path) == (Reason.NEEDS_SECRET_KEY.code, "$.actor.type")
    assert not_public(whole, ["*"]) is None


@pytest.mark.parametrize("kind", [*CANONICAL["AUDIT"], *CANONICAL["EXDATA"]])
def test_what_accounts_and_servers_do_is_no_pages_business(kind: str) -> None:
    eid = "AUDIT" if kind in CANONICAL["AUDIT"] else "EXDATA"
    name = CANONICAL[eid][kind]
    whole = judged(event(eid, {"type": kind}))
    found = not_public(whole)
    if name == "video":
        assert found is None
        return
    assert found is not None
    assert (found.code, found.path) == (Reason.NEEDS_SECRET_KEY.code, "$.edata.type")
    assert may_be_public(whole, [name])
    assert may_be_public(whole, ["*"])
    assert not may_be_public(whole, [*{*IDENTITY} - {name}])


def test_an_audit_of_a_page_that_signs_up_is_taken() -> None:
    edata = {"props": ["status"], "state": "registered", "prevstate": "invited", "type": "registration"}
    assert may_be_public(judged(event("AUDIT", edata, actor={"id": "u-1", "type": "User"})))


def test_types_that_are_allowed_are_no_pass_for_other_actors() -> None:
    whole = judged(event("AUDIT", {"type": "entity_delete"}, actor={"id": "admin", "type": "System"}))
    assert not may_be_public(whole, ["entity_delete"])
