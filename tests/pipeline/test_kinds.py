"""Events of public and of secret keys: a visitor who guesses a mid keeps no true event out, and the pair is marked."""

import json
import tempfile
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from msgspec import Struct

from footfall.journal.writer import SegmentWriter
from footfall.lake.audit import audit
from footfall.lake.query import LakeReader
from footfall.pipeline.process import Pipeline
from footfall.schema.reasons import Reason

from .records import CHANNEL, Json, append, ask, drain, event, now_ms, record
from .records import settings as chosen

NOTHING = 1  # bytes: the lake is asked for everything
PLENTY = 8 << 20
TIME = float(now_ms() - 1000)


class Sent(Struct, frozen=True):
    """An event of one moment: the kind of its key, its mid, its content."""

    kind: str
    mid: str
    page: str

    def record(self) -> bytes:
        edata = {"type": "view", "pageid": self.page, "uri": "/"}
        return record([event(self.mid, TIME, edata=edata)], key_kind=self.kind)


class Model:
    """What becomes of events, by the rule for each kind of key."""

    def __init__(self) -> None:
        self.trusted: dict[str, str] = {}
        self.public: dict[str, str] = {}

    def judge(self, sent: Sent) -> tuple[str, list[str] | None]:
        """Fate, and warnings or reasons."""
        mine, other = (self.public, self.trusted) if sent.kind == "public" else (self.trusted, self.public)
        known = mine.get(sent.mid, other.get(sent.mid) if sent.kind == "public" else None)
        if known is not None:
            return ("duplicate", None) if known == sent.page else ("rejected", ["mid_conflict"])
        mine[sent.mid] = sent.page
        return "stored", ["mid_shared"] if sent.mid in other else None


SENT = st.builds(Sent, st.sampled_from(["public", "secret", ""]), st.sampled_from("ab"), st.sampled_from("xy"))
FORGED, TRUE = Sent("public", "a", "x"), Sent("secret", "a", "y")


@pytest.mark.parametrize("dedup_bytes", [NOTHING, PLENTY])
@given(steps=st.lists(st.one_of(st.just("restart"), st.lists(SENT, min_size=1, max_size=5)), min_size=1, max_size=6))
@example([[FORGED], "restart", [TRUE], [FORGED, TRUE]])
@example([[TRUE], "restart", [FORGED], [FORGED, TRUE]])
@example([[FORGED, TRUE, FORGED, TRUE]])
@example([[TRUE, FORGED, TRUE, FORGED]])
@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])
def test_any_order_of_kinds_batches_and_restarts(dedup_bytes: int, steps: list[Any]) -> None:
    model, expected = Model(), []
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        writer = SegmentWriter(data / "journal" / "0")
        pipeline = Pipeline(chosen(data, dedup_bytes=dedup_bytes), threading.Event())
        for step in steps:
            if step == "restart":
                pipeline.close()
                pipeline = Pipeline(chosen(data, dedup_bytes=dedup_bytes), threading.Event())
                continue
            writer.append([sent.record() for sent in step])
            pipeline.drain()
            expected += [(*model.judge(sent), sent.kind or None) for sent in step]
        pipeline.close()
        writer.close()
        told = "SELECT fate, coalesce(warnings, reasons), key_kind FROM ledger ORDER BY record"
        assert ask(data, told) == expected
        assert is_balanced(data)


def is_balanced(data: Path) -> bool:
    reader = LakeReader(data / "lake")
    try:
        return audit(reader).balances
    finally:
        reader.close()


def test_the_pair_is_told_apart_and_explained(tmp_path: Path) -> None:
    append(tmp_path, [FORGED.record()], "0")
    drain(tmp_path)
    append(tmp_path, [TRUE.record()], "1")
    drain(tmp_path)
    rows = ask(tmp_path, "SELECT key_kind, findings FROM events WHERE channel = ? ORDER BY key_kind", [CHANNEL])
    assert [(kind, found and json.loads(found)) for kind, found in rows] == [
        ("public", None),
        ("secret", [["mid_shared", "$.mid", "string", Reason.MID_SHARED.value.sentence]]),
    ]


@pytest.mark.parametrize("dedup_bytes", [NOTHING, PLENTY])
def test_what_was_stored_before_kinds_were_noted_is_recognised(tmp_path: Path, dedup_bytes: int) -> None:
    append(tmp_path, [Sent("", "a", "x").record()], "0")
    drain(tmp_path, dedup_bytes=dedup_bytes)
    append(tmp_path, [Sent("public", "a", "x").record(), Sent("secret", "a", "x").record()], "1")
    drain(tmp_path, dedup_bytes=dedup_bytes)
    assert [fate for (fate,) in ask(tmp_path, "SELECT fate FROM ledger ORDER BY journal, record")].count("stored") == 1


def test_items_of_a_visitors_share_keep_no_item_of_a_servers_out(tmp_path: Path) -> None:
    items: list[Json] = [{"id": "i", "type": "File", "ver": "1", "params": [{"transfers": 0, "size": 1}]}]
    whole: Json = {"dir": "Out", "type": "File", "items": items}
    one = [event("s", TIME, eid="SHARE", edata=whole)]
    append(tmp_path, [record(one, key_kind="public")], "0")
    drain(tmp_path)
    append(tmp_path, [record(one, key_kind="secret")], "1")
    drain(tmp_path)
    found = ask(tmp_path, "SELECT key_kind, count(*), count(DISTINCT key_hash) FROM events GROUP BY 1 ORDER BY 1")
    assert found == [("public", 2, 2), ("secret", 2, 2)]
    assert is_balanced(tmp_path)
