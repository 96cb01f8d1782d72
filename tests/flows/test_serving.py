"""Flows in the installed server: from a request to a row, with what an operator sees of it."""

import os
import signal
from pathlib import Path
from typing import Any

import psutil

from footfall import heartbeat
from tests.serving import Served, serving, until

from .events import Json, event, signup

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


def timely(values: list[Json]) -> list[Json]:
    """The events as if the last had just happened, which is when a flow is not abandoned."""
    import time

    last = max(value["ets"] for value in values)
    return [value | {"ets": value["ets"] - last + round(time.time() * 1000)} for value in values]


def worker(served: Served) -> psutil.Process | None:
    """The process that folds, while there is one."""
    for child in psutil.Process(served.pid).children(recursive=True):
        try:
            if "footfall.flows.work" in child.cmdline():
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
    with serving(tmp_path, batch_seconds=0.1, flow_seconds=0.2, flow_plans="signup") as served:
        served.post(timely(signup())[:4])
        served.wait_for("SELECT outcome FROM flows", lambda rows: rows == [{"outcome": "unfinished"}])
        served.post(timely(signup())[4:])
        served.wait_for("SELECT outcome FROM flows", lambda rows: rows == [{"outcome": "success"}])
        _looks_after_itself(served)
        _says_what_is_wrong_with_a_plan(served, plans)
        _rests_and_wakes(served)
        _is_killed_and_goes_on(served)
        _is_built_anew(served)
        assert served.run_json("query", "SELECT count(*) AS n FROM flows") == [{"n": 4}]
        assert served.run_json("audit")["balances"]


def _looks_after_itself(served: Served) -> None:
    process = worker(served)
    assert process is None or os.sched_getscheduler(process.pid) in (os.SCHED_IDLE, os.SCHED_OTHER)
    until(lambda: flows_stage(served).get("lag_ms") == 0)
    metrics = served.get("/metrics").text
    assert "footfall_flows_up 1.0" in metrics
    assert "footfall_flows_lag_seconds 0.0" in metrics


def _says_what_is_wrong_with_a_plan(served: Served, plans: Path) -> None:
    def problems() -> list[str]:
        return [problem["what"] for problem in served.get("/health").json()["problems"]]

    until(lambda: any("broken.yaml is left out" in what for what in problems()))
    assert served.get("/health").status_code == 200
    (plans / "broken.yaml").unlink()
    (plans / "theme.yaml").write_text(OWN_PLAN)
    theme = {"env": "home", "kind": "theme", "flow": "t1"}
    served.post(
        timely(
            [
                event("IMPRESSION", 0, {"type": "view", "pageid": "theme", "uri": "/"}, **theme),
                event("INTERACT", 1, {"type": "click", "id": "choose-theme", "pageid": "theme"}, **theme),
            ]
        )
    )
    served.wait_for("SELECT outcome FROM flows WHERE plan = 'theme'", lambda rows: rows == [{"outcome": "chosen"}])
    until(lambda: problems() == [])


def _rests_and_wakes(served: Served) -> None:
    until(lambda: worker(served) is None)
    until(lambda: flows_stage(served)["state"] == "idle")
    served.post(timely(signup("f2", sid="s2", did="d2")))
    served.wait_for("SELECT id FROM flows WHERE id = 'f2' AND outcome = 'success'", lambda rows: len(rows) == 1)


def _is_killed_and_goes_on(served: Served) -> None:
    until(lambda: worker(served) is None)
    served.post(timely(signup("f3", sid="s3", did="d3")))
    until(lambda: worker(served) is not None)
    process = worker(served)
    if process is not None:
        os.kill(process.pid, signal.SIGKILL)
    served.wait_for("SELECT id FROM flows WHERE id = 'f3' AND outcome = 'success'", lambda rows: len(rows) == 1)


def _is_built_anew(served: Served) -> None:
    before = served.query("SELECT max(revision) AS n FROM flows")[0]["n"]
    served.run("flows", "rebuild")
    again = "SELECT count(*) AS n FROM flows WHERE revision > {}"
    served.wait_for(again.format(before), lambda rows: rows == [{"n": 4}])
    beat = heartbeat.read(served.data / "run" / "flows.json")
    assert beat is not None
    assert beat.problems == []
