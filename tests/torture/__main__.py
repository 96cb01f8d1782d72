"""`make torture`: everything that may go wrong, for long; prints what was kept and what was not."""

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.disks import small_disk
from tests.serving import serving
from tests.torture import backing_up, browsing, damaging, fuzzing, orphaning, tenants, tracking
from tests.torture.filling import SIZE, fill
from tests.torture.killing import kill, terminate


def _kill(folder: Path, cycles: int, _minutes: float) -> tuple[bool, str]:
    outcome = kill(folder / "kill", cycles)
    return outcome.is_clean, f"{outcome} {outcome.odd or ''}"


def _terminate(folder: Path, cycles: int, _minutes: float) -> tuple[bool, str]:
    outcome = terminate(folder / "term", max(2, cycles // 10))
    return outcome.is_clean, f"{outcome} {outcome.odd or ''}"


def _fill(folder: Path, cycles: int, _minutes: float) -> tuple[bool, str]:
    with small_disk(folder / "disk", SIZE) as disk:
        outcome = fill(disk, max(2, cycles // 20))
    return outcome.is_clean, f"{outcome} {outcome.odd or ''}"


def _fuzz(folder: Path, _cycles: int, minutes: float) -> tuple[bool, str]:
    with serving(folder / "fuzz") as served:
        outcome = fuzzing.fuzz(served, minutes * 60)
    return outcome.is_clean, str(outcome)


def _track(folder: Path, cycles: int, _minutes: float) -> tuple[bool, str]:
    outcome = tracking.soak(folder, 5000 * cycles)
    return outcome.is_clean, str(outcome)


def _browse(folder: Path, cycles: int, _minutes: float) -> tuple[bool, str]:
    outcome = browsing.browse(folder / "browse", 50 * cycles, max(1, cycles // 40))
    return outcome.is_clean, f"{outcome} {outcome.lost[:5] or ''}"


def _back_up(folder: Path, cycles: int, _minutes: float) -> tuple[bool, str]:
    outcome = backing_up.back_up(folder, max(2, cycles // 10))
    return outcome.is_clean, f"{outcome} {outcome.odd or ''}"


def _orphan(folder: Path, cycles: int, _minutes: float) -> tuple[bool, str]:
    outcome = orphaning.orphan(folder / "orphans", max(2, cycles // 4))
    return outcome.is_clean, f"{outcome} {outcome.left[:5] or ''}"


def _empty(folder: Path, cycles: int, _minutes: float) -> tuple[bool, str]:
    outcome = orphaning.empty(folder / "empty", max(2, cycles // 10))
    return outcome.is_clean, f"{outcome} {outcome.odd or ''}"


def _damage(folder: Path, cycles: int, _minutes: float) -> tuple[bool, str]:
    outcome = damaging.damage(folder, max(1, cycles // 50))
    return outcome.is_clean, f"{outcome} {outcome.silent or ''} {outcome.odd or ''}"


def _torment(folder: Path, _cycles: int, minutes: float) -> tuple[bool, str]:
    outcome = tenants.torment(folder / "tenants", max(5, minutes * 60 / 40))
    return outcome.is_clean, str(outcome)


TORTURES: dict[str, Callable[[Path, int, float], tuple[bool, str]]] = {
    "kill": _kill,
    "term": _terminate,
    "disk": _fill,
    "fuzz": _fuzz,
    "track": _track,
    "browse": _browse,
    "backup": _back_up,
    "orphans": _orphan,
    "temporary": _empty,
    "damage": _damage,
    "tenants": _torment,
}


def main() -> int:
    """Run the tortures; returns 1 when a promise was broken."""
    parser = argparse.ArgumentParser(prog="make torture")
    parser.add_argument("--only", choices=TORTURES, action="append")
    parser.add_argument("--cycles", type=int, default=200, help="kills; the others follow from it")
    parser.add_argument("--minutes", type=float, default=10, help="of fuzzing")
    given = parser.parse_args()
    kept = True
    for name in given.only or TORTURES:
        with tempfile.TemporaryDirectory(prefix="footfall-torture-") as folder:
            is_clean, text = TORTURES[name](Path(folder), given.cycles, given.minutes)
        sys.stdout.write(f"{name}: {'kept' if is_clean else 'BROKEN'}: {text}\n")
        sys.stdout.flush()
        kept = kept and is_clean
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
