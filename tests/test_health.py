"""What is wrong, in words: of all processes together, the same whoever is asked, and to those who may know alone."""

import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from footfall import health
from footfall.health import CollectorState, Health, Problem
from footfall.runtime import heartbeat
from footfall.runtime.heartbeat import Heartbeat
from footfall.settings import Settings
from tests.cli.samples import impression
from tests.disks import small_disk, use_up_inodes
from tests.serving import Served, serving, until

TOKEN = "a-token-of-16-and-more"


def now() -> int:
    return time.time_ns() // 1_000_000


class House:
    """A data folder in which every process says that all is well; what is changed is said otherwise."""

    def __init__(self, data: Path, **settings: object) -> None:
        self.settings = Settings(data=data, min_free_bytes=0, **settings)  # type: ignore[arg-type]
        for folder in (self.settings.journals, self.settings.lake, self.settings.runtime):
            folder.mkdir(parents=True)
        members = ["collector-0", "collector-1", "pipeline", "web", "flows"]
        self.tell("supervisor", members=members)
        for name in ("pipeline", "web", "flows"):
            self.tell(name)
        for index in range(2):
            self.collector(index)

    def tell(self, name: str, **fields: Any) -> None:
        beat = Heartbeat(**{"at": now(), "pid": 1, **fields})
        heartbeat.write(self.settings.runtime / f"{name}.json", beat)

    def collector(self, index: int, **fields: Any) -> None:
        state = CollectorState(**{"at": now(), "pid": 1, **fields})
        health.write_state(health.state_path(self.settings.runtime, index), state)

    def says(self) -> tuple[str, list[str]]:
        report = Health(self.settings).report()
        return report.status, [problem.what for problem in report.problems]


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path / "data")


def test_all_is_well(house: House) -> None:
    assert house.says() == ("ok", [])


@pytest.mark.parametrize("index", [0, 1])
def test_the_worst_collector_wins(house: House, index: int) -> None:
    house.collector(index, failed_at=now(), failed_why="the journal is full")
    assert house.says() == ("failing", ["the journal is full"])
    house.collector(index, failed_at=now() - 60_000, failed_why="the journal is full")
    assert house.says() == ("ok", [])
    house.collector(index, failed_at=now() - 1, failed_why="the journal is full", stored_at=now())
    assert house.says() == ("ok", [])


def test_what_one_collector_says_of_itself_all_say_once(house: House) -> None:
    for index in range(2):
        house.collector(index, problems=[Problem("too few files", "Raise it.")])
    assert house.says() == ("degraded", ["too few files"])


@pytest.mark.parametrize(
    ("name", "fields", "sentence"),
    [
        ("supervisor", {"at": 1}, "the supervisor is silent"),
        ("supervisor", {"problems": ["the web keeps dying: 3 times"]}, "the web keeps dying: 3 times"),
        ("web", {"at": 1}, "the process web is silent"),
        ("pipeline", {"at": 1}, "the pipeline is silent"),
        ("pipeline", {"lag_ms": 75_000}, "the pipeline is behind by 75 seconds"),
        ("pipeline", {"problems": ["no room"]}, "no room"),
        ("flows", {"at": 1}, "flows are silent"),
    ],
)
def test_what_other_processes_say_or_do_not(house: House, name: str, fields: dict[str, Any], sentence: str) -> None:
    house.tell(name, **{"members": ["collector-0", "web"] if name == "supervisor" else [], **fields})
    assert house.says() == ("degraded", [sentence])


def test_a_collector_that_says_nothing_is_missed_but_not_at_the_start(house: House) -> None:
    house.collector(1, at=1)
    assert house.says() == ("degraded", ["the process collector-1 is silent"])
    house.tell("supervisor", members=["collector-0", "collector-1"], since=now())
    assert house.says() == ("ok", [])


def test_little_room_is_told_before_it_hurts(tmp_path: Path) -> None:
    house = House(tmp_path / "data")
    house.settings = Settings(data=tmp_path / "data", min_free_bytes=1 << 60)
    status, (sentence,) = house.says()
    assert status == "degraded"
    assert sentence.startswith("only ")


@pytest.mark.parametrize("options", ["size=1m,nr_inodes=30", "size=1m"])
def test_a_file_system_that_takes_no_file(tmp_path: Path, options: str) -> None:
    with small_disk(tmp_path / "disk", options) as disk:
        house = House(disk / "data")
        if "inodes" in options:
            use_up_inodes(disk)
            expected = "the file system has no inodes left: no file can be made"
        else:
            subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
            expected = f"{disk / 'data'} is on a read-only file system"
        status, sentences = house.says()
        assert status == "failing"
        assert expected in sentences


def test_a_store_that_is_gone_is_failing(house: House) -> None:
    house.settings.journals.rmdir()
    assert house.says() == ("failing", [f"{house.settings.journals} cannot be looked at"])


def answers(served: Served, times: int = 12) -> set[tuple[int, str]]:
    """What is answered, over connections of their own, so that every collector is asked."""
    found = set()
    for _ in range(times):
        answer = httpx.get(f"{served.url}/health", trust_env=False)
        found.add((answer.status_code, answer.json()["status"]))
    return found


def test_all_collectors_answer_the_same_without_inodes(tmp_path: Path) -> None:
    with (
        small_disk(tmp_path / "disk", "size=64m,nr_inodes=3000") as disk,
        serving(disk / "data", batch_seconds=0.2, min_free_bytes=0, segment_bytes=1 << 16) as served,
    ):
        until(lambda: answers(served) == {(200, "ok")})
        ballast = use_up_inodes(disk)
        for number in range(12):
            served.post([impression(f"IMPRESSION:{number}-{n}") for n in range(100)])
        assert answers(served, 30) == {(503, "failing")}
        told = served.run("health", "--format", "json", code=1)
        assert "no inodes left" in told
        for path in ballast:
            path.unlink()
        until(lambda: served.post([impression("IMPRESSION:last")]).status_code == 200)
        until(lambda: answers(served, 2) == {(200, "ok")}, 40)


def test_strangers_see_the_status_alone_and_what_keeps_dying_is_told(tmp_path: Path) -> None:
    with serving(tmp_path / "data", metrics_token=TOKEN, max_connections=10_000_000) as served:
        assert "problems" in served.get("/health").json()
        assert served.get("/api/health").json()["status"] == "degraded"
        rebound = httpx.get(f"{served.url}/health", headers={"host": "evil.example"}, trust_env=False)
        forwarded = httpx.get(f"{served.url}/health", headers={"x-forwarded-for": "203.0.113.9"}, trust_env=False)
        assert rebound.json() == forwarded.json() == {"status": "degraded"}
        served.log_in()
        until(lambda: served.get("/health").json() == {"status": "degraded"})
        assert served.get("/health", key="wrong").json() == {"status": "degraded"}
        sentences = [problem["what"] for problem in served.get("/health", key=TOKEN).json()["problems"]]
        assert any("for 10000000 connections" in sentence for sentence in sentences)
        assert served.get("/api/health").json()["problems"]
        assert httpx.get(f"{served.url}/api/health", trust_env=False).status_code == 401
        for _ in range(3):
            (flows,) = served.children()["flows"]
            psutil.Process(flows).send_signal(signal.SIGKILL)
            until(lambda gone=flows: served.children().get("flows", [gone]) != [gone])  # type: ignore[misc]
        until(lambda: "the flows keeps dying: 3 times" in served.get("/health", key=TOKEN).text)
