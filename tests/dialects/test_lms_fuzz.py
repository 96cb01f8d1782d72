"""Whatever is sent is answered, and never becomes an event that could not be stored."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from footfall.dialects.lms.types import BY_NAME, TYPES

from .lms_samples import DOCUMENTED, PLAYER, STUDENT, hear

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
NAMES = [*DOCUMENTED, *PLAYER, "id", "uuid", "time", "anon_username", "course_ended", "course_ends", "page_url", "user"]
FIELDS = sorted({field for kind in TYPES for field in kind.fields} | {"email", "other"})


@given(st.binary(max_size=200))
def test_any_bytes(body: bytes) -> None:
    heard = hear(body)
    assert heard.status in (400, 403)
    assert heard.reply["errors"]


@given(st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=10), VALUES, max_size=8), st.booleans())
def test_any_object(body: dict[str, Any], trusted: bool) -> None:
    assert hear(json.dumps(body).encode(), trusted=trusted).status in (201, 400, 403)


@given(
    st.sampled_from(sorted(BY_NAME)),
    st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=10), VALUES, max_size=12),
    st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=2),
)
def test_any_payload(name: str, payload: dict[str, Any], more: dict[str, Any]) -> None:
    body = {"event_type": name, "anon_username": STUDENT, "event_data": payload} | more
    heard = hear(json.dumps(body).encode())
    if heard.status == 201:
        kind = BY_NAME[heard.reply["tracking_event_type"]]
        assert kind.open or not heard.shape["event_data"] or heard.shape["event_data"].keys() <= kind.fields.keys()
    else:
        assert heard.status in (400, 403)
        assert heard.reply["errors"]
