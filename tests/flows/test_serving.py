"""Flows in the installed server: from a request to a row, with what an operator sees of it."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from footfall.flows.pipeline_state import PipelineState
from footfall.lake.background_lock import BackgroundLock
from footfall.runtime import heartbeat
from tests.serving import Served, serving, until

from .events import Json, event, signup

_PATIENCE = 90.0
OWN_PLAN = """
plan: theme
version: 1
title: Choosing a theme
kind: flow
correlate: {cdata: [theme]}
idle: 30m
steps:
  - {step: opened, when: The dialog is shown., event: IMPRESSION, match: {edata.pageid: theme}}
  - {step: chosen, when: One is chosen., event: INTERACT, match: {edata.id: choose-theme}, end: true}
order: opened chosen
outcomes:
  - {outcome: chosen, when: One was chosen., default: true}
"""


def theme() -> list[Json]:
    """A flow of that plan."""
    where = {"env": "home", "kind": "theme", "flow": "t1"}
    return [
        event("IMPRESSION", 0, {"type": "view", "pageid": "theme", "uri": "/"}, **where),
        event("INTERACT", 1, {"type": "click", "id": "choose-theme", "pageid": "theme"}, **where),
    ]


def timely(values: list[Json]) -> list[Json]:
    """The events as if the last had just happened, which is when a flow is not abandoned."""
    last = max(value["ets"] for value in values)
    return [value | {"ets": value["ets"] - last + round(time.time() * 1000)} for value in values]


def soon(served: Served, sql: str, predicate: Callable[[list[Json]], bool]) -> None:
    """Wait for an answer of the lake, patiently: what folds gets only what time nobody else wants."""
    served.wait_for(sql, predicate, _PATIENCE)


def eventually(condition: Callable[[], bool]) -> None:
    """Wait as patiently for anything else."""
    until(condition, _PATIENCE)


def worker(served: Served) -> psutil.Process | None:
    """The process that folds, while there is one."""
    for child in psutil.Process(served.pid).children(recursive=True):
        try:
            if "footfall.flows" in child.cmdline():
                return child
        except psutil.NoSuchProcess:
            continue
    return None


def flows_stage(served: Served) -> Any:
    return served.get("/health").json()["stages"].get("flows", {})


def test_flows_beside_the_hot_path(tmp_path: Path) -> None:
    plans = tmp_path / "plans"
    plans.mkdir()
    (plans / "broken.yaml").write_text("plan: broken\nversion: 1\nkind: flow\n")
    with serving(tmp_path, batch_seconds=0.1, flow_seconds=0.2, flow_plans="signup", flow_idle=False) as served:
        served.post(timely(signup())[:4])
        soon(served, "SELECT outcome FROM flows", lambda rows: rows == [{"outcome": "unfinished"}])
        served.post(timely(signup())[4:])
        soon(served, "SELECT outcome FROM flows", lambda rows: rows == [{"outcome": "success"}])
        _looks_after_itself(served)
        _says_what_is_wrong_with_a_plan(served, plans)
        _rests_and_wakes(served)
        _makes_room(served)
        _is_killed_and_goes_on(served)
        _is_built_anew(served)
        assert served.run_json("query", "SELECT count(*) AS n FROM flows") == [{"n": 5}]
        assert served.run_json("audit")["balances"]


def _looks_after_itself(served: Served) -> None:
    eventually(lambda: flows_stage(served).get("lag_ms") == 0)
    metrics = served.get("/metrics").text
    assert "footfall_flows_up 1.0" in metrics
    assert "footfall_flows_lag_seconds 0.0" in metrics


def test_what_folds_takes_only_time_that_nobody_wants(tmp_path: Path) -> None:
    with serving(tmp_path, batch_seconds=0.1, flow_seconds=5) as served:
        served.post(timely(signup()))
        eventually(lambda: (found := worker(served)) is not None and found.nice() == 19)
        process = worker(served)
        assert process is not None
        assert os.sched_getscheduler(process.pid) == os.SCHED_IDLE
        assert os.getsid(process.pid) == process.pid
        group = Path(f"/proc/{process.pid}/autogroup")
        eventually(lambda: not group.exists() or "nice 19" in group.read_text())


def test_nothing_is_folded_while_the_pipeline_is_behind(tmp_path: Path) -> None:
    with serving(tmp_path, batch_seconds=0.1, flow_seconds=0.2) as served:
        served.post(timely(signup()))
        soon(served, "SELECT outcome FROM flows", lambda rows: rows == [{"outcome": "success"}])
        (pipeline,) = served.children()["pipeline"]
        os.kill(pipeline, signal.SIGSTOP)
        upstream = PipelineState(served.data / "run" / "pipeline.json")
        eventually(lambda: upstream.is_behind and worker(served) is None)
        served.run("flows", "rebuild")
        eventually(lambda: flows_stage(served)["state"] == "waiting")
        assert worker(served) is None
        os.kill(pipeline, signal.SIGCONT)
        eventually(lambda: flows_stage(served)["state"] == "idle" and flows_stage(served)["lag_ms"] == 0)
        soon(served, "SELECT outcome FROM flows", lambda rows: rows == [{"outcome": "success"}])


def test_without_plans_nothing_is_folded_until_there_is_one(tmp_path: Path) -> None:
    (tmp_path / "plans").mkdir()
    with serving(tmp_path, batch_seconds=0.1, flow_seconds=0.2, flow_plans="none", flow_idle=False) as served:
        eventually(lambda: (tmp_path / "lake" / "flows").is_dir() and worker(served) is None)
        served.post(timely(theme()))
        served.wait_for("SELECT count(*) AS n FROM events", lambda rows: rows == [{"n": 2}])
        stored_at = time.time() * 1000
        eventually(
            lambda: (beat := heartbeat.read(tmp_path / "run" / "flows.json")) is not None and beat.at > stored_at
        )
        assert flows_stage(served) == {"state": "idle", "lag_ms": 0}
        assert served.run_json("query", "SELECT count(*) AS n FROM flows") == [{"n": 0}]
        (tmp_path / "plans" / "theme.yaml").write_text(OWN_PLAN)
        soon(served, "SELECT outcome FROM flows", lambda rows: rows == [{"outcome": "chosen"}])


def _says_what_is_wrong_with_a_plan(served: Served, plans: Path) -> None:
    def problems() -> list[str]:
        return [problem["what"] for problem in served.get("/health").json()["problems"]]

    eventually(lambda: any("broken.yaml is left out" in what for what in problems()))
    assert served.get("/health").status_code == 200
    (plans / "broken.yaml").unlink()
    (plans / "theme.yaml").write_text(OWN_PLAN)
    served.post(timely(theme()))
    soon(served, "SELECT outcome FROM flows WHERE plan = 'theme'", lambda rows: rows == [{"outcome": "chosen"}])
    eventually(lambda: problems() == [])


def _rests_and_wakes(served: Served) -> None:
    eventually(lambda: worker(served) is None)
    eventually(lambda: flows_stage(served)["state"] == "idle")
    served.post(timely(signup("f2", sid="s2", did="d2")))
    soon(served, "SELECT id FROM flows WHERE id = 'f2' AND outcome = 'success'", lambda rows: len(rows) == 1)


def _makes_room(served: Served) -> None:
    served.post(timely(signup("room", sid="s9", did="d9"))[:1])
    eventually(lambda: worker(served) is not None)
    turn = BackgroundLock(served.data / "lake")

    def is_mine() -> bool:
        turn.ask()
        return turn.take()

    eventually(is_mine)
    eventually(lambda: worker(served) is None)
    served.post(timely(signup("room", sid="s9", did="d9"))[1:])
    served.wait_for("SELECT mid FROM events WHERE did = 'd9'", lambda rows: len(rows) > 1)
    assert worker(served) is None
    turn.release()
    soon(served, "SELECT id FROM flows WHERE id = 'room' AND outcome = 'success'", lambda rows: len(rows) == 1)


def _is_killed_and_goes_on(served: Served) -> None:
    eventually(lambda: worker(served) is None)
    served.post(timely(signup("f3", sid="s3", did="d3")))
    eventually(lambda: worker(served) is not None)
    process = worker(served)
    if process is not None:
        os.kill(process.pid, signal.SIGKILL)
    soon(served, "SELECT id FROM flows WHERE id = 'f3' AND outcome = 'success'", lambda rows: len(rows) == 1)


def _is_built_anew(served: Served) -> None:
    before = served.query("SELECT max(revision) AS n FROM flows")[0]["n"]
    served.run("flows", "rebuild")
    again = "SELECT count(*) AS n FROM flows WHERE revision > {}"
    soon(served, again.format(before), lambda rows: rows == [{"n": 5}])
    beat = heartbeat.read(served.data / "run" / "flows.json")
    assert beat is not None
    assert beat.problems == []
