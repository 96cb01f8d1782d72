"""Resends are recognised exactly, whatever is in memory; conflicts are kept and said."""

import json
import tempfile
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import Struct

from footfall.journal.writer import SegmentWriter
from footfall.pipeline.process import Pipeline

from .records import CHANNEL, Json, append, ask, drain, event, fates, now_ms, problems_of, record
from .records import settings as chosen

DAY = 86_400_000
NOTHING = 1  # bytes: the window cannot hold a single key, so the lake is asked for everything
LITTLE = 280_000  # bytes: a quarter of the window leaves with every batch
PLENTY = 8 << 20


class Sent(Struct, frozen=True):
    """An event: identity, time and content."""

    mid: str
    ets: float
    page: str

    def event(self) -> Json:
        return event(self.mid, self.ets, edata={"type": "view", "pageid": self.page, "uri": "/"})


class Stored(Struct, frozen=True):
    sent: Sent
    day: int


class Model:
    """What must and what may become of an event, given what is stored."""

    def __init__(self) -> None:
        self.stored: list[Stored] = []
        self.today = 0

    def allowed(self, sent: Sent) -> set[str]:
        alike = [one for one in self.stored if one.sent.mid == sent.mid]
        same = [one for one in alike if one.sent == sent]
        other = [one for one in alike if one.sent.page != sent.page or one.sent.ets != sent.ets]
        if any(self._is_known(one) for one in same):
            return {"duplicate"}
        old = {"duplicate"} if same else set()
        if any(self._is_known(one) and one.sent.ets == sent.ets for one in other):
            return {"rejected"} | old
        return {"stored"} | old | ({"rejected"} if other else set())

    def settle(self, sent: Sent, fate: str, day: int) -> None:
        if fate == "stored":
            self.stored.append(Stored(sent, day))

    def _is_known(self, one: Stored) -> bool:
        days = sorted({found.day for found in self.stored}, reverse=True)
        return one.day >= min(self.today - 7, *days[:8])


class Machine:
    """A pipeline that can be restarted, on a data folder with one journal."""

    def __init__(self, data: Path, dedup_bytes: int) -> None:
        self._settings = chosen(data, dedup_bytes=dedup_bytes)
        self._data = data
        self._writer = SegmentWriter(data / "journal" / "0")
        self._pipeline = Pipeline(self._settings, threading.Event())
        self._records = 0

    def send(self, events: list[Json], received_at: int) -> list[str]:
        """Send a request and return the fates of its events."""
        self._writer.append([record(events, received_at=received_at)])
        self._pipeline.drain()
        rows = ask(self._data, "SELECT fate FROM ledger WHERE record = ? ORDER BY idx", [self._records])
        self._records += 1
        return [fate for (fate,) in rows]

    def problems(self) -> list[str]:
        return problems_of(self._pipeline)

    def restart(self) -> None:
        self._pipeline.close()
        self._pipeline = Pipeline(self._settings, threading.Event())

    def close(self) -> None:
        self._pipeline.close()
        self._writer.close()


BASE = now_ms() // DAY * DAY - 60 * DAY
TIMES = [
    *(BASE + offset for offset in (0.0, 0.5, 999.9999, 1000.0, -0.000244140625, -3 * DAY, 9 * DAY + 0.1)),
    *(BASE + 100 * 365 * DAY, 0.0, -5.0, 4_294_967_295_999.5, 1.7e308),
]
SENT = st.builds(Sent, st.sampled_from("abcd"), st.sampled_from(TIMES), st.sampled_from("xy"))
STEPS = st.lists(
    st.one_of(
        st.just("restart"), st.tuples(st.lists(SENT, min_size=1, max_size=6), st.sampled_from([0, 0, 0, 1, 4, 9]))
    ),
    min_size=1,
    max_size=9,
)


@pytest.mark.parametrize("dedup_bytes", [NOTHING, LITTLE, PLENTY])
@given(steps=STEPS)
@settings(max_examples=10, suppress_health_check=[HealthCheck.too_slow])
def test_any_sequence_of_batches_days_and_restarts(dedup_bytes: int, steps: list[Any]) -> None:
    model = Model()
    with tempfile.TemporaryDirectory() as folder:
        machine = Machine(Path(folder), dedup_bytes)
        received = BASE
        for step in steps:
            if step == "restart":
                machine.restart()
                continue
            sent, days = step
            received += days * DAY
            model.today = received // DAY
            found = machine.send([one.event() for one in sent], received)
            for one, fate in zip(sent, found, strict=True):
                assert fate in model.allowed(one), one
                model.settle(one, fate, model.today)
        machine.close()


