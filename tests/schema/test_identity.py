"""What makes two events the same must not change from one release to the next."""

import json

import pytest

from footfall.schema.examples import example
from footfall.schema.hashing import content_hash
from footfall.schema.validation import judge
from footfall.schema.verdict import Profile

# Reordering the fields of a Struct changes these, and with them every resend across an upgrade into a mid_conflict.
CONTENT = {
    "START": 0x722A00ED322F5D54,
    "IMPRESSION": 0xE882BDE3AE2D5C59,
    "INTERACT": 0x7061A0C05FCBB78A,
    "ASSESS": 0xA8DB6E1762CF0262,
    "RESPONSE": 0x89D562B0EA19AFFB,
    "INTERRUPT": 0x3FC0E0324C141583,
    "FEEDBACK": 0xE2BC49F5D3E41BA7,
    "SHARE": 0xE83053F2F270AF5F,
    "AUDIT": 0xEC7466000F06B201,
    "ERROR": 0x2A7843FAD20B4050,
    "HEARTBEAT": 0x586AC59AC156FF13,
    "LOG": 0xB4B2BCCDA130CAC7,
    "SEARCH": 0xBDD0C058E4A5A494,
    "METRICS": 0xEFEC95B036486030,
    "SUMMARY": 0x8CCC9C20A5373878,
    "EXDATA": 0x38982530FACE1CA7,
    "END": 0xCCCDE0DA6C44B6A0,
}


@pytest.mark.parametrize("eid", CONTENT)
def test_the_hash_of_an_events_content_stays_what_it_was(eid: str) -> None:
    verdict = judge(json.dumps(example(eid)).encode(), Profile.V3)
    assert content_hash(verdict.canonical) == CONTENT[eid]


@pytest.mark.parametrize("eid", CONTENT)
def test_white_space_and_the_order_of_keys_do_not_matter(eid: str) -> None:
    turned = dict(reversed(example(eid).items()))
    verdict = judge(json.dumps(turned, indent=3).encode(), Profile.V3)
    assert content_hash(verdict.canonical) == CONTENT[eid]
