"""However much there is to fold, no more memory is taken."""

import os
import subprocess
import sys
from pathlib import Path

from footfall.settings import Settings

from .events import House, signup
from .test_orders import visit

ROOT = Path(__file__).parents[2]
_RUN = """
from footfall.flows import worker
worker.main()
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


def peak(data: Path) -> int:
    """MiB that folding everything takes at its peak."""
    environment = os.environ | {"FOOTFALL_DATA": str(data), "FOOTFALL_FLOW_SECONDS": "0.01", "MALLOC_ARENA_MAX": "2"}
    environment |= {"FOOTFALL_FLOW_BYTES": str(8 << 20), "FOOTFALL_LOG_LEVEL": "error"}
    done = subprocess.run(
        [sys.executable, "-c", _RUN], env=environment, cwd=ROOT, capture_output=True, text=True, check=True, timeout=300
    )
    return int(done.stdout.splitlines()[-1]) >> 10


def fill(data: Path, people: int) -> House:
    house = House(Settings(data=data).lake, "signup", "web-portal")
    for start in range(0, people, 100):
        house.put(
            *(
                value
                for n in range(start, start + 100)
                for value in (*signup(f"f{n}", at=n, sid=f"s{n}", did=f"d{n}"), *visit(f"s{n}", n + 100))
            )
        )
    return house


def test_memory_does_not_grow_with_what_there_is_to_fold(tmp_path: Path) -> None:
    fill(tmp_path / "little", 100)
    much = fill(tmp_path / "much", 1_000)
    assert peak(tmp_path / "much") - peak(tmp_path / "little") < 40
    assert much.ask("SELECT plan, count(*) FROM flows GROUP BY plan ORDER BY plan") == [
        ("signup", 1_000),
        ("web-portal", 1_000),
    ]
