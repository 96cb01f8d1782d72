"""A disk that damages what it holds while nothing runs: whatever is missing, changed or there twice is said.

An installation with events in the lake, and more in the journals alone, is damaged in one way, served again, and sent
new events. Then either everything acknowledged is in the lake once and as it was sent, or footfall says that it is not:
it refuses to start in a sentence, or `footfall audit --deep` does not balance.
"""

import json
import random
import shutil
from collections import Counter
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from msgspec import Struct, field, structs

from footfall.runtime import heartbeat
from tests.serving import Served, starting, until
from tests.torture.clients import event

_SETTLE_S = 30.0
_WAVES = 4
_EVENTS = 30  # in one wave
_SEGMENT_BYTES = 1 << 16
_RUNTIME = shutil.ignore_patterns("run")  # sockets cannot be copied
Sent = dict[str, Any]


class Outcome(Struct):
    """What became of the cases; `silent` are those in which something was wrong and nobody said so."""

    cases: int = 0
    whole: int = 0
    refused: int = 0
    said: int = 0
    silent: list[str] = field(default_factory=list)
    odd: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        """Whether every promise was kept."""
        return not self.silent and not self.odd and self.cases == self.whole + self.refused + self.said > 0

    def __str__(self) -> str:
        return (
            f"{self.cases} installations damaged: {self.whole} lost nothing, {self.refused} would not start, "
            f"{self.said} said what is missing, {len(self.silent)} silent"
        )


class Template(Struct):
    """An installation to be damaged, how it was a while before, and what it has acknowledged."""

    data: Path
    older: Path
    key: str = ""
    sent: Sent = field(default_factory=dict)


def make_template(folder: Path) -> Template:
    """Events in several files of the lake, and some that are in the journals only; all processes were killed."""
    made = Template(folder / "data", folder / "older")
    for number in range(2):
        with starting(made.data, batch_seconds=0.1, segment_bytes=_SEGMENT_BYTES) as served:
            served.wait_ready()
            if number == 0:
                made.key = served.run_json("channel", "add", "dev")["secret"]
            for wave in range(_WAVES):
                _send(served, f"run{number}:{wave}", made)
                served.wait_for("SELECT count(*) AS n FROM events", lambda rows: rows[0]["n"] == len(made.sent))
            if number == 1:
                served.pause("pipeline")
                _send(served, "waiting", made)
                served.kill()
        if number == 0:
            shutil.copytree(made.data, made.older, ignore=_RUNTIME)
    return made


def damage(folder: Path, times: int, seed: int = 1, only: Collection[str] = ()) -> Outcome:
    """Damage an installation in every way, or only in some, so many times each."""
    template, outcome = make_template(folder), Outcome()
    chance = random.Random(seed)
    for name in [name for name in CASES if name in only or not only] * times:
        data = folder / "case"
        shutil.copytree(template.data, data, ignore=_RUNTIME)
        what = CASES[name](data, template.older, chance)
        outcome.cases += 1
        _try(structs.replace(template, data=data, sent=dict(template.sent)), f"{name}: {what}", outcome)
        shutil.rmtree(data)
    return outcome


def _try(case: Template, name: str, outcome: Outcome) -> None:
    with starting(case.data, batch_seconds=0.1, segment_bytes=_SEGMENT_BYTES) as served:
        if not served.wait_up():
            outcome.refused += 1
            if "Traceback" in served.log or not served.log.strip():
                outcome.odd.append(f"{name}: {served.log[-400:]}")
            return
        _send_again(served, case)
        _send(served, "new", case)
        until(lambda: _is_settled(served), _SETTLE_S)
        says = _verdict(served)
        wrong = "" if says else _wrong(served, case.sent)
        served.kill()
        if "Traceback" in served.log:
            outcome.odd.append(f"{name}: {served.log[-600:]}")
    if says:
        outcome.said += 1
    elif wrong:
        outcome.silent.append(f"{name}: {wrong}")
    else:
        outcome.whole += 1


def _send(served: Served, wave: str, case: Template) -> None:
    """Send a wave; what is acknowledged is noted. A 503 is an answer, too."""
    events = [event(f"{wave}:{number}") for number in range(_EVENTS)]
    reply = served.post(events, key=case.key)
    if reply.status_code == 503:
        return
    assert reply.json()["result"]["accepted"] == len(events), reply.text
    case.sent.update((str(one["mid"]), one) for one in events)


