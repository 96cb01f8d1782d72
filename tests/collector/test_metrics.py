"""What Prometheus sees of a whole installation."""

from contextlib import suppress
from pathlib import Path

import httpx
import psutil

from footfall.collector.counter_file import CounterFiles, CounterTotals, encoded
from tests.cli.samples import impression
from tests.serving import Served, serving, until


def value(text: str, name: str) -> float:
    """The value of a sample by its name and labels; 0 where there is none yet."""
    return next((float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.startswith(name + " ")), 0.0)


def test_events_of_all_collectors_and_the_pipeline(tmp_path: Path) -> None:
    with serving(tmp_path, batch_seconds=0.2) as served:
        good = [impression(f"IMPRESSION:{number}") for number in range(3)]
        assert served.post([*good, good[0], impression("IMPRESSION:bad", colour="red") | {"ver": 3}]).status_code == 200
        served.wait_for("SELECT * FROM ledger", lambda rows: len(rows) == 5)
        until(lambda: value(served.get("/metrics").text, "footfall_newest_stored_timestamp_seconds") > 0)
        text = served.get("/metrics").text
        assert value(text, 'footfall_events_total{channel="dev",fate="stored"}') == 3
        assert value(text, 'footfall_events_total{channel="dev",fate="duplicate"}') == 1
        assert value(text, 'footfall_events_total{channel="dev",fate="rejected"}') == 1
        assert value(text, "footfall_pipeline_up") == 1
        assert value(text, 'footfall_requests_total{reason="ok"}') == 1


def total(served: Served) -> float:
    """All requests that any collector ever took."""
    text = httpx.get(f"{served.url}/metrics", trust_env=False).text
    return value(text, 'footfall_requests_total{reason="ok"}')


def test_counters_never_go_back_whoever_dies_and_nothing_is_mapped(tmp_path: Path) -> None:
    strange = {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "mapped")}
    (tmp_path / "mapped").mkdir()
    with serving(tmp_path / "data", environment=strange) as served:
        sent, shown = 0, 0.0
        for _ in range(20):
            served.forget_connections()
            sent += served.post([impression(f"IMPRESSION:{sent}")]).status_code == 200
            before, shown = shown, total(served)
            assert before <= shown <= sent
        until(lambda: total(served) == sent)
        victim, other = served.children()["collector"]
        mapped = {entry.path for entry in psutil.Process(victim).memory_maps()}
        assert not [path for path in mapped if str(tmp_path) in path and "journal" not in path]
        psutil.Process(victim).kill()
        until(lambda: answers(served) and total(served) == sent)
        until(lambda: len(served.children()["collector"]) == 2)
        psutil.Process(other).kill()
        until(lambda: answers(served))
        assert total(served) == sent
    assert not list((tmp_path / "mapped").iterdir())


def answers(served: Served) -> bool:
    with suppress(httpx.TransportError):
        return httpx.get(f"{served.url}/metrics", trust_env=False).status_code == 200
    return False


def test_numbers_of_a_torn_file_are_those_before(tmp_path: Path) -> None:
    other, own = CounterFiles(tmp_path, 1), CounterFiles(tmp_path, 0)
    numbers = CounterTotals(requests={"ok": 7})
    other.path.write_bytes(encoded(numbers))
    assert own.total(CounterTotals(requests={"ok": 1})).requests == {"ok": 8}
    numbers.requests["ok"] = 9
    whole = encoded(numbers)
    for torn in (b"", whole[:40], whole.replace(b'"end":', b'"end":1')):
        other.path.write_bytes(torn)
        assert own.total(CounterTotals()).requests == {"ok": 7}
    other.path.write_bytes(whole)
    assert own.total(CounterTotals()).requests == {"ok": 9}
    assert CounterFiles(tmp_path, 1).before().requests == {"ok": 9}
