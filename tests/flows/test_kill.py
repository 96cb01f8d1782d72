"""kill -9 at every step, and at random: no flow is lost, and none is there twice or says something else."""

import os
import random
import signal
import subprocess
import sys
import time
from functools import cache
from pathlib import Path

import pytest

from footfall.settings import Settings
from tests.serving import until

from . import children
from .events import House, Json, signup
from .test_orders import visit

ROOT = Path(__file__).parents[2]
PLANS = ("signup", "web-portal")
MOMENTS = [(point, "before", 1) for point in children.POINTS]
MOMENTS += [(point, "after", 1) for point in ("create", "commit", "rewrite", "merge", "rebuild", "save", "vacuum")]
MOMENTS += [(point, "before", 3) for point in ("parquet", "commit", "sync")]


def batches() -> list[list[Json]]:
    found = [[*signup(f"f{n}", at=n * 40, sid=f"s{n}"), *visit(f"s{n}", n * 40 + 50)] for n in range(6)]
    flat = [value for values in found for value in values]
    random.Random(3).shuffle(flat)
    return [flat[start : start + 12] for start in range(0, len(flat), 12)]


@cache
def expected(folder: Path) -> list[tuple[object, ...]]:
    house = House(folder, *PLANS)
    for batch in batches():
        house.put(*batch)
    house.fold()
    flows = house.flows()
    assert len(flows) == 12
    return flows


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[object, ...]]:
    return expected(tmp_path_factory.mktemp("truth"))


@pytest.mark.parametrize(("point", "moment", "nth"), MOMENTS)
def test_killed_at_every_step(
    tmp_path: Path, truth: list[tuple[object, ...]], point: str, moment: str, nth: int
) -> None:
    house = House(Settings(data=tmp_path).lake, *PLANS)
    for batch in batches():
        house.put(*batch)
    arguments = [sys.executable, "-m", "tests.flows.children", str(tmp_path), point, moment, str(nth)]
    child = subprocess.run(arguments, cwd=ROOT, stderr=subprocess.PIPE, check=False)
    assert child.returncode == -signal.SIGKILL, child.stderr.decode()
    house.fold()
    assert house.flows() == truth


def test_killed_at_random_while_events_come_in(tmp_path: Path, truth: list[tuple[object, ...]]) -> None:
    chance = random.Random(7)
    environment = os.environ | {"FOOTFALL_DATA": str(tmp_path), "FOOTFALL_FLOW_SECONDS": "0.02"}
    environment |= {
        "FOOTFALL_FLOW_IDLE": "false",
        "FOOTFALL_FLOW_PLANS": ",".join(PLANS),
        "FOOTFALL_LOG_LEVEL": "error",
    }
    house = House(Settings(data=tmp_path).lake, *PLANS)
    for batch in batches():
        house.put(*batch)
        child = subprocess.Popen(
            [sys.executable, "-m", "footfall.flows"],
            env=environment,
            cwd=ROOT,
            stdout=subprocess.PIPE,
        )
        until(lambda: (tmp_path / "lake" / "flows.lock").exists())
        time.sleep(chance.uniform(0.0, 0.3))
        child.kill()
        child.communicate()
    house.fold()
    assert house.flows() == truth
