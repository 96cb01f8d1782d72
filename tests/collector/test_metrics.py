"""What Prometheus sees of a whole installation."""

from pathlib import Path

from tests.cli.samples import impression
from tests.serving import serving, until


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