@pytest.mark.parametrize("dedup_bytes", [NOTHING, PLENTY])
def test_a_resend_is_recognised_for_seven_days_with_events_and_no_longer(tmp_path: Path, dedup_bytes: int) -> None:
    machine = Machine(tmp_path, dedup_bytes)
    one, received = Sent("m", BASE, "x").event(), BASE
    assert machine.send([one], received) == ["stored"]
    assert machine.send([one], received + 30 * DAY) == ["duplicate"], "days on which nothing came do not count"
    machine.restart()
    for day in range(31, 38):
        assert machine.send([one], received + day * DAY) == ["duplicate"]
        for number in range(16 if dedup_bytes == PLENTY else 1):
            machine.send([Sent(f"n{day}.{number}", BASE, "x").event()], received + day * DAY)
    assert machine.send([one], received + 37 * DAY) == ["duplicate"]
    for number in range(16 if dedup_bytes == PLENTY else 1):
        machine.send([Sent(f"n38.{number}", BASE, "x").event()], received + 38 * DAY)
    machine.restart()
    assert machine.send([one], received + 38 * DAY) == ["stored"]
    assert machine.send([one], received + 45 * DAY) == ["duplicate"]
    machine.close()


YEAR = 365 * DAY
CLOCKS = {
    "a year ahead for a moment": [0, YEAR, 0],
    "ahead, and set right in two steps": [0, YEAR, 9 * DAY, 0],
    "ahead by less and less": [0, *(day * DAY for day in range(40, 0, -13)), 0],
    "in 1970": [0, -BASE, 0],
    "a month behind": [0, -30 * DAY, 0],
    "behind and ahead": [0, -BASE, YEAR, -30 * DAY, 0],
    "ahead from the beginning": [YEAR, 0],
    "behind from the beginning": [-BASE, 0],
}


@pytest.mark.parametrize("dedup_bytes", [NOTHING, PLENTY])
@pytest.mark.parametrize("restarts", [False, True])
@pytest.mark.parametrize("which", CLOCKS)
def test_a_clock_that_jumps_lets_no_resend_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, which: str, restarts: bool, dedup_bytes: int
) -> None:
    """Both the collector's clock, which the records have, and the pipeline's own, which is the same machine's."""
    sent: list[Json] = []
    real = now_ms()
    machine = Machine(tmp_path, dedup_bytes)
    for number, ahead in enumerate(CLOCKS[which]):
        monkeypatch.setattr("footfall.pipeline.process._now_ms", lambda ahead=ahead: int(BASE + DAY + ahead))
        if restarts:
            machine.restart()
        new = [Sent(f"{number}.{n}", BASE + n, "x").event() for n in range(40)]
        assert machine.send(new, int(BASE + DAY + ahead)) == ["stored"] * len(new)
        sent += new
        assert machine.send(sent, int(BASE + DAY + ahead)) == ["duplicate"] * len(sent)
    monkeypatch.setattr("footfall.pipeline.process._now_ms", lambda: real)
    machine.restart()
    assert machine.send(sent, int(BASE + 2 * DAY)) == ["duplicate"] * len(sent)
    machine.close()


def test_only_the_clock_of_a_collector_jumps(tmp_path: Path) -> None:
    machine = Machine(tmp_path, PLENTY)
    sent: list[Json] = []
    for number, received in enumerate([BASE, 0, BASE + 20 * YEAR, BASE + DAY, 253_402_300_799_999, BASE + 2 * DAY]):
        new = [Sent(f"{number}.{n}", BASE + n, "x").event() for n in range(40)]
        assert machine.send(new, int(received)) == ["stored"] * len(new)
        sent += new
        machine.restart()
        assert machine.send(sent, int(received)) == ["duplicate"] * len(sent)
    machine.close()


