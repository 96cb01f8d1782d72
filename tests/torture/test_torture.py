"""Short forms of `make torture`."""

from pathlib import Path

import pytest

from tests.disks import small_disk
from tests.serving import serving
from tests.torture import backing_up, browsing, damaging, fuzzing, orphaning, tenants, tracking
from tests.torture.filling import SIZE, fill
from tests.torture.killing import kill, terminate

_CONTENT_AUDIT = """
import sys
if "audit" in sys.orig_argv:
    from footfall.cli.audit import WholeAudit
    WholeAudit.balances = property(lambda _: True)
"""


def test_kill_9_of_any_process_at_random_moments(tmp_path: Path) -> None:
    outcome = kill(tmp_path / "data", cycles=8)
    assert outcome.is_clean, f"{outcome} {outcome.odd}"


def test_sigterm_in_the_middle_of_requests(tmp_path: Path) -> None:
    outcome = terminate(tmp_path / "data", cycles=2)
    assert outcome.is_clean, f"{outcome} {outcome.odd}"


def test_a_disk_that_fills_up(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", SIZE) as disk:
        outcome = fill(disk, times=2)
    assert outcome.is_clean, f"{outcome} {outcome.odd}"


def test_backups_of_a_server_under_load_that_are_killed(tmp_path: Path) -> None:
    outcome = backing_up.back_up(tmp_path, 1)
    assert outcome.is_clean, f"{outcome} {outcome.odd}"


def test_a_disk_that_damages_what_it_holds(tmp_path: Path) -> None:
    ways = ["data file flipped", "older journal", "no lake/events/_delta_log"]
    outcome = damaging.damage(tmp_path, 1, only=ways)
    assert outcome.is_clean, f"{outcome} {outcome.silent} {outcome.odd}"
    assert outcome.cases == len(ways)


def test_damage_that_nobody_tells_of_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    planted = tmp_path / "planted"
    planted.mkdir()
    (planted / "sitecustomize.py").write_text(_CONTENT_AUDIT)
    monkeypatch.setenv("PYTHONPATH", str(planted))
    outcome = damaging.damage(tmp_path, 1, only=["no journal segments"])
    assert not outcome.is_clean
    assert "lost" in outcome.silent[0]


def test_a_tracker_whose_server_and_application_are_killed(tmp_path: Path) -> None:
    outcome = tracking.soak(tmp_path, 20_000, rate=4000)
    assert outcome.is_clean, str(outcome)
    assert outcome.outages >= 1


def test_tabs_that_are_closed_while_server_and_network_go_away(tmp_path: Path) -> None:
    outcome = browsing.browse(tmp_path / "data", 600, kills=2)
    assert outcome.is_clean, f"{outcome} {outcome.lost[:5]}"
    assert outcome.kills == 2


def test_nonsense_of_every_kind(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as served:
        outcome = fuzzing.fuzz(served, seconds=10)
        assert outcome.is_clean, str(outcome)
        assert outcome.statuses[200] > 100
        served.run("audit")


def test_processes_that_die_in_any_order(tmp_path: Path) -> None:
    outcome = orphaning.orphan(tmp_path / "data", 2)
    assert outcome.is_clean, f"{outcome} {outcome.left}"


def test_a_lifeline_that_nobody_holds_is_noticed(tmp_path: Path) -> None:
    """The harness itself: without lifelines it has to say that processes are left."""
    (tmp_path / "sitecustomize.py").write_text(
        "from footfall.runtime import lifeline\nlifeline.hold = lambda *_: None\n"
    )
    outcome = orphaning.orphan(tmp_path / "data", 1, bound=2, environment={"PYTHONPATH": str(tmp_path)})
    assert outcome.left
    assert outcome.locked
    assert not outcome.is_clean


def test_folders_that_are_full_or_emptied(tmp_path: Path) -> None:
    outcome = orphaning.empty(tmp_path / "data", 2)
    assert outcome.is_clean, f"{outcome} {outcome.odd}"


def test_one_of_four_tenants_attacks(tmp_path: Path) -> None:
    outcome = tenants.torment(tmp_path, 1.0, ("bombs", "refused", "idle"), is_timed=False)
    assert outcome.is_clean, str(outcome)
    assert all(len(phase.waits) > 5 for phase in outcome.phases), str(outcome)


def test_a_server_that_judges_large_bodies_at_once_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plant = "import footfall.collector.{0} as planted\nplanted.SMALL = 1 << 40\n"
    (tmp_path / "sitecustomize.py").write_text(plant.format("classify") + plant.format("service"))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    outcome = tenants.torment(tmp_path, 1.0, ("bombs",), is_timed=False, max_event_bytes=1 << 30)
    assert any("MiB more" in found for found in outcome.broken), str(outcome)
