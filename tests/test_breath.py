"""Rests while others want the processors."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from footfall.runtime import cpu_throttle
from footfall.runtime.cpu_throttle import CpuThrottle, scheduled


@pytest.mark.parametrize(
    ("ran", "waited", "hurried", "rest"),
    [
        (0.1, 0.2, False, 1.0),
        (0.1, 0.05, False, 0.0),
        (0.1, 0.2, True, 0.0),
        (0.01, 9.0, False, 0.0),
    ],
    ids=["wanted by others", "left alone", "somebody waits", "too early to tell"],
)
def test_rests(monkeypatch: pytest.MonkeyPatch, ran: float, waited: float, hurried: bool, rest: float) -> None:
    slept: list[float] = []
    monkeypatch.setattr(cpu_throttle, "time", SimpleNamespace(sleep=slept.append))
    times = iter([(5.0, 3.0), (5.0 + ran, 3.0 + waited)])
    CpuThrottle(lambda: hurried, lambda: next(times))()
    assert sum(slept) == pytest.approx(rest)


@pytest.mark.skipif(not Path("/proc/self/schedstat").exists(), reason="the kernel does not say")
def test_the_kernel_says_who_waits() -> None:
    """Two processes on one processor; each has to wait about as long as it runs."""
    code = (
        "import os, time; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
        "from footfall.runtime.cpu_throttle import scheduled\n"
        "other = os.fork()\n"
        "end = time.monotonic() + 60\n"
        "while time.monotonic() < end and (not other or min(scheduled()) < 0.2): pass\n"
        "if other: os.kill(other, 9); os.wait(); print(*scheduled())\n"
    )
    ran, waited = map(float, subprocess.check_output([sys.executable, "-c", code]).split())
    assert ran > 0.1
    assert waited > 0.1


def test_where_nobody_says_it_never_rests(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(cpu_throttle, "_SCHEDSTAT", tmp_path / "none")
    assert scheduled() == (0.0, 0.0)
