"""Calls of generated functions with arguments of the right kinds, in both languages alike."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

from msgspec import Struct

from footfall.codegen.names import as_written, of_parameters, snake
from footfall.codegen.shape import Function, Kind, Module, Parameter, Record

Json = dict[str, Any]
Said = tuple[str, Json, Json]

HERE = Path(__file__).parent
MOMENT = datetime(2026, 11, 21, 10, 4, 5, 107000, tzinfo=UTC)
CORRELATION = ("correlation_id",)
STRICT = (
    *("--strict", "--noUnusedLocals", "--noUnusedParameters", "--noImplicitReturns", "--noUncheckedIndexedAccess"),
    *("--exactOptionalPropertyTypes", "--noPropertyAccessFromIndexSignature", "--isolatedModules"),
    *("--verbatimModuleSyntax", "--target", "es2022", "--module", "nodenext", "--lib", "es2022"),
)


class Call(Struct):
    """One call: the function's number in its module, and what it is given by the paths of its parameters."""

    number: int
    section: str
    function: Function
    given: dict[tuple[str, ...], Any]


def calls(module: Module, *, full: bool, texts: Callable[[Function, Parameter], str]) -> list[Call]:
    """A call of every function, with what is required only, or with everything."""
    records = {record.name: record for record in module.records}
    found: list[Call] = []
    for section in module.sections:
        for function in section.functions:
            given = {
                one.path: texts(function, one) if one.kind == Kind("string") else _value(one.kind, records, full)
                for one in function.parameters
                if full or one.required
            }
            found.append(Call(len(found), section.name, function, given))
    return found


def in_python(text: str, wanted: Sequence[Call]) -> list[Said]:
    """What the functions of a Python module say."""
    module = ModuleType("generated")
    exec(compile(text, "generated.py", "exec"), module.__dict__)
    names = re.findall(r"^def ([a-z]\w*)\(", text, re.MULTILINE)
    return [getattr(module, names[call.number])(_track, *_positional(call), **_keywords(call)) for call in wanted]


def in_typescript(script: Path, text: str, wanted: Sequence[Call]) -> list[Said]:
    """What the functions of a compiled TypeScript module say; `text` is what was compiled."""
    names = re.findall(r"^export function (\w+)<R>\(", text, re.MULTILINE)
    told = [
        {
            "name": names[call.number],
            "correlation": next(iter(_positional(call)), None),
            "fields": _fields(call) if len(call.function.parameters) > call.function.is_correlated else None,
        }
        for call in wanted
    ]
    node = shutil.which("node")
    assert node, "install node"
    done = subprocess.run(
        [node, HERE / "calling.mjs", script], input=json.dumps(told), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return [(one["eid"], one["edata"], one["options"]) for one in json.loads(done.stdout)]


def tsc(version: int, *arguments: str | Path) -> str:
    """What a TypeScript compiler complains of."""
    node = shutil.which("node")
    compiler = HERE / "node_modules" / f"typescript-{version}" / "bin" / "tsc"
    assert node, "install node"
    assert compiler.exists(), "run `npm ci` in tests/codegen"
    return subprocess.run([node, compiler, *arguments], capture_output=True, text=True, check=False).stdout


def event(said: Said, number: int = 0) -> Json:
    """The whole event, as a tracker that knows everything else would send it."""
    eid, edata, options = said
    known: Json = {
        "ets": 1795224242107 + number * 1000,
        "ver": "3.0",
        "mid": f"{eid}:{number}",
        "actor": {"id": "person-1", "type": "User"},
        "context": {
            "channel": "dev",
            "env": "test",
            "pdata": {"id": "test.portal", "ver": "1.0", "pid": "web"},
            "sid": "session-1",
            "did": "device-1",
        },
    }
    return {"eid": eid} | _merged(known, options) | {"edata": edata}


def _merged(known: Json, said: Json) -> Json:
    both = {
        key: _merged(known[key], value) if isinstance(value, dict) and isinstance(known.get(key), dict) else value
        for key, value in said.items()
    }
    return known | both


def _track(eid: str, edata: Json, options: Json) -> Said:
    return eid, json.loads(json.dumps(edata)), json.loads(json.dumps(options))


def _positional(call: Call) -> list[str]:
    return [call.given[CORRELATION]] if call.function.is_correlated else []


def _keywords(call: Call) -> Json:
    return dict(_named(call, snake, ("track", "options", "correlation_id", "json", "datetime")))


def _fields(call: Call) -> Json:
    told = _named(call, as_written, ())
    return {name: {"$date": value.isoformat()} if value is MOMENT else value for name, value in told}


def _named(call: Call, style: Callable[[Sequence[str]], str], taken: Sequence[str]) -> Iterator[tuple[str, Any]]:
    paths = [one.path for one in call.function.parameters if one.path != CORRELATION]
    names = of_parameters(paths, style, taken)
    return ((names[path], value) for path, value in call.given.items() if path != CORRELATION)


def _value(kind: Kind, records: dict[str, Record], full: bool) -> Any:
    if kind.values:
        return kind.values[0]
    if kind.item is not None:
        return [_value(kind.item, records, full)]
    if kind.record:
        fields = records[kind.record].fields
        return {one.path[-1]: _value(one.kind, records, full) for one in fields if full or one.required}
    samples = {
        "string": "text",
        "number": 1.5,
        "integer": 2,
        "boolean": True,
        "object": {"free": "text"},
        "array": ["text"],
        "id": 7,
        "any": "anything",
        "moment": MOMENT,
    }
    return samples[kind.base]
