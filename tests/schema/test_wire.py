"""The page for authors of clients names every path, limit and code, and its examples are real."""

import json
import re
from pathlib import Path

import pytest

from footfall.collector.request import PATHS
from footfall.schema.batch import open_body
from footfall.schema.reasons import Reason
from footfall.schema.validation import judge
from footfall.schema.verdict import Profile
from footfall.settings import Settings

PAGE = (Path(__file__).parents[2] / "docs" / "wire.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```json\n(.*?)\n```", PAGE, re.DOTALL)


def test_the_request_is_accepted_without_a_remark() -> None:
    batch = open_body(EXAMPLES[0].encode())

    assert batch.sent_at == 1795224245000
    for text in batch.texts():
        for profile in Profile:
            assert judge(text, profile).findings == ()


@pytest.mark.parametrize("text", EXAMPLES[1:])
def test_the_replies_use_real_codes_and_hints(text: str) -> None:
    result = json.loads(text)["result"]

    for detail in [*result.get("errors", ()), *result.get("warnings", ())] or [result]:
        reason = Reason.of(detail["code"])
        assert (detail["hint"], detail["docs"]) == (reason.hint, reason.docs)


def test_the_reply_balances() -> None:
    result = json.loads(EXAMPLES[1])["result"]

    assert result["received"] == result["accepted"] + result["duplicate"] + result["rejected"]


@pytest.mark.parametrize("path", PATHS)
def test_every_path_is_listed(path: str) -> None:
    assert f"- `{path}`\n" in PAGE


def test_every_reason_for_refusing_a_request_is_in_the_table() -> None:
    reasons = list(Reason)
    rows = [line for line in PAGE.splitlines() if re.match(r"\| \d{3}", line)]
    listed = set(re.findall(r"`([a-z_0-9]+)`", " ".join(row.split("|")[2] for row in rows)))

    assert listed == {reason.code for reason in reasons[reasons.index(Reason.MALFORMED_JSON) :]}


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("max_body_bytes", "5 MiB"),
        ("max_inflated_bytes", "20 MiB"),
        ("max_batch_events", "1000"),
        ("max_event_bytes", "1 MiB"),
        ("body_timeout", "30 s"),
    ],
)
def test_the_limits_are_the_defaults(name: str, shown: str) -> None:
    value = getattr(Settings(), name)

    assert shown in {f"{value / (1 << 20):g} MiB", f"{value:g} s", f"{value}"}
    assert f"`{name}` | {shown} |" in PAGE
