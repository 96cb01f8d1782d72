"""What an application sees: nothing raised, nothing waited for, nothing lost."""

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from footfall.tracker import Content, Fate, Report, Tracker
from tests.serving import serving
from tests.tracker.office import TAKEN, Json, Reply, office


def tracker(url: str, outbox: Path | None = None, **options: Any) -> Tracker:
    options = {"batch_age": 0.05} | options
    return Tracker(url, "academy", "academy.portal", outbox=outbox, **options)


def ids(events: list[Json]) -> list[str]:
    return [event["edata"]["id"] for event in events if event["eid"] == "INTERACT"]


def test_events_arrive_in_order_in_batches_of_the_chosen_size(tmp_path: Path) -> None:
    with office() as there, tracker(there.url, tmp_path, batch_events=10) as track:
        for number in range(35):
            track.interact(type="click", id=str(number))
        assert track.flush()
        assert ids(there.taken) == [str(number) for number in range(35)]
        assert max(len(batch["events"]) for batch in there.batches) == 10
        assert track.statistics().stored == 35
    assert not list(tmp_path.iterdir())


def test_a_few_events_are_sent_when_they_are_old_enough() -> None:
    with office() as there, tracker(there.url) as track:
        track.heartbeat()
        there.wait(lambda found: len(found.taken) == 1)


def test_a_failing_server_gets_the_same_batch_again(tmp_path: Path) -> None:
    answers: list[Reply] = [(503, {}, {"Retry-After": "0"}), (429, {}, {}), (500, {"odd": [1]}, {}), TAKEN]
    with office(lambda _: answers.pop(0)) as there, tracker(there.url, tmp_path) as track:
        track.interact(type="click", id="only")
        there.wait(lambda found: len(found.taken) == 1, 20)
        assert track.flush()
        assert len({json.dumps(batch) for batch in there.batches}) == 1
        assert (track.statistics().stored, track.statistics().retries) == (1, 3)


def test_the_applications_random_numbers_stay_as_it_seeded_them() -> None:
    before = random.getstate()
    answers: list[Reply] = [(503, {}, {}), TAKEN]
    with office(lambda _: answers.pop(0)) as there, tracker(there.url) as track:
        track.interact(type="click", id="a")
        there.wait(lambda office: ids(office.taken) == ["a"])
    assert random.getstate() == before


def test_retry_after_is_honoured() -> None:
    answers: list[Reply] = [(503, {}, {"Retry-After": "3600"})]
    with office(lambda _: answers.pop(0)) as there:
        track = tracker(there.url)
        track.interact(type="click", id="only")
        there.wait(lambda found: len(found.batches) == 1)
        track.interact(type="click", id="more")
        assert not track.flush(0)
        assert len(there.batches) == 1
        track.close(0)


def test_an_event_judged_wrong_is_kept_aside_and_never_sent_again(tmp_path: Path) -> None:
    reports: list[Report] = []

    def answer(batch: Json) -> Reply:
        wrong = [index for index, event in enumerate(batch["events"]) if event["edata"].get("id") == "bad"]
        errors = [{"index": index, "code": "missing_field", "message": "no", "path": "$.x"} for index in wrong]
        return 200, {"result": {"errors": errors}}, {}

    with office(answer) as there, tracker(there.url, tmp_path, on_fate=reports.append) as track:
        for name in ("a", "bad", "b"):
            track.interact(type="click", id=name)
        assert track.flush()
        (aside,) = track.aside()
        assert (aside.code, json.loads(aside.event)["edata"]["id"]) == ("missing_field", "bad")
        assert Counter(report.fate for report in reports) == {Fate.STORED: 2, Fate.REJECTED: 1}


@pytest.mark.parametrize("status", [400, 413, 422])
def test_one_event_that_spoils_a_batch_is_found_and_the_others_are_sent(status: int) -> None:
    def answer(batch: Json) -> Reply:
        return (status, {}, {}) if "poison" in ids(batch["events"]) else TAKEN

    with office(answer) as there, tracker(there.url) as track:
        for name in [str(number) for number in range(10)] + ["poison"] + [str(number) for number in range(10, 20)]:
            track.interact(type="click", id=name)
        assert track.flush(20)
        assert ids(there.taken) == [str(number) for number in range(20)]
        assert len(track.aside()) == 1


def test_a_wrong_key_loses_nothing(tmp_path: Path) -> None:
    with office(lambda _: (401, {"result": {"code": "key_unknown"}}, {})) as there:
        track = tracker(there.url, tmp_path)
        track.interact(type="click", id="only")
        there.wait(lambda found: len(found.batches) >= 1)
        track.close(0)
    with office() as there, tracker(there.url, tmp_path) as track:
        assert track.flush()
        assert ids(there.taken) == ["only"]


@pytest.mark.parametrize(
    "data",
    [
        {"type": object()},
        {"type": float("nan"), "x": {1, 2}, "y": b"\xff", "z": lambda: None},
        {1: 2},
        ["no", "mapping"],
        "text",
        7,
        {"type": "x" * (2 << 20)},
    ],
)
def test_nothing_an_application_gives_makes_it_raise(data: Any) -> None:
    with tracker("http://127.0.0.1:9", exit_timeout=0) as track:
        track.interact(data)
        track.share({"items": 3})
        track.start("config", data=data)  # type: ignore[arg-type]
        track.exdata(data)
        track.metrics(data)
        assert track.statistics().invalid >= 1


