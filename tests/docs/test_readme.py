"""The README's commands do what it says."""

import json
import re
import shlex
import subprocess
from pathlib import Path

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


def example(start: str) -> str:
    found: str
    (found,) = (block for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL) if block.startswith(start))
    return found.strip()


def shell(text: str, served: Served) -> str:
    text = text.replace("http://127.0.0.1:8400", served.url).replace("demo-data", str(served.data))
    text = re.sub(r"^footfall ", f"{shlex.quote(PROGRAM)} ", text)
    return subprocess.run(["sh", "-ec", text], capture_output=True, text=True, check=True, timeout=60).stdout
