"""The README's commands do what it says."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

from tests.browser.site import mixed, pages
from tests.browser.visits import launched
from tests.serving import PROGRAM, Served, serving

README = (Path(__file__).parents[2] / "README.md").read_text()


def test_the_curl_example_and_the_commands_after_it(tmp_path: Path) -> None:
    with serving(tmp_path, batch_seconds=0.2) as served:
        result = json.loads(shell(example("curl"), served))["result"]
        assert (result["received"], result["accepted"], result["rejected"]) == (2, 1, 1)
        assert [(error["code"], error["path"]) for error in result["errors"]] == [("wrong_type", "$.ets")]
        served.wait_for("SELECT * FROM ledger", lambda rows: len(rows) == 2)
        outputs = [shell(line, served) for line in example("footfall query").splitlines()]
        assert "IMPRESSION" in outputs[0]
        assert "wrong_type" in outputs[1]
        assert "stored" in outputs[2]
        assert "dev" in outputs[3]


def test_a_channel_and_a_login_are_made_as_shown(tmp_path: Path) -> None:
    lines = [line for line in example("footfall channel").splitlines() if "serve" not in line]
    for line in lines:
        arguments = [str(tmp_path) if word == "/var/lib/footfall" else word for word in shlex.split(line)[1:]]
        subprocess.run([PROGRAM, *arguments], input="correct horse battery\n", text=True, check=True, timeout=60)


def test_the_tracker_snippet(tmp_path: Path) -> None:
    with serving(tmp_path / "data", batch_seconds=0.2) as served:
        program = example("from footfall.tracker", "python").replace("http://127.0.0.1:8400", served.url)
        environment = {"XDG_STATE_HOME": str(tmp_path), "PATH": ""}
        subprocess.run([sys.executable, "-c", program], check=True, timeout=60, env=environment)
        rows = served.wait_for("SELECT eid FROM events ORDER BY ets, mid", lambda rows: len(rows) == 5)
        assert {row["eid"] for row in rows} == {"START", "INTERACT", "END"}


def test_the_browser_snippet(tmp_path: Path) -> None:
    html = example('<script type="module">', "html")
    with serving(tmp_path / "data", batch_seconds=0.2) as served, pages() as port, launched() as browser:
        page = browser.new_page()
        button = "<button id=play>Play</button>"
        page.goto(f"http://127.0.0.1:{port}" + mixed(button + html.replace("http://127.0.0.1:8400", served.url)))
        page.click("#play")
        page.goto("about:blank")
        rows = served.wait_for("SELECT eid FROM events", lambda rows: len(rows) == 3)
        assert {row["eid"] for row in rows} == {"IMPRESSION", "START", "INTERACT"}


def test_the_identity_example(tmp_path: Path) -> None:
    with serving(tmp_path, batch_seconds=0.2) as served:
        reply = json.loads(shell(example("curl http://127.0.0.1:8400/v1/identity"), served))
        assert reply["operations"][0]["fired"] == ["signin.social", "entity_update"]
        served.wait_for("SELECT * FROM events WHERE event_type = 'signin.social'", lambda rows: len(rows) == 1)


def example(start: str, language: str = "sh") -> str:
    blocks = re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)
    found: str = next(block for block in blocks if block.startswith(start))
    return found.strip()


def shell(text: str, served: Served) -> str:
    text = text.replace("http://127.0.0.1:8400", served.url).replace("demo-data", str(served.data))
    text = re.sub(r"^footfall ", f"{shlex.quote(PROGRAM)} ", text)
    return subprocess.run(["sh", "-ec", text], capture_output=True, text=True, check=True, timeout=60).stdout