def test_a_listener_that_raises_harms_nobody() -> None:
    def fail(_: Report) -> None:
        raise RuntimeError("not ours")

    with office() as there, tracker(there.url, on_fate=fail) as track:
        track.interact(type="click", id="a")
        track.interact({"type": object()})
        assert track.flush()
        assert ids(there.taken) == ["a"]


def test_sessions_and_plays_say_how_long_they_took_also_when_the_body_raises() -> None:
    with office() as there, tracker(there.url) as track:
        with (  # noqa: PT012 - the events are made inside
            pytest.raises(ZeroDivisionError),
            track.session(actor="u-1"),
            track.play(Content("do_31", ver="2"), mode="preview") as played,
        ):
            played.summary.append({"progress": 50})
            track.interact(type="click", id="inside")
            raise ZeroDivisionError
        track.interact(type="click", id="outside")
        assert track.flush()
        events = there.taken
    assert [event["eid"] for event in events] == ["START", "START", "INTERACT", "END", "END", "INTERACT"]
    assert [event["edata"].get("type") for event in events] == [
        "session",
        "player",
        "click",
        "player",
        "session",
        "click",
    ]
    assert len({event["context"]["sid"] for event in events[:5]}) == 1
    assert events[2]["object"]["id"] == "do_31"
    assert events[3]["edata"]["summary"] == [{"progress": 50}]
    assert events[3]["edata"]["duration"] >= 0
    assert events[5]["context"]["sid"] == ""


def test_tasks_and_threads_have_their_own_surroundings() -> None:
    async def one(track: Tracker, name: str) -> None:
        async with track.session(actor=name):
            for number in range(5):
                track.interact(type="click", id=f"{name}-{number}")
                await asyncio.sleep(0)

    async def all_of_them(track: Tracker) -> bool:
        await asyncio.gather(*(one(track, f"u{number}") for number in range(10)))
        return await track.aflush()

    def threaded(track: Tracker, name: str) -> None:
        with track.context(actor=name):
            for number in range(200):
                track.interact(type="click", id=f"{name}-{number}")

    with office() as there, tracker(there.url) as track:
        assert asyncio.run(all_of_them(track))
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda number: threaded(track, f"t{number}"), range(8)))
        assert track.flush()
        events = [event for event in there.taken if event["eid"] == "INTERACT"]
    assert len(events) == 50 + 1600
    assert all(event["edata"]["id"].startswith(event["actor"]["id"] + "-") for event in events)


def test_a_forked_child_sends_its_own_and_only_its_own(tmp_path: Path) -> None:
    with office() as there:
        track = tracker(there.url, tmp_path)
        track.interact(type="click", id="before")
        assert track.flush()
        child = os.fork()
        if child == 0:
            track.interact(type="click", id="child")
            os._exit(0 if track.flush() else 1)
        assert os.waitpid(child, 0)[1] == 0
        track.interact(type="click", id="after")
        assert track.flush()
        track.close()
        assert sorted(ids(there.taken)) == ["after", "before", "child"]


_STORED = "SELECT json_extract_string(event, '$.edata.id') AS id, count(*) AS n FROM events GROUP BY ALL"
_APPLICATION = """
import sys
from footfall.tracker import Tracker
track = Tracker(sys.argv[1], "academy", "academy.portal", outbox=sys.argv[2], batch_age=0.01, batch_events=7)
print("ready", flush=True)
for number in range(10_000_000):
    track.interact(type="click", id=f"{sys.argv[3]}-{number}")
    print(number, flush=True)
"""


def test_killed_again_and_again_everything_is_in_the_lake_once(tmp_path: Path) -> None:
    with serving(tmp_path / "data", batch_seconds=0.2) as footfall:
        told: set[str] = set()
        for turn in range(5):
            told |= _run_and_kill(footfall.url, tmp_path / "outbox", turn)
        with tracker(footfall.url, tmp_path / "outbox") as track:
            assert track.flush(30)
            sent = track.statistics().stored
        assert sent > 0
        rows = footfall.wait_for(_STORED, lambda rows: told <= {row["id"] for row in rows})
        assert {row["n"] for row in rows} == {1}


def _run_and_kill(url: str, outbox: Path, turn: int) -> set[str]:
    """The ids of all events for which `interact` had returned."""
    command = [sys.executable, "-c", _APPLICATION, url, str(outbox), str(turn)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as application:
        assert application.stdout is not None
        told = set()
        for line in application.stdout:
            if line.strip().isdigit():
                told.add(f"{turn}-{line.strip()}")
            if len(told) == 100 * (turn + 1):
                application.send_signal(signal.SIGKILL)
                break
    return told


def test_what_is_no_address_is_told_at_once() -> None:
    with pytest.raises(ValueError, match="not the address"):
        tracker("ftp://somewhere")


def test_an_unreachable_server_does_not_hold_up_the_exit(tmp_path: Path) -> None:
    track = tracker("http://127.0.0.1:9", tmp_path, exit_timeout=0.05)
    track.interact(type="click", id="kept")
    assert not track.close()
    with office() as there, tracker(there.url, tmp_path) as again:
        assert again.flush()
        assert ids(there.taken) == ["kept"]
