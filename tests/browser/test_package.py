"""What is published for npm."""

import json
import shutil
import subprocess
from pathlib import Path

from footfall import __version__
from footfall.codegen import Language, generate
from footfall.plans.registry import shipped

from .page import BROWSER, example

HERE = Path(__file__).parent
PACKAGE = json.loads((BROWSER / "package.json").read_text())


def run(*command: str | Path, folder: Path) -> str:
    """What a program prints, which must be content."""
    program = shutil.which(str(command[0]))
    assert program, f"install {command[0]}"
    done = subprocess.run([program, *command[1:]], cwd=folder, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_its_version_is_footfalls() -> None:
    assert (PACKAGE["version"], PACKAGE["license"]) == (__version__, "Apache-2.0")


def test_what_is_in_it() -> None:
    (packed,) = json.loads(run("npm", "pack", "--dry-run", "--json", "--offline", folder=BROWSER))
    files = {file["path"] for file in packed["files"]}
    assert files == {"LICENSE", "README.md", "footfall.d.ts", "footfall.js", "package.json"}
    named = {PACKAGE["main"], PACKAGE["types"], *(path.removeprefix("./") for path in PACKAGE["exports"]["."].values())}
    assert named <= files


def compile_strictly(project: Path) -> None:
    """Have the TypeScript compiler look at a folder's `tsconfig.json`; it must find nothing."""
    compiler = HERE / "node_modules" / "typescript" / "bin" / "tsc"
    assert compiler.exists(), "run `npm ci` in tests/browser"
    assert run("node", compiler, "--project", project, folder=HERE) == ""


def test_its_types_allow_what_is_right_and_refuse_what_is_wrong() -> None:
    compile_strictly(HERE / "types")


def test_generated_functions_send_by_it(tmp_path: Path) -> None:
    """As docs/codegen.md has it."""
    page = (BROWSER.parent / "docs" / "codegen.md").read_text()
    (tmp_path / "tracking.mts").write_text(generate(Language.TYPESCRIPT, shipped()))
    sending = example("ts", "const send: Track<string>", page=page)
    (tmp_path / "usage.mts").write_text(
        'import type { Track } from "./tracking.mjs";\nimport type { Tracker } from "footfall-tracker";\n'
        f"declare const tracker: Tracker;\nexport {sending}"
    )
    settings = json.loads((HERE / "types" / "tsconfig.json").read_text())
    settings["compilerOptions"]["paths"] = {"footfall-tracker": [str(BROWSER / "footfall.d.ts")]}
    (tmp_path / "tsconfig.json").write_text(json.dumps(settings | {"files": ["usage.mts"]}))
    compile_strictly(tmp_path)


def test_on_a_server_it_can_be_imported_and_does_nothing() -> None:
    program = """
        const { createTracker, $t } = await import("./footfall.js");
        const tracker = createTracker({ endpoint: "http://127.0.0.1:9", producer: "p", impressions: true });
        $t.initialize({ host: "http://127.0.0.1:9" });
        $t.interact({ type: "CLICK", id: "a" });
        const said = [tracker.isActive, tracker.interact({ type: "CLICK", id: "a" }), tracker.session().end()];
        console.log(JSON.stringify([...said, await tracker.flush(), await tracker.stop({ forget: true })]));
    """
    assert json.loads(run("node", "--input-type=module", "--eval", program, folder=BROWSER)) == [
        False,
        "",
        "",
        True,
        True,
    ]