def _send_again(served: Served, case: Template) -> None:
    """A sender that was not sure sends again: nothing may be there twice after that."""
    served.post(list(case.sent.values())[: 3 * _EVENTS], key=case.key)


def _is_settled(served: Served) -> bool:
    """Whether the journals are in the lake, or the pipeline waits for a person and says so."""
    beat = heartbeat.read(served.data / "run" / "pipeline.json")
    if beat is not None and beat.state == "blocked":
        return bool(served.get("/health").json()["status"] != "ok")
    return bool(served.status("audit", "--format", "json")[1].get("pending", {}).get("events") == 0)


def _verdict(served: Served) -> str:
    """What footfall says is wrong; empty when it says that all is well."""
    code, found = served.status("audit", "--deep", "--format", "json")
    return "" if code == 0 else f"exit {code}: {found}"


def _wrong(served: Served, sent: Sent) -> str:
    """What is wrong with the lake, by what was sent; empty where nothing is."""
    rows = served.query("SELECT mid, event FROM events")
    times = Counter(row["mid"] for row in rows)
    lost = len(sent.keys() - times.keys())
    doubled = sum(number - 1 for number in times.values())
    changed = sum(sent.get(row["mid"]) != json.loads(row["event"]) for row in rows)
    return f"{lost} lost, {doubled} doubled, {changed} changed" if lost or doubled or changed else ""


Case = Callable[[Path, Path, random.Random], str]


_FILES = {
    "data file": "lake/events/day=*/**/*.parquet",
    "log entry": "lake/events/_delta_log/*.json",
    "recovery record": "lake/events/_recovery.*",
    "rollup": "lake/hourly/**/*",
    "journal segment": "journal/*/*.seg",
    "journal mark": "journal/*/[!0-9]*",
    "control database": "control.db",
    "identity": "**/installation.json",
    "catalog": "lake/tables.json",
}


def _some_file(pattern: str, harm: Callable[[Path, random.Random], str]) -> Case:
    """Harm one file of those that a pattern finds."""

    def carry_out(data: Path, _older: Path, chance: random.Random) -> str:
        found = sorted(path for path in data.glob(pattern) if path.is_file() and path.stat().st_size)
        victim = chance.choice(found)
        return f"{victim.relative_to(data)} {harm(victim, chance)}"

    return carry_out


def _flip(path: Path, chance: random.Random) -> str:
    content = bytearray(path.read_bytes())
    at, bit = chance.randrange(len(content)), chance.randrange(8)
    content[at] ^= 1 << bit
    path.write_bytes(content)
    return f"bit {bit} of byte {at} flipped"


def _truncate(path: Path, chance: random.Random) -> str:
    size = chance.randrange(path.stat().st_size)
    with path.open("r+b") as file:
        file.truncate(size)
    return f"cut to {size} bytes"


def _zero(path: Path, chance: random.Random) -> str:
    """What a power cut leaves: the length is right, a page is not."""
    content = bytearray(path.read_bytes())
    at = chance.randrange(0, len(content), 512)
    content[at : at + 4096] = bytes(len(content[at : at + 4096]))
    path.write_bytes(content)
    return f"zeros at {at}"


def _remove(path: Path, _chance: random.Random) -> str:
    path.unlink()
    return "removed"


def _older(store: str) -> Case:
    """One store as it was before, beside the others as they are."""

    def carry_out(data: Path, older: Path, _chance: random.Random) -> str:
        _delete(data / store)
        copy = shutil.copytree if (older / store).is_dir() else shutil.copy2
        copy(older / store, data / store)
        return "of an earlier time"

    return carry_out


def _gone(store: str) -> Case:
    def carry_out(data: Path, _older: Path, _chance: random.Random) -> str:
        _delete(data / store)
        return "gone"

    return carry_out


def _no_segments(data: Path, _older: Path, _chance: random.Random) -> str:
    for path in data.glob(_FILES["journal segment"]):
        path.unlink()
    return "gone"


def _delete(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


_HARMS = {"flipped": _flip, "cut": _truncate, "zeroed": _zero, "removed": _remove}
_STORES = ("journal", "journal/0", "lake", "lake/events", "lake/events/_delta_log", "lake/hourly", "control.db")
CASES: dict[str, Case] = {
    **{f"{file} {how}": _some_file(_FILES[file], harm) for file in _FILES for how, harm in _HARMS.items()},
    "no journal segments": _no_segments,
    **{f"older {store}": _older(store) for store in _STORES},
    **{f"no {store}": _gone(store) for store in _STORES},
}
