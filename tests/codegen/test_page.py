"""docs/codegen.md: its examples run, and print what it says."""

import contextlib
import io
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from footfall.codegen import Language, generate
from footfall.plans.registry import find
from footfall.schema.validation import judge
from footfall.schema.verdict import Profile
from footfall.tracker import MemoryOutbox, Tracker

from .calls import STRICT, tsc

_PAGE = (Path(__file__).parents[2] / "docs" / "codegen.md").read_text(encoding="utf-8")


@pytest.fixture
def tracking() -> Iterator[None]:
    """The module that the examples import."""
    module = ModuleType("tracking")
    exec(generate(Language.PYTHON, [find("signup")]), module.__dict__)
    sys.modules["tracking"] = module
    yield
    del sys.modules["tracking"]


def _examples(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", _PAGE, re.DOTALL)


@pytest.mark.usefixtures("tracking")
def test_the_first_example_prints_what_the_page_says() -> None:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(_examples("python")[0], {})
    last = printed.getvalue().splitlines()[-1]
    assert f"    {last}\n" in _PAGE


@pytest.mark.usefixtures("tracking")
def test_the_tracker_sends_what_the_code_says() -> None:
    outbox = MemoryOutbox()
    around: dict[str, Any] = {"outbox": outbox}
    text = _examples("python")[1].replace('"http://127.0.0.1:8400"', '"http://127.0.0.1:9", outbox=outbox')
    exec(text, around)
    batch = outbox.take(10, 1 << 20)
    tracker: Tracker = around["tracker"]
    tracker.close(0)
    assert batch is not None
    (waiting,) = batch.events
    event = json.loads(waiting.event)
    assert judge(waiting.event, Profile.SUNBIRD).findings == ()
    assert event["edata"] == {"type": "view", "pageid": "signup", "uri": "/signup"}
    assert event["context"]["env"] == "signup"
    assert event["context"]["cdata"] == [{"type": "signup", "id": "3f2504e0-4f89-11d3-9a0c-0305e82c3301"}]


def test_the_typescript_examples_type_check(tmp_path: Path) -> None:
    (tmp_path / "tracking.ts").write_text(generate(Language.TYPESCRIPT, [find("signup")]), encoding="utf-8")
    around = """
import type { Eid, Options } from "./tracking.js";
type Method = (edata: object, options: Options) => void;
declare const tracker: { track(eid: Eid, edata: object, options: Options): string };
declare const EkTelemetry: Record<string, Method> & {
  start(config: object, id: string, ver: string, edata: object, options: Options): void;
};
"""
    first, *others = _examples("ts")
    (tmp_path / "first.ts").write_text(first, encoding="utf-8")
    for number, text in enumerate(others):
        head = around + 'import type { Track } from "./tracking.js";\n'
        (tmp_path / f"other{number}.ts").write_text(f"{head}export {text}", encoding="utf-8")
    (tmp_path / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    flags = ["es2022,dom" if flag == "es2022" and STRICT[at - 1] == "--lib" else flag for at, flag in enumerate(STRICT)]
    flags.remove("--noUncheckedIndexedAccess")
    assert tsc(7, *flags, "--noEmit", *sorted(tmp_path.glob("*.ts"))) == ""