@pytest.mark.parametrize("dedup_bytes", [NOTHING, LITTLE, PLENTY])
def test_the_window_is_counted_from_when_things_were_received(tmp_path: Path, dedup_bytes: int) -> None:
    """A journal that waits for a month is drained as if no time had passed, also with restarts in between."""
    one = Sent("m", BASE, "x").event()
    machine = Machine(tmp_path, dedup_bytes)
    assert machine.send([one], BASE) == ["stored"]
    machine.restart()
    assert machine.send([one], BASE + DAY) == ["duplicate"]
    machine.close()


def test_clocks_years_ahead_do_not_push_others_out_and_are_recognised_when_their_time_comes(tmp_path: Path) -> None:
    machine = Machine(tmp_path, PLENTY)
    early = [Sent(f"e{n}", BASE + n * DAY, "x").event() for n in range(12)]
    assert machine.send(early, BASE) == ["stored"] * 12
    for day in range(1, 7):
        assert machine.send(early, BASE + day * DAY) == ["duplicate"] * 12
    machine.restart()
    assert machine.send(early, BASE + 7 * DAY) == ["duplicate"] * 12
    machine.close()


def test_the_same_in_one_batch_in_several_journals_and_in_another_channel(tmp_path: Path) -> None:
    one = Sent("m", BASE, "x").event()
    elsewhere = one | {"context": one["context"] | {"channel": "other"}}
    append(tmp_path, [record([one, one]), record([one])], "0")
    append(tmp_path, [record([one]), record([elsewhere], channel="other")], "1")
    drain(tmp_path)
    drain(tmp_path)
    assert sorted(fate for _, fate in fates(tmp_path)) == ["duplicate"] * 3 + ["stored"] * 2


@pytest.mark.parametrize("dedup_bytes", [NOTHING, PLENTY])
def test_a_mid_with_other_content_is_rejected_masked_and_kept(tmp_path: Path, dedup_bytes: int) -> None:
    machine = Machine(tmp_path, dedup_bytes)
    first, second = Sent("m", BASE, "secret-1").event(), Sent("m", BASE, "secret-2").event()
    assert machine.send([first], BASE) == ["stored"]
    assert machine.send([second, first, second], BASE) == ["rejected", "duplicate", "rejected"]
    machine.close()

    rows = ask(tmp_path, "SELECT reasons, findings, event, mid, eid, channel FROM failed")
    assert len(rows) == 2
    for reasons, findings, payload, *rest in rows:
        assert reasons == ["mid_conflict"]
        assert [finding[:3] for finding in json.loads(findings)] == [["mid_conflict", "$.mid", "string"]]
        assert "secret" not in payload
        assert json.loads(payload)["edata"]["pageid"] == "<string 8>"
        assert json.loads(payload)["ets"] == "<number>"
        assert rest == ["m", "IMPRESSION", CHANNEL]


def test_a_constant_mid_with_other_times_is_seen_in_memory(tmp_path: Path) -> None:
    machine = Machine(tmp_path, PLENTY)
    sent = [Sent("m", BASE + n, "x").event() for n in range(3)]
    assert machine.send(sent, BASE) == ["stored", "rejected", "rejected"]
    machine.restart()
    assert machine.send(sent, BASE) == ["duplicate", "rejected", "rejected"]
    machine.close()


def test_a_lake_file_that_cannot_be_read_does_not_stop_the_pipeline(tmp_path: Path) -> None:
    machine = Machine(tmp_path, NOTHING)
    old, new = Sent("old", BASE, "x").event(), Sent("new", BASE + 5000, "x").event()
    machine.send([old], BASE)
    (stored,) = (tmp_path / "lake" / "events").rglob("*.parquet")
    whole = stored.read_bytes()
    machine.send([new], BASE)
    stored.write_bytes(b"PAR1" + bytes(len(whole) - 8) + b"PAR1")
    machine.restart()
    stored.unlink()
    machine._writer.append([record([new, Sent("newer", BASE, "x").event()], received_at=BASE)])
    machine._pipeline.drain()
    assert any("cannot be read" in problem for problem in machine.problems())
    stored.write_bytes(whole)
    machine.restart()
    assert machine.problems() == []
    assert [fate for _, fate in fates(tmp_path)] == ["stored", "stored", "duplicate", "stored"]
    machine.close()
